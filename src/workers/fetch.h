/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding the next task, in this order: own deque, own inboxes, the ancestors' inboxes, then other workers and other
 * domains, nearest first. */
#ifndef RMF_WORKERS_FETCH_H
#define RMF_WORKERS_FETCH_H

#include "pool.h"

/* The worker's own: deque, strict inbox, inbox. */
bool rmf_fetch_own(rmf_worker *worker, rmf_task *task);

/* Everybody else's: one pass over all places the worker may take from. */
bool rmf_fetch_far(rmf_worker *worker, rmf_task *task);

/* From the worker that took a fork: its lane, then its deque. asks: for what it does not share. */
bool rmf_fetch_from(rmf_worker *worker, uint32_t victim, bool asks, rmf_task *task);

/* A fork was brought to the worker's door: counted like one it took itself. */
void rmf_fetch_note_brought(rmf_worker *worker, uint32_t giver);

/* This very fork, out of the deque of the worker that holds it, which may be the worker itself. What lies before it there
 * goes on to the worker's own deque, where all may have it. False: it is not there, or no longer. */
bool rmf_fetch_fork(rmf_worker *worker, uint32_t holder, ramify_fork *fork, rmf_task *task);

/* True when some place the worker may take from is not empty. The last look before sleeping: it
 * also asks every lane for its private forks. Otherwise *wait_ticks: in how long it may take what is kept for a home
 * now, 0: nothing is. */
bool rmf_fetch_any_left(const rmf_worker *worker, uint64_t *wait_ticks);

/* Any domain whose queues are not empty, RAMIFY_NONE if there is none: where a wake-up is due. */
uint32_t rmf_fetch_where_left(const rmf_pool *pool);

/* An inner domain on the worker's way up with tasks left that are not for everybody, RAMIFY_NONE if there is none. */
uint32_t rmf_fetch_kept_left(const rmf_worker *worker);

/* Puts a vertex on the worker's own deque, not visible yet; false for want of room or memory. */
struct rmf_vertex;
bool rmf_deque_push_vertex(rmf_worker *worker, struct rmf_vertex *vertex);

/* Puts tasks on the worker's own deque, visible to thieves, and returns how many; fewer for want of room or memory.
 * Together the deque holds at most `limit` tasks afterwards. */
uint32_t rmf_deque_submit(rmf_worker *worker, const rmf_task *tasks, uint32_t count, uint32_t limit);

#endif
