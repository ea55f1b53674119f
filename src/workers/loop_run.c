/* SPDX-License-Identifier: BSD-3-Clause */
/* A hand's part in a loop: claim lots or draw chunks, call the body, and give work away when somebody is hungry.
 *
 * Hunger is the request on the worker's own lane (lane.h), looked at between chunks: two plain loads. What is given
 * away are forks in this frame, oldest first the largest; they are joined in the opposite order, and what nobody took
 * is done here. */
#include "loop_hand.h"

#include "clock.h"
#include "fetch.h"
#include "forks.h"
#include "history.h"
#include "loop_past.h"
#include "wakers.h"

#include <string.h>

static void take_part(ramify_context context, rmf_loop *loop, const rmf_offer *work_given, void *partial);

static void run_offer(ramify_context context, ramify_fork *fork)
{
    rmf_offer *o = (rmf_offer *)fork;
    take_part(context, o->loop, o, o->partial);
}

/* At the door of whoever runs it: counted like a steal. */
static void run_brought(ramify_context context, ramify_fork *fork)
{
    const rmf_offer *o = (const rmf_offer *)fork;
    rmf_fetch_note_brought(rmf_worker_of_lane(context.lane), o->leaf);
    run_offer(context, fork);
}

static rmf_offer *fill_offer(rmf_hand *h, uint64_t lo, uint64_t hi, uint32_t tickets)
{
    rmf_offer *o = &h->offers[h->offered];
    *o = (rmf_offer){ .loop = h->loop, .lo = lo, .hi = hi, .grain = h->grain, .leaf = h->leaf, .tickets = tickets };
    o->partial = h->slots ? h->slots + h->offered * h->slot_bytes : NULL;
    return o;
}

static void give(rmf_hand *h, uint64_t lo, uint64_t hi, uint32_t tickets)
{
    rmf_offer *o           = fill_offer(h, lo, hi, tickets);
    h->taker[h->offered++] = RAMIFY_NONE;
    h->context             = rmf_fork_put(h->worker, h->context, &o->fork, run_offer);
    h->chunk.context       = h->context;
}

bool rmf_hand_bring(rmf_hand *h, uint32_t first, uint32_t end, uint32_t to)
{
    rmf_offer *o = fill_offer(h, first, end, end - first);
    o->leaf      = h->worker->number;
    if (!rmf_fork_give(h->loop->pool->workers[to], &o->fork, run_brought))
        return false;
    h->taker[h->offered++] = to;
    return true;
}

/* Shows to others what was given away. */
static void show(const rmf_hand *h)
{
    if (h->offered && rmf_lane_share_owner(&h->worker->lane, h->context.head))
        rmf_count(&h->worker->cell.counts.wakes,
                  rmf_wake_or_owe(h->loop->pool, h->worker->domain, rmf_lane_shared_any(&h->worker->lane)));
}

static uint32_t half_of_tickets(const rmf_hand *h)
{
    return (h->tickets + 1) / 2;
}

/* So many tickets are worth a hand-off. */
static bool is_worth(const rmf_hand *h, uint32_t tickets)
{
    return tickets && tickets >= rmf_load_relaxed(&((rmf_loop *)(uintptr_t)h->loop)->least_tickets);
}

static void give_tickets(rmf_hand *h)
{
    for (uint32_t half; is_worth(h, half = half_of_tickets(h)) && h->offered < h->most_offers;) {
        h->tickets -= half;
        give(h, 0, 0, half);
    }
}

/* Rules whose chunks may be long do not wait to be asked. */
static void share_tickets(rmf_hand *h)
{
    give_tickets(h);
    show(h);
}

/* Takes part with tickets that have their lots: brings them to others, shows to all what nobody was at the door for. */
static void share_lots(rmf_hand *h, uint64_t first, uint64_t end)
{
    if (!rmf_hand_spread(h, (uint32_t)first, (uint32_t)end))
        share_tickets(h);
}

/* The upper half of what is left of the lot, in whole chunks where the caller chose their length. */
static void split(rmf_hand *h)
{
    uint64_t left = h->hi - h->lo, upper = left / 2;
    if (h->loop->schedule.grain)
        upper -= upper % h->grain;
    if (!upper)
        return;
    give(h, h->hi - upper, h->hi, 0);
    h->hi -= upper;
    h->splits++;
}

/* True when half of what is left is worth a hand-off. Measured chunks are 4 us long, a quarter of one is the limit, or
 * as much as the way takes as far as that is known. */
static bool may_split(const rmf_hand *h)
{
    uint64_t least = h->loop->schedule.grain ? 2 * h->grain : h->grain / 2, left = h->hi - h->lo;
    return h->loop->schedule.rule == RAMIFY_RULE_AUTO && left >= (least > 2 ? least : 2) &&
           left / 2 >= rmf_load_relaxed(&((rmf_loop *)(uintptr_t)h->loop)->least_split);
}

static bool is_too_early(rmf_hand *h, const rmf_parking *parking)
{
    if (!h->started_ticks)
        return false;
    double since_ns = (double)(rmf_clock_ticks() - h->started_ticks) * h->loop->pool->ns_per_tick;
    if (since_ns > RMF_WAKE_NS)
        h->started_ticks = 0;
    return since_ns < (rmf_parking_is_awake(parking) ? h->patience_ns : RMF_WAKE_NS);
}

/* What was expected of the loop is over, and the loop is not: any part of it may be long. */
static void notice_late(rmf_hand *h)
{
    if (!h->late_ticks || rmf_clock_ticks() < h->late_ticks)
        return;
    h->late_ticks = 0;
    rmf_store_relaxed(&h->loop->least_tickets, 1);
    rmf_store_relaxed(&h->loop->least_split, 0);
}

/* Between two chunks somebody asks for work, or the loop is to stop. */
static RAMIFY_COLD void attend(rmf_hand *h)
{
    rmf_lane          *lane    = &h->worker->lane;
    const rmf_parking *parking = &h->loop->pool->parking;
    if (rmf_loop_is_stopped(h->loop)) {
        h->lo      = h->hi;
        h->tickets = 0;
        return;
    }
    notice_late(h);
    uint32_t tickets = h->tickets + (h->lots.end - h->lots.at);
    if (!rmf_lane_is_asked(lane) || h->offered == h->most_offers ||
        !(tickets ? is_worth(h, (tickets + 1) / 2) : may_split(h)) || is_too_early(h, parking))
        return;
    rmf_lane_unask_owner(lane);
    if (rmf_lane_shared_any(lane))
        return; /* who takes what is shared asks for more */
    if (h->lots.at < h->lots.end)
        rmf_lots_free(h);
    if (h->tickets)
        give_tickets(h);
    else
        split(h);
    show(h);
}

static inline bool is_wanted(const rmf_hand *h)
{
    const rmf_loop *loop = h->loop;
    return rmf_lane_is_asked(&h->worker->lane) || (rmf_load_relaxed(&((rmf_loop *)(uintptr_t)loop)->stopped) != 0) ||
           (loop->group && rmf_group_is_cancelled(loop->group));
}

/* At most n iterations of the lot, from h->lo on; returns the local numbers they stand for. */
static inline uint64_t call_lot(rmf_hand *h, uint64_t n)
{
    if (h->loop->is_line) {
        rmf_hand_line(h, rmf_share_begin(h->loop, h->leaf) + h->lo, n);
        h->iterations += n;
        return n;
    }
    rmf_run run = rmf_lot_run(h->loop, h->leaf, h->lo, n);
    rmf_loop_boxes(h->loop, &h->chunk, run.first, run.count);
    h->iterations += run.count;
    return run.taken;
}

static inline uint64_t next_of_lot(const rmf_hand *h)
{
    uint64_t left = h->hi - h->lo;
    return h->grain < left ? h->grain : left;
}

static void run_by_grain(rmf_hand *h)
{
    while (h->lo < h->hi) {
        h->lo += call_lot(h, next_of_lot(h));
        h->chunks++;
        if (__builtin_expect(is_wanted(h), 0))
            attend(h);
    }
}

/* Chunks of about the target's length: doubled while they are too short, cut in proportion when too long. */
static void adapt(rmf_hand *h, uint64_t n, uint64_t ticks)
{
    uint64_t target = rmf_chunk_ticks(h->loop);
    if (ticks < target / 2 && n == h->grain && h->grain < h->loop->total)
        h->grain *= ticks < target / 16 ? 8 : 2;
    else if (ticks > 2 * target && h->grain > 1) {
        uint64_t fitting = (uint64_t)((double)n * (double)target / (double)ticks);
        h->grain         = fitting > 1 ? fitting : 1;
    }
}

static void run_by_clock(rmf_hand *h)
{
    uint64_t from = rmf_clock_ticks();
    while (h->lo < h->hi) {
        uint64_t n   = call_lot(h, next_of_lot(h));
        uint64_t now = rmf_clock_ticks();
        h->lo += n;
        h->chunks++;
        h->ticks += now - from;
        adapt(h, n, now - from);
        from = now;
        if (__builtin_expect(is_wanted(h), 0)) {
            attend(h);
            from = rmf_clock_ticks();
        }
    }
}

static void run_lot(rmf_hand *h)
{
    uint64_t before = h->iterations;
    if (h->loop->schedule.rule == RAMIFY_RULE_AUTO && !h->loop->schedule.grain)
        run_by_clock(h);
    else
        run_by_grain(h);
    if (h->leaf == h->worker->number)
        h->at_home += h->iterations - before;
}

static void run_shelves(rmf_hand *h)
{
    if (h->lots.at == h->lots.end)
        share_tickets(h);
    h->lots.at = h->lots.end;
    h->shelf   = rmf_own_shelf(h);
    while (!rmf_loop_is_stopped(h->loop) && rmf_draw_chunk(h))
        continue;
    h->tickets = 0; /* nothing is left that they could be for */
}

/* Sets what the hand works on. */
static void open_work(rmf_hand *h, const rmf_offer *o)
{
    bool has_lots = o->tickets && o->lo < o->hi;
    h->lo         = has_lots ? 0 : o->lo;
    h->hi         = has_lots ? 0 : o->hi;
    h->leaf       = o->leaf;
    h->tickets    = has_lots ? 0 : o->tickets;
    if (has_lots)
        share_lots(h, o->lo, o->hi);
}

/* Joins an offer. True: nobody took it. */
static bool is_mine(rmf_hand *h, rmf_offer *o, uint32_t taker)
{
    if (taker != RAMIFY_NONE)
        return rmf_fork_join_given(h->worker, h->context, h->loop->pool->workers[taker], &o->fork);
    h->worker->joins_loop = true;
    bool mine             = ramify_fork_join(&h->context, &o->fork);
    h->worker->joins_loop = false;
    h->chunk.context      = h->context;
    return mine;
}

/* Joins offers, newest first, until one comes back that nobody took, whose work is then this frame's. */
static bool take_back(rmf_hand *h)
{
    while (h->offered) {
        rmf_offer *o = &h->offers[--h->offered];
        if (!is_mine(h, o, h->taker[h->offered])) {
            if (h->slots)
                h->loop->reduction->combine(h->loop->reduction->self, h->chunk.partial, o->partial);
        } else if (!rmf_loop_is_stopped(h->loop) && !h->loop->shelf_count) { /* shelves are empty by now */
            open_work(h, o);
            return true;
        }
    }
    return false;
}

/* The next lot that is claimed already. */
static bool next_lot(rmf_hand *h)
{
    if (h->lots.at == h->lots.end)
        return false;
    h->leaf = h->lots.at++;
    h->lo   = 0;
    h->hi   = rmf_lot_size(h->loop, h->leaf);
    return true;
}

static bool claim_next(rmf_hand *h)
{
    if (next_lot(h))
        return true;
    if (!h->tickets)
        return false;
    h->tickets--;
    h->leaf = rmf_lot_claim(h->loop, &h->worker->victims, h->worker->number);
    if (h->leaf == RAMIFY_NONE)
        return false;
    h->lo = 0;
    h->hi = rmf_lot_size(h->loop, h->leaf);
    if (h->loop->schedule.rule == RAMIFY_RULE_STATIC || h->loop->is_eager ||
        (!h->started_ticks && h->tickets && rmf_parking_has_sleepers(&h->loop->pool->parking)))
        share_tickets(h);
    else if (!h->started_ticks && is_wanted(h))
        attend(h);
    return true;
}

static void work(rmf_hand *h, const rmf_offer *given)
{
    open_work(h, given);
    if (h->is_first)
        h->begun_ticks = rmf_clock_ticks();
    do {
        if (h->loop->shelf_count)
            run_shelves(h);
        else if (h->lo < h->hi)
            run_lot(h);
        while (!rmf_loop_is_stopped(h->loop) && claim_next(h))
            run_lot(h);
        if (h->is_first && !h->own_iterations) {
            h->own_iterations = h->iterations;
            h->own_end_ticks  = rmf_clock_ticks();
            h->own_ticks      = h->ticks ? h->ticks : h->own_end_ticks - h->begun_ticks;
        }
    } while (take_back(h));
}

/* Tells cell and history what this part was. */
static void account(const rmf_hand *h)
{
    rmf_cell_counts *counts = &h->worker->cell.counts;
    rmf_count(&counts->loop_chunks, h->chunks);
    rmf_count(&counts->loop_splits, h->splits);
    rmf_count(&counts->loop_iterations, h->iterations);
    rmf_count(&counts->loop_iterations_at_home, h->at_home);
    if (h->loop->history)
        rmf_history_add(h->loop->history, h->worker->number, h->iterations, h->ticks,
                        h->loop->schedule.rule == RAMIFY_RULE_AUTO ? h->grain : 0);
}

static uint64_t first_grain(const rmf_loop *loop, const rmf_offer *work)
{
    if (loop->schedule.grain)
        return loop->schedule.grain;
    if (loop->schedule.rule != RAMIFY_RULE_AUTO)
        return UINT64_MAX;
    uint64_t known = work->grain ? work->grain : loop->history ? rmf_history_grain(loop->history) : 0;
    return known ? known : 1;
}

void rmf_hand_open(rmf_hand *h, ramify_context context, rmf_loop *loop, const rmf_offer *work_given)
{
    h->context       = context;
    h->loop          = loop;
    h->worker        = rmf_worker_of_lane(context.lane);
    h->lots          = (rmf_lots){ 0, 0 };
    h->grain         = first_grain(loop, work_given);
    h->ticks         = 0;
    h->chunks        = 0;
    h->batch         = 1;
    h->splits        = 0;
    h->iterations    = 0;
    h->at_home       = 0;
    h->offered       = 0;
    h->slots         = NULL;
    h->is_first      = false;
    h->started_ticks = h->late_ticks = 0;
    h->most_offers                   = OFFERS_MAX;
    for (int d = 0; d < RAMIFY_DIMENSIONS_MAX; d++) {
        h->chunk.range[d] = (ramify_range){ 0, 1, d > 0 && loop->is_line ? 1 : loop->range[d].step };
        h->chunk.count[d] = 1;
    }
    h->chunk.partial = NULL;
    h->chunk.worker  = h->worker->number;
    h->chunk.context = context;
    h->chunk.loop    = loop;
}

/* With a reduction: room on the stack for the own partial result and for those of offers. */
static void work_reducing(rmf_hand *h, const rmf_offer *given, void *partial)
{
    const ramify_reduction *r = h->loop->reduction;
    h->slot_bytes             = (r->size + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    if (h->slot_bytes * OFFERS_MAX > SLOT_BYTES_MAX)
        h->most_offers = (uint32_t)(SLOT_BYTES_MAX / h->slot_bytes);
    char   memory[(h->most_offers + 2) * h->slot_bytes];
    size_t skip      = (size_t)(-(uintptr_t)memory % LINE_BYTES);
    h->chunk.partial = memory + skip;
    h->slots         = memory + skip + h->slot_bytes;
    r->identity(r->self, h->chunk.partial);
    work(h, given);
    memcpy(partial, h->chunk.partial, r->size);
}

void rmf_hand_run(rmf_hand *h, const rmf_offer *given, void *partial)
{
    if (h->loop->reduction)
        work_reducing(h, given, partial);
    else
        work(h, given);
    account(h);
}

static void take_part(ramify_context context, rmf_loop *loop, const rmf_offer *work_given, void *partial)
{
    rmf_hand h;
    rmf_hand_open(&h, context, loop, work_given);
    rmf_hand_run(&h, work_given, partial);
}
