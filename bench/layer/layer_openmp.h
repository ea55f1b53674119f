/* SPDX-License-Identifier: BSD-3-Clause */
/* The OpenMP forms, for gcc's libgomp and clang's libomp alike. BENCH_OPENMP: tasks below one `single`. BENCH_LOOPS:
 * `parallel for`, for the kernels made of blocks; a recursive kernel has no loop form and is not in its table.
 * BENCH_UNTIED beside BENCH_OPENMP: untied tasks, which another thread may go on with. */
#ifndef BENCH_LAYER_OPENMP_H
#define BENCH_LAYER_OPENMP_H

#ifndef BENCH_NAME
#error "the build names the OpenMP runtime: -DBENCH_NAME=..."
#endif
#ifdef BENCH_UNTIED
#define BENCH_TASK(clauses) _Pragma(BENCH_WORDS(omp task untied clauses))
#else
#define BENCH_TASK(clauses) _Pragma(BENCH_WORDS(omp task clauses))
#endif
#define BENCH_WORDS(words) #words
#define BENCH_HEAD
#define BENCH_AT
#define BENCH_HERE
#define BENCH_FORKED(fn, type)
#define BENCH_SCOPE
#define BENCH_FORK(job, fn)                                                                                            \
    do {                                                                                                               \
        __typeof__(job) bench_job = (job);                                                                             \
        BENCH_TASK(firstprivate(bench_job)) fn(bench_job);                                                     \
    } while (0)
#define BENCH_JOIN(jobs, count, fn) _Pragma("omp taskwait")
#define BENCH_ROOT(job, fn) fn(job)
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        BENCH_TASK(firstprivate(bench_copy)) fn(&bench_copy);                                                  \
    } while (0)

#endif
