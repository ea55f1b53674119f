/* SPDX-License-Identifier: BSD-3-Clause */
/* Climbing from a leaf to the root. */
#include "victims.h"

void rmf_victims_init(rmf_victims *victims, const ramify_tree *tree, uint32_t leaf)
{
    const ramify_domain *domains = ramify_tree_domains(tree, NULL);
    const ramify_domain *below   = ramify_tree_leaf(tree, leaf);

    victims->steps = 0;
    while (below->parent != RAMIFY_NONE) {
        const ramify_domain *at = &domains[below->parent];
        if (victims->steps + 1 == RMF_STEPS_MAX)
            at = &domains[0];
        victims->step[victims->steps++] = (rmf_step){
            .domain      = at->index,
            .level       = at->level,
            .first       = at->first_leaf,
            .end         = at->first_leaf + at->leaf_count,
            .inner_first = below->first_leaf,
            .inner_end   = below->first_leaf + below->leaf_count,
        };
        below = at;
    }
}
