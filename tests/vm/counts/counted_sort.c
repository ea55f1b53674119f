/* SPDX-License-Identifier: BSD-3-Clause */
/* Merge sort of random keys, level by level. Blocks are sorted alone; then each loop merges runs into runs, cut into
 * pieces of equal output, each of which finds its own place in the inputs. Two runs are merged into one until there is
 * one run for each node of four; the last loop merges these four at once, so that keys cross between nodes once. */
#include "counted.h"

#include <string.h>

/* 8 MiB of keys and 8 MiB to merge into; a block is 32 KiB, a first-level cache; a piece of a merge is 128 KiB. */
enum { BLOCK = 4096, BLOCKS = 256, PIECE = 4 * BLOCK, KEYS = BLOCK * BLOCKS, NODES = 4, RUNS_MOST = 4, INSERTION = 16 };

static uint64_t     *keys, *spare;
static counted_piece pieces[BLOCKS];
static long run_keys, ways, piece_keys; /* of the loop that runs: length of an input run, how many become one */

static void fill(const counted_piece *piece)
{
    for (long i = piece->number * BLOCK; i < (piece->number + 1) * BLOCK; i++)
        keys[i] = counted_mix(1, (uint64_t)i);
}

static void insert_sort(uint64_t *key, long count)
{
    for (long i = 1; i < count; i++) {
        uint64_t moved = key[i];
        long     hole  = i;
        for (; hole > 0 && key[hole - 1] > moved; hole--)
            key[hole] = key[hole - 1];
        key[hole] = moved;
    }
}

/* Merges a[0, half) and a[half, count) into out. */
static void merge_halves(const uint64_t *a, long half, long count, uint64_t *out)
{
    long low = 0, high = half;
    for (long i = 0; i < count; i++)
        out[i] = high == count || (low < half && a[low] <= a[high]) ? a[low++] : a[high++];
}

static void sort_block(const counted_piece *piece)
{
    uint64_t *from = keys + piece->number * BLOCK, *to = spare + piece->number * BLOCK;
    for (long i = 0; i < BLOCK; i += INSERTION)
        insert_sort(from + i, INSERTION);
    for (long width = INSERTION; width < BLOCK; width *= 2) { /* eight times: it ends where it began */
        for (long i = 0; i < BLOCK; i += 2 * width)
            merge_halves(from + i, width, 2 * width, to + i);
        uint64_t *swap = from;
        from           = to;
        to             = swap;
    }
}

/* Keys of run[low, high) that come before the pivot, plus low; those equal to it do if `equals` says so. */
static long place_in(const uint64_t *run, long low, long high, uint64_t pivot, bool equals)
{
    while (low < high) {
        long mid = low + (high - low) / 2;
        if (run[mid] < pivot || (equals && run[mid] == pivot))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Where the first `target` keys of the merged output end in each run. Of a pivot from the widest window it is known how
 * many keys come before it, so one side of every window goes (multiway selection: Varman, Scheufler, Iyer, Ricard,
 * "Merging multiple lists on hierarchical-memory multiprocessors", J. Parallel Distrib. Comput. 12, 1991). */
static void find_cut(const uint64_t *base, long target, long *low)
{
    long high[RUNS_MOST], place[RUNS_MOST];
    for (long r = 0; r < ways; r++) {
        low[r]  = 0;
        high[r] = run_keys;
    }
    for (;;) {
        long widest = 0, before = 0;
        for (long r = 1; r < ways; r++)
            if (high[r] - low[r] > high[widest] - low[widest])
                widest = r;
        if (high[widest] == low[widest])
            return;
        long     mid   = low[widest] + (high[widest] - low[widest]) / 2;
        uint64_t pivot = base[widest * run_keys + mid];
        for (long r = 0; r < ways; r++) {
            place[r] = r == widest ? mid : place_in(base + r * run_keys, low[r], high[r], pivot, r < widest);
            before += place[r];
        }
        for (long r = 0; r < ways; r++) {
            if (before >= target)
                high[r] = place[r];
            else
                low[r] = place[r] + (r == widest);
        }
    }
}

static void merge_piece(const counted_piece *piece)
{
    long            at = piece->number * piece_keys, within = at % (run_keys * ways), next[RUNS_MOST], end[RUNS_MOST];
    const uint64_t *base = keys + at - within;
    find_cut(base, within, next);
    find_cut(base, within + piece_keys, end);
    for (long i = 0; i < piece_keys; i++) {
        long least = -1;
        for (long r = 0; r < ways; r++)
            if (next[r] < end[r] && (least < 0 || base[r * run_keys + next[r]] < base[least * run_keys + next[least]]))
                least = r;
        spare[at + i] = base[least * run_keys + next[least]++];
    }
}

static void prepare(void)
{
    keys  = counted_even_array(BLOCK * sizeof *keys, BLOCKS);
    spare = counted_even_array(BLOCK * sizeof *spare, BLOCKS);
    counted_even_pieces(pieces, BLOCKS, fill, keys, BLOCK * sizeof *keys);
    form_each(pieces, BLOCKS);
}

static void run(void)
{
    counted_even_pieces(pieces, BLOCKS, sort_block, keys, BLOCK * sizeof *keys);
    form_each(pieces, BLOCKS);
    for (run_keys = BLOCK; run_keys < KEYS; run_keys *= ways) {
        ways       = run_keys < KEYS / NODES ? 2 : NODES;
        piece_keys = run_keys * ways < PIECE ? run_keys * ways : PIECE;
        counted_even_pieces(pieces, KEYS / piece_keys, merge_piece, spare, (uint64_t)piece_keys * sizeof *keys);
        form_each(pieces, KEYS / piece_keys);
        uint64_t *swap = keys;
        keys           = spare;
        spare          = swap;
    }
}

/* 0: not sorted. */
static uint64_t check(void)
{
    uint64_t sum = 0;
    for (long i = 0; i < KEYS; i++) {
        if (i > 0 && keys[i - 1] > keys[i])
            return 0;
        sum = counted_mix(sum, keys[i]);
    }
    return sum;
}

const counted_kernel counted_sort = { "sort", prepare, run, check };
