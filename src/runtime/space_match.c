/* SPDX-License-Identifier: BSD-3-Clause */
/* Matching domains by their CPUs; see space_match.h. */
#include "space_match.h"

#include <stdlib.h>

static uint64_t word_of(const ramify_bits *bits, uint32_t word)
{
    return word < bits->word_count ? bits->words[word] : 0;
}

/* True when `outer` has all of `inner` that `limit` has. */
static bool holds(const ramify_bits *outer, const ramify_bits *inner, const ramify_bits *limit)
{
    for (uint32_t w = 0; w < inner->word_count; w++)
        if (word_of(inner, w) & word_of(limit, w) & ~word_of(outer, w))
            return false;
    return true;
}

static uint32_t nearest_to_node(const ramify_tree *to, uint32_t node)
{
    uint32_t             count;
    const ramify_memory *memories = ramify_tree_memories(to, &count);
    for (uint32_t i = 0; i < count; i++)
        if (memories[i].os_index == node)
            return memories[i].domain;
    return RAMIFY_NONE;
}

static uint32_t match(const ramify_domain *domain, const ramify_tree *to)
{
    static const ramify_bits none = { NULL, 0 };
    const ramify_domain     *all  = ramify_tree_domains(to, NULL);
    if (holds(&none, &domain->cpus, &all[0].cpus))
        return nearest_to_node(to, domain->node);
    uint32_t at = 0;
    for (uint32_t child = 0; child < all[at].child_count;) {
        uint32_t below = all[at].first_child + child++;
        if (!holds(&all[below].cpus, &domain->cpus, &all[0].cpus))
            continue;
        at    = below;
        child = 0;
    }
    return at;
}

ramify_status rmf_space_match(const ramify_tree *from, const ramify_tree *to, uint32_t **map)
{
    uint32_t             count;
    const ramify_domain *domains = ramify_tree_domains(from, &count);
    bool                 same    = ramify_tree_is_this_machine(from) && ramify_tree_is_this_machine(to);
    uint32_t            *m       = malloc(count * sizeof *m);
    if (!m)
        return RAMIFY_ERR_NO_MEMORY;
    for (uint32_t d = 0; d < count; d++)
        m[d] = same ? match(&domains[d], to) : RAMIFY_NONE;
    *map = m;
    return RAMIFY_OK;
}
