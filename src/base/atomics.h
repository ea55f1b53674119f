/* SPDX-License-Identifier: BSD-3-Clause */
/* Atomic operations with the memory order in the name: the only way this library uses them.
 *
 * Every use that is not a plain counter carries one `order:` comment that names its partner; tests/style checks it.
 * Stand-alone fences do not exist here: ThreadSanitizer of gcc 12 and clang 14 does not understand them, and an order
 * on the operation says more. Where a store must be seen before a later load, both ends use the _seq_cst forms. */
#ifndef RMF_BASE_ATOMICS_H
#define RMF_BASE_ATOMICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define rmf_load_relaxed(p)     atomic_load_explicit((p), memory_order_relaxed)
#define rmf_load_acquire(p)     atomic_load_explicit((p), memory_order_acquire)
#define rmf_load_seq_cst(p)     atomic_load_explicit((p), memory_order_seq_cst)
#define rmf_store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define rmf_store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define rmf_store_seq_cst(p, v) atomic_store_explicit((p), (v), memory_order_seq_cst)

#define rmf_add_relaxed(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define rmf_add_acq_rel(p, v) atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
#define rmf_add_seq_cst(p, v) atomic_fetch_add_explicit((p), (v), memory_order_seq_cst)
#define rmf_sub_acq_rel(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)
#define rmf_sub_seq_cst(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_seq_cst)
#define rmf_or_acq_rel(p, v)  atomic_fetch_or_explicit((p), (v), memory_order_acq_rel)
#define rmf_or_seq_cst(p, v)  atomic_fetch_or_explicit((p), (v), memory_order_seq_cst)
#define rmf_and_release(p, v) atomic_fetch_and_explicit((p), (v), memory_order_release)
#define rmf_and_acq_rel(p, v) atomic_fetch_and_explicit((p), (v), memory_order_acq_rel)
#define rmf_and_seq_cst(p, v) atomic_fetch_and_explicit((p), (v), memory_order_seq_cst)
#define rmf_swap_acq_rel(p, v) atomic_exchange_explicit((p), (v), memory_order_acq_rel)
#define rmf_swap_seq_cst(p, v) atomic_exchange_explicit((p), (v), memory_order_seq_cst)

/* On failure *expected gets the value seen, relaxed: read it again with the order you need. */
#define rmf_cas_relaxed(p, expected, v) \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_relaxed, memory_order_relaxed)
#define rmf_cas_acquire(p, expected, v) \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_acquire, memory_order_relaxed)
#define rmf_cas_acq_rel(p, expected, v) \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_acq_rel, memory_order_relaxed)
#define rmf_cas_seq_cst(p, expected, v) \
    atomic_compare_exchange_strong_explicit((p), (expected), (v), memory_order_seq_cst, memory_order_relaxed)

/* Single-writer counter: the owner adds without a locked operation, anybody reads. */
#define rmf_count(p, n) rmf_store_relaxed((p), rmf_load_relaxed(p) + (n))

/* Two cache lines: adjacent-line prefetchers of x86 pull pairs. */
#define RMF_LINE_BYTES 64
#define RMF_PAIR_BYTES 128

/* Tells the core that this is a spin loop. */
static inline void rmf_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory"); /* `yield` is a no-op on most cores; isb waits ~10 ns as pause does */
#endif
}

#endif
