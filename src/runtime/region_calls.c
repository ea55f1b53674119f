/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions of the calling thread: a small stack of those that are open, and its slot in the runtime's book. */
#include "clock.h"
#include "runtime_handle.h"

#include <unistd.h>

typedef struct open_region {
    const ramify_code_region *region;
    uint64_t serial; /* of its runtime: one that was left open when that stopped is told from a new one */
    uint64_t start_ticks;
} open_region;

typedef struct thread_regions {
    const rmf_region_book *book; /* whose slot it is */
    uint64_t               serial;
    uint32_t               slot, depth;
    open_region            open[RAMIFY_REGION_DEPTH_MAX];
} thread_regions;

static _Thread_local thread_regions mine __attribute__((tls_model("initial-exec")));

ramify_status ramify_region_define(ramify_runtime *rt, const char *name, ramify_code_region **region)
{
    if (!rt || !name || !region)
        return RAMIFY_ERR_INVALID;
    return rmf_region_define(&rt->regions, name, region);
}

/* A worker has its number, as long as it is one: a team's threads are lent. A thread from outside that goes from one
 * runtime to another looks its slot up again. */
static uint32_t slot_in(rmf_region_book *book)
{
    const ramify_runtime *rt     = book->runtime;
    const rmf_worker     *worker = rmf_own_worker(rt->pool);
    if (worker)
        return worker->number;
    if (mine.book != book || mine.serial != book->serial) {
        mine.book   = book;
        mine.serial = book->serial;
        mine.slot   = rmf_region_outside_slot(book, (uint32_t)gettid());
    }
    return mine.slot;
}

static const rmf_region_listener *listener_of(rmf_region_book *book)
{
    /* order: what the listener listens with; pairs with the release of whoever sets it */
    return rmf_load_acquire(&book->listener);
}

ramify_status ramify_region_begin(ramify_code_region *region)
{
    if (!region)
        return RAMIFY_ERR_INVALID;
    if (mine.depth == RAMIFY_REGION_DEPTH_MAX)
        return RAMIFY_ERR_RANGE;
    rmf_region_book           *book     = region->book;
    const rmf_region_listener *listener = listener_of(book);
    uint32_t                   slot     = slot_in(book);
    if (slot < book->workers)
        rmf_region_probe_begin(book, slot, mine.depth);
    uint64_t now            = rmf_clock_ticks();
    mine.open[mine.depth++] = (open_region){ region, book->serial, now };
    if (listener)
        listener->began(listener->self, region->index, now);
    return RAMIFY_OK;
}

static bool is_at(const ramify_code_region *region, uint32_t depth)
{
    return mine.open[depth].region == region && mine.open[depth].serial == region->book->serial;
}

static ramify_status why_not(const ramify_code_region *region)
{
    for (uint32_t d = 0; d < mine.depth; d++)
        if (is_at(region, d))
            return RAMIFY_ERR_BUSY;
    return RAMIFY_ERR_NOT_FOUND;
}

ramify_status ramify_region_end(ramify_code_region *region)
{
    uint64_t now = rmf_clock_ticks();
    if (!region)
        return RAMIFY_ERR_INVALID;
    if (!mine.depth || !is_at(region, mine.depth - 1))
        return why_not(region);
    rmf_region_book           *book     = region->book;
    const rmf_region_listener *listener = listener_of(book);
    uint32_t                   slot     = slot_in(book);
    mine.depth--;
    rmf_region_add(region, slot, now - mine.open[mine.depth].start_ticks);
    if (slot < book->workers)
        rmf_region_probe_end(region, slot, mine.depth);
    if (listener)
        listener->ended(listener->self, region->index, now);
    return RAMIFY_OK;
}
