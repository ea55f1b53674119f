/* SPDX-License-Identifier: BSD-3-Clause */
/* The OpenMP forms, for gcc's libgomp and clang's libomp alike. BENCH_OPENMP: tasks below one `single`. BENCH_LOOPS:
 * `parallel for`, for the kernels made of blocks; a recursive kernel has no loop form and is not in its table. */
#ifndef BENCH_LAYER_OPENMP_H
#define BENCH_LAYER_OPENMP_H

#ifndef BENCH_NAME
#error "the build names the OpenMP runtime: -DBENCH_NAME=..."
#endif
#define BENCH_SCOPE(scope)
#define BENCH_SPAWN(scope, fn, pointer) _Pragma("omp task") fn(pointer)
#define BENCH_JOIN(scope) _Pragma("omp taskwait")
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        _Pragma("omp task firstprivate(bench_copy)") fn(&bench_copy);                                                  \
    } while (0)

#endif
