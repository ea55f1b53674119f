/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory in the tree: which domain each NUMA node belongs to, and which node is nearest to each domain.
 *
 * A node belongs to the smallest domain that holds all of its leaves; memory without CPUs is thus a tier of a domain,
 * never a branch. Nearest is the node a PU belongs to; where that has no memory, the one at the least distance; where
 * no distance is known, one that hangs on the lowest domain above. */
#include "tree_inside.h"

#include <stdlib.h>

static uint32_t node_words_of(const rmf_machine *m)
{
    uint32_t words = 1;
    for (uint32_t n = 0; n < m->node_count; n++)
        if (m->nodes[n].os_index / 64 + 1 > words)
            words = m->nodes[n].os_index / 64 + 1;
    return words;
}

static bool make_room(const rmf_machine *m, ramify_tree *t)
{
    size_t nodes    = m->node_count;
    t->node_words   = node_words_of(m);
    t->memory_count = m->node_count;
    t->memories     = calloc(nodes + 1, sizeof *t->memories);
    t->distances    = calloc(nodes * nodes + 1, sizeof *t->distances);
    t->node_storage = calloc(t->count, t->node_words * sizeof *t->node_storage);
    if (!t->memories || !t->distances || !t->node_storage)
        return false;
    memcpy(t->distances, m->distances, nodes * nodes * sizeof *t->distances);
    for (uint32_t i = 0; i < t->count; i++)
        t->domains[i].nodes = (ramify_bits){ t->node_storage + (size_t)i * t->node_words, t->node_words };
    return true;
}

/* Smallest domain that holds every leaf with a PU in the set; RAMIFY_NONE when no leaf has one. */
static uint32_t domain_around(const ramify_tree *t, const uint64_t *cpus)
{
    uint32_t first = RAMIFY_NONE, last = 0;
    RMF_BITS_FOREACH(pu, cpus, t->words)
    {
        uint32_t leaf = t->leaf_of_pu[pu];
        if (leaf == RAMIFY_NONE)
            continue;
        if (first == RAMIFY_NONE || leaf < first)
            first = leaf;
        if (leaf > last)
            last = leaf;
    }
    if (first == RAMIFY_NONE)
        return RAMIFY_NONE;
    /* Several leaves may share the last PU: leaf_of_pu names the first of them. */
    while (last + 1 < t->leaf_count && rmf_bits_intersects(t->domains[t->leaves[last + 1]].cpus.words, cpus, t->words))
        last++;
    return ramify_tree_common(t, first, last);
}

/* The node at the least known distance from `from` that `wanted` holds for; of equals, one with CPUs, then the first.
 */
static uint32_t nearest_by_distance(const rmf_machine *m, uint32_t                               from,
                                    bool (*wanted)(const void *self, uint32_t node), const void *self)
{
    uint32_t best = RAMIFY_NONE;
    for (uint32_t n = 0; n < m->node_count; n++) {
        uint32_t distance = m->distances[(size_t)from * m->node_count + n];
        if (n == from || !distance || !wanted(self, n))
            continue;
        uint32_t least = best == RAMIFY_NONE ? UINT32_MAX : m->distances[(size_t)from * m->node_count + best];
        if (distance < least || (distance == least && m->nodes[n].has_cpus && !m->nodes[best].has_cpus))
            best = n;
    }
    return best;
}

static bool has_domain(const void *self, uint32_t node)
{
    return ((const ramify_tree *)self)->memories[node].domain != RAMIFY_NONE;
}

/* Nodes none of whose PUs is used, or that have none, go to the domain of the nearest node that had a place before;
 * `near` is room for one index per node. */
static void place_strays(const rmf_machine *m, ramify_tree *t, uint32_t *near)
{
    for (uint32_t n = 0; n < m->node_count; n++)
        near[n] = t->memories[n].domain == RAMIFY_NONE ? nearest_by_distance(m, n, has_domain, t) : n;
    for (uint32_t n = 0; n < m->node_count; n++)
        if (t->memories[n].domain == RAMIFY_NONE)
            t->memories[n].domain = near[n] == RAMIFY_NONE ? 0 : t->memories[near[n]].domain;
}

static void place_memories(const rmf_machine *m, ramify_tree *t, uint32_t *near)
{
    for (uint32_t n = 0; n < m->node_count; n++) {
        const rmf_node *from = &m->nodes[n];
        t->memories[n]       = (ramify_memory){
                  .os_index                 = from->os_index,
                  .domain                   = domain_around(t, from->cpus),
                  .kind                     = from->kind,
                  .has_cpus                 = from->has_cpus,
                  .bytes                    = from->bytes,
                  .bandwidth_mib_per_second = from->bandwidth_mib_per_second,
                  .latency_ns               = from->latency_ns,
        };
    }
    place_strays(m, t, near);
    for (uint32_t n = 0; n < m->node_count; n++)
        for (uint32_t d = t->memories[n].domain; d != RAMIFY_NONE; d = t->domains[d].parent) {
            rmf_bits_add(t->node_storage + (size_t)d * t->node_words, t->memories[n].os_index);
            t->domains[d].memory_bytes += t->memories[n].bytes;
        }
}

/* Where the source knows no node's size, each is taken to have memory. */
static bool has_memory(const void *self, uint32_t node)
{
    const rmf_machine *m = self;
    return !m->nodes[node].barred && (m->nodes[node].bytes || !m->has_memory);
}

/* A node with memory attached at or below the lowest possible domain on the way up; one with CPUs before one without.
 */
static uint32_t nearest_by_tree(const rmf_machine *m, const ramify_tree *t, uint32_t domain)
{
    for (uint32_t d = domain; d != RAMIFY_NONE; d = t->domains[d].parent) {
        uint32_t best = RAMIFY_NONE;
        for (uint32_t n = 0; n < m->node_count; n++)
            if (has_memory(m, n) && rmf_bits_has(t->domains[d].nodes.words, m->nodes[n].os_index) &&
                (best == RAMIFY_NONE || (m->nodes[n].has_cpus && !m->nodes[best].has_cpus)))
                best = n;
        if (best != RAMIFY_NONE)
            return best;
    }
    return RAMIFY_NONE;
}

static uint32_t nearest_to_leaf(const rmf_machine *m, const ramify_tree *t, const ramify_domain *leaf)
{
    uint32_t home = m->home[rmf_bits_first(leaf->cpus.words, t->words)];
    if (home != RAMIFY_NONE && has_memory(m, home))
        return home;
    uint32_t near = home == RAMIFY_NONE ? RAMIFY_NONE : nearest_by_distance(m, home, has_memory, m);
    return near == RAMIFY_NONE ? nearest_by_tree(m, t, leaf->index) : near;
}

/* An inner domain's nearest node is its first leaf's: the whole of one node, or the first of several. */
static void find_nearest(const rmf_machine *m, ramify_tree *t)
{
    for (uint32_t leaf = 0; leaf < t->leaf_count; leaf++) {
        ramify_domain *d    = &t->domains[t->leaves[leaf]];
        uint32_t       near = nearest_to_leaf(m, t, d);
        d->node             = near == RAMIFY_NONE ? RAMIFY_NONE : m->nodes[near].os_index;
    }
    for (uint32_t i = t->count; i-- > 0;)
        t->domains[i].node = t->domains[t->leaves[t->domains[i].first_leaf]].node;
}

ramify_status rmf_tree_furnish(const rmf_machine *machine, ramify_tree *tree)
{
    uint32_t *near = calloc(machine->node_count + 1u, sizeof *near);
    if (!near || !make_room(machine, tree)) {
        free(near);
        return RAMIFY_ERR_NO_MEMORY;
    }
    place_memories(machine, tree, near);
    find_nearest(machine, tree);
    free(near);
    return RAMIFY_OK;
}
