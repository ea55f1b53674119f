/* SPDX-License-Identifier: BSD-3-Clause */
/* A work-list over keyed blocks of very different size: rounds of one request per block, in the same order each time.
 * Sizes follow a power of the rank (exponent 0.75), in random order: the largest is 300 KiB or so, the least one page. */
#include "counted.h"

#include <math.h>

enum { BLOCKS = 512, PAGES = 4096 /* 16 MiB */, WORDS = COUNTED_PAGE_BYTES / 8, ROUNDS = 6 };

static const double EXPONENT = 0.75;

static uint64_t      start[BLOCKS + 1], pages[BLOCKS];
static uint64_t     *words;
static counted_piece pieces[BLOCKS];

static void choose_sizes(void)
{
    double   sum    = 0.0;
    uint64_t random = 1;
    for (int b = 0; b < BLOCKS; b++)
        sum += pow(b + 1, -EXPONENT);
    for (int b = 0; b < BLOCKS; b++)
        pages[b] = 1 + (uint64_t)(pow(b + 1, -EXPONENT) / sum * (PAGES - BLOCKS));
    for (int b = BLOCKS - 1; b > 0; b--) {
        random        = counted_mix(random, (uint64_t)b);
        int      j    = (int)(random % (uint64_t)(b + 1));
        uint64_t swap = pages[b];
        pages[b]      = pages[j];
        pages[j]      = swap;
    }
    for (int b = 0; b < BLOCKS; b++)
        start[b + 1] = start[b] + pages[b] * COUNTED_PAGE_BYTES;
}

/* Each word takes in the one before it. */
static void serve(const counted_piece *piece)
{
    uint64_t *word = words + start[piece->number] / 8, last = (uint64_t)piece->number;
    for (uint64_t i = 0; i < pages[piece->number] * WORDS; i++)
        last = word[i] = (word[i] ^ last) * 0x9E3779B97F4A7C15u + 1;
}

static void prepare(void)
{
    choose_sizes();
    words = form_array(start, pages, BLOCKS);
    for (int b = 0; b < BLOCKS; b++)
        pieces[b] = (counted_piece){ serve, words + start[b] / 8, pages[b], b };
}

static void run(void)
{
    for (int round = 0; round < ROUNDS; round++)
        form_each(pieces, BLOCKS);
}

static uint64_t check(void)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < start[BLOCKS] / 8; i++)
        sum = counted_mix(sum, words[i]);
    return sum;
}

const counted_kernel counted_worklist = { "worklist", prepare, run, check };
