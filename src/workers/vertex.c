/* SPDX-License-Identifier: BSD-3-Clause */
/* Running vertices and placing those that become ready. */
#include "vertex.h"

#include "depend_inside.h"
#include "fetch.h"
#include "graph_inside.h"
#include "submit.h"
#include "worker.h"

#include "clock.h"

/* A graph may make many vertices ready at once; thieves need not wait until the last of them is pushed. */
enum { PUSHES_PER_SHARE = 64 };

/* A stamp counts in 16 ticks, so that 32 bits last 26 s at 2.6 GHz; a wait of over half of that counts as none. */
enum { STAMP_SHIFT = 4 };

static void share(rmf_release *release)
{
    rmf_worker *worker = release->worker;
    if (release->pushed == 0)
        return;
    rmf_deque_share_owner(&worker->deque);
    rmf_wake_for(worker->pool, worker, worker->domain, RMF_WAY_USUAL, release->pushed);
    release->pushed = 0;
}

static bool is_below(const rmf_worker *worker, uint32_t domain)
{
    const ramify_domain *d = &worker->pool->domains[domain];
    return worker->number - d->first_leaf < d->leaf_count;
}

/* The worker that made it ready may run it. */
static bool may_stay(const rmf_worker *worker, const rmf_vertex *vertex)
{
    return rmf_way_rank(vertex->way) == RMF_RANK_USUAL && !rmf_way_is_strict(vertex->way) &&
           (!vertex->has_home || is_below(worker, vertex->home));
}

static bool push(rmf_release *release, rmf_vertex *vertex)
{
    if (!rmf_deque_push_vertex(release->worker, vertex))
        return false;
    if (++release->pushed == PUSHES_PER_SHARE)
        share(release);
    return true;
}

static rmf_task task_for(rmf_vertex *vertex)
{
    return (rmf_task){ .fn       = rmf_vertex_enter,
                       .argument = vertex,
                       .group    = vertex->flow->counted,
                       .home     = vertex->home,
                       .weight   = vertex->weight };
}

/* Waits for room, or for memory. */
static void deliver(rmf_pool *pool, rmf_worker *worker, rmf_vertex *vertex)
{
    const rmf_task task = task_for(vertex);
    for (uint32_t tries = 0; rmf_deliver(pool, worker, task.home, vertex->way, &task, 1) == 0; tries++)
        rmf_wait_for_room(worker, tries);
}

/* A queue that is full, or cannot grow, keeps nobody from running it here, unless it is strict. */
static void send(rmf_release *release, rmf_vertex *vertex)
{
    rmf_worker    *worker = release->worker;
    const rmf_task task   = task_for(vertex);
    if (rmf_deliver(worker->pool, worker, task.home, vertex->way, &task, 1) ||
        (!rmf_way_is_strict(vertex->way) && push(release, vertex)))
        return;
    share(release);
    deliver(worker->pool, worker, vertex);
}

/* What becomes ready is timed as often as a submission is. The clock's lowest bits vary the interval, so that no
 * pattern of a graph always meets it. */
static uint32_t stamp(const rmf_pool *pool, rmf_sender *sender)
{
    if (__builtin_expect(--sender->until_ready != 0, 1))
        return 0;
    uint64_t now        = rmf_clock_ticks();
    sender->until_ready = pool->latency_every + (pool->latency_every < 8 ? 0 : now & 7);
    return (uint32_t)(now >> STAMP_SHIFT) | 1;
}

/* A sampled vertex begins; returns when. */
static __attribute__((noinline)) uint64_t sample_start(rmf_worker *worker, uint32_t stamp)
{
    uint64_t now    = rmf_clock_ticks();
    uint32_t waited = (uint32_t)(now >> STAMP_SHIFT) - stamp;
    waited          = waited >> 31 ? 0 : waited; /* the stamp's lowest bit, or another core's clock */
    rmf_worker_sample_latency(worker, (uint64_t)waited << STAMP_SHIFT);
    return now;
}

static void place(rmf_release *release, rmf_vertex *vertex)
{
    rmf_worker *worker = release->worker;
    vertex->stamp      = stamp(worker->pool, &worker->sender);
    if (!vertex->has_home)
        vertex->home = worker->domain;
    if (!may_stay(worker, vertex)) {
        send(release, vertex);
        return;
    }
    /* Where priorities are in use, each next task is looked for in their order. */
    bool is_kept = !release->next && !rmf_load_relaxed(&worker->pool->ranks_in_use);
    if (is_kept)
        release->next = vertex;
    else if (rmf_way_is_homed(vertex->way) ||
             !push(release, vertex)) /* in a deque thieves from far away would find it */
        send(release, vertex);
}

void rmf_vertex_submit(rmf_pool *pool, rmf_worker *worker, rmf_vertex *vertex)
{
    rmf_release release = { worker, NULL, 0 };
    vertex->stamp       = stamp(pool, rmf_sender_of(pool, worker));
    if (!vertex->has_home)
        vertex->home = worker ? worker->domain : 0;
    if (worker && may_stay(worker, vertex) && !rmf_way_is_homed(vertex->way) && push(&release, vertex))
        share(&release);
    else
        deliver(pool, worker, vertex);
}

void rmf_vertex_ready(rmf_release *release, rmf_vertex *vertex)
{
    if (!vertex->bearer || rmf_bearer_take(vertex->bearer))
        place(release, vertex);
}

void rmf_vertex_pass_batons(rmf_release *release, rmf_vertex *vertex)
{
    rmf_bearer *bearer = vertex->bearer;
    bearer->held       = 0;
    for (uint32_t i = 0; i < bearer->count; i++) {
        rmf_bearer *next = rmf_baton_pass(bearer->batons[i]);
        if (next && rmf_bearer_take(next))
            place(release, next->vertex);
    }
}

static __attribute__((noinline)) void call_traced(const rmf_vertex *vertex, ramify_group *group, rmf_trace_ring *trace)
{
    uint64_t fn    = (uint64_t)(uintptr_t)vertex->fn;
    uint32_t home  = vertex->home;
    uint64_t begun = rmf_trace_enter(trace, RMF_TRACE_TASK, home, fn, (uint64_t)(uintptr_t)group);
    vertex->fn(vertex->argument);
    rmf_trace_leave(trace, RMF_TRACE_TASK, home, fn, begun);
}

static void call(const rmf_vertex *vertex, ramify_group *group, rmf_trace_ring *trace)
{
    if (__builtin_expect(trace != NULL, 0))
        call_traced(vertex, group, trace);
    else
        vertex->fn(vertex->argument);
}

/* A sampled one; its counters are read while they are on. */
static __attribute__((noinline)) void call_sampled(rmf_worker *worker, const rmf_vertex *vertex, rmf_frame *frame,
                                                   rmf_trace_ring *trace)
{
    rmf_class_book *classes = rmf_worker_classes(worker);
    rmf_class_probe probe;
    frame->start_ticks = sample_start(worker, vertex->stamp);
    if (classes)
        frame->start_ticks = rmf_worker_probe_begin(worker, classes, &probe);
    call(vertex, frame->group, trace);
    rmf_worker_sample_end(worker, frame->start_ticks);
    if (classes)
        rmf_worker_probe_end(worker, &probe, vertex->fn);
    frame->start_ticks = 0;
}

static void perform(rmf_worker *worker, rmf_vertex *vertex, rmf_frame *frame)
{
    rmf_cell_counts *counts = &worker->cell.counts;
    if (!vertex->fn) { /* the root of a graph */
        rmf_count(&counts->graph_runs, 1);
        return;
    }
    if (rmf_group_is_cancelled(frame->group)) {
        rmf_count(&counts->dropped, 1);
        return;
    }
    if (worker->handle_from_ticks)
        rmf_worker_sample_handling(worker);
    uint32_t        home = frame->home = vertex->home;
    rmf_trace_ring *trace              = rmf_trace_of(worker);
    if (__builtin_expect(vertex->stamp != 0, 0))
        call_sampled(worker, vertex, frame, trace);
    else
        call(vertex, frame->group, trace);
    rmf_worker_count_task(worker, &worker->pool->domains[home]);
    rmf_count(vertex->flow->is_recorded ? &counts->graph_tasks : &counts->dependent_tasks, 1);
}

void rmf_vertex_run(rmf_worker *worker, rmf_vertex *vertex)
{
    const rmf_flow *flow        = vertex->flow;
    ramify_group   *counted     = flow->counted; /* with the last count the flow may be given back */
    bool            is_recorded = flow->is_recorded;
    rmf_frame       frame       = { worker->frame, flow->group, vertex->home, 0 };
    rmf_lane_mark   mark;
    rmf_lane_hide_owner(&worker->lane, &mark);
    worker->frame = &frame;
    rmf_store_relaxed(&worker->cell.running, 1);
    while (vertex) {
        rmf_release release = { worker, NULL, 0 };
        perform(worker, vertex, &frame);
        if (is_recorded)
            rmf_graph_finish(&release, vertex);
        else
            rmf_depend_finish(&release, vertex);
        share(&release);
        rmf_worker_credit(worker, counted);
        vertex = release.next;
    }
    rmf_store_relaxed(&worker->cell.running, frame.outer != NULL);
    worker->frame = frame.outer;
    rmf_lane_show_owner(&worker->lane, &mark);
}

void rmf_vertex_enter(void *vertex)
{
    rmf_vertex_run(rmf_worker_self(), vertex);
}
