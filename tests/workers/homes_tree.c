/* SPDX-License-Identifier: BSD-3-Clause */
/* Building the trees; see homes_tree.h. */
#include "homes_tree.h"

#include "topology/machines.h"

static ramify_tree *finish(rmf_machine *m)
{
    ramify_tree *tree = build(m, NULL, NULL);
    rmf_machine_free(m);
    return tree;
}

ramify_tree *homes_tree(uint32_t packages, uint32_t per_node)
{
    rmf_machine *m     = make_machine((plan_of_machine){ packages, 2, per_node, 1 });
    uint32_t     nodes = packages * 2;
    for (uint32_t i = 0; i < nodes; i++)
        for (uint32_t k = 0; k < nodes; k++)
            m->distances[i * nodes + k] = i == k ? 10 : i / 2 == k / 2 ? 12 : 21;
    return finish(m);
}

ramify_tree *homes_tree_flat(void)
{
    return finish(make_machine((plan_of_machine){ 1, 1, 4, 1 }));
}
