/* SPDX-License-Identifier: BSD-3-Clause */
/* A program outside the tree, in C, written from the public headers alone: tasks that submit tasks, a batch with hints,
 * an error that comes back through its group. It prints the version it runs with when all of that came out right. */
#include <ramify/ramify.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAN_OUT = 4, DEPTH = 5, BATCH = 1000 };

struct branch {
    atomic_long *leaves;
    int          depth;
};

/* Counts the leaves of a tree of tasks. */
static void grow(void *argument)
{
    struct branch *branch = argument;
    if (branch->depth == 0)
        atomic_fetch_add(branch->leaves, 1);
    for (int i = 0; branch->depth > 0 && i < FAN_OUT; i++) {
        struct branch *child = malloc(sizeof *child);
        if (!child)
            abort();
        *child = (struct branch){ branch->leaves, branch->depth - 1 };
        if (ramify_submit(ramify_here().group, grow, child, NULL))
            abort();
    }
    free(branch);
}

static void square(void *cell)
{
    *(long *)cell *= *(long *)cell;
}

static void fail(void *code)
{
    (void)ramify_group_fail(ramify_here().group, *(int *)code);
}

static int count_leaves(ramify_group *group)
{
    atomic_long    leaves = 0;
    struct branch *root   = malloc(sizeof *root);
    if (!root)
        return 1;
    *root = (struct branch){ &leaves, DEPTH };
    if (ramify_submit(group, grow, root, NULL) || ramify_wait(group))
        return 1;
    return leaves != 1024; /* FAN_OUT to the power of DEPTH */
}

static int square_batch(ramify_group *group)
{
    static long        cells[BATCH];
    static ramify_item items[BATCH];
    size_t             taken = 0;
    for (long i = 0; i < BATCH; i++) {
        cells[i] = i;
        items[i] = (ramify_item){ square, &cells[i], ramify_keyed((uint64_t)i % 7) };
    }
    if (ramify_submit_batch(group, items, BATCH, &taken) || taken != BATCH || ramify_wait(group))
        return 1;
    for (long i = 0; i < BATCH; i++)
        if (cells[i] != i * i)
            return 1;
    return 0;
}

static int return_an_error(ramify_group *group)
{
    int code = 42;
    if (ramify_submit(group, fail, &code, NULL) || ramify_wait(group) != RAMIFY_ERR_TASK)
        return 1;
    return ramify_group_error(group) != 42 || ramify_group_reset(group) != RAMIFY_OK;
}

int main(void)
{
    ramify_runtime *rt;
    ramify_group   *group;
    ramify_counts   counts;
    if (ramify_start(&(ramify_options){ .policy = "numa:affinity, core:steal" }, &rt))
        return 1;
    if (ramify_group_create(rt, NULL, &group) || count_leaves(group) || square_batch(group) || return_an_error(group))
        return 2;
    if (ramify_runtime_counts(rt, RAMIFY_NONE, &counts) || counts.tasks != 1365 + BATCH + 1 || ramify_group_free(group))
        return 3;
    if (ramify_stop(rt))
        return 4;
    printf("Ramify %s\n", ramify_version());
    return 0;
}
