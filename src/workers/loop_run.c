/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking part in a loop: claim lots or draw chunks, call the body, and give work away when somebody is hungry.
 *
 * Hunger is the request on the worker's own lane (lane.h), looked at between chunks: two plain loads. What is given
 * away are forks in this frame, oldest first the largest; they are joined in the opposite order, and what nobody took
 * is done here. */
#include "loops.h"

#include "clock.h"
#include "forks.h"
#include "history.h"
#include "loop_past.h"
#include "wakers.h"

#include <string.h>

/* Offers of one frame that live at once. Each one halves what it is taken from, so 32 leave pieces of 2^-32; with
 * larger partial results fewer, so that their slots take at most 16 KiB of stack. */
enum { OFFERS_MAX = 32, SLOT_BYTES_MAX = 16384, LINE_BYTES = 64 };

/* Dynamic's claims: a sixteenth of a measured chunk, 0.25 us, is about a hand-off; 64 chunks make a claim's 10 ns and the
 * clock's 20 vanish. */
enum { BATCH_SHARE = 16, BATCH_MAX = 64 };

/* Work given away: tickets, or iterations [lo, hi) of a leaf's lot. One line, all of which its thief reads. */
typedef struct offer {
    _Alignas(LINE_BYTES) ramify_fork fork;
    rmf_loop   *loop;
    uint64_t    lo, hi, grain;
    uint32_t    leaf, tickets;
    void       *partial; /* where a thief leaves its part of the reduction */
} offer;

/* One worker's part in a loop. */
typedef struct hand {
    ramify_chunk   chunk;
    ramify_context context;
    rmf_loop      *loop;
    rmf_worker    *worker;
    uint64_t       lo, hi;        /* local numbers of the lot it works on */
    uint64_t       grain;         /* of its chunks */
    uint64_t       started_ticks; /* 0: gives away at once */
    double         patience_ns;   /* until it gives to somebody who is awake, if it does not at once */
    uint64_t       own_ticks;     /* of the first one: until all is done that was not given away */
    uint64_t       own_iterations;
    bool           is_first;
    uint64_t       batch;         /* chunks of a claim */
    uint64_t       ticks;         /* in bodies, as far as they are timed */
    uint64_t       chunks, splits, iterations, at_home;
    uint32_t       leaf, tickets, shelf;
    uint32_t       offered, most_offers;
    char          *slots; /* partial results of offers, NULL without a reduction */
    size_t         slot_bytes;
    offer          offers[OFFERS_MAX];
} hand;

static void take_part(ramify_context context, rmf_loop *loop, const offer *work_given, void *partial);

static void run_offer(ramify_context context, ramify_fork *fork)
{
    offer *o = (offer *)fork;
    take_part(context, o->loop, o, o->partial);
}

static void give(hand *h, uint64_t lo, uint64_t hi, uint32_t tickets)
{
    offer *o   = &h->offers[h->offered];
    *o         = (offer){ .loop = h->loop, .lo = lo, .hi = hi, .grain = h->grain, .leaf = h->leaf, .tickets = tickets };
    o->partial = h->slots ? h->slots + h->offered * h->slot_bytes : NULL;
    h->offered++;
    h->context       = rmf_fork_put(h->worker, h->context, &o->fork, run_offer);
    h->chunk.context = h->context;
}

/* Shows to others what was given away. */
static void show(const hand *h)
{
    if (h->offered && rmf_lane_share_owner(&h->worker->lane, h->context.head))
        rmf_count(&h->worker->cell.counts.wakes, rmf_wake_or_owe(h->loop->pool, h->worker->domain));
}

static void give_tickets(hand *h)
{
    while (h->tickets && h->offered < h->most_offers) {
        uint32_t half = (h->tickets + 1) / 2;
        h->tickets -= half;
        give(h, 0, 0, half);
    }
}

/* Rules whose chunks may be long do not wait to be asked. */
static void share_tickets(hand *h)
{
    give_tickets(h);
    show(h);
}

/* The upper half of what is left of the lot, in whole chunks where the caller chose their length. */
static void split(hand *h)
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

/* True when half of what is left is worth a hand-off. Measured chunks are 4 us long, a quarter of one is the limit. */
static bool may_split(const hand *h)
{
    uint64_t least = h->loop->schedule.grain ? 2 * h->grain : h->grain / 2;
    return h->loop->schedule.rule == RAMIFY_RULE_AUTO && h->hi - h->lo >= (least > 2 ? least : 2);
}

static bool is_too_early(hand *h, const rmf_parking *parking)
{
    if (!h->started_ticks)
        return false;
    double since_ns = (double)(rmf_clock_ticks() - h->started_ticks) * h->loop->pool->ns_per_tick;
    if (since_ns > RMF_WAKE_NS)
        h->started_ticks = 0;
    return since_ns < (rmf_parking_has_searcher(parking) ? h->patience_ns : RMF_WAKE_NS);
}

/* Takes a request down; true when somebody really idles, and not only did when it was made. */
static bool is_really_asked(hand *h)
{
    rmf_lane_unask_owner(&h->worker->lane);
    return rmf_parking_has_idle(&h->loop->pool->parking); /* who begins to idle after this look asks after it */
}

/* Between two chunks somebody asks for work, or the loop is to stop. */
static RAMIFY_COLD void attend(hand *h)
{
    rmf_lane          *lane    = &h->worker->lane;
    const rmf_parking *parking = &h->loop->pool->parking;
    if (rmf_loop_is_stopped(h->loop)) {
        h->lo      = h->hi;
        h->tickets = 0;
        return;
    }
    if (!rmf_lane_is_asked(lane) || h->offered == h->most_offers || !(h->tickets || may_split(h)) ||
        is_too_early(h, parking) || !is_really_asked(h) || rmf_lane_shared_any(lane))
        return; /* who takes what is shared asks for more */
    if (h->tickets)
        give_tickets(h);
    else
        split(h);
    show(h);
}

static inline bool is_wanted(const hand *h)
{
    const rmf_loop *loop = h->loop;
    return rmf_lane_is_asked(&h->worker->lane) || (rmf_load_relaxed(&((rmf_loop *)(uintptr_t)loop)->stopped) != 0) ||
           (loop->group && rmf_group_is_cancelled(loop->group));
}

/* The next box of a loop of one dimension. */
static inline void call_line(hand *h, uint64_t first, uint64_t n)
{
    const rmf_loop *loop  = h->loop;
    uint64_t        begin = (uint64_t)loop->range[0].begin, step = (uint64_t)loop->range[0].step;
    h->chunk.range[0].begin = (int64_t)(begin + first * step);
    h->chunk.range[0].end   = first + n == loop->total ? loop->range[0].end : (int64_t)(begin + (first + n) * step);
    h->chunk.count[0] = h->chunk.iterations = n;
    h->chunk.first                          = first;
    loop->body(loop->self, &h->chunk);
}

/* At most n iterations of the lot, from h->lo on; returns the local numbers they stand for. */
static inline uint64_t call_lot(hand *h, uint64_t n)
{
    if (h->loop->is_line) {
        call_line(h, rmf_share_begin(h->loop, h->leaf) + h->lo, n);
        h->iterations += n;
        return n;
    }
    rmf_run run = rmf_lot_run(h->loop, h->leaf, h->lo, n);
    rmf_loop_boxes(h->loop, &h->chunk, run.first, run.count);
    h->iterations += run.count;
    return run.taken;
}

static inline uint64_t next_of_lot(const hand *h)
{
    uint64_t left = h->hi - h->lo;
    return h->grain < left ? h->grain : left;
}

static void run_by_grain(hand *h)
{
    while (h->lo < h->hi) {
        h->lo += call_lot(h, next_of_lot(h));
        h->chunks++;
        if (__builtin_expect(is_wanted(h), 0))
            attend(h);
    }
}

/* Chunks of about the target's length: doubled while they are too short, cut in proportion when too long. */
static void adapt(hand *h, uint64_t n, uint64_t ticks)
{
    uint64_t target = h->loop->target_ticks;
    if (ticks < target / 2 && n == h->grain && h->grain < h->loop->total)
        h->grain *= ticks < target / 16 ? 8 : 2;
    else if (ticks > 2 * target && h->grain > 1) {
        uint64_t fitting = (uint64_t)((double)n * (double)target / (double)ticks);
        h->grain         = fitting > 1 ? fitting : 1;
    }
}

static void run_by_clock(hand *h)
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

static void run_lot(hand *h)
{
    uint64_t before = h->iterations;
    if (h->loop->schedule.rule == RAMIFY_RULE_AUTO && !h->loop->schedule.grain)
        run_by_clock(h);
    else
        run_by_grain(h);
    if (h->leaf == h->worker->number)
        h->at_home += h->iterations - before;
}

/* Claims a chunk of a shelf, of dynamic up to `batch` of them; returns its iterations, 0: none left. */
static uint64_t claim_chunk(const hand *h, rmf_shelf *shelf, uint64_t *begin)
{
    uint64_t next, n, state = rmf_load_relaxed(&shelf->next), size = shelf->chunks.size;
    double   weight = 1.0;
    if (h->loop->schedule.rule == RAMIFY_RULE_AWF)
        weight = h->loop->history ? ramify_history_weight(h->loop->history, h->worker->number)
                                  : h->loop->pool->domains[h->worker->domain].capacity;
    do {
        n = rmf_chunk_at(&shelf->chunks, state, weight, begin, &next);
        if (!n)
            return 0;
        if (h->batch > 1 && n <= (size - *begin) / 2 / h->batch) {
            n *= h->batch;
            next = *begin + n;
        }
        /* order: relaxed; a chunk is claimed once, and what bodies write is published by the forks' joins */
    } while (!rmf_cas_relaxed(&shelf->next, &state, next));
    return n;
}

/* Calls the body for n local numbers of a shelf, at most `chunk` of them at a time. */
static void call_shelf(hand *h, const rmf_shelf *shelf, uint64_t begin, uint64_t n, uint64_t chunk)
{
    while (n && !rmf_loop_is_stopped(h->loop)) {
        rmf_run run = rmf_shelf_run(h->loop, shelf, begin, chunk < n ? chunk : n);
        if (h->loop->is_line)
            call_line(h, run.first, run.count);
        else
            rmf_loop_boxes(h->loop, &h->chunk, run.first, run.count);
        h->iterations += run.count;
        h->chunks++;
        begin += run.taken;
        n -= run.taken;
    }
}

/* Runs a chunk of a shelf; false when it has none. Dynamic takes more and more chunks by one claim as long as all of
 * them take less than a hand-off costs: nobody could have been given one of them any sooner. */
static bool draw_from(hand *h, rmf_shelf *shelf)
{
    bool     is_dynamic = h->loop->schedule.rule == RAMIFY_RULE_DYNAMIC, is_timed = is_dynamic || h->loop->history;
    uint64_t begin, n = claim_chunk(h, shelf, &begin), before = h->iterations;
    if (!n)
        return false;
    uint64_t from = is_timed ? rmf_clock_ticks() : 0;
    call_shelf(h, shelf, begin, n, is_dynamic ? shelf->chunks.grain : n);
    uint64_t ticks = is_timed ? rmf_clock_ticks() - from : 0;
    h->ticks += ticks;
    if (is_dynamic && ticks * BATCH_SHARE < h->loop->target_ticks)
        h->batch = h->batch < BATCH_MAX ? h->batch * 2 : BATCH_MAX;
    else
        h->batch = h->batch > 1 && ticks * BATCH_SHARE > 2 * h->loop->target_ticks ? h->batch / 2 : h->batch;
    if (h->worker->number - shelf->first_leaf < shelf->end_leaf - shelf->first_leaf)
        h->at_home += h->iterations - before;
    return true;
}

/* From the shelf it drew from last, else from the nearest that has something: its own, then step by step up the tree,
 * then any, because homes that a caller lists need not be disjoint. */
static bool draw_near(hand *h)
{
    const rmf_loop    *loop = h->loop;
    const rmf_victims *near = &h->worker->victims;
    if (draw_from(h, &loop->shelves[h->shelf]))
        return true;
    for (uint32_t i = 0; i <= near->steps + 1; i++) {
        uint32_t first = i == 0 ? h->worker->number : i <= near->steps ? near->step[i - 1].first : 0;
        uint32_t end   = i == 0 ? first + 1 : i <= near->steps ? near->step[i - 1].end : UINT32_MAX;
        for (uint32_t s = 0; s < loop->shelf_count; s++)
            if (loop->shelves[s].first_leaf < end && loop->shelves[s].end_leaf > first &&
                draw_from(h, &loop->shelves[s])) {
                h->shelf = s;
                return true;
            }
    }
    return false;
}

static uint32_t own_shelf(const hand *h)
{
    for (uint32_t s = 0; s < h->loop->shelf_count; s++)
        if (h->worker->number - h->loop->shelves[s].first_leaf <
            h->loop->shelves[s].end_leaf - h->loop->shelves[s].first_leaf)
            return s;
    return 0;
}

static void run_shelves(hand *h)
{
    share_tickets(h);
    h->shelf = own_shelf(h);
    while (!rmf_loop_is_stopped(h->loop) && draw_near(h))
        continue;
    h->tickets = 0; /* nothing is left that they could be for */
}

/* Joins offers, newest first, until one comes back that nobody took, whose work is then this frame's. */
static bool take_back(hand *h)
{
    while (h->offered) {
        offer *o         = &h->offers[--h->offered];
        bool   mine      = ramify_fork_join(&h->context, &o->fork);
        h->chunk.context = h->context;
        if (!mine) {
            if (h->slots)
                h->loop->reduction->combine(h->loop->reduction->self, h->chunk.partial, o->partial);
        } else if (!rmf_loop_is_stopped(h->loop) && !h->loop->shelf_count) { /* shelves are empty by now */
            h->lo      = o->lo;
            h->hi      = o->hi;
            h->leaf    = o->leaf;
            h->tickets = o->tickets;
            return true;
        }
    }
    return false;
}

static bool claim_next(hand *h)
{
    if (!h->tickets)
        return false;
    h->tickets--;
    h->leaf = rmf_lot_claim(h->loop, &h->worker->victims, h->worker->number);
    if (h->leaf == RAMIFY_NONE)
        return false;
    h->lo = 0;
    h->hi = rmf_lot_size(h->loop, h->leaf);
    if (h->loop->schedule.rule == RAMIFY_RULE_STATIC || h->loop->is_eager ||
        (!h->started_ticks && h->tickets && rmf_parking_has_idle(&h->loop->pool->parking)))
        share_tickets(h);
    else if (!h->started_ticks && is_wanted(h))
        attend(h);
    return true;
}

static void work(hand *h)
{
    do {
        if (h->loop->shelf_count)
            run_shelves(h);
        else if (h->lo < h->hi)
            run_lot(h);
        while (!rmf_loop_is_stopped(h->loop) && claim_next(h))
            run_lot(h);
        if (h->is_first && !h->own_iterations) {
            h->own_iterations = h->iterations;
            h->own_ticks      = rmf_clock_ticks();
        }
    } while (take_back(h));
}

/* Tells cell and history what this part was. */
static void account(const hand *h)
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

static uint64_t first_grain(const rmf_loop *loop, const offer *work)
{
    if (loop->schedule.grain)
        return loop->schedule.grain;
    if (loop->schedule.rule != RAMIFY_RULE_AUTO)
        return UINT64_MAX;
    uint64_t known = work->grain ? work->grain : loop->history ? rmf_history_grain(loop->history) : 0;
    return known ? known : 1;
}

static void open_hand(hand *h, ramify_context context, rmf_loop *loop, const offer *work_given)
{
    h->context     = context;
    h->loop        = loop;
    h->worker      = rmf_worker_of_lane(context.lane);
    h->lo          = work_given->lo;
    h->hi          = work_given->hi;
    h->leaf        = work_given->leaf;
    h->tickets     = work_given->tickets;
    h->grain       = first_grain(loop, work_given);
    h->ticks       = 0;
    h->chunks      = 0;
    h->batch       = 1;
    h->splits      = 0;
    h->iterations  = 0;
    h->at_home     = 0;
    h->offered     = 0;
    h->slots       = NULL;
    h->is_first    = false;
    h->most_offers = OFFERS_MAX;
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
static void work_reducing(hand *h, void *partial)
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
    work(h);
    memcpy(partial, h->chunk.partial, r->size);
}

static void run_hand(hand *h, void *partial)
{
    if (h->loop->reduction)
        work_reducing(h, partial);
    else
        work(h);
    account(h);
}

static void take_part(ramify_context context, rmf_loop *loop, const offer *work_given, void *partial)
{
    hand h;
    open_hand(&h, context, loop, work_given);
    h.started_ticks = 0;
    run_hand(&h, partial);
}

/* The loop of the rule auto by its first worker, which remembers how it went. */
static void take_part_learning(rmf_loop *loop, ramify_context context, const offer *all, void *partial)
{
    rmf_worker *worker = rmf_worker_of_lane(context.lane);
    rmf_past   *past   = rmf_past_of(worker, loop->body);
    double      ns     = loop->pool->ns_per_tick;
    hand        h;
    uint64_t from = rmf_clock_ticks();
    open_hand(&h, context, loop, all);
    h.patience_ns    = rmf_past_patience(loop, worker, past);
    h.started_ticks  = h.patience_ns > 0.0 ? from : 0;
    h.is_first       = true;
    h.own_iterations = 0;
    run_hand(&h, partial);
    if (!h.own_iterations)
        return;
    *past = (rmf_past){ loop->body, h.own_iterations, h.own_ticks - from };
    if (loop->is_eager && h.own_iterations < loop->total && (double)(h.own_ticks - from) * ns < RMF_WAKE_NS)
        rmf_past_learn_way(worker, (double)(rmf_clock_ticks() - h.own_ticks) * ns);
}

static void take_part_first(rmf_loop *loop, ramify_context context, void *partial)
{
    offer all = { .tickets = loop->shelves ? loop->pool->worker_count : rmf_lots_open(loop) };
    if (loop->schedule.rule == RAMIFY_RULE_AUTO)
        take_part_learning(loop, context, &all, partial);
    else
        take_part(context, loop, &all, partial);
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
