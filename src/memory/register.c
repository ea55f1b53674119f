/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory the program has already, and all the questions about regions. */
#include "census.h"
#include "placing.h"

static ramify_status make_registered(const ramify_space *space, uintptr_t start, size_t bytes, rmf_region **region)
{
    rmf_region *r = rmf_region_make(RAMIFY_REGION_REGISTERED);
    if (!r)
        return RAMIFY_ERR_NO_MEMORY;
    r->start             = start;
    r->bytes             = bytes;
    r->wish.domain       = RAMIFY_NONE;
    r->placed.node       = RAMIFY_NONE;
    r->placed.other_node = RAMIFY_NONE;
    ramify_status status = rmf_runs_add(&r->plan, start, RAMIFY_NONE, rmf_placing_only_domain(space));
    if (!status)
        status = rmf_region_answer_as_planned(r);
    if (status)
        rmf_region_free(r);
    else
        *region = r;
    return status;
}

ramify_status ramify_space_register(ramify_space *space, const void *address, size_t bytes, ramify_census *census)
{
    if (!space || !address || !bytes)
        return RAMIFY_ERR_INVALID;
    uintptr_t start = (uintptr_t)address;
    if (bytes > PTRDIFF_MAX || start + bytes < start)
        return RAMIFY_ERR_RANGE;
    if (!rmf_is_mapped(start, bytes))
        return RAMIFY_ERR_NOT_FOUND;
    rmf_region   *region = NULL;
    ramify_status status = make_registered(space, start, bytes, &region);
    if (status)
        return status;
    pthread_mutex_lock(&space->lock);
    status = rmf_region_insert(space, region);
    if (!status) {
        status = rmf_census_renew(space, region);
        if (status)
            rmf_region_remove(space, region);
        else if (census)
            *census = region->census;
    }
    pthread_mutex_unlock(&space->lock);
    if (status)
        rmf_region_free(region);
    return status;
}

ramify_status ramify_space_unregister(ramify_space *space, const void *address)
{
    if (!space)
        return RAMIFY_ERR_INVALID;
    ramify_status status = RAMIFY_OK;
    pthread_mutex_lock(&space->lock);
    rmf_region *region = rmf_region_at(space, (uintptr_t)address);
    if (!region)
        status = RAMIFY_ERR_NOT_FOUND;
    else if (region->kind != RAMIFY_REGION_REGISTERED || region->start != (uintptr_t)address)
        status = RAMIFY_ERR_INVALID;
    else
        rmf_region_remove(space, region);
    pthread_mutex_unlock(&space->lock);
    if (!status)
        rmf_region_free(region);
    return status;
}

ramify_status ramify_space_refresh(ramify_space *space, const void *address, ramify_census *census)
{
    if (!space)
        return RAMIFY_ERR_INVALID;
    ramify_census sum    = { 0 };
    ramify_status status = RAMIFY_OK;
    pthread_mutex_lock(&space->lock);
    rmf_region *only = address ? rmf_region_at(space, (uintptr_t)address) : NULL;
    if (address && !only)
        status = RAMIFY_ERR_NOT_FOUND;
    for (uint32_t i = 0; !status && i < space->region_count; i++) {
        rmf_region *region = space->regions[i];
        if (only && region != only)
            continue;
        status = rmf_census_renew(space, region);
        rmf_census_add(&sum, &region->census);
    }
    pthread_mutex_unlock(&space->lock);
    if (!status && census)
        *census = sum;
    return status;
}

static uint64_t waiting_bytes(const ramify_space *space, const rmf_region *region)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < space->waiting_count; i++)
        if (space->waiting[i].start >= region->start && space->waiting[i].end <= region->start + region->bytes)
            bytes += space->waiting[i].end - space->waiting[i].start;
    return bytes;
}

ramify_status ramify_space_query(ramify_space *space, const void *address, ramify_region *region)
{
    if (!space || !region)
        return RAMIFY_ERR_INVALID;
    pthread_mutex_lock(&space->lock);
    const rmf_region *r = rmf_region_at(space, (uintptr_t)address);
    if (r) {
        const char *at        = address;
        bool        by_domain = r->wish.placement != RAMIFY_PLACEMENT_FIRST_TOUCH && !r->listed;
        *region               = (ramify_region){ .start     = (char *)at - ((uintptr_t)address - r->start),
                                                 .bytes     = r->bytes,
                                                 .kind      = r->kind,
                                                 .placement = r->wish.placement,
                                                 .domain    = by_domain ? r->wish.domain : RAMIFY_NONE,
                                                 .merit     = r->wish.merit,
                                                 .coarse    = r->coarse,
                                                 .runs      = r->answers.count,
                                                 .following = waiting_bytes(space, r),
                                                 .placed    = r->placed,
                                                 .census    = r->census };
    }
    pthread_mutex_unlock(&space->lock);
    return r ? RAMIFY_OK : RAMIFY_ERR_NOT_FOUND;
}

ramify_status ramify_space_survey(ramify_space *space, const void *address, size_t bytes, uint64_t most_pages,
                                  uint64_t *per_node, uint32_t node_count, ramify_census *census)
{
    if (!space || !bytes || !census || (per_node && node_count != space->nodes.count))
        return RAMIFY_ERR_INVALID;
    pthread_mutex_lock(&space->lock);
    const rmf_region *region = rmf_region_holding(space, address, bytes);
    if (region) {
        for (uint32_t i = 0; per_node && i < node_count; i++)
            per_node[i] = 0;
        rmf_census_take(space, region, (uintptr_t)address, bytes, most_pages, per_node, census);
    }
    pthread_mutex_unlock(&space->lock);
    return region ? RAMIFY_OK : RAMIFY_ERR_NOT_FOUND;
}
