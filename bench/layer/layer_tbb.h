/* SPDX-License-Identifier: BSD-3-Clause */
/* The oneTBB form: task_group with lambdas, so the compiler sees the call as in any oneTBB program. */
#ifndef BENCH_LAYER_TBB_H
#define BENCH_LAYER_TBB_H

#include <tbb/task_group.h>

extern tbb::task_group *bench_tbb_root; /* of the running bench_layer_enter */

#ifndef BENCH_NAME
#define BENCH_NAME "onetbb"
#endif
#define BENCH_SCOPE(scope) tbb::task_group scope
#define BENCH_SPAWN(scope, fn, pointer) scope.run([bench_pointer = static_cast<void *>(pointer)] { fn(bench_pointer); })
#define BENCH_JOIN(scope) scope.wait()
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        bench_tbb_root->run([bench_copy] {                                                                             \
            type bench_mine = bench_copy;                                                                              \
            fn(&bench_mine);                                                                                           \
        });                                                                                                            \
    } while (0)

#endif
