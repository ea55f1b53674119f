/* SPDX-License-Identifier: BSD-3-Clause */
/* Graph500's generator, packing into compressed rows, and the undirected form. */
#include "graph.h"

enum {
    RMAT_A = 57,
    RMAT_B = 19,
    RMAT_C = 19, /* per cent; Graph500's initiator matrix */
};

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

void bench_graph_pack(bench_graph *g, const uint32_t *from, const uint32_t *to, const double *values, long count)
{
    long *next = (long *)bench_alloc((size_t)(g->rows + 1) * sizeof *next);

    g->entries = count;
    g->start   = (long *)bench_alloc((size_t)(g->rows + 1) * sizeof *g->start);
    g->column  = (uint32_t *)bench_alloc((size_t)(count + 1) * sizeof *g->column);
    g->value   = values ? (double *)bench_alloc((size_t)(count + 1) * sizeof *g->value) : NULL;
    memset(g->start, 0, (size_t)(g->rows + 1) * sizeof *g->start);
    for (long e = 0; e < count; e++)
        g->start[from[e] + 1]++;
    for (long row = 0; row < g->rows; row++) {
        g->start[row + 1] += g->start[row];
        next[row] = g->start[row];
    }
    for (long e = 0; e < count; e++) {
        long at       = next[from[e]]++;
        g->column[at] = to[e];
        if (values)
            g->value[at] = values[e];
    }
    free(next);
}

static void graph_draw(bench_graph *g, int scale, uint64_t seed)
{
    long      count = (1L << scale) * BENCH_EDGES_PER_VERTEX;
    uint32_t *from  = (uint32_t *)bench_alloc((size_t)count * sizeof *from);
    uint32_t *to    = (uint32_t *)bench_alloc((size_t)count * sizeof *to);

    g->rows = g->columns = 1L << scale;
    for (long e = 0; e < count; e++)
        rmat_edge(scale, &seed, &from[e], &to[e]);
    bench_graph_pack(g, from, to, NULL, count);
    free(from);
    free(to);
}

static void give_values(bench_graph *g)
{
    g->value = (double *)bench_alloc((size_t)(g->entries + 1) * sizeof *g->value);
    for (long row = 0; row < g->rows; row++)
        for (long e = g->start[row]; e < g->start[row + 1]; e++)
            g->value[e] = 1.0 / (double)(g->start[row + 1] - g->start[row]);
}

void bench_graph_make(bench_graph *g, long scale, uint64_t seed)
{
    if (bench_input)
        bench_graph_read(g, bench_input);
    else
        graph_draw(g, (int)scale, seed);
    if (!g->value)
        give_values(g);
}

/* Sorted rows without loops and repetitions, from rows that were packed twice: by column, then by row, which sorts. */
static void compact(bench_graph *g)
{
    long at = 0, begin = 0;

    for (long row = 0; row < g->rows; row++) {
        long end = g->start[row + 1], first = at;
        for (long e = begin; e < end; e++)
            if (g->column[e] != (uint32_t)row && (at == first || g->column[at - 1] != g->column[e]))
                g->column[at++] = g->column[e];
        begin             = end;
        g->start[row + 1] = at;
    }
    g->entries = at;
}

void bench_graph_make_undirected(bench_graph *g, long scale, uint64_t seed)
{
    bench_graph drawn, turned;

    bench_graph_make(&drawn, scale, seed);
    if (drawn.rows < drawn.columns) { /* a file may name more columns than rows */
        drawn.start = (long *)realloc(drawn.start, (size_t)(drawn.columns + 1) * sizeof *drawn.start);
        for (long row = drawn.rows; drawn.start && row < drawn.columns; row++)
            drawn.start[row + 1] = drawn.entries;
        drawn.rows = drawn.columns;
    }
    long      twice = drawn.entries * 2;
    uint32_t *from  = (uint32_t *)bench_alloc((size_t)(twice + 1) * sizeof *from);
    uint32_t *to    = (uint32_t *)bench_alloc((size_t)(twice + 1) * sizeof *to);
    long      at    = 0;
    for (long row = 0; row < drawn.rows; row++)
        for (long e = drawn.start[row]; e < drawn.start[row + 1]; e++, at += 2) {
            from[at] = to[at + 1] = (uint32_t)row;
            to[at] = from[at + 1] = drawn.column[e];
        }
    turned.rows = turned.columns = g->rows = g->columns = drawn.rows;
    bench_graph_pack(&turned, to, from, NULL, twice);
    at = 0;
    for (long row = 0; row < turned.rows; row++)
        for (long e = turned.start[row]; e < turned.start[row + 1]; e++, at++) {
            from[at] = turned.column[e];
            to[at]   = (uint32_t)row;
        }
    bench_graph_pack(g, from, to, NULL, twice);
    compact(g);
    bench_graph_drop(&drawn);
    bench_graph_drop(&turned);
    free(from);
    free(to);
}

void bench_graph_drop(bench_graph *g)
{
    free(g->start);
    free(g->column);
    free(g->value);
}
