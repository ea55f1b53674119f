/* SPDX-License-Identifier: BSD-3-Clause */
/* Plain numbers read out of cells: they add up over workers and subtract over time.
 *
 * All times are nanoseconds here; ticks end at the cell. */
#ifndef RMF_MONITOR_TALLY_H
#define RMF_MONITOR_TALLY_H

#include "cell.h"

enum { RMF_COUNTERS_MAX = 16 }; /* events per runtime: more than any PMU has counters (Zen: 6, Golden Cove: 8 + 4) */

/* A histogram at rest. */
typedef struct rmf_spread {
    uint64_t count[RMF_HISTOGRAM_BUCKETS];
    uint64_t sum, least, most; /* as in rmf_histogram */
} rmf_spread;

/* What one worker, or several together, did. Only uint64_t and arrays of it: it is added as an array. */
typedef struct rmf_tally {
#define RMF_TALLY_FIELD(name) uint64_t name;
    RMF_CELL_COUNTERS(RMF_TALLY_FIELD)
#undef RMF_TALLY_FIELD
#define RMF_TALLY_FIELD(name) uint64_t name##_ns;
    RMF_CELL_TIMES(RMF_TALLY_FIELD)
#undef RMF_TALLY_FIELD
    uint64_t near_unknown, plan_changes;
    uint64_t wake_ns;
    uint64_t stealing[RAMIFY_LEVEL_COUNT][3]; /* in the order of RMF_STEAL_COUNTERS */
    uint64_t spent_ns[RMF_STATE_COUNT];
    uint64_t time_unknown; /* workers whose account of time could not be read */
    uint64_t run_samples, run_ns;
    uint64_t counters[RMF_COUNTERS_MAX];
} rmf_tally;

enum { RMF_TALLY_WORDS = sizeof(rmf_tally) / sizeof(uint64_t) };

/* Reads a cell, as of now_ticks. Adds its histograms to *latency and *run. */
void rmf_tally_read(const rmf_monitor_cell *cell, double ns_per_tick, uint64_t now_ticks, rmf_tally *tally,
                    rmf_spread *latency, rmf_spread *run);

/* The same without histograms, and without what comes from them. */
void rmf_tally_read_counts(const rmf_monitor_cell *cell, double ns_per_tick, uint64_t now_ticks, rmf_tally *tally);

void rmf_tally_add(rmf_tally *to, const rmf_tally *more);

/* newer - older, never below zero: what was read while it changed may be a little older in the newer one. */
void rmf_tally_subtract(rmf_tally *newer, const rmf_tally *older);

/* The same for histograms. Least and most become those of the buckets that are left. */
void rmf_spread_subtract(rmf_spread *newer, const rmf_spread *older);

/* Percentiles; all 0 without samples. */
void rmf_spread_summary(const rmf_spread *spread, ramify_latency *summary);

/* Share of the samples that are below a number of nanoseconds, to within a bucket: of their number or of their sum. 0
 * without samples. */
double rmf_spread_share_below(const rmf_spread *spread, double ns, bool of_sum);

/* The inclusive lower end of a bucket, ns. */
uint64_t rmf_spread_low(uint32_t bucket);

#endif
