/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting, waking and the states of groups. */
#include "group.h"

#include "pool.h"

/* Adds to a group that has something pending; false when it has not. */
static bool add_to_busy(ramify_group *group, uint64_t count)
{
    uint64_t pending = rmf_load_relaxed(&group->pending);
    while (pending & ~RMF_GROUP_WAITED)
        /* order: whoever made the group busy has charged its parent before; pairs with the add in rmf_group_add */
        if (rmf_cas_acquire(&group->pending, &pending, pending + count))
            return true;
    return false;
}

void rmf_group_add(ramify_group *group, uint64_t count)
{
    if (!group->parent) {
        rmf_add_relaxed(&group->pending, count);
        return;
    }
    if (add_to_busy(group, count))
        return;
    /* The parent first: a second submitter that finds this group busy may look at the parent at once. */
    rmf_group_add(group->parent, 1);
    /* order: publishes the parent's charge; pairs with the claim in add_to_busy() */
    uint64_t before = rmf_add_acq_rel(&group->pending, count);
    if (before & ~RMF_GROUP_WAITED) /* another submitter was faster; its charge stays until this group is empty */
        rmf_group_done(group->parent, 1);
}

static void wake_waiters(ramify_group *group)
{
    pthread_mutex_lock(&group->lock);
    for (rmf_waiter *w = group->waiters; w; w = w->next) {
        if (w->worker != RAMIFY_NONE) {
            rmf_wake_worker(&group->pool->parking, w->worker);
            continue;
        }
        /* order: after the count was brought to zero; pairs with the store in rmf_wait_outside() */
        rmf_store_seq_cst(&w->word, 1);
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
    return rmf_group_is_cancelled(group);
}
