/* SPDX-License-Identifier: BSD-3-Clause */
/* The thin layer the kernels are written over, so that each kernel is written once.
 *
 * One of BENCH_SERIAL, BENCH_OPENMP, BENCH_LOOPS, BENCH_TBB, BENCH_RAMIFY picks the form at compile time. The macros
 * become what a user of that runtime would write by hand: an `omp task` and a `taskwait`, a tbb::task_group, a
 * ramify_fork_push. Kernels keep to what C11 and C++20 share, because the oneTBB form is compiled as C++. */
#ifndef BENCH_LAYER_H
#define BENCH_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How a run was asked for. */
typedef struct bench_setup {
    unsigned    workers; /* at least 1 */
    const char *policy;  /* Ramify only; NULL: its default */
    bool        streams; /* one producer makes tasks nobody joins: a form that can bound its queues does */
} bench_setup;

/* Blocks of work that are independent of each other: fn(items + i * item_bytes) for i in [0, count). */
typedef struct bench_blocks {
    void (*fn)(void *block);
    void         *items;
    size_t        item_bytes;
    long          count;
    const double *weights; /* expected cost of each block; NULL: alike. Ramify's hint; OpenMP and oneTBB take none */
    bool          keyed;   /* block i is the same data each time: a static schedule, and for a policy a key */
} bench_blocks;

#ifdef __cplusplus
extern "C" {
#endif

/* Starts the runtime, bound to cores. Exits with a message when it cannot: a bench has no one to report to. */
void bench_layer_start(const bench_setup *setup);

/* Runs fn(argument) where tasks may be made, and returns when it and every task has ended. */
void bench_layer_enter(void (*fn)(void *), void *argument);

/* Runs all blocks and waits for them. Called inside bench_layer_enter. */
void bench_each(const bench_blocks *blocks);

/* Number of the calling worker, below the number of workers. */
unsigned bench_self(void);

/* Writes what only this runtime knows (steals, parks ...) as JSON fields, each with a comma before it. */
void bench_layer_report(FILE *out);

void bench_layer_stop(void);

#ifdef __cplusplus
}
#endif

/* What a form provides as macros, beside the functions above:
 *   BENCH_DETACH(fn, type, value)  fn(&copy of value) runs some time before bench_layer_enter returns
 *   BENCH_DETACH_KEYED(fn, type, value, key)  the same, with a key for a form that places by it
 *   BENCH_NAME                     the form as the JSON names it
 * for loops over functions `void fn(type *argument, long i)`:
 *   BENCH_LOOPED(fn, type)         after the definition of fn
 *   BENCH_LOOP(fn, type, argument, count, grain)  fn(argument, i) for i in [0, count), and waits; grain: iterations
 * that are worth a task, 0 when all cost the same: a static schedule then is best for tasks ordered by the data they
 * touch, where the form has that (BENCH_ORDERS is 1): BENCH_ORDERED(fn, type, value, reads, count, changed)  fn(&copy
 * of value) after earlier ones that changed one of the `count` (0 to 3) addresses in `reads`, or touched `changed`
 *   BENCH_ORDERED_WAIT()           waits for all of them
 * and for functions that fork and join, which are written `void fn(BENCH_AT type *job)`:
 *   BENCH_HEAD                     first in the struct of a job, which holds arguments and results
 *   BENCH_AT, BENCH_HERE           before the first parameter, and before the first argument of every direct call
 *   BENCH_FORKED(fn, type)         after the declaration of an fn that is forked
 *   BENCH_SCOPE                    opens a function that forks, once per function
 *   BENCH_FORK(job, fn)            fn(job) may run elsewhere; *job lives until its join
 *   BENCH_JOIN(jobs, count, fn)    joins the newest `count` forks, an array in the order of its forks
 *   BENCH_BOTH(first, second, fn)  two jobs side by side (below)
 *   BENCH_ROOT(job, fn)            runs the first one, from a function without BENCH_AT */
#if defined(BENCH_SERIAL)
#include "layer_serial.h"
#elif defined(BENCH_OPENMP) || defined(BENCH_LOOPS)
#include "layer_openmp.h"
#elif defined(BENCH_TBB)
#include "layer_tbb.h"
#elif defined(BENCH_RAMIFY)
#include "layer_ramify.h"
#else
#error "define one of BENCH_SERIAL, BENCH_OPENMP, BENCH_LOOPS, BENCH_TBB, BENCH_RAMIFY"
#endif

/* fn(first) and fn(second), side by side. One worker that calls one of them itself and then takes up what waits goes
 * through memory upwards when it is the second that waits, and that is a tenth of the time of a fine transform. libomp
 * on one thread runs a task where it is made, so it wants the other order: the untied form has that, and the better
 * of the two counts. */
#if defined(BENCH_SERIAL) || defined(BENCH_UNTIED)
#define BENCH_WAITING(first, second) (first)
#define BENCH_CALLED(first, second)  (second)
#else
#define BENCH_WAITING(first, second) (second)
#define BENCH_CALLED(first, second)  (first)
#endif
#define BENCH_BOTH(first, second, fn)                                                                                  \
    do {                                                                                                               \
        BENCH_FORK(BENCH_WAITING(first, second), fn);                                                                  \
        fn(BENCH_HERE BENCH_CALLED(first, second));                                                                    \
        BENCH_JOIN(BENCH_WAITING(first, second), 1, fn);                                                               \
    } while (0)

#endif
