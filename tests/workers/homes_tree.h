/* SPDX-License-Identifier: BSD-3-Clause */
/* Trees for simulated pools, made by hand. */
#ifndef RMF_TESTS_HOMES_TREE_H
#define RMF_TESTS_HOMES_TREE_H

#include <ramify/tree.h>

/* `packages` x 2 nodes x `per_node` cores, distance 12 within a package and 21 across. */
ramify_tree *homes_tree(uint32_t packages, uint32_t per_node);

/* One node of four cores. */
ramify_tree *homes_tree_flat(void);

#endif
