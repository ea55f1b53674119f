/* SPDX-License-Identifier: BSD-3-Clause */
/* Sparse matrix times vector on a power-law graph: R-MAT with Graph500's parameters, or the user's own matrix, in
 * blocks of equally many rows.
 *
 * The rows are not permuted, so the heavy rows lie together and some blocks hold a hundred times the work of others:
 * what a static split of rows gets wrong. Each block's sum is in row order, so the result is the same to the last bit
 * in every form. */
#include "graph.h"

enum {
    BLOCK_ROWS = 128,
    PRODUCTS   = 40,
};

typedef struct spmv_state spmv_state;

typedef struct row_block {
    const spmv_state *s;
    long              first, end;
} row_block;

struct spmv_state {
    bench_graph m;
    double     *x, *y;
    row_block  *blocks;
    double     *weights;
    long        block_count;
};

static void multiply_block(void *argument)
{
    const row_block   *block = (const row_block *)argument;
    const bench_graph *m     = &block->s->m;
    const double      *x     = block->s->x;

    for (long row = block->first; row < block->end; row++) {
        double sum = 0.0;
        for (long e = m->start[row]; e < m->start[row + 1]; e++)
            sum += m->value[e] * x[m->column[e]];
        block->s->y[row] = sum;
    }
}

static void *prepare(long size, uint64_t seed)
{
    spmv_state  *s = (spmv_state *)bench_alloc(sizeof *s);
    bench_graph *m = &s->m;

    bench_graph_make(m, size, seed);
    if (m->rows != m->columns) {
        fprintf(stderr, "bench: repeated products need a square matrix; this one has %ld rows and %ld columns\n",
                m->rows, m->columns);
        exit(2);
    }
    s->x = (double *)bench_alloc((size_t)m->rows * sizeof *s->x);
    s->y = (double *)bench_alloc((size_t)m->rows * sizeof *s->y);
    for (long row = 0; row < m->rows; row++)
        s->x[row] = 1.0 + (double)(row % 7);
    s->block_count = (m->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    s->blocks      = (row_block *)bench_alloc((size_t)s->block_count * sizeof *s->blocks);
    s->weights     = (double *)bench_alloc((size_t)s->block_count * sizeof *s->weights);
    for (long b = 0; b < s->block_count; b++) {
        long end      = (b + 1) * BLOCK_ROWS < m->rows ? (b + 1) * BLOCK_ROWS : m->rows;
        s->blocks[b]  = (row_block){ s, b * BLOCK_ROWS, end };
        s->weights[b] = 1.0 + (double)(m->start[end] - m->start[b * BLOCK_ROWS]) * (double)m->rows /
                                  ((double)(m->entries + 1) * (double)BLOCK_ROWS);
    }
    return s;
}

static void run(void *state)
{
    spmv_state  *s   = (spmv_state *)state;
    bench_blocks all = { multiply_block, s->blocks, sizeof *s->blocks, s->block_count, s->weights, false };

    for (int product = 0; product < PRODUCTS; product++) {
        bench_each(&all);
        double *swap = s->x;
        s->x         = s->y;
        s->y         = swap;
    }
}

static bench_outcome finish(void *state)
{
    spmv_state   *s       = (spmv_state *)state;
    bench_outcome outcome = { 0, (uint64_t)s->block_count * PRODUCTS };

    for (long row = 0; row < s->m.rows; row++)
        outcome.check = bench_mix(outcome.check, bench_bits(s->x[row]));
    bench_graph_drop(&s->m);
    free(s->x);
    free(s->y);
    free(s->blocks);
    free(s->weights);
    free(s);
    return outcome;
}

const bench_kernel bench_spmv = {
    .name         = "spmv",
    .summary      = "forty sparse matrix-vector products on an R-MAT graph, 128 rows per block, rows skewed",
    .size_is      = "log2 of rows",
    .loops        = true,
    .reads_input  = true,
    .most         = 26,
    .tiny         = 9,
    .quick        = 15,
    .full         = 17,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
