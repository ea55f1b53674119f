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

/* Which queue of a domain a task waits in: the rank, which is the priority counted from RAMIFY_PRIORITY_MIN, and bits.
 * One word: fields of their own are put together by narrow stores and one wide load, which waits until every store
 * before it is done, those to lines of other cores included; that took 16 of 39 ns of a submission from outside. */
typedef struct rmf_way {
    uint16_t word;
} rmf_way;

enum {
    RMF_WAY_RANK   = 0xff,
    RMF_WAY_STRICT = 0x100,
    RMF_WAY_HOMED =
        0x200, /* kept for the workers below its domain; neither strict nor of another rank than the usual */
};

static const rmf_way RMF_WAY_USUAL = { RMF_RANK_USUAL };

static inline rmf_way rmf_way_of(const ramify_hint *hint)
{
    return (rmf_way){ (uint16_t)((hint->priority - RAMIFY_PRIORITY_MIN) | (hint->strict ? RMF_WAY_STRICT : 0)) };
}

static inline uint32_t rmf_way_rank(rmf_way way)
{
    return way.word & RMF_WAY_RANK;
}

static inline bool rmf_way_is_strict(rmf_way way)
{
    return (way.word & RMF_WAY_STRICT) != 0;
}

static inline bool rmf_way_is_homed(rmf_way way)
{
    return (way.word & RMF_WAY_HOMED) != 0;
}

/* True when it may go to a deque. */
static inline bool rmf_way_is_usual(rmf_way way)
{
    return way.word == RMF_RANK_USUAL;
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
