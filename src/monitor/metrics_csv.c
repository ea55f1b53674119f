/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot as comma-separated values, quoted as RFC 4180 has it: a head line, then one line per row. An unknown value is
 * empty, and the column `reason` says why. */
#include "metrics_render.h"

static void add_field(rmf_text *out, const char *text)
{
    rmf_text_add(out, "\"");
    for (; *text; text++)
        rmf_text_add(out, *text == '"' ? "\"\"" : "%c", *text);
    rmf_text_add(out, "\"");
}

void rmf_metrics_csv(const ramify_snapshot *s, rmf_text *out)
{
    rmf_text_add(out, "name,scope,place,value,unit,kind,source,sampled,reason,region\n");
    for (uint32_t i = 0; i < s->row_count; i++) {
        const ramify_metric *row = &s->rows[i];
        rmf_text_add(out, "%s,%s,", row->name, ramify_scope_name((int)row->scope));
        rmf_add_place(out, row);
        rmf_text_add(out, ",");
        rmf_add_number(out, row->value, "");
        rmf_text_add(out, ",%s,%s,%s,%s,", row->unit, row->kind == RAMIFY_METRIC_COUNTER ? "counter" : "gauge",
                     ramify_source_name((int)row->source), row->sampled ? "yes" : "no");
        if (row->reason)
            add_field(out, row->reason);
        rmf_text_add(out, ",");
        if (row->region)
            add_field(out, row->region);
        rmf_text_add(out, "\n");
    }
}
