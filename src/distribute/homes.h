/* SPDX-License-Identifier: BSD-3-Clause */
/* Which candidate of a branch holds a leaf: one load from a table over the leaves below the branch.
 *
 * Relies on the tree's invariant that the leaves below any domain are a run of consecutive numbers. */
#ifndef RMF_DISTRIBUTE_HOMES_H
#define RMF_DISTRIBUTE_HOMES_H

#include <ramify/policy.h>

typedef struct rmf_homes {
    uint32_t  first_leaf, leaf_count;
    uint32_t *candidate; /* [leaf - first_leaf]; the room is the caller's */
} rmf_homes;

/* Leaves below the branch, that is, the room rmf_homes_fill needs. */
static inline uint32_t rmf_homes_leaves(const ramify_branch *branch)
{
    return ramify_tree_domains(branch->tree, NULL)[branch->at].leaf_count;
}

/* candidate: room for rmf_homes_leaves() numbers; lives as long as *homes. */
static inline void rmf_homes_fill(rmf_homes *homes, const ramify_branch *branch, uint32_t *candidate)
{
    const ramify_domain *domains = ramify_tree_domains(branch->tree, NULL);
    homes->first_leaf            = domains[branch->at].first_leaf;
    homes->leaf_count            = domains[branch->at].leaf_count;
    homes->candidate             = candidate;
    for (uint32_t leaf = 0; leaf < homes->leaf_count; leaf++)
        candidate[leaf] = RAMIFY_PICK_STAY;
    for (uint32_t i = 0; i < branch->count; i++) {
        const ramify_domain *domain = &domains[branch->domains[i]];
        for (uint32_t leaf = 0; leaf < domain->leaf_count; leaf++)
            candidate[domain->first_leaf - homes->first_leaf + leaf] = i;
    }
}

/* The candidate that holds the leaf; RAMIFY_PICK_STAY when the leaf (or RAMIFY_NONE) is not below the branch. */
static inline uint32_t rmf_homes_of(const rmf_homes *homes, uint32_t leaf)
{
    uint32_t offset = leaf - homes->first_leaf; /* wraps to a large number for a leaf before the first */
    return offset < homes->leaf_count ? homes->candidate[offset] : RAMIFY_PICK_STAY;
}

#endif
