/* SPDX-License-Identifier: BSD-3-Clause */
/* A loop from its first worker's side: what it begins with, what is remembered of it, what it returns. */
#include "loop_hand.h"

#include "clock.h"
#include "history.h"
#include "loop_past.h"

#include <string.h>

/* All of a loop: tickets, with their lots if it is shared at once. */
static void open_all(rmf_offer *all, rmf_loop *loop)
{
    bool is_spread = loop->pool->worker_count > 1 && (loop->is_eager || loop->schedule.rule != RAMIFY_RULE_AUTO);
    all->lo = all->hi = all->grain = 0;
    all->leaf                      = 0;
    if (loop->shelves)
        all->tickets = loop->pool->worker_count;
    else
        all->tickets = is_spread ? rmf_lots_close(loop) : rmf_lots_open(loop);
    if (is_spread)
        all->hi = all->tickets;
}

static void take_part(rmf_loop *loop, ramify_context context, void *partial)
{
    rmf_offer all;
    rmf_hand  h;
    open_all(&all, loop);
    rmf_hand_open(&h, context, loop, &all);
    rmf_hand_run(&h, &all, partial);
}

/* What the loop took, for the next one like it. The way to others shows in short loops whose parts all found somebody.
 */
static void remember(const rmf_hand *h, rmf_past *past, uint16_t least_tickets)
{
    const rmf_loop *loop = h->loop;
    double          ns   = loop->pool->ns_per_tick;
    if (!h->own_iterations)
        return;
    *past = (rmf_past){ loop->body, h->own_iterations, h->own_ticks, loop->is_eager ? least_tickets : 0 };
    if (loop->is_eager && !rmf_load_relaxed(&((rmf_loop *)(uintptr_t)loop)->missed) &&
        h->own_iterations < loop->total && (double)(h->own_end_ticks - h->begun_ticks) * ns < RMF_WAKE_NS)
        rmf_past_learn_way(h->worker, (double)(rmf_clock_ticks() - h->own_end_ticks) * ns,
                           loop->pool->worker_count / least_tickets);
}

/* The loop of the rule auto. */
static void take_part_learning(rmf_loop *loop, ramify_context context, void *partial)
{
    rmf_worker *worker   = rmf_worker_of_lane(context.lane);
    rmf_past   *past     = rmf_past_of(worker, loop->body);
    uint64_t    from     = rmf_clock_ticks();
    double      patience = rmf_past_patience(loop, worker, past);
    uint16_t    least    = rmf_load_relaxed(&loop->least_tickets);
    rmf_offer   all;
    rmf_hand    h;
    open_all(&all, loop);
    rmf_hand_open(&h, context, loop, &all);
    h.patience_ns   = patience;
    h.started_ticks = patience > 0.0 ? from : 0;
    if (loop->is_eager)
        h.late_ticks = from + (uint64_t)(rmf_past_late(loop, past) / loop->pool->ns_per_tick);
    h.is_first       = true;
    h.own_iterations = 0;
    rmf_hand_run(&h, &all, partial);
    remember(&h, past, least);
}

static void take_part_first(rmf_loop *loop, ramify_context context, void *partial)
{
    if (loop->schedule.rule == RAMIFY_RULE_AUTO)
        take_part_learning(loop, context, partial);
    else
        take_part(loop, context, partial);
}

/* A function of its own: the shelves are 8 KiB of stack. */
static __attribute__((noinline)) void run_with_shelves(rmf_loop *loop, ramify_context context, void *partial)
{
    rmf_shelf shelves[RMF_SHELVES_MAX];
    rmf_loop_fill_shelves(loop, shelves);
    take_part_first(loop, context, partial);
    loop->shelves = NULL;
}

ramify_status rmf_loop_run(rmf_loop *loop, ramify_context context, void *result)
{
    _Alignas(16) char partial[RAMIFY_PARTIAL_BYTES_MAX];
    rmf_worker       *worker = rmf_worker_of_lane(context.lane);
    rmf_store_relaxed(&loop->stopped, 0);
    rmf_store_relaxed(&loop->error, 0);
    rmf_store_relaxed(&loop->missed, 0);
    rmf_count(&worker->cell.counts.loops, 1);
    if (loop->total == 0) {
        if (loop->reduction)
            loop->reduction->identity(loop->reduction->self, result);
        return RAMIFY_OK;
    }
    if (loop->schedule.rule >= RAMIFY_RULE_DYNAMIC)
        run_with_shelves(loop, context, partial);
    else
        take_part_first(loop, context, partial);
    if (loop->history)
        rmf_history_close(loop->history);
    int error = rmf_load_relaxed(&loop->error);
    if (error && loop->group)
        (void)ramify_group_fail(loop->group, error);
    if (error || rmf_loop_is_stopped(loop))
        return error ? RAMIFY_ERR_TASK : RAMIFY_ERR_CANCELED;
    if (loop->reduction)
        memcpy(result, partial, loop->reduction->size);
    return RAMIFY_OK;
}

void ramify_for_stop(const ramify_chunk *chunk, int code)
{
    rmf_loop *loop = chunk->loop;
    int       none = 0;
    if (code)
        /* order: relaxed; read after the joins */
        (void)rmf_cas_relaxed(&loop->error, &none, code);
    rmf_store_relaxed(&loop->stopped, 1);
}

bool ramify_for_stopped(const ramify_chunk *chunk)
{
    return rmf_loop_is_stopped(chunk->loop);
}
