/* SPDX-License-Identifier: BSD-3-Clause */
/* From a snapshot's tallies to rows: the table's metrics for every place they have, then counters and their formulas.
 */
#include "metric_rows.h"

#include "log.h"
#include "nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char not_counted[] = "no event for it is counted; RAMIFY_COUNTERS=cache or ramify_counters_start does";

void rmf_rows_put(rmf_rows *out, const rmf_view *view, ramify_metric row)
{
    row.scope = view->scope;
    row.index = view->index;
    if (row.source == RAMIFY_SOURCE_UNKNOWN)
        row.value = NAN;
    if (out->rows)
        out->rows[out->count] = row;
    out->count++;
}

static void put_entry(rmf_rows *out, const rmf_view *view, const rmf_metric_entry *e)
{
    rmf_result r = out->rows ? e->compute(view) : (rmf_result){ 0 };
    rmf_rows_put(out, view,
                 (ramify_metric){ .name    = e->name,
                                  .unit    = e->unit,
                                  .meaning = e->meaning,
                                  .kind    = e->kind,
                                  .value   = r.value,
                                  .reason  = r.reason,
                                  .source  = r.reason ? RAMIFY_SOURCE_UNKNOWN : RAMIFY_SOURCE_SOFTWARE,
                                  .sampled = r.sampled && !r.reason });
}

/* True when every worker of the view has counter i. */
static bool is_counted(const rmf_view *view, uint32_t i)
{
    for (uint32_t w = view->first; w < view->first + view->count; w++)
        if (!(view->snapshot->counter_known[w] >> i & 1))
            return false;
    return true;
}

static void put_counter(rmf_rows *out, const rmf_view *view, uint32_t i)
{
    const rmf_counted *c       = &view->snapshot->counted[i];
    bool               counted = is_counted(view, i);
    const char        *reason  = c->why.text[0] ? c->why.text : NULL;
    if (!counted && c->source != RAMIFY_SOURCE_UNKNOWN && !reason)
        reason = "more events than the processor has counters: ask for fewer, or allow multiplexing";
    rmf_rows_put(out, view,
                 (ramify_metric){ .name    = c->event->name,
                                  .unit    = c->event->unit,
                                  .meaning = c->event->meaning,
                                  .kind    = RAMIFY_METRIC_COUNTER,
                                  .value   = (double)view->sum.counters[i],
                                  .reason  = reason,
                                  .source  = counted ? (uint32_t)c->source : RAMIFY_SOURCE_UNKNOWN,
                                  .sampled = counted && c->partial });
}

/* A formula's operand. False: the snapshot does not ask for it. row: its value, source and reason. */
static bool operand(const rmf_view *view, const char *name, ramify_metric *row)
{
    const ramify_snapshot *s = view->snapshot;
    *row                     = (ramify_metric){ .source = RAMIFY_SOURCE_SOFTWARE };
    if (strcmp(name, RMF_PER_TASK) == 0) {
        row->value = (double)view->sum.tasks;
        return true;
    }
    if (strcmp(name, RMF_PER_SECOND) == 0) {
        row->value = (double)(s->taken_ns - s->from_ns) * 1e-9;
        return true;
    }
    for (uint32_t i = 0; i < s->counters; i++)
        if (strcmp(s->counted[i].event->name, name) == 0) {
            rmf_rows one = { row, 0 };
            put_counter(&one, view, i);
            return true;
        }
    return false;
}

/* A formula has a row when all its events are asked for; it is known when they are and the denominator is not zero. */
static void put_formula(rmf_rows *out, const rmf_view *view, const rmf_formula *f)
{
    ramify_metric above, below;
    if (!operand(view, f->numerator, &above) || !operand(view, f->denominator, &below))
        return;
    ramify_metric row = { .name    = f->name,
                          .unit    = f->unit,
                          .meaning = f->text,
                          .kind    = RAMIFY_METRIC_GAUGE,
                          .source  = above.source,
                          .sampled = above.sampled || below.sampled };
    if (!above.source || !below.source) {
        row.source = RAMIFY_SOURCE_UNKNOWN;
        row.reason = above.source ? below.reason : above.reason;
    } else if (below.value > 0.0)
        row.value = f->scale * above.value / below.value;
    else {
        row.source = RAMIFY_SOURCE_UNKNOWN;
        row.reason = "what it is divided by was zero";
    }
    rmf_rows_put(out, view, row);
}

/* The mission's hardware form of locality: misses of the outermost cache that is counted. */
static void put_cache_misses(rmf_rows *out, const rmf_view *view)
{
    static const char *const misses[] = { "l3_misses", "l2_misses", "l1d_misses" };

    ramify_metric row = { .name    = "cache_misses_per_task",
                          .unit    = "lines",
                          .meaning = "misses of the outermost cache that is counted",
                          .kind    = RAMIFY_METRIC_GAUGE,
                          .reason  = not_counted };
    for (int i = 0; i < 3 && !row.source; i++) {
        ramify_metric count;
        if (!operand(view, misses[i], &count))
            continue;
        row.reason = count.reason;
        if (count.source && view->sum.tasks == 0)
            row.reason = "no task was run";
        else if (count.source) {
            row.source  = count.source;
            row.sampled = count.sampled;
            row.value   = count.value / (double)view->sum.tasks;
        }
    }
    rmf_rows_put(out, view, row);
}

void rmf_rows_put_counters(rmf_rows *out, const rmf_view *view, bool with_time)
{
    const rmf_formula *f;
    for (uint32_t i = 0; i < view->snapshot->counters; i++)
        put_counter(out, view, i);
    for (uint32_t i = 0; (f = rmf_formula_at(i)); i++)
        if (with_time || strcmp(f->denominator, RMF_PER_SECOND) != 0)
            put_formula(out, view, f);
}

static void put_view(rmf_rows *out, const rmf_view *view)
{
    const rmf_metric_entry *e;
    for (uint32_t i = 0; (e = rmf_metric_at(i)); i++)
        if (e->scopes >> view->scope & 1)
            put_entry(out, view, e);
    if (view->scope != RAMIFY_SCOPE_RUNTIME && view->scope != RAMIFY_SCOPE_WORKER)
        return;
    put_cache_misses(out, view);
    rmf_rows_put_counters(out, view, true);
}

/* Levels of which there are at least two domains; balance within one says nothing, and nobody steals across one. Steals
 * are counted at the level of the common ancestor, so the root's is among them. */
static bool has_level(const ramify_snapshot *s, uint32_t level)
{
    uint32_t domains = 0;
    for (uint32_t d = 0; d < s->sites; d++)
        domains += s->site[d].level_mask >> level & 1;
    return domains > 1 || (s->sites && s->site[0].level == level);
}

static void put_all(rmf_rows *out, const ramify_snapshot *s)
{
    rmf_view view = { s, RAMIFY_SCOPE_RUNTIME, 0, 0, s->workers, rmf_snapshot_sum(s, 0, s->workers) };
    rmf_tally_add(&view.sum, &s->outside);
    put_view(out, &view);
    view.scope = RAMIFY_SCOPE_LEVEL;
    for (view.index = 0; view.index < RAMIFY_LEVEL_COUNT; view.index++)
        if (has_level(s, view.index))
            put_view(out, &view);
    view.scope = RAMIFY_SCOPE_DOMAIN;
    for (view.index = 0; view.index < s->sites; view.index++) {
        view.first = s->site[view.index].first_leaf;
        view.count = s->site[view.index].leaf_count;
        view.sum   = rmf_snapshot_sum(s, view.first, view.count);
        put_view(out, &view);
    }
    view.scope = RAMIFY_SCOPE_WORKER;
    view.count = 1;
    for (view.index = 0; view.index < s->workers; view.index++) {
        view.first = view.index;
        view.sum   = s->tally[view.index];
        put_view(out, &view);
    }
    rmf_rows_put_regions(out, s);
}

ramify_status rmf_snapshot_fill_rows(ramify_snapshot *s)
{
    rmf_rows out = { NULL, 0 };
    put_all(&out, s);
    out.rows = calloc(out.count, sizeof *out.rows);
    if (!out.rows)
        return RAMIFY_ERR_NO_MEMORY;
    out.count = 0;
    put_all(&out, s);
    s->rows      = out.rows;
    s->row_count = out.count;
    return RAMIFY_OK;
}

static bool is_about(const ramify_metric *row, const char *region, uint32_t scope, uint32_t index)
{
    bool is_region = region ? row->region && strcmp(row->region, region) == 0 : !row->region;
    return is_region && row->scope == scope && row->index == index;
}

ramify_status ramify_snapshot_find_region(const ramify_snapshot *s, const char *region, const char *name,
                                          uint32_t scope, uint32_t index, ramify_metric *metric,
                                          ramify_diagnosis *diagnosis)
{
    if (!s || !name || !metric)
        return RAMIFY_ERR_INVALID;
    for (uint32_t i = 0; i < s->row_count; i++)
        if (is_about(&s->rows[i], region, scope, index) && strcmp(s->rows[i].name, name) == 0) {
            *metric = s->rows[i];
            return RAMIFY_OK;
        }
    for (uint32_t i = 0; rmf_metric_name(i); i++)
        if (strcmp(rmf_metric_name(i), name) == 0)
            return rmf_diagnose(diagnosis, RAMIFY_ERR_NOT_FOUND, 0, "%s has no row for %s %u here", name,
                                scope < RAMIFY_SCOPE_COUNT ? ramify_scope_name((int)scope) : "scope", index);
    char near[120];
    return rmf_diagnose(diagnosis, RAMIFY_ERR_NOT_FOUND, 0, "there is no metric \"%.40s\"; the nearest are: %s", name,
                        rmf_nearest(name, strlen(name), rmf_metric_name, near, sizeof near));
}

ramify_status ramify_snapshot_find(const ramify_snapshot *s, const char *name, uint32_t scope, uint32_t index,
                                   ramify_metric *metric, ramify_diagnosis *diagnosis)
{
    return ramify_snapshot_find_region(s, NULL, name, scope, index, metric, diagnosis);
}

ramify_status ramify_metric_describe(uint32_t i, ramify_metric *metric)
{
    const rmf_metric_entry *e = rmf_metric_at(i);
    if (!e || !metric)
        return RAMIFY_ERR_RANGE;
    *metric = (ramify_metric){ .name = e->name, .unit = e->unit, .meaning = e->meaning, .kind = e->kind, .value = NAN };
    return RAMIFY_OK;
}

ramify_status ramify_event_describe(uint32_t i, ramify_event *event)
{
    uint32_t events = 0;
    while (rmf_event_at(events))
        events++;
    const rmf_event   *e = i < events ? rmf_event_at(i) : NULL;
    const rmf_formula *f = e ? NULL : rmf_formula_at(i - events);
    if (!event || (!e && !f))
        return RAMIFY_ERR_RANGE;
    *event = e ? (ramify_event){ e->name, e->unit, e->meaning, NULL, NULL }
               : (ramify_event){ f->name, f->unit, f->meaning, f->text, f->group };
    return RAMIFY_OK;
}

const char *ramify_source_name(int source)
{
    static const char *const names[] = {
#define NAME(name, text) text,
        RAMIFY_SOURCE_TABLE(NAME)
    };
    return source >= 0 && source < RAMIFY_SOURCE_COUNT ? names[source] : NULL;
}

const char *ramify_scope_name(int scope)
{
    static const char *const names[] = { RAMIFY_SCOPE_TABLE(NAME) };
#undef NAME
    return scope >= 0 && scope < RAMIFY_SCOPE_COUNT ? names[scope] : NULL;
}
