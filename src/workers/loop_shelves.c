/* SPDX-License-Identifier: BSD-3-Clause */
/* Drawing chunks from shelves: dynamic, guided and the factoring rules. */
#include "loop_hand.h"

#include "clock.h"
#include "history.h"
#include "worker.h"

/* Dynamic's claims: a sixteenth of a measured chunk, 0.25 us, is about a hand-off; 64 chunks make a claim's 10 ns and the
 * clock's 20 vanish. */
enum { BATCH_SHARE = 16, BATCH_MAX = 64 };

/* Chunks of the rule dynamic have one length, and a claim of `step` is one addition, which cannot fail: with many workers
 * a compare-and-swap does most of the time. What is claimed beyond the end is nobody's. Returns iterations, 0: none left. */
static uint64_t claim_by_adding(rmf_shelf *shelf, uint64_t step, uint64_t *begin)
{
    uint64_t size = shelf->chunks.size;
    /* order: relaxed, as in claim_chunk */
    *begin = rmf_add_relaxed(&shelf->next, step);
    return *begin >= size ? 0 : step < size - *begin ? step : size - *begin;
}

/* Claims a chunk of a shelf, of dynamic up to `batch` of them; returns its iterations, 0: none left. */
static uint64_t claim_chunk(const rmf_hand *h, rmf_shelf *shelf, uint64_t *begin)
{
    uint64_t next, n, state = rmf_load_relaxed(&shelf->next), size = shelf->chunks.size;
    double   weight = 1.0;
    if (h->loop->schedule.rule == RAMIFY_RULE_DYNAMIC && state < size) {
        uint64_t left = size - state, grain = shelf->chunks.grain;
        uint64_t step = h->batch > 1 && grain <= left / 2 / h->batch ? grain * h->batch : grain;
        if (step <= (UINT64_MAX - size) / h->loop->pool->worker_count)
            return claim_by_adding(shelf, step, begin);
    }
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
static void call_shelf(rmf_hand *h, const rmf_shelf *shelf, uint64_t begin, uint64_t n, uint64_t chunk)
{
    while (n && !rmf_loop_is_stopped(h->loop)) {
        rmf_run run = rmf_shelf_run(h->loop, shelf, begin, chunk < n ? chunk : n);
        if (h->loop->is_line)
            rmf_hand_line(h, run.first, run.count);
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
static bool draw_from(rmf_hand *h, rmf_shelf *shelf)
{
    bool     is_dynamic = h->loop->schedule.rule == RAMIFY_RULE_DYNAMIC, is_timed = is_dynamic || h->loop->history;
    uint64_t begin, n = claim_chunk(h, shelf, &begin), before = h->iterations;
    if (!n)
        return false;
    uint64_t from = is_timed ? rmf_clock_ticks() : 0;
    call_shelf(h, shelf, begin, n, is_dynamic ? shelf->chunks.grain : n);
    uint64_t ticks = is_timed ? rmf_clock_ticks() - from : 0;
    h->ticks += ticks;
    if (is_dynamic && ticks * BATCH_SHARE < rmf_chunk_ticks(h->loop))
        h->batch = h->batch < BATCH_MAX ? h->batch * 2 : BATCH_MAX;
    else
        h->batch = h->batch > 1 && ticks * BATCH_SHARE > 2 * rmf_chunk_ticks(h->loop) ? h->batch / 2 : h->batch;
    if (h->worker->number - shelf->first_leaf < shelf->end_leaf - shelf->first_leaf)
        h->at_home += h->iterations - before;
    return true;
}

/* From the shelf it drew from last, else from the nearest that has something: its own, then step by step up the tree,
 * then any, because homes that a caller lists need not be disjoint. */
bool rmf_draw_chunk(rmf_hand *h)
{
    const rmf_loop    *loop = h->loop;
    const rmf_victims *near = &h->worker->victims;
    if (draw_from(h, &loop->shelves[h->shelf]))
        return true;
    for (uint32_t i = 0; i <= near->steps + 1; i++) {
        uint32_t first = i == 0 ? h->worker->number : i <= near->steps ? near->step[i - 1].first : 0;
        uint32_t end   = i == 0 ? first + 1 : i <= near->steps ? near->step[i - 1].end : UINT32_MAX;
        for (uint32_t k = 0; k < loop->shelf_count; k++) { /* from the last one on, or all would meet at the same next one */
            uint32_t s = (h->shelf + k) % loop->shelf_count;
            if (loop->shelves[s].first_leaf < end && loop->shelves[s].end_leaf > first &&
                draw_from(h, &loop->shelves[s])) {
                h->shelf = s;
                return true;
            }
        }
    }
    return false;
}

uint32_t rmf_own_shelf(const rmf_hand *h)
{
    for (uint32_t s = 0; s < h->loop->shelf_count; s++)
        if (h->worker->number - h->loop->shelves[s].first_leaf <
            h->loop->shelves[s].end_leaf - h->loop->shelves[s].first_leaf)
            return s;
    return 0;
}
