/* SPDX-License-Identifier: BSD-3-Clause */
/* The depot: full magazines under a lock, taken once per 64 records at most. */
#include "stock.h"

#include "atomics.h"

#include <stdlib.h>

/* Records are a line apart, so that two workers' records never share one. */
typedef struct record {
    _Alignas(RMF_LINE_BYTES) rmf_task task;
} record;

/* Memory comes for 16 magazines, 64 KiB, at a time: asking the allocator for pages one by one costs more than the
 * tasks do. */
enum { SLAB_MAGAZINES = 16 };

typedef struct slab {
    _Alignas(RMF_LINE_BYTES) struct slab *next;
    record records[SLAB_MAGAZINES][RMF_MAGAZINE_TASKS];
} slab;

void rmf_depot_init(rmf_depot *depot)
{
    pthread_mutex_init(&depot->lock, NULL);
    depot->full  = NULL;
    depot->slabs = NULL;
}

void rmf_depot_drop(rmf_depot *depot)
{
    for (slab *s = depot->slabs, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    pthread_mutex_destroy(&depot->lock);
}

/* Links the records of a magazine. */
static rmf_task *link_magazine(record *records)
{
    for (int i = 0; i < RMF_MAGAZINE_TASKS; i++)
        records[i].task.next = i + 1 < RMF_MAGAZINE_TASKS ? &records[i + 1].task : NULL;
    return &records[0].task;
}

/* A new slab: one magazine for the caller, the others for the depot. Under the lock. */
static rmf_task *new_magazine(rmf_depot *depot)
{
    slab *s = aligned_alloc(RMF_LINE_BYTES, sizeof *s);
    if (!s)
        return NULL;
    s->next      = depot->slabs;
    depot->slabs = s;
    for (int m = 1; m < SLAB_MAGAZINES; m++) {
        rmf_task *first = link_magazine(s->records[m]);
        first->group    = depot->full;
        depot->full     = first;
    }
    return link_magazine(s->records[0]);
}

bool rmf_stock_refill(rmf_stock *stock)
{
    rmf_depot *depot = stock->depot;
    pthread_mutex_lock(&depot->lock);
    rmf_task *list = depot->full;
    if (list)
        depot->full = list->group;
    else
        list = new_magazine(depot);
    pthread_mutex_unlock(&depot->lock);
    stock->list  = list;
    stock->count = list ? RMF_MAGAZINE_TASKS : 0;
    return list != NULL;
}

void rmf_stock_give(rmf_stock *stock)
{
    rmf_task *first = stock->list, *last = first;
    for (int i = 1; i < RMF_MAGAZINE_TASKS; i++)
        last = last->next;
    stock->list = last->next;
    stock->count -= RMF_MAGAZINE_TASKS;
    last->next = NULL;

    rmf_depot *depot = stock->depot;
    pthread_mutex_lock(&depot->lock);
    first->group = depot->full;
    depot->full  = first;
    pthread_mutex_unlock(&depot->lock);
}
