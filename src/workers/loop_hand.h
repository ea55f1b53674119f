/* SPDX-License-Identifier: BSD-3-Clause */
/* One worker's part in a loop, as those who share out lots (loop_run.c) and those who draw chunks (loop_shelves.c) see
 * it. */
#ifndef RMF_WORKERS_LOOP_HAND_H
#define RMF_WORKERS_LOOP_HAND_H

#include "loops.h"

/* Offers of one frame that live at once. Each one halves what it is taken from, so 32 leave pieces of 2^-32; with
 * larger partial results fewer, so that their slots take at most 16 KiB of stack. */
enum { OFFERS_MAX = 32, SLOT_BYTES_MAX = 16384, LINE_BYTES = 64 };

/* Work given away: iterations [lo, hi) of a leaf's lot; or tickets; or tickets with their lots, [lo, hi), and then
 * `leaf` is who gives. One line, all of which its thief reads. */
typedef struct rmf_offer {
    _Alignas(LINE_BYTES) ramify_fork fork;
    rmf_loop *loop;
    uint64_t  lo, hi, grain;
    uint32_t  leaf, tickets;
    void     *partial; /* where a thief leaves its part of the reduction */
} rmf_offer;

/* Lots that are claimed for this hand: [at, end). */
typedef struct rmf_lots {
    uint32_t at, end;
} rmf_lots;

/* One worker's part in a loop. */
typedef struct rmf_hand {
    ramify_chunk   chunk;
    ramify_context context;
    rmf_loop      *loop;
    rmf_worker    *worker;
    uint64_t       lo, hi;        /* local numbers of the lot it works on */
    uint64_t       grain;         /* of its chunks */
    uint64_t       started_ticks; /* 0: gives away at once */
    uint64_t       late_ticks;    /* when the loop has taken longer than was expected; 0: nobody's concern */
    double         patience_ns;   /* until it gives to somebody who is awake, if it does not at once */
    bool           is_first;      /* and then, of what it did before its first join: */
    uint64_t       own_iterations, own_ticks, begun_ticks, own_end_ticks;
    uint64_t       batch; /* chunks of a claim */
    uint64_t       ticks; /* in bodies, as far as they are timed */
    uint64_t       chunks, splits, iterations, at_home;
    rmf_lots       lots; /* in a loop over shelves: workers that are to come */
    uint32_t       leaf, tickets, shelf;
    uint32_t       offered, most_offers;
    char          *slots; /* partial results of offers, NULL without a reduction */
    size_t         slot_bytes;
    uint32_t       taker[OFFERS_MAX]; /* at whose door it lay; RAMIFY_NONE: it is on the lane */
    rmf_offer      offers[OFFERS_MAX];
} rmf_hand;

/* The next box of a loop of one dimension. */
static inline void rmf_hand_line(rmf_hand *h, uint64_t first, uint64_t n)
{
    const rmf_loop *loop  = h->loop;
    uint64_t        begin = (uint64_t)loop->range[0].begin, step = (uint64_t)loop->range[0].step;
    h->chunk.range[0].begin = (int64_t)(begin + first * step);
    h->chunk.range[0].end   = first + n == loop->total ? loop->range[0].end : (int64_t)(begin + (first + n) * step);
    h->chunk.count[0] = h->chunk.iterations = n;
    h->chunk.first                          = first;
    loop->body(loop->self, &h->chunk);
}

/* Lots that are claimed for the hand become tickets. */
void rmf_lots_free(rmf_hand *h);

/* Of the lots [first, end) the hand keeps its own, and brings all others to workers who search. False: not all were at
 * the door, and what was for them are tickets now. */
bool rmf_hand_spread(rmf_hand *h, uint32_t first, uint32_t end);

/* Brings the lots [first, end) to the door of a worker; false: it does not search. */
bool rmf_hand_bring(rmf_hand *h, uint32_t first, uint32_t end, uint32_t to);

/* Draws a chunk and runs it: from the shelf it drew from last, else from the nearest that has something. False: all is
 * drawn. */
bool rmf_draw_chunk(rmf_hand *h);

/* Makes a hand for a worker's own context, and has it do its part; partial: where its part of the reduction goes. */
void rmf_hand_open(rmf_hand *h, ramify_context context, rmf_loop *loop, const rmf_offer *given);
void rmf_hand_run(rmf_hand *h, const rmf_offer *given, void *partial);

/* The shelf a worker begins with. */
uint32_t rmf_own_shelf(const rmf_hand *h);

#endif
