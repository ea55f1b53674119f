/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's cell: what it writes about itself and others read, on cache lines of its own.
 *
 * One writer, plain loads and relaxed stores, no reset: readers take differences. Per task there are two counts; what
 * needs a stamp is taken at changes of state (worker_time.h) or of sampled tasks only. */
#ifndef RMF_MONITOR_CELL_H
#define RMF_MONITOR_CELL_H

#include "atomics.h"
#include "histogram.h"
#include "worker_time.h"

#include <ramify/runtime.h>

/* X(field): what a worker counts. The names it shares with ramify_counts mean the same there. */
#define RMF_CELL_COUNTERS(X) \
    X(tasks)                 \
    X(tasks_at_home)         \
    X(tasks_on_node)         \
    X(dropped)               \
    X(forks)                 \
    X(forks_stolen)          \
    X(forks_at_once)         \
    X(inline_runs)           \
    X(parks)                 \
    X(parks_aborted)         \
    X(wakes)                 \
    X(bind_failures)         \
    X(rebinds)               \
    X(loops)                 \
    X(loop_chunks)           \
    X(loop_splits)           \
    X(loop_iterations)       \
    X(loop_iterations_at_home) \
    X(dependent_tasks)       \
    X(graph_tasks)           \
    X(graph_runs)            \
    X(searches)              \
    X(handle_samples)

/* tasks_on_node: not at home, yet on the NUMA node of their home. searches: times its own queue was found empty. */

/* X(name): what a worker times, beside its state.
 * handle: from the end of a sampled task to the start of the next one without a search in between.
 * place: in submissions of single tasks, each sample times the submissions it stands for.
 * batch: in submissions of batches, all of them. */
#define RMF_CELL_TIMES(X) \
    X(handle)             \
    X(place)              \
    X(batch)

/* X(field): counted for each level of the tree, that of the smallest domain that holds thief and victim. */
#define RMF_STEAL_COUNTERS(X) \
    X(steal_attempts)         \
    X(steals)                 \
    X(stolen_tasks)

typedef struct rmf_cell_counts {
#define RMF_CELL_FIELD(name) _Alignas(8) _Atomic uint64_t name;
    RMF_CELL_COUNTERS(RMF_CELL_FIELD)
#undef RMF_CELL_FIELD
#define RMF_CELL_FIELD(name) _Atomic uint64_t name##_ticks;
    RMF_CELL_TIMES(RMF_CELL_FIELD)
#undef RMF_CELL_FIELD
} rmf_cell_counts;

typedef struct rmf_steal_counts {
#define RMF_CELL_FIELD(name) _Alignas(8) _Atomic uint64_t name;
    RMF_STEAL_COUNTERS(RMF_CELL_FIELD)
#undef RMF_CELL_FIELD
} rmf_steal_counts;

typedef struct rmf_monitor_cell {
    _Alignas(RMF_PAIR_BYTES) rmf_cell_counts counts;
    rmf_worker_time  time;
    _Atomic uint32_t running; /* 1 while a task runs */
    rmf_steal_counts stealing[RAMIFY_LEVEL_COUNT]; /* by ramify_level */
    rmf_histogram    latency; /* submit to start, ns, of sampled tasks */
    rmf_histogram    run;     /* start to end without waiting, ns, of the same */
} rmf_monitor_cell;

/* The owner looked at a victim; count: tasks it took, 0 when there were none to take after all. */
static inline void rmf_cell_steal(rmf_monitor_cell *cell, uint32_t level, uint32_t count)
{
    rmf_steal_counts *at = &cell->stealing[level];
    rmf_count(&at->steal_attempts, 1);
    if (count) {
        rmf_count(&at->steals, 1);
        rmf_count(&at->stolen_tasks, count);
    }
}

/* Adds a cell's counters to *counts. Any thread. */
void rmf_cell_sum(const rmf_monitor_cell *cell, ramify_counts *counts);

#endif
