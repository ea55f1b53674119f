/* SPDX-License-Identifier: BSD-3-Clause */
/* Records of one size: a free list per worker, exchanged in magazines with a depot, so that records a thief frees find
 * their way back and the steady state allocates nothing (magazines: Bonwick and Adams, USENIX 2001). */
#ifndef RMF_WORKERS_STOCK_H
#define RMF_WORKERS_STOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 64 records are one exchange; a worker holds at most two magazines. */
enum { RMF_MAGAZINE_TASKS = 64 };

/* What a record is while nobody uses it. */
typedef struct rmf_spare {
    struct rmf_spare *next;
    struct rmf_spare *next_magazine; /* in the depot, of a magazine's first record */
} rmf_spare;

/* Shared by the workers of a pool. */
typedef struct rmf_depot {
    pthread_mutex_t lock;
    size_t          record_bytes; /* whole lines, so that two workers' records never share one */
    rmf_spare      *full;         /* first records of full magazines */
    void           *slabs;        /* all memory, linked, for the end */
} rmf_depot;

/* One worker's. */
typedef struct rmf_stock {
    rmf_spare *list;
    uint32_t   count;
    rmf_depot *depot;
} rmf_stock;

/* record_bytes: a multiple of RMF_LINE_BYTES. */
void rmf_depot_init(rmf_depot *depot, size_t record_bytes);
void rmf_depot_drop(rmf_depot *depot);

/* Refills an empty stock; false when there is no memory. */
bool rmf_stock_refill(rmf_stock *stock);

/* Hands a magazine's worth of records to the depot. */
void rmf_stock_give(rmf_stock *stock);

/* A record, uninitialised; NULL when there is no memory. */
static inline void *rmf_stock_take(rmf_stock *stock)
{
    if (!stock->list && !rmf_stock_refill(stock))
        return NULL;
    rmf_spare *record = stock->list;
    stock->list       = record->next;
    stock->count--;
    return record;
}

static inline void rmf_stock_put(rmf_stock *stock, void *unused)
{
    rmf_spare *record = (rmf_spare *)unused;
    record->next      = stock->list;
    stock->list       = record;
    if (++stock->count >= 2 * RMF_MAGAZINE_TASKS)
        rmf_stock_give(stock);
}

#endif
