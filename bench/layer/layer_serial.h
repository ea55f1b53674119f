/* SPDX-License-Identifier: BSD-3-Clause */
/* The serial form: a task is a call. What every speed-up is measured against, so nothing of a runtime is left in it. */
#ifndef BENCH_LAYER_SERIAL_H
#define BENCH_LAYER_SERIAL_H

#ifndef BENCH_NAME
#define BENCH_NAME "serial"
#endif
#define BENCH_HEAD
#define BENCH_AT
#define BENCH_HERE
#define BENCH_FORKED(fn, type)
#define BENCH_SCOPE
#define BENCH_FORK(job, fn) fn(job)
#define BENCH_JOIN(jobs, count, fn) ((void)(jobs))
#define BENCH_JOINED(job) ((void)(job), true)
#define BENCH_ROOT(job, fn) fn(job)
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        fn(&bench_copy);                                                                                               \
    } while (0)

#define BENCH_DETACH_KEYED(fn, type, value, key) BENCH_DETACH(fn, type, value)
#define BENCH_LOOPED(fn, type)
#define BENCH_LOOP(fn, type, argument, count, grain)                                                                   \
    for (long bench_i = 0; bench_i < (count); bench_i++)                                                               \
    fn((argument), bench_i)
#define BENCH_ORDERS 0

#endif
