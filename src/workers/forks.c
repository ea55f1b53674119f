/* SPDX-License-Identifier: BSD-3-Clause */
/* Slow paths of fork and join, and the state of forks that were taken.
 *
 * A join whose fork was taken first steals back from the thief (leapfrogging: Wagner and Calder, PPoPP 1993), whose
 * lane holds descendants of that very fork, then runs anything else it finds, nested at most NESTED_MAX deep. It cannot
 * deadlock: a worker's stack only ever waits for forks that were made after what lies below them, so a cycle of waits
 * would need a fork older than itself; and a fork that nobody has begun is always taken by the one who waits for it.
 * Nothing else is begun on top of a join unless an eighth of the stack is free, so a program whose recursion needs at
 * most an eighth of it never overflows it. */
#include "forks.h"

#include "fetch.h"
#include "fork_mistakes.h"
#include "listen.h"
#include "stack.h"
#include "submit.h"
#include "wakers.h"
#include "worker.h"

/* Foreign work on top of one another. 32 serial depths of a recursion fit the usual 8 MiB stack with 250 KiB each. */
enum { NESTED_MAX = 32 };

/* Looks at a taken fork before a search: with pauses of 24 ns between them some 0.5 us, the price of a hand-off. */
enum { LOOKS = 16 };

/* Answers to requests for each who may take a fork, and those who may without having said so; see answer(). */
enum { ANSWERS = 2, UNANNOUNCED = 3 };

/* A worker that may not take foreign work any more looks again after this long, about one wake-up (22 us, PEERS.md). */
static const uint64_t BURIED_NAP_NS = 20000;

/* DONE plus a status: the computation made a mistake. Statuses are negative and few (ramify/status.h). */
static const uint64_t DONE = UINT64_MAX, DONE_FIRST = UINT64_MAX - 255, LOW_HALF = UINT32_MAX;

static _Atomic uint64_t *state_of(ramify_fork *fork)
{
    return (_Atomic uint64_t *)&fork->state; /* plain in the public header, because C++ has no _Atomic */
}

void rmf_fork_take(const rmf_worker *worker, ramify_fork *fork)
{
    uint64_t state = 0; /* usually, and to read it first would fetch its line twice */
    /* order: relaxed; only says where to leapfrog, and keeps the waiter's half */
    while (!rmf_cas_relaxed(state_of(fork), &state, (state & ~LOW_HALF) | (worker->number + 1u)))
        continue;
}

void rmf_fork_await(const rmf_worker *worker, ramify_fork *fork)
{
    uint64_t state = rmf_load_relaxed(state_of(fork));
    while (state < DONE_FIRST) {
        uint64_t waited = (state & LOW_HALF) | (uint64_t)(worker->number + 1) << 32;
        /* order: before the sleeper's last look at the state; pairs with the swap in rmf_fork_finish */
        if (rmf_cas_seq_cst(state_of(fork), &state, waited))
            return;
    }
}

void rmf_fork_finish(rmf_worker *worker, ramify_fork *fork)
{
    /* order: releases the results to rmf_fork_is_done(); sees a waiter that has announced itself, or that one sees
     * this (seq_cst; pairs with rmf_fork_await) */
    uint64_t before = rmf_swap_seq_cst(state_of(fork), DONE + (uint64_t)(int64_t)worker->mistake);
    if (before >> 32)
        rmf_count(&worker->cell.counts.wakes, rmf_wake_worker(&worker->pool->parking, (uint32_t)(before >> 32) - 1));
}

bool rmf_fork_is_done(ramify_fork *fork)
{
    /* order: acquires the results; seq_cst for a sleeper's last look; pairs with the swap in rmf_fork_finish */
    return rmf_load_seq_cst(state_of(fork)) >= DONE_FIRST;
}

/* The mistake of a done fork's computation. */
static ramify_status mistake_of(ramify_fork *fork)
{
    return (ramify_status)(int64_t)(rmf_load_relaxed(state_of(fork)) - DONE);
}

/* Workers that may take a fork: those who sleep, who search, and some who are about to announce that they do. */
static uint64_t takers(const rmf_pool *pool)
{
    const rmf_parking *parking  = &pool->parking;
    uint64_t           sleeping = rmf_parking_sleeping(parking);
    uint64_t           known    = rmf_parked_of(sleeping) + sleeping / RMF_WOKEN + rmf_parking_searching(parking);
    uint64_t           others = pool->worker_count - 1, some = others < UNANNOUNCED ? others : UNANNOUNCED;
    return known > some ? known : some;
}

/* Somebody asked: shares what is private below `head` until there is a fork for each who may take one, in ANSWERS times
 * as many answers at most, because joins take back what nobody has taken, and goes back to the fast paths. An owner
 * that makes a row of forks and then is inside of one for long does not look up again. A sleeper takes 10 us and more
 * to come, or a time slice where another program has its core, and a fork that looks up costs ten times one that does
 * not: fib(22) took 700 us instead of 55 beside a busy program when its owner looked up until nobody idled. Nobody is
 * forgotten: who is awake and found nothing asks again, also before it sleeps, and who takes something wakes others for
 * what is left (fetch.c). */
static void answer(rmf_worker *worker, ramify_fork **head)
{
    rmf_store_relaxed(&worker->cell.counts.forks, rmf_lane_kept_owner(&worker->lane));
    rmf_lane_unask_owner(&worker->lane);
    uint64_t wanted = takers(worker->pool);
    bool     shares = wanted && rmf_lane_share_owner(&worker->lane, head);
    uint64_t shared = rmf_lane_shared_any(&worker->lane);
    if (shares) {
        rmf_count(&worker->cell.counts.wakes, rmf_wake_or_owe(worker->pool, worker->domain, shared));
        worker->answers++;
    }
    if (worker->answers < ANSWERS * wanted && shared < wanted)
        rmf_lane_ask_any(&worker->lane);
    else
        worker->answers = 0;
}

/* The lane is full: the fork is done here and now, as a thief would. It has no slot; its state says so to the join. */
static void run_at_once(rmf_worker *worker, ramify_fork **head, ramify_fork *fork)
{
    rmf_lane_set_top_owner(&worker->lane, head + 1);
    fork->run((ramify_context){ &worker->lane.open, head + 1 }, fork);
    rmf_lane_set_top_owner(&worker->lane, head + 1);
    rmf_count(&worker->cell.counts.forks_at_once, 1);
    rmf_store_relaxed(state_of(fork), DONE);
}

/* Runs in place of a NULL function. */
static void forget(ramify_context context, ramify_fork *fork)
{
    (void)context;
    (void)fork;
}

void ramify_fork_push_slow(ramify_lane *open, ramify_fork **head, ramify_fork *fork, ramify_fork_fn run)
{
    rmf_worker *worker = rmf_worker_self();
    rmf_fork_blame(RAMIFY_ERR_INVALID, ramify_fork_push_wrong((ramify_context){ open, head }, fork, run));
    if (!worker || open != &worker->lane.open)
        return;
    if (!fork) { /* and no function, which would look for its arguments around the fork */
        fork = &worker->stand_in;
        run  = NULL;
    }
    fork->run = run ? run : forget;
    rmf_store_relaxed(state_of(fork), 0);
    if (head >= worker->lane.end) {
        run_at_once(worker, head, fork);
        return;
    }
    *head = fork;
    rmf_lane_set_top_owner(&worker->lane, head + 1);
    answer(worker, head + 1);
}

/* Steals back from the worker that has the fork. Looks several times: the shortest waits end without a search, whose
 * looks at all the others take their lines from them. The rest of a loop's part is not asked for so soon: to divide it
 * takes as long. */
static bool leapfrog(rmf_worker *worker, ramify_fork *fork, bool asks, rmf_task *task)
{
    for (int look = 0; look < LOOKS; look++) {
        uint64_t state = rmf_load_relaxed(state_of(fork));
        uint32_t thief = (uint32_t)state;
        if (state >= DONE_FIRST)
            return false;
        if (thief != 0 && rmf_fetch_from(worker, thief - 1, asks, task))
            return true;
        rmf_relax();
    }
    return false;
}

/* Says once that the stack is nearly used up. */
static void tell_of_stack(rmf_worker *worker)
{
    if (worker->told_of_stack)
        return;
    worker->told_of_stack = true;
    rmf_log_line(&worker->pool->log, RAMIFY_LOG_WARNING,
                 "worker %u has %llu of its stack's %llu bytes left and runs only what it waits for: set "
                 "RAMIFY_STACK higher, or let the recursion have fewer levels",
                 worker->number, (unsigned long long)rmf_stack_left(worker), (unsigned long long)worker->stack_bytes);
}

/* Finds something that may be run on top of this join: the thief's forks while an eighth of the stack is free, anything
 * while half of it is, else the fork itself, which needs no more stack here than if nobody had taken it. */
static bool find_meanwhile(rmf_worker *worker, ramify_fork *fork, bool asks, rmf_task *task)
{
    const rmf_goal goal = { .fork = fork };
    uint64_t       left = rmf_stack_left(worker);
    if (left < worker->stack_bytes / 8)
        tell_of_stack(worker);
    else if (leapfrog(worker, fork, asks, task))
        return true;
    else if (left >= worker->stack_bytes / 2 && worker->nested <= NESTED_MAX)
        return rmf_worker_next(worker, task, &goal);
    uint64_t state  = rmf_load_relaxed(state_of(fork));
    uint32_t holder = (uint32_t)state;
    return state < DONE_FIRST && holder != 0 && rmf_fetch_fork(worker, holder - 1, fork, task);
}

/* Runs other things until the fork is done. */
static void await_thief(rmf_worker *worker, ramify_fork *fork)
{
    uint64_t start = rmf_worker_suspend(worker);
    bool     asks  = !worker->joins_loop;
    rmf_task task;
    worker->joins_loop = false;
    worker->nested++;
    while (!rmf_fork_is_done(fork)) {
        if (find_meanwhile(worker, fork, asks, &task))
            rmf_worker_run(worker, &task);
        else if (!rmf_fork_is_done(fork)) {
            rmf_deque_share_owner(&worker->deque); /* others may wait for what it holds and does not run now */
            _Atomic uint32_t never = 0;
            rmf_futex_wait(&never, 0, BURIED_NAP_NS);
        }
    }
    worker->nested--;
    rmf_worker_resume(worker, start);
    if (!worker->mistake)
        worker->mistake = mistake_of(fork);
}

ramify_context rmf_fork_put(rmf_worker *worker, ramify_context context, ramify_fork *fork, ramify_fork_fn run)
{
    ramify_fork **head = context.head;
    if (head >= worker->lane.end)
        return ramify_fork_push(context, fork, run);
    fork->run = run;
    rmf_store_relaxed(state_of(fork), 0);
    *head = fork;
    rmf_lane_set_top_owner(&worker->lane, head + 1);
    return (ramify_context){ context.lane, head + 1 };
}

bool rmf_fork_give(rmf_worker *to, ramify_fork *fork, ramify_fork_fn run)
{
    fork->run = run;
    rmf_store_relaxed(state_of(fork), 0);
    return rmf_door_give_any(&to->door, fork);
}

bool rmf_fork_join_given(rmf_worker *worker, ramify_context context, rmf_worker *to, ramify_fork *fork)
{
    if (rmf_load_relaxed(state_of(fork)) == 0 && rmf_door_return_any(&to->door, fork))
        return true;
    rmf_lane_set_top_owner(&worker->lane, context.head);
    worker->joins_loop = true;
    rmf_listen_expect(worker);
    await_thief(worker, fork);
    rmf_lane_set_top_owner(&worker->lane, context.head);
    return false;
}

bool rmf_fork_is_newest(const rmf_lane *lane, ramify_fork **slot, const ramify_fork *fork)
{
    if (slot < lane->slots || !fork)
        return false;
    return slot < lane->end ? *slot == fork : rmf_load_relaxed(state_of((ramify_fork *)(uintptr_t)fork)) == DONE;
}

/* A join that may be a mistake. Returns the fork to join, NULL: none. */
static ramify_fork *examine(rmf_worker *worker, ramify_context *context, ramify_fork *fork)
{
    const char *wrong = ramify_fork_join_wrong(context, fork);
    if (!wrong)
        return fork;
    bool is_here = worker && context->lane == &worker->lane.open;
    rmf_fork_blame(is_here && fork ? RAMIFY_ERR_ORDER : RAMIFY_ERR_INVALID, wrong);
    if (is_here && !fork && rmf_fork_is_newest(&worker->lane, context->head - 1, &worker->stand_in))
        return &worker->stand_in;
    return NULL;
}

int ramify_fork_join_slow(ramify_lane *open, ramify_fork **head, ramify_fork *fork)
{
    rmf_worker *worker = rmf_worker_self();
    fork               = examine(worker, &(ramify_context){ open, head }, fork);
    if (!open)
        return RAMIFY_JOIN_KEPT;
    if (!fork)
        return RAMIFY_JOIN_REFUSED;
    rmf_lane *lane = &worker->lane;
    uint32_t  at   = rmf_lane_position(lane, --head);
    rmf_lane_set_top_owner(lane, head);
    if (head >= lane->end) { /* it ran at once; a second join must not find it done */
        rmf_store_relaxed(state_of(fork), 0);
        return RAMIFY_JOIN_DONE;
    }
    if (at >= lane->split) /* nobody has seen it, but somebody asked */
        answer(worker, head);
    else if (!rmf_lane_take_back_owner(lane, at)) {
        rmf_lane_set_top_owner(lane, head + 1);
        rmf_lane_restart_owner(lane, at + 1);
        await_thief(worker, fork);
        rmf_lane_set_top_owner(lane, head);
        rmf_lane_restart_owner(lane, at);
        return RAMIFY_JOIN_DONE;
    }
    lane->open.kept[at % 8]++;
    return RAMIFY_JOIN_KEPT;
}

/* Runs a root fork on its own worker; its mistake. */
static ramify_status call_here(rmf_worker *worker, ramify_fork *fork)
{
    ramify_status outer = worker->mistake, inner;
    rmf_lane_mark mark;
    worker->mistake = RAMIFY_OK;
    rmf_lane_hide_owner(&worker->lane, &mark);
    fork->run((ramify_context){ &worker->lane.open, worker->lane.open.top }, fork);
    rmf_lane_show_owner(&worker->lane, &mark);
    rmf_store_relaxed(&worker->cell.counts.forks, rmf_lane_kept_owner(&worker->lane));
    inner           = worker->mistake;
    worker->mistake = outer;
    return inner;
}

void rmf_fork_enter(void *fork)
{
    ramify_status mistake = call_here(rmf_worker_self(), fork);
    /* order: relaxed; whoever called reads it after its wait for the group */
    rmf_store_relaxed(state_of(fork), DONE + (uint64_t)(int64_t)mistake);
}

ramify_status rmf_fork_call(rmf_pool *pool, ramify_group *group, ramify_fork *fork)
{
    rmf_worker *worker = rmf_own_worker(pool);
    if (worker)
        return call_here(worker, fork);
    ramify_status status = ramify_submit(group, rmf_fork_enter, fork, NULL);
    if (!status)
        status = ramify_wait(group);
    return status ? status : mistake_of(fork);
}
