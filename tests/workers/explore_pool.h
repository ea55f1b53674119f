/* SPDX-License-Identifier: BSD-3-Clause */
/* A pool without threads, for exploration: the real workers, queues and parking on a flat tree of two leaves, built
 * anew for each schedule; the logical threads of the explorer stand in for the kernel's.
 *
 * Queues hold few tasks (a schedule has few), and workers park after one fruitless search. */
#ifndef RMF_TESTS_EXPLORE_POOL_H
#define RMF_TESTS_EXPLORE_POOL_H

#include "explore.h"
#include "pool.h"
#include "worker.h"

enum { EXPLORED_WORKERS = 2 };

extern rmf_pool *explored_pool;

/* Once per program: the tree and the plan all schedules share. */
void explored_pool_open(void);
void explored_pool_close(void);

/* Per schedule. */
void explored_pool_make(void);
void explored_pool_drop(void);

/* A group of the pool, as ramify_group_create makes it; freed with the pool. */
ramify_group *explored_group(ramify_group *parent);

/* The worker the running logical thread plays, NULL for a thread from outside; set by explored_work(). */
rmf_worker *explored_worker(void);

/* The running logical thread plays this worker from now on. */
void explored_play(uint32_t number);

/* Body of a logical thread that is worker `number`: finds and runs tasks until the pool stops. */
void explored_work(uint32_t number);

/* What is wrong with a pool whose work is done: forks that are still shared, workers that count as idle; NULL: nothing. */
const char *explored_fault(void);

/* What ramify_stop does to the workers, less the joins. Calling it last lets every thread end. */
void explored_stop(void);

#endif
