/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges that move with their next touch: a sorted list of what waits, and the announced touch that takes from it.
 *
 * The touch of a range nobody marked reads one word and returns, so a runtime may announce every task's data. */
#include "migrate.h"

#include <sched.h>
#include <string.h>

/* Index of the first waiting range that ends after an address. */
static uint32_t waiting_after(const ramify_space *space, uintptr_t address)
{
    uint32_t i = 0;
    while (i < space->waiting_count && space->waiting[i].end <= address)
        i++;
    return i;
}

static void count_waiting(ramify_space *space)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < space->waiting_count; i++)
        bytes += space->waiting[i].end - space->waiting[i].start;
    rmf_store_relaxed(&space->following, bytes);
}

static void erase(ramify_space *space, uint32_t at)
{
    space->waiting_count--;
    memmove(&space->waiting[at], &space->waiting[at + 1], (space->waiting_count - at) * sizeof *space->waiting);
}

static void put(ramify_space *space, uint32_t at, rmf_waiting range)
{
    memmove(&space->waiting[at + 1], &space->waiting[at], (space->waiting_count - at) * sizeof *space->waiting);
    space->waiting[at] = range;
    space->waiting_count++;
}

bool rmf_waiting_remove(ramify_space *space, uintptr_t start, uintptr_t end)
{
    bool all = true;
    for (uint32_t i = waiting_after(space, start); i < space->waiting_count && space->waiting[i].start < end;) {
        rmf_waiting range = space->waiting[i];
        if (range.start < start && range.end > end) {
            all = !rmf_list_reserve((void **)&space->waiting, &space->waiting_room, space->waiting_count,
                                    sizeof *space->waiting);
            if (!all)
                break;
            space->waiting[i].end = start;
            put(space, i + 1, (rmf_waiting){ end, range.end });
            break;
        }
        if (range.start < start) {
            space->waiting[i++].end = start;
        } else if (range.end > end) {
            space->waiting[i++].start = end;
        } else {
            erase(space, i);
        }
    }
    count_waiting(space);
    return all;
}

ramify_status ramify_space_follow(ramify_space *space, const void *address, size_t bytes)
{
    if (!space || !bytes)
        return RAMIFY_ERR_INVALID;
    uintptr_t     start  = (uintptr_t)address;
    ramify_status status = RAMIFY_OK;
    pthread_mutex_lock(&space->lock);
    if (!rmf_region_holding(space, address, bytes))
        status = RAMIFY_ERR_NOT_FOUND;
    if (!status)
        status = rmf_list_reserve((void **)&space->waiting, &space->waiting_room, space->waiting_count,
                                  sizeof *space->waiting);
    if (!status) {
        /* One range takes the place of all it overlaps; ranges of two regions never do. */
        rmf_waiting range = { start, start + bytes };
        uint32_t    at    = waiting_after(space, start);
        while (at < space->waiting_count && space->waiting[at].start < range.end) {
            range.start = space->waiting[at].start < range.start ? space->waiting[at].start : range.start;
            range.end   = space->waiting[at].end > range.end ? space->waiting[at].end : range.end;
            erase(space, at);
        }
        put(space, at, range);
        count_waiting(space);
    }
    pthread_mutex_unlock(&space->lock);
    return status;
}

/* The leaf of the CPU this thread runs on, as a domain. */
static uint32_t domain_here(const ramify_space *space)
{
    int      pu   = sched_getcpu();
    uint32_t leaf = pu < 0 ? RAMIFY_NONE : ramify_tree_leaf_of_pu(space->nodes.tree, (uint32_t)pu);
    return leaf == RAMIFY_NONE ? RAMIFY_NONE : ramify_tree_leaf(space->nodes.tree, leaf)->index;
}

/* Moves what waits in [start, end). Lock. */
static ramify_status take_waiting(ramify_space *space, uintptr_t start, uintptr_t end, uint32_t domain,
                                  ramify_migration *m)
{
    ramify_status status = RAMIFY_OK;
    for (uint32_t i; !status && (i = waiting_after(space, start)) < space->waiting_count;) {
        rmf_waiting range = space->waiting[i];
        if (range.start >= end)
            break;
        range.start        = range.start > start ? range.start : start;
        range.end          = range.end < end ? range.end : end;
        rmf_region *region = rmf_region_at(space, range.start);
        if (!rmf_waiting_remove(space, range.start, range.end))
            return RAMIFY_ERR_NO_MEMORY;
        status = rmf_migrate_range(space, region, range.start, range.end, domain, RAMIFY_MERIT_ANY, m);
        start  = range.end;
    }
    return status;
}

ramify_status ramify_space_touch(ramify_space *space, const void *address, size_t bytes, uint32_t domain,
                                 ramify_migration *migration)
{
    if (!space || !bytes)
        return RAMIFY_ERR_INVALID;
    ramify_migration m      = { .node = RAMIFY_NONE };
    ramify_status    status = RAMIFY_OK;
    if (rmf_load_relaxed(&space->following)) { /* a mark made before is seen: the runtime orders tasks after it */
        if (domain == RAMIFY_NONE && (domain = domain_here(space)) == RAMIFY_NONE)
            return RAMIFY_ERR_NOT_FOUND;
        if (domain >= space->nodes.domain_count)
            return RAMIFY_ERR_INVALID;
        uintptr_t start = (uintptr_t)address;
        pthread_mutex_lock(&space->lock);
        status = take_waiting(space, start, start + bytes, domain, &m);
        pthread_mutex_unlock(&space->lock);
    }
    if (!status && migration)
        *migration = m;
    return status;
}
