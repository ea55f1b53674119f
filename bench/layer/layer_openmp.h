/* SPDX-License-Identifier: BSD-3-Clause */
/* The OpenMP forms, for gcc's libgomp and clang's libomp alike. BENCH_OPENMP: tasks below one `single`. BENCH_LOOPS:
 * `parallel for`, for the kernels made of blocks; a recursive kernel has no loop form and is not in its table.
 * BENCH_UNTIED beside BENCH_OPENMP: untied tasks, which another thread may go on with, and mergeable ones. `final` has
 * no form: where a kernel has a cut-off, nothing below it is a task that `final` could include. */
#ifndef BENCH_LAYER_OPENMP_H
#define BENCH_LAYER_OPENMP_H

#ifndef BENCH_NAME
#error "the build names the OpenMP runtime: -DBENCH_NAME=..."
#endif
#ifdef BENCH_UNTIED
#define BENCH_TASK(clauses) _Pragma(BENCH_WORDS(omp task untied mergeable clauses))
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
        BENCH_TASK(firstprivate(bench_job)) fn(bench_job);                                                             \
    } while (0)
#define BENCH_JOIN(jobs, count, fn) _Pragma("omp taskwait")
#define BENCH_JOINED(job) ((void)(job), bench_taskwait())
#define BENCH_ROOT(job, fn) fn(job)
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        BENCH_TASK(firstprivate(bench_copy)) fn(&bench_copy);                                                          \
    } while (0)

/* taskwait where an expression is due. */
static inline bool bench_taskwait(void)
{
    _Pragma("omp taskwait") return true;
}

#define BENCH_DETACH_KEYED(fn, type, value, key) BENCH_DETACH(fn, type, value)
#define BENCH_LOOPED(fn, type)
#define BENCH_OVER(count) for (size_t bench_i = 0; bench_i < (size_t)(count); bench_i++)
#ifdef BENCH_LOOPS
#define BENCH_LOOP(fn, type, argument, count, grain)                                                                   \
    do {                                                                                                               \
        type *bench_argument = (argument);                                                                             \
        long  bench_count = (count), bench_grain = (grain);                                                            \
        if (bench_grain) {                                                                                             \
            _Pragma("omp parallel for schedule(dynamic, bench_grain) num_threads(bench_team)") BENCH_OVER(bench_count) \
                fn(bench_argument, (long)bench_i);                                                                     \
        } else {                                                                                                       \
            _Pragma("omp parallel for schedule(static) num_threads(bench_team)") BENCH_OVER(bench_count)               \
                fn(bench_argument, (long)bench_i);                                                                     \
        }                                                                                                              \
    } while (0)
#define BENCH_ORDERS 0
#else
#define BENCH_LOOP(fn, type, argument, count, grain)                                                                   \
    do {                                                                                                               \
        type *bench_argument = (argument);                                                                             \
        long  bench_count = (count), bench_grain = (grain);                                                            \
        if (bench_grain) {                                                                                             \
            _Pragma("omp taskloop grainsize(bench_grain) firstprivate(bench_argument)") BENCH_OVER(bench_count)        \
                fn(bench_argument, (long)bench_i);                                                                     \
        } else {                                                                                                       \
            _Pragma("omp taskloop firstprivate(bench_argument)") BENCH_OVER(bench_count)                               \
                fn(bench_argument, (long)bench_i);                                                                     \
        }                                                                                                              \
    } while (0)
#define BENCH_ORDERS 1
#define BENCH_ORDERED(fn, type, value, reads, count, changed)                                                          \
    do {                                                                                                               \
        type  bench_copy = (value);                                                                                    \
        char *bench_0 = (char *)(reads)[0], *bench_1 = (char *)(reads)[1], *bench_2 = (char *)(reads)[2];              \
        char *bench_out = (char *)(changed);                                                                           \
        switch (count) {                                                                                               \
        case 0: {                                                                                                      \
            BENCH_TASK(firstprivate(bench_copy) depend(inout : *bench_out)) fn(&bench_copy);                           \
        } break;                                                                                                       \
        case 1: {                                                                                                      \
            BENCH_TASK(firstprivate(bench_copy) depend(inout : *bench_out) depend(in : *bench_0)) fn(&bench_copy);     \
        } break;                                                                                                       \
        case 2: {                                                                                                      \
            BENCH_TASK(firstprivate(bench_copy) depend(inout : *bench_out) depend(in : *bench_0, *bench_1))            \
            fn(&bench_copy);                                                                                           \
        } break;                                                                                                       \
        default: {                                                                                                     \
            BENCH_TASK(firstprivate(bench_copy) depend(inout : *bench_out) depend(in : *bench_0, *bench_1, *bench_2))  \
            fn(&bench_copy);                                                                                           \
        } break;                                                                                                       \
        }                                                                                                              \
        (void)bench_0, (void)bench_1, (void)bench_2;                                                                   \
    } while (0)
#define BENCH_ORDERED_WAIT() _Pragma("omp taskwait")
#endif

extern unsigned bench_team; /* threads of every team */

#endif
