/* SPDX-License-Identifier: BSD-3-Clause */
/* Computations whose work is known: what each is made of, and how fast no scheduler could make it. */
#ifndef RMF_TESTS_SIM_KERNELS_H
#define RMF_TESTS_SIM_KERNELS_H

#include "sim_pool.h"

typedef struct sim_kernel {
    const char *name, *meaning;
    void (*call)(rmf_pool *pool, ramify_group *group, void *self);
    long   size;
    double unit_ns; /* of work: a call, a node, a job, an iteration */
    void (*bounds)(const struct sim_kernel *kernel, double *work_ns, double *span_ns); /* work alone, no forks */
    uint64_t (*wanted)(const struct sim_kernel *kernel); /* what done() gives after each call */
    uint32_t rule;                                       /* of loops */
    long     loops;                                      /* one after the other in a call */
} sim_kernel;

/* Those of fork and join, and loops. */
extern const sim_kernel sim_fork_kernels[], sim_loop_kernels[];
extern const uint32_t   sim_fork_kernel_count, sim_loop_kernel_count;

/* The kernel of a name, NULL: none. */
const sim_kernel *sim_kernel_named(const char *name);

/* Runs a kernel in a process of its own, so that no run depends on what the ones before left of the heap; tells the
 * dearest `tell` lines and places. False: its result is wrong, it never ends, or all sleep. */
bool sim_kernel_run(const sim_kernel *kernel, uint32_t workers, bool is_outside, uint32_t calls, uint32_t tell,
                    sim_outcome *outcome);

/* Each call adds what it did. */
extern uint64_t sim_kernel_done;

#endif
