/* SPDX-License-Identifier: BSD-3-Clause */
/* The serial form: a task is a call. What every speed-up is measured against, so nothing of a runtime is left in it. */
#ifndef BENCH_LAYER_SERIAL_H
#define BENCH_LAYER_SERIAL_H

#ifndef BENCH_NAME
#define BENCH_NAME "serial"
#endif
#define BENCH_SCOPE(scope)
#define BENCH_SPAWN(scope, fn, pointer) fn(pointer)
#define BENCH_JOIN(scope) ((void)0)
#define BENCH_DETACH(fn, type, value)                                                                                  \
    do {                                                                                                               \
        type bench_copy = (value);                                                                                     \
        fn(&bench_copy);                                                                                               \
    } while (0)

#endif
