/* SPDX-License-Identifier: BSD-3-Clause */
/* Running tasks, keeping credits, searching and parking. */
#include "worker.h"

#include "bind.h"
#include "clock.h"
#include "fetch.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* 1024 pointers are 8 KiB, touched as far as they are used; what does not fit goes to the worker's inbox. */
enum { DEQUE_SLOTS = 1024 };

/* Credits fetched ahead: one atomic addition for 64 submissions. At most twice as many are kept. */
enum { CREDIT_BATCH = 64 };

/* Between two looks at everything a searcher pauses; every 4th time it offers its core to other threads, which on a
 * core shared with the submitting thread is the difference between a time slice and a microsecond. */
enum { PAUSES_PER_ROUND = 4, ROUNDS_PER_YIELD = 4 };

/* Looks before a search is announced: pauses of 4, 8, 16 times 24 ns, about 0.7 us together, a tenth of what the wake
 * costs that an early announcement may save. */
enum { GLANCES = 3 };

static _Thread_local rmf_worker *self __attribute__((tls_model("initial-exec")));

rmf_worker *rmf_worker_self(void)
{
    return self;
}

void rmf_worker_settle(rmf_worker *worker)
{
    ramify_group *group   = worker->credit_group;
    uint64_t      credits = worker->credits;
    worker->credit_group  = NULL;
    worker->credits       = 0;
    if (group && credits)
        rmf_group_done(group, credits);
}

void rmf_worker_charge(rmf_worker *worker, ramify_group *group)
{
    if (worker->credit_group == group && worker->credits) {
        worker->credits--;
        return;
    }
    if (!worker->frame || worker->frame->group != group) { /* a group it may not come back to soon: no credits */
        rmf_group_add(group, 1);
        return;
    }
    if (worker->credit_group != group) {
        rmf_worker_settle(worker);
        worker->credit_group = group;
    }
    rmf_group_add(group, CREDIT_BATCH + 1);
    worker->credits = CREDIT_BATCH;
}

void rmf_worker_credit(rmf_worker *worker, ramify_group *group)
{
    if (worker->credit_group != group) {
        rmf_worker_settle(worker);
        worker->credit_group = group;
    }
    if (++worker->credits > 2 * CREDIT_BATCH) {
        worker->credits -= CREDIT_BATCH;
        rmf_group_done(group, CREDIT_BATCH);
    }
}

static void add_sample(const rmf_worker *worker, rmf_histogram *histogram, uint64_t from_ticks, uint64_t to_ticks)
{
    uint64_t ticks = to_ticks > from_ticks ? to_ticks - from_ticks : 0;
    rmf_histogram_add(histogram, (uint64_t)((double)ticks * worker->pool->ns_per_tick));
}

/* A sampled task begins; returns when. */
static uint64_t sample_start(rmf_worker *worker, uint64_t stamp_ticks)
{
    uint64_t now = rmf_clock_ticks();
    add_sample(worker, &worker->cell.latency, stamp_ticks, now);
    return now;
}

/* A sampled task ends: its run time, and the start of a sample of what it costs to come to the next task. */
static void sample_end(rmf_worker *worker, uint64_t start_ticks)
{
    uint64_t now = rmf_clock_ticks();
    add_sample(worker, &worker->cell.run, start_ticks, now);
    worker->handle_from_ticks = now;
}

static void sample_handling(rmf_worker *worker)
{
    rmf_count(&worker->cell.counts.handle_ticks, rmf_clock_ticks() - worker->handle_from_ticks);
    rmf_count(&worker->cell.counts.handle_samples, 1);
    worker->handle_from_ticks = 0;
}

uint64_t rmf_worker_suspend(const rmf_worker *worker)
{
    return worker->frame && worker->frame->start_ticks ? rmf_clock_ticks() : 0;
}

void rmf_worker_resume(rmf_worker *worker, uint64_t since_ticks)
{
    worker->handle_from_ticks = 0;
    if (since_ticks)
        worker->frame->start_ticks += rmf_clock_ticks() - since_ticks;
}

static void enter(rmf_worker *worker, rmf_state state)
{
    rmf_time_enter(&worker->cell.time, state, rmf_clock_ticks());
}

static void count_task(rmf_worker *worker, const ramify_domain *home)
{
    rmf_count(&worker->cell.counts.tasks, 1);
    if (worker->number - home->first_leaf < home->leaf_count)
        rmf_count(&worker->cell.counts.tasks_at_home, 1);
    else if (home->node == worker->pool->domains[worker->domain].node)
        rmf_count(&worker->cell.counts.tasks_on_node, 1);
}

void rmf_worker_run(rmf_worker *worker, const rmf_task *task)
{
    ramify_group *group = task->group;
    if (worker->credit_group != group) /* its count must not wait for a task of another group */
        rmf_worker_settle(worker);
    if (ramify_group_cancelled(group)) {
        rmf_count(&worker->cell.counts.dropped, 1);
        rmf_worker_credit(worker, group);
        return;
    }
    if (worker->handle_from_ticks)
        sample_handling(worker);
    rmf_frame frame = { worker->frame, group, task->home, 0 };
    if (task->stamp_ticks)
        frame.start_ticks = sample_start(worker, task->stamp_ticks);
    worker->frame = &frame;
    rmf_store_relaxed(&worker->cell.running, 1);
    task->fn(task->argument);
    rmf_store_relaxed(&worker->cell.running, frame.outer != NULL);
    worker->frame = frame.outer;
    if (frame.start_ticks)
        sample_end(worker, frame.start_ticks);
    count_task(worker, &worker->pool->domains[task->home]);
    rmf_worker_credit(worker, group);
}

/* Nothing to search for any more. */
static bool is_over(const rmf_pool *pool, const ramify_group *until)
{
    if (until)
        return rmf_group_is_done(until);
    /* order: pairs with the store in rmf_pool_stop(); after the sleeper's announcement */
    return rmf_load_seq_cst(&((rmf_pool *)(uintptr_t)pool)->stopping) != 0;
}

/* Leaves the search; the last one out sees to it that no work is left lying while others sleep. */
static void leave_search(rmf_worker *worker)
{
    rmf_pool *pool = worker->pool;
    if (!rmf_search_end(&pool->parking))
        return;
    uint32_t where = rmf_fetch_where_left(pool);
    if (where != RAMIFY_NONE)
        rmf_count(&worker->cell.counts.wakes, rmf_wake_near(&pool->parking, where));
}

/* Sleeps unless there is something to do after all. */
static void park(rmf_worker *worker, const ramify_group *until)
{
    rmf_parking *parking = &worker->pool->parking;
    rmf_park_announce(parking, worker->number);
    if (is_over(worker->pool, until) || rmf_fetch_any_left(worker)) {
        rmf_park_abort(parking, worker->number);
        rmf_count(&worker->cell.counts.parks_aborted, 1);
        return;
    }
    rmf_count(&worker->cell.counts.parks, 1);
    enter(worker, RMF_STATE_PARKED);
    rmf_park_sleep(parking, worker->number);
    enter(worker, RMF_STATE_SEARCHING);
}

/* Searches until there is a task (true) or nothing to wait for (false). */
static bool search(rmf_worker *worker, rmf_task *task, ramify_group *until)
{
    rmf_pool  *pool     = worker->pool;
    rmf_waiter waiter   = { .worker = worker->number };
    bool       enlisted = false, found = false;
    uint64_t   start    = rmf_clock_ticks();

    rmf_search_begin(&pool->parking);
    for (uint32_t round = 1; !is_over(pool, until); round++) {
        found = rmf_fetch_own(worker, task) || rmf_fetch_far(worker, task);
        if (found)
            break;
        if (rmf_clock_ticks() - start > pool->spin_ticks) {
            if (until && !enlisted) {
                rmf_group_enlist(until, &waiter);
                enlisted = true;
            }
            park(worker, until);
            start = rmf_clock_ticks();
        } else if (round % ROUNDS_PER_YIELD == 0)
            sched_yield();
        else
            for (int i = 0; i < PAUSES_PER_ROUND; i++)
                rmf_relax();
    }
    leave_search(worker);
    if (enlisted)
        rmf_group_delist(until, &waiter);
    return found;
}

/* A short search before the counted one: when tasks come one by one from a producer, workers that announce every gap
 * between them, and fetch each task the moment it appears, slow that producer down by the lines they take from it. The
 * growing pauses let a few tasks gather. */
static bool glance(rmf_worker *worker, rmf_task *task)
{
    for (int round = 0; round < GLANCES; round++) {
        if (rmf_fetch_far(worker, task) || rmf_fetch_own(worker, task))
            return true;
        if (round == 0)
            rmf_worker_settle(worker);
        for (int i = 0; i < PAUSES_PER_ROUND << round; i++)
            rmf_relax();
    }
    return false;
}

bool rmf_worker_next(rmf_worker *worker, rmf_task *task, ramify_group *until)
{
    if (until && rmf_group_is_done(until))
        return false;
    if (rmf_fetch_own(worker, task))
        return true;
    enter(worker, RMF_STATE_SEARCHING);
    rmf_count(&worker->cell.counts.searches, 1);
    worker->handle_from_ticks = 0;
    bool found = glance(worker, task) || search(worker, task, until);
    enter(worker, RMF_STATE_BUSY);
    return found;
}

rmf_worker *rmf_worker_make(rmf_pool *pool, uint32_t number)
{
    const ramify_domain *leaf     = ramify_tree_leaf(pool->tree, number);
    bool                 is_bound = !pool->bind || rmf_bind_self(leaf, &pool->log);

    rmf_worker *worker = aligned_alloc(RMF_PAIR_BYTES, sizeof *worker);
    void      **slots  = malloc(DEQUE_SLOTS * sizeof *slots);
    if (!worker || !slots) {
        free(worker);
        free(slots);
        return NULL;
    }
    *worker = (rmf_worker){ .pool = pool, .number = number, .domain = leaf->index, .tid = gettid(), .block = slots };
    rmf_deque_init(&worker->deque, slots, DEQUE_SLOTS);
    rmf_time_start(&worker->cell.time, RMF_STATE_PARKED, rmf_clock_ticks());
    worker->stock.depot        = &pool->depot;
    worker->sender.random      = pool->seed + number;
    worker->sender.until_stamp = 1;
    worker->sender.stands_for  = 1;
    rmf_victims_init(&worker->victims, pool->tree, number);
    if (!is_bound)
        rmf_count(&worker->cell.counts.bind_failures, 1);
    if (!rmf_pool_inbox(pool, leaf->index, false)) {
        rmf_worker_drop(worker);
        return NULL;
    }
    return worker;
}

void rmf_worker_drop(rmf_worker *worker)
{
    if (!worker)
        return;
    free(worker->block);
    free(worker);
}

/* A program's signal handlers run on its own threads, not on the workers. */
static void block_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

void *rmf_worker_main(void *argument)
{
    rmf_pool *pool   = ((rmf_worker_start *)argument)->pool;
    uint32_t  number = ((rmf_worker_start *)argument)->number;
    char      name[16];
    snprintf(name, sizeof name, "ramify-%u", number % 100000);
    pthread_setname_np(pthread_self(), name);
    block_signals();

    rmf_worker *worker    = rmf_worker_make(pool, number);
    pool->workers[number] = worker;
    if (!rmf_pool_stand(pool, worker != NULL))
        return NULL;
    self = worker;
    enter(worker, RMF_STATE_BUSY);
    rmf_task task;
    while (rmf_worker_next(worker, &task, NULL))
        rmf_worker_run(worker, &task);
    self = NULL;
    return NULL;
}
