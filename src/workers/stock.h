/* SPDX-License-Identifier: BSD-3-Clause */
/* Task records: a free list per worker, exchanged in magazines with a depot, so that records a thief frees find their
 * way back and the steady state allocates nothing (magazines: Bonwick and Adams, USENIX 2001). */
#ifndef RMF_WORKERS_STOCK_H
#define RMF_WORKERS_STOCK_H

#include "task.h"

#include <pthread.h>
#include <stdbool.h>

/* 64 records, 4 KiB, are one exchange; a worker holds at most two magazines. */
enum { RMF_MAGAZINE_TASKS = 64 };

/* Shared by the workers of a pool. */
typedef struct rmf_depot {
    pthread_mutex_t lock;
    rmf_task       *full;  /* heads of full magazines, linked through `group` */
    void           *slabs; /* all memory, linked, for the end */
} rmf_depot;

/* One worker's. */
typedef struct rmf_stock {
    rmf_task  *list;
    uint32_t   count;
    rmf_depot *depot;
} rmf_stock;

void rmf_depot_init(rmf_depot *depot);
void rmf_depot_drop(rmf_depot *depot);

/* Refills an empty stock; false when there is no memory. */
bool rmf_stock_refill(rmf_stock *stock);

/* Hands a magazine's worth of records to the depot. */
void rmf_stock_give(rmf_stock *stock);

/* A record for a new task, uninitialised; NULL when there is no memory. */
static inline rmf_task *rmf_stock_take(rmf_stock *stock)
{
    if (!stock->list && !rmf_stock_refill(stock))
        return NULL;
    rmf_task *task = stock->list;
    stock->list    = task->next;
    stock->count--;
    return task;
}

static inline void rmf_stock_put(rmf_stock *stock, rmf_task *task)
{
    task->next  = stock->list;
    stock->list = task;
    if (++stock->count >= 2 * RMF_MAGAZINE_TASKS)
        rmf_stock_give(stock);
}

#endif
