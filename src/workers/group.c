/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting, waking and the states of groups. */
#include "group.h"

#include "pool.h"

void rmf_group_add(ramify_group *group, uint64_t count)
{
    for (; group; group = group->parent) {
        uint64_t before = rmf_add_relaxed(&group->pending, count);
        if (before & ~RMF_GROUP_WAITED)
            return;
        count = 1;
    }
}

static void wake_waiters(ramify_group *group)
{
    pthread_mutex_lock(&group->lock);
    for (rmf_waiter *w = group->waiters; w; w = w->next) {
        if (w->worker != RAMIFY_NONE) {
            rmf_wake_worker(&group->pool->parking, w->worker);
            continue;
        }
        rmf_store_relaxed(&w->word, 1); /* the lock orders it; the sleeper looks at `pending` itself */
        rmf_futex_wake(&w->word, 1);
    }
    pthread_mutex_unlock(&group->lock);
}

void rmf_group_done(ramify_group *group, uint64_t count)
{
    while (group) {
        ramify_group *parent = group->parent; /* read while our count still keeps the group alive */
        /* order: releases what the tasks did to rmf_group_is_done() and acquires what others' tasks did, for the
         * parent's sake; seq_cst before the look at RMF_GROUP_WAITED that the result brings along */
        uint64_t before = rmf_sub_seq_cst(&group->pending, count);
        if ((before & ~RMF_GROUP_WAITED) != count)
            return;
        if (before & RMF_GROUP_WAITED)
            wake_waiters(group);
        group = parent;
        count = 1;
    }
}

void rmf_group_enlist(ramify_group *group, rmf_waiter *waiter)
{
    pthread_mutex_lock(&group->lock);
    waiter->next   = group->waiters;
    group->waiters = waiter;
    /* order: announced before the waiter's look at the count; pairs with the subtraction in rmf_group_done */
    rmf_or_seq_cst(&group->pending, RMF_GROUP_WAITED);
    pthread_mutex_unlock(&group->lock);
}

void rmf_group_delist(ramify_group *group, rmf_waiter *waiter)
{
    pthread_mutex_lock(&group->lock);
    rmf_waiter **link = &group->waiters;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (!group->waiters)
        /* order: under the lock; a later finisher that sees the bit gone has nobody to wake */
        rmf_and_seq_cst(&group->pending, ~RMF_GROUP_WAITED);
    pthread_mutex_unlock(&group->lock);
}

ramify_status ramify_group_fail(ramify_group *group, int code)
{
    if (!group || code == 0)
        return RAMIFY_ERR_INVALID;
    for (; group; group = group->parent) {
        int none = 0;
        /* order: none: the code stands alone; who waited for the task sees it, for the task's end came after */
        (void)rmf_cas_relaxed(&group->error, &none, code);
    }
    return RAMIFY_OK;
}

int ramify_group_error(const ramify_group *group)
{
    return group ? rmf_load_relaxed(&group->error) : 0;
}

void ramify_group_cancel(ramify_group *group)
{
    if (group)
        rmf_store_relaxed(&group->cancelled, 1);
}

bool ramify_group_cancelled(const ramify_group *group)
{
    for (; group; group = group->parent)
        if (rmf_load_relaxed(&group->cancelled))
            return true;
    return false;
}
