/* SPDX-License-Identifier: BSD-3-Clause */
/* Triangles of a Graph500 Kronecker graph: edges point to the end of higher degree, then each vertex intersects the
 * lists of those it points to. A loop over vertices whose costs differ by orders of magnitude. */
#include "graph.h"

enum { GRAIN = 16 };

typedef struct triangle_state {
    bench_graph g; /* oriented, rows sorted */
    uint32_t   *count;
} triangle_state;

/* Without a branch, as in the merge of msort.c: half of them would be mispredicted. Comparisons would be none either,
 * but gcc makes branches of them, and how it lays those out differs from form to form by 3 % of the time. */
static long in_common(const uint32_t *a, const uint32_t *a_end, const uint32_t *b, const uint32_t *b_end)
{
    long count = 0;

    while (a < a_end && b < b_end) {
        int64_t apart = (int64_t)*a - (int64_t)*b;
        int64_t less = apart >> 63, more = -apart >> 63; /* -1 when it is so */
        count += 1 + less + more;
        a += 1 + more;
        b += 1 + less;
    }
    return count;
}

static void count_at(triangle_state *s, long i)
{
    const bench_graph *g     = &s->g;
    const uint32_t    *begin = g->column + g->start[i], *end = g->column + g->start[i + 1];
    long               count = 0;

    for (const uint32_t *to = begin; to < end; to++)
        count += in_common(begin, end, g->column + g->start[*to], g->column + g->start[*to + 1]);
    s->count[i] = (uint32_t)count;
}
BENCH_LOOPED(count_at, triangle_state)

/* Keeps of each edge the direction to the vertex of higher degree; rows stay sorted. */
static void orient(bench_graph *g)
{
    long *degree = (long *)bench_alloc((size_t)g->rows * sizeof *degree), at = 0, begin = 0;

    for (long v = 0; v < g->rows; v++)
        degree[v] = g->start[v + 1] - g->start[v];
    for (long v = 0; v < g->rows; v++) {
        long end = g->start[v + 1];
        for (long e = begin; e < end; e++) {
            long to = (long)g->column[e];
            if (degree[to] > degree[v] || (degree[to] == degree[v] && to > v))
                g->column[at++] = (uint32_t)to;
        }
        begin           = end;
        g->start[v + 1] = at;
    }
    g->entries = at;
    free(degree);
}

static void *prepare(long size, uint64_t seed)
{
    triangle_state *s = (triangle_state *)bench_alloc(sizeof *s);

    bench_graph_make_undirected(&s->g, size, seed);
    orient(&s->g);
    s->count = (uint32_t *)bench_alloc((size_t)s->g.rows * sizeof *s->count);
    memset(s->count, 0, (size_t)s->g.rows * sizeof *s->count);
    return s;
}

static void run(void *state)
{
    triangle_state *s = (triangle_state *)state;

    BENCH_LOOP(count_at, triangle_state, s, s->g.rows, GRAIN);
}

static bench_outcome finish(void *state)
{
    triangle_state *s       = (triangle_state *)state;
    bench_outcome   outcome = { 0, (uint64_t)s->g.rows };

    for (long v = 0; v < s->g.rows; v++)
        outcome.check += s->count[v];
    bench_graph_drop(&s->g);
    free(s->count);
    free(s);
    return outcome;
}

const bench_kernel bench_triangles = {
    .name         = "triangles",
    .summary      = "triangles of a Kronecker graph, a loop over vertices of very different degree",
    .size_is      = "log2 of vertices",
    .loops        = true,
    .reads_input  = true,
    .most         = 26,
    .tiny         = 7,
    .quick        = 13,
    .full         = 15,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
