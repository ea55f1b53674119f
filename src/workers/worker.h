/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a worker: find a task, run it, and when there is none search, then sleep. */
#ifndef RMF_WORKERS_WORKER_H
#define RMF_WORKERS_WORKER_H

#include "clock.h"
#include "pool.h"

/* Thread function; argument: an rmf_worker_start. */
void *rmf_worker_main(void *start);

/* A thread that is lent becomes a worker, works until the pool is dismissed, and is what it was again. A pool keeps the
 * worker's memory for the next thread of that number. NULL: no memory; ERR_NO_MEMORY is the only reason. */
rmf_worker *rmf_worker_lend(rmf_pool *pool, uint32_t number);
rmf_worker *rmf_worker_enter(rmf_worker *worker); /* gives what the thread was: a worker of another pool, or NULL */
void        rmf_worker_serve(rmf_worker *worker);
void        rmf_worker_leave(rmf_worker *worker, rmf_worker *before);

/* Makes the calling thread the worker `number`: binds it, then makes and touches its memory. */
rmf_worker *rmf_worker_make(rmf_pool *pool, uint32_t number);
void        rmf_worker_drop(rmf_worker *worker);

/* Runs one task. */
void rmf_worker_run(rmf_worker *worker, const rmf_task *task);

/* What a worker waits for while it runs other things: a group, a fork that was taken, or (both NULL) the pool's end. */
typedef struct rmf_goal {
    ramify_group *group;
    ramify_fork  *fork;
} rmf_goal;

/* True when there is nothing more to wait for. */
bool rmf_goal_is_reached(const rmf_pool *pool, const rmf_goal *goal);

/* Finds a task; blocks. False: the goal is reached. */
bool rmf_worker_next(rmf_worker *worker, rmf_task *task, const rmf_goal *goal);

/* A sampled task ends: its run time, and the start of a sample of what it costs to come to the next task. */
void rmf_worker_sample_latency(rmf_worker *worker, uint64_t ticks); /* from ready to start */
void rmf_worker_sample_end(rmf_worker *worker, uint64_t start_ticks);

/* While hardware counters are on, they are read around sampled tasks: begin gives when the task really begins. */
static inline rmf_class_book *rmf_worker_classes(const rmf_worker *worker)
{
    /* order: the book behind the pointer; pairs with the release in rmf_pool_count_classes() */
    return rmf_load_acquire(&worker->pool->classes);
}

uint64_t rmf_worker_probe_begin(rmf_worker *worker, rmf_class_book *classes, rmf_class_probe *probe);
void     rmf_worker_probe_end(rmf_worker *worker, rmf_class_probe *probe, ramify_task_fn fn);

/* The next task begins, and a sample was started. */
void rmf_worker_sample_handling(rmf_worker *worker);

/* The time between two tasks, known for another reason: the mean run time slides on by what was run since the last. */
void rmf_worker_note_busy_time(rmf_worker *worker, uint64_t now_ticks);

/* The worker enters a state of its account of time; returns the time. */
static inline uint64_t rmf_worker_enter_state(rmf_worker *worker, rmf_state state)
{
    uint64_t now = rmf_clock_ticks();
    rmf_time_enter(&worker->cell.time, state, now);
    return now;
}

/* Looks after the binding, if it is time to: between tasks, in the search, and after sleep. */
void rmf_worker_stay_bound(rmf_worker *worker, uint64_t now);

/* A task was run that belongs to `home`. */
void rmf_worker_count_task(rmf_worker *worker, const ramify_domain *home);

/* The running task begins to wait, and goes on: what lies between is not its own run time. Pass on what suspend gave.
 */
uint64_t rmf_worker_suspend(rmf_worker *worker);
void     rmf_worker_resume(rmf_worker *worker, uint64_t since_ticks);

/* Gives back the credits it holds. */
void rmf_worker_settle(rmf_worker *worker);

/* One task more for a group, about to be submitted by this worker. */
void rmf_worker_charge(rmf_worker *worker, ramify_group *group);

/* One task of a group less. */
void rmf_worker_credit(rmf_worker *worker, ramify_group *group);

#endif
