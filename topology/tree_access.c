/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a tree: the plain questions of ramify/tree.h. */
#include "tree_inside.h"

const char *ramify_level_name(int level)
{
    static const char *const names[] = {
#define NAME(name, text) text,
        RAMIFY_LEVEL_TABLE(NAME)
#undef NAME
    };
    return level >= 0 && level < RAMIFY_LEVEL_COUNT ? names[level] : NULL;
}

const ramify_domain *ramify_tree_domains(const ramify_tree *tree, uint32_t *count)
{
    if (count)
        *count = tree->count;
    return tree->domains;
}

uint32_t ramify_tree_leaf_count(const ramify_tree *tree)
{
    return tree->leaf_count;
}

const ramify_domain *ramify_tree_leaf(const ramify_tree *tree, uint32_t leaf)
{
    return leaf < tree->leaf_count ? &tree->domains[tree->leaves[leaf]] : NULL;
}

uint32_t ramify_tree_common(const ramify_tree *tree, uint32_t leaf_a, uint32_t leaf_b)
{
    if (leaf_a >= tree->leaf_count || leaf_b >= tree->leaf_count)
        return RAMIFY_NONE;
    uint32_t at = tree->leaves[leaf_a];
    while (leaf_b < tree->domains[at].first_leaf ||
           leaf_b >= tree->domains[at].first_leaf + tree->domains[at].leaf_count)
        at = tree->domains[at].parent;
    return at;
}

uint32_t ramify_tree_leaf_of_pu(const ramify_tree *tree, uint32_t pu)
{
    return pu < tree->words * 64 ? tree->leaf_of_pu[pu] : RAMIFY_NONE;
}

const ramify_memory *ramify_tree_memories(const ramify_tree *tree, uint32_t *count)
{
    *count = tree->memory_count;
    return tree->memories;
}

static uint32_t position_of(const ramify_tree *tree, uint32_t node)
{
    for (uint32_t n = 0; n < tree->memory_count; n++)
        if (tree->memories[n].os_index == node)
            return n;
    return RAMIFY_NONE;
}

uint32_t ramify_tree_node_distance(const ramify_tree *tree, uint32_t from_node, uint32_t to_node)
{
    uint32_t from = position_of(tree, from_node), to = position_of(tree, to_node);
    if (from == RAMIFY_NONE || to == RAMIFY_NONE)
        return 0;
    return tree->distances[(size_t)from * tree->memory_count + to];
}

ramify_limit ramify_tree_limit(const ramify_tree *tree)
{
    return tree->limit;
}

const char *ramify_tree_reason(const ramify_tree *tree)
{
    return tree->reason;
}

const char *ramify_tree_source(const ramify_tree *tree)
{
    return tree->source;
}

bool ramify_tree_is_this_machine(const ramify_tree *tree)
{
    return tree->this_machine;
}
