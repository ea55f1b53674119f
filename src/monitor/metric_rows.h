/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing a snapshot's rows, shared by the files that do. */
#ifndef RMF_MONITOR_METRIC_ROWS_H
#define RMF_MONITOR_METRIC_ROWS_H

#include "metric_table.h"

/* Rows being written; with rows NULL they are only counted. */
typedef struct rmf_rows {
    ramify_metric *rows;
    uint32_t       count;
} rmf_rows;

/* Adds a row; scope and index are the view's. */
void rmf_rows_put(rmf_rows *out, const rmf_view *view, ramify_metric row);

/* Adds the counters of view->sum and the formulas over them. with_time: also those that divide by the snapshot's time.
 */
void rmf_rows_put_counters(rmf_rows *out, const rmf_view *view, bool with_time);

/* Adds the rows of all regions. */
void rmf_rows_put_regions(rmf_rows *out, const ramify_snapshot *snapshot);

#endif
