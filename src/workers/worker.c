/* SPDX-License-Identifier: BSD-3-Clause */
/* Running tasks, keeping credits, and the life of a worker. */
#include "worker.h"

#include "bind.h"
#include "clock.h"
#include "fetch.h"
#include "forks.h"
#include "replan.h"
#include "stack.h"
#include "vertex.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* 1024 pointers are 8 KiB, touched as far as they are used; the deque grows when they are too few. */
enum { DEQUE_SLOTS = 1024 };

/* Live forks of one worker: a recursion that deep overflows most stacks before; a flat loop of more forks than this
 * runs the rest at once. 512 KiB of address space, of which only what is used is touched. */
enum { LANE_SLOTS = 65536 };

/* Credits fetched ahead: one atomic addition for 64 submissions. At most twice as many are kept. */
enum { CREDIT_BATCH = 64 };

/* A steal takes 0.3 us and more of the thief's time: ten times that. */
static const double SHORT_FORK_NS = 3000.0;
enum { BATCH_MOST = 16 };

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

void rmf_worker_sample_latency(rmf_worker *worker, uint64_t ticks)
{
    add_sample(worker, &worker->cell.latency, 0, ticks);
}

/* The mean slides with a weight of 1/8 for the newest, as TCP's of round trips does (RFC 6298, section 2). */
static void slide_run(rmf_worker *worker, uint64_t ticks)
{
    uint64_t mean = rmf_load_relaxed(&worker->run_ticks);
    rmf_store_relaxed(&worker->run_ticks, mean ? mean - mean / 8 + ticks / 8 : ticks);
}

void rmf_worker_stay_bound(rmf_worker *worker, uint64_t now)
{
    rmf_pool *pool = worker->pool;
    if (!pool->bind || now - worker->binding.checked_ticks < pool->bind_ticks)
        return;
    worker->binding.checked_ticks = now;
    if (rmf_binding_check(&worker->binding, &pool->log))
        rmf_count(&worker->cell.counts.rebinds, 1);
    if (worker->number == 0)
        rmf_newcomers_tell(&pool->newcomers, &pool->log);
}

void rmf_worker_sample_end(rmf_worker *worker, uint64_t start_ticks)
{
    uint64_t now = rmf_clock_ticks();
    slide_run(worker, now > start_ticks ? now - start_ticks : 0);
    add_sample(worker, &worker->cell.run, start_ticks, now);
    worker->handle_from_ticks = now;
}

void rmf_worker_sample_handling(rmf_worker *worker)
{
    rmf_count(&worker->cell.counts.handle_ticks, rmf_clock_ticks() - worker->handle_from_ticks);
    rmf_count(&worker->cell.counts.handle_samples, 1);
    worker->handle_from_ticks = 0;
}

uint64_t rmf_worker_probe_begin(rmf_worker *worker, rmf_class_book *classes, rmf_class_probe *probe)
{
    probe->outer  = worker->probe;
    worker->probe = probe;
    rmf_class_begin(classes, worker->number, probe);
    return probe->since_ticks;
}

/* Reading the counters is no part of coming to the next task. */
void rmf_worker_probe_end(rmf_worker *worker, rmf_class_probe *probe, ramify_task_fn fn)
{
    rmf_class_end(probe, (uint64_t)(uintptr_t)fn);
    worker->probe = probe->outer;
    if (worker->handle_from_ticks)
        worker->handle_from_ticks = rmf_clock_ticks();
}

uint64_t rmf_worker_suspend(rmf_worker *worker)
{
    if (!worker->frame || !worker->frame->start_ticks)
        return 0;
    uint64_t now = rmf_clock_ticks();
    if (worker->probe)
        rmf_class_pause(worker->probe);
    return now;
}

void rmf_worker_resume(rmf_worker *worker, uint64_t since_ticks)
{
    worker->handle_from_ticks = 0;
    if (!since_ticks)
        return;
    if (worker->probe)
        rmf_class_resume(worker->probe);
    worker->frame->start_ticks += rmf_clock_ticks() - since_ticks;
}

void rmf_worker_count_task(rmf_worker *worker, const ramify_domain *home)
{
    rmf_count(&worker->cell.counts.tasks, 1);
    if (++worker->unlooked_tasks == RMF_TASKS_PER_LOOK) {
        worker->unlooked_tasks = 0;
        rmf_worker_stay_bound(worker, rmf_clock_ticks());
    }
    if (worker->number - home->first_leaf < home->leaf_count)
        rmf_count(&worker->cell.counts.tasks_at_home, 1);
    else if (home->node == worker->pool->domains[worker->domain].node)
        rmf_count(&worker->cell.counts.tasks_on_node, 1);
}

/* Forks that take little more than a steal does are taken several at a time, each time twice as many. */
static void learn_batch(rmf_worker *worker, uint64_t ticks)
{
    if ((double)ticks * worker->pool->ns_per_tick > SHORT_FORK_NS)
        worker->batch = 1;
    else if (worker->batch < BATCH_MOST)
        worker->batch *= 2;
}

/* A fork that was stolen: the lane goes on above what is live in it. */
static void run_fork(rmf_worker *worker, ramify_fork *fork)
{
    rmf_lane_mark   mark;
    rmf_frame       frame = { worker->frame, NULL, RAMIFY_NONE, 0 };
    rmf_trace_ring *trace = rmf_trace_of(worker);
    uint64_t        run   = (uint64_t)(uintptr_t)fork->run; /* the fork's memory is its owner's again before the end */
    uint64_t        begun = trace ? rmf_trace_enter(trace, RMF_TRACE_FORK, worker->number, run, 0) : 0;
    ramify_status   outer = worker->mistake; /* is another computation's */
    worker->mistake       = RAMIFY_OK;
    rmf_worker_settle(worker); /* a fork may run long; counts of groups must not wait for it */
    rmf_lane_hide_owner(&worker->lane, &mark);
    worker->frame = &frame;
    rmf_store_relaxed(&worker->cell.running, 1);
    uint64_t start = rmf_clock_ticks();
    fork->run((ramify_context){ &worker->lane.open, worker->lane.open.top }, fork);
    learn_batch(worker, rmf_clock_ticks() - start);
    rmf_store_relaxed(&worker->cell.running, frame.outer != NULL);
    worker->frame = frame.outer;
    rmf_lane_show_owner(&worker->lane, &mark);
    rmf_count(&worker->cell.counts.forks_stolen, 1);
    rmf_store_relaxed(&worker->cell.counts.forks, rmf_lane_kept_owner(&worker->lane));
    if (trace)
        rmf_trace_leave(trace, RMF_TRACE_FORK, worker->number, run, begun);
    rmf_fork_finish(worker, fork);
    worker->mistake = outer;
}

/* start_ticks: 0 when it is not sampled. */
static void run_submitted(rmf_worker *worker, const rmf_task *task, uint64_t start_ticks)
{
    rmf_frame     frame = { worker->frame, task->group, task->home, start_ticks };
    rmf_lane_mark mark;
    rmf_lane_hide_owner(&worker->lane, &mark);
    worker->frame = &frame;
    rmf_store_relaxed(&worker->cell.running, 1);
    task->fn(task->argument);
    rmf_store_relaxed(&worker->cell.running, frame.outer != NULL);
    worker->frame = frame.outer;
    rmf_lane_show_owner(&worker->lane, &mark);
    if (frame.start_ticks)
        rmf_worker_sample_end(worker, frame.start_ticks);
    rmf_worker_count_task(worker, &worker->pool->domains[task->home]);
}

/* The same with its begin and end in the trace; apart, so that a task without one pays for a load and a branch. */
static __attribute__((noinline)) void run_traced(rmf_worker *worker, const rmf_task *task, uint64_t start_ticks,
                                                 rmf_trace_ring *trace)
{
    uint64_t fn = (uint64_t)(uintptr_t)task->fn, group = (uint64_t)(uintptr_t)task->group;
    uint64_t begun = rmf_trace_enter(trace, RMF_TRACE_TASK, task->home, fn, group);
    run_submitted(worker, task, start_ticks);
    rmf_trace_leave(trace, RMF_TRACE_TASK, task->home, fn, begun);
}

/* A sampled one while hardware counters are on. */
static __attribute__((noinline)) void run_counted(rmf_worker *worker, const rmf_task *task, rmf_class_book *classes,
                                                  rmf_trace_ring *trace)
{
    rmf_class_probe probe;
    uint64_t        start = rmf_worker_probe_begin(worker, classes, &probe);
    if (trace)
        run_traced(worker, task, start, trace);
    else
        run_submitted(worker, task, start);
    rmf_worker_probe_end(worker, &probe, task->fn);
}

void rmf_worker_run(rmf_worker *worker, const rmf_task *task)
{
    ramify_group *group = task->group;
    if (worker->handle_from_ticks)
        rmf_worker_sample_handling(worker);
    if (!task->fn) {
        run_fork(worker, task->argument);
        return;
    }
    if (worker->credit_group != group) /* its count must not wait for a task of another group */
        rmf_worker_settle(worker);
    if (task->fn == rmf_vertex_enter) { /* ends what it may have to, cancelled or not */
        rmf_vertex_run(worker, task->argument);
        return;
    }
    uint64_t start = task->stamp_ticks ? sample_start(worker, task->stamp_ticks) : 0;
    if (rmf_group_is_cancelled(group))
        rmf_count(&worker->cell.counts.dropped, 1);
    else {
        rmf_trace_ring *trace   = rmf_trace_of(worker);
        rmf_class_book *classes = __builtin_expect(start != 0, 0) ? rmf_worker_classes(worker) : NULL;
        if (__builtin_expect(classes != NULL, 0))
            run_counted(worker, task, classes, trace);
        else if (__builtin_expect(trace != NULL, 0))
            run_traced(worker, task, start, trace);
        else
            run_submitted(worker, task, start);
    }
    rmf_worker_credit(worker, group);
}

/* What it did since it last found work says how long a task takes, at no further look at the clock. Samples come too
 * rarely for that: a loop of fewer than latency_every tasks has one for all workers together. Nothing is learnt where a
 * task waits, since the tasks around and inside it cannot be told apart. */
void rmf_worker_note_busy_time(rmf_worker *worker, uint64_t now_ticks)
{
    uint64_t all = rmf_load_relaxed(&worker->cell.counts.tasks), tasks = all - worker->tasks_before;
    if (worker->frame)
        return;
    if (worker->busy_from_ticks && tasks && now_ticks > worker->busy_from_ticks)
        slide_run(worker, (now_ticks - worker->busy_from_ticks) / tasks);
    worker->busy_from_ticks = now_ticks;
    worker->tasks_before    = all;
}

rmf_worker *rmf_worker_make(rmf_pool *pool, uint32_t number)
{
    const ramify_domain *leaf     = ramify_tree_leaf(pool->tree, number);
    rmf_binding          binding  = { .at = RAMIFY_NONE };
    bool                 is_bound = !pool->bind || rmf_binding_make(&binding, pool->tree, number, &pool->log);

    rmf_worker *worker = aligned_alloc(RMF_PAIR_BYTES, sizeof *worker);
    if (!worker) {
        rmf_binding_drop(&binding);
        return NULL;
    }
    *worker =
        (rmf_worker){ .pool = pool, .number = number, .domain = leaf->index, .tid = gettid(), .binding = binding };
    rmf_deque_init(&worker->deque, malloc(DEQUE_SLOTS * sizeof(void *)), DEQUE_SLOTS);
    rmf_lane_init(&worker->lane, malloc(LANE_SLOTS * sizeof(ramify_fork *)), LANE_SLOTS);
    rmf_time_start(&worker->cell.time, RMF_STATE_PARKED, rmf_clock_ticks());
    worker->stock.depot        = &pool->depot;
    worker->dependents.depot   = &pool->dependents;
    worker->sender.random      = pool->seed + number;
    worker->sender.until_stamp = 1;
    worker->sender.stands_for  = 1;
    worker->sender.until_ready = 1;
    worker->batch              = 1;
    worker->rivals             = 1;
    rmf_replan_equip(pool, &worker->sender, &worker->mark, NULL);
    rmf_victims_init(&worker->victims, pool->tree, number);
    worker->remote = rmf_remote_row(&pool->remote, leaf);
    if (!is_bound)
        rmf_count(&worker->cell.counts.bind_failures, 1);
    if (!worker->deque.slots || !worker->lane.slots || !rmf_pool_inbox(pool, leaf->index, false)) {
        rmf_worker_drop(worker);
        return NULL;
    }
    return worker;
}

void rmf_worker_drop(rmf_worker *worker)
{
    if (!worker)
        return;
    free(worker->deque.slots);
    free(worker->lane.slots);
    rmf_binding_drop(&worker->binding);
    free(worker);
}

rmf_worker *rmf_worker_lend(rmf_pool *pool, uint32_t number)
{
    if (!pool->workers[number])
        pool->workers[number] = rmf_worker_make(pool, number);
    else
        pool->workers[number]->tid = gettid();
    return pool->workers[number];
}

rmf_worker *rmf_worker_enter(rmf_worker *worker)
{
    rmf_worker *before = self;
    self               = worker;
    rmf_stack_learn(worker);
    (void)rmf_worker_enter_state(worker, RMF_STATE_BUSY);
    return before;
}

void rmf_worker_serve(rmf_worker *worker)
{
    const rmf_goal end = { NULL, NULL };
    rmf_task       task;
    while (rmf_worker_next(worker, &task, &end))
        rmf_worker_run(worker, &task);
}

void rmf_worker_leave(rmf_worker *worker, rmf_worker *before)
{
    (void)rmf_worker_enter_state(worker, RMF_STATE_PARKED);
    self = before;
}

/* Apart, so that the spare stack takes room of the stacks only of those who asked for it. */
static __attribute__((noinline)) void serve_with_spare(rmf_worker *worker)
{
    rmf_spare_stack spare;
    rmf_overflow_prepare(&spare);
    rmf_worker_serve(worker);
    rmf_overflow_unprepare(&spare);
}

void *rmf_worker_main(void *argument)
{
    rmf_pool *pool   = ((rmf_worker_start *)argument)->pool;
    uint32_t  number = ((rmf_worker_start *)argument)->number;
    char      name[16];
    snprintf(name, sizeof name, "ramify-%u", number % 100000);
    pthread_setname_np(pthread_self(), name);

    rmf_worker *worker    = rmf_worker_make(pool, number);
    pool->workers[number] = worker;
    if (!rmf_pool_stand(pool, worker != NULL))
        return NULL;
    rmf_worker_enter(worker);
    if (rmf_overflow_is_explained())
        serve_with_spare(worker);
    else
        rmf_worker_serve(worker);
    self = NULL;
    return NULL;
}
