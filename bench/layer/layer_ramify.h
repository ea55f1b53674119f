/* SPDX-License-Identifier: BSD-3-Clause */
/* The Ramify form: tasks submitted into groups. A join scope is a group of its own; detached tasks go to the group of
 * the running bench_layer_enter. */
#ifndef BENCH_LAYER_RAMIFY_H
#define BENCH_LAYER_RAMIFY_H

#include <ramify/ramify.h>

#ifdef __cplusplus
extern "C" {
#endif

ramify_group *bench_ramify_open(void);
void          bench_ramify_spawn(ramify_group *scope, ramify_task_fn fn, void *pointer);
void          bench_ramify_join(ramify_group *scope);
void          bench_ramify_detach(ramify_task_fn fn, const void *value, size_t value_bytes);

#ifdef __cplusplus
}
#endif

#ifndef BENCH_NAME
#define BENCH_NAME "ramify"
#endif
#define BENCH_SCOPE(scope) ramify_group *scope = bench_ramify_open()
#define BENCH_SPAWN(scope, fn, pointer) bench_ramify_spawn(scope, fn, pointer)
#define BENCH_JOIN(scope) bench_ramify_join(scope)
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        bench_ramify_detach(fn, &bench_copy, sizeof bench_copy);                                                       \
    } while (0)

#endif
