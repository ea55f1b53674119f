/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's stack: how large it is made, how much of it is left, and words for the program that overflows it.
 *
 * A waiting join runs other work on top of itself, and that is where a stack could grow without bound. So nothing is
 * begun there unless an eighth of the stack is free, and work that may be unrelated only while half of it is. */
#ifndef RMF_WORKERS_STACK_H
#define RMF_WORKERS_STACK_H

#include "pool.h"

#include <signal.h>

/* Below a worker's stack. Larger frames than a page may step over a guard of one; code compiled with
 * -fstack-clash-protection does not. */
enum { RMF_GUARD_BYTES = 1 << 20 };

/* The attributes of a worker's thread. stack_bytes: 0: the default. Returns pthread's error. */
int rmf_stack_attributes(pthread_attr_t *attributes, uint64_t stack_bytes);

/* Learns where the calling thread's stack is. */
void rmf_stack_learn(rmf_worker *worker);

/* Bytes of the worker's stack below the caller; more than any stack has where the stack is not known or another one is
 * in use (a coroutine's). */
static inline uint64_t rmf_stack_left(const rmf_worker *worker)
{
    uint64_t left = (uint64_t)(uintptr_t)__builtin_frame_address(0) - worker->stack_low;
    return left < worker->stack_bytes ? left : UINT64_MAX;
}

/* Room of a worker for the handler of overflow.c, in the frame of its thread's first function. The handler needs some
 * hundred bytes, the kernel's record of the registers up to 12 KiB (AVX-512, SVE, AMX). */
typedef struct rmf_spare_stack {
    _Alignas(16) char bytes[32768];
    stack_t before;
} rmf_spare_stack;

/* True when the program called ramify_explain_overflow(). */
bool rmf_overflow_is_explained(void);

/* The calling worker lets such handlers run on the spare stack; and as it was before. */
void rmf_overflow_prepare(rmf_spare_stack *spare);
void rmf_overflow_unprepare(const rmf_spare_stack *spare);

#endif
