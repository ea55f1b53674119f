/* SPDX-License-Identifier: BSD-3-Clause */
/* Fork and join between two workers, in all interleavings with two preemptions and many with more: the owner forks,
 * shares when asked, takes back, joins and leapfrogs; the thief asks, claims, runs, wakes the owner. Every call of the
 * recursion happens exactly once, results are there when a join returns, and nobody is left asleep.
 *
 * Compiled with EXPLORE_MUTANT against sources with a fault put in, it must find the fault. */
#include "explore_pool.h"
#include "forks.h"

#include "explore_main.h"

enum { NODES = 32 };

/* A node of the recursion; children of i are 2 i and 2 i + 1. */
typedef struct node_fork {
    ramify_fork fork;
    int         node, depth, value;
} node_fork;

static int           ran[NODES];
static int           depth_wanted, flat_wanted, root_value;
static bool          submits;
static ramify_group *group;
static int           ran_submitted;

static int grow(ramify_context context, int node, int depth);

static void grow_stolen(ramify_context context, ramify_fork *fork)
{
    node_fork *f = (node_fork *)fork;
    f->value     = grow(context, f->node, f->depth);
}

static void count_submitted(void *argument)
{
    ++*(int *)argument;
}

/* The number of nodes below and with this one. */
static int grow(ramify_context context, int node, int depth)
{
    if (ran[node]++)
        explore_fail("a call of the recursion happened twice");
    if (depth == 0)
        return 1;
    node_fork left = { .node = 2 * node, .depth = depth - 1, .value = -100 };
    context        = ramify_fork_push(context, &left.fork, grow_stolen);
    if (submits && ramify_submit(group, count_submitted, &ran_submitted, NULL))
        explore_fail("a submission was refused");
    int right = grow(context, 2 * node + 1, depth - 1);
    if (ramify_fork_join(&context, &left.fork))
        left.value = grow(context, left.node, left.depth);
    if (left.value < 0)
        explore_fail("a join returned before the thief was done");
    return 1 + left.value + right;
}

/* Several forks of one function at once, joined in the opposite order. */
static int spread(ramify_context context, int first, int count)
{
    node_fork forks[4];
    int       sum = 0;
    for (int i = 0; i < count; i++) {
        forks[i] = (node_fork){ .node = first + i, .depth = 0, .value = -100 };
        context  = ramify_fork_push(context, &forks[i].fork, grow_stolen);
    }
    for (int i = count; i-- > 0;) {
        if (ramify_fork_join(&context, &forks[i].fork))
            forks[i].value = grow(context, forks[i].node, 0);
        sum += forks[i].value;
    }
    return sum;
}

static void root(ramify_context context, ramify_fork *fork)
{
    (void)fork;
    if (!flat_wanted)
        root_value = grow(context, 1, depth_wanted);
    else /* twice: the second time in slots that thieves have emptied */
        root_value = spread(context, 2, flat_wanted) + spread(context, 2 + flat_wanted, flat_wanted);
}

static void make(int depth, int flat, bool with_submissions)
{
    explored_pool_make();
    for (int i = 0; i < NODES; i++)
        ran[i] = 0;
    depth_wanted  = depth;
    flat_wanted   = flat;
    submits       = with_submissions;
    group         = explored_group(NULL);
    ran_submitted = root_value = 0;
}

static void setup_small(void)
{
    make(1, 0, false);
}

static void setup_tree(void)
{
    make(2, 0, false);
}

static void setup_flat(void)
{
    make(0, 2, false);
}

static void setup_mixed(void)
{
    make(2, 0, true);
}

static void owner(void)
{
    ramify_fork fork = { .run = root };
    explored_play(0);
    if (rmf_fork_call(explored_pool, NULL, &fork))
        explore_fail("a fork call was refused");
    if (ramify_wait(group))
        explore_fail("waiting failed");
    explored_stop();
}

/* Comes from outside, while both workers work. */
static void caller(void)
{
    ramify_fork fork = { .run = root };
    if (rmf_fork_call(explored_pool, group, &fork))
        explore_fail("a fork call was refused");
    explored_stop();
}

static void first_worker(void)
{
    explored_work(0);
}

static void thief(void)
{
    explored_work(1);
}

static const char *check(void)
{
    int calls = 0, wanted = flat_wanted ? 2 * flat_wanted : (2 << depth_wanted) - 1;
    for (int i = 0; i < NODES; i++)
        calls += ran[i];
    if (calls != wanted || root_value != wanted)
        return "a call of the recursion is missing, or its result";
    if (submits && ran_submitted != (1 << depth_wanted) - 1)
        return "a submitted task did not run";
    return explored_fault();
}

static const explore_case cases[] = {
    { "forks: one", 2, 3, 1000, setup_small, { owner, thief }, check, explored_pool_drop, 20000 },
    { "forks: two side by side, twice", 2, 2, 1000, setup_flat, { owner, thief }, check, explored_pool_drop, 20000 },
    { "forks: a tree", 2, 2, 1000, setup_tree, { owner, thief }, check, explored_pool_drop, 50000 },
    { "forks: a tree that submits", 2, 1, 200, setup_mixed, { owner, thief }, check, explored_pool_drop, 20000 },
    { "forks: a tree from outside",
      3,
      1,
      1000,
      setup_tree,
      { caller, first_worker, thief },
      check,
      explored_pool_drop,
      20000 },
};

int main(void)
{
    explored_pool_open();
    int status = explore_main(cases, sizeof cases / sizeof cases[0]);
    explored_pool_close();
    return status;
}
