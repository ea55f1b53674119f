/* SPDX-License-Identifier: BSD-3-Clause */
/* Merge sort of records with random keys, level by level. Blocks are sorted alone, eight to a piece; then each loop
 * merges runs into runs, cut into pieces of equal output, each of which finds its own place in the inputs. Two runs are
 * merged into one until there is one run for each node of four; the last loop merges these four at once, so that records
 * cross between nodes once: three of four must, 3.75 % of all that is read and written. */
#include "counted.h"

#include <string.h>

/* 16 MiB of records and as much to merge into; a block and what it is merged into are a first-level cache of 32 KiB; a
 * piece of a merge is 128 KiB. */
enum {
    BLOCK     = 512,
    BLOCKS    = 1024,
    PIECE     = 8 * BLOCK,
    RECORDS   = BLOCK * BLOCKS,
    NODES     = 4,
    RUNS_MOST = 4,
    INSERTION = 8
};

typedef struct record {
    uint64_t key, rest[3];
} record;

static record       *records, *spare;
static counted_piece pieces[BLOCKS];
static long run_records, ways, piece_records; /* of the loop that runs: length of an input run, how many become one */

static void fill(const counted_piece *piece)
{
    for (long i = piece->number * BLOCK; i < (piece->number + 1) * BLOCK; i++)
        records[i] = (record){ counted_mix(1, (uint64_t)i), { (uint64_t)i } };
}

static void insert_sort(record *r, long count)
{
    for (long i = 1; i < count; i++) {
        record moved = r[i];
        long   hole  = i;
        for (; hole > 0 && r[hole - 1].key > moved.key; hole--)
            r[hole] = r[hole - 1];
        r[hole] = moved;
    }
}

/* Merges a[0, half) and a[half, count) into out. */
static void merge_halves(const record *a, long half, long count, record *out)
{
    long low = 0, high = half;
    for (long i = 0; i < count; i++)
        out[i] = high == count || (low < half && a[low].key <= a[high].key) ? a[low++] : a[high++];
}

static void sort_block(record *from, record *to)
{
    for (long i = 0; i < BLOCK; i += INSERTION)
        insert_sort(from + i, INSERTION);
    for (long width = INSERTION; width < BLOCK; width *= 2) { /* six times: it ends where it began */
        for (long i = 0; i < BLOCK; i += 2 * width)
            merge_halves(from + i, width, 2 * width, to + i);
        record *swap = from;
        from         = to;
        to           = swap;
    }
}

static void sort_piece(const counted_piece *piece)
{
    for (long at = piece->number * PIECE; at < (piece->number + 1) * PIECE; at += BLOCK)
        sort_block(records + at, spare + at);
}

/* Keys of run[low, high) that come before the pivot, plus low; those equal to it do if `equals` says so. */
static long place_in(const record *run, long low, long high, uint64_t pivot, bool equals)
{
    while (low < high) {
        long mid = low + (high - low) / 2;
        if (run[mid].key < pivot || (equals && run[mid].key == pivot))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Where the first `target` keys of the merged output end in each run, none of them more than `within` behind low[run]
 * as it is handed in. Of a pivot from the widest window it is known how many keys come before it, so one side of every
 * window goes (multiway selection: Varman, Scheufler, Iyer, Ricard, "Merging multiple lists on hierarchical-memory
 * multiprocessors", J. Parallel Distrib. Comput. 12, 1991). */
static void find_cut(const record *base, long target, long within, long *low)
{
    long high[RUNS_MOST], place[RUNS_MOST];
    for (long r = 0; r < ways; r++)
        high[r] = low[r] + within < run_records ? low[r] + within : run_records;
    for (;;) {
        long widest = 0, before = 0;
        for (long r = 1; r < ways; r++)
            if (high[r] - low[r] > high[widest] - low[widest])
                widest = r;
        if (high[widest] == low[widest])
            return;
        long     mid   = low[widest] + (high[widest] - low[widest]) / 2;
        uint64_t pivot = base[widest * run_records + mid].key;
        for (long r = 0; r < ways; r++) {
            place[r] = r == widest ? mid : place_in(base + r * run_records, low[r], high[r], pivot, r < widest);
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
    long at = piece->number * piece_records, within = at % (run_records * ways), next[RUNS_MOST] = { 0 },
         end[RUNS_MOST];
    const record *base = records + at - within;
    find_cut(base, within, run_records, next);
    memcpy(end, next, sizeof end);
    find_cut(base, within + piece_records, piece_records, end); /* near: it touches only what is merged anyway */
    for (long i = 0; i < piece_records; i++) {
        long least = -1;
        for (long r = 0; r < ways; r++)
            if (next[r] < end[r] &&
                (least < 0 || base[r * run_records + next[r]].key < base[least * run_records + next[least]].key))
                least = r;
        spare[at + i] = base[least * run_records + next[least]++];
    }
}

static void prepare(void)
{
    records = counted_even_array(BLOCK * sizeof *records, BLOCKS);
    spare   = counted_even_array(BLOCK * sizeof *spare, BLOCKS);
    counted_even_pieces(pieces, BLOCKS, fill, records, BLOCK * sizeof *records);
    form_each(pieces, BLOCKS);
}

static void run(void)
{
    counted_even_pieces(pieces, RECORDS / PIECE, sort_piece, records, PIECE * sizeof *records);
    form_each(pieces, RECORDS / PIECE);
    for (run_records = BLOCK; run_records < RECORDS; run_records *= ways) {
        ways          = run_records < RECORDS / NODES ? 2 : NODES;
        piece_records = run_records * ways < PIECE ? run_records * ways : PIECE;
        counted_even_pieces(pieces, RECORDS / piece_records, merge_piece, spare,
                            (uint64_t)piece_records * sizeof *spare);
        form_each(pieces, RECORDS / piece_records);
        record *swap = records;
        records      = spare;
        spare        = swap;
    }
}

/* 0: not sorted. */
static uint64_t check(void)
{
    uint64_t sum = 0;
    for (long i = 0; i < RECORDS; i++) {
        if (i > 0 && records[i - 1].key > records[i].key)
            return 0;
        sum = counted_mix(counted_mix(sum, records[i].key), records[i].rest[0]);
    }
    return sum;
}

const counted_kernel counted_sort = { "sort", prepare, run, check };
