/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot as JSON. schema.json beside this file describes it; keys may be added within a version of the schema, none
 * changed or removed. What is unknown is null, with its reason. */
#include "metrics_render.h"

#include <string.h>

static void add_string(rmf_text *out, const char *key, const char *value)
{
    rmf_text_add(out, "\"%s\": \"", key);
    rmf_text_add_json(out, value);
    rmf_text_add(out, "\"");
}

static const char *kind_name(const ramify_metric *row)
{
    return row->kind == RAMIFY_METRIC_COUNTER ? "counter" : "gauge";
}

static void add_domains(rmf_text *out, const ramify_snapshot *s)
{
    rmf_text_add(out, "  \"domains\": [\n");
    for (uint32_t d = 0; d < s->sites; d++) {
        const ramify_site *site = &s->site[d];
        rmf_text_add(out, "    {\"index\": %u, ", d);
        add_string(out, "level", ramify_level_name((int)site->level));
        if (site->parent == RAMIFY_NONE)
            rmf_text_add(out, ", \"parent\": null");
        else
            rmf_text_add(out, ", \"parent\": %u", site->parent);
        rmf_text_add(out, ", \"first_leaf\": %u, \"leaf_count\": %u}%s\n", site->first_leaf, site->leaf_count,
                     d + 1 < s->sites ? "," : "");
    }
    rmf_text_add(out, "  ],\n");
}

/* Every name once, with what holds for all of its rows. */
static void add_definitions(rmf_text *out, const ramify_snapshot *s)
{
    const char *comma = "";
    rmf_text_add(out, "  \"definitions\": [");
    for (uint32_t i = 0; i < s->row_count; i++) {
        const ramify_metric *row   = &s->rows[i];
        bool                 is_new = true;
        for (uint32_t k = 0; k < i && is_new; k++)
            is_new = s->rows[k].name != row->name;
        if (!is_new)
            continue;
        rmf_text_add(out, "%s\n    {", comma);
        add_string(out, "name", row->name);
        rmf_text_add(out, ", ");
        add_string(out, "unit", row->unit);
        rmf_text_add(out, ", ");
        add_string(out, "kind", kind_name(row));
        rmf_text_add(out, ", ");
        add_string(out, "meaning", row->meaning);
        rmf_text_add(out, "}");
        comma = ",";
    }
    rmf_text_add(out, "\n  ],\n");
}

static void add_row(rmf_text *out, const ramify_metric *row)
{
    rmf_text_add(out, "    {");
    add_string(out, "name", row->name);
    rmf_text_add(out, ", ");
    add_string(out, "scope", ramify_scope_name((int)row->scope));
    rmf_text_add(out, ", \"index\": %u, \"place\": \"", row->index);
    rmf_add_place(out, row);
    rmf_text_add(out, "\", ");
    if (row->region)
        add_string(out, "region", row->region);
    else
        rmf_text_add(out, "\"region\": null");
    rmf_text_add(out, ", \"value\": ");
    rmf_add_number(out, row->value, "null");
    rmf_text_add(out, ", ");
    add_string(out, "source", ramify_source_name((int)row->source));
    rmf_text_add(out, ", \"sampled\": %s, ", row->sampled ? "true" : "false");
    if (row->reason)
        add_string(out, "reason", row->reason);
    else
        rmf_text_add(out, "\"reason\": null");
    rmf_text_add(out, "}");
}

/* Pairs of a bucket's lower end and its count, empty ones left out. */
static void add_histogram(rmf_text *out, const char *key, const rmf_spread *spread)
{
    const char *comma = "";
    rmf_text_add(out, "\"%s\": [", key);
    for (uint32_t b = 0; b < RMF_HISTOGRAM_BUCKETS; b++)
        if (spread->count[b]) {
            rmf_text_add(out, "%s[%llu, %llu]", comma, (unsigned long long)rmf_spread_low(b),
                         (unsigned long long)spread->count[b]);
            comma = ", ";
        }
    rmf_text_add(out, "]");
}

void rmf_metrics_json(const ramify_snapshot *s, rmf_text *out)
{
    rmf_text_add(out, "{\n  \"schema\": \"ramify-metrics-1\",\n  ");
    add_string(out, "version", ramify_version());
    rmf_text_add(out, ",\n  \"from_ns\": %llu,\n  \"taken_ns\": %llu,\n  \"workers\": %u,\n",
                 (unsigned long long)s->from_ns, (unsigned long long)s->taken_ns, s->workers);
    add_domains(out, s);
    add_definitions(out, s);
    rmf_text_add(out, "  \"metrics\": [\n");
    for (uint32_t i = 0; i < s->row_count; i++) {
        add_row(out, &s->rows[i]);
        rmf_text_add(out, i + 1 < s->row_count ? ",\n" : "\n");
    }
    rmf_text_add(out, "  ],\n  \"histograms\": {");
    add_histogram(out, "latency_ns", &s->latency);
    rmf_text_add(out, ", ");
    add_histogram(out, "run_ns", &s->run);
    rmf_text_add(out, "}\n}\n");
}
