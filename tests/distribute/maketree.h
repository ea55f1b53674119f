/* SPDX-License-Identifier: BSD-3-Clause */
/* Trees from a line of text, and submitters that place into them, for tests of the policies.
 *
 *     domain := level {'+' level} ['#' pu] ['@' os-index] ['*' capacity] ['(' domain {domain} ')']
 *
 * "node(numa(core core) numa(core core*0.5))". Leaves get the PUs 0, 1, .. unless '#' says otherwise; packages and NUMA
 * nodes likewise by '@'. The file defines the library's accessors of trees for the program it is linked into. */
#ifndef RAMIFY_TESTS_MAKETREE_H
#define RAMIFY_TESTS_MAKETREE_H

#include "plan.h"

#include <ramify/tree.h>

ramify_tree *tree_from(const char *text);

/* "numa:4 core:8" below a node, without the leaf `skip` (RAMIFY_NONE: none); the others keep their PUs. */
ramify_tree *tree_regular(const char *levels, uint32_t skip);

void tree_drop(ramify_tree *tree);

/* Loads by domain, and one submitter's view of them. */
typedef struct submitter {
    const ramify_tree *tree;
    double            *load; /* [domain] */
    uint64_t           random;
    ramify_hint        hint;
    ramify_pick        pick;
} submitter;

/* from_leaf is RAMIFY_NONE; set pick.from_leaf for another. Freed by submitter_drop. */
void submitter_make(submitter *s, const ramify_tree *tree, uint64_t seed);
void submitter_drop(submitter *s);

/* Places one task and adds its weight to the load of the domain and of all above it. */
uint32_t submitter_place(submitter *s, rmf_plan *plan, uint32_t from);

/* A plan that must compile. */
rmf_plan *plan_of(const ramify_tree *tree, const char *text);

/* True when `below` is `above` or under it. */
bool is_below(const ramify_tree *tree, uint32_t below, uint32_t above);

#endif
