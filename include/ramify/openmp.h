/* SPDX-License-Identifier: BSD-3-Clause */
/* Beside OpenMP: an OpenMP team becomes Ramify's workers for a while, and Ramify takes its places from OpenMP.
 *
 *     #pragma omp parallel
 *     {
 *         ...                                          // OpenMP's work
 *         ramify_omp_run(NULL, NULL, irregular, mesh); // all threads come; irregular(rt, mesh) runs on thread 0
 *         ...                                          // OpenMP's work again, threads bound as before
 *     }
 *
 * Everything here is inline and calls the OpenMP runtime that the program was compiled with, so libgomp and LLVM's
 * OpenMP both work and the library depends on neither. Not part of <ramify/ramify.h>; needs -fopenmp. */
#ifndef RAMIFY_OPENMP_H
#define RAMIFY_OPENMP_H

#ifndef _OPENMP
#error "ramify/openmp.h needs OpenMP: compile with -fopenmp, or use ramify/team.h with threads of your own"
#endif

#include <ramify/loan.h>
#include <ramify/team.h>

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Lends the calling OpenMP team to a runtime until fn has returned and all its work is done.
 *
 * keep: NULL: tree and workers are made for this call and freed. Else *keep is NULL at first, one variable that all
 * threads share; the team is kept there for the next region, and freed by ramify_team_free at the end: then a region
 * costs two barriers. One variable serves one region at a time.
 * options, fn, argument: as in ramify_team_create and ramify_team_run; only thread 0's fn and argument count.
 * Threads: every thread of the innermost parallel region, like a barrier; regions may nest, and several teams may do it
 * at once. Outside of a region the calling thread is a team of one.
 * Errors: the same in every thread: those of ramify_team_claim and ramify_team_run. Cost: as those, and a barrier. */
static inline ramify_status ramify_omp_run(ramify_team **keep, const ramify_options *options, ramify_team_fn fn,
                                           void *argument)
{
    ramify_team  *team   = NULL;
    ramify_status status = RAMIFY_OK;
#pragma omp single copyprivate(team, status)
    {
        team = keep ? *keep : NULL;
        if (!team)
            status = ramify_team_create(options, &team);
        if (!status && keep)
            *keep = team;
        if (!status)
            status = ramify_team_claim(team, (uint32_t)omp_get_num_threads());
    }
    if (!status)
        status = ramify_team_run(team, (uint32_t)omp_get_thread_num(), fn, argument);
    if (!keep) {
#pragma omp barrier
#pragma omp        master
        (void)ramify_team_free(team);
    }
    return status;
}

/* Starts a runtime of its own threads on OpenMP's places: a worker for each of the threads that OpenMP would use for
 * the next region, on the places it would bind them to (OMP_PLACES, OMP_PROC_BIND, OMP_NUM_THREADS as OpenMP understood
 * them). Unlike the variable RAMIFY_PLACES=openmp it knows what the process was allowed before OpenMP bound the initial
 * thread to its first place.
 *
 * options: NULL for the defaults; `places` and, unless it is set, `workers` are filled in. rt: out, untouched on
 * failure. Threads: any outside of a parallel region. Errors: those of ramify_start. Cost: as ramify_start. */
RAMIFY_NODISCARD static inline ramify_status ramify_omp_start(const ramify_options *options, ramify_runtime **rt)
{
    ramify_options o;
    int            count = omp_get_num_places(), most = 0, all = 0;
    memset(&o, 0, sizeof o);
    if (options)
        o = *options;
    for (int i = 0; i < count; i++) {
        int cpus = omp_get_place_num_procs(i);
        all += cpus;
        most = cpus > most ? cpus : most;
    }
    if (!o.workers)
        o.workers = (uint32_t)omp_get_max_threads();
    omp_proc_bind_t bind = omp_get_proc_bind();
    if (!all || bind == omp_proc_bind_false) /* OpenMP binds nothing: the machine as it is */
        return ramify_start(&o, rt);
    o.close     = o.close || bind == omp_proc_bind_close;
    int   *cpus = (int *)malloc((size_t)most * sizeof *cpus);
    size_t room = (size_t)all * 12 + (size_t)count * 3 + 1, used = 0; /* a number of 11 digits and what is around it */
    char  *text          = (char *)malloc(room);
    ramify_status status = cpus && text ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY;
    for (int i = 0; !status && i < count; i++) {
        int in_place = omp_get_place_num_procs(i);
        omp_get_place_proc_ids(i, cpus);
        for (int c = 0; c < in_place; c++)
            used += (size_t)snprintf(text + used, room - used, "%s%d", c ? "," : i ? ",{" : "{", cpus[c]);
        used += (size_t)snprintf(text + used, room - used, in_place ? "}" : "");
    }
    if (!status) {
        o.places = text;
        status   = ramify_start(&o, rt);
    }
    free(text);
    free(cpus);
    return status;
}

/* Borrows idle workers for parallel regions that the calling task opens, itself or in a library it calls: regions get
 * as many threads as cores were free, each bound to one of them.
 *
 * domain, most, loan: as in ramify_loan_take. Threads: as there. Returns the number of threads, 1 when nothing could be
 * borrowed (loan is then NULL or a loan of the caller's own core). Undone by ramify_omp_return.
 * Cost: as ramify_loan_take, and one parallel region. */
static inline int ramify_omp_borrow(uint32_t domain, uint32_t most, ramify_loan **loan)
{
    ramify_loan *taken   = NULL;
    int          threads = 1;
    if (!ramify_loan_take(domain, most, &taken))
        threads = (int)ramify_loan_threads(taken);
    *loan = taken;
    omp_set_num_threads(threads);
    if (threads > 1) {
#pragma omp parallel num_threads(threads)
        (void)ramify_loan_bind(taken, (uint32_t)omp_get_thread_num());
    }
    return threads;
}

/* Gives back what ramify_omp_borrow got; the next regions of this thread are of one thread. loan: NULL is allowed.
 * Threads: the one that borrowed. Cost: as ramify_loan_return. */
static inline void ramify_omp_return(ramify_loan *loan)
{
    omp_set_num_threads(1); /* a worker's thread by itself would get as many as the machine has cores, per worker */
    ramify_loan_return(loan);
}

#ifdef __cplusplus
}
#endif
#endif
