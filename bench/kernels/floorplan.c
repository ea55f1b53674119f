/* SPDX-License-Identifier: BSD-3-Clause */
/* Branch and bound, after the Barcelona suite's floorplan: place cells, each in one of two shapes, so that the
 * rectangle around them is least. A placement touches an earlier cell's corner; what already covers more than the best
 * known is cut. The least area is one; how many tasks find it depends on luck, as in every parallel branch and bound.
 */
#include "kernel.h"

enum {
    EDGE      = 64, /* of the board: a row is a word */
    CELLS_MAX = 12,
    SHAPES    = 2,
    CHILDREN  = SHAPES * CELLS_MAX * 2, /* shapes times corners */
    CUT_CELLS = 4,                      /* with a cut-off: deeper placements are no tasks */
};

typedef struct placed {
    int8_t row, column, height, width;
} placed;

/* A partial plan. */
typedef struct plan {
    BENCH_HEAD
    placed   cell[CELLS_MAX];
    uint64_t taken[EDGE];
    int32_t  count, height, width;
} plan;

static struct {
    int8_t  sides[CELLS_MAX][2];
    int32_t cells, cut;
    int32_t least; /* area; lowered by whoever finds better */
    plan    empty;
} the_problem;

static int32_t least_now(void)
{
    return __atomic_load_n(&the_problem.least,
                           __ATOMIC_RELAXED); /* order: relaxed; an old bound cuts less, not wrongly */
}

static void offer(int32_t area)
{
    int32_t least = least_now();

    /* order: relaxed; the number alone is what is shared */
    while (area < least &&
           !__atomic_compare_exchange_n(&the_problem.least, &least, area, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
}

/* Adds a cell to a copy of the plan; false when it does not fit or cannot lead to less than the best. */
static bool extend(const plan *from, placed cell, plan *to)
{
    if (cell.row + cell.height > EDGE || cell.column + cell.width > EDGE)
        return false;
    uint64_t mask = (((uint64_t)1 << cell.width) - 1) << cell.column;
    for (int row = cell.row; row < cell.row + cell.height; row++)
        if (from->taken[row] & mask)
            return false;
    int32_t height = cell.row + cell.height, width = cell.column + cell.width;
    height = height > from->height ? height : from->height;
    width  = width > from->width ? width : from->width;
    if (height * width >= least_now())
        return false;
    memcpy(to->cell, from->cell, sizeof to->cell);
    memcpy(to->taken, from->taken, sizeof to->taken);
    for (int row = cell.row; row < cell.row + cell.height; row++)
        to->taken[row] |= mask;
    to->cell[from->count] = cell;
    to->count             = from->count + 1;
    to->height            = height;
    to->width             = width;
    return true;
}

/* The n-th way to place the next cell: a shape, at the right or lower corner of an earlier cell. */
static placed candidate(const plan *p, int n)
{
    const int8_t *sides  = the_problem.sides[p->count];
    int           turned = n % SHAPES, corner = n / SHAPES;
    placed        cell = { 0, 0, sides[turned], sides[!turned] };

    if (p->count) {
        const placed *by = &p->cell[corner / 2];
        cell.row         = (int8_t)(corner % 2 ? by->row + by->height : by->row);
        cell.column      = (int8_t)(corner % 2 ? by->column : by->column + by->width);
    }
    return cell;
}

static int candidates(const plan *p)
{
    return p->count ? SHAPES * 2 * p->count : SHAPES;
}

static void search_serial(const plan *p)
{
    plan next;

    if (p->count == the_problem.cells) {
        offer(p->height * p->width);
        return;
    }
    for (int n = 0; n < candidates(p); n++)
        if (extend(p, candidate(p, n), &next))
            search_serial(&next);
}

static void search(BENCH_AT plan *p);
BENCH_FORKED(search, plan)

static void search_below(BENCH_AT plan *p)
{
    plan  *next = (plan *)__builtin_alloca((size_t)candidates(p) * sizeof *next);
    size_t made = 0;

    BENCH_SCOPE
    for (int n = 0; n < candidates(p); n++)
        if (extend(p, candidate(p, n), &next[made])) {
            BENCH_FORK(&next[made], search);
            made++;
        }
    BENCH_JOIN(next, made, search);
}

static void search(BENCH_AT plan *p)
{
    if (p->height * p->width >= least_now()) /* found since it was made */
        return;
    if (p->count == the_problem.cells || p->count >= the_problem.cut)
        search_serial(p);
    else
        search_below(BENCH_HERE p);
}

static void *prepare(long size, uint64_t seed, int32_t cut)
{
    memset(&the_problem, 0, sizeof the_problem);
    the_problem.cells = (int32_t)size;
    the_problem.cut   = cut;
    the_problem.least = EDGE * EDGE + 1;
    for (int i = 0; i < CELLS_MAX; i++)
        for (int side = 0; side < 2; side++)
            the_problem.sides[i][side] = (int8_t)(2 + bench_random(&seed) % 7);
    return &the_problem.empty;
}

static void *prepare_fine(long size, uint64_t seed)
{
    return prepare(size, seed, CELLS_MAX);
}

static void *prepare_cut(long size, uint64_t seed)
{
    return prepare(size, seed, CUT_CELLS);
}

static void run(void *state)
{
    plan *all = (plan *)state;

    BENCH_ROOT(all, search);
}

static bench_outcome finish(void *state)
{
    bench_outcome outcome = { (uint64_t)the_problem.least, 1 };

    (void)state;
    return outcome;
}

const bench_kernel bench_floorplan = {
    .name         = "floorplan",
    .summary      = "branch and bound: the least rectangle around cells, a task per placement",
    .size_is      = "cells",
    .loops        = false,
    .most         = CELLS_MAX,
    .tiny         = 4,
    .quick        = 6,
    .full         = 7,
    .seed         = 0,
    .prepare      = prepare_fine,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};

const bench_kernel bench_floorplan_cut = {
    .name         = "floorplan-cut",
    .summary      = "the same, tasks for the first four cells alone",
    .size_is      = "cells",
    .loops        = false,
    .most         = CELLS_MAX,
    .tiny         = 5,
    .quick        = 6,
    .full         = 7,
    .seed         = 0,
    .prepare      = prepare_cut,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
