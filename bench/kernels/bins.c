/* SPDX-License-Identifier: BSD-3-Clause */
/* Map-reduce over blocks: a histogram of skewed values. Each block counts into bins of its own, then the bins are
 * summed over the blocks, a loop over bins. Little work per byte: what a runtime costs shows. */
#include "kernel.h"

enum {
    BINS         = 1024,
    BLOCK_VALUES = 16384, /* 64 KB of values, some 10 us */
    GRAIN        = 16,    /* bins */
    PASSES       = 4,     /* as many histograms, each of other bits */
};

typedef struct histogram_state {
    uint32_t *values, *counts; /* counts: blocks x BINS */
    uint64_t *bins;            /* PASSES x BINS */
    long      count, blocks, pass;
} histogram_state;

static void count_block(histogram_state *h, long i)
{
    uint32_t       *counts = h->counts + i * BINS;
    const uint32_t *value  = h->values + i * BLOCK_VALUES;
    long            left = h->count - i * BLOCK_VALUES, end = left < BLOCK_VALUES ? left : (long)BLOCK_VALUES;

    memset(counts, 0, BINS * sizeof *counts);
    for (long v = 0; v < end; v++)
        counts[(value[v] >> (h->pass * 6)) % BINS]++;
}
BENCH_LOOPED(count_block, histogram_state)

static void sum_bin(histogram_state *h, long bin)
{
    uint64_t sum = 0;

    for (long block = 0; block < h->blocks; block++)
        sum += h->counts[block * BINS + bin];
    h->bins[h->pass * BINS + bin] = sum;
}
BENCH_LOOPED(sum_bin, histogram_state)

static void *prepare(long size, uint64_t seed)
{
    histogram_state *h = (histogram_state *)bench_alloc(sizeof *h);

    h->count  = size;
    h->blocks = (size + BLOCK_VALUES - 1) / BLOCK_VALUES;
    h->values = (uint32_t *)bench_alloc((size_t)size * sizeof *h->values);
    h->counts = (uint32_t *)bench_alloc((size_t)h->blocks * BINS * sizeof *h->counts);
    h->bins   = (uint64_t *)bench_alloc(PASSES * BINS * sizeof *h->bins);
    memset(h->counts, 0, (size_t)h->blocks * BINS * sizeof *h->counts);
    for (long i = 0; i < size; i++) {
        uint64_t chance = bench_random(&seed);
        h->values[i]    = (uint32_t)(chance >> 40) & (uint32_t)(chance >> 16); /* half the bits are rare */
    }
    return h;
}

static void run(void *state)
{
    histogram_state *h = (histogram_state *)state;

    for (h->pass = 0; h->pass < PASSES; h->pass++) {
        BENCH_LOOP(count_block, histogram_state, h, h->blocks, 1);
        BENCH_LOOP(sum_bin, histogram_state, h, BINS, GRAIN);
    }
}

static bench_outcome finish(void *state)
{
    histogram_state *h       = (histogram_state *)state;
    bench_outcome    outcome = { 0, (uint64_t)(h->blocks + BINS) * PASSES };

    for (long i = 0; i < PASSES * BINS; i++)
        outcome.check = bench_mix(outcome.check, h->bins[i]);
    free(h->values);
    free(h->counts);
    free(h->bins);
    free(h);
    return outcome;
}

const bench_kernel bench_histogram = {
    .name         = "histogram",
    .summary      = "map-reduce: four histograms, blocks counted, then bins summed over blocks",
    .size_is      = "values",
    .loops        = true,
    .linear       = true,
    .most         = 1L << 34,
    .tiny         = 50000,
    .quick        = 6000000,
    .full         = 20000000,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
