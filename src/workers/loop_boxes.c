/* SPDX-License-Identifier: BSD-3-Clause */
/* From numbers of iterations to boxes of indexes: a run of iterations of a loop over rows and columns is a piece of a
 * row, whole rows, and a piece of a row; over three dimensions the same twice. */
#include "loops.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Indexes [at, at + n) of a dimension. Products wrap around as the indexes themselves do not. */
static void set_side(const rmf_loop *loop, ramify_chunk *chunk, int d, uint64_t at, uint64_t n)
{
    const ramify_range *r    = &loop->range[d];
    uint64_t            step = (uint64_t)r->step, begin = (uint64_t)r->begin + at * step;
    chunk->range[d].begin = (int64_t)begin;
    chunk->range[d].end   = at + n == loop->count[d] ? r->end : (int64_t)(begin + n * step);
    chunk->count[d]       = n;
}

/* The largest box that begins at iteration `first` and has at most `most` of them; returns how many. */
static uint64_t set_box(const rmf_loop *loop, ramify_chunk *chunk, uint64_t first, uint64_t most)
{
    const uint64_t *c = loop->count;
    uint64_t        k = first % c[2], row = first / c[2], j = row % c[1], i = row / c[1];
    uint64_t        n[3] = { 1, 1, least(most, c[2] - k) };
    if (n[2] == c[2])
        n[1] = least(most / c[2], c[1] - j);
    if (n[2] == c[2] && n[1] == c[1])
        n[0] = most / loop->inner;
    set_side(loop, chunk, 0, i, n[0]);
    set_side(loop, chunk, 1, j, n[1]);
    set_side(loop, chunk, 2, k, n[2]);
    return n[0] * n[1] * n[2];
}

void rmf_loop_boxes(const rmf_loop *loop, ramify_chunk *chunk, uint64_t first, uint64_t count)
{
    while (count) {
        uint64_t n        = set_box(loop, chunk, first, count);
        chunk->first      = first;
        chunk->iterations = n;
        loop->body(loop->self, chunk);
        first += n;
        count -= n;
        if (count && rmf_loop_is_stopped(loop))
            return;
    }
}
