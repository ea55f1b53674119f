/* SPDX-License-Identifier: BSD-3-Clause */
/* The depot: full magazines under a lock, taken once per 64 records at most. */
#include "stock.h"

#include "atomics.h"

#include <stdlib.h>

/* Memory comes 64 KiB at a time: asking the allocator for pages one by one costs more than the tasks do. */
enum { SLAB_BYTES = 1 << 16 };

/* The slab's own link has the first line. */
typedef struct slab {
    _Alignas(RMF_LINE_BYTES) struct slab *next;
} slab;

void rmf_depot_init(rmf_depot *depot, size_t record_bytes)
{
    pthread_mutex_init(&depot->lock, NULL);
    depot->record_bytes = record_bytes;
    depot->full         = NULL;
    depot->slabs        = NULL;
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
static rmf_spare *link_magazine(char *records, size_t bytes)
{
    for (int i = 0; i < RMF_MAGAZINE_TASKS; i++)
        ((rmf_spare *)(records + (size_t)i * bytes))->next =
            i + 1 < RMF_MAGAZINE_TASKS ? (rmf_spare *)(records + ((size_t)i + 1) * bytes) : NULL;
    return (rmf_spare *)records;
}

/* A new slab: one magazine for the caller, the others for the depot. Under the lock. */
static rmf_spare *new_magazine(rmf_depot *depot)
{
    size_t magazine = RMF_MAGAZINE_TASKS * depot->record_bytes;
    slab  *s        = aligned_alloc(RMF_LINE_BYTES, sizeof *s + SLAB_BYTES);
    if (!s)
        return NULL;
    s->next       = depot->slabs;
    depot->slabs  = s;
    char *records = (char *)(s + 1);
    for (size_t at = magazine; at + magazine <= SLAB_BYTES; at += magazine) {
        rmf_spare *first     = link_magazine(records + at, depot->record_bytes);
        first->next_magazine = depot->full;
        depot->full          = first;
    }
    return link_magazine(records, depot->record_bytes);
}

bool rmf_stock_refill(rmf_stock *stock)
{
    rmf_depot *depot = stock->depot;
    pthread_mutex_lock(&depot->lock);
    rmf_spare *list = depot->full;
    if (list)
        depot->full = list->next_magazine;
    else
        list = new_magazine(depot);
    pthread_mutex_unlock(&depot->lock);
    stock->list  = list;
    stock->count = list ? RMF_MAGAZINE_TASKS : 0;
    return list != NULL;
}

void rmf_stock_give(rmf_stock *stock)
{
    rmf_spare *first = stock->list, *last = first;
    for (int i = 1; i < RMF_MAGAZINE_TASKS; i++)
        last = last->next;
    stock->list = last->next;
    stock->count -= RMF_MAGAZINE_TASKS;
    last->next = NULL;

    rmf_depot *depot = stock->depot;
    pthread_mutex_lock(&depot->lock);
    first->next_magazine = depot->full;
    depot->full          = first;
    pthread_mutex_unlock(&depot->lock);
}
