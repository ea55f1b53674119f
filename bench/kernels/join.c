/* SPDX-License-Identifier: BSD-3-Clause */
/* Radix hash join with skewed keys: the query-execution pattern. Both relations are split into partitions by hash
 * (count per block, prefix sums, scatter per block), then each partition builds a table of one side and probes it with
 * the other. Probe keys follow a square law, so partitions differ in size; the hint tells how much. */
#include "kernel.h"

enum {
    PARTITIONS   = 256,
    BLOCK_TUPLES = 8192,
    PROBE_FACTOR = 4,  /* the probed side is this many times the built one */
    SLOTS_LEAST  = 16, /* of a table */
    SLOTS_FACTOR = 4,  /* a power of two at least twice the tuples is less than four times as many */
};

typedef struct relation {
    uint64_t *in, *out; /* keys as they come; by partition */
    long      count, blocks;
    long     *place; /* blocks x PARTITIONS: counts, then where the block's tuples of a partition go */
    long     *start; /* PARTITIONS + 1 */
} relation;

typedef struct split_block {
    relation *r;
    long      number;
} split_block;

typedef struct join_part {
    const relation *build, *probe;
    uint64_t       *tables; /* of all partitions; a partition's own begins at table_at */
    long            number;
    uint64_t        matches, check;
} join_part;

typedef struct join_state {
    relation     build, probe;
    split_block *build_blocks, *probe_blocks;
    join_part   *parts;
    uint64_t    *tables; /* made once: memory from the system costs more than the join, and is not what is compared */
    double      *weights;
} join_state;

/* Where a partition's table begins, given where its tuples begin. */
static long table_at(long start, long number)
{
    return SLOTS_FACTOR * start + SLOTS_LEAST * number;
}

static uint32_t partition_of(uint64_t key)
{
    return (uint32_t)(key * 0x9E3779B97F4A7C15u >> 56); /* Fibonacci hashing, the top eight bits */
}

static void count_block(void *argument)
{
    const split_block *b   = (const split_block *)argument;
    long              *row = b->r->place + b->number * PARTITIONS;
    long               end = (b->number + 1) * BLOCK_TUPLES;

    memset(row, 0, PARTITIONS * sizeof *row);
    for (long i = b->number * BLOCK_TUPLES; i < b->r->count && i < end; i++)
        row[partition_of(b->r->in[i])]++;
}

static void scatter_block(void *argument)
{
    const split_block *b   = (const split_block *)argument;
    long              *row = b->r->place + b->number * PARTITIONS;
    long               end = (b->number + 1) * BLOCK_TUPLES;

    for (long i = b->number * BLOCK_TUPLES; i < b->r->count && i < end; i++)
        b->r->out[row[partition_of(b->r->in[i])]++] = b->r->in[i];
}

static void relation_split(relation *r, split_block *blocks)
{
    bench_blocks all = { count_block, blocks, sizeof *blocks, r->blocks, NULL, true };
    long         at  = 0;

    bench_each(&all);
    for (long p = 0; p < PARTITIONS; p++) {
        r->start[p] = at;
        for (long b = 0; b < r->blocks; b++) {
            long count                   = r->place[b * PARTITIONS + p];
            r->place[b * PARTITIONS + p] = at;
            at += count;
        }
    }
    r->start[PARTITIONS] = at;
    all.fn               = scatter_block;
    bench_each(&all);
}

/* Open addressing at most half full; a key is its own tuple, 0 marks an empty slot (no key is 0). */
static void join_partition(void *argument)
{
    join_part      *part    = (join_part *)argument;
    const uint64_t *build   = part->build->out + part->build->start[part->number];
    const uint64_t *probe   = part->probe->out + part->probe->start[part->number];
    long            b_count = part->build->start[part->number + 1] - part->build->start[part->number];
    long            p_count = part->probe->start[part->number + 1] - part->probe->start[part->number];
    uint64_t        mask    = SLOTS_LEAST - 1;
    uint64_t       *table   = part->tables + table_at(part->build->start[part->number], part->number);

    while (mask < (uint64_t)b_count * 2)
        mask = mask * 2 + 1;
    memset(table, 0, (mask + 1) * sizeof *table);
    for (long i = 0; i < b_count; i++) {
        uint64_t slot = bench_mix(0, build[i]) & mask;
        while (table[slot] && table[slot] != build[i])
            slot = (slot + 1) & mask;
        table[slot] = build[i];
    }
    for (long i = 0; i < p_count; i++) {
        uint64_t slot = bench_mix(0, probe[i]) & mask;
        while (table[slot] && table[slot] != probe[i])
            slot = (slot + 1) & mask;
        part->matches += table[slot] == probe[i];
        part->check += table[slot];
    }
}

static void relation_make(relation *r, long count)
{
    r->count  = count;
    r->blocks = (count + BLOCK_TUPLES - 1) / BLOCK_TUPLES;
    r->in     = (uint64_t *)bench_alloc((size_t)count * sizeof *r->in);
    r->out    = (uint64_t *)bench_alloc((size_t)count * sizeof *r->out);
    r->place  = (long *)bench_alloc((size_t)r->blocks * PARTITIONS * sizeof *r->place);
    r->start  = (long *)bench_alloc((PARTITIONS + 1) * sizeof *r->start);
    memset(r->out, 0, (size_t)count * sizeof *r->out);
}

static split_block *relation_blocks(relation *r)
{
    split_block *blocks = (split_block *)bench_alloc((size_t)r->blocks * sizeof *blocks);

    for (long b = 0; b < r->blocks; b++)
        blocks[b] = (split_block){ r, b };
    return blocks;
}

static void *prepare(long size, uint64_t seed)
{
    join_state *s = (join_state *)bench_alloc(sizeof *s);

    relation_make(&s->build, size);
    relation_make(&s->probe, size * PROBE_FACTOR);
    for (long i = 0; i < s->build.count; i++)
        s->build.in[i] = (uint64_t)i + 1;
    for (long i = 0; i < s->probe.count; i++) {
        double chance  = (double)(bench_random(&seed) >> 11) * 0x1p-53; /* a sixteenth of the probes miss */
        s->probe.in[i] = 1 + (uint64_t)(chance * chance * chance * chance * (double)size * 17 / 16);
    }
    s->build_blocks = relation_blocks(&s->build);
    s->probe_blocks = relation_blocks(&s->probe);
    s->parts        = (join_part *)bench_alloc(PARTITIONS * sizeof *s->parts);
    s->weights      = (double *)bench_alloc(PARTITIONS * sizeof *s->weights);
    size_t bytes    = (size_t)table_at(size, PARTITIONS) * sizeof *s->tables;
    s->tables       = (uint64_t *)bench_alloc(bytes);
    memset(s->tables, 0, bytes);
    for (long p = 0; p < PARTITIONS; p++)
        s->parts[p] = (join_part){ &s->build, &s->probe, s->tables, p, 0, 0 };
    return s;
}

static void run(void *state)
{
    join_state *s = (join_state *)state;

    relation_split(&s->build, s->build_blocks);
    relation_split(&s->probe, s->probe_blocks);
    double mean = (double)(s->build.count + s->probe.count) / (double)PARTITIONS;
    for (long p = 0; p < PARTITIONS; p++) {
        long tuples   = s->build.start[p + 1] - s->build.start[p] + s->probe.start[p + 1] - s->probe.start[p];
        s->weights[p] = (double)tuples / mean;
    }
    bench_blocks parts = { join_partition, s->parts, sizeof *s->parts, PARTITIONS, s->weights, false };
    bench_each(&parts);
}

static void relation_drop(relation *r)
{
    free(r->in);
    free(r->out);
    free(r->place);
    free(r->start);
}

static bench_outcome finish(void *state)
{
    join_state   *s       = (join_state *)state;
    bench_outcome outcome = { 0, (uint64_t)(2 * s->build.blocks + 2 * s->probe.blocks + PARTITIONS) };

    for (long p = 0; p < PARTITIONS; p++)
        outcome.check = bench_mix(bench_mix(outcome.check, s->parts[p].matches), s->parts[p].check);
    relation_drop(&s->build);
    relation_drop(&s->probe);
    free(s->build_blocks);
    free(s->probe_blocks);
    free(s->parts);
    free(s->tables);
    free(s->weights);
    free(s);
    return outcome;
}

const bench_kernel bench_join = {
    .name         = "join",
    .summary      = "radix hash join of two relations with skewed keys: count, scatter, build and probe 256 partitions",
    .size_is      = "tuples of the built side",
    .loops        = true,
    .linear       = true,
    .most         = 1L << 28,
    .tiny         = 3000,
    .quick        = 400000,
    .full         = 1500000,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
