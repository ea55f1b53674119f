/* SPDX-License-Identifier: BSD-3-Clause */
/* The oneTBB form: task_group with lambdas, so the compiler sees the call as in any oneTBB program. */
#ifndef BENCH_LAYER_TBB_H
#define BENCH_LAYER_TBB_H

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_group.h>

extern tbb::task_group *bench_tbb_root; /* of the running bench_layer_enter */

#ifndef BENCH_NAME
#define BENCH_NAME "onetbb"
#endif
#define BENCH_HEAD
#define BENCH_AT
#define BENCH_HERE
#define BENCH_FORKED(fn, type)
#define BENCH_SCOPE tbb::task_group bench_scope;
#define BENCH_FORK(job, fn) bench_scope.run([bench_job = (job)] { fn(bench_job); })
#define BENCH_JOIN(jobs, count, fn) bench_scope.wait()
#define BENCH_JOINED(job) ((void)(job), bench_scope.wait(), true)
#define BENCH_ROOT(job, fn) fn(job)
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        bench_tbb_root->run([bench_copy] {                                                                             \
            type bench_mine = bench_copy;                                                                              \
            fn(&bench_mine);                                                                                           \
        });                                                                                                            \
    } while (0)

#define BENCH_DETACH_KEYED(fn, type, value, key) BENCH_DETACH(fn, type, value)
#define BENCH_LOOPED(fn, type)
#define BENCH_LOOP(fn, type, argument, count, grain)                                                                   \
    do {                                                                                                               \
        type *bench_argument = (argument);                                                                             \
        tbb::parallel_for(tbb::blocked_range<long>(0, (count), (grain) ? (grain) : 1),                                 \
                          [=](const tbb::blocked_range<long> &bench_range) {                                           \
                              for (long bench_i = bench_range.begin(); bench_i < bench_range.end(); bench_i++)         \
                                  fn(bench_argument, bench_i);                                                         \
                          });                                                                                          \
    } while (0)
#define BENCH_ORDERS 0

#endif
