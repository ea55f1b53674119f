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
    s->counters = rmf_counter_set_size(counters);
    for (uint32_t i = 0; i < s->counters; i++) {
        const rmf_counter *c = rmf_counter_set_at(counters, i);
        s->counted[i]        = (rmf_counted){ c->event, c->source->id, c->why, false };
    }
    read_workers(watch, counters, s);
    watch->outside(watch->pool, watch->ns_per_tick, &s->outside);
    read_sites(watch, domains, s);
    *snapshot = s;
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
    *interval = s;
    return RAMIFY_OK;
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
    ramify_snapshot *s;
    if (!older || !newer || !interval)
        return RAMIFY_ERR_INVALID;
    ramify_status status = rmf_snapshot_subtract(older, newer, &s);
    if (!status)
        status = rmf_snapshot_fill_rows(s);
    if (status) {
        if (status != RAMIFY_ERR_INVALID)
            ramify_snapshot_free(s);
        return status;
    }
    *interval = s;
    return RAMIFY_OK;
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
