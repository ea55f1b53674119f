/* SPDX-License-Identifier: BSD-3-Clause */
/* Sparse matrix times vector on a power-law graph: R-MAT with Graph500's parameters, in blocks of equally many rows.
 *
 * The rows are not permuted, so the heavy rows lie together and some blocks hold a hundred times the work of others:
 * what a static split of rows gets wrong. Each block's sum is in row order, so the result is the same to the last bit
 * in every form. */
#include "kernel.h"

enum {
    EDGES_PER_VERTEX = 16, /* Graph500 */
    BLOCK_ROWS       = 128,
    PRODUCTS         = 40,
    RMAT_A           = 57,
    RMAT_B           = 19,
    RMAT_C           = 19, /* per cent; Graph500's initiator matrix */
};

typedef struct matrix {
    long      rows, entries;
    long     *start; /* rows + 1 */
    uint32_t *column;
    double   *value;
    double   *x, *y;
} matrix;

typedef struct row_block {
    matrix *m;
    long    first, end;
} row_block;

typedef struct spmv_state {
    matrix     m;
    row_block *blocks;
    double    *weights;
    long       block_count;
} spmv_state;

static void multiply_block(void *argument)
{
    const row_block *block = (const row_block *)argument;
    const matrix    *m     = block->m;

    for (long row = block->first; row < block->end; row++) {
        double sum = 0.0;
        for (long e = m->start[row]; e < m->start[row + 1]; e++)
            sum += m->value[e] * m->x[m->column[e]];
        m->y[row] = sum;
    }
}

/* One edge of the R-MAT graph: a quadrant per level of the adjacency matrix, by chance. */
static void rmat_edge(int scale, uint64_t *random, uint32_t *from, uint32_t *to)
{
    uint32_t row = 0, column = 0;

    for (int level = 0; level < scale; level += 4) { /* sixteen bits of chance for each of four levels */
        uint64_t bits = bench_random(random);
        for (int i = level; i < scale && i < level + 4; i++, bits >>= 16) {
            uint32_t chance = (uint32_t)((bits & 0xFFFF) * 100 >> 16);
            bool     down   = chance >= RMAT_A + RMAT_B;
            bool     right  = (chance >= RMAT_A && !down) || chance >= RMAT_A + RMAT_B + RMAT_C;
            row             = row << 1 | down;
            column          = column << 1 | right;
        }
    }
    *from = row;
    *to   = column;
}

/* Edges into compressed rows by counting; values are 1 / (degree), so that repeated products stay bounded. */
static void matrix_fill(matrix *m, int scale, uint64_t seed)
{
    uint32_t *from = (uint32_t *)bench_alloc((size_t)m->entries * sizeof *from);
    uint32_t *to   = (uint32_t *)bench_alloc((size_t)m->entries * sizeof *to);
    long     *next = (long *)bench_alloc((size_t)m->rows * sizeof *next);

    memset(m->start, 0, (size_t)(m->rows + 1) * sizeof *m->start);
    for (long e = 0; e < m->entries; e++) {
        rmat_edge(scale, &seed, &from[e], &to[e]);
        m->start[from[e] + 1]++;
    }
    for (long row = 0; row < m->rows; row++) {
        m->start[row + 1] += m->start[row];
        next[row] = m->start[row];
    }
    for (long e = 0; e < m->entries; e++) {
        long at       = next[from[e]]++;
        m->column[at] = to[e];
        m->value[at]  = 1.0 / (double)(m->start[from[e] + 1] - m->start[from[e]]);
    }
    free(from);
    free(to);
    free(next);
}

static void *prepare(long size, uint64_t seed)
{
    spmv_state *s = (spmv_state *)bench_alloc(sizeof *s);
    matrix     *m = &s->m;

    m->rows    = 1L << size;
    m->entries = m->rows * EDGES_PER_VERTEX;
    m->start   = (long *)bench_alloc((size_t)(m->rows + 1) * sizeof *m->start);
    m->column  = (uint32_t *)bench_alloc((size_t)m->entries * sizeof *m->column);
    m->value   = (double *)bench_alloc((size_t)m->entries * sizeof *m->value);
    m->x       = (double *)bench_alloc((size_t)m->rows * sizeof *m->x);
    m->y       = (double *)bench_alloc((size_t)m->rows * sizeof *m->y);
    matrix_fill(m, (int)size, seed);
    for (long row = 0; row < m->rows; row++)
        m->x[row] = 1.0 + (double)(row % 7);
    s->block_count = (m->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    s->blocks      = (row_block *)bench_alloc((size_t)s->block_count * sizeof *s->blocks);
    s->weights     = (double *)bench_alloc((size_t)s->block_count * sizeof *s->weights);
    for (long b = 0; b < s->block_count; b++) {
        long end      = (b + 1) * BLOCK_ROWS < m->rows ? (b + 1) * BLOCK_ROWS : m->rows;
        s->blocks[b]  = (row_block){ m, b * BLOCK_ROWS, end };
        s->weights[b] = 1.0 + (double)(m->start[end] - m->start[b * BLOCK_ROWS]) / (EDGES_PER_VERTEX * BLOCK_ROWS);
    }
    return s;
}

static void run(void *state)
{
    spmv_state  *s   = (spmv_state *)state;
    bench_blocks all = { multiply_block, s->blocks, sizeof *s->blocks, s->block_count, s->weights, false };

    for (int product = 0; product < PRODUCTS; product++) {
        bench_each(&all);
        double *swap = s->m.x;
        s->m.x       = s->m.y;
        s->m.y       = swap;
    }
}

static bench_outcome finish(void *state)
{
    spmv_state   *s       = (spmv_state *)state;
    bench_outcome outcome = { 0, (uint64_t)s->block_count * PRODUCTS };

    for (long row = 0; row < s->m.rows; row++)
        outcome.check = bench_mix(outcome.check, bench_bits(s->m.x[row]));
    free(s->m.start);
    free(s->m.column);
    free(s->m.value);
    free(s->m.x);
    free(s->m.y);
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
    .most         = 26,
    .tiny         = 9,
    .quick        = 15,
    .full         = 17,
    .quick_seed   = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
