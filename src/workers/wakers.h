/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads that wait for work from outside wake sleepers in place of those who work.
 *
 * To wake a sleeper costs the waker 6.5 us (PEERS.md), as much as a small computation takes as a whole. The one worker
 * that works while all others sleep leaves the wake to a thread that waits outside, if there is one, and goes on. That
 * thread wakes somebody if the work is not done after as long as a wake takes: never later than twice the best choice
 * made in knowledge of the end (the ski-rental rule: Karlin, Manasse, Rudolph, Sleator, FOCS 1986).
 *
 * It must not stand on the core of that very worker, where it would not run for a time slice; all other workers sleep,
 * so on any other core it does.
 *
 * No wake-up is lost. A worker publishes its work, then writes down that a wake is owed and sees whether a waker is
 * there; a waker takes itself off the count, and the last one that sees the debt looks at all queues. All of it is
 * sequentially consistent, so of "a waker is counted" and "the debt is seen" one holds. */
#ifndef RMF_WORKERS_WAKERS_H
#define RMF_WORKERS_WAKERS_H

#include "pool.h"

/* The calling thread, from outside, waits and may wake others, if somebody sleeps. Returns what is to be passed to
 * rmf_waker_end(); 0: nobody sleeps, nothing is to be ended. */
uint64_t rmf_waker_begin(rmf_pool *pool);

/* It has waited for as long as a wake takes, or does not wait any more: wakes somebody if that is owed. */
void rmf_waker_end(rmf_pool *pool, uint64_t begun);

/* Ticks between the two at most. */
uint64_t rmf_waker_ticks(const rmf_pool *pool);

/* A worker has put `supply` things where others find them: wakes the nearest sleeper unless as many search, or leaves it
 * to a waker. Returns workers woken, 0 or 1. Costs one load when nobody sleeps. */
uint32_t rmf_wake_or_owe(rmf_pool *pool, uint32_t domain, uint64_t supply);

/* True while a waker is to wake somebody: a hint. */
bool rmf_wake_is_owed(const rmf_pool *pool);

#endif
