/* SPDX-License-Identifier: BSD-3-Clause */
/* Searching and sleeping: what a worker does between two tasks when its own queue is empty. */
#include "worker.h"

#include "clock.h"
#include "fetch.h"
#include "forks.h"
#include "listen.h"

#include <sched.h>

/* Between two looks at everything a searcher pauses; every 4th time it offers its core to other threads, which on a
 * core shared with the submitting thread is the difference between a time slice and a microsecond. Every 16th time it
 * counts who else searches, and insists on its requests. */
enum { ROUNDS_PER_YIELD = 4, ROUNDS_PER_COUNT = 16 };

/* Looks before a search is announced: with somebody asleep, who would be woken for what this worker finds, 3, and 1, 2
 * and 4 pauses of 24 ns behind them: four times as long makes a hand-off wait 150 ns and gains the producer nothing.
 * With nobody asleep some microseconds. */
enum { GLANCES = 3, GLANCES_AWAKE = 8 };

/* A worker searches before it sleeps for as long as it has worked since it last slept, within these bounds: the pool's
 * spin_us, and so many times that. So waiting costs at most as much as the work did, and workers of a long computation
 * do not sleep in its lulls: where joins wait for joins that wait, each that has slept adds a wake of 28 us to a chain
 * of them (2 ms of 4 in a simulated unbalanced tree search on 64 cores). */
enum { SPINS_MOST = 4 };

bool rmf_goal_is_reached(const rmf_pool *pool, const rmf_goal *goal)
{
    if (goal->group)
        return rmf_group_is_done(goal->group);
    if (goal->fork)
        return rmf_fork_is_done(goal->fork);
    /* order: pairs with the store in rmf_pool_stop(); after the sleeper's announcement */
    return rmf_load_seq_cst(&((rmf_pool *)(uintptr_t)pool)->stopping) != 0;
}

/* Leaves the search; the last one out sees to it that no work is left lying while others sleep. */
static void leave_search(rmf_worker *worker)
{
    rmf_pool *pool = worker->pool;
    /* A task not for everybody wakes one worker, searchers or not; if it was this one and it leaves with another task,
     * or there are more of them, the next is woken. */
    uint32_t where = rmf_fetch_kept_left(worker);
    if (where != RAMIFY_NONE)
        rmf_count(&worker->cell.counts.wakes, rmf_wake_below(&pool->parking, where));
    if (!rmf_search_end(&pool->parking, worker->number))
        return;
    where = rmf_fetch_where_left(pool);
    if (where != RAMIFY_NONE)
        rmf_count(&worker->cell.counts.wakes, rmf_wake_near(&pool->parking, where));
}

/* Lets time pass between two looks, `most` pauses at most: the more looks were for nothing, the more. Who waits for a
 * fork looks at that, and does not give way before a hand-off could have come back. */
static void pause_after(const rmf_worker *worker, const rmf_goal *goal, uint32_t round, uint32_t most)
{
    uint32_t first = goal->fork ? GLANCES_AWAKE : ROUNDS_PER_YIELD; /* who was just woken has its core for something */
    if (round % ROUNDS_PER_YIELD == ROUNDS_PER_YIELD - 1 && round >= first) {
        sched_yield();
        return;
    }
    uint32_t pauses = round < 16 && 1u << round < most ? 1u << round : most;
    while (pauses-- && !rmf_door_has_owner(&worker->door) && !(goal->fork && rmf_goal_is_reached(worker->pool, goal)))
        rmf_relax();
}

/* Quick to see that there are more, slow to forget: when a loop ends all begin to search at once, and the first ones to
 * count would find themselves alone. */
static void count_rivals(rmf_worker *worker, uint32_t searching)
{
    uint32_t half  = (worker->rivals + 1) / 2;
    worker->rivals = searching > half ? searching : half;
}

/* All thieves together look at a victim about as often as one alone would. */
static uint32_t most_pauses(const rmf_worker *worker)
{
    return (worker->rivals + 1) / 2;
}

/* Its time in tasks until now. */
static uint64_t time_busy(const rmf_worker *worker)
{
    return rmf_load_relaxed(&worker->cell.time.spent_ticks[RMF_STATE_BUSY]);
}

/* Sleeps unless there is something to do after all, or soon: what is kept for a home for longer than a search limits
 * the sleep. */
static void park(rmf_worker *worker, const rmf_goal *goal)
{
    rmf_parking *parking    = &worker->pool->parking;
    uint64_t     wait_ticks = 0;
    if (!rmf_door_close_owner(&worker->door))
        return;
    rmf_park_announce(parking, worker->number);
    bool is_work = rmf_goal_is_reached(worker->pool, goal) || rmf_fetch_any_left(worker, &wait_ticks);
    if (is_work || (wait_ticks && wait_ticks < worker->pool->spin_ticks)) {
        rmf_park_abort(parking, worker->number);
        rmf_count(&worker->cell.counts.parks_aborted, 1);
        return;
    }
    rmf_count(&worker->cell.counts.parks, 1);
    rmf_trace_ring *trace = rmf_trace_of(worker);
    uint64_t        begun = trace ? rmf_trace_enter(trace, RMF_TRACE_PARK, worker->number, 0, 0) : rmf_clock_ticks();
    (void)rmf_worker_enter_state(worker, RMF_STATE_PARKED);
    rmf_park_sleep(parking, worker->number, (uint64_t)((double)wait_ticks * worker->pool->ns_per_tick));
    (void)rmf_worker_enter_state(worker, RMF_STATE_SEARCHING);
    worker->busy_before = time_busy(worker);
    worker->holds_off   = 0;
    trace = rmf_trace_of(worker); /* it may have been switched on meanwhile: the whole sleep belongs to it */
    if (trace)
        rmf_trace_leave(trace, RMF_TRACE_PARK, worker->number, 0, begun);
}

/* Tells whoever reaches the goal that this worker may sleep; a pool's end wakes everybody anyway. */
static void enlist(rmf_worker *worker, const rmf_goal *goal, rmf_waiter *waiter)
{
    if (goal->group)
        rmf_group_enlist(goal->group, waiter);
    if (goal->fork)
        rmf_fork_await(worker, goal->fork);
}

/* How long a search lasts before it sleeps: see SPINS_MOST. */
static uint64_t patience(const rmf_worker *worker)
{
    uint64_t least = worker->pool->spin_ticks, most = SPINS_MOST * least;
    uint64_t worked = time_busy(worker) - worker->busy_before;
    if (rmf_load_relaxed(&worker->pool->claimers))
        return least;
    return worked < least ? least : worked < most ? worked : most;
}

/* Searches until there is a task (true) or the goal is reached (false). */
static bool search(rmf_worker *worker, rmf_task *task, const rmf_goal *goal)
{
    rmf_pool  *pool        = worker->pool;
    rmf_waiter waiter      = { .worker = worker->number };
    bool       is_enlisted = false, found = false;
    uint64_t   start = rmf_clock_ticks();

    rmf_worker_stay_bound(worker, start);
    count_rivals(worker, rmf_search_begin(&pool->parking, worker->number));
    for (uint32_t round = 0; !rmf_goal_is_reached(pool, goal); round++) {
        worker->insists = round % ROUNDS_PER_COUNT == ROUNDS_PER_COUNT - 1;
        found = rmf_listen_at_door(worker, task) || rmf_fetch_own(worker, task) || rmf_fetch_far(worker, task);
        if (found)
            break;
        if (rmf_clock_ticks() - start > patience(worker)) {
            if (!is_enlisted)
                enlist(worker, goal, &waiter);
            is_enlisted = true;
            park(worker, goal);
            start = rmf_clock_ticks();
            rmf_worker_stay_bound(worker, start);
        } else
            pause_after(worker, goal, round, most_pauses(worker));
        if (round % ROUNDS_PER_COUNT == 0)
            count_rivals(worker, rmf_parking_rivals(&pool->parking, worker->number));
    }
    worker->insists = false;
    leave_search(worker);
    if (is_enlisted && goal->group)
        rmf_group_delist(goal->group, &waiter);
    return found;
}

/* A short search before the counted one: when tasks come one by one from a producer, workers that announce every gap
 * between them, and fetch each task the moment it appears, slow that producer down by the lines they take from it. The
 * growing pauses let a few tasks gather. While nobody sleeps no one needs to know who searches, so it lasts longer
 * then: two changes of a line that all searchers change cost more than many a search. */
static bool glance(rmf_worker *worker, rmf_task *task, const rmf_goal *goal)
{
    rmf_pool *pool = worker->pool;
    for (uint32_t round = 0; round < (rmf_parking_has_sleepers(&pool->parking) ? GLANCES : GLANCES_AWAKE); round++) {
        if (rmf_listen_at_door(worker, task) || rmf_fetch_far(worker, task) || rmf_fetch_own(worker, task))
            return true;
        if (round == 0)
            rmf_worker_settle(worker);
        if (rmf_goal_is_reached(pool, goal))
            return false;
        pause_after(worker, goal, round, round < GLANCES ? 1u << GLANCES : most_pauses(worker));
    }
    return false;
}

/* The same, and what it took of the time goes into the trace. */
static bool search_traced(rmf_worker *worker, rmf_task *task, const rmf_goal *goal)
{
    rmf_trace_ring *trace = rmf_trace_of(worker);
    if (!trace)
        return search(worker, task, goal);
    uint64_t begun = rmf_trace_enter(trace, RMF_TRACE_SEARCH, worker->number, 0, 0);
    bool     found = search(worker, task, goal);
    rmf_trace_leave(trace, RMF_TRACE_SEARCH, worker->number, 0, begun);
    return found;
}

static void begin_busy_time(rmf_worker *worker, uint64_t now_ticks)
{
    worker->busy_from_ticks = worker->frame ? 0 : now_ticks;
    worker->tasks_before    = rmf_load_relaxed(&worker->cell.counts.tasks);
}

bool rmf_worker_next(rmf_worker *worker, rmf_task *task, const rmf_goal *goal)
{
    if ((goal->group || goal->fork) && rmf_goal_is_reached(worker->pool, goal))
        return false;
    if (rmf_fetch_own(worker, task))
        return true;
    uint64_t now = rmf_worker_enter_state(worker, RMF_STATE_SEARCHING);
    rmf_worker_note_busy_time(worker, now);
    rmf_listen_weigh(worker, now);
    worker->busy_from_ticks = 0;
    rmf_count(&worker->cell.counts.searches, 1);
    worker->handle_from_ticks = 0;
    worker->awaits            = goal->fork;
    bool found                = rmf_listen(worker, task, goal);
    if (!found && !rmf_goal_is_reached(worker->pool, goal)) {
        found = glance(worker, task, goal) ||
                (!rmf_goal_is_reached(worker->pool, goal) && search_traced(worker, task, goal));
        if (found)
            rmf_listen_learn(worker, task, rmf_door_is_closed(&worker->door));
    }
    (void)rmf_door_close_owner(&worker->door); /* what came too late is taken back, or found by the next search */
    now                 = rmf_worker_enter_state(worker, RMF_STATE_BUSY);
    worker->found_ticks = found && !task->fn && !worker->listens ? now : 0;
    begin_busy_time(worker, now);
    return found;
}
