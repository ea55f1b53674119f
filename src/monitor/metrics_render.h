/* SPDX-License-Identifier: BSD-3-Clause */
/* The renderings of a snapshot, one file each, and the numbers they share. */
#ifndef RMF_MONITOR_METRICS_RENDER_H
#define RMF_MONITOR_METRICS_RENDER_H

#include "snapshot.h"
#include "text.h"

void rmf_metrics_json(const ramify_snapshot *snapshot, rmf_text *out);
void rmf_metrics_csv(const ramify_snapshot *snapshot, rmf_text *out);
void rmf_metrics_prometheus(const ramify_snapshot *snapshot, rmf_text *out);

/* A number in every locale: whole ones in full, others to nine digits; `otherwise` when it is none. */
void rmf_add_number(rmf_text *out, double value, const char *otherwise);

/* "numa" of a level's row, "3" of a domain's or worker's, "" of the runtime's. */
void rmf_add_place(rmf_text *out, const ramify_metric *row);

#endif
