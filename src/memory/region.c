/* SPDX-License-Identifier: BSD-3-Clause */
/* The sorted list of regions, and the atlas made from it. */
#include "space_inside.h"

#include <stdlib.h>
#include <string.h>

uint64_t rmf_region_unit(const ramify_space *space, const rmf_region *region)
{
    return region->mapping.start ? region->mapping.page_bytes : space->page_bytes;
}

rmf_region *rmf_region_make(uint32_t kind)
{
    rmf_region *region = calloc(1, sizeof *region);
    if (region)
        region->kind = kind;
    return region;
}

void rmf_region_free(rmf_region *region)
{
    if (!region)
        return;
    rmf_mapping_drop(&region->mapping);
    rmf_runs_drop(&region->plan);
    rmf_runs_drop(&region->answers);
    free(region->ring.position);
    free(region->listed);
    free(region);
}

ramify_status rmf_list_reserve(void **list, uint32_t *room, uint32_t count, size_t element_bytes)
{
    if (count < *room)
        return RAMIFY_OK;
    uint32_t more  = *room ? *room * 2 : 8;
    void    *moved = realloc(*list, more * element_bytes);
    if (!moved)
        return RAMIFY_ERR_NO_MEMORY;
    *list = moved;
    *room = more;
    return RAMIFY_OK;
}

ramify_status rmf_region_answer_as_planned(rmf_region *region)
{
    ramify_status status  = rmf_runs_reserve(&region->answers, region->plan.count);
    region->answers.count = 0;
    for (uint32_t i = 0; !status && i < region->plan.count; i++) {
        const rmf_run *run  = &region->plan.run[i];
        bool           ring = run->node == RMF_NODE_RING;
        status = rmf_runs_add(&region->answers, run->start, ring ? RMF_NODE_RING : RAMIFY_NONE, run->domain);
    }
    return status;
}

uint32_t rmf_region_after(const ramify_space *space, uintptr_t address)
{
    uint32_t low = 0, high = space->region_count;
    while (low < high) {
        uint32_t          middle = low + (high - low) / 2;
        const rmf_region *r      = space->regions[middle];
        if (r->start + (r->bytes - 1) < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

rmf_region *rmf_region_at(const ramify_space *space, uintptr_t address)
{
    uint32_t i = rmf_region_after(space, address);
    return i < space->region_count && space->regions[i]->start <= address ? space->regions[i] : NULL;
}

rmf_region *rmf_region_holding(const ramify_space *space, const void *address, size_t bytes)
{
    rmf_region *r = rmf_region_at(space, (uintptr_t)address);
    return r && bytes && bytes <= r->bytes - ((uintptr_t)address - r->start) ? r : NULL;
}

static uint64_t words_for(const rmf_region *r, const rmf_runs *answers)
{
    uint64_t words = RMF_ATLAS_ENTRY_WORDS * ((uint64_t)answers->count + 1); /* one to end it */
    for (uint32_t i = 0; r->ring.count && i < answers->count; i++)
        if (answers->run[i].node == RMF_NODE_RING)
            words += RMF_ATLAS_CYCLE_WORDS + r->ring.count;
    return words;
}

ramify_status rmf_region_reserve(ramify_space *space, const rmf_region *except, uint64_t words)
{
    for (uint32_t i = 0; i < space->region_count; i++)
        if (space->regions[i] != except)
            words += words_for(space->regions[i], &space->regions[i]->answers);
    return rmf_atlas_reserve(&space->atlas, words);
}

static void add_region(rmf_atlas *atlas, const rmf_region *r)
{
    for (uint32_t i = 0; i < r->answers.count; i++) {
        const rmf_run *run = &r->answers.run[i];
        if (run->node == RMF_NODE_RING)
            rmf_atlas_add_cycle(atlas, run->start, r->ring.shift, r->ring.domain, r->ring.count);
        else
            rmf_atlas_add(atlas, run->start, run->domain);
    }
}

void rmf_space_publish(ramify_space *space)
{
    rmf_atlas_begin(&space->atlas);
    for (uint32_t i = 0; i < space->region_count; i++) {
        const rmf_region *r = space->regions[i], *next = i + 1 < space->region_count ? space->regions[i + 1] : NULL;
        add_region(&space->atlas, r);
        if (!next || next->start > r->start + r->bytes)
            rmf_atlas_add(&space->atlas, r->start + r->bytes, RAMIFY_NONE);
    }
    rmf_atlas_publish(&space->atlas);
}

ramify_status rmf_region_insert(ramify_space *space, rmf_region *region)
{
    uint32_t at = rmf_region_after(space, region->start);
    if (at < space->region_count && space->regions[at]->start <= region->start + (region->bytes - 1))
        return RAMIFY_ERR_BUSY;
    ramify_status status =
        rmf_list_reserve((void **)&space->regions, &space->region_room, space->region_count, sizeof *space->regions);
    if (!status)
        status = rmf_region_reserve(space, region, words_for(region, &region->answers));
    if (status)
        return status;
    memmove(&space->regions[at + 1], &space->regions[at], (space->region_count - at) * sizeof *space->regions);
    space->regions[at] = region;
    space->region_count++;
    rmf_space_publish(space);
    return RAMIFY_OK;
}

void rmf_region_remove(ramify_space *space, rmf_region *region)
{
    uint32_t at = rmf_region_after(space, region->start);
    space->region_count--;
    memmove(&space->regions[at], &space->regions[at + 1], (space->region_count - at) * sizeof *space->regions);
    rmf_space_publish(space);
    /* A waiting range lies within one region, so none has to be split. */
    (void)rmf_waiting_remove(space, region->start, region->start + region->bytes);
}

ramify_status rmf_region_answer(ramify_space *space, rmf_region *region, rmf_runs *answers)
{
    ramify_status status = rmf_region_reserve(space, region, words_for(region, answers));
    if (status)
        return status;
    rmf_runs_drop(&region->answers);
    region->answers = *answers;
    *answers        = (rmf_runs){ 0 };
    rmf_space_publish(space);
    return RAMIFY_OK;
}
