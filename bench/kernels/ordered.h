/* SPDX-License-Identifier: BSD-3-Clause */
/* Jobs on blocks ordered by what they read and change. Forms with dependencies submit each job with its own; the
 * others, and all in the style `phased`, gather the jobs of a phase, which are independent of each other, and run them
 * as blocks at the phase's end. */
#ifndef BENCH_ORDERED_H
#define BENCH_ORDERED_H

#include "kernel.h"

enum { BENCH_READS = 3 }; /* blocks a job reads at most, beside the one it changes */

typedef struct bench_job {
    void (*fn)(struct bench_job *job);
    double     *block;             /* changed */
    double     *read[BENCH_READS]; /* the first `reads` of them */
    int32_t     reads, number;     /* number: the kernel's own */
    const void *more;              /* the kernel's own */
} bench_job;

typedef struct bench_phases {
    bench_job *jobs; /* of the phase */
    long       count, all;
    bool       alike;
} bench_phases;

static void bench_job_run(void *job)
{
    ((bench_job *)job)->fn((bench_job *)job);
}

/* most: jobs of a phase. alike: job i works on the same data in each phase and takes as long as the others, which asks
 * for a static schedule. */
static inline void bench_phases_open(bench_phases *p, long most, bool alike)
{
    p->alike = alike;
    p->jobs  = (bench_job *)bench_alloc((size_t)most * sizeof *p->jobs);
    p->count = p->all = 0;
}

static inline void bench_phases_add(bench_phases *p, bench_job job)
{
    p->all++;
#if BENCH_ORDERS
    if (!bench_phased) {
        BENCH_ORDERED(bench_job_run, bench_job, job, job.read, job.reads, job.block);
        return;
    }
#endif
    p->jobs[p->count++] = job;
}

static inline void bench_phase_end(bench_phases *p)
{
    bench_blocks all = { bench_job_run, p->jobs, sizeof *p->jobs, p->count, NULL, p->alike };

    if (p->count == 1) /* as everybody writes it: the pivot's block is no loop */
        bench_job_run(p->jobs);
    else if (p->count)
        bench_each(&all);
    p->count = 0;
}

static inline void bench_phases_wait(bench_phases *p)
{
#if BENCH_ORDERS
    if (!bench_phased) {
        BENCH_ORDERED_WAIT();
    }
#endif
    (void)p;
}

#endif
