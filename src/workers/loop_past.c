/* SPDX-License-Identifier: BSD-3-Clause */
/* The decision whether a loop begins alone; the reasons are in loop_past.h. */
#include "loop_past.h"

#include "history.h"
#include "worker.h"

enum { FEW_PER_WORKER = 8 };

/* What it takes to have half of a loop done by another: the way there and back. It is learnt from the joins of short
 * loops that were shared at once, because it was seen to be 0.3 us in one minute and 1.3 in the next, with what a line
 * takes from core to core. Sharing pays from twice of it on. Where that forbids it, the figure sinks slowly, so that
 * it is tried again after some hundred loops. */
static const double WAY_NS = 600.0, WAY_LEAST_NS = 300.0, WAY_MOST_NS = 3000.0;
enum { WAY_SLIDE = 8, WAY_SINK = 256 };

/* A loop that is not worth sharing is not shared unless it takes so many times as long as the last one. */
static const double LATE = 1.5;

rmf_past *rmf_past_of(rmf_worker *worker, ramify_for_fn body)
{
    return &worker->past_loops[((uint64_t)(uintptr_t)body * 0x9E3779B97F4A7C15u >> 32) % RMF_PAST_LOOPS];
}

/* What work the loop will be if it is like the last one of its body; 0: unknown. */
static double expected_ns(const rmf_loop *loop, const rmf_past *past)
{
    if (past->body != loop->body)
        return 0.0;
    return (double)past->ticks * ((double)loop->total / (double)past->iterations) * loop->pool->ns_per_tick;
}

/* Of a loop that nothing is known of. */
static bool is_patient(const rmf_loop *loop)
{
    if (loop->total / FEW_PER_WORKER < loop->pool->worker_count)
        return false;
    return !loop->history || !rmf_history_grain(loop->history) || rmf_history_grain(loop->history) >= loop->total;
}

/* Somebody looks for work, or has asked, or was at the door last time, and does not have to be woken. */
static bool is_somebody_awake(const rmf_worker *worker)
{
    const rmf_parking *parking = &worker->pool->parking;
    return rmf_parking_has_searcher(parking) ||
           ((worker->is_met || rmf_lane_is_asked(&worker->lane)) && rmf_parking_is_awake(parking));
}

static double way_of(const rmf_worker *worker)
{
    return worker->way_ns > 0.0 ? worker->way_ns : WAY_NS;
}

/* 10 us among 64 workers are lots of 0.16 us, for each of which the way takes several times as long. What a worker is
 * given takes as long as the way; but half of the loop is worth it. The same as last time unless that is off by half:
 * others sleep by now. */
static uint16_t least_tickets(const rmf_loop *loop, const rmf_worker *worker, const rmf_past *past, double expected)
{
    uint32_t workers = loop->pool->worker_count, least = 1;
    double   wanted = way_of(worker) * workers / expected;
    if (1.5 * past->least_tickets > wanted && past->least_tickets < 3.0 * wanted && past->least_tickets < workers)
        return past->least_tickets;
    while (least < wanted && 2 * least < workers)
        least *= 2;
    return (uint16_t)least;
}

double rmf_past_late(const rmf_loop *loop, const rmf_past *past)
{
    return expected_ns(loop, past) * LATE;
}

double rmf_past_patience(rmf_loop *loop, rmf_worker *worker, const rmf_past *past)
{
    double expected = expected_ns(loop, past);
    if (expected <= 0.0)
        return is_patient(loop) ? RMF_HAND_OFF_NS : 0.0;
    bool pays      = expected > 2.0 * way_of(worker);
    loop->is_eager = expected > RMF_WAKE_NS || (pays && is_somebody_awake(worker));
    if (!pays && expected > 2.0 * WAY_LEAST_NS)
        worker->way_ns = way_of(worker) * (1.0 - 1.0 / WAY_SINK);
    if (loop->is_eager) {
        rmf_store_relaxed(&loop->least_tickets, least_tickets(loop, worker, past, expected));
        rmf_store_relaxed(&loop->least_split, (uint64_t)(way_of(worker) / expected * (double)loop->total));
        return 0.0;
    }
    return expected * LATE > RMF_HAND_OFF_NS ? expected * LATE : RMF_HAND_OFF_NS;
}

void rmf_past_learn_way(rmf_worker *worker, double waited_ns, uint32_t sharers)
{
    uint32_t levels = 1;
    for (uint32_t n = 2; n < sharers; n *= 2)
        levels++;
    waited_ns /= levels;
    double seen    = waited_ns < WAY_LEAST_NS ? WAY_LEAST_NS : waited_ns < WAY_MOST_NS ? waited_ns : WAY_MOST_NS;
    worker->way_ns = way_of(worker) + (seen - way_of(worker)) / WAY_SLIDE;
}
