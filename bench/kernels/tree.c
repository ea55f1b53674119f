/* SPDX-License-Identifier: BSD-3-Clause */
/* A binary tree of empty tasks: every node forks both children and joins them, and nothing is computed. What remains is
 * the runtime, with two forks alive at a time where fib has one. */
#include "kernel.h"

typedef struct tree_job {
    BENCH_HEAD
    long depth;
} tree_job;

static void grow(BENCH_AT tree_job *job);
BENCH_FORKED(grow, tree_job)

static void grow(BENCH_AT tree_job *job)
{
    if (job->depth == 0)
        return;
    tree_job child[2];
    child[0].depth = child[1].depth = job->depth - 1;
    BENCH_SCOPE
    BENCH_FORK(&child[0], grow);
    BENCH_FORK(&child[1], grow);
    BENCH_JOIN(child, 2, grow);
    __asm__ volatile(""); /* or the serial form is found to do nothing and left out */
}

static void *prepare(long size, uint64_t seed)
{
    tree_job *root = (tree_job *)bench_alloc(sizeof *root);

    (void)seed;
    root->depth = size;
    return root;
}

static void run(void *state)
{
    tree_job *root = (tree_job *)state;

    BENCH_ROOT(root, grow);
}

static bench_outcome finish(void *state)
{
    tree_job     *root    = (tree_job *)state;
    bench_outcome outcome = { (uint64_t)root->depth, (2ull << root->depth) - 1 };

    free(root);
    return outcome;
}

const bench_kernel bench_tree = {
    .name         = "tree",
    .summary      = "a binary tree of empty tasks, both children forked and joined",
    .size_is      = "depth",
    .loops        = false,
    .most         = 40,
    .tiny         = 10,
    .quick        = 16,
    .full         = 18,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
