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

/* A room for a copy of a task's argument, which is written straight to `value`; and the three ways to submit it. */
typedef struct bench_room {
    union {
        ramify_task_fn     fn;
        struct bench_room *next; /* while it is free */
    } is;
    char value[];
} bench_room;

bench_room *bench_ramify_carry(ramify_task_fn fn, size_t value_bytes);
void        bench_ramify_detach(bench_room *room, size_t value_bytes);
void        bench_ramify_detach_keyed(bench_room *room, size_t value_bytes, uint64_t key);
void        bench_ramify_ordered(bench_room *room, size_t value_bytes, const void *const *reads, int count,
                                 const void *changed);
void        bench_ramify_ordered_wait(void);
void        bench_ramify_loop(ramify_for_fn body, void *argument, long count);

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
#define BENCH_CARRY(fn, type, what)                                                                                    \
    bench_room *bench_copy             = bench_ramify_carry(fn, sizeof(type));                                         \
    *(type *)(void *)bench_copy->value = (what)
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        BENCH_CARRY(fn, type, value);                                                                                  \
        bench_ramify_detach(bench_copy, sizeof(type));                                                                 \
    } while (0)
#define BENCH_DETACH_KEYED(fn, type, value, key)                                                                       \
    do {                                                                                                               \
        BENCH_CARRY(fn, type, value);                                                                                  \
        bench_ramify_detach_keyed(bench_copy, sizeof(type), (key));                                                    \
    } while (0)
#define BENCH_LOOPED(fn, type)                                                                                         \
    static void fn##_chunk(void *bench_argument, const ramify_chunk *bench_chunk)                                      \
    {                                                                                                                  \
        type *bench_typed = (type *)bench_argument;                                                                    \
        for (long bench_i = bench_chunk->range[0].begin; bench_i < bench_chunk->range[0].end; bench_i++)               \
            fn(bench_typed, bench_i);                                                                                  \
    }
#define BENCH_LOOP(fn, type, argument, count, grain) ((void)(grain), bench_ramify_loop(fn##_chunk, (argument), (count)))
#define BENCH_ORDERS 1
#define BENCH_ORDERED(fn, type, value, reads, count, changed)                                                          \
    do {                                                                                                               \
        BENCH_CARRY(fn, type, value);                                                                                  \
        bench_ramify_ordered(bench_copy, sizeof(type), (const void *const *)(reads), (count), (changed));              \
    } while (0)
#define BENCH_ORDERED_WAIT() bench_ramify_ordered_wait()

#endif
