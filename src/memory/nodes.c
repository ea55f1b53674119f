/* SPDX-License-Identifier: BSD-3-Clause */
/* Choosing nodes for a domain by merit, and measuring how far nodes are apart. */
#include "nodes.h"

rmf_nodes rmf_nodes_of(const ramify_tree *tree)
{
    rmf_nodes n = { .tree = tree };
    n.domains   = ramify_tree_domains(tree, &n.domain_count);
    n.memories  = ramify_tree_memories(tree, &n.count);
    for (uint32_t i = 0; i < n.count; i++)
        n.sizes_known |= n.memories[i].bytes != 0;
    return n;
}

uint32_t rmf_nodes_position(const rmf_nodes *nodes, uint32_t os_index)
{
    for (uint32_t i = 0; i < nodes->count; i++)
        if (nodes->memories[i].os_index == os_index)
            return i;
    return RAMIFY_NONE;
}

bool rmf_nodes_has_memory(const rmf_nodes *nodes, uint32_t position)
{
    return nodes->memories[position].bytes || !nodes->sizes_known;
}

static bool is_below(const rmf_nodes *nodes, uint32_t below, uint32_t above)
{
    while (below != above && below != RAMIFY_NONE)
        below = nodes->domains[below].parent;
    return below == above;
}

/* Better is more. The order of kinds where firmware gives no figures: HBM has a multiple of DRAM's bandwidth and
 * somewhat more latency (Intel Xeon Max, Fujitsu A64FX); far memory is behind both in either. */
static uint64_t merit_by_kind(uint32_t kind, uint32_t merit)
{
    static const uint8_t bandwidth[] = {
        [RAMIFY_MEMORY_UNKNOWN] = 2, [RAMIFY_MEMORY_DRAM] = 2, [RAMIFY_MEMORY_HBM] = 3, [RAMIFY_MEMORY_FAR] = 1
    };
    static const uint8_t latency[] = {
        [RAMIFY_MEMORY_UNKNOWN] = 3, [RAMIFY_MEMORY_DRAM] = 3, [RAMIFY_MEMORY_HBM] = 2, [RAMIFY_MEMORY_FAR] = 1
    };
    return merit == RAMIFY_MERIT_BANDWIDTH ? bandwidth[kind] : latency[kind];
}

static uint64_t figure_of(const ramify_memory *memory, uint32_t merit)
{
    switch (merit) {
    case RAMIFY_MERIT_BANDWIDTH: return memory->bandwidth_mib_per_second;
    case RAMIFY_MERIT_CAPACITY: return memory->bytes;
    default: return memory->latency_ns;
    }
}

/* Better is more. */
static uint64_t merit_of(const ramify_memory *memory, uint32_t merit, bool measured)
{
    if (!measured)
        return merit == RAMIFY_MERIT_CAPACITY ? 0 : merit_by_kind(memory->kind, merit);
    uint64_t figure = figure_of(memory, merit);
    return merit == RAMIFY_MERIT_LATENCY ? UINT64_MAX - figure : figure;
}

/* Adds the nodes that are local to a domain. */
static void list_local(const rmf_nodes *nodes, uint32_t domain, rmf_choice *choice)
{
    for (uint32_t i = 0; i < nodes->count; i++) {
        uint32_t at = nodes->memories[i].domain;
        if (rmf_nodes_has_memory(nodes, i) && (is_below(nodes, domain, at) || is_below(nodes, at, domain)))
            choice->position[choice->count++] = i;
    }
}

/* Keeps the best of the nodes listed. */
static void keep_best(const rmf_nodes *nodes, uint32_t merit, rmf_choice *choice)
{
    uint64_t best    = 0;
    uint32_t kept    = 0;
    choice->measured = choice->count != 0;
    for (uint32_t i = 0; i < choice->count; i++)
        choice->measured &= figure_of(&nodes->memories[choice->position[i]], merit) != 0;
    for (uint32_t i = 0; i < choice->count; i++) {
        uint64_t value = merit_of(&nodes->memories[choice->position[i]], merit, choice->measured);
        if (value > best)
            kept = 0;
        if (value < best)
            continue;
        best                     = value;
        choice->position[kept++] = choice->position[i];
    }
    choice->count = kept;
}

static void list_ordinary(const rmf_nodes *nodes, uint32_t domain, rmf_choice *choice)
{
    for (uint32_t i = 0; i < nodes->count; i++)
        if (nodes->memories[i].has_cpus && rmf_nodes_has_memory(nodes, i) &&
            is_below(nodes, nodes->memories[i].domain, domain))
            choice->position[choice->count++] = i;
    uint32_t near = choice->count ? RAMIFY_NONE : rmf_nodes_position(nodes, nodes->domains[domain].node);
    if (near != RAMIFY_NONE)
        choice->position[choice->count++] = near;
}

void rmf_nodes_choose(const rmf_nodes *nodes, uint32_t domain, uint32_t merit, rmf_choice *choice)
{
    choice->count    = 0;
    choice->measured = false;
    if (merit != RAMIFY_MERIT_ANY) {
        list_local(nodes, domain, choice);
        keep_best(nodes, merit, choice);
    }
    if (!choice->count)
        list_ordinary(nodes, domain, choice);
}

uint32_t rmf_nodes_distance(const rmf_nodes *nodes, uint32_t from, uint32_t to)
{
    const ramify_memory *a = &nodes->memories[from], *b = &nodes->memories[to];
    uint32_t             distance = ramify_tree_node_distance(nodes->tree, a->os_index, b->os_index);
    if (distance)
        return distance;
    uint32_t levels = 0;
    for (uint32_t d = a->domain; !is_below(nodes, b->domain, d); d = nodes->domains[d].parent)
        levels++;
    return from == to ? 0 : 255 + levels;
}

uint32_t rmf_nodes_nearest(const rmf_nodes *nodes, uint32_t from, const uint64_t *free_bytes, uint64_t least)
{
    uint32_t best = RAMIFY_NONE, best_distance = 0;
    for (uint32_t i = 0; i < nodes->count; i++) {
        if (!rmf_nodes_has_memory(nodes, i) || free_bytes[i] < least)
            continue;
        uint32_t distance = rmf_nodes_distance(nodes, from, i);
        if (best == RAMIFY_NONE || distance < best_distance ||
            (distance == best_distance && nodes->memories[i].has_cpus && !nodes->memories[best].has_cpus)) {
            best          = i;
            best_distance = distance;
        }
    }
    return best;
}
