/* SPDX-License-Identifier: BSD-3-Clause */
/* Loops: one, or many short ones one after the other as an iterative solver has them. */
#include "sim_kernels.h"

#include "forks.h"
#include "loops.h"

#include <stdlib.h>

static void do_chunk(void *self, const ramify_chunk *chunk)
{
    const sim_kernel *kernel = self;
    sim_work(kernel->unit_ns * (double)chunk->iterations);
    sim_kernel_done += chunk->iterations;
}

/* A solver: all its loops in one computation. */
typedef struct solver {
    ramify_fork       fork;
    const sim_kernel *kernel;
} solver;

static void run_solver(ramify_context c, ramify_fork *fork)
{
    const sim_kernel        *kernel  = ((const solver *)fork)->kernel;
    const ramify_for_options options = { .schedule = { kernel->rule, 0 } };
    const ramify_range       range   = { 0, kernel->size, 1 };
    for (long i = 0; i < kernel->loops; i++)
        if (ramify_for_in(c, &range, 1, do_chunk, (void *)(uintptr_t)kernel, &options))
            abort();
}

static void call_solver(rmf_pool *pool, ramify_group *group, void *self)
{
    solver s = { .fork = { .run = run_solver }, .kernel = self };
    if (rmf_fork_call(pool, group, &s.fork))
        abort();
}

static uint64_t wanted_of_loop(const sim_kernel *kernel)
{
    return (uint64_t)(kernel->size * kernel->loops);
}

static void bounds_of_loop(const sim_kernel *kernel, double *work_ns, double *span_ns)
{
    *work_ns = kernel->unit_ns * (double)(kernel->size * kernel->loops);
    *span_ns = kernel->unit_ns * (double)kernel->loops;
}

#define LOOP(name_, text, n, ns, rule_, loops_)                                                                        \
    {                                                                                                                  \
        .name = (name_), .meaning = (text), .call = call_solver, .size = (n), .unit_ns = (ns),                         \
        .bounds = bounds_of_loop, .wanted = wanted_of_loop, .rule = (rule_), .loops = (loops_)                         \
    }
#define THREE(name_, text, n, ns, loops_)                                                                              \
    LOOP(name_ "-static", text, n, ns, RAMIFY_RULE_STATIC, loops_),                                                    \
        LOOP(name_ "-auto", text, n, ns, RAMIFY_RULE_AUTO, loops_),                                                    \
        LOOP(name_ "-dynamic", text, n, ns, RAMIFY_RULE_DYNAMIC, loops_)

const sim_kernel sim_loop_kernels[] = {
    THREE("loop1", "10^5 iterations of 1 ns", 100000, 1.0, 1),
    THREE("loop20", "10^5 iterations of 20 ns", 100000, 20.0, 1),
    THREE("loop1000", "10^4 iterations of 1 us", 10000, 1000.0, 1),
    THREE("solver10", "50 loops of 10^4 iterations of 1 ns, 10 us each", 10000, 1.0, 50),
    THREE("solver100", "50 loops of 10^5 iterations of 1 ns, 100 us each", 100000, 1.0, 50),
};
const uint32_t sim_loop_kernel_count = sizeof sim_loop_kernels / sizeof sim_loop_kernels[0];
