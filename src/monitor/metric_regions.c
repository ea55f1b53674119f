/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of regions and of classes of tasks: how often and how long, over all threads, by worker and by thread from
 * outside; and the hardware counters of workers in them, which are read in a part of them and scaled to all. */
#include "metric_rows.h"

#include <math.h>

/* Names and meanings stand in the table of metrics, for whoever lists it. */
static ramify_metric row_of(const char *region, const char *name, double value)
{
    for (uint32_t i = 0; rmf_metric_at(i); i++) {
        const rmf_metric_entry *e = rmf_metric_at(i);
        if (e->name == name)
            return (ramify_metric){ .name    = e->name,
                                    .unit    = e->unit,
                                    .meaning = e->meaning,
                                    .region  = region,
                                    .kind    = (uint32_t)e->kind,
                                    .value   = value,
                                    .source  = RAMIFY_SOURCE_SOFTWARE };
    }
    return (ramify_metric){ .name = name };
}

static void put_times(rmf_rows *out, const rmf_view *view, const char *region, const rmf_region_tally *t, bool sampled)
{
    ramify_metric count = row_of(region, rmf_region_count, (double)t->count);
    ramify_metric time  = row_of(region, rmf_region_ns, (double)t->ns);
    count.sampled = time.sampled = sampled;
    rmf_rows_put(out, view, count);
    rmf_rows_put(out, view, time);
}

/* Mean and spread over the threads that were in the region at all. */
static void put_spread(rmf_rows *out, const rmf_view *view, const char *region, const rmf_region_tally *slot)
{
    double sum = 0.0, most = 0.0, threads = 0.0;
    for (uint32_t i = 0; i < view->snapshot->slots; i++) {
        double ns = (double)slot[i].ns;
        threads += slot[i].count > 0;
        sum += ns;
        most = ns > most ? ns : most;
    }
    ramify_metric row = row_of(region, rmf_region_imbalance, 0.0);
    if (sum > 0.0)
        row.value = most * threads / sum - 1.0;
    else {
        row.source = RAMIFY_SOURCE_UNKNOWN;
        row.reason = "no time was spent in it";
    }
    rmf_rows_put(out, view, row);
}

/* Counters of a region: those of its samples times the regions that one sample stands for. */
static void put_counters(rmf_rows *out, const rmf_view *place, const char *region, const rmf_region_tally *t)
{
    rmf_view view  = *place;
    double   scale = t->samples ? (double)t->count / (double)t->samples : 0.0;
    if (!t->samples)
        return;
    view.sum = (rmf_tally){ .tasks = t->count };
    for (uint32_t i = 0; i < view.snapshot->counters; i++)
        view.sum.counters[i] = (uint64_t)((double)t->counters[i] * scale);
    uint32_t first = out->count;
    rmf_rows_put_counters(out, &view, false);
    for (uint32_t i = first; out->rows && i < out->count; i++) {
        out->rows[i].region  = region;
        out->rows[i].sampled = out->rows[i].source != RAMIFY_SOURCE_UNKNOWN;
    }
}

static void add(rmf_region_tally *to, const rmf_region_tally *more)
{
    to->count += more->count;
    to->ns += more->ns;
    to->samples += more->samples;
    for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
        to->counters[i] += more->counters[i];
}

static void put_region(rmf_rows *out, const ramify_snapshot *s, uint32_t r)
{
    const char             *region = s->region_name[r];
    const rmf_region_tally *slot   = &s->region[(size_t)r * s->slots];
    rmf_view                view   = { .snapshot = s, .scope = RAMIFY_SCOPE_RUNTIME, .count = s->workers };
    rmf_region_tally        all = { 0 }, by_workers = { 0 };
    for (uint32_t i = 0; i < s->slots; i++) {
        add(&all, &slot[i]);
        if (i < s->workers)
            add(&by_workers, &slot[i]);
    }
    put_times(out, &view, region, &all, false);
    put_spread(out, &view, region, slot);
    put_counters(out, &view, region, &by_workers);
    for (uint32_t i = 0; i < s->slots; i++) {
        bool is_worker = i < s->workers;
        view.scope     = is_worker ? RAMIFY_SCOPE_WORKER : RAMIFY_SCOPE_THREAD;
        view.index     = is_worker ? i : i - s->workers;
        view.first     = i;
        view.count     = 1;
        if (!slot[i].count)
            continue;
        put_times(out, &view, region, &slot[i], false);
        if (is_worker)
            put_counters(out, &view, region, &slot[i]);
    }
}

/* A class of tasks, in all workers and in each that ran one. */
static void put_class(rmf_rows *out, const ramify_snapshot *s, uint32_t c)
{
    const rmf_region_tally *worker = &s->by_class[(size_t)c * s->workers];
    rmf_view                view   = { .snapshot = s, .scope = RAMIFY_SCOPE_RUNTIME, .count = s->workers };
    rmf_region_tally        all    = { 0 };
    for (uint32_t w = 0; w < s->workers; w++)
        add(&all, &worker[w]);
    if (!all.samples)
        return;
    put_times(out, &view, s->class_name[c], &all, true);
    put_counters(out, &view, s->class_name[c], &all);
    view.scope = RAMIFY_SCOPE_WORKER;
    view.count = 1;
    for (view.index = view.first = 0; view.first < s->workers; view.index = ++view.first) {
        if (!worker[view.first].samples)
            continue;
        put_times(out, &view, s->class_name[c], &worker[view.first], true);
        put_counters(out, &view, s->class_name[c], &worker[view.first]);
    }
}

void rmf_rows_put_regions(rmf_rows *out, const ramify_snapshot *s)
{
    for (uint32_t c = 0; c < s->classes; c++)
        put_class(out, s, c);
    for (uint32_t r = 0; r < s->regions; r++)
        put_region(out, s, r);
}
