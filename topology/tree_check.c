/* SPDX-License-Identifier: BSD-3-Clause */
/* The invariants of a tree, checked one after another; the first violation is named. */
#include "tree_inside.h"

#include <stdlib.h>

typedef struct checker {
    const ramify_tree *tree;
    ramify_diagnosis  *diagnosis;
    uint64_t          *seen; /* room for one set of PUs */
} checker;

/* `holds` or a diagnosis that names the domain. */
static ramify_status require(const checker *c, bool holds, uint32_t domain, const char *what)
{
    if (holds)
        return RAMIFY_OK;
    return rmf_diagnose(c->diagnosis, RAMIFY_ERR_FORMAT, domain, "domain %u: %s", domain, what);
}

static ramify_status check_place(const checker *c, uint32_t i)
{
    const ramify_tree   *t = c->tree;
    const ramify_domain *d = &t->domains[i], *up = i ? &t->domains[d->parent < i ? d->parent : 0] : NULL;

    ramify_status status = require(c, d->index == i, i, "index is not its place");
    if (!status)
        status = require(c, up ? d->parent < i : d->parent == RAMIFY_NONE, i, "parent does not stand before it");
    if (!status && up)
        status = require(c, d->depth == up->depth + 1, i, "depth is not its parent's plus one");
    if (!status && up)
        status = require(c, i >= up->first_child && i < up->first_child + up->child_count, i,
                         "is not among its parent's children");
    if (!status && d->child_count)
        status = require(c, d->child_count >= 2 && d->first_child > i && d->first_child + d->child_count <= t->count, i,
                         "children are fewer than two or out of the array");
    return status;
}

static ramify_status check_names(const checker *c, uint32_t i)
{
    const ramify_domain *d = &c->tree->domains[i];

    ramify_status status =
        require(c, d->level < RAMIFY_LEVEL_COUNT && d->level_mask >> RAMIFY_LEVEL_COUNT == 0, i, "level is none");
    if (!status)
        status = require(c, d->level_mask && d->level == (uint32_t)__builtin_ctz(d->level_mask), i,
                         "level is not the outermost of its mask");
    if (!status)
        status = require(c, (d->level == RAMIFY_LEVEL_NODE) == (i == 0), i, "the root, and it alone, is the node");
    return status;
}

/* Leaves below the children follow each other; a leaf is where the table says. */
static ramify_status check_leaves(const checker *c, uint32_t i)
{
    const ramify_tree   *t    = c->tree;
    const ramify_domain *d    = &t->domains[i];
    uint32_t             next = d->first_leaf;
    for (uint32_t k = d->first_child; k < d->first_child + d->child_count; k++) {
        ramify_status status = require(c, t->domains[k].first_leaf == next, k, "leaves are not numbered in tree order");
        if (status)
            return status;
        next += t->domains[k].leaf_count;
    }
    if (d->child_count)
        return require(c, next - d->first_leaf == d->leaf_count, i, "leaf_count is not the children's sum");
    return require(c, d->leaf_count == 1 && d->first_leaf < t->leaf_count && t->leaves[d->first_leaf] == i, i,
                   "is not the leaf its number says");
}

/* Children partition their parent; only leaves on one and the same PU repeat it. */
static ramify_status check_cpus(const checker *c, uint32_t i)
{
    const ramify_tree   *t = c->tree;
    const ramify_domain *d = &t->domains[i];

    ramify_status status = require(c, !rmf_bits_is_empty(d->cpus.words, t->words), i, "has no PU");
    if (status || !d->child_count)
        return status;
    bool shared = rmf_bits_count(d->cpus.words, t->words) == 1;
    rmf_bits_clear(c->seen, t->words);
    for (uint32_t k = d->first_child; k < d->first_child + d->child_count && !status; k++) {
        const ramify_domain *child = &t->domains[k];
        if (shared)
            status = require(c, !child->child_count && rmf_bits_is_equal(child->cpus.words, d->cpus.words, t->words), k,
                             "is not a leaf on its parent's only PU");
        else
            status =
                require(c, !rmf_bits_intersects(child->cpus.words, c->seen, t->words), k, "shares a PU with a sibling");
        rmf_bits_or(c->seen, child->cpus.words, t->words);
    }
    if (!status)
        status = require(c, rmf_bits_is_equal(c->seen, d->cpus.words, t->words), i, "children do not partition it");
    return status;
}

/* Every usable PU is in a core and under a leaf that holds it, and no other PU is. */
static ramify_status check_usable(const checker *c)
{
    const ramify_tree *t = c->tree;
    for (uint32_t pu = 0; pu < t->words * 64; pu++) {
        uint32_t leaf  = t->leaf_of_pu[pu];
        bool     used  = rmf_bits_has(t->domains[0].cpus.words, pu);
        bool     sound = used ? leaf < t->leaf_count && t->core_of_pu[pu] != RAMIFY_NONE &&
                                rmf_bits_has(t->domains[t->leaves[leaf]].cpus.words, pu)
                              : leaf == RAMIFY_NONE && t->core_of_pu[pu] == RAMIFY_NONE;
        if (!sound)
            return rmf_diagnose(c->diagnosis, RAMIFY_ERR_FORMAT, pu, "PU %u: usable and under no leaf, or the reverse",
                                pu);
    }
    return RAMIFY_OK;
}

/* True when a leaf holds PUs of several cores. */
static bool spans_cores(const ramify_tree *t, const ramify_domain *leaf)
{
    uint32_t first = t->core_of_pu[rmf_bits_first(leaf->cpus.words, t->words)];
    RMF_BITS_FOREACH(pu, leaf->cpus.words, t->words)
    if (t->core_of_pu[pu] != first)
        return true;
    return false;
}

/* A core is under exactly one leaf, unless all leaves on it lie within it. */
static ramify_status check_cores(const checker *c, uint32_t i)
{
    const ramify_tree   *t = c->tree;
    const ramify_domain *d = &t->domains[i];
    if (d->child_count || !spans_cores(t, d))
        return RAMIFY_OK;
    for (uint32_t pu = 0; pu < t->words * 64; pu++)
        if (t->core_of_pu[pu] != RAMIFY_NONE && !rmf_bits_has(d->cpus.words, pu))
            RMF_BITS_FOREACH(own, d->cpus.words, t->words)
    if (t->core_of_pu[own] == t->core_of_pu[pu])
        return require(c, false, i, "holds a part of one core and something of another");
    return RAMIFY_OK;
}

static ramify_status check_capacity(const checker *c, uint32_t i)
{
    const ramify_domain *d   = &c->tree->domains[i];
    double               sum = 0;

    ramify_status status = require(c, d->capacity > 0, i, "capacity is not positive");
    for (uint32_t k = d->first_child; k < d->first_child + d->child_count; k++)
        sum += c->tree->domains[k].capacity;
    double error = sum - d->capacity;
    if (!status && d->child_count) /* 2^-30 of it: 8192 roundings of 2^-53, with room */
        status =
            require(c, (error < 0 ? -error : error) <= d->capacity * 0x1p-30, i, "capacity is not the children's sum");
    return status;
}

static ramify_status check_nodes(const checker *c, uint32_t i)
{
    const ramify_tree   *t     = c->tree;
    const ramify_domain *d     = &t->domains[i];
    bool                 known = d->node == RAMIFY_NONE && t->memory_count == 0;
    uint64_t             bytes = 0;
    for (uint32_t n = 0; n < t->memory_count; n++) {
        known = known || t->memories[n].os_index == d->node;
        if (rmf_bits_has(d->nodes.words, t->memories[n].os_index))
            bytes += t->memories[n].bytes;
    }
    ramify_status status = require(c, known, i, "nearest node is not of this tree");
    if (!status)
        status = require(c, bytes == d->memory_bytes, i, "memory_bytes is not the sum of its nodes");
    if (!status && i)
        status = require(c, rmf_bits_is_subset(d->nodes.words, t->domains[d->parent].nodes.words, t->node_words), i,
                         "has a NUMA node its parent has not");
    return status;
}

static ramify_status check_memories(const checker *c)
{
    const ramify_tree *t = c->tree;
    for (uint32_t n = 0; n < t->memory_count; n++) {
        const ramify_memory *memory = &t->memories[n];
        bool holds = memory->domain < t->count && (n == 0 || t->memories[n - 1].os_index < memory->os_index) &&
                     rmf_bits_has(t->domains[memory->domain].nodes.words, memory->os_index);
        if (!holds)
            return rmf_diagnose(c->diagnosis, RAMIFY_ERR_FORMAT, n, "NUMA node %u: out of order or in no domain",
                                memory->os_index);
    }
    return RAMIFY_OK;
}

static ramify_status check_all(const checker *c, ramify_status (*const checks[])(const checker *, uint32_t),
                               size_t         count)
{
    ramify_status status = RAMIFY_OK;
    for (size_t k = 0; k < count; k++)
        for (uint32_t i = 0; i < c->tree->count && !status; i++)
            status = checks[k](c, i);
    return status;
}

ramify_status ramify_tree_check(const ramify_tree *tree, ramify_diagnosis *diagnosis)
{
    uint64_t seen[RMF_BITS_MAX_WORDS];
    checker  c = { tree, diagnosis, seen };

    static ramify_status (*const before[])(const checker *, uint32_t) = { check_place, check_names, check_leaves,
                                                                          check_cpus };
    static ramify_status (*const after[])(const checker *, uint32_t)  = { check_cores, check_capacity, check_nodes };

    ramify_status status = require(&c, tree->count && tree->leaf_count == tree->domains[0].leaf_count, 0,
                                   "leaves of the root are not the tree's");
    if (!status)
        status = check_all(&c, before, sizeof before / sizeof before[0]);
    if (!status)
        status = check_usable(&c);
    if (!status)
        status = check_all(&c, after, sizeof after / sizeof after[0]);
    if (!status)
        status = check_memories(&c);
    return status;
}
