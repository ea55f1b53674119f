/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds and takes down the explored pool. */
#include "explore_pool.h"

#include "depend_inside.h"
#include "graph_inside.h"
#include "replan.h"
#include "submit.h"

#include <malloc.h>
#include <stdlib.h>

/* Tasks per queue: more than any schedule has. */
enum { QUEUE_TASKS = 8 };

rmf_pool           *explored_pool;
static rmf_pool     memory; /* one place for all: a thread from outside knows a pool by its address */
static ramify_tree *tree;
static rmf_plan    *plan;
static rmf_worker  *played[EXPLORE_THREADS_MAX];

static void must(bool ok)
{
    if (!ok)
        abort();
}

void explored_pool_open(void)
{
    /* A worker's half MiB of slots, made for each schedule, comes from the heap and stays there: no system calls. */
    must(mallopt(M_MMAP_THRESHOLD, 1 << 25) && mallopt(M_TRIM_THRESHOLD, 1 << 28));
    must(!ramify_tree_open(&(ramify_tree_options){ .workers = EXPLORED_WORKERS }, &tree));
    must(!rmf_plan_create(tree, "work-stealing", NULL, 0, NULL, &plan));
}

void explored_pool_close(void)
{
    rmf_plan_free(plan);
    ramify_tree_free(tree);
}

void explored_pool_make(void)
{
    static uint64_t serial; /* a thread from outside takes a new mark */
    rmf_pool       *pool = &memory;
    *pool                = (rmf_pool){ .tree          = tree,
                                       .worker_count  = ramify_tree_leaf_count(tree),
                                       .domains       = ramify_tree_domains(tree, &(uint32_t){ 0 }),
                                       .queue_tasks   = QUEUE_TASKS,
                                       .full          = RAMIFY_FULL_FAIL,
                                       .latency_every = UINT32_MAX,
                                       .serial        = ++serial };
    (void)ramify_tree_domains(tree, &pool->domain_count);
    pthread_mutex_init(&pool->lock, NULL);
    rmf_depot_init(&pool->depot, RMF_LINE_BYTES);
    rmf_depot_init(&pool->dependents, RMF_DEPEND_BYTES);
    pool->workers = calloc(pool->worker_count, sizeof *pool->workers);
    pool->mail    = calloc(pool->domain_count, sizeof *pool->mail);
    must(pool->worker_count == EXPLORED_WORKERS && pool->workers && pool->mail);
    must(!rmf_parking_init(&pool->parking, tree) && !rmf_replan_init(pool, plan));
    pool->mark_count = 1; /* to the system all threads from outside are one */
    for (uint32_t d = 0; d < pool->domain_count; d++)
        must(rmf_pool_inbox(pool, d, false) && rmf_pool_inbox(pool, d, true));
    for (uint32_t w = 0; w < pool->worker_count; w++)
        must((pool->workers[w] = rmf_worker_make(pool, w)) != NULL);
    for (uint32_t t = 0; t < EXPLORE_THREADS_MAX; t++)
        played[t] = NULL;
    explored_pool = pool;
    rmf_sender_of(pool, NULL)->until_stamp =
        UINT32_MAX; /* a thread's first submission, and a timed one, take more steps */
}

static void drop_inbox(rmf_inbox *inbox)
{
    if (inbox)
        rmf_inbox_drop(inbox);
    free(inbox);
}

void explored_pool_drop(void)
{
    rmf_pool *pool = explored_pool;
    for (uint32_t w = 0; w < pool->worker_count; w++)
        rmf_worker_drop(pool->workers[w]);
    for (uint32_t d = 0; d < pool->domain_count; d++) {
        drop_inbox(atomic_load(&pool->mail[d].open));
        drop_inbox(atomic_load(&pool->mail[d].strict));
        drop_inbox(atomic_load(&pool->mail[d].homed));
        rmf_ranks_drop(atomic_load(&pool->mail[d].ranks));
    }
    for (ramify_group *g = pool->all_groups, *next; g; g = next) {
        next = g->next_all;
        rmf_scope_drop(atomic_load(&g->scope));
        free(g);
    }
    while (pool->graphs)
        rmf_graph_drop(pool->graphs);
    rmf_parking_drop(&pool->parking);
    rmf_replan_drop(pool);
    rmf_depot_drop(&pool->depot);
    rmf_depot_drop(&pool->dependents);
    free(pool->workers);
    free(pool->mail);
    explored_pool = NULL;
}

ramify_group *explored_group(ramify_group *parent)
{
    ramify_group *group = aligned_alloc(RMF_PAIR_BYTES, sizeof *group);
    must(group != NULL);
    *group = (ramify_group){ .pool = explored_pool, .parent = parent, .next_all = explored_pool->all_groups };
    explored_pool->all_groups = group;
    return group;
}

rmf_worker *explored_worker(void)
{
    uint32_t self = explore_self();
    return self < EXPLORE_THREADS_MAX ? played[self] : NULL;
}

void explored_play(uint32_t number)
{
    played[explore_self()] = explored_pool->workers[number];
}

void explored_work(uint32_t number)
{
    rmf_worker *worker = explored_pool->workers[number];
    explored_play(number);
    const rmf_goal end = { NULL, NULL };
    rmf_task       task;
    while (rmf_worker_next(worker, &task, &end))
        rmf_worker_run(worker, &task);
}

const char *explored_fault(void)
{
    for (uint32_t w = 0; w < EXPLORED_WORKERS; w++)
        if (rmf_lane_shared_any(&explored_pool->workers[w]->lane))
            return "a lane has shared forks at the end";
    if (atomic_load(&explored_pool->parking.searching) || atomic_load(&explored_pool->parking.sleeping))
        return "somebody is still counted as idle";
    return NULL;
}

void explored_stop(void)
{
    rmf_store_seq_cst(&explored_pool->stopping, 1);
    for (uint32_t w = 0; w < explored_pool->worker_count; w++)
        rmf_wake_worker(&explored_pool->parking, w);
}
