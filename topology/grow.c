/* SPDX-License-Identifier: BSD-3-Clause */
/* Grows a tree breadth first, so that children stand side by side: each domain takes its place with a number of workers
 * to hand on, and appends its children when its turn comes. A domain with one worker is a leaf. */
#include "tree_inside.h"

#include <stdlib.h>

/* What a domain of the tree was made of: a branch of the shape, or a run of sibling branches that share one worker. */
typedef struct plot {
    uint32_t branch;  /* the branch, or the first of the run */
    uint32_t first;   /* position of the run in shape->children */
    uint32_t run;     /* number of siblings; 1: the branch itself */
    uint32_t workers; /* to hand on */
    uint32_t sharing; /* workers among which the one core here is divided, 1 above and at cores of one worker */
    bool     copy;    /* one of several leaves on the same PU */
} plot;

typedef struct grower {
    const rmf_machine *machine;
    const rmf_shape   *shape;
    ramify_tree       *tree;
    plot              *plots;     /* of each domain */
    uint32_t          *portion;   /* workers per child of the domain at hand */
    uint64_t          *remainder; /* of the division, to hand out the rest by */
} grower;

static bool make_room(grower *g, uint32_t workers)
{
    ramify_tree *t     = g->tree;
    uint32_t     words = g->shape->words, most = 2 * workers; /* every inner domain has two children or more */
    t->words      = words;
    t->domains    = calloc(most, sizeof *t->domains);
    t->leaves     = calloc(workers, sizeof *t->leaves);
    t->leaf_of_pu = calloc((size_t)words * 64, sizeof *t->leaf_of_pu);
    t->core_of_pu = calloc((size_t)words * 64, sizeof *t->core_of_pu);
    t->storage    = calloc(most, words * sizeof *t->storage);
    g->plots      = calloc(most, sizeof *g->plots);
    g->portion    = calloc(g->shape->count, sizeof *g->portion);
    g->remainder  = calloc(g->shape->count, sizeof *g->remainder);
    return t->domains && t->leaves && t->leaf_of_pu && t->core_of_pu && t->storage && g->plots && g->portion &&
           g->remainder;
}

static const rmf_branch *child_of(const grower *g, const rmf_branch *parent, uint32_t i)
{
    return &g->shape->branches[g->shape->children[parent->first_child + i]];
}

static uint32_t append(grower *g, uint32_t parent, plot p)
{
    ramify_tree      *t     = g->tree;
    uint32_t          index = t->count++;
    const rmf_branch *b     = &g->shape->branches[p.branch];
    ramify_domain    *d     = &t->domains[index];
    uint64_t         *cpus  = t->storage + (size_t)index * t->words;
    g->plots[index]         = p;
    for (uint32_t i = 0; i < p.run; i++)
        rmf_bits_or(cpus, p.run == 1 ? b->cpus : g->shape->branches[g->shape->children[p.first + i]].cpus, t->words);
    d->index       = index;
    d->parent      = parent;
    d->depth       = parent == RAMIFY_NONE ? 0 : t->domains[parent].depth + 1;
    d->level       = p.copy ? RAMIFY_LEVEL_PU : b->level;
    d->level_mask  = p.run > 1 || p.copy ? 1u << d->level : b->level_mask;
    d->os_index    = p.run > 1 ? RAMIFY_NONE : p.copy ? rmf_bits_first(cpus, t->words) : b->os_index;
    d->node        = RAMIFY_NONE;
    d->cache_bytes = p.run > 1 || p.copy ? 0 : b->cache_bytes;
    d->cpus        = (ramify_bits){ cpus, t->words };
    if (parent != RAMIFY_NONE && t->domains[parent].child_count++ == 0)
        t->domains[parent].first_child = index;
    return index;
}

/* What each child gets for certain, and the weight by which the rest is handed out. Cores first, then hardware threads,
 * then whatever is left: below, every domain decides by the same rule and comes to the same stage. */
static uint32_t base_of(const rmf_branch *parent, const rmf_branch *child, uint32_t workers, uint32_t *weight)
{
    if (workers <= parent->cores) {
        *weight = child->cores - 1;
        return 1;
    }
    if (workers <= parent->pus) {
        uint32_t base = child->cores ? child->cores : 1; /* 0: part of a core */
        *weight       = child->pus - base;
        return base;
    }
    *weight = child->pus;
    return child->pus;
}

/* Divides workers over the children of a branch, at least one each: largest remainder, the first child on a tie. */
static void divide(grower *g, const rmf_branch *b, uint32_t workers)
{
    uint64_t total = 0;
    uint32_t rest  = workers;
    for (uint32_t i = 0; i < b->child_count; i++) {
        uint32_t weight;
        g->portion[i] = base_of(b, child_of(g, b, i), workers, &weight);
        rest -= g->portion[i];
        total += weight;
    }
    uint32_t spread = rest;
    for (uint32_t i = 0; i < b->child_count && total; i++) {
        uint32_t weight;
        base_of(b, child_of(g, b, i), workers, &weight);
        uint64_t part = (uint64_t)spread * weight;
        g->portion[i] += (uint32_t)(part / total);
        rest -= (uint32_t)(part / total);
        g->remainder[i] = part % total;
    }
    while (rest--) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < b->child_count; i++)
            if (g->remainder[i] > g->remainder[best])
                best = i;
        g->portion[best]++;
        g->remainder[best] = 0;
    }
}

static void append_each(grower *g, uint32_t domain, const rmf_branch *b, uint32_t sharing)
{
    divide(g, b, g->plots[domain].workers);
    for (uint32_t i = 0; i < b->child_count; i++)
        append(g, domain,
               (plot){ .branch  = g->shape->children[b->first_child + i],
                       .run     = 1,
                       .workers = g->portion[i],
                       .sharing = sharing });
}

/* What a run is balanced by: cores, or PUs within a core. */
static uint32_t weight_of(const rmf_branch *child)
{
    return child->cores ? child->cores : child->pus;
}

/* Fewer workers than children: each worker gets a run of neighbours, of about the same number of cores. A child belongs
 * to the share its middle lies in; the last share ends at the total, so none is left over. */
static void append_runs(grower *g, uint32_t domain, const rmf_branch *b, uint32_t sharing)
{
    uint32_t workers = g->plots[domain].workers, next = 0;
    uint64_t total = 0, taken = 0;
    for (uint32_t i = 0; i < b->child_count; i++)
        total += weight_of(child_of(g, b, i));
    for (uint32_t w = 0; w < workers; w++) {
        uint32_t first = next, last = b->child_count - (workers - w - 1); /* leave one for each worker to come */
        do
            taken += weight_of(child_of(g, b, next++));
        while (next < last &&
               2 * (taken * workers) + (uint64_t)weight_of(child_of(g, b, next)) * workers <= 2 * total * (w + 1));
        append(g, domain,
               (plot){ .branch  = g->shape->children[b->first_child + first],
                       .first   = b->first_child + first,
                       .run     = next - first,
                       .workers = 1,
                       .sharing = sharing });
    }
}

static void append_copies(grower *g, uint32_t domain, uint32_t sharing)
{
    plot p    = g->plots[domain];
    p.copy    = true;
    p.sharing = sharing;
    for (uint32_t left = p.workers; left--;) {
        p.workers = 1;
        append(g, domain, p);
    }
}

static void expand(grower *g, uint32_t domain)
{
    plot p = g->plots[domain];
    if (p.workers == 1)
        return;
    const rmf_branch *b       = &g->shape->branches[p.branch];
    uint32_t          sharing = b->is_core ? p.workers : p.sharing;
    if (b->child_count == 0)
        append_copies(g, domain, sharing);
    else if (p.workers < b->child_count)
        append_runs(g, domain, b, sharing);
    else
        append_each(g, domain, b, sharing);
}

/* One worker runs on one core at a time: its capacity is the mean over the PUs it may float on, not their sum. */
static double capacity_of_leaf(const grower *g, uint32_t domain)
{
    const ramify_domain *d   = &g->tree->domains[domain];
    double               sum = 0;
    RMF_BITS_FOREACH(pu, d->cpus.words, g->tree->words)
    sum += g->machine->speed[pu];
    return sum / rmf_bits_count(d->cpus.words, g->tree->words) / g->plots[domain].sharing;
}

/* Children stand behind their parents: sums in one pass from the end, leaf numbers in one from the front. */
static void add_up(grower *g)
{
    ramify_tree *t = g->tree;
    for (uint32_t i = t->count; i-- > 0;) {
        ramify_domain *d = &t->domains[i];
        if (!d->child_count) {
            d->leaf_count = 1;
            d->capacity   = capacity_of_leaf(g, i);
        }
        for (uint32_t c = d->first_child; c < d->first_child + d->child_count; c++) {
            d->leaf_count += t->domains[c].leaf_count;
            d->capacity += t->domains[c].capacity;
        }
    }
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t leaf = t->domains[i].first_leaf;
        if (!t->domains[i].child_count)
            t->leaves[leaf] = i;
        for (uint32_t c = 0; c < t->domains[i].child_count; c++) {
            ramify_domain *child = &t->domains[t->domains[i].first_child + c];
            child->first_leaf    = leaf;
            leaf += child->leaf_count;
        }
    }
    t->leaf_count = t->domains[0].leaf_count;
}

static void index_pus(grower *g)
{
    ramify_tree *t = g->tree;
    for (uint32_t pu = 0; pu < t->words * 64; pu++)
        t->leaf_of_pu[pu] = t->core_of_pu[pu] = RAMIFY_NONE;
    for (uint32_t leaf = t->leaf_count; leaf-- > 0;)
        RMF_BITS_FOREACH(pu, t->domains[t->leaves[leaf]].cpus.words, t->words)
    t->leaf_of_pu[pu] = leaf;
    for (uint32_t i = 0; i < g->shape->count; i++)
        if (g->shape->branches[i].is_core)
            RMF_BITS_FOREACH(pu, g->shape->branches[i].cpus, t->words)
    t->core_of_pu[pu] = i;
}

ramify_status rmf_tree_grow(const rmf_machine *machine, const rmf_shape *shape, uint32_t workers, ramify_tree *tree)
{
    grower        g      = { .machine = machine, .shape = shape, .tree = tree };
    ramify_status status = RAMIFY_ERR_NO_MEMORY;
    if (make_room(&g, workers)) {
        append(&g, RAMIFY_NONE, (plot){ .branch = 0, .run = 1, .workers = workers, .sharing = 1 });
        for (uint32_t i = 0; i < tree->count; i++)
            expand(&g, i);
        add_up(&g);
        index_pus(&g);
        status = RAMIFY_OK;
    }
    free(g.plots);
    free(g.portion);
    free(g.remainder);
    return status;
}
