/* SPDX-License-Identifier: BSD-3-Clause */
/* Picking a rendering, and what renderings share. */
#include "metrics_render.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void rmf_add_number(rmf_text *out, double value, const char *otherwise)
{
    const double whole_below = 9007199254740992.0; /* 2^53: every whole number below is a double */
    char         digits[40];
    if (!isfinite(value)) {
        rmf_text_add(out, "%s", otherwise);
        return;
    }
    if (fabs(value) < whole_below && value == floor(value))
        snprintf(digits, sizeof digits, "%.0f", value);
    else
        snprintf(digits, sizeof digits, "%.9g", value);
    for (char *c = digits; *c; c++)
        if (!strchr("0123456789+-eE", *c))
            *c = '.'; /* the program's locale may have another decimal point */
    rmf_text_add(out, "%s", digits);
}

void rmf_add_place(rmf_text *out, const ramify_metric *row)
{
    if (row->scope == RAMIFY_SCOPE_LEVEL)
        rmf_text_add(out, "%s", ramify_level_name((int)row->index));
    else if (row->scope != RAMIFY_SCOPE_RUNTIME)
        rmf_text_add(out, "%u", row->index);
}

ramify_status ramify_snapshot_render(const ramify_snapshot *snapshot, ramify_metrics_format format, char **text)
{
    rmf_text out = { 0 };
    if (!snapshot || !text)
        return RAMIFY_ERR_INVALID;
    switch (format) {
    case RAMIFY_METRICS_JSON: rmf_metrics_json(snapshot, &out); break;
    case RAMIFY_METRICS_CSV: rmf_metrics_csv(snapshot, &out); break;
    case RAMIFY_METRICS_PROMETHEUS: rmf_metrics_prometheus(snapshot, &out); break;
    default: return RAMIFY_ERR_INVALID;
    }
    if (out.failed)
        return RAMIFY_ERR_NO_MEMORY;
    *text = out.bytes;
    return RAMIFY_OK;
}
