/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for a group: a worker runs other tasks meanwhile, another thread spins briefly and then sleeps. */
#include "submit.h"
#include "wakers.h"
#include "worker.h"

#include "clock.h"

#include <sched.h>

/* True when the calling thread is inside a task of the group or of a group below it: waiting could never end. */
static bool is_inside(rmf_worker *worker, const ramify_group *group)
{
    for (const rmf_frame *frame = *rmf_frames_of(worker); frame; frame = frame->outer)
        for (const ramify_group *g = frame->group; g; g = g->parent)
            if (g == group)
                return true;
    return false;
}

static void wait_as_worker(rmf_worker *worker, ramify_group *group)
{
    const rmf_goal goal  = { .group = group };
    uint64_t       start = rmf_worker_suspend(worker);
    rmf_task       task;
    rmf_worker_settle(worker);
    while (rmf_worker_next(worker, &task, &goal))
        rmf_worker_run(worker, &task);
    rmf_worker_settle(worker); /* what it ran last may belong to a group others wait for */
    rmf_worker_resume(worker, start);
}

/* Spins, and stands by as a waker meanwhile. Yields rather than pauses, because a worker may be bound to the core the
 * thread stands on. */
static bool is_done_soon(ramify_group *group)
{
    rmf_pool *pool     = group->pool;
    uint64_t  begun = rmf_waker_begin(pool);
    bool      is_done;
    uint64_t  start = rmf_clock_ticks(), waited = 0;
    while (!(is_done = rmf_group_is_done(group)) && waited < pool->spin_ticks) {
        if (begun && waited >= rmf_waker_ticks(pool)) {
            rmf_waker_end(pool, begun);
            begun = 0;
        }
        sched_yield();
        waited = rmf_clock_ticks() - start;
    }
    if (begun)
        rmf_waker_end(pool, begun);
    return is_done;
}

void rmf_wait_outside(ramify_group *group)
{
    if (is_done_soon(group))
        return;
    rmf_waiter waiter = { .worker = RAMIFY_NONE };
    rmf_group_enlist(group, &waiter);
    while (!rmf_group_is_done(group)) {
        rmf_futex_wait(&waiter.word, 0, 0);
        /* order: before the next look at the count, or a wake between the two would be wiped out unseen; pairs with
         * the store in wake_waiters() */
        rmf_store_seq_cst(&waiter.word, 0);
    }
    rmf_group_delist(group, &waiter);
}

ramify_status ramify_wait(ramify_group *group)
{
    if (!group)
        return RAMIFY_ERR_INVALID;
    rmf_worker *worker = rmf_own_worker(group->pool);
    if (is_inside(worker, group))
        return RAMIFY_ERR_BUSY;
    if (worker)
        wait_as_worker(worker, group);
    else
        rmf_wait_outside(group);
    if (ramify_group_error(group))
        return RAMIFY_ERR_TASK;
    return rmf_group_is_cancelled(group) ? RAMIFY_ERR_CANCELED : RAMIFY_OK;
}
