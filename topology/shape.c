/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds the shape: largest sets first, and for each PU the innermost branch so far, which is the parent of the next
 * set that holds it. O(sets x words + PUs x depth). */
#include "shape.h"

#include <stdlib.h>

/* A set on its way into the shape. */
typedef struct candidate {
    uint32_t  size, level, os_index, order;
    uint64_t  cache_bytes;
    uint64_t *cpus;
} candidate;

typedef struct builder {
    const rmf_machine *machine;
    rmf_shape         *shape;
    candidate         *candidates;
    uint32_t           candidate_count;
    uint64_t          *sets;  /* of the candidates */
    uint32_t          *owner; /* per PU: innermost branch, RAMIFY_NONE for unusable ones */
} builder;

/* Largest first; of equal sets the outermost level first, so that it names the branch. */
static int by_size(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void add_candidate(builder *b, const uint64_t *usable, const uint64_t *cpus, uint32_t level, uint32_t os_index,
                          uint64_t cache_bytes)
{
    uint32_t   words = b->machine->words, at = b->candidate_count;
    candidate *c = &b->candidates[at];
    c->cpus      = b->sets + (size_t)at * words;
    rmf_bits_copy(c->cpus, cpus, words);
    rmf_bits_and(c->cpus, usable, words);
    c->size        = rmf_bits_count(c->cpus, words);
    c->level       = level;
    c->os_index    = os_index;
    c->order       = at;
    c->cache_bytes = cache_bytes;
    if (c->size)
        b->candidate_count++;
}

static void gather(builder *b, const uint64_t *usable)
{
    const rmf_machine *m = b->machine;
    add_candidate(b, usable, usable, RAMIFY_LEVEL_NODE, RAMIFY_NONE, 0);
    for (uint32_t i = 0; i < m->object_count; i++)
        add_candidate(b, usable, m->objects[i].cpus, m->objects[i].level, m->objects[i].os_index,
                      m->objects[i].cache_bytes);
    for (uint32_t i = 0; i < m->node_count; i++)
        if (m->nodes[i].has_cpus)
            add_candidate(b, usable, m->nodes[i].cpus, RAMIFY_LEVEL_NUMA, m->nodes[i].os_index, 0);
    RMF_BITS_FOREACH(pu, usable, m->words)
    {
        uint64_t only[RMF_BITS_MAX_WORDS] = { 0 };
        rmf_bits_add(only, pu);
        add_candidate(b, usable, only, RAMIFY_LEVEL_PU, pu, 0);
    }
    qsort(b->candidates, b->candidate_count, sizeof *b->candidates, by_size);
}

/* Joins a set to the branch that is equal to it. */
static void merge(rmf_branch *branch, const candidate *c)
{
    if (c->level < RAMIFY_LEVEL_COUNT)
        branch->level_mask |= 1u << c->level;
    if (c->cache_bytes > branch->cache_bytes)
        branch->cache_bytes = c->cache_bytes;
    if (branch->os_index == RAMIFY_NONE && c->level < RAMIFY_LEVEL_COUNT && branch->parent != RAMIFY_NONE)
        branch->os_index = c->os_index; /* groups have none: the next level inward that has */
}

/* True when all PUs of a set have the same innermost branch: then it lies within that one. */
static bool fits(const builder *b, const candidate *c, uint32_t parent)
{
    RMF_BITS_FOREACH(pu, c->cpus, b->machine->words)
    if (b->owner[pu] != parent)
        return false;
    return true;
}

static void append(builder *b, const candidate *c, uint32_t parent)
{
    uint32_t    index  = b->shape->count++;
    rmf_branch *branch = &b->shape->branches[index];
    branch->parent     = parent;
    branch->level      = c->level;
    branch->os_index   = c->os_index;
    branch->cpus       = b->shape->storage + (size_t)index * b->machine->words;
    rmf_bits_copy(branch->cpus, c->cpus, b->machine->words);
    merge(branch, c);
    RMF_BITS_FOREACH(pu, c->cpus, b->machine->words)
    b->owner[pu] = index;
    if (parent != RAMIFY_NONE)
        b->shape->branches[parent].child_count++;
}

static void insert_all(builder *b, const rmf_log *log)
{
    uint32_t words = b->machine->words;
    append(b, &b->candidates[0], RAMIFY_NONE);
    for (uint32_t i = 1; i < b->candidate_count; i++) {
        const candidate *c      = &b->candidates[i];
        uint32_t         parent = b->owner[rmf_bits_first(c->cpus, words)];
        rmf_branch      *above  = &b->shape->branches[parent];
        if (rmf_bits_is_equal(above->cpus, c->cpus, words))
            merge(above, c);
        else if (c->level == RMF_LEVEL_CACHE_ONLY)
            continue;
        else if (fits(b, c, parent))
            append(b, c, parent);
        else
            rmf_log_line(log, RAMIFY_LOG_WARNING, "%s %d cuts across other domains, left out",
                         ramify_level_name((int)c->level), (int)c->os_index);
    }
}

typedef struct child_key {
    uint32_t parent, lowest, index;
} child_key;

static int by_parent(const void *a, const void *b)
{
    const child_key *x = a, *y = b;
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    return x->lowest < y->lowest ? -1 : x->lowest > y->lowest;
}

static ramify_status order_children(rmf_shape *s)
{
    child_key *keys = calloc(s->count, sizeof *keys);
    if (!keys)
        return RAMIFY_ERR_NO_MEMORY;
    for (uint32_t i = 1; i < s->count; i++)
        keys[i - 1] = (child_key){ s->branches[i].parent, rmf_bits_first(s->branches[i].cpus, s->words), i };
    qsort(keys, s->count - 1, sizeof *keys, by_parent);
    for (uint32_t i = 0; i + 1 < s->count; i++) {
        s->children[i] = keys[i].index;
        if (i == 0 || keys[i].parent != keys[i - 1].parent)
            s->branches[keys[i].parent].first_child = i;
    }
    free(keys);
    return RAMIFY_OK;
}

/* A group has no name of its own: hwloc makes one wherever it needs a place to hang memory on. Where it coincides with
 * another level, that one says it all. */
static void drop_needless_groups(rmf_shape *s)
{
    const uint32_t group = 1u << RAMIFY_LEVEL_GROUP;
    for (uint32_t i = 0; i < s->count; i++) {
        rmf_branch *b = &s->branches[i];
        if (b->level_mask != group)
            b->level_mask &= ~group;
        b->level = (uint32_t)__builtin_ctz(b->level_mask);
    }
}

/* Children have higher indexes than their parents, so one pass from the end adds up. */
static void count_cores(rmf_shape *s, bool per_pu)
{
    uint64_t in_core[RMF_BITS_MAX_WORDS] = { 0 };
    for (uint32_t i = 0; i < s->count; i++)
        if (s->branches[i].level_mask & (1u << RAMIFY_LEVEL_CORE))
            rmf_bits_or(in_core, s->branches[i].cpus, s->words);
    for (uint32_t i = s->count; i-- > 0;) {
        rmf_branch *b = &s->branches[i];
        b->pus        = rmf_bits_count(b->cpus, s->words);
        b->is_core    = (b->level_mask & (1u << RAMIFY_LEVEL_CORE)) ||
                     (b->child_count == 0 && !rmf_bits_intersects(b->cpus, in_core, s->words));
        if (per_pu)
            b->cores = b->pus;
        else if (b->is_core || b->child_count == 0)
            b->cores = b->is_core;
        if (!per_pu && b->parent != RAMIFY_NONE)
            s->branches[b->parent].cores += b->cores;
    }
}

static bool make_room(builder *b)
{
    uint32_t words = b->machine->words;
    size_t   most  = (size_t)b->machine->object_count + b->machine->node_count + words * 64 + 1;
    b->candidates  = calloc(most, sizeof *b->candidates);
    b->sets        = calloc(most, words * sizeof *b->sets);
    b->owner       = calloc((size_t)words * 64, sizeof *b->owner);
    b->shape       = calloc(1, sizeof *b->shape);
    if (!b->candidates || !b->sets || !b->owner || !b->shape)
        return false;
    b->shape->words    = words;
    b->shape->branches = calloc(most, sizeof *b->shape->branches);
    b->shape->children = calloc(most, sizeof *b->shape->children);
    b->shape->storage  = calloc(most, words * sizeof *b->shape->storage);
    return b->shape->branches && b->shape->children && b->shape->storage;
}

ramify_status rmf_shape_create(const rmf_machine *machine, const uint64_t *usable, bool per_pu, const rmf_log *log,
                               rmf_shape **shape)
{
    builder       b      = { .machine = machine };
    ramify_status status = RAMIFY_ERR_NO_MEMORY;
    if (make_room(&b)) {
        gather(&b, usable);
        insert_all(&b, log);
        status = order_children(b.shape);
    }
    free(b.candidates);
    free(b.sets);
    free(b.owner);
    if (status) {
        rmf_shape_free(b.shape);
        return status;
    }
    drop_needless_groups(b.shape);
    count_cores(b.shape, per_pu);
    *shape = b.shape;
    return RAMIFY_OK;
}

void rmf_shape_free(rmf_shape *s)
{
    if (!s)
        return;
    free(s->branches);
    free(s->children);
    free(s->storage);
    free(s);
}
