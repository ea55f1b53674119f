/* SPDX-License-Identifier: BSD-3-Clause */
/* Alignment of all pairs of protein-like sequences, after the Barcelona suite's: Gotoh's global score with affine gaps
 * (J. Mol. Biol. 162, 1982). One loop over the pairs; lengths differ by a factor of eight, so pairs do by sixty. */
#include "kernel.h"

enum {
    LENGTH_LEAST = 32,
    LENGTH_MOST  = 256,
    LETTERS      = 20,
    GAP_OPEN     = 10,
    GAP_EXTEND   = 1,
    MATCH        = 5,
    MISMATCH     = -4,
    NEVER        = -1000000, /* below any score of these lengths */
    GRAIN        = 1,        /* a pair takes some 10 us and more */
};

typedef struct sequences {
    uint8_t *letters;
    long     count, pairs;
    int32_t *begin, *first, *second, *score; /* begin: count + 1; the others per pair */
} sequences;

static inline int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void align_pair(sequences *s, long i)
{
    const uint8_t *a = s->letters + s->begin[s->first[i]], *b = s->letters + s->begin[s->second[i]];
    int32_t        rows    = s->begin[s->first[i] + 1] - s->begin[s->first[i]];
    int32_t        columns = s->begin[s->second[i] + 1] - s->begin[s->second[i]];
    int32_t        best[LENGTH_MOST + 1], down[LENGTH_MOST + 1]; /* of the row above, then of this one */

    for (int32_t c = 0; c <= columns; c++) {
        best[c] = c ? -GAP_OPEN - c * GAP_EXTEND : 0;
        down[c] = NEVER;
    }
    for (int32_t r = 0; r < rows; r++) {
        int32_t diagonal = best[0], across = NEVER;
        best[0] = -GAP_OPEN - (r + 1) * GAP_EXTEND;
        for (int32_t c = 1; c <= columns; c++) {
            int32_t score = diagonal + (a[r] == b[c - 1] ? MATCH : MISMATCH);
            down[c]       = larger(down[c], best[c] - GAP_OPEN) - GAP_EXTEND;
            across        = larger(across, best[c - 1] - GAP_OPEN) - GAP_EXTEND;
            diagonal      = best[c];
            best[c]       = larger(score, larger(down[c], across));
        }
    }
    s->score[i] = best[columns];
}
BENCH_LOOPED(align_pair, sequences)

static void *prepare(long size, uint64_t seed)
{
    sequences *s    = (sequences *)bench_alloc(sizeof *s);
    long       pair = 0;

    s->count    = size;
    s->pairs    = size * (size - 1) / 2;
    s->begin    = (int32_t *)bench_alloc((size_t)(size + 1) * sizeof(int32_t));
    s->letters  = (uint8_t *)bench_alloc((size_t)size * LENGTH_MOST);
    s->first    = (int32_t *)bench_alloc((size_t)(s->pairs + 1) * sizeof(int32_t));
    s->second   = (int32_t *)bench_alloc((size_t)(s->pairs + 1) * sizeof(int32_t));
    s->score    = (int32_t *)bench_alloc((size_t)(s->pairs + 1) * sizeof(int32_t));
    s->begin[0] = 0;
    for (long i = 0; i < size; i++) {
        uint64_t chance = bench_random(&seed) % 64;
        s->begin[i + 1] = s->begin[i] + LENGTH_LEAST + (int32_t)(chance * chance * (LENGTH_MOST - LENGTH_LEAST) / 4096);
    }
    for (int32_t at = 0; at < s->begin[size]; at++)
        s->letters[at] = (uint8_t)(bench_random(&seed) % LETTERS);
    for (int32_t i = 0; i < size; i++)
        for (int32_t j = i + 1; j < size; j++, pair++) {
            s->first[pair]  = i;
            s->second[pair] = j;
        }
    return s;
}

static void run(void *state)
{
    sequences *s = (sequences *)state;

    BENCH_LOOP(align_pair, sequences, s, s->pairs, GRAIN);
}

static bench_outcome finish(void *state)
{
    sequences    *s       = (sequences *)state;
    bench_outcome outcome = { 0, (uint64_t)s->pairs };

    for (long i = 0; i < s->pairs; i++)
        outcome.check = bench_mix(outcome.check, (uint64_t)(int64_t)s->score[i]);
    free(s->letters);
    free(s->begin);
    free(s->first);
    free(s->second);
    free(s->score);
    free(s);
    return outcome;
}

const bench_kernel bench_alignment = {
    .name         = "alignment",
    .summary      = "all pairs of sequences aligned with affine gaps, a loop over pairs of uneven length",
    .size_is      = "sequences",
    .loops        = true,
    .most         = 1 << 15,
    .tiny         = 12,
    .quick        = 48,
    .full         = 96,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
