/* SPDX-License-Identifier: BSD-3-Clause */
/* n-queens: count all placements, a forked task per placed queen, down to a cut-off or to the last, bit masks for the
 * three directions. Subtrees differ in size by orders of magnitude, and no one knows which before looking. */
#include "kernel.h"

enum {
    TASK_ROWS = 5, /* rows that are tasks; below, serial: tens of thousands of tasks of some microseconds at n = 14 */
    N_KNOWN   = 16,
    N_MAX     = 32, /* columns in a mask */
};

typedef struct board {
    BENCH_HEAD
    uint32_t columns, left, right; /* attacked columns of the next row */
    int32_t  row;
    uint64_t solutions, tasks; /* out: of this board and all that follow from it */
} board;

static struct {
    uint32_t all; /* n ones */
    int32_t  n, task_rows;
    board    empty;
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

static void place(BENCH_AT board *b);
BENCH_FORKED(place, board)

static void place(BENCH_AT board *b)
{
    board    next[N_MAX];
    uint32_t queens = 0;

    b->tasks = 1;
    if (b->row >= the_search.task_rows || b->row == the_search.n) {
        b->solutions = count_below(b->columns, b->left, b->right);
        return;
    }
    BENCH_SCOPE
    for (uint32_t room = the_search.all & ~(b->columns | b->left | b->right); room; room &= room - 1) {
        uint32_t queen = room & (0u - room);
        board   *child = &next[queens++];
        child->columns = b->columns | queen;
        child->left    = (b->left | queen) << 1;
        child->right   = (b->right | queen) >> 1;
        child->row     = b->row + 1;
        BENCH_FORK(child, place);
    }
    BENCH_JOIN(next, queens, place);
    b->solutions = 0;
    for (uint32_t i = 0; i < queens; i++) {
        b->solutions += next[i].solutions;
        b->tasks += next[i].tasks;
    }
}

static void *prepare_rows(long size, int32_t task_rows)
{
    the_search.task_rows = task_rows;
    the_search.n         = (int32_t)size;
    the_search.all       = (1u << size) - 1;
    memset(&the_search.empty, 0, sizeof the_search.empty);
    return &the_search.empty;
}

static void *prepare(long size, uint64_t seed)
{
    (void)seed; /* the board has no chance in it */
    return prepare_rows(size, TASK_ROWS);
}

static void *prepare_fine(long size, uint64_t seed)
{
    (void)seed;
    return prepare_rows(size, (int32_t)size);
}

static void run(void *state)
{
    board *empty = (board *)state;

    BENCH_ROOT(empty, place);
}

static bench_outcome finish(void *state)
{
    const board  *empty   = (const board *)state;
    bench_outcome outcome = { empty->solutions, empty->tasks };

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
    .name         = "queens",
    .summary      = "n-queens, all placements, a task per queen in the first five rows",
    .size_is      = "queens",
    .loops        = false,
    .most         = N_MAX - 1,
    .tiny         = 7,
    .quick        = 12,
    .full         = 13,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = known,
};

const bench_kernel bench_queens_fine = {
    .name         = "queens-fine",
    .summary      = "the same, a task per queen in every row",
    .size_is      = "queens",
    .loops        = false,
    .most         = N_MAX - 1,
    .tiny         = 7,
    .quick        = 10,
    .full         = 11,
    .seed         = 0,
    .prepare      = prepare_fine,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = known,
};
