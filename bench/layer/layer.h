/* SPDX-License-Identifier: BSD-3-Clause */
/* The thin layer the kernels are written over, so that each kernel is written once.
 *
 * One of BENCH_SERIAL, BENCH_OPENMP, BENCH_LOOPS, BENCH_TBB, BENCH_RAMIFY picks the form at compile time. The macros
 * become what a user of that runtime would write by hand: an `omp task` with a direct call, a tbb::task_group, a
 * ramify_submit. Kernels keep to what C11 and C++20 share, because the oneTBB form is compiled as C++.
 *
 * What a form provides, beside the functions below:
 *   BENCH_SCOPE(s)                opens a join scope in the current function
 *   BENCH_SPAWN(s, fn, pointer)   fn(pointer) may run elsewhere; *pointer lives until BENCH_JOIN(s)
 *   BENCH_JOIN(s)                 waits for what this function spawned into s
 *   BENCH_DETACH(fn, type, value) fn(&copy of value) runs some time before bench_layer_enter returns
 *   BENCH_NAME                    the form as the JSON names it
 * Recursive kernels that join use SCOPE/SPAWN/JOIN, so a fork-join interface replaces three macros and no kernel. */
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
} bench_setup;

/* Blocks of work that are independent of each other: fn(items + i * item_bytes) for i in [0, count). */
typedef struct bench_blocks {
    void (*fn)(void *block);
    void         *items;
    size_t        item_bytes;
    long          count;
    const double *weights; /* expected cost of each block; NULL: alike. Ramify's hint; OpenMP and oneTBB take none */
    bool          keyed;   /* block i is the same data each time: a key for Ramify, a static schedule for the others */
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

#endif
