/* SPDX-License-Identifier: BSD-3-Clause */
/* States are positions, the iterations handed out so far; those of the trapezoid are numbers of chunks, because its
 * sizes depend on that. */
#include "chunks.h"

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Tzen and Ni, section III: C chunks from f = N / 2P to l, C = 2N / (f + l), each (f - l) / (C - 1) shorter, rounded
 * down, so that their sum is never below N. */
static void init_trapezoid(rmf_chunks *c)
{
    c->first       = most(c->size / 2 / c->workers, c->grain);
    uint64_t sum   = c->first + c->grain;
    uint64_t count = most(c->size / sum * 2 + divide_up(c->size % sum * 2, sum), 2);
    c->down        = (c->first - c->grain) / (count - 1);
}

void rmf_chunks_init(rmf_chunks *chunks, uint32_t rule, uint64_t size, uint32_t workers, uint64_t grain)
{
    grain   = least(most(grain, 1), most(size, 1));
    *chunks = (rmf_chunks){ .rule = rule, .workers = workers, .size = size, .grain = grain };
    if (rule == RAMIFY_RULE_TRAPEZOID)
        init_trapezoid(chunks);
}

/* While chunks shrink, the k-th begins after k f - d k (k - 1) / 2 iterations; those after that are all alike. */
static uint64_t trapezoid_at(const rmf_chunks *c, uint64_t k, uint64_t *begin)
{
    uint64_t shrinking = c->down ? (c->first - c->grain) / c->down : 0;
    uint64_t j         = least(k, shrinking);
    uint64_t n         = c->first - c->down * j;
    *begin             = j * c->first - c->down * (j % 2 ? (j - 1) / 2 * j : j / 2 * (j - 1 + !j)) + (k - j) * n;
    return n;
}

/* The batch a position is in begins with R iterations left; each batch hands out half of them (rounded up to P equal
 * chunks). Returns the size of one such chunk; left: out, iterations of the batch from the position on. */
static uint64_t batch_at(const rmf_chunks *c, uint64_t at, uint64_t *left)
{
    uint64_t begin = 0;
    for (;;) {
        uint64_t rest  = c->size - begin;
        uint64_t chunk = most(divide_up(rest, 2ull * c->workers), c->grain);
        uint64_t batch = rest / c->workers < chunk ? rest : chunk * c->workers;
        if (at - begin < batch) {
            *left = batch - (at - begin);
            return chunk;
        }
        begin += batch;
    }
}

static uint64_t weighted(uint64_t chunk, double weight, uint64_t grain)
{
    double wanted = (double)chunk * weight;
    if (!(wanted < 9.2e18)) /* below 2^63; not a number is not */
        return chunk;
    uint64_t whole = (uint64_t)wanted;
    return most(whole + ((double)whole < wanted), grain);
}

uint64_t rmf_chunk_at(const rmf_chunks *c, uint64_t state, double weight, uint64_t *begin, uint64_t *next)
{
    uint64_t n, left;
    if (c->rule == RAMIFY_RULE_TRAPEZOID) {
        n     = trapezoid_at(c, state, begin);
        *next = state + 1;
        return *begin >= c->size ? 0 : least(n, c->size - *begin);
    }
    *begin = state;
    if (state >= c->size)
        return 0;
    n = c->grain;
    if (c->rule == RAMIFY_RULE_GUIDED)
        n = most(divide_up(c->size - state, c->workers), c->grain);
    else if (c->rule == RAMIFY_RULE_FACTORING || c->rule == RAMIFY_RULE_AWF) {
        n = batch_at(c, state, &left);
        n = least(c->rule == RAMIFY_RULE_AWF ? weighted(n, weight, c->grain) : n, left);
    }
    n     = least(n, c->size - state);
    *next = state + n;
    return n;
}
