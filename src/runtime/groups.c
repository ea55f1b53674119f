/* SPDX-License-Identifier: BSD-3-Clause */
/* Making, recycling and giving back groups. */
#include "runtime_handle.h"

#include "depend_inside.h"

#include <stdlib.h>

/* Memory for a group: one that was given back, or new. */
static ramify_group *group_memory(rmf_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    ramify_group *group = pool->free_groups;
    if (group)
        pool->free_groups = group->next_free;
    else if ((group = aligned_alloc(RMF_PAIR_BYTES, sizeof *group))) {
        *group = (ramify_group){ .pool = pool, .next_all = pool->all_groups };
        pthread_mutex_init(&group->lock, NULL);
        pool->all_groups = group;
    }
    if (group)
        group->live = true;
    pthread_mutex_unlock(&pool->lock);
    return group;
}

ramify_status ramify_group_create(ramify_runtime *rt, const ramify_group_options *options, ramify_group **result)
{
    ramify_group *parent = options ? options->parent : NULL;
    if (!rt || !result || (parent && parent->pool != rt->pool))
        return RAMIFY_ERR_INVALID;
    ramify_group *group = group_memory(rt->pool);
    if (!group)
        return RAMIFY_ERR_NO_MEMORY;
    group->parent = parent;
    rmf_store_relaxed(&group->cancelled, 0);
    rmf_store_relaxed(&group->error, 0);
    if (parent)
        rmf_add_relaxed(&parent->children, 1);
    *result = group;
    return RAMIFY_OK;
}

ramify_status ramify_group_free(ramify_group *group)
{
    if (!group)
        return RAMIFY_OK;
    if (!rmf_group_is_done(group) || rmf_load_relaxed(&group->children))
        return RAMIFY_ERR_BUSY;
    if (group->parent)
        rmf_add_relaxed(&group->parent->children, -1u);
    rmf_pool *pool = group->pool;
    rmf_scope_clear(rmf_load_relaxed(&group->scope));
    pthread_mutex_lock(&pool->lock);
    group->live       = false;
    group->next_free  = pool->free_groups;
    pool->free_groups = group;
    pthread_mutex_unlock(&pool->lock);
    return RAMIFY_OK;
}

ramify_status ramify_group_reset(ramify_group *group)
{
    if (!group)
        return RAMIFY_ERR_INVALID;
    if (!rmf_group_is_done(group))
        return RAMIFY_ERR_BUSY;
    rmf_store_relaxed(&group->error, 0);
    rmf_store_relaxed(&group->cancelled, 0);
    return RAMIFY_OK;
}
