/* SPDX-License-Identifier: BSD-3-Clause */
/* Included before everything else when a source is compiled for simulation: each atomic operation tells the model of
 * its line which it is, and locks, futexes, pauses and the clock are the simulation's. Counters with one writer
 * (rmf_count) cost nothing: their line is the owner's. */
#ifndef RMF_TESTS_SIM_ATOMICS_H
#define RMF_TESTS_SIM_ATOMICS_H

#include "bare_atomics.h"
#include "sim.h"
#include "virtual_clock.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#define SIM_AT(operation, p)                                                                                           \
    __extension__({                                                                                                    \
        static sim_site sim_here = { .file = __FILE__, .line = __LINE__ };                                             \
        sim_here.function        = __func__;                                                                           \
        operation((p), &sim_here);                                                                                     \
    })

#define rmf_load_relaxed(p) (SIM_AT(sim_read, p), atomic_load_explicit((p), memory_order_relaxed))
#define rmf_load_acquire(p) rmf_load_relaxed(p)
#define rmf_load_seq_cst(p) rmf_load_relaxed(p)
#define rmf_store_relaxed(p, v) (SIM_AT(sim_write, p), atomic_store_explicit((p), (v), memory_order_relaxed))
#define rmf_store_release(p, v) rmf_store_relaxed(p, v)
#define rmf_store_seq_cst(p, v) (SIM_AT(sim_change, p), atomic_store_explicit((p), (v), memory_order_relaxed))

#define rmf_add_relaxed(p, v) (SIM_AT(sim_change, p), atomic_fetch_add_explicit((p), (v), memory_order_relaxed))
#define rmf_add_acq_rel(p, v) rmf_add_relaxed(p, v)
#define rmf_add_seq_cst(p, v) rmf_add_relaxed(p, v)
#define rmf_sub_acq_rel(p, v) (SIM_AT(sim_change, p), atomic_fetch_sub_explicit((p), (v), memory_order_relaxed))
#define rmf_sub_seq_cst(p, v) rmf_sub_acq_rel(p, v)
#define rmf_or_acq_rel(p, v) (SIM_AT(sim_change, p), atomic_fetch_or_explicit((p), (v), memory_order_relaxed))
#define rmf_or_seq_cst(p, v) rmf_or_acq_rel(p, v)
#define rmf_and_release(p, v) (SIM_AT(sim_change, p), atomic_fetch_and_explicit((p), (v), memory_order_relaxed))
#define rmf_and_acq_rel(p, v) rmf_and_release(p, v)
#define rmf_and_seq_cst(p, v) rmf_and_release(p, v)
#define rmf_swap_acq_rel(p, v) (SIM_AT(sim_change, p), atomic_exchange_explicit((p), (v), memory_order_relaxed))
#define rmf_swap_seq_cst(p, v) rmf_swap_acq_rel(p, v)

#define rmf_cas_relaxed(p, expected, v)                                                                                \
    (SIM_AT(sim_change, p),                                                                                            \
     atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_relaxed, memory_order_relaxed))
#define rmf_cas_acquire(p, expected, v) rmf_cas_relaxed(p, expected, v)
#define rmf_cas_acq_rel(p, expected, v) rmf_cas_relaxed(p, expected, v)
#define rmf_cas_seq_cst(p, expected, v) rmf_cas_relaxed(p, expected, v)

#define rmf_count(p, n)                                                                                                \
    atomic_store_explicit((p), atomic_load_explicit((p), memory_order_relaxed) + (n), memory_order_relaxed)

/* The public header <ramify/fork.h> is inlined into programs and uses the compiler's own names. */
#define __atomic_load_n(p, order) (SIM_AT(sim_read, p), *(volatile __typeof__(*(p)) *)(p))
#define __atomic_store_n(p, v, order) (SIM_AT(sim_write, p), (void)(*(volatile __typeof__(*(p)) *)(p) = (v)))

#define rmf_relax() sim_pause()
#define sched_yield() sim_yield()
#define sched_getcpu() ((int)sim_self())
#define pthread_mutex_lock(m) sim_lock(m)
#define pthread_mutex_unlock(m) sim_unlock(m)
#define syscall(...) sim_syscall(__VA_ARGS__)

#endif
