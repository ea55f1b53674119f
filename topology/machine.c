/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of a machine, and what can be said about its NUMA nodes once all of them are known. */
#include "machine.h"

#include <stdlib.h>

/* Points every set of a machine into one block. */
static bool make_sets(rmf_machine *m)
{
    size_t sets = (size_t)m->object_count + m->node_count + 2;
    m->storage  = calloc(sets, m->words * sizeof(uint64_t));
    if (!m->storage)
        return false;
    uint64_t *next = m->storage;
    for (uint32_t i = 0; i < m->object_count; i++, next += m->words)
        m->objects[i].cpus = next;
    for (uint32_t i = 0; i < m->node_count; i++, next += m->words)
        m->nodes[i].cpus = next;
    m->online  = next;
    m->allowed = next + m->words;
    return true;
}

ramify_status rmf_machine_create(uint32_t objects, uint32_t nodes, uint32_t pu_limit, rmf_machine **machine)
{
    if (!pu_limit || pu_limit > RMF_BITS_MAX)
        return RAMIFY_ERR_RANGE;
    rmf_machine *m = calloc(1, sizeof *m);
    if (!m)
        return RAMIFY_ERR_NO_MEMORY;
    m->words        = rmf_bits_words_for(pu_limit);
    m->object_count = objects;
    m->node_count   = nodes;
    m->objects      = calloc(objects + 1, sizeof *m->objects); /* + 1: none is not a failure */
    m->nodes        = calloc(nodes + 1, sizeof *m->nodes);
    m->speed        = calloc((size_t)m->words * 64, sizeof *m->speed);
    m->home         = calloc((size_t)m->words * 64, sizeof *m->home);
    m->distances    = calloc((size_t)nodes * nodes + 1, sizeof *m->distances);
    if (!m->objects || !m->nodes || !m->speed || !m->home || !m->distances || !make_sets(m)) {
        rmf_machine_free(m);
        return RAMIFY_ERR_NO_MEMORY;
    }
    for (uint32_t pu = 0; pu < m->words * 64; pu++) {
        m->speed[pu] = 1.0;
        m->home[pu]  = RAMIFY_NONE;
    }
    *machine = m;
    return RAMIFY_OK;
}

void rmf_machine_free(rmf_machine *m)
{
    if (!m)
        return;
    free(m->objects);
    free(m->nodes);
    free(m->speed);
    free(m->home);
    free(m->distances);
    free(m->storage);
    free(m);
}

/* Of two nodes local to a PU, is `a` the one whose CPU it is rather than `b`? The one that fewer PUs share; then
 * ordinary memory before HBM and far memory, which firmware shows as nodes without CPUs; then the lower index, because
 * Linux numbers nodes with CPUs first. */
static bool is_nearer_home(const rmf_machine *m, uint32_t a, uint32_t b)
{
    const rmf_node *x = &m->nodes[a], *y = &m->nodes[b];
    uint32_t        count_x = rmf_bits_count(x->cpus, m->words), count_y = rmf_bits_count(y->cpus, m->words);
    if (count_x != count_y)
        return count_x < count_y;
    bool special_x = x->kind == RAMIFY_MEMORY_HBM || x->kind == RAMIFY_MEMORY_FAR;
    bool special_y = y->kind == RAMIFY_MEMORY_HBM || y->kind == RAMIFY_MEMORY_FAR;
    if (special_x != special_y)
        return special_y;
    return x->os_index < y->os_index;
}

static void find_homes(rmf_machine *m)
{
    for (uint32_t n = 0; n < m->node_count; n++)
        RMF_BITS_FOREACH(pu, m->nodes[n].cpus, m->words)
    if (m->home[pu] == RAMIFY_NONE || is_nearer_home(m, n, m->home[pu]))
        m->home[pu] = n;
    RMF_BITS_FOREACH(pu, m->online, m->words)
    if (m->home[pu] != RAMIFY_NONE)
        m->nodes[m->home[pu]].has_cpus = true;
}

/* The node with CPUs, and of known bandwidth, that shares PUs with a node; RAMIFY_NONE when there is none. */
static uint32_t reference_of(const rmf_machine *m, const rmf_node *node)
{
    for (uint32_t n = 0; n < m->node_count; n++) {
        const rmf_node *other = &m->nodes[n];
        if (other != node && other->has_cpus && other->bandwidth_mib_per_second &&
            rmf_bits_intersects(other->cpus, node->cpus, m->words))
            return n;
    }
    return RAMIFY_NONE;
}

/* Twice or half the bandwidth of the local ordinary memory makes a tier: the factor hwloc's own guess of tiers uses. */
static void name_kinds_by_bandwidth(rmf_machine *m)
{
    for (uint32_t n = 0; n < m->node_count; n++) {
        rmf_node *node = &m->nodes[n];
        if (node->kind != RAMIFY_MEMORY_UNKNOWN || node->has_cpus || !node->bandwidth_mib_per_second)
            continue;
        uint32_t reference = reference_of(m, node);
        if (reference == RAMIFY_NONE)
            continue;
        uint64_t ordinary = m->nodes[reference].bandwidth_mib_per_second;
        if (node->bandwidth_mib_per_second >= 2 * ordinary)
            node->kind = RAMIFY_MEMORY_HBM;
        else if (2 * node->bandwidth_mib_per_second <= ordinary)
            node->kind = RAMIFY_MEMORY_FAR;
    }
}

/* Permissions that leave no memory at all describe another machine and are passed over. */
static void lift_bars_if_all_are_barred(rmf_machine *m)
{
    for (uint32_t n = 0; n < m->node_count; n++)
        if (!m->nodes[n].barred)
            return;
    for (uint32_t n = 0; n < m->node_count; n++)
        m->nodes[n].barred = false;
}

void rmf_machine_settle(rmf_machine *m)
{
    rmf_bits_and(m->allowed, m->online, m->words);
    lift_bars_if_all_are_barred(m);
    for (uint32_t n = 0; n < m->node_count; n++) {
        rmf_bits_and(m->nodes[n].cpus, m->online, m->words);
        if (m->nodes[n].barred)
            m->nodes[n].bytes = 0;
        if (m->nodes[n].bytes)
            m->has_memory = true;
    }
    find_homes(m);
    name_kinds_by_bandwidth(m);
}
