/* SPDX-License-Identifier: BSD-3-Clause */
/* A work-list over keyed blocks of very different size: requests in random order, six for each block, all known at the
 * start. A request reads its block and leaves a result of its own, beside the block's others, so they need no order.
 * Sizes follow a power of the rank (exponent 0.75), in random order: the largest is 600 KiB or so, the least one page.
 */
#include "counted.h"

#include <math.h>

enum { BLOCKS = 512, PAGES = 8192 /* 32 MiB */, WORDS = COUNTED_PAGE_BYTES / 8, EACH = 6, REQUESTS = EACH * BLOCKS };

static const double EXPONENT = 0.75;

static uint64_t      start[BLOCKS + 1], pages[BLOCKS], results[REQUESTS];
static uint64_t     *words;
static counted_piece requests[REQUESTS];
static int           block_of[REQUESTS], slot_of[REQUESTS];

static uint64_t below(uint64_t *random, uint64_t bound)
{
    *random = counted_mix(*random, bound);
    return *random % bound;
}

static void choose_sizes(uint64_t *random)
{
    double sum = 0.0;
    for (int b = 0; b < BLOCKS; b++)
        sum += pow(b + 1, -EXPONENT);
    for (int b = 0; b < BLOCKS; b++)
        pages[b] = 1 + (uint64_t)(pow(b + 1, -EXPONENT) / sum * (PAGES - BLOCKS));
    for (uint64_t b = BLOCKS - 1; b > 0; b--) {
        uint64_t j = below(random, b + 1), swap = pages[b];
        pages[b] = pages[j];
        pages[j] = swap;
    }
    for (int b = 0; b < BLOCKS; b++)
        start[b + 1] = start[b] + pages[b] * COUNTED_PAGE_BYTES;
}

static void choose_order(uint64_t *random)
{
    for (int r = 0; r < REQUESTS; r++)
        block_of[r] = r % BLOCKS;
    for (uint64_t r = REQUESTS - 1; r > 0; r--) {
        uint64_t j    = below(random, r + 1);
        int      swap = block_of[r];
        block_of[r]   = block_of[j];
        block_of[j]   = swap;
    }
    int seen[BLOCKS] = { 0 };
    for (int r = 0; r < REQUESTS; r++)
        slot_of[r] = block_of[r] * EACH + seen[block_of[r]]++;
}

static void serve(const counted_piece *request)
{
    int             block = block_of[request->number];
    const uint64_t *word  = words + start[block] / 8;
    uint64_t        last  = (uint64_t)request->number;
    for (uint64_t i = 0; i < pages[block] * WORDS; i++)
        last = (word[i] ^ last) * 0x9E3779B97F4A7C15u + 1;
    results[slot_of[request->number]] = last;
}

static void fill(const counted_piece *request)
{
    int block = (int)request->number;
    for (uint64_t i = start[block] / 8; i < start[block + 1] / 8; i++)
        words[i] = counted_mix(2, i);
}

static void prepare(void)
{
    uint64_t random = 1;
    choose_sizes(&random);
    choose_order(&random);
    words = form_array(start, pages, BLOCKS);
    for (int b = 0; b < BLOCKS; b++)
        requests[b] = (counted_piece){ fill, words + start[b] / 8, pages[b], b };
    form_each(requests, BLOCKS);
    for (int r = 0; r < REQUESTS; r++)
        requests[r] = (counted_piece){ serve, words + start[block_of[r]] / 8, pages[block_of[r]], r };
}

static void run(void)
{
    form_each(requests, REQUESTS);
}

static uint64_t check(void)
{
    uint64_t sum = 0;
    for (int r = 0; r < REQUESTS; r++)
        sum = counted_mix(sum, results[r]);
    return sum;
}

const counted_kernel counted_worklist = { "worklist", prepare, run, check };
