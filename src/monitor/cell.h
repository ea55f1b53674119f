/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's cell: the counters it writes and others read, on cache lines of their own.
 *
 * One writer, plain loads and relaxed stores, no reset: readers take differences. */
#ifndef RMF_MONITOR_CELL_H
#define RMF_MONITOR_CELL_H

#include "atomics.h"
#include "histogram.h"

#include <ramify/runtime.h>

/* X(field): the fields of ramify_counts that a worker counts itself. */
#define RMF_CELL_COUNTERS(X) \
    X(tasks)                 \
    X(tasks_at_home)         \
    X(dropped)               \
    X(forks)                 \
    X(forks_stolen)          \
    X(forks_at_once)         \
    X(steal_attempts)        \
    X(steals)                \
    X(stolen_tasks)          \
    X(parks)                 \
    X(parks_aborted)         \
    X(wakes)                 \
    X(bind_failures)

typedef struct rmf_cell_counts {
#define RMF_CELL_FIELD(name) _Alignas(8) _Atomic uint64_t name;
    RMF_CELL_COUNTERS(RMF_CELL_FIELD)
#undef RMF_CELL_FIELD
} rmf_cell_counts;

typedef struct rmf_monitor_cell {
    _Alignas(RMF_PAIR_BYTES) rmf_cell_counts counts;
    _Atomic uint32_t running;  /* 1 while a task runs */
    rmf_histogram    latency;  /* submit to start, ns, sampled */
} rmf_monitor_cell;

/* Adds a cell's counters to *counts. Any thread. */
void rmf_cell_sum(const rmf_monitor_cell *cell, ramify_counts *counts);

#endif
