/* SPDX-License-Identifier: BSD-3-Clause */
/* Putting tasks into a domain's queue, waking somebody for them, and what happens when there is no room. */
#include "submit.h"

#include "clock.h"
#include "fetch.h"
#include "forks.h"
#include "vertex.h"
#include "wakers.h"
#include "worker.h"

#include <sched.h>

/* How long a blocked submitter sleeps between two attempts once yielding did not help: long against a task, short
 * against anything a user would notice. */
static const uint64_t BLOCKED_NAP_NS = 100000;

void rmf_uncharge(rmf_worker *worker, ramify_group *group, uint64_t count)
{
    /* Credits of another group than the running task's would be kept until that task ends, however long it runs. */
    if (!worker || !worker->frame || worker->frame->group != group)
        rmf_group_done(group, count);
    else
        while (count--)
            rmf_worker_credit(worker, group);
}

static rmf_inbox *inbox_of(rmf_pool *pool, uint32_t domain, rmf_way way)
{
    if (rmf_way_rank(way) != RMF_RANK_USUAL)
        return rmf_ranks_inbox(pool, domain, way);
    rmf_mail_kind kind = rmf_way_is_homed(way)    ? RMF_MAIL_HOMED
                         : rmf_way_is_strict(way) ? RMF_MAIL_STRICT
                                                  : RMF_MAIL_OPEN;
    return rmf_pool_inbox(pool, domain, kind);
}

/* More waits at the domain than the `count` tasks just put there: whoever searches does not keep up. A searcher that
 * the system has taken off its core looks no different from one that runs, so this is what tells them apart. */
static bool is_behind(rmf_pool *pool, const rmf_worker *worker, uint32_t domain, rmf_way way, uint32_t count)
{
    rmf_inbox *inbox = inbox_of(pool, domain, way);
    uint64_t   waits = inbox ? rmf_inbox_size(inbox) : 0;
    if (worker && worker->domain == domain)
        waits += rmf_deque_shared_any(&worker->deque);
    return waits > count;
}

void rmf_wake_for(rmf_pool *pool, rmf_worker *worker, uint32_t domain, rmf_way way, uint32_t count)
{
    /* A searcher from outside would leave the task lying, so it is somebody at home; and if none sleeps there, somebody
     * else, who waits for as long as the rule says and is there if home does not get to it. */
    bool     is_open = !rmf_way_is_strict(way) && !rmf_way_is_homed(way);
    uint32_t woken   = is_open ? 0 : rmf_wake_below(&pool->parking, domain);
    if (!woken && is_open && worker)
        woken = rmf_wake_or_owe(pool, domain, 1);
    else if (!woken && !rmf_way_is_strict(way))
        woken = rmf_wake_near(&pool->parking, domain);
    if (!woken && is_open && rmf_parking_has_sleepers(&pool->parking) && !rmf_wake_is_owed(pool) &&
        is_behind(pool, worker, domain, way, count))
        woken = rmf_wake_another(&pool->parking, domain);
    if (!woken)
        return;
    if (worker)
        rmf_count(&worker->cell.counts.wakes, woken);
    else
        rmf_add_relaxed(&pool->outside_wakes, woken);
}

/* The rule of remote.h asks how long a queue has not been empty. */
static void note_filling(rmf_inbox *inbox)
{
    if (rmf_inbox_size(inbox) == 0)
        rmf_store_relaxed(&inbox->filled_ticks, rmf_clock_ticks());
}

/* The domain's queue is the worker's own deque, as a task that may go there finds it, and holds what the bound allows.
 */
static bool is_own_queue_full(const rmf_pool *pool, const rmf_worker *worker, uint32_t domain, rmf_way way)
{
    return pool->queue_tasks && worker && domain == worker->domain && rmf_way_is_usual(way) &&
           rmf_deque_shared_any(&worker->deque) >= pool->queue_tasks;
}

uint32_t rmf_deliver(rmf_pool *pool, rmf_worker *worker, uint32_t domain, rmf_way way, const rmf_task *tasks,
                     uint32_t count)
{
    uint32_t n = 0;
    if (worker && domain == worker->domain && rmf_way_is_usual(way))
        n = rmf_deque_submit(worker, tasks, count, pool->queue_tasks ? pool->queue_tasks : UINT32_MAX);
    if (n < count && !is_own_queue_full(pool, worker, domain, way)) {
        rmf_inbox *inbox = inbox_of(pool, domain, way);
        if (inbox && rmf_way_is_homed(way))
            note_filling(inbox);
        if (inbox)
            n += rmf_inbox_push_mp(inbox, tasks + n, count - n);
    }
    if (n)
        rmf_wake_for(pool, worker, domain, way, n);
    return n;
}

void rmf_let_pass(uint32_t tries)
{
    if (tries < 64) /* about 20 us of yielding: a worker that is awake makes room within that */
        sched_yield();
    else {
        _Atomic uint32_t never = 0;
        rmf_futex_wait(&never, 0, BLOCKED_NAP_NS);
    }
}

void rmf_wait_for_room(rmf_worker *worker, uint32_t tries)
{
    rmf_task task;
    if (worker && (rmf_fetch_own(worker, &task) || rmf_fetch_far(worker, &task))) {
        uint64_t start = rmf_worker_suspend(worker);
        rmf_worker_run(worker, &task);
        rmf_worker_settle(worker); /* the group of what it ran must not wait for the task that goes on now */
        rmf_worker_resume(worker, start);
    } else
        rmf_let_pass(tries);
}

/* The frame tells ramify_wait() in the task that its group cannot be done, and ramify_here() which group it is of. */
static inline void run_in_frame(rmf_frame **frames, ramify_group *group, uint32_t home, ramify_task_fn fn,
                                void *argument)
{
    rmf_frame frame = { *frames, group, home, 0 };
    *frames         = &frame;
    fn(argument);
    *frames = frame.outer;
}

static void run_inline(rmf_pool *pool, rmf_worker *worker, const rmf_task *task)
{
    if (worker)
        rmf_count(&worker->cell.counts.inline_runs, 1);
    else
        rmf_add_relaxed(&pool->outside_inline_runs, 1);
    run_in_frame(rmf_frames_of(worker), task->group, task->home, task->fn, task->argument);
}

void rmf_run_at_once(rmf_worker *worker, ramify_group *group, ramify_task_fn fn, void *argument)
{
    /* The running task keeps its group pending for as long as this one takes. */
    bool counts = !worker->frame || worker->frame->group != group;
    if (counts)
        rmf_charge(worker, group);
    rmf_count(&worker->cell.counts.inline_runs, 1);
    run_in_frame(&worker->frame, group, worker->domain, fn, argument);
    if (counts)
        rmf_uncharge(worker, group, 1);
}

bool rmf_run_if_full(rmf_pool *pool, rmf_worker *worker, const rmf_task *task, rmf_way way)
{
    if (pool->full != RAMIFY_FULL_RUN || !is_own_queue_full(pool, worker, task->home, way))
        return false;
    rmf_run_at_once(worker, task->group, task->fn, task->argument);
    return true;
}

ramify_status rmf_deliver_one(rmf_pool *pool, rmf_worker *worker, const rmf_task *task, rmf_way way)
{
    bool     needs_worker = task->fn == rmf_fork_enter || task->fn == rmf_vertex_enter;
    uint32_t full         = pool->full == RAMIFY_FULL_RUN && needs_worker ? RAMIFY_FULL_BLOCK : pool->full;
    for (uint32_t tries = 0; rmf_deliver(pool, worker, task->home, way, task, 1) == 0; tries++) {
        ramify_status refusal = pool->queue_tasks ? RAMIFY_ERR_NOT_NOW : RAMIFY_ERR_NO_MEMORY;
        if (refusal == RAMIFY_ERR_NOT_NOW && full == RAMIFY_FULL_BLOCK) {
            rmf_wait_for_room(worker, tries);
            continue;
        }
        if (refusal == RAMIFY_ERR_NOT_NOW && full == RAMIFY_FULL_RUN)
            run_inline(pool, worker, task);
        else
            return refusal; /* the caller uncharges */
        rmf_uncharge(worker, task->group, 1);
        return RAMIFY_OK;
    }
    return RAMIFY_OK;
}
