/* SPDX-License-Identifier: BSD-3-Clause */
/* Partitioned arrays: homes from the tree, parts from a cut, a plan from both. */
#include "allocate.h"
#include "cut.h"
#include "placing.h"

#include <stdlib.h>
#include <string.h>

struct ramify_array {
    ramify_space *space;
    rmf_region   *region;
    size_t        element_bytes;
    uint32_t     *homes;
    uint32_t      home_count;
    rmf_cut       cut;
};

static bool has_one_node(const ramify_tree *tree, const ramify_domain *d)
{
    uint32_t node = ramify_tree_leaf(tree, d->first_leaf)->node;
    for (uint32_t i = 1; i < d->leaf_count; i++)
        if (ramify_tree_leaf(tree, d->first_leaf + i)->node != node)
            return false;
    return true;
}

/* Lists the largest domains below `at` that have one nearest node each, in tree order; as deep as the tree. */
static void list_by_node(const ramify_tree *tree, uint32_t at, ramify_array *a)
{
    const ramify_domain *d = &ramify_tree_domains(tree, NULL)[at];
    if (has_one_node(tree, d)) {
        a->homes[a->home_count++] = at;
        return;
    }
    for (uint32_t c = 0; c < d->child_count; c++)
        list_by_node(tree, d->first_child + c, a);
}

/* Errors: ERR_INVALID no such homes, a domain not of the tree; ERR_NO_MEMORY. */
static ramify_status find_homes(const ramify_cut *cut, ramify_array *a)
{
    const ramify_tree *tree   = a->space->nodes.tree;
    bool               listed = cut->homes == RAMIFY_HOMES_LISTED;
    if (cut->homes > RAMIFY_HOMES_LISTED || (listed && (!cut->listed || !cut->listed_count)))
        return RAMIFY_ERR_INVALID;
    uint32_t leaves = ramify_tree_leaf_count(tree), most = listed ? cut->listed_count : leaves;
    a->homes = calloc(most, sizeof *a->homes);
    if (!a->homes)
        return RAMIFY_ERR_NO_MEMORY;
    if (cut->homes == RAMIFY_HOMES_NODES) {
        list_by_node(tree, 0, a);
        return RAMIFY_OK;
    }
    a->home_count = most;
    for (uint32_t i = 0; i < most; i++) {
        a->homes[i] = listed ? cut->listed[i] : ramify_tree_leaf(tree, i)->index;
        if (a->homes[i] >= a->space->nodes.domain_count)
            return RAMIFY_ERR_INVALID;
    }
    return RAMIFY_OK;
}

static ramify_status make_cut(const ramify_cut *asked, uint64_t count, ramify_array *a)
{
    if (asked->rule != RAMIFY_CUT_WEIGHTED || asked->weights)
        return rmf_cut_make(asked, count, a->home_count, asked->weights, &a->cut);
    double *capacity = calloc(a->home_count, sizeof *capacity);
    if (!capacity)
        return RAMIFY_ERR_NO_MEMORY;
    for (uint32_t h = 0; h < a->home_count; h++)
        capacity[h] = a->space->nodes.domains[a->homes[h]].capacity;
    ramify_status status = rmf_cut_make(asked, count, a->home_count, capacity, &a->cut);
    free(capacity);
    return status;
}

/* One run per part; `want` is each home's node. Lock. */
static ramify_status plan_parts(ramify_array *a, const uint32_t *want)
{
    rmf_region   *region = a->region;
    uint64_t      parts  = a->home_count == 1 ? 1 : a->cut.parts;
    ramify_status status = parts > RMF_RUNS_MOST ? RAMIFY_ERR_RANGE : RAMIFY_OK;
    for (uint64_t p = 0; !status && p < parts; p++) {
        uint64_t first = rmf_cut_first(&a->cut, p), next = p + 1 < parts ? rmf_cut_first(&a->cut, p + 1) : a->cut.count;
        uint32_t home   = (uint32_t)(p % a->home_count);
        uintptr_t start = region->start + first * a->element_bytes, end = region->start + next * a->element_bytes;
        if (start < end)
            status = rmf_placing_plan_on(a->space, region, start, end, want[home], a->homes[home]);
    }
    if (!status && region->plan.count > RMF_RUNS_MOST)
        status = RAMIFY_ERR_RANGE;
    return status;
}

/* Maps and plans. Lock. */
static ramify_status plan_array(ramify_array *a, size_t bytes, const ramify_wish *wish)
{
    ramify_space *space = a->space;
    uint32_t     *want  = calloc(a->home_count, sizeof *want);
    if (!want)
        return RAMIFY_ERR_NO_MEMORY;
    ramify_wish plain    = wish ? *wish : (ramify_wish){ 0 };
    plain.placement      = RAMIFY_PLACEMENT_FIRST_TOUCH; /* of the map; the plan says the rest */
    plain.domains        = NULL;
    ramify_status status = rmf_allocate_map(space, bytes, &plain, a->region);
    for (uint32_t h = 0; h < a->home_count; h++) {
        rmf_nodes_choose(&space->nodes, a->homes[h], plain.merit, &space->choice);
        want[h] = space->choice.count ? space->choice.position[0] : RAMIFY_NONE;
    }
    ramify_placed *placed     = &a->region->placed;
    placed->node              = want[0] == RAMIFY_NONE ? RAMIFY_NONE : space->nodes.memories[want[0]].os_index;
    placed->measured          = space->choice.measured;
    placed->node_count        = a->home_count;
    a->region->wish.placement = RAMIFY_PLACEMENT_DOMAIN;
    a->region->wish.domain    = a->homes[0];
    if (!status)
        status = plan_parts(a, want);
    if (!status && plain.strict)
        status = placed->reason;
    free(want);
    return status;
}

static ramify_status enlist(ramify_array *a)
{
    ramify_space *s      = a->space;
    ramify_status status = rmf_list_reserve((void **)&s->arrays, &s->array_room, s->array_count, sizeof *s->arrays);
    if (!status)
        status = rmf_region_insert(s, a->region);
    if (!status)
        s->arrays[s->array_count++] = a;
    return status;
}

void rmf_array_drop(ramify_array *a)
{
    rmf_cut_drop(&a->cut);
    free(a->homes);
    free(a);
}

/* Everything but the checks of the caller's numbers. */
static ramify_status build(ramify_array *a, uint64_t count, const ramify_cut *cut, const ramify_wish *wish)
{
    ramify_status status = find_homes(cut, a);
    if (!status)
        status = make_cut(cut, count, a);
    if (!status && !(a->region = rmf_region_make(RAMIFY_REGION_ARRAY)))
        status = RAMIFY_ERR_NO_MEMORY;
    if (status)
        return status;
    pthread_mutex_lock(&a->space->lock);
    status = plan_array(a, count * a->element_bytes, wish);
    pthread_mutex_unlock(&a->space->lock);
    if (!status)
        status = rmf_allocate_settle(a->space, a->region);
    if (status)
        return status;
    pthread_mutex_lock(&a->space->lock);
    status = enlist(a);
    pthread_mutex_unlock(&a->space->lock);
    return status;
}

ramify_status ramify_array_create(ramify_space *space, uint64_t count, size_t element_bytes, const ramify_cut *cut,
                                  const ramify_wish *wish, ramify_array **array, ramify_placed *placed)
{
    static const ramify_cut blocked = { 0 };
    if (!space || !count || !element_bytes || !array)
        return RAMIFY_ERR_INVALID;
    if (count > PTRDIFF_MAX / element_bytes)
        return RAMIFY_ERR_RANGE;
    ramify_status status = rmf_wish_check(space, wish);
    if (status)
        return status;
    ramify_array *a = calloc(1, sizeof *a);
    if (!a)
        return RAMIFY_ERR_NO_MEMORY;
    a->space         = space;
    a->element_bytes = element_bytes;
    status           = build(a, count, cut ? cut : &blocked, wish);
    if (status) {
        rmf_region_free(a->region);
        rmf_array_drop(a);
        return status;
    }
    if (placed)
        *placed = a->region->placed;
    *array = a;
    return RAMIFY_OK;
}

void ramify_array_free(ramify_array *a)
{
    if (!a)
        return;
    ramify_space *s = a->space;
    pthread_mutex_lock(&s->lock);
    rmf_region_remove(s, a->region);
    for (uint32_t i = 0; i < s->array_count; i++)
        if (s->arrays[i] == a)
            s->arrays[i] = s->arrays[--s->array_count];
    pthread_mutex_unlock(&s->lock);
    rmf_region_free(a->region);
    rmf_array_drop(a);
}

void *ramify_array_memory(const ramify_array *a)
{
    return a->region->mapping.start;
}

uint64_t ramify_array_count(const ramify_array *a)
{
    return a->cut.count;
}

size_t ramify_array_element_bytes(const ramify_array *a)
{
    return a->element_bytes;
}

uint64_t ramify_array_parts(const ramify_array *a)
{
    return a->cut.parts;
}

const uint32_t *ramify_array_homes(const ramify_array *a, uint32_t *count)
{
    *count = a->home_count;
    return a->homes;
}

ramify_status ramify_array_part(const ramify_array *a, uint64_t part, ramify_part *described)
{
    if (part >= a->cut.parts)
        return RAMIFY_ERR_RANGE;
    uint64_t first = rmf_cut_first(&a->cut, part);
    *described     = (ramify_part){ .first  = first,
                                    .count  = rmf_cut_first(&a->cut, part + 1) - first,
                                    .domain = a->homes[part % a->home_count] };
    return RAMIFY_OK;
}

uint64_t ramify_array_part_of(const ramify_array *a, uint64_t element)
{
    return element < a->cut.count ? rmf_cut_part_of(&a->cut, element) : UINT64_MAX;
}
