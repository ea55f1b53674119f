/* SPDX-License-Identifier: BSD-3-Clause */
/* Breadth-first searches of a Graph500 Kronecker graph, level by level: a loop over the frontier, whose vertices have
 * from one to thousands of edges. The first begins at the vertex of highest degree, the others at vertices spread over
 * the graph that have edges, as Graph500 has 64 of them. Who reaches a vertex first is luck, its level is not. */
#include "graph.h"

enum {
    UNSEEN    = -1,
    GRAIN     = 32, /* vertices of the frontier: some microseconds, unless a heavy one is among them */
    FOUND_MAX = 64, /* kept before they go to the next frontier together */
    SEARCHES  = 8,
};

typedef struct bfs_state {
    bench_graph g;
    int32_t    *level;
    uint32_t   *now, *next;
    long        now_count, next_count, reached;
    int32_t     depth;
    uint32_t    root[SEARCHES];
    uint64_t    check;
} bfs_state;

static void append(bfs_state *s, const uint32_t *found, long count)
{
    long at =
        __atomic_fetch_add(&s->next_count, count, __ATOMIC_RELAXED); /* order: relaxed; the loop's end publishes */

    memcpy(s->next + at, found, (size_t)count * sizeof *found);
}

static void expand(bfs_state *s, long i)
{
    uint32_t vertex = s->now[i], found[FOUND_MAX];
    long     count  = 0;

    for (long e = s->g.start[vertex]; e < s->g.start[vertex + 1]; e++) {
        uint32_t to     = s->g.column[e];
        int32_t  unseen = UNSEEN;
        /* order: relaxed; one of those that reach it at once wins, and all would write the same */
        if (__atomic_load_n(&s->level[to], __ATOMIC_RELAXED) != UNSEEN ||
            !__atomic_compare_exchange_n(&s->level[to], &unseen, s->depth, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            continue;
        found[count++] = to;
        if (count == FOUND_MAX) {
            append(s, found, count);
            count = 0;
        }
    }
    if (count)
        append(s, found, count);
}
BENCH_LOOPED(expand, bfs_state)

static long degree_of(const bench_graph *g, long vertex)
{
    return g->start[vertex + 1] - g->start[vertex];
}

static void choose_roots(bfs_state *s)
{
    const bench_graph *g = &s->g;

    for (long v = 0; v < g->rows; v++)
        if (degree_of(g, v) > degree_of(g, s->root[0]))
            s->root[0] = (uint32_t)v;
    for (long n = 1; n < SEARCHES; n++) {
        long v = g->rows / SEARCHES * n;
        while (v + 1 < g->rows && degree_of(g, v) == 0)
            v++;
        s->root[n] = (uint32_t)v;
    }
}

static void *prepare(long size, uint64_t seed)
{
    bfs_state *s = (bfs_state *)bench_alloc(sizeof *s);

    memset(s, 0, sizeof *s);
    bench_graph_make_undirected(&s->g, size, seed);
    s->level = (int32_t *)bench_alloc((size_t)s->g.rows * sizeof *s->level);
    s->now   = (uint32_t *)bench_alloc((size_t)s->g.rows * sizeof *s->now);
    s->next  = (uint32_t *)bench_alloc((size_t)s->g.rows * sizeof *s->next);
    for (long v = 0; v < s->g.rows; v++) {
        s->level[v] = UNSEEN;
        s->now[v] = s->next[v] = 0;
    }
    choose_roots(s);
    return s;
}

static void search(bfs_state *s, uint32_t root)
{
    s->depth       = 0;
    s->level[root] = 0;
    s->now[0]      = root;
    s->now_count   = 1;
    while (s->now_count) {
        s->reached += s->now_count;
        s->check = bench_mix(s->check, (uint64_t)s->now_count);
        s->depth++;
        s->next_count = 0;
        BENCH_LOOP(expand, bfs_state, s, s->now_count, GRAIN);
        uint32_t *swap = s->now;
        s->now         = s->next;
        s->next        = swap;
        s->now_count   = s->next_count;
    }
}

static void run(void *state)
{
    bfs_state *s = (bfs_state *)state;

    for (int n = 0; n < SEARCHES; n++) {
        if (n)
            memset(s->level, UNSEEN, (size_t)s->g.rows * sizeof *s->level); /* -1 is all ones */
        search(s, s->root[n]);
    }
}

static bench_outcome finish(void *state)
{
    bfs_state    *s       = (bfs_state *)state;
    bench_outcome outcome = { s->check, (uint64_t)s->reached };

    for (long v = 0; v < s->g.rows; v++)
        outcome.check = bench_mix(outcome.check, (uint64_t)(int64_t)s->level[v]);
    bench_graph_drop(&s->g);
    free(s->level);
    free(s->now);
    free(s->next);
    free(s);
    return outcome;
}

const bench_kernel bench_bfs = {
    .name         = "bfs",
    .summary      = "eight breadth-first searches of a Kronecker graph, level by level, a loop over each frontier",
    .size_is      = "log2 of vertices",
    .loops        = true,
    .reads_input  = true,
    .most         = 26,
    .tiny         = 8,
    .quick        = 15,
    .full         = 16,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
