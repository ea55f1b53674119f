/* SPDX-License-Identifier: BSD-3-Clause */
/* The Ramify form: forks on the caller's stack for what joins; tasks submitted into the group of the running
 * bench_layer_enter for what is detached. A policy sees the latter alone. */
#ifndef BENCH_LAYER_RAMIFY_H
#define BENCH_LAYER_RAMIFY_H

#include <ramify/ramify.h>

#ifdef __cplusplus
extern "C" {
#endif

void bench_ramify_root(ramify_fork *fork, ramify_fork_fn fn);
void bench_ramify_detach(ramify_task_fn fn, const void *value, size_t value_bytes);
void bench_ramify_detach_keyed(ramify_task_fn fn, const void *value, size_t value_bytes, uint64_t key);
void bench_ramify_ordered(ramify_task_fn fn, const void *value, size_t value_bytes, const void *const *reads, int count,
                          const void *changed);
void bench_ramify_ordered_wait(void);
void bench_ramify_loop(void (*range)(void *argument, long first, long end), void *argument, long count, long grain);

#ifdef __cplusplus
}
#endif

#ifndef BENCH_NAME
#define BENCH_NAME "ramify"
#endif
#define BENCH_HEAD ramify_fork bench_fork;
#define BENCH_AT ramify_context bench_context,
#define BENCH_HERE bench_context,
#define BENCH_FORKED(fn, type)                                                                                         \
    static void fn##_stolen(ramify_context bench_context, ramify_fork *bench_fork)                                     \
    {                                                                                                                  \
        fn(bench_context, (type *)bench_fork);                                                                         \
    }
#define BENCH_SCOPE
#define BENCH_FORK(job, fn) bench_context = ramify_fork_push(bench_context, &(job)->bench_fork, fn##_stolen)
#define BENCH_JOIN(jobs, count, fn)                                                                                    \
    do {                                                                                                               \
        for (size_t bench_i = (count); bench_i-- > 0;)                                                                 \
            if (ramify_fork_join(&bench_context, &(jobs)[bench_i].bench_fork))                                         \
                fn(bench_context, &(jobs)[bench_i]);                                                                   \
    } while (0)
#define BENCH_JOINED(job) (!ramify_fork_join(&bench_context, &(job)->bench_fork))
#define BENCH_ROOT(job, fn) bench_ramify_root(&(job)->bench_fork, fn##_stolen)
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        bench_ramify_detach(fn, &bench_copy, sizeof bench_copy);                                                       \
    } while (0)

#define BENCH_DETACH_KEYED(fn, type, value, key)                                                                       \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        bench_ramify_detach_keyed(fn, &bench_copy, sizeof bench_copy, (key));                                          \
    } while (0)
#define BENCH_LOOPED(fn, type)                                                                                         \
    static void fn##_range(void *bench_argument, long bench_first, long bench_end)                                     \
    {                                                                                                                  \
        for (long bench_i = bench_first; bench_i < bench_end; bench_i++)                                               \
            fn((type *)bench_argument, bench_i);                                                                       \
    }
#define BENCH_LOOP(fn, type, argument, count, grain) bench_ramify_loop(fn##_range, (argument), (count), (grain))
#define BENCH_ORDERS 1
#define BENCH_ORDERED(fn, type, value, reads, count, changed)                                                          \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        bench_ramify_ordered(fn, &bench_copy, sizeof bench_copy, (const void *const *)(reads), (count), (changed));    \
    } while (0)
#define BENCH_ORDERED_WAIT() bench_ramify_ordered_wait()

#endif
