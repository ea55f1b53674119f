/* SPDX-License-Identifier: BSD-3-Clause */
/* One metric at a time, read from a runtime's cells without a snapshot: no allocation, no histogram. */
#include "clock.h"
#include "metric_table.h"
#include "sde.h"

#include <string.h>

static const char queued[] = "queued_tasks", interval[] = "interval_ns";

bool rmf_sde_has(uint32_t metric)
{
    const rmf_metric_entry *e = rmf_metric_at(metric);
    if (!e || !e->compute || !(e->scopes >> RAMIFY_SCOPE_RUNTIME & 1) || metric >= RMF_SDE_EVENTS_MAX)
        return false;
    return strcmp(e->name, queued) == 0 || (e->kind == RAMIFY_METRIC_COUNTER && strcmp(e->name, interval) != 0);
}

static void read_sum(const rmf_watch *watch, const ramify_snapshot *s, rmf_tally *sum)
{
    *sum = s->outside;
    for (uint32_t w = 0; w < watch->workers; w++) {
        rmf_tally one;
        rmf_tally_read_counts(watch->cell(watch->pool, w), watch->ns_per_tick, rmf_clock_ticks(), &one);
        one.wake_ns = (uint64_t)((double)watch->wake_ticks(watch->pool, w) * watch->ns_per_tick);
        rmf_tally_add(sum, &one);
    }
}

double rmf_sde_value(rmf_sde_link *link, uint32_t metric)
{
    const rmf_watch *watch = link->watch;
    double           tasks = watch->queued(watch->pool, 0);
    ramify_snapshot  s     = { .workers = watch->workers, .bounded = watch->bounded, .queued = &tasks };
    rmf_view         view  = { .snapshot = &s, .scope = RAMIFY_SCOPE_RUNTIME, .count = watch->workers };
    watch->outside(watch->pool, watch->ns_per_tick, &s.outside);
    read_sum(watch, &s, &view.sum);
    rmf_result r = rmf_metric_at(metric)->compute(&view);
    if (!r.reason)
        link->last[metric] = r.value;
    return link->last[metric];
}
