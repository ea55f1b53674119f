/* SPDX-License-Identifier: BSD-3-Clause */
/* The OpenMP forms, for gcc's libgomp and clang's libomp alike. BENCH_OPENMP: tasks below one `single`. BENCH_LOOPS:
 * `parallel for`, for the kernels made of blocks; a recursive kernel has no loop form and is not in its table. */
#ifndef BENCH_LAYER_OPENMP_H
#define BENCH_LAYER_OPENMP_H

#ifndef BENCH_NAME
#error "the build names the OpenMP runtime: -DBENCH_NAME=..."
#endif
#define BENCH_HEAD
#define BENCH_AT
#define BENCH_HERE
#define BENCH_FORKED(fn, type)
#define BENCH_SCOPE
#define BENCH_FORK(job, fn)                                                                                            \
    do {                                                                                                               \
        __typeof__(job) bench_job = (job);                                                                             \
        _Pragma("omp task firstprivate(bench_job)") fn(bench_job);                                                     \
    } while (0)
#define BENCH_JOIN(jobs, count, fn) _Pragma("omp taskwait")
#define BENCH_JOINED(job) ((void)(job), bench_taskwait())
#define BENCH_ROOT(job, fn) fn(job)
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        _Pragma("omp task firstprivate(bench_copy)") fn(&bench_copy);                                                  \
    } while (0)

/* taskwait where an expression is due. */
static inline bool bench_taskwait(void)
{
    _Pragma("omp taskwait") return true;
}

#endif
