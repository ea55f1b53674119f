/* SPDX-License-Identifier: BSD-3-Clause */
/* Priorities: tasks whose priority is not 0 wait in inboxes of their own, one per domain and rank, and never enter a
 * deque, so that every look for work can begin with the highest rank.
 *
 * A pool remembers which ranks were ever used. Until one is, a search costs one load of that mask more; it lies on a
 * line that is then never written. */
#ifndef RMF_WORKERS_RANKS_H
#define RMF_WORKERS_RANKS_H

#include "inbox.h"

#include <ramify/policy.h>

struct rmf_pool;
struct rmf_worker;

enum { RMF_RANKS = RAMIFY_PRIORITY_MAX - RAMIFY_PRIORITY_MIN + 1, RMF_RANK_USUAL = -RAMIFY_PRIORITY_MIN };

/* Which queue of a domain a task waits in. */
typedef struct rmf_way {
    uint8_t rank; /* priority, counted from RAMIFY_PRIORITY_MIN */
    bool    strict;
    bool    homed; /* kept for the workers below its domain; neither strict nor of another rank than the usual */
} rmf_way;

static inline rmf_way rmf_way_of(const ramify_hint *hint)
{
    return (rmf_way){ (uint8_t)(hint->priority - RAMIFY_PRIORITY_MIN), hint->strict, false };
}

/* True when it may go to a deque. */
static inline bool rmf_way_is_usual(rmf_way way)
{
    return !way.strict && !way.homed && way.rank == RMF_RANK_USUAL;
}

/* One domain's inboxes, made when first used. The usual rank has none here: that is what rmf_mail has. */
typedef struct rmf_ranks {
    _Atomic(rmf_inbox *) open[RMF_RANKS], strict[RMF_RANKS];
} rmf_ranks;

/* The inbox for a way, made if need be; NULL when there is no memory. */
rmf_inbox *rmf_ranks_inbox(struct rmf_pool *pool, uint32_t domain, rmf_way way);

/* Frees a domain's; NULL is allowed. */
void rmf_ranks_drop(rmf_ranks *ranks);

/* The highest rank above the usual one that waits in the worker's own domains: its leaf and the ancestors. */
bool rmf_ranks_fetch_high(struct rmf_worker *worker, rmf_task *task);

/* The same from other domains, nearest first. */
bool rmf_ranks_steal_high(struct rmf_worker *worker, rmf_task *task);

/* Ranks below the usual one, highest first, own domains before others. */
bool rmf_ranks_fetch_low(struct rmf_worker *worker, rmf_task *task);

/* True when a domain holds tasks of any rank but the usual. */
bool rmf_ranks_hold(const struct rmf_pool *pool, uint32_t domain, bool with_open, bool with_strict);

/* Their load, as rmf_inbox_load. */
double rmf_ranks_load(const struct rmf_pool *pool, uint32_t domain);

#endif
