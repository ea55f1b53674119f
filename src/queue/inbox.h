/* SPDX-License-Identifier: BSD-3-Clause */
/* An inbox: where tasks for one domain arrive from any thread and any worker may fetch them.
 *
 * A ring takes the usual traffic. An unbounded inbox whose ring is full puts the rest on a list of blocks under a lock
 * and keeps putting it there until that list is drained, so that tasks stay roughly in order of arrival. A bounded one
 * refuses. */
#ifndef RMF_QUEUE_INBOX_H
#define RMF_QUEUE_INBOX_H

#include "ring.h"

#include <pthread.h>
#include <ramify/status.h>

enum { RMF_SPILL_TASKS = 84 }; /* a block of 84 tasks of 48 bytes, its link and two counts fits a 4 KiB page */

typedef struct rmf_spill {
    struct rmf_spill *next;
    uint32_t          first, end; /* tasks[first, end) are waiting */
    rmf_task          tasks[RMF_SPILL_TASKS];
} rmf_spill;

typedef struct rmf_inbox {
    rmf_ring         ring;
    bool             bounded;
    _Atomic uint64_t spilled;      /* tasks on the list */
    _Atomic int64_t  extra_weight; /* queued weight beyond 1 per task, in 1/256 */
    pthread_mutex_t  lock;         /* guards the list */
    rmf_spill       *oldest, *newest, *spare;
    rmf_cell        *cells;
    _Atomic uint64_t filled_ticks, taken_ticks; /* for its users, who alone write them: last empty, last taken from */
} rmf_inbox;

/* capacity: a power of two, cells of the ring. limit: 0 unbounded; else the most tasks it holds, at most capacity.
 * The ring's memory is touched here. Errors: ERR_NO_MEMORY. */
ramify_status rmf_inbox_init(rmf_inbox *inbox, uint32_t capacity, uint32_t limit);

/* Frees its memory; tasks still in it are forgotten. */
void rmf_inbox_drop(rmf_inbox *inbox);

/* Puts tasks in, first ones first, and returns how many: all of them unless the inbox is bounded and full or memory
 * for the list ran out. The push is seq_cst before the caller's look at who sleeps. */
uint32_t rmf_inbox_push_mp(rmf_inbox *inbox, const rmf_task *tasks, uint32_t count);

/* Takes tasks, about oldest first: of up to `most` the share of one of `sharers` consumers, at least one. */
uint32_t rmf_inbox_pop_mc(rmf_inbox *inbox, rmf_task *tasks, uint32_t most, uint32_t sharers);

/* Tasks waiting; the sleeper's half of the parking handshake. */
static inline uint64_t rmf_inbox_size(const rmf_inbox *inbox)
{
    /* order: pairs with the seq_cst add in spill(); see rmf_ring_size for the other half */
    return rmf_ring_size(&inbox->ring) + rmf_load_seq_cst(&((rmf_inbox *)(uintptr_t)inbox)->spilled);
}

/* Queued weight: tasks plus what their weights add, never below 0. */
double rmf_inbox_load(const rmf_inbox *inbox);

#endif
