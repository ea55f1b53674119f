/* SPDX-License-Identifier: BSD-3-Clause */
/* Who wakes: the protocol of wakers.h. */
#include "wakers.h"

#include "fetch.h"

/* Wakers in the low half. */
static const uint64_t WAKER = 1, OWED = 1ull << 32;

/* What a wake takes of the waker's time (PEERS.md). */
static const double WAKE_NS = 6500.0;

bool rmf_waker_begin(rmf_pool *pool)
{
    if (!rmf_parking_has_sleepers(&pool->parking))
        return false;
    /* order: relaxed; a worker that does not see it yet wakes by itself */
    (void)rmf_add_relaxed(&pool->wakers, WAKER);
    return true;
}

void rmf_waker_end(rmf_pool *pool)
{
    /* order: off the count, then a look at the debt, then at the queues; pairs with the swap in rmf_wake_or_owe */
    uint64_t before = rmf_sub_seq_cst(&pool->wakers, WAKER);
    if (before != (OWED | WAKER))
        return;
    /* order: as above; a debt made after this is another waker's */
    if (!(rmf_and_seq_cst(&pool->wakers, ~OWED) & OWED))
        return;
    uint32_t where = rmf_fetch_where_left(pool);
    if (where != RAMIFY_NONE)
        rmf_add_relaxed(&pool->outside_wakes, rmf_wake_near(&pool->parking, where));
}

uint64_t rmf_waker_ticks(const rmf_pool *pool)
{
    return (uint64_t)(WAKE_NS * pool->ticks_per_ns);
}

uint32_t rmf_wake_or_owe(rmf_pool *pool, uint32_t domain)
{
    if (!rmf_parking_needs_wake(&pool->parking))
        return 0;
    /* order: after the caller's publication, and relaxed: a waker not seen yet is as good as none */
    if ((uint32_t)rmf_load_relaxed(&pool->wakers) != 0) {
        /* order: after the caller's publication; pairs with both changes in rmf_waker_end */
        uint64_t before = rmf_or_seq_cst(&pool->wakers, OWED);
        if ((uint32_t)before != 0)
            return 0;
    }
    return rmf_wake_near(&pool->parking, domain);
}
