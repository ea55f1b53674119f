/* SPDX-License-Identifier: BSD-3-Clause */
/* Moving pages to a domain's node.
 *
 * move_pages says how many pages of a call did not move, but not always which: it leaves the status of a batch open
 * that it broke off. So each batch is asked before and after, and only what changed counts as moved. */
#include "migrate.h"

#include "bits.h"
#include "census.h"
#include "placing.h"

#include <errno.h>

/* One batch: what is asked, what was found. */
typedef struct batch {
    void  *pages[RMF_CENSUS_BATCH];
    int    nodes[RMF_CENSUS_BATCH];
    int    errors[RMF_CENSUS_BATCH];
    size_t count;
} batch;

static void count_failed(ramify_migration *m, ramify_trouble trouble, uint64_t pages)
{
    m->trouble[trouble] += pages;
    m->failed += pages;
}

/* Keeps the pages that have to move, counts the others. */
static void sort_out(batch *b, int target, ramify_migration *m)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++) {
        if (b->nodes[i] == target)
            m->already++;
        else if (b->nodes[i] == RMF_PAGE_ABSENT)
            m->absent++;
        else if (b->nodes[i] < 0)
            count_failed(m, rmf_pages_trouble(-b->nodes[i]), 1);
        else
            b->pages[kept++] = b->pages[i];
    }
    b->count = kept;
}

/* Looks at what was to move; why a page stayed is its own error, else the call's, else that the kernel had it in use,
 * which is all that is left when the kernel gives no error. */
static void count_moved(const batch *b, int target, int call_error, ramify_migration *m)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->nodes[i] == target)
            m->moved++;
        else if (b->errors[i] < 0 && b->errors[i] != RMF_PAGE_ABSENT)
            count_failed(m, rmf_pages_trouble(-b->errors[i]), 1);
        else
            count_failed(m, call_error ? rmf_pages_trouble(call_error) : RAMIFY_TROUBLE_BUSY, 1);
    }
}

static void move_batch(const ramify_space *space, batch *b, int target, ramify_migration *m)
{
    const rmf_pages *calls = space->pages;
    int              error = calls->query(space->pages_self, b->count, b->pages, b->nodes);
    if (error) {
        count_failed(m, rmf_pages_trouble(error), b->count);
        return;
    }
    sort_out(b, target, m);
    if (!b->count)
        return;
    int call_error = calls->move(space->pages_self, b->count, b->pages, target, b->errors);
    error          = calls->query(space->pages_self, b->count, b->pages, b->nodes);
    if (error)
        count_failed(m, rmf_pages_trouble(error), b->count);
    else
        count_moved(b, target, call_error, m);
}

static void move_all(const ramify_space *space, uintptr_t first, uintptr_t end, uint64_t unit, int target,
                     ramify_migration *m)
{
    batch b;
    for (uintptr_t page = first; page < end;) {
        for (b.count = 0; b.count < RMF_CENSUS_BATCH && page < end; page += unit)
            b.pages[b.count++] = (void *)page; // NOLINT(performance-no-int-to-ptr)
        move_batch(space, &b, target, m);
    }
}

/* Pages of the space's own memory that come later come to the new node; the ends of the range may not. */
static void bind_later(const ramify_space *space, const rmf_region *region, uintptr_t first, uintptr_t end,
                       uint32_t node, ramify_migration *m)
{
    uint64_t mask[RMF_BITS_MAX_WORDS] = { 0 };
    rmf_bits_add(mask, node);
    rmf_bind_mode mode  = region->wish.strict ? RMF_BIND_STRICT : RMF_BIND_PREFERRED;
    char         *start = region->mapping.start + (first - region->start);
    int           error = space->pages->bind(space->pages_self, start, end - first, mode, mask, space->node_words);
    if (error && !m->reason) {
        m->reason       = rmf_pages_status(error);
        m->system_error = error;
    }
}

/* Lookups and the plan follow; what did not move is found out by asking for the whole region again. */
static ramify_status repaint(ramify_space *space, rmf_region *region, uintptr_t start, uintptr_t end, uint32_t position,
                             uint32_t domain, rmf_runs *plan, rmf_runs *answers)
{
    uintptr_t     whole  = region->start + region->bytes;
    ramify_status status = RAMIFY_OK;
    if (region->mapping.start)
        status = rmf_runs_paint(&region->plan, start, end, whole, position, domain, plan);
    if (!status)
        status = rmf_runs_paint(&region->answers, start, end, whole, RAMIFY_NONE, domain, answers);
    /* As if every run were a turn of the ring, the dearest kind of entry. */
    if (!status)
        status = rmf_region_reserve(space, region,
                                    (RMF_ATLAS_ENTRY_WORDS + RMF_ATLAS_CYCLE_WORDS + (uint64_t)region->ring.count) *
                                        ((uint64_t)answers->count + 1));
    return status;
}

static void count_unable(const ramify_space *space, uint64_t pages, ramify_migration *m)
{
    const rmf_ability *why = space->query.status ? &space->query : &space->move;
    if (!m->reason) {
        m->reason       = why->status;
        m->system_error = why->system_error;
    }
    count_failed(m, why->status == RAMIFY_ERR_NOT_ALLOWED ? RAMIFY_TROUBLE_BARRED : RAMIFY_TROUBLE_OTHER, pages);
}

ramify_status rmf_migrate_range(ramify_space *space, rmf_region *region, uintptr_t start, uintptr_t end,
                                uint32_t domain, uint32_t merit, ramify_migration *m)
{
    uint64_t  unit  = rmf_region_unit(space, region);
    uintptr_t first = start & ~(unit - 1), last = (end + unit - 1) & ~(unit - 1);
    rmf_nodes_choose(&space->nodes, domain, merit, &space->choice);
    uint32_t position = space->choice.count ? space->choice.position[0] : RAMIFY_NONE;
    m->pages += (last - first) / unit;
    m->node = position == RAMIFY_NONE ? RAMIFY_NONE : space->nodes.memories[position].os_index;
    if (space->query.status || space->move.status || position == RAMIFY_NONE) {
        count_unable(space, (last - first) / unit, m);
        return RAMIFY_OK;
    }
    rmf_runs      plan = { 0 }, answers = { 0 };
    ramify_status status = repaint(space, region, start, end, position, domain, &plan, &answers);
    if (!status) {
        uint64_t failed = m->failed;
        if (region->mapping.start)
            bind_later(space, region, first, last, m->node, m);
        move_all(space, first, last, unit, (int)m->node, m);
        if (region->mapping.start) {
            rmf_runs_drop(&region->plan);
            region->plan = plan;
            plan         = (rmf_runs){ 0 };
        }
        status = rmf_region_answer(space, region, &answers);
        if (m->failed != failed || (!region->mapping.start && m->absent))
            (void)rmf_census_renew(space, region); /* without memory for it, lookups say where the pages should be */
    }
    rmf_runs_drop(&plan);
    rmf_runs_drop(&answers);
    return status;
}

ramify_status ramify_space_migrate(ramify_space *space, const void *address, size_t bytes, uint32_t domain,
                                   uint32_t merit, ramify_migration *migration)
{
    if (!space || !bytes || domain >= space->nodes.domain_count || merit > RAMIFY_MERIT_LATENCY)
        return RAMIFY_ERR_INVALID;
    ramify_migration m = { .node = RAMIFY_NONE };
    pthread_mutex_lock(&space->lock);
    rmf_region   *region = rmf_region_holding(space, address, bytes);
    uintptr_t     start  = (uintptr_t)address;
    ramify_status status = RAMIFY_ERR_NOT_FOUND;
    if (region)
        status = rmf_migrate_range(space, region, start, start + bytes, domain, merit, &m);
    pthread_mutex_unlock(&space->lock);
    if (!status && migration)
        *migration = m;
    return status;
}
