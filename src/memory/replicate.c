/* SPDX-License-Identifier: BSD-3-Clause */
/* Read-only copies, one for each node that is nearest to a worker. */
#include "allocate.h"
#include "placing.h"

#include <stdlib.h>
#include <string.h>

struct ramify_replicas {
    ramify_space *space;
    uint32_t      count, without;
    rmf_region  **copies;
    uint32_t     *of_domain; /* domain -> index in copies */
};

/* Makes one copy; *region untouched when the node has no room and `must` does not insist. */
static ramify_status make_copy(ramify_space *space, const void *source, size_t bytes, uint32_t position, bool must,
                               rmf_region **region)
{
    rmf_region *r = rmf_region_make(RAMIFY_REGION_REPLICA);
    if (!r)
        return RAMIFY_ERR_NO_MEMORY;
    const ramify_memory *memories = space->nodes.memories;
    pthread_mutex_lock(&space->lock);
    ramify_status status = rmf_allocate_map(space, bytes, NULL, r);
    uint32_t      domain = position == RAMIFY_NONE ? rmf_placing_only_domain(space) : memories[position].domain;
    if (!status)
        status = rmf_placing_plan_on(space, r, r->start, r->start + bytes, position, domain);
    pthread_mutex_unlock(&space->lock);
    r->wish.placement = RAMIFY_PLACEMENT_DOMAIN;
    r->wish.domain    = domain;
    bool elsewhere    = r->placed.bytes_elsewhere || r->placed.reason == RAMIFY_ERR_NO_MEMORY;
    if (!status && (must || !elsewhere)) {
        r->placed.node       = position == RAMIFY_NONE ? RAMIFY_NONE : memories[position].os_index;
        r->placed.node_count = position != RAMIFY_NONE;
        status               = rmf_allocate_settle(space, r);
        if (!status) {
            memcpy(r->mapping.start, source, bytes);
            rmf_mapping_freeze(&r->mapping);
            *region = r;
            return RAMIFY_OK;
        }
    }
    rmf_region_free(r);
    return status;
}

/* Marks the nodes that are nearest to a leaf. */
static void mark_nodes(const ramify_space *space, uint32_t *copy_of)
{
    for (uint32_t i = 0; i < space->nodes.count; i++)
        copy_of[i] = RAMIFY_NONE;
    for (uint32_t leaf = 0; leaf < ramify_tree_leaf_count(space->nodes.tree); leaf++) {
        uint32_t position = rmf_nodes_position(&space->nodes, ramify_tree_leaf(space->nodes.tree, leaf)->node);
        if (position != RAMIFY_NONE)
            copy_of[position] = 0;
    }
}

/* Copies for all marked nodes; copy_of becomes the index of each node's own copy, or RAMIFY_NONE. */
static ramify_status make_copies(ramify_replicas *r, const void *source, size_t bytes, uint32_t *copy_of)
{
    ramify_status status = RAMIFY_OK;
    for (uint32_t i = 0; !status && i < r->space->nodes.count; i++) {
        if (copy_of[i] == RAMIFY_NONE)
            continue;
        rmf_region *copy = NULL;
        status           = make_copy(r->space, source, bytes, i, false, &copy);
        if (status == RAMIFY_ERR_NO_MEMORY)
            status = RAMIFY_OK;
        r->without += !copy;
        copy_of[i] = copy ? r->count : RAMIFY_NONE;
        if (copy)
            r->copies[r->count++] = copy;
    }
    if (!status && !r->count) { /* no node is known, or none has room: one copy wherever there is memory */
        uint32_t first = RAMIFY_NONE;
        for (uint32_t i = r->space->nodes.count; r->without && i-- > 0;)
            first = rmf_nodes_has_memory(&r->space->nodes, i) ? i : first;
        status = make_copy(r->space, source, bytes, first, true, &r->copies[0]);
        if (!status)
            r->count = 1;
    }
    return status;
}

/* Every domain reads the copy on its node, or the nearest there is. Lock, for the scratch. */
static void assign(ramify_replicas *r, const uint32_t *copy_of)
{
    ramify_space *s = r->space;
    for (uint32_t i = 0; i < s->nodes.count; i++)
        s->free_bytes[i] = copy_of[i] != RAMIFY_NONE;
    for (uint32_t d = 0; d < s->nodes.domain_count; d++) {
        uint32_t node   = rmf_nodes_position(&s->nodes, s->nodes.domains[d].node);
        uint32_t near   = node == RAMIFY_NONE ? RAMIFY_NONE : rmf_nodes_nearest(&s->nodes, node, s->free_bytes, 1);
        r->of_domain[d] = near == RAMIFY_NONE ? 0 : copy_of[near];
    }
}

/* Puts the copies and their owner in the space's lists. Lock. */
static ramify_status enlist(ramify_replicas *r)
{
    ramify_space *s = r->space;
    ramify_status status =
        rmf_list_reserve((void **)&s->replicas, &s->replica_room, s->replica_count, sizeof *s->replicas);
    uint32_t listed = 0;
    while (!status && listed < r->count) {
        status = rmf_region_insert(s, r->copies[listed]);
        listed += !status;
    }
    while (status && listed > 0)
        rmf_region_remove(s, r->copies[--listed]);
    if (!status)
        s->replicas[s->replica_count++] = r;
    return status;
}

void rmf_replicas_drop(ramify_replicas *r)
{
    free(r->copies);
    free(r->of_domain);
    free(r);
}

static void free_copies(ramify_replicas *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        rmf_region_free(r->copies[i]);
    rmf_replicas_drop(r);
}

ramify_status ramify_space_replicate(ramify_space *space, const void *source, size_t bytes, ramify_replicas **replicas)
{
    if (!space || !source || !bytes || !replicas)
        return RAMIFY_ERR_INVALID;
    if (bytes > PTRDIFF_MAX)
        return RAMIFY_ERR_RANGE;
    ramify_replicas *r = calloc(1, sizeof *r);
    if (!r)
        return RAMIFY_ERR_NO_MEMORY;
    r->space              = space;
    r->copies             = calloc(space->nodes.count + 1u, sizeof *r->copies);
    r->of_domain          = calloc(space->nodes.domain_count, sizeof *r->of_domain);
    uint32_t     *copy_of = calloc(space->nodes.count + 1u, sizeof *copy_of);
    ramify_status status  = r->copies && r->of_domain && copy_of ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY;
    if (!status) {
        mark_nodes(space, copy_of);
        status = make_copies(r, source, bytes, copy_of);
    }
    if (!status) {
        pthread_mutex_lock(&space->lock);
        assign(r, copy_of);
        status = enlist(r);
        pthread_mutex_unlock(&space->lock);
    }
    free(copy_of);
    if (status)
        free_copies(r);
    else
        *replicas = r;
    return status;
}

const void *ramify_replicas_near(const ramify_replicas *r, uint32_t domain)
{
    return r->copies[domain < r->space->nodes.domain_count ? r->of_domain[domain] : 0]->mapping.start;
}

uint32_t ramify_replicas_count(const ramify_replicas *r, uint32_t *nodes_without)
{
    if (nodes_without)
        *nodes_without = r->without;
    return r->count;
}

void ramify_replicas_free(ramify_replicas *r)
{
    if (!r)
        return;
    ramify_space *s = r->space;
    pthread_mutex_lock(&s->lock);
    for (uint32_t i = 0; i < r->count; i++)
        rmf_region_remove(s, r->copies[i]);
    for (uint32_t i = 0; i < s->replica_count; i++)
        if (s->replicas[i] == r)
            s->replicas[i] = s->replicas[--s->replica_count];
    pthread_mutex_unlock(&s->lock);
    free_copies(r);
}
