/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot in Prometheus' text format 0.0.4: all samples of a name together, below its HELP and TYPE. A value that is
 * unknown is no sample but a comment that says why. Give it snapshots since the start: its counters must only grow. */
#include "metrics_render.h"

#include <string.h>

static const char *suffix(const ramify_metric *row)
{
    return row->kind == RAMIFY_METRIC_COUNTER ? "_total" : "";
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
    rmf_text_add(out, "%sramify_%s%s{scope=\"%s\",place=\"", row->source ? "" : "# ", row->name, suffix(row),
                 ramify_scope_name((int)row->scope));
    rmf_add_place(out, row);
    rmf_text_add(out, "\",source=\"%s\"", ramify_source_name((int)row->source));
    if (row->region)
        add_region(out, row->region);
    rmf_text_add(out, "} ");
    if (row->source)
        rmf_add_number(out, row->value, "NaN");
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
        rmf_text_add(out, "# HELP ramify_%s%s %s, in %s\n# TYPE ramify_%s%s %s\n", row->name, suffix(row), row->meaning,
                     strcmp(row->unit, "1") == 0 ? "parts of one" : row->unit, row->name, suffix(row),
                     row->kind == RAMIFY_METRIC_COUNTER ? "counter" : "gauge");
        for (uint32_t k = i; k < s->row_count; k++)
            if (s->rows[k].name == row->name)
                add_sample(out, &s->rows[k]);
    }
}
