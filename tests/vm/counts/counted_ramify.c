/* SPDX-License-Identifier: BSD-3-Clause */
/* Ramify's forms: arrays cut along the tree, and a task per piece. `affinity` says where its data are, `plain` says
 * nothing. */
#include "counted.h"

#include <ramify/ramify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ramify_runtime *runtime;
static ramify_group   *group;
static bool            has_affinity;

static void demand(ramify_status status, const char *call)
{
    if (status == RAMIFY_OK)
        return;
    fprintf(stderr, "counted: %s: %s; %s\n", call, ramify_status_text(status), ramify_status_advice(status));
    exit(2);
}

bool form_start(const char *form)
{
    has_affinity = strcmp(form, "affinity") == 0;
    if (!has_affinity && strcmp(form, "plain") != 0)
        return false;
    demand(ramify_start(NULL, &runtime), "ramify_start");
    demand(ramify_group_create(runtime, NULL, &group), "ramify_group_create");
    return true;
}

void form_stop(void)
{
    demand(ramify_stop(runtime), "ramify_stop");
}

/* Nodes that have workers: the homes of an array's parts. */
static uint32_t count_homes(const ramify_tree *tree)
{
    uint32_t homes = 0, last = RAMIFY_NONE;
    for (uint32_t leaf = 0; leaf < ramify_tree_leaf_count(tree); leaf++)
        if (ramify_tree_leaf(tree, leaf)->node != last) {
            last = ramify_tree_leaf(tree, leaf)->node;
            homes++;
        }
    return homes;
}

/* Where the next home's part begins, for each home but the first: at the part nearest to its share of the work. */
static void find_points(const uint64_t *start, const uint64_t *work, long count, uint64_t *points, uint32_t homes)
{
    uint64_t all = 0, before = 0;
    for (long p = 0; p < count; p++)
        all += work[p];
    long p = 0;
    for (uint32_t home = 1; home < homes; home++) {
        for (; p < count && (before + work[p] / 2) * homes < all * home; p++)
            before += work[p];
        points[home - 1] = start[p];
    }
}

void *form_array(const uint64_t *start, const uint64_t *work, long count)
{
    uint64_t           points[COUNTED_WORKERS];
    ramify_array      *array;
    ramify_placed      placed;
    const ramify_tree *tree = ramify_runtime_tree(runtime);
    const ramify_cut   cut  = { .rule = RAMIFY_CUT_POINTS, .points = points };
    const ramify_wish  wish = { .pages = RAMIFY_PAGES_SMALL, .strict = true, .touch = true };
    find_points(start, work, count, points, count_homes(tree));
    demand(ramify_array_create(ramify_runtime_space(runtime), start[count], 1, &cut, &wish, &array, &placed),
           "ramify_array_create");
    return ramify_array_memory(array);
}

static void run_piece(void *piece)
{
    counted_run(piece);
}

void form_each(const counted_piece *pieces, long count)
{
    static ramify_item items[COUNTED_PIECES];
    for (long p = 0; p < count; p++) {
        items[p] = (ramify_item){ .fn = run_piece, .argument = (void *)(uintptr_t)&pieces[p] };
        if (has_affinity)
            items[p].hint.near = pieces[p].data;
    }
    demand(ramify_submit_batch(group, items, (size_t)count, NULL), "ramify_submit_batch");
    demand(ramify_wait(group), "ramify_wait");
}

unsigned form_worker(void)
{
    return ramify_here().worker;
}
