/* SPDX-License-Identifier: BSD-3-Clause */
/* Included before everything else when a source is compiled for exploration: puts a scheduling point at each atomic
 * operation and gives locks and futexes to the explorer. Counters with one writer (rmf_count) are left alone: no other
 * thread acts on them, and points there would multiply the schedules for nothing. */
#ifndef RMF_TESTS_EXPLORED_ATOMICS_H
#define RMF_TESTS_EXPLORED_ATOMICS_H

#include "bare_atomics.h"
#include "explore.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#define rmf_load_relaxed(p) (explore_step(), atomic_load(p))
#define rmf_load_acquire(p) (explore_step(), atomic_load(p))
#define rmf_load_seq_cst(p) (explore_step(), atomic_load(p))
#define rmf_store_relaxed(p, v) (explore_step(), atomic_store((p), (v)))
#define rmf_store_release(p, v) (explore_step(), atomic_store((p), (v)))
#define rmf_store_seq_cst(p, v) (explore_step(), atomic_store((p), (v)))

#define rmf_add_relaxed(p, v) (explore_step(), atomic_fetch_add((p), (v)))
#define rmf_add_acq_rel(p, v) (explore_step(), atomic_fetch_add((p), (v)))
#define rmf_add_seq_cst(p, v) (explore_step(), atomic_fetch_add((p), (v)))
#define rmf_sub_acq_rel(p, v) (explore_step(), atomic_fetch_sub((p), (v)))
#define rmf_sub_seq_cst(p, v) (explore_step(), atomic_fetch_sub((p), (v)))
#define rmf_or_acq_rel(p, v) (explore_step(), atomic_fetch_or((p), (v)))
#define rmf_or_seq_cst(p, v) (explore_step(), atomic_fetch_or((p), (v)))
#define rmf_and_release(p, v) (explore_step(), atomic_fetch_and((p), (v)))
#define rmf_and_acq_rel(p, v) (explore_step(), atomic_fetch_and((p), (v)))
#define rmf_and_seq_cst(p, v) (explore_step(), atomic_fetch_and((p), (v)))
#define rmf_swap_acq_rel(p, v) (explore_step(), atomic_exchange((p), (v)))
#define rmf_swap_seq_cst(p, v) (explore_step(), atomic_exchange((p), (v)))

/* The point after a success lies between a claim and the plain reads and writes that the claim allows. */
#define rmf_cas_relaxed(p, expected, v)                                                                                \
    explore_after((explore_step(), atomic_compare_exchange_strong((p), (expected), (v))))
#define rmf_cas_acquire(p, expected, v) rmf_cas_relaxed(p, expected, v)
#define rmf_cas_acq_rel(p, expected, v) rmf_cas_relaxed(p, expected, v)
#define rmf_cas_seq_cst(p, expected, v) rmf_cas_relaxed(p, expected, v)

#define rmf_count(p, n) atomic_fetch_add((p), (n))

/* The public header <ramify/fork.h> is inlined into programs and uses the compiler's own names. */
#define __atomic_load_n(p, order) (explore_step(), *(volatile __typeof__(*(p)) *)(p))
#define __atomic_store_n(p, v, order) (explore_step(), (void)(*(volatile __typeof__(*(p)) *)(p) = (v)))

#define pthread_mutex_lock(m) explore_mutex_lock(m)
#define pthread_mutex_unlock(m) explore_mutex_unlock(m)
#define sched_yield() explore_pause()
#define sched_getcpu() ((int)explore_self())
#define syscall(...) explore_syscall(__VA_ARGS__)

#endif
