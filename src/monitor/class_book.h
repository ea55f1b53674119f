/* SPDX-License-Identifier: BSD-3-Clause */
/* Hardware counters by class of task, where a class is a function that tasks run: of the tasks whose latency is
 * sampled, the counters are read before and after, while counters are on.
 *
 * What a task waits for, and what its worker runs meanwhile, is not counted in it. The functions stand in one table for
 * all workers, each entered once by whoever samples it first; the cells behind them are each written by one worker. */
#ifndef RMF_MONITOR_CLASS_BOOK_H
#define RMF_MONITOR_CLASS_BOOK_H

#include "atomics.h"
#include "counters.h"
#include "trace_names.h"

/* A program's kinds of tasks are few; 15 keep the search for one within two lines. The last place is for all others. */
enum { RMF_CLASSES_MAX = 16, RMF_CLASS_OTHERS = RMF_CLASSES_MAX - 1 };

typedef struct rmf_class_cell {
    _Alignas(RMF_LINE_BYTES) _Atomic uint64_t samples;
    _Atomic uint64_t ticks;
    _Atomic uint64_t counters[RMF_COUNTERS_MAX];
} rmf_class_cell;

typedef struct rmf_class_book {
    uint32_t         workers;
    rmf_counter_set *counters;
    rmf_trace_names *names; /* for one reader at a time; NULL without memory */
    _Alignas(RMF_LINE_BYTES) _Atomic uint64_t function[RMF_CLASSES_MAX]; /* addresses; 0: free */
    rmf_class_cell cell[];                                               /* [class][worker] */
} rmf_class_book;

/* One task whose counters are read, on its worker's stack. */
typedef struct rmf_class_probe {
    struct rmf_class_probe *outer; /* the task that waits below this one */
    rmf_class_book         *book;
    uint64_t                since_ticks, ticks;
    uint32_t                worker, known;
    uint64_t                since[RMF_COUNTERS_MAX];
    uint64_t                reading[RMF_COUNTERS_MAX]; /* what reading them adds to them */
    uint64_t                sum[RMF_COUNTERS_MAX];
} rmf_class_probe;

/* NULL without memory. */
rmf_class_book *rmf_class_book_make(uint32_t workers, rmf_counter_set *counters);
void            rmf_class_book_drop(rmf_class_book *book);

/* The task begins, waits, goes on, ends. By its worker. */
void rmf_class_begin(rmf_class_book *book, uint32_t worker, rmf_class_probe *probe);
void rmf_class_pause(rmf_class_probe *probe);
void rmf_class_resume(rmf_class_probe *probe);
void rmf_class_end(rmf_class_probe *probe, uint64_t function);

/* "relax()"; false: no class has this place. One reader at a time. */
bool rmf_class_name(rmf_class_book *book, uint32_t at, char *name, uint32_t bytes);

#endif
