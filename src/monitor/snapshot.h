/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a snapshot, and what a runtime lets the monitor watch.
 *
 * The monitor stands below the workers: it sees cells and asks for the rest through rmf_watch, never a pool. */
#ifndef RMF_MONITOR_SNAPSHOT_H
#define RMF_MONITOR_SNAPSHOT_H

#include "class_book.h"
#include "region_book.h"
#include "tally.h"

#include <pthread.h>

/* What it costs here to make an empty task and run it, in picoseconds; 0: not measured. */
typedef struct rmf_live_cost {
    _Atomic uint64_t fork_ps, submit_ps;
} rmf_live_cost;

typedef struct rmf_cost {
    uint64_t fork_ps, submit_ps;
} rmf_cost;

/* A runtime as the monitor sees it. */
typedef struct rmf_watch {
    const ramify_tree *tree;
    uint32_t           workers;
    double             ns_per_tick;
    uint64_t           serial; /* tells runtimes apart */
    uint64_t           started_ns;
    bool               bounded;      /* queues are: submissions are not timed */
    rmf_region_book   *regions;      /* NULL: none */
    rmf_live_cost     *cost;         /* NULL: never measured */
    rmf_class_book    *classes;      /* guarded as the counters are; NULL: none */
    uint32_t           sample_every; /* tasks that one whose latency is sampled stands for */
    const void        *pool;         /* first argument of what follows */
    const rmf_monitor_cell *(*cell)(const void *pool, uint32_t worker);
    uint64_t (*wake_ticks)(const void *pool, uint32_t worker);               /* spent on waking it */
    double (*queued)(const void *pool, uint32_t domain);                     /* cost queued below a domain */
    void (*outside)(const void *pool, double ns_per_tick, rmf_tally *tally); /* of threads that have no cell */
} rmf_watch;

/* One event as a snapshot has it. */
typedef struct rmf_counted {
    const rmf_event *event;
    ramify_source    source;
    rmf_why          why;
    bool             partial;
} rmf_counted;

/* What one thread did in one region, or a worker in one class of tasks. Only uint64_t and arrays of it: it is added and
 * subtracted as an array. */
typedef struct rmf_region_tally {
    uint64_t count, ns, samples;
    uint64_t counters[RMF_COUNTERS_MAX]; /* in the samples alone */
} rmf_region_tally;

typedef char rmf_region_name[RAMIFY_REGION_NAME_BYTES + 1];

struct ramify_snapshot {
    uint64_t          serial, from_ns, taken_ns; /* CLOCK_MONOTONIC; from: start of the runtime or of the interval */
    uint32_t          workers, sites, counters;
    bool              bounded;
    rmf_tally        *tally;         /* [worker] */
    uint32_t         *counter_known; /* [worker], bit i: tally.counters[i] is */
    rmf_tally         outside;
    ramify_site      *site;   /* [domain] */
    double           *queued; /* [domain] */
    rmf_counted       counted[RMF_COUNTERS_MAX];
    rmf_spread        latency, run;
    rmf_cost          cost;
    uint32_t          regions, slots;
    rmf_region_name   region_name[RAMIFY_REGIONS_MAX];
    rmf_region_tally *region; /* [region][slot] */
    uint32_t          classes;
    rmf_region_name   class_name[RMF_CLASSES_MAX];
    rmf_region_tally *by_class; /* [class][worker]; the count is that of the samples times what each stands for */
    ramify_metric    *rows;
    uint32_t          row_count;
};

/* Memory for one, all zero; NULL when there is none. */
ramify_snapshot *rmf_snapshot_make(uint32_t workers, uint32_t sites);

/* Reads everything, without rows. counters: NULL for none; the caller sees to it that nobody else reads them.
 * Errors: ERR_NO_MEMORY. */
ramify_status rmf_snapshot_read(const rmf_watch *watch, rmf_counter_set *counters, ramify_snapshot **snapshot);

/* Memory for the regions of a snapshot. Errors: ERR_NO_MEMORY. */
ramify_status rmf_snapshot_make_regions(ramify_snapshot *snapshot, uint32_t regions);

/* The interval, without rows. Errors: those of ramify_snapshot_between. */
ramify_status rmf_snapshot_subtract(const ramify_snapshot *older, const ramify_snapshot *newer,
                                    ramify_snapshot **interval);

/* Computes the rows. Errors: ERR_NO_MEMORY. */
ramify_status rmf_snapshot_fill_rows(ramify_snapshot *snapshot);

/* The sum over workers first .. first + count - 1. */
rmf_tally rmf_snapshot_sum(const ramify_snapshot *snapshot, uint32_t first, uint32_t count);

#endif
