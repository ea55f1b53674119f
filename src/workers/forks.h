/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of a fork: who took it, who waits for it, whether it is done.
 *
 * One word: 0 nobody took it; else the thief's number + 1 in the low half and the waiting owner's number + 1 in the
 * high half; all ones when it is done, less the number of a mistake. After that the fork's memory is its owner's again. */
#ifndef RMF_WORKERS_FORKS_H
#define RMF_WORKERS_FORKS_H

#include "pool.h"

/* The worker has claimed the fork. */
void rmf_fork_take(const rmf_worker *worker, ramify_fork *fork);

/* The worker, its owner, may sleep until the fork is done. */
void rmf_fork_await(const rmf_worker *worker, ramify_fork *fork);

/* The worker has run the fork and made the mistake in worker->mistake, if any; wakes its owner if that sleeps. */
void rmf_fork_finish(rmf_worker *worker, ramify_fork *fork);

/* True when a thief has run the fork; then its results are visible. */
bool rmf_fork_is_done(ramify_fork *fork);

/* Forks without a look at who asks: for whoever shares at once. context: the worker's own. */
ramify_context rmf_fork_put(rmf_worker *worker, ramify_context context, ramify_fork *fork, ramify_fork_fn run);

/* Brings a fork to the door of a worker; false: that one does not search. It is joined by the other, in any order: no
 * lane knows it. context: the worker's own. True: nobody has begun it, it is the caller's. */
bool rmf_fork_give(rmf_worker *to, ramify_fork *fork, ramify_fork_fn run);
bool rmf_fork_join_given(rmf_worker *worker, ramify_context context, rmf_worker *to, ramify_fork *fork);

/* True when the fork is the newest: the one in the slot, or beyond the last slot one that ran at once. */
bool rmf_fork_is_newest(const rmf_lane *lane, ramify_fork **slot, const ramify_fork *fork);

/* Task function that runs a root fork. Only on a worker of the pool: a thread from outside has no lane. */
void rmf_fork_enter(void *fork);

/* Runs a root fork: here on a worker of the pool, otherwise as a task of `group` (which may be NULL on a worker).
 * Errors: those of submitting and waiting; the computation's mistake. */
ramify_status rmf_fork_call(rmf_pool *pool, ramify_group *group, ramify_fork *fork);

#endif
