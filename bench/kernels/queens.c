/* SPDX-License-Identifier: BSD-3-Clause */
/* n-queens: count all placements, a detached task per placed queen down to a cut-off, bit masks for the three
 * directions. Subtrees differ in size by orders of magnitude, and no one knows which before looking. */
#include "kernel.h"

enum {
    TASK_ROWS = 5, /* rows that are tasks; below, serial: tens of thousands of tasks of some microseconds at n = 14 */
    N_KNOWN   = 16,
};

typedef struct board {
    uint32_t columns, left, right; /* attacked columns of the next row */
    int32_t  row;
} board;

static struct {
    uint32_t     all; /* n ones */
    int32_t      n;
    bench_tally *solutions; /* per worker */
    bench_tally *tasks;
} the_search;

static uint64_t count_below(uint32_t columns, uint32_t left, uint32_t right)
{
    uint32_t all   = the_search.all;
    uint64_t count = 0;

    if (columns == all)
        return 1;
    for (uint32_t room = all & ~(columns | left | right); room; room &= room - 1) {
        uint32_t queen = room & (0u - room);
        count += count_below(columns | queen, (left | queen) << 1, (right | queen) >> 1);
    }
    return count;
}

static void place(void *argument)
{
    const board *b = (const board *)argument;

    the_search.tasks[bench_self()].count++;
    if (b->row >= TASK_ROWS || b->row == the_search.n) {
        uint64_t count = count_below(b->columns, b->left, b->right);
        the_search.solutions[bench_self()].count += count;
        return;
    }
    for (uint32_t room = the_search.all & ~(b->columns | b->left | b->right); room; room &= room - 1) {
        uint32_t queen = room & (0u - room);
        board    next  = { b->columns | queen, (b->left | queen) << 1, (b->right | queen) >> 1, b->row + 1 };
        BENCH_DETACH(place, board, next);
    }
}

static void *prepare(long size, uint64_t seed)
{
    size_t bytes = BENCH_WORKERS_MAX * sizeof(bench_tally);

    (void)seed; /* the board has no chance in it */
    the_search.n         = (int32_t)size;
    the_search.all       = (1u << size) - 1;
    the_search.solutions = (bench_tally *)bench_alloc(bytes);
    the_search.tasks     = (bench_tally *)bench_alloc(bytes);
    memset(the_search.solutions, 0, bytes);
    memset(the_search.tasks, 0, bytes);
    return &the_search;
}

static void run(void *state)
{
    board empty = { 0, 0, 0, 0 };

    (void)state;
    place(&empty);
}

static bench_outcome finish(void *state)
{
    bench_outcome outcome = { 0, 0 };

    (void)state;
    for (int w = 0; w < BENCH_WORKERS_MAX; w++) {
        outcome.check += the_search.solutions[w].count;
        outcome.tasks += the_search.tasks[w].count;
    }
    free(the_search.solutions);
    free(the_search.tasks);
    return outcome;
}

/* OEIS A000170. */
static bool known(long size, uint64_t seed, uint64_t *check)
{
    static const uint64_t solutions[N_KNOWN + 1] = { 1,   1,   0,    0,     2,     10,     4,       40,      92,
                                                     352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512 };

    (void)seed;
    if (size < 0 || size > N_KNOWN)
        return false;
    *check = solutions[size];
    return true;
}

const bench_kernel bench_queens = {
    .name       = "queens",
    .summary    = "n-queens, all placements, a task per queen in the first five rows",
    .size_is    = "queens",
    .loops      = false,
    .tiny       = 7,
    .quick      = 13,
    .full       = 14,
    .quick_seed = 0,
    .prepare    = prepare,
    .run        = run,
    .finish     = finish,
    .known      = known,
};
