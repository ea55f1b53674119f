/* SPDX-License-Identifier: BSD-3-Clause */
/* Who wakes: the protocol of wakers.h. */
#include "wakers.h"

#include "fetch.h"

#include <sched.h>

/* pool->wakers: how many in the lowest 16 bits, above them the sum of their CPUs' numbers, each plus 1, which is of use
 * when there is one; then the debt. */
enum { CPU_MOST = 0xfffe };
static const uint64_t WAKER = 1, CPU = 1ull << 16, OWED = 1ull << 63;

/* What a wake takes of the waker's time (PEERS.md). */
static const double WAKE_NS = 6500.0;

static uint32_t count_of(uint64_t wakers)
{
    return (uint16_t)wakers;
}

/* CPU this thread stands on, plus 1; 0: not known. */
static uint64_t own_cpu(void)
{
    int cpu = sched_getcpu();
    return cpu >= 0 && cpu <= CPU_MOST ? (uint64_t)cpu + 1 : 0;
}

uint64_t rmf_waker_begin(rmf_pool *pool)
{
    uint64_t cpu = rmf_parking_has_sleepers(&pool->parking) ? own_cpu() : 0;
    if (!cpu)
        return 0;
    /* order: relaxed; a worker that does not see it yet wakes by itself */
    (void)rmf_add_relaxed(&pool->wakers, WAKER + cpu * CPU);
    return WAKER + cpu * CPU;
}

void rmf_waker_end(rmf_pool *pool, uint64_t begun)
{
    /* order: off the count, then a look at the debt, then at the queues; pairs with the change in is_taken_over */
    uint64_t before = rmf_sub_seq_cst(&pool->wakers, begun);
    if (count_of(before) != 1 || !(before & OWED))
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

static bool is_elsewhere(uint64_t wakers, uint64_t cpu)
{
    return count_of(wakers) == 1 && cpu && (wakers & ~OWED) / CPU != cpu;
}

/* The one waker there is, on another CPU than this worker, does it. */
static bool is_taken_over(rmf_pool *pool)
{
    /* order: after the caller's publication, and relaxed: a waker not seen yet is as good as none */
    if (count_of(rmf_load_relaxed(&pool->wakers)) != 1)
        return false;
    uint64_t cpu = own_cpu();
    /* order: after the caller's publication; pairs with both changes in rmf_waker_end */
    return is_elsewhere(rmf_or_seq_cst(&pool->wakers, OWED), cpu);
}

uint32_t rmf_wake_or_owe(rmf_pool *pool, uint32_t domain, uint64_t supply)
{
    rmf_parking *parking = &pool->parking;
    if (!rmf_parking_needs_wake(parking, supply))
        return 0;
    if (rmf_parking_sleeping(parking) == (pool->worker_count - 1) * RMF_PARKED && is_taken_over(pool))
        return 0;
    return rmf_wake_another(parking, domain);
}

bool rmf_wake_is_owed(const rmf_pool *pool)
{
    uint64_t wakers = rmf_load_relaxed(&pool->wakers);
    return count_of(wakers) != 0 && (wakers & OWED);
}
