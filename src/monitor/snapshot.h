/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a snapshot, and what a runtime lets the monitor watch.
 *
 * The monitor stands below the workers: it sees cells and asks for the rest through rmf_watch, never a pool. */
#ifndef RMF_MONITOR_SNAPSHOT_H
#define RMF_MONITOR_SNAPSHOT_H

#include "counters.h"
#include "tally.h"

#include <pthread.h>

/* A runtime as the monitor sees it. */
typedef struct rmf_watch {
    const ramify_tree *tree;
    uint32_t           workers;
    double             ns_per_tick;
    uint64_t           serial; /* tells runtimes apart */
    uint64_t           started_ns;
    bool               bounded; /* queues are: submissions are not timed */
    const void        *pool;    /* first argument of what follows */
    const rmf_monitor_cell *(*cell)(const void *pool, uint32_t worker);
    uint64_t (*wake_ticks)(const void *pool, uint32_t worker);    /* spent on waking it */
    double (*queued)(const void *pool, uint32_t domain);          /* cost queued below a domain */
    void (*outside)(const void *pool, double ns_per_tick, rmf_tally *tally); /* of threads that have no cell */
} rmf_watch;

/* One event as a snapshot has it. */
typedef struct rmf_counted {
    const rmf_event *event;
    ramify_source    source;
    rmf_why          why;
    bool             partial;
} rmf_counted;

struct ramify_snapshot {
    uint64_t       serial, from_ns, taken_ns; /* CLOCK_MONOTONIC; from: start of the runtime or of the interval */
    uint32_t       workers, sites, counters;
    bool           bounded;
    rmf_tally     *tally;         /* [worker] */
    uint32_t      *counter_known; /* [worker], bit i: tally.counters[i] is */
    rmf_tally      outside;
    ramify_site   *site;   /* [domain] */
    double        *queued; /* [domain] */
    rmf_counted    counted[RMF_COUNTERS_MAX];
    rmf_spread     latency, run;
    ramify_metric *rows;
    uint32_t       row_count;
};

/* Memory for one, all zero; NULL when there is none. */
ramify_snapshot *rmf_snapshot_make(uint32_t workers, uint32_t sites);

/* Reads everything, without rows. counters: NULL for none; the caller sees to it that nobody else reads them.
 * Errors: ERR_NO_MEMORY. */
ramify_status rmf_snapshot_read(const rmf_watch *watch, rmf_counter_set *counters, ramify_snapshot **snapshot);

/* The interval, without rows. Errors: those of ramify_snapshot_between. */
ramify_status rmf_snapshot_subtract(const ramify_snapshot *older, const ramify_snapshot *newer,
                                    ramify_snapshot **interval);

/* Computes the rows. Errors: ERR_NO_MEMORY. */
ramify_status rmf_snapshot_fill_rows(ramify_snapshot *snapshot);

/* The sum over workers first .. first + count - 1. */
rmf_tally rmf_snapshot_sum(const ramify_snapshot *snapshot, uint32_t first, uint32_t count);

#endif
