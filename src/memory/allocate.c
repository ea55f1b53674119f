/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocating, releasing and resizing memory of a space. */
#include "allocate.h"

#include "census.h"
#include "placing.h"

#include <string.h>

ramify_status rmf_allocate_map(ramify_space *space, size_t bytes, const ramify_wish *wish, rmf_region *region)
{
    ramify_status status = rmf_wish_copy(wish, region);
    rmf_account_open(space);
    if (!status)
        status = rmf_placing_choose(space, region);
    if (status)
        return status;
    /* Going round page by page needs pages that stay small: one huge page would swallow 512 turns. */
    bool     ring  = region->ring.count > 1;
    uint32_t pages = ring && region->wish.pages == RAMIFY_PAGES_SYSTEM ? RAMIFY_PAGES_SMALL : region->wish.pages;
    /* Cuts fall on any page, so the parts of an array cannot be of the pool. */
    uint64_t pool = region->kind == RAMIFY_REGION_ARRAY ? 0 : rmf_placing_pool_bytes(space, region);
    status        = rmf_mapping_make(bytes, pages, space->huge_bytes, pool, &region->mapping);
    region->start = (uintptr_t)region->mapping.start;
    region->bytes = bytes;
    return status;
}

/* What a call could not do is in its report; whoever reads logs instead finds it there. */
static void tell(const ramify_space *space, const ramify_placed *p)
{
    if (p->bytes_elsewhere)
        rmf_log_line(&space->log, RAMIFY_LOG_INFO, "%llu of %llu bytes wanted on node %u went to node %u and further: %s",
                     (unsigned long long)p->bytes_elsewhere, (unsigned long long)p->bytes, p->node, p->other_node,
                     ramify_status_text(p->reason));
}

ramify_status rmf_allocate_settle(ramify_space *space, rmf_region *region)
{
    ramify_status status = rmf_placing_bind(space, region, region->start);
    if (!status)
        status = rmf_placing_touch(space, region);
    if (!status)
        status = rmf_region_answer_as_planned(region);
    if (!status)
        tell(space, &region->placed);
    return status;
}

static ramify_status check(const ramify_space *space, size_t bytes, const ramify_wish *wish)
{
    if (!space || !bytes)
        return RAMIFY_ERR_INVALID;
    return bytes > PTRDIFF_MAX ? RAMIFY_ERR_RANGE : rmf_wish_check(space, wish);
}

static ramify_status map_and_plan(ramify_space *space, size_t bytes, const ramify_wish *wish, rmf_region *region)
{
    ramify_status status = rmf_allocate_map(space, bytes, wish, region);
    if (!status)
        status = rmf_placing_plan(space, region, region->start, region->start + bytes);
    return status;
}

/* Pages brought in by first touch, or beside their plan, are known now, so lookups may say where they are. No memory
 * for that leaves the plan's answers. */
static void renew_touched(ramify_space *space, rmf_region *region)
{
    bool touched = region->wish.touch;
    if (touched && (region->placed.census.elsewhere || region->wish.placement == RAMIFY_PLACEMENT_FIRST_TOUCH))
        (void)rmf_census_renew(space, region);
}

ramify_status ramify_space_allocate(ramify_space *space, size_t bytes, const ramify_wish *wish, void **memory,
                                    ramify_placed *placed)
{
    ramify_status status = memory ? check(space, bytes, wish) : RAMIFY_ERR_INVALID;
    if (status)
        return status;
    rmf_region *region = rmf_region_make(RAMIFY_REGION_ALLOCATED);
    if (!region)
        return RAMIFY_ERR_NO_MEMORY;
    pthread_mutex_lock(&space->lock);
    status = map_and_plan(space, bytes, wish, region);
    pthread_mutex_unlock(&space->lock);
    if (!status)
        status = rmf_allocate_settle(space, region);
    if (status) {
        rmf_region_free(region);
        return status;
    }
    pthread_mutex_lock(&space->lock);
    status = rmf_region_insert(space, region);
    if (!status) {
        renew_touched(space, region);
        *memory = region->mapping.start;
        if (placed)
            *placed = region->placed;
    }
    pthread_mutex_unlock(&space->lock);
    if (status)
        rmf_region_free(region);
    return status;
}

/* The allocation that starts at an address. Lock. */
static ramify_status find_allocation(const ramify_space *space, const void *memory, rmf_region **region)
{
    rmf_region *r = rmf_region_at(space, (uintptr_t)memory);
    if (!r)
        return RAMIFY_ERR_NOT_FOUND;
    if (r->kind != RAMIFY_REGION_ALLOCATED || r->start != (uintptr_t)memory)
        return RAMIFY_ERR_INVALID;
    *region = r;
    return RAMIFY_OK;
}

ramify_status ramify_space_release(ramify_space *space, void *memory)
{
    if (!space)
        return RAMIFY_ERR_INVALID;
    if (!memory)
        return RAMIFY_OK;
    rmf_region *region = NULL;
    pthread_mutex_lock(&space->lock);
    ramify_status status = find_allocation(space, memory, &region);
    if (!status)
        rmf_region_remove(space, region);
    pthread_mutex_unlock(&space->lock);
    rmf_region_free(region); /* after it left the atlas: another mmap may get its addresses at once */
    return status;
}

static void shrink(ramify_space *space, rmf_region *region, size_t bytes)
{
    uintptr_t end = region->start + bytes, old_end = region->start + region->bytes;
    (void)rmf_waiting_remove(space, end, old_end); /* at the end of a range: nothing is split */
    rmf_runs_cut(&region->plan, end);
    rmf_runs_cut(&region->answers, end);
    region->bytes = bytes;
    rmf_space_publish(space);
    rmf_mapping_shrink(&region->mapping, bytes);
}

/* Copies runs to where their region has moved; there is room. */
static void shift_runs(const rmf_runs *from, uintptr_t old_start, uintptr_t new_start, rmf_runs *to)
{
    for (uint32_t i = 0; i < from->count; i++)
        to->run[i] = (rmf_run){ from->run[i].start - old_start + new_start, from->run[i].node, from->run[i].domain };
    to->count = from->count;
}

/* Everything growing in place needs that may not be there; `runs` is what the new part adds at most. */
static ramify_status prepare_growth(ramify_space *space, const rmf_region *old, uint32_t runs, rmf_region *fresh)
{
    ramify_status status = rmf_wish_copy(&old->wish, fresh);
    rmf_account_open(space);
    if (!status)
        status = rmf_placing_choose(space, fresh);
    if (!status)
        status = rmf_runs_reserve(&fresh->plan, (uint64_t)old->plan.count + runs);
    if (!status)
        status = rmf_runs_reserve(&fresh->answers, (uint64_t)old->answers.count + runs);
    if (!status)
        status = rmf_region_reserve(space, old, RMF_ATLAS_ENTRY_WORDS * ((uint64_t)old->answers.count + runs + 1));
    return status;
}

/* Grows by letting the kernel remap the pages; `fresh` becomes the region. Errors: as rmf_mapping_grow. */
static ramify_status grow_remapped(ramify_space *space, rmf_region *old, size_t bytes, rmf_region *fresh)
{
    /* The new part is a run on the wanted node, one on each node it falls back to, and one that nothing had room for.
     */
    ramify_status status = prepare_growth(space, old, space->nodes.count + 2, fresh);
    rmf_mapping   grown  = old->mapping;
    if (!status)
        status = rmf_mapping_grow(&grown, bytes);
    if (status)
        return status;
    fresh->mapping = grown;
    old->mapping   = (rmf_mapping){ 0 };
    fresh->start   = (uintptr_t)grown.start;
    fresh->bytes   = bytes;
    fresh->coarse  = old->coarse;
    shift_runs(&old->plan, old->start, fresh->start, &fresh->plan);
    shift_runs(&old->answers, old->start, fresh->start, &fresh->answers);
    uintptr_t end = fresh->start + old->bytes;
    (void)rmf_placing_plan(space, fresh, end, fresh->start + bytes); /* cannot fail: room was made, no wish is strict */
    (void)rmf_placing_bind(space, fresh, end);
    uint32_t at = rmf_runs_find(&fresh->plan, end); /* begins there, or goes on from the old part */
    (void)rmf_runs_add(&fresh->answers, end, RAMIFY_NONE, fresh->plan.run[at].domain);
    for (uint32_t i = at + 1; i < fresh->plan.count; i++)
        (void)rmf_runs_add(&fresh->answers, fresh->plan.run[i].start, RAMIFY_NONE, fresh->plan.run[i].domain);
    return RAMIFY_OK;
}

/* Grows into a new allocation by copying; `fresh` is in the list on success, so that all is settled before the first
 * byte moves. */
static ramify_status grow_copied(ramify_space *space, const rmf_region *old, size_t bytes, rmf_region *fresh)
{
    ramify_status status = map_and_plan(space, bytes, &old->wish, fresh);
    if (!status)
        status = rmf_allocate_settle(space, fresh);
    if (!status)
        status = rmf_region_insert(space, fresh);
    if (!status)
        memcpy(fresh->mapping.start, old->mapping.start, old->bytes);
    return status;
}

/* Remapping keeps one policy and the phase of a ring, and cannot be undone: so it is for pages of one plan, and for
 * wishes that nothing can go against. */
static bool may_remap(const rmf_region *region)
{
    return region->ring.count < 2 && !region->wish.strict && !region->wish.touch;
}

/* Lock. *gone: what is to be freed once the lock is given back. */
static ramify_status grow(ramify_space *space, rmf_region *old, size_t bytes, rmf_region **now, rmf_region **gone)
{
    rmf_region *fresh = rmf_region_make(RAMIFY_REGION_ALLOCATED);
    if (!fresh)
        return RAMIFY_ERR_NO_MEMORY;
    *gone                = fresh;
    ramify_status status = RAMIFY_ERR_SYSTEM;
    if (may_remap(old)) {
        status = grow_remapped(space, old, bytes, fresh);
        if (!status) {
            rmf_region_remove(space, old);
            (void)rmf_region_insert(space, fresh); /* cannot fail: room was made */
        }
    }
    if (status == RAMIFY_ERR_SYSTEM) { /* not in one piece: a migration gave parts of it another policy */
        rmf_region *another = rmf_region_make(RAMIFY_REGION_ALLOCATED);
        rmf_region_free(fresh);
        *gone = fresh = another;
        status        = fresh ? grow_copied(space, old, bytes, fresh) : RAMIFY_ERR_NO_MEMORY;
        if (!status)
            rmf_region_remove(space, old);
    }
    if (!status) {
        *gone = old;
        *now  = fresh;
    }
    return status;
}

/* What is new lies in a page the region had already. */
static void extend(ramify_space *space, rmf_region *region, size_t bytes)
{
    region->bytes = bytes;
    rmf_space_publish(space);
}

ramify_status ramify_space_resize(ramify_space *space, void *memory, size_t bytes, void **moved, ramify_placed *placed)
{
    ramify_status status = moved && memory ? check(space, bytes, NULL) : RAMIFY_ERR_INVALID;
    if (status)
        return status;
    rmf_region *region = NULL, *gone = NULL;
    pthread_mutex_lock(&space->lock);
    status            = find_allocation(space, memory, &region);
    ramify_placed now = { 0 };
    if (!status && bytes <= region->bytes) {
        shrink(space, region, bytes);
    } else if (!status && bytes <= region->mapping.bytes) {
        now = (ramify_placed){ .bytes = bytes - region->bytes, .bytes_home = bytes - region->bytes };
        extend(space, region, bytes);
    } else if (!status) {
        status = grow(space, region, bytes, &region, &gone);
        if (!status)
            now = region->placed;
    }
    if (!status) {
        *moved = region->mapping.start;
        if (placed)
            *placed = now;
    }
    pthread_mutex_unlock(&space->lock);
    rmf_region_free(gone);
    return status;
}
