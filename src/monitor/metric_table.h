/* SPDX-License-Identifier: BSD-3-Clause */
/* The metrics there are: a table of name, unit, scopes and the function that computes one from a sum of tallies. */
#ifndef RMF_MONITOR_METRIC_TABLE_H
#define RMF_MONITOR_METRIC_TABLE_H

#include "snapshot.h"

/* What a row is computed from. */
typedef struct rmf_view {
    const ramify_snapshot *snapshot;
    ramify_scope           scope;
    uint32_t               index;
    uint32_t               first, count; /* workers it is about */
    rmf_tally              sum;          /* over them; with threads from outside when it is the runtime's */
} rmf_view;

/* A value, or the reason why there is none. */
typedef struct rmf_result {
    double      value;
    const char *reason; /* NULL: known */
    bool        sampled;
} rmf_result;

typedef struct rmf_metric_entry {
    const char        *name, *unit, *meaning;
    ramify_metric_kind kind;
    uint32_t           scopes; /* bits of ramify_scope */
    rmf_result (*compute)(const rmf_view *view);
} rmf_metric_entry;

/* NULL past the end. */
const rmf_metric_entry *rmf_metric_at(uint32_t i);

/* The i-th name of a metric or an event or a formula; NULL past the end. */
const char *rmf_metric_name(uint32_t i);

/* Overhead and its parts, in ns; reason as in rmf_result. */
typedef struct rmf_overhead {
    double      place_ns, handle_ns, search_ns, task_ns;
    const char *reason;
} rmf_overhead;

rmf_overhead rmf_overhead_of(const rmf_view *view);

/* Busy share of workers first .. first + count - 1; reason as in rmf_result. */
rmf_result rmf_utilisation(const ramify_snapshot *snapshot, uint32_t first, uint32_t count);

/* Spread of utilisation over a level's domains, or over all workers for RAMIFY_SCOPE_RUNTIME. */
typedef struct rmf_balance {
    double      mean, variance, most;
    uint32_t    count;
    const char *reason;
} rmf_balance;

rmf_balance rmf_balance_of(const rmf_view *view);

/* Names of what metric_regions.c writes. */
extern const char rmf_region_count[], rmf_region_ns[], rmf_region_imbalance[];

/* The smallest number of tallies' time that is measured: unknown accounts make all of them unknown. */
extern const char *const rmf_time_unreadable;

#endif
