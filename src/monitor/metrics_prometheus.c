/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot in Prometheus' text format 0.0.4: all samples of a name together, below its HELP and TYPE. A value that is
 * unknown is no sample but a comment that says why. Times are in seconds there, as Prometheus has it: busy_ns is
 * ramify_busy_seconds_total. Give it snapshots since the start: its counters must only grow. */
#include "metrics_render.h"

#include <string.h>

/* The name is in nanoseconds: "_ns" is its ending. */
static bool is_time(const ramify_metric *row)
{
    size_t length = strlen(row->name);
    return length > 3 && strcmp(row->name + length - 3, "_ns") == 0;
}

static void add_name(rmf_text *out, const ramify_metric *row)
{
    int length = (int)strlen(row->name) - (is_time(row) ? 3 : 0);
    rmf_text_add(out, "ramify_%.*s%s%s", length, row->name, is_time(row) ? "_seconds" : "",
                 row->kind == RAMIFY_METRIC_COUNTER ? "_total" : "");
}

static const char *unit_of(const ramify_metric *row)
{
    if (is_time(row))
        return "seconds";
    return strcmp(row->unit, "1") == 0 ? "parts of one" : row->unit;
}

/* A region's name as a label; the format asks for these two to be escaped. */
static void add_region(rmf_text *out, const char *region)
{
    rmf_text_add(out, ",region=\"");
    for (; *region; region++)
        rmf_text_add(out, *region == '"' || *region == '\\' ? "\\%c" : "%c", *region);
    rmf_text_add(out, "\"");
}

static void add_sample(rmf_text *out, const ramify_metric *row)
{
    rmf_text_add(out, "%s", row->source ? "" : "# ");
    add_name(out, row);
    rmf_text_add(out, "{scope=\"%s\",place=\"", ramify_scope_name((int)row->scope));
    rmf_add_place(out, row);
    rmf_text_add(out, "\",source=\"%s\"", ramify_source_name((int)row->source));
    if (row->region)
        add_region(out, row->region);
    rmf_text_add(out, "} ");
    if (row->source)
        rmf_add_number(out, is_time(row) ? row->value * 1e-9 : row->value, "NaN");
    else
        rmf_text_add(out, "unknown: %s", row->reason);
    rmf_text_add(out, "\n");
}

void rmf_metrics_prometheus(const ramify_snapshot *s, rmf_text *out)
{
    for (uint32_t i = 0; i < s->row_count; i++) {
        const ramify_metric *row    = &s->rows[i];
        bool                 is_new = true;
        for (uint32_t k = 0; k < i && is_new; k++)
            is_new = s->rows[k].name != row->name;
        if (!is_new)
            continue;
        rmf_text_add(out, "# HELP ");
        add_name(out, row);
        rmf_text_add(out, " %s, in %s\n# TYPE ", row->meaning, unit_of(row));
        add_name(out, row);
        rmf_text_add(out, " %s\n", row->kind == RAMIFY_METRIC_COUNTER ? "counter" : "gauge");
        for (uint32_t k = i; k < s->row_count; k++)
            if (s->rows[k].name == row->name)
                add_sample(out, &s->rows[k]);
    }
}
