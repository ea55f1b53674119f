/* SPDX-License-Identifier: BSD-3-Clause */
/* Who depends on whom (Task Bench, table II), and what a task does. */
#include "metg.h"

#include <stdlib.h>
#include <string.h>

/* As in the publication's random patterns: five neighbours, three different rows in turn, a quarter of them. */
enum { RADIX = METG_DEPS_MAX, PERIOD = 3 };
static const double FRACTION = 0.25;

/* Fills deps with points of the row above; how many. `step` is at least 1. */
typedef uint32_t (*pattern_fn)(uint32_t width, uint32_t step, uint32_t point, uint32_t *deps);

static uint32_t trivial(uint32_t width, uint32_t step, uint32_t point, uint32_t *deps)
{
    (void)width, (void)step, (void)point, (void)deps;
    return 0;
}

static uint32_t stencil(uint32_t width, uint32_t step, uint32_t point, uint32_t *deps)
{
    uint32_t n = 0;

    (void)step;
    for (uint32_t p = point ? point - 1 : 0; p <= point + 1 && p < width; p++)
        deps[n++] = p;
    return n;
}

static uint32_t fft(uint32_t width, uint32_t step, uint32_t point, uint32_t *deps)
{
    uint32_t stages = 0, n = 0;

    while ((1u << stages) < width)
        stages++;
    uint32_t reach = stages ? 1u << ((step - 1) % stages) : width;
    if (point >= reach)
        deps[n++] = point - reach;
    deps[n++] = point;
    if (point + reach < width)
        deps[n++] = point + reach;
    return n;
}

static uint32_t tree(uint32_t width, uint32_t step, uint32_t point, uint32_t *deps)
{
    (void)width, (void)step;
    deps[0] = point / 2;
    return 1;
}

/* SplitMix64 of the edge, in [0, 1). */
static double chance(uint64_t row, uint64_t from, uint64_t to)
{
    uint64_t z = (row << 40 ^ from << 20 ^ to) * 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static uint32_t random_nearest(uint32_t width, uint32_t step, uint32_t point, uint32_t *deps)
{
    uint32_t n = 0, first = point > RADIX / 2 ? point - RADIX / 2 : 0;

    for (uint32_t p = first; p <= point + (RADIX - 1) / 2 && p < width; p++)
        if (p == point || chance(step % PERIOD, p, point) < FRACTION)
            deps[n++] = p;
    return n;
}

static uint32_t spread(uint32_t width, uint32_t step, uint32_t point, uint32_t *deps)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < RADIX; i++) {
        uint32_t p = (point + i * width / RADIX + (i ? step % PERIOD : 0)) % width, k = 0;
        while (k < n && deps[k] != p)
            k++;
        if (k == n)
            deps[n++] = p;
    }
    return n;
}

static const struct pattern {
    const char *name;
    pattern_fn  deps;
} patterns[] = {
    { "trivial", trivial },
    { "stencil_1d", stencil },
    { "fft", fft },
    { "tree", tree },
    { "random_nearest", random_nearest },
    { "spread", spread },
};
enum { PATTERNS = sizeof patterns / sizeof patterns[0] };

const char *metg_pattern_name(int i)
{
    return i < PATTERNS ? patterns[i].name : NULL;
}

/* The tree's rows double until they are as wide as the others. */
static uint32_t row_width(pattern_fn deps, uint32_t width, uint32_t step)
{
    return deps == tree && step < 31 && (1u << step) < width ? 1u << step : width;
}

static void add_row(metg_graph *graph, pattern_fn deps, uint32_t step, uint32_t above)
{
    uint32_t points = row_width(deps, graph->width, step);

    for (uint32_t p = 0; p < points; p++) {
        metg_task *t = &graph->task[graph->tasks++];
        t->step      = step;
        t->point     = p;
        t->count     = step ? deps(graph->width, step, p, t->deps) : 0;
        for (uint32_t i = 0; i < t->count; i++)
            t->deps[i] += above;
        graph->edges += t->count;
    }
}

metg_graph *metg_graph_make(const char *pattern, uint32_t width, uint32_t steps)
{
    const struct pattern *p = patterns;

    while (p < patterns + PATTERNS && strcmp(p->name, pattern) != 0)
        p++;
    if (p == patterns + PATTERNS)
        return NULL;
    metg_graph *graph = (metg_graph *)calloc(1, sizeof *graph);
    size_t      most  = (size_t)width * steps;
    if (!graph)
        abort();
    graph->width = width;
    graph->steps = steps;
    graph->task  = (metg_task *)malloc(most * sizeof *graph->task);
    graph->mark  = (metg_mark *)aligned_alloc(64, most * sizeof *graph->mark);
    if (!graph->task || !graph->mark)
        abort();
    memset(graph->mark, 0, most * sizeof *graph->mark);
    for (uint32_t step = 0, above = 0; step < steps; step++) {
        uint32_t begin = graph->tasks;
        add_row(graph, p->deps, step, above);
        above = begin;
    }
    return graph;
}

void metg_graph_free(metg_graph *graph)
{
    free(graph->task);
    free(graph->mark);
    free(graph);
}

/* 64 multiply-adds per iteration on 16 numbers that stay in registers, so that a short task is not mostly loads. */
double metg_kernel(long iterations)
{
    double a[16];

    for (int i = 0; i < 16; i++)
        a[i] = 1.0 + i * 0.01;
    for (long n = 0; n < 4 * iterations; n++)
        for (int i = 0; i < 16; i++)
            a[i] = a[i] * 0.999 + 0.001;
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            a[i] += a[i + half];
    return a[0];
}

void metg_perform(metg_graph *graph, uint32_t task)
{
    const metg_task *t    = &graph->task[task];
    metg_mark       *mark = &graph->mark[task];

    for (uint32_t i = 0; i < t->count; i++) {
        const metg_task *due   = &graph->task[t->deps[i]];
        const metg_mark *found = &graph->mark[t->deps[i]];
        if (found->step != due->step || found->point != due->point || found->run != graph->run)
            __atomic_store_n(&graph->wrong, true, __ATOMIC_RELAXED);
    }
    mark->value = metg_kernel(graph->iterations);
    mark->step  = t->step;
    mark->point = t->point;
    mark->run   = graph->run;
}
