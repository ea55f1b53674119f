/* SPDX-License-Identifier: BSD-3-Clause */
/* A pool of the real workers on a simulated machine, and what a computation on it comes to. */
#ifndef RMF_TESTS_SIM_POOL_H
#define RMF_TESTS_SIM_POOL_H

#include "pool.h"
#include "sim.h"

/* Two packages of eight L3 caches with eight cores each. */
#define SIM_MACHINE "pack:2 [numa(memory=64GB)] l3:8 core:8 pu:1"

typedef struct sim_setup {
    const char *machine; /* NULL: SIM_MACHINE */
    uint32_t    workers;
    uint32_t    calls;      /* of the computation, one after the other; the first finds all workers asleep */
    bool        is_outside; /* called by a thread that is no worker; else by worker 0 */
    double      pause_ns;   /* between two calls */
    void (*call)(rmf_pool *pool, ramify_group *group, void *self); /* the computation; group: NULL on a worker */
    void *self;
} sim_setup;

/* What the workers did in the calls after the first, or in the first if there is only one. */
typedef struct sim_outcome {
    double        first_ns, mean_ns; /* of a call: the first; the others, or the first if there is only one */
    double        work_ns, search_ns, asleep_ns, total_ns; /* of all workers together, in those others */
    ramify_counts counts;                                  /* of all workers, in those others */
    uint32_t      idle_workers;                            /* that ran nothing in any call */
} sim_outcome;

void sim_pool_run(const sim_setup *setup, sim_outcome *outcome);

/* What a line of the last run is, such as "worker.lane.word". number: out, whose; UINT32_MAX: nobody's. */
const char *sim_pool_name(uintptr_t address, uint32_t *number);

/* Prints where the time of the last run's counted calls went: the dearest lines, and the dearest places. */
void sim_pool_tell(uint32_t most);

#endif
