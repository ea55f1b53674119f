/* SPDX-License-Identifier: BSD-3-Clause */
/* Making regions, finding slots, and counting hardware events by region. */
#include "region_book.h"

#include <stdlib.h>
#include <string.h>

ramify_status rmf_region_book_init(rmf_region_book *book, const void *runtime, uint64_t serial, uint32_t workers)
{
    *book = (rmf_region_book){
        .workers = workers, .slots = workers + RAMIFY_REGION_THREADS_MAX, .serial = serial, .runtime = runtime
    };
    pthread_mutex_init(&book->lock, NULL);
    book->probe = aligned_alloc(RMF_LINE_BYTES, workers * sizeof *book->probe);
    if (!book->probe)
        return RAMIFY_ERR_NO_MEMORY;
    for (uint32_t w = 0; w < workers; w++)
        book->probe[w] = (rmf_region_probe){ .until = 1 };
    return RAMIFY_OK;
}

void rmf_region_book_drop(rmf_region_book *book)
{
    for (uint32_t i = 0; i < rmf_load_relaxed(&book->count); i++)
        free(book->region[i]);
    free(book->probe);
    pthread_mutex_destroy(&book->lock);
}

static bool is_name(const char *name)
{
    size_t length = 0;
    for (; name[length]; length++)
        if (name[length] < ' ' || name[length] > '~' || length == RAMIFY_REGION_NAME_BYTES)
            return false;
    return length > 0;
}

static ramify_code_region *make(rmf_region_book *book, const char *name, uint32_t index)
{
    size_t              bytes  = sizeof(ramify_code_region) + book->slots * sizeof(rmf_region_cell);
    ramify_code_region *region = aligned_alloc(RMF_LINE_BYTES, bytes);
    if (!region)
        return NULL;
    memset(region, 0, bytes);
    region->book  = book;
    region->index = index;
    strncpy(region->name, name, RAMIFY_REGION_NAME_BYTES);
    return region;
}

/* With the lock held. */
static ramify_status find_or_make(rmf_region_book *book, const char *name, ramify_code_region **region)
{
    uint32_t count = rmf_load_relaxed(&book->count);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(book->region[i]->name, name) == 0) {
            *region = book->region[i];
            return RAMIFY_OK;
        }
    if (count == RAMIFY_REGIONS_MAX)
        return RAMIFY_ERR_RANGE;
    ramify_code_region *made = make(book, name, count);
    if (!made)
        return RAMIFY_ERR_NO_MEMORY;
    book->region[count] = made;
    /* order: the region before its number; pairs with the acquire in rmf_snapshot_read_regions() */
    rmf_store_release(&book->count, count + 1);
    *region = made;
    return RAMIFY_OK;
}

ramify_status rmf_region_define(rmf_region_book *book, const char *name, ramify_code_region **region)
{
    if (!is_name(name))
        return RAMIFY_ERR_SYNTAX;
    pthread_mutex_lock(&book->lock);
    ramify_status status = find_or_make(book, name, region);
    pthread_mutex_unlock(&book->lock);
    return status;
}

uint32_t rmf_region_outside_slot(rmf_region_book *book, uint32_t thread)
{
    uint32_t last = RAMIFY_REGION_THREADS_MAX - 1, i;
    for (i = 0; i < last; i++) {
        uint32_t nobody = 0;
        if (rmf_load_relaxed(&book->outsider[i]) == thread)
            break;
        /* order: relaxed; the number alone is what is taken, the cells behind it are counters */
        if (rmf_cas_relaxed(&book->outsider[i], &nobody, thread))
            break;
    }
    return book->workers + i;
}

static rmf_counter_set *counters_of(const rmf_region_book *book)
{
    /* order: the set behind the pointer; pairs with the release in ramify_counters_start() */
    return rmf_load_acquire(&((rmf_region_book *)(uintptr_t)book)->counters);
}

void rmf_region_probe_begin(rmf_region_book *book, uint32_t worker, uint32_t depth)
{
    rmf_region_probe *probe    = &book->probe[worker];
    rmf_counter_set  *counters = counters_of(book);
    uint32_t          partial;
    if (!counters || probe->until == 0 || --probe->until)
        return;
    uint64_t before[RMF_COUNTERS_MAX];
    uint32_t known;
    probe->depth = depth;
    rmf_counter_set_read(counters, worker, before, &known, &partial);
    rmf_counter_set_read(counters, worker, probe->start, &probe->known, &partial);
    probe->known &= known;
    for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
        probe->reading[i] = probe->known >> i & 1 ? probe->start[i] - before[i] : 0;
}

void rmf_region_probe_end(const ramify_code_region *region, uint32_t worker, uint32_t depth)
{
    rmf_region_book  *book  = region->book;
    rmf_region_probe *probe = &book->probe[worker];
    uint64_t          now[RMF_COUNTERS_MAX];
    uint32_t          known, partial;
    if (probe->until || probe->depth != depth)
        return;
    rmf_region_cell *cell = (rmf_region_cell *)(uintptr_t)&region->cell[worker];
    rmf_counter_set_read(counters_of(book), worker, now, &known, &partial);
    for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
        if (known & probe->known & 1u << i && now[i] > probe->start[i] + probe->reading[i])
            rmf_count(&cell->counters[i], now[i] - probe->start[i] - probe->reading[i]);
    rmf_count(&cell->samples, 1);
    probe->until = RMF_REGION_COUNT_EVERY;
}
