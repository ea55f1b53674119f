/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking snapshots and subtracting them. */
#include "snapshot.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>

ramify_snapshot *rmf_snapshot_make(uint32_t workers, uint32_t sites)
{
    ramify_snapshot *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->workers       = workers;
    s->sites         = sites;
    s->slots         = workers + RAMIFY_REGION_THREADS_MAX;
    s->tally         = calloc(workers, sizeof *s->tally);
    s->counter_known = calloc(workers, sizeof *s->counter_known);
    s->site          = calloc(sites, sizeof *s->site);
    s->queued        = calloc(sites, sizeof *s->queued);
    if (s->tally && s->counter_known && s->site && s->queued)
        return s;
    ramify_snapshot_free(s);
    return NULL;
}

void ramify_snapshot_free(ramify_snapshot *s)
{
    if (!s)
        return;
    free(s->tally);
    free(s->counter_known);
    free(s->site);
    free(s->queued);
    free(s->region);
    free(s->by_class);
    free(s->rows);
    free(s);
}

static void read_sites(const rmf_watch *watch, const ramify_domain *domains, ramify_snapshot *s)
{
    for (uint32_t d = 0; d < s->sites; d++) {
        const ramify_domain *from = &domains[d];
        s->site[d]                = (ramify_site){ from->parent, from->depth,      from->first_leaf, from->leaf_count,
                                                   from->level,  from->level_mask, from->os_index,   from->node };
        s->queued[d]              = watch->queued(watch->pool, d);
    }
}

static void read_workers(const rmf_watch *watch, rmf_counter_set *counters, ramify_snapshot *s)
{
    uint32_t partial = 0;
    for (uint32_t w = 0; w < s->workers; w++) {
        rmf_tally *t = &s->tally[w];
        rmf_tally_read(watch->cell(watch->pool, w), watch->ns_per_tick, rmf_clock_ticks(), t, &s->latency, &s->run);
        t->wake_ns = (uint64_t)((double)watch->wake_ticks(watch->pool, w) * watch->ns_per_tick);
        if (counters) {
            uint32_t scaled;
            rmf_counter_set_read(counters, w, t->counters, &s->counter_known[w], &scaled);
            partial |= scaled;
        }
    }
    for (uint32_t i = 0; i < s->counters; i++)
        s->counted[i].partial = partial >> i & 1;
}

ramify_status rmf_snapshot_make_regions(ramify_snapshot *s, uint32_t regions)
{
    s->region = calloc((size_t)regions * s->slots + 1, sizeof *s->region);
    if (!s->region)
        return RAMIFY_ERR_NO_MEMORY;
    s->regions = regions;
    return RAMIFY_OK;
}

static void read_region(const ramify_code_region *region_, double ns_per_tick, ramify_snapshot *s, uint32_t r)
{
    ramify_code_region *region = (ramify_code_region *)(uintptr_t)region_; /* atomic loads want what is not const */
    memcpy(s->region_name[r], region->name, sizeof s->region_name[r]);
    for (uint32_t slot = 0; slot < s->slots; slot++) {
        rmf_region_cell  *cell = &region->cell[slot];
        rmf_region_tally *t    = &s->region[(size_t)r * s->slots + slot];
        t->count               = rmf_load_relaxed(&cell->count);
        t->ns                  = (uint64_t)((double)rmf_load_relaxed(&cell->ticks) * ns_per_tick);
        t->samples             = rmf_load_relaxed(&cell->samples);
        for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
            t->counters[i] = rmf_load_relaxed(&cell->counters[i]);
    }
}

static ramify_status read_regions(const rmf_watch *watch, ramify_snapshot *s)
{
    /* order: regions made before their number was; pairs with the release in find_or_make() */
    uint32_t      count  = watch->regions ? rmf_load_acquire(&watch->regions->count) : 0;
    ramify_status status = rmf_snapshot_make_regions(s, count);
    for (uint32_t r = 0; !status && r < count; r++)
        read_region(watch->regions->region[r], watch->ns_per_tick, s, r);
    return status;
}

static void read_class(const rmf_class_cell *cell_, const rmf_watch *watch, rmf_region_tally *t)
{
    rmf_class_cell *cell = (rmf_class_cell *)(uintptr_t)cell_; /* atomic loads want what is not const */
    double          ns   = (double)rmf_load_relaxed(&cell->ticks) * watch->ns_per_tick;
    t->samples           = rmf_load_relaxed(&cell->samples);
    t->count             = t->samples * watch->sample_every;
    t->ns                = (uint64_t)(ns * (double)watch->sample_every);
    for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
        t->counters[i] = rmf_load_relaxed(&cell->counters[i]);
}

static ramify_status make_classes(ramify_snapshot *s)
{
    s->by_class = calloc((size_t)RMF_CLASSES_MAX * s->workers, sizeof *s->by_class);
    if (!s->by_class)
        return RAMIFY_ERR_NO_MEMORY;
    s->classes = RMF_CLASSES_MAX;
    return RAMIFY_OK;
}

static ramify_status read_classes(const rmf_watch *watch, ramify_snapshot *s)
{
    ramify_status status = make_classes(s);
    for (uint32_t c = 0; !status && c < s->classes; c++) {
        if (!rmf_class_name(watch->classes, c, s->class_name[c], sizeof s->class_name[c]))
            continue;
        for (uint32_t w = 0; w < s->workers; w++)
            read_class(&watch->classes->cell[(size_t)c * s->workers + w], watch,
                       &s->by_class[(size_t)c * s->workers + w]);
    }
    return status;
}

ramify_status rmf_snapshot_read(const rmf_watch *watch, rmf_counter_set *counters, ramify_snapshot **snapshot)
{
    uint32_t             sites;
    const ramify_domain *domains = ramify_tree_domains(watch->tree, &sites);
    ramify_snapshot     *s       = rmf_snapshot_make(watch->workers, sites);
    if (!s)
        return RAMIFY_ERR_NO_MEMORY;
    s->serial   = watch->serial;
    s->from_ns  = watch->started_ns;
    s->taken_ns = rmf_clock_ns();
    s->bounded  = watch->bounded;
    if (watch->cost)
        s->cost = (rmf_cost){ rmf_load_relaxed(&watch->cost->fork_ps), rmf_load_relaxed(&watch->cost->submit_ps) };
    s->counters = rmf_counter_set_size(counters);
    for (uint32_t i = 0; i < s->counters; i++) {
        const rmf_counter *c = rmf_counter_set_at(counters, i);
        s->counted[i]        = (rmf_counted){ c->event, c->source->id, c->why, false };
    }
    read_workers(watch, counters, s);
    watch->outside(watch->pool, watch->ns_per_tick, &s->outside);
    read_sites(watch, domains, s);
    ramify_status status = read_regions(watch, s);
    if (!status && counters && watch->classes)
        status = read_classes(watch, s);
    if (status)
        ramify_snapshot_free(s);
    else
        *snapshot = s;
    return status;
}

static void subtract_tallies(rmf_region_tally *to_, const rmf_region_tally *from_, size_t count)
{
    uint64_t       *to    = (uint64_t *)to_;
    const uint64_t *from  = (const uint64_t *)from_;
    size_t          words = count * (sizeof *to_ / sizeof *to);
    for (size_t i = 0; i < words; i++)
        to[i] = to[i] > from[i] ? to[i] - from[i] : 0;
}

static ramify_status subtract_classes(const ramify_snapshot *older, const ramify_snapshot *newer, ramify_snapshot *s)
{
    size_t        tallies = (size_t)newer->classes * newer->workers;
    ramify_status status  = tallies ? make_classes(s) : RAMIFY_OK;
    if (status || !tallies)
        return status;
    memcpy(s->class_name, newer->class_name, sizeof s->class_name);
    memcpy(s->by_class, newer->by_class, tallies * sizeof *s->by_class);
    if (older->classes)
        subtract_tallies(s->by_class, older->by_class, tallies);
    return RAMIFY_OK;
}

/* Regions that were made within the interval are whole in it. */
static ramify_status subtract_regions(const ramify_snapshot *older, const ramify_snapshot *newer, ramify_snapshot *s)
{
    ramify_status status = rmf_snapshot_make_regions(s, newer->regions);
    if (status)
        return status;
    memcpy(s->region_name, newer->region_name, sizeof s->region_name);
    memcpy(s->region, newer->region, (size_t)s->regions * s->slots * sizeof *s->region);
    subtract_tallies(s->region, older->region, (size_t)older->regions * s->slots);
    return RAMIFY_OK;
}

/* Counters that were not yet on in the older snapshot are unknown in the interval. */
static void mark_new_counters(const ramify_snapshot *older, ramify_snapshot *interval)
{
    if (older->counters == interval->counters)
        return;
    for (uint32_t i = 0; i < interval->counters; i++)
        rmf_why_set(&interval->counted[i].why, "counting began within the interval");
    memset(interval->counter_known, 0, interval->workers * sizeof *interval->counter_known);
}

ramify_status rmf_snapshot_subtract(const ramify_snapshot *older, const ramify_snapshot *newer,
                                    ramify_snapshot **interval)
{
    if (older->serial != newer->serial || older->taken_ns > newer->taken_ns || older->from_ns != newer->from_ns)
        return RAMIFY_ERR_INVALID;
    ramify_snapshot *s = rmf_snapshot_make(newer->workers, newer->sites);
    if (!s)
        return RAMIFY_ERR_NO_MEMORY;
    s->serial   = newer->serial;
    s->from_ns  = older->taken_ns;
    s->taken_ns = newer->taken_ns;
    s->bounded  = newer->bounded;
    s->counters = newer->counters;
    s->outside  = newer->outside;
    s->latency  = newer->latency;
    s->run      = newer->run;
    s->cost     = newer->cost;
    memcpy(s->counted, newer->counted, sizeof s->counted);
    memcpy(s->tally, newer->tally, s->workers * sizeof *s->tally);
    memcpy(s->site, newer->site, s->sites * sizeof *s->site);
    memcpy(s->queued, newer->queued, s->sites * sizeof *s->queued);
    for (uint32_t w = 0; w < s->workers; w++) {
        rmf_tally_subtract(&s->tally[w], &older->tally[w]);
        s->counter_known[w] = newer->counter_known[w] & older->counter_known[w];
    }
    rmf_tally_subtract(&s->outside, &older->outside);
    rmf_spread_subtract(&s->latency, &older->latency);
    rmf_spread_subtract(&s->run, &older->run);
    mark_new_counters(older, s);
    ramify_status status = subtract_regions(older, newer, s);
    if (!status)
        status = subtract_classes(older, newer, s);
    if (status)
        ramify_snapshot_free(s);
    else
        *interval = s;
    return status;
}

rmf_tally rmf_snapshot_sum(const ramify_snapshot *s, uint32_t first, uint32_t count)
{
    rmf_tally sum = { 0 };
    for (uint32_t w = first; w < first + count; w++)
        rmf_tally_add(&sum, &s->tally[w]);
    return sum;
}

ramify_status ramify_snapshot_between(const ramify_snapshot *older, const ramify_snapshot *newer,
                                      ramify_snapshot **interval)
{
    ramify_snapshot *s = NULL;
    if (!older || !newer || !interval)
        return RAMIFY_ERR_INVALID;
    ramify_status status = rmf_snapshot_subtract(older, newer, &s);
    if (!status)
        status = rmf_snapshot_fill_rows(s);
    if (status)
        ramify_snapshot_free(s);
    else
        *interval = s;
    return status;
}

const ramify_site *ramify_snapshot_sites(const ramify_snapshot *snapshot, uint32_t *count)
{
    if (count)
        *count = snapshot ? snapshot->sites : 0;
    return snapshot ? snapshot->site : NULL;
}

uint32_t ramify_snapshot_workers(const ramify_snapshot *snapshot)
{
    return snapshot ? snapshot->workers : 0;
}

const ramify_metric *ramify_snapshot_metrics(const ramify_snapshot *snapshot, uint32_t *count)
{
    if (count)
        *count = snapshot ? snapshot->row_count : 0;
    return snapshot ? snapshot->rows : NULL;
}
