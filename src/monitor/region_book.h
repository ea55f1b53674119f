/* SPDX-License-Identifier: BSD-3-Clause */
/* The regions of a runtime: a cell per region and thread, each written by its thread alone.
 *
 * A thread's place is its slot: a worker's number, or beyond the workers the place where a thread from outside has put
 * its number. Slots are never given back: a thread with the number of one that is gone takes over its slot. */
#ifndef RMF_MONITOR_REGION_BOOK_H
#define RMF_MONITOR_REGION_BOOK_H

#include "atomics.h"
#include "counters.h"

#include <pthread.h>
#include <ramify/region.h>

/* One of this many regions of a worker has its counters read: three reads of four events in a group are then 1.0 to
 * 1.8 % of regions of 10 us (bench/micro: counters-cost). */
enum { RMF_REGION_COUNT_EVERY = 32 };

/* What one thread did in one region. */
typedef struct rmf_region_cell {
    _Alignas(RMF_LINE_BYTES) _Atomic uint64_t count;
    _Atomic uint64_t ticks;
    _Atomic uint64_t samples; /* of count, those whose counters were read */
    _Atomic uint64_t counters[RMF_COUNTERS_MAX];
} rmf_region_cell;

/* A worker's reading of counters at the beginning of a region; its own. */
typedef struct rmf_region_probe {
    _Alignas(RMF_LINE_BYTES) uint32_t until; /* regions until the next reading; 0: the one at `depth` is being read */
    uint32_t depth, known;
    uint64_t start[RMF_COUNTERS_MAX];
    uint64_t reading[RMF_COUNTERS_MAX]; /* what reading them adds to them: two readings, one right after the other */
} rmf_region_probe;

/* Who wants to be told of each beginning and end, as the trace does. Called in the thread that is in the region. */
typedef struct rmf_region_listener {
    void *self;
    void (*began)(void *self, uint32_t region, uint64_t now_ticks);
    void (*ended)(void *self, uint32_t region, uint64_t now_ticks);
} rmf_region_listener;

typedef struct rmf_region_book {
    uint32_t                             workers, slots;
    uint64_t                             serial;  /* of the runtime */
    const void                          *runtime; /* the runtime, for whoever knows what that is */
    rmf_region_probe                    *probe;   /* [worker] */
    _Atomic(rmf_counter_set *)           counters;
    _Atomic(const rmf_region_listener *) listener;
    pthread_mutex_t                      lock; /* guards the making of regions */
    _Atomic uint32_t                     count;
    ramify_code_region                  *region[RAMIFY_REGIONS_MAX];
    _Atomic uint32_t outsider[RAMIFY_REGION_THREADS_MAX]; /* the system's numbers of threads; 0: free */
} rmf_region_book;

struct ramify_code_region {
    rmf_region_book *book;
    uint32_t         index;
    char             name[RAMIFY_REGION_NAME_BYTES + 1];
    rmf_region_cell  cell[]; /* [slot] */
};

/* Errors: ERR_NO_MEMORY. */
ramify_status rmf_region_book_init(rmf_region_book *book, const void *runtime, uint64_t serial, uint32_t workers);
void          rmf_region_book_drop(rmf_region_book *book);

/* As ramify_region_define. */
ramify_status rmf_region_define(rmf_region_book *book, const char *name, ramify_code_region **region);

/* The slot of a thread from outside: its own, or the last one, which latecomers share. */
uint32_t rmf_region_outside_slot(rmf_region_book *book, uint32_t thread);

/* Adds to a cell; several threads may write the last one. */
static inline void rmf_region_add(const ramify_code_region *region, uint32_t slot, uint64_t ticks)
{
    rmf_region_cell *cell = (rmf_region_cell *)(uintptr_t)&region->cell[slot];
    if (slot + 1 < region->book->slots) {
        rmf_count(&cell->count, 1);
        rmf_count(&cell->ticks, ticks);
    } else {
        rmf_add_relaxed(&cell->count, 1);
        rmf_add_relaxed(&cell->ticks, ticks);
    }
}

/* A worker's region begins or ends: reads its counters when it is its turn. depth: of the region, 0 for the outermost.
 */
void rmf_region_probe_begin(rmf_region_book *book, uint32_t worker, uint32_t depth);
void rmf_region_probe_end(const ramify_code_region *region, uint32_t worker, uint32_t depth);

#endif
