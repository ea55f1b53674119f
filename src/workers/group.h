/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups: how many tasks are not done yet, who waits for that, the first error, and cancellation.
 *
 * `pending` counts tasks plus credits. A worker that submits to a group fetches some credits ahead and one that ends
 * tasks keeps theirs, so most tasks touch no shared line; what it holds it gives back before it idles, waits, or turns
 * to another group (credit recovery: Mattern, "Global quiescence detection based on credit distribution and
 * recovery", IPL 30, 1989). Credits only make the count too high, so zero means done.
 *
 * A group's memory is recycled within its pool and freed with it: the thread that brought the count to zero may still
 * look at the waiters after the group was given back. */
#ifndef RMF_WORKERS_GROUP_H
#define RMF_WORKERS_GROUP_H

#include "atomics.h"
#include "parking.h"

#include <pthread.h>
#include <ramify/runtime.h>

struct rmf_pool;

/* A thread that waits; lives on its stack. */
typedef struct rmf_waiter {
    struct rmf_waiter *next;
    uint32_t           worker; /* its number, or RAMIFY_NONE: sleeps on `word` */
    _Atomic uint32_t   word;   /* 1 once it should look again */
} rmf_waiter;

struct ramify_group {
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t pending; /* count, and RMF_GROUP_WAITED on top */
    _Alignas(RMF_PAIR_BYTES) struct rmf_pool *pool;    /* constant while the group lives */
    struct ramify_group        *parent;
    _Atomic uint32_t            children;  /* groups that have this one as parent */
    _Atomic uint32_t            cancelled; /* 0 or 1 */
    _Atomic int                 error;
    pthread_mutex_t             lock; /* guards the waiters */
    rmf_waiter                 *waiters;
    _Atomic(struct rmf_scope *) scope; /* of tasks with dependencies; NULL until there was one; kept with the memory */
    struct ramify_group        *next_free, *next_all; /* in the pool's lists */
    bool                        live;
};

static const uint64_t RMF_GROUP_WAITED = 1ull << 63;

/* Adds `count`, at least 1, to the group (and one to its parent when it was empty). Before the tasks can be seen. */
void rmf_group_add(ramify_group *group, uint64_t count);

/* Takes `count` away; when that empties the group it wakes the waiters and takes one from the parent. */
void rmf_group_done(ramify_group *group, uint64_t count);

/* True when nothing is pending; then everything its tasks did is visible. */
static inline bool rmf_group_is_done(const ramify_group *group)
{
    /* order: acquires what the tasks did (pairs with the subtraction in rmf_group_done), and comes after a waiter's
     * announcement (seq_cst, the waiter's half of its handshake with rmf_group_done) */
    return (rmf_load_seq_cst(&((ramify_group *)(uintptr_t)group)->pending) & ~RMF_GROUP_WAITED) == 0;
}

/* As ramify_group_cancelled(), in line: each task asks. */
static inline bool rmf_group_is_cancelled(const ramify_group *group)
{
    for (; group; group = group->parent)
        if (rmf_load_relaxed(&((ramify_group *)(uintptr_t)group)->cancelled))
            return true;
    return false;
}

/* Puts a waiter on the list, takes it off. */
void rmf_group_enlist(ramify_group *group, rmf_waiter *waiter);
void rmf_group_delist(ramify_group *group, rmf_waiter *waiter);

#endif
