/* SPDX-License-Identifier: BSD-3-Clause */
/* The steps of a submission, shared by single tasks and batches. */
#ifndef RMF_WORKERS_SUBMIT_H
#define RMF_WORKERS_SUBMIT_H

#include "pool.h"

/* The calling thread's worker if it belongs to the pool, NULL otherwise. */
rmf_worker *rmf_own_worker(const rmf_pool *pool);

/* Random state and sampling counter of the calling thread; worker: as rmf_own_worker gives it. */
rmf_sender *rmf_sender_of(rmf_pool *pool, rmf_worker *worker);

/* The tasks that run on the calling thread: the worker's, or without one those it runs in place of a worker. */
rmf_frame **rmf_frames_of(rmf_worker *worker);

bool rmf_hint_is_valid(const rmf_pool *pool, const ramify_hint *hint);

/* Fills stamp, weight and home by the hint and the pool's policy. Returns which queue of its home it goes to. */
rmf_way rmf_task_prepare(rmf_pool *pool, rmf_worker *worker, rmf_sender *sender, const ramify_hint *hint,
                         rmf_task *task);

/* Where a task goes that runs later, from wherever its turn comes, and by which
 * queue; RAMIFY_NONE: it may stay where that is. */
uint32_t rmf_task_place_later(rmf_pool *pool, rmf_worker *worker, const ramify_hint *hint, rmf_way *way);

/* One task more for a group, about to be submitted. */
void rmf_charge(rmf_worker *worker, ramify_group *group);

/* Puts tasks into the queues of one domain and wakes somebody; how many found room, always the first ones. The group
 * is charged already. */
uint32_t rmf_deliver(rmf_pool *pool, rmf_worker *worker, uint32_t domain, rmf_way way, const rmf_task *tasks,
                     uint32_t count);

/* Wakes somebody for `count` tasks that were put there. */
void rmf_wake_for(rmf_pool *pool, rmf_worker *worker, uint32_t domain, rmf_way way, uint32_t count);

/* Lets time pass for others, for the `tries`-th time: first yields, then sleeps 100 us. */
void rmf_let_pass(uint32_t tries);

/* True in a rule's pick(), as far as the calling thread has a mark. */
bool rmf_is_placing(const rmf_pool *pool);

/* There was no room, for the `tries`-th time: a worker runs another task, other threads let time pass. */
void rmf_wait_for_room(rmf_worker *worker, uint32_t tries);

/* The worker's own queue is full, and by the pool's options a task for it then runs at once. */
static inline bool rmf_runs_at_once(const rmf_pool *pool, const rmf_worker *worker)
{
    return pool->full == RAMIFY_FULL_RUN && rmf_deque_shared_any(&worker->deque) >= pool->queue_tasks;
}

/* Runs a task for the worker's own queue at once. Its submitter has not charged the group for it. Not for roots of
 * forks.
 */
void rmf_run_at_once(rmf_worker *worker, ramify_group *group, ramify_task_fn fn, void *argument);

/* The same if the task is for the submitter's own queue and that one is full; otherwise false, and nothing is done. */
bool rmf_run_if_full(rmf_pool *pool, rmf_worker *worker, const rmf_task *task, rmf_way way);

/* Delivers one task; without room does what the pool's options say. On failure the caller uncharges. */
ramify_status rmf_deliver_one(rmf_pool *pool, rmf_worker *worker, const rmf_task *task, rmf_way way);

/* Accounts for the time since a sampled submission's stamp (0: it was none). */
void rmf_count_placing(rmf_pool *pool, rmf_worker *worker, uint32_t stands_for, uint64_t stamp_ticks);

/* Waits for a group as a thread of the program does, and looks at nothing but its count. */
void rmf_wait_outside(ramify_group *group);

/* Takes back the charge for tasks that were not taken. */
void rmf_uncharge(rmf_worker *worker, ramify_group *group, uint64_t count);

#endif
