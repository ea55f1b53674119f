/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads that wait for work from outside wake sleepers in place of those who work.
 *
 * To wake a sleeper costs the waker 6.5 us (PEERS.md), as much as a small computation takes as a whole. A worker that
 * shares something while only sleepers could take it leaves the wake to a thread that waits outside, if there is one,
 * and goes on. That thread wakes somebody if the work is not done after as long as a wake takes: never later than twice
 * the best choice made in knowledge of the end (the ski-rental rule: Karlin, Manasse, Rudolph, Sleator, FOCS 1986).
 *
 * No wake-up is lost. A worker publishes its work, then writes down that a wake is owed and sees whether a waker is
 * there; a waker takes itself off the count, and the last one to do so that sees the debt looks at all queues. All of it is
 * sequentially consistent, so of "a waker is counted" and "the debt is seen" one holds. A waker is counted for that one
 * interval only, so that from then on whoever is woken wakes the next, as without it. */
#ifndef RMF_WORKERS_WAKERS_H
#define RMF_WORKERS_WAKERS_H

#include "pool.h"

/* The calling thread, from outside, waits and may wake others, if somebody sleeps; false: nobody does, nothing is to be
 * ended. */
bool rmf_waker_begin(rmf_pool *pool);

/* It has waited for as long as a wake takes, or does not wait any more: wakes somebody if that is owed. */
void rmf_waker_end(rmf_pool *pool);

/* Ticks between the two at most. */
uint64_t rmf_waker_ticks(const rmf_pool *pool);

/* A worker has put something where others find it: wakes the nearest sleeper unless somebody searches, or leaves it to
 * a waker. Returns workers woken, 0 or 1. Costs one load when nobody sleeps. */
uint32_t rmf_wake_or_owe(rmf_pool *pool, uint32_t domain);

/* True while a waker is to wake somebody: a hint. */
static inline bool rmf_wake_is_owed(const rmf_pool *pool)
{
    uint64_t wakers = rmf_load_relaxed(&pool->wakers);
    return wakers >> 32 != 0 && (uint32_t)wakers != 0;
}

#endif
