/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a space, what it can do here, and its end. */
#include "space_inside.h"

#include <errno.h>
#include <stdlib.h>

ramify_status rmf_pages_status(int system_error)
{
    switch (system_error) {
    case 0: return RAMIFY_OK;
    case ENOTSUP: return RAMIFY_ERR_NOT_BUILT;
    case ENOSYS:
    case ENODEV: return RAMIFY_ERR_NOT_FOUND;
    case EPERM:
    case EACCES: return RAMIFY_ERR_NOT_ALLOWED;
    case EINVAL: return RAMIFY_ERR_NOT_ALLOWED; /* the arguments are right, so the node is outside the cpuset */
    case ENOMEM: return RAMIFY_ERR_NO_MEMORY;
    default: return RAMIFY_ERR_SYSTEM;
    }
}

ramify_trouble rmf_pages_trouble(int system_error)
{
    switch (system_error) {
    case EBUSY:
    case EAGAIN: return RAMIFY_TROUBLE_BUSY;
    case EACCES: return RAMIFY_TROUBLE_SHARED;
    case ENOMEM: return RAMIFY_TROUBLE_FULL;
    case EFAULT: return RAMIFY_TROUBLE_UNMAPPED;
    case EPERM:
    case EINVAL:
    case ENODEV: return RAMIFY_TROUBLE_BARRED;
    default: return RAMIFY_TROUBLE_OTHER;
    }
}

const char *ramify_trouble_text(int trouble)
{
    static const char *const texts[] = {
#define TEXT(name, text) text,
        RAMIFY_TROUBLE_TABLE(TEXT)
#undef TEXT
    };
    return trouble >= 0 && trouble < RAMIFY_TROUBLE_COUNT ? texts[trouble] : NULL;
}

static rmf_ability ability_of(int system_error)
{
    return (rmf_ability){ rmf_pages_status(system_error), system_error == ENOTSUP ? 0 : system_error };
}

/* One page is bound, asked for and moved to where it is: a container that filters the calls refuses them here too. */
static void try_calls(ramify_space *s)
{
    s->bind = s->query = s->move = (rmf_ability){ RAMIFY_ERR_NOT_FOUND, 0 };
    rmf_mapping probe;
    if (!ramify_tree_is_this_machine(s->nodes.tree))
        return;
    ramify_status status = rmf_mapping_make(1, RAMIFY_PAGES_SYSTEM, 0, 0, &probe);
    if (status) {
        s->bind = s->query = s->move = (rmf_ability){ status, ENOMEM };
        return;
    }
    *(volatile char *)probe.start = 1;
    void *page                    = probe.start;
    int   node = RMF_PAGE_ABSENT, error = 0;
    s->bind  = ability_of(s->pages->bind(s->pages_self, probe.start, probe.bytes, RMF_BIND_LOCAL, NULL, 0));
    s->query = ability_of(s->pages->query(s->pages_self, 1, &page, &node));
    s->move  = s->query;
    if (!s->query.status && node >= 0)
        s->move = ability_of(s->pages->move(s->pages_self, 1, &page, node, &error));
    rmf_mapping_drop(&probe);
    if (!s->nodes.count && !s->bind.status)
        s->bind = s->query = s->move = (rmf_ability){ RAMIFY_ERR_NOT_FOUND, 0 };
}

static uint32_t words_of(const rmf_nodes *nodes)
{
    uint32_t words = 1;
    for (uint32_t i = 0; i < nodes->count; i++)
        if (nodes->memories[i].os_index / 64 + 1 > words)
            words = nodes->memories[i].os_index / 64 + 1;
    return words;
}

static ramify_status make_scratch(ramify_space *s)
{
    size_t nodes       = s->nodes.count + 1u; /* + 1: no node is not a failure */
    s->free_bytes      = calloc(nodes, sizeof *s->free_bytes);
    s->allowed         = calloc(s->node_words, sizeof *s->allowed);
    s->choice.position = calloc(nodes, sizeof *s->choice.position);
    s->marks           = calloc(nodes, sizeof *s->marks);
    bool made          = s->free_bytes && s->allowed && s->choice.position && s->marks;
    return made ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY;
}

ramify_status rmf_space_open_with(const ramify_tree *tree, const ramify_space_options *options, const rmf_pages *pages,
                                  void *pages_self, ramify_space **space)
{
    if (!tree || !space)
        return RAMIFY_ERR_INVALID;
    ramify_space *s = aligned_alloc(RMF_PAIR_BYTES, sizeof *s);
    if (!s)
        return RAMIFY_ERR_NO_MEMORY;
    *s            = (ramify_space){ .pages = pages, .pages_self = pages_self };
    s->log        = options ? (rmf_log){ options->log, options->log_self } : (rmf_log){ 0 };
    s->nodes      = rmf_nodes_of(tree);
    s->node_words = words_of(&s->nodes);
    s->page_bytes = rmf_page_bytes();
    s->huge_bytes = pages->huge_bytes(pages_self);
    pthread_mutex_init(&s->lock, NULL);
    ramify_status status = make_scratch(s);
    if (!status)
        status = rmf_atlas_reserve(&s->atlas, 1);
    if (status) {
        ramify_space_free(s);
        return status;
    }
    try_calls(s);
    if (s->bind.status)
        rmf_log_line(&s->log, RAMIFY_LOG_INFO, "memory is not bound to nodes: %s (system error %d)",
                     ramify_status_text(s->bind.status), s->bind.system_error);
    *space = s;
    return RAMIFY_OK;
}

ramify_status ramify_space_open(const ramify_tree *tree, const ramify_space_options *options, ramify_space **space)
{
    return rmf_space_open_with(tree, options, &rmf_pages_built, NULL, space);
}

void ramify_space_free(ramify_space *space)
{
    if (!space)
        return;
    for (uint32_t i = 0; i < space->array_count; i++)
        rmf_array_drop(space->arrays[i]);
    for (uint32_t i = 0; i < space->replica_count; i++)
        rmf_replicas_drop(space->replicas[i]);
    for (uint32_t i = 0; i < space->region_count; i++)
        rmf_region_free(space->regions[i]);
    rmf_atlas_drop(&space->atlas);
    pthread_mutex_destroy(&space->lock);
    free(space->arrays);
    free(space->replicas);
    free(space->regions);
    free(space->waiting);
    free(space->free_bytes);
    free(space->allowed);
    free(space->choice.position);
    free(space->marks);
    free(space);
}

static uint32_t usable_nodes(ramify_space *s)
{
    uint32_t usable = 0;
    int      error  = s->pages->allowed(s->pages_self, s->allowed, s->node_words);
    for (uint32_t i = 0; i < s->nodes.count; i++) {
        uint32_t node = s->nodes.memories[i].os_index;
        usable += error || s->allowed[node / 64] >> node % 64 & 1;
    }
    return usable;
}

ramify_status ramify_space_capabilities(ramify_space *space, ramify_space_abilities *abilities)
{
    if (!space || !abilities)
        return RAMIFY_ERR_INVALID;
    *abilities = (ramify_space_abilities){
        .bind        = space->bind.status,
        .query       = space->query.status,
        .move        = space->move.status,
        .bind_error  = space->bind.system_error,
        .query_error = space->query.system_error,
        .move_error  = space->move.system_error,
        .balancing   = space->pages->balancing(space->pages_self),
        .page_bytes  = space->page_bytes,
        .huge_bytes  = space->huge_bytes,
        .next_touch  = RAMIFY_ERR_NOT_FOUND,
    };
    pthread_mutex_lock(&space->lock);
    abilities->nodes   = usable_nodes(space);
    abilities->regions = space->region_count;
    for (uint32_t i = 0; i < space->region_count; i++)
        abilities->bytes += space->regions[i]->bytes;
    pthread_mutex_unlock(&space->lock);
    return RAMIFY_OK;
}

const ramify_tree *rmf_space_tree(const ramify_space *space)
{
    return space->nodes.tree;
}

uint32_t rmf_space_locate(const ramify_space *space, const void *address)
{
    return space ? rmf_atlas_find(&space->atlas, (uintptr_t)address) : RAMIFY_NONE;
}

uint32_t ramify_space_locate(const ramify_space *space, const void *address)
{
    return rmf_space_locate(space, address);
}
