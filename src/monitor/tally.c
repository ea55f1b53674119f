/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading, adding and subtracting tallies. */
#include "tally.h"

static uint64_t ns_of(uint64_t ticks, double ns_per_tick)
{
    return (uint64_t)((double)ticks * ns_per_tick);
}

static void read_time(const rmf_monitor_cell *cell, double ns_per_tick, uint64_t now_ticks, rmf_tally *tally)
{
    uint64_t  ticks[RMF_STATE_COUNT] = { 0 };
    rmf_state state;
    if (!rmf_time_read(&cell->time, now_ticks, ticks, &state))
        tally->time_unknown = 1;
    for (int s = 0; s < RMF_STATE_COUNT; s++)
        tally->spent_ns[s] = ns_of(ticks[s], ns_per_tick);
}

static void read_stealing(const rmf_monitor_cell *cell, rmf_tally *tally)
{
    for (int level = 0; level < RAMIFY_LEVEL_COUNT; level++) {
        uint64_t *to = tally->stealing[level];
#define RMF_READ(name) *to++ = rmf_load_relaxed(&cell->stealing[level].name);
        RMF_STEAL_COUNTERS(RMF_READ)
#undef RMF_READ
    }
}

/* Adds a live histogram; returns its number of samples. */
static uint64_t add_histogram(const rmf_histogram *from, rmf_spread *to)
{
    uint64_t samples = 0;
    for (uint32_t i = 0; i < RMF_HISTOGRAM_BUCKETS; i++) {
        uint64_t count = rmf_load_relaxed(&from->count[i]);
        to->count[i] += count;
        samples += count;
    }
    to->sum += rmf_load_relaxed(&from->sum);
    uint64_t least = rmf_load_relaxed(&from->least), most = rmf_load_relaxed(&from->most);
    to->least = least > to->least ? least : to->least;
    to->most  = most > to->most ? most : to->most;
    return samples;
}

void rmf_tally_read_counts(const rmf_monitor_cell *cell, double ns_per_tick, uint64_t now_ticks, rmf_tally *tally)
{
    *tally = (rmf_tally){ 0 };
#define RMF_READ(name) tally->name = rmf_load_relaxed(&cell->counts.name);
    RMF_CELL_COUNTERS(RMF_READ)
#undef RMF_READ
#define RMF_READ(name) tally->name##_ns = ns_of(rmf_load_relaxed(&cell->counts.name##_ticks), ns_per_tick);
    RMF_CELL_TIMES(RMF_READ)
#undef RMF_READ
    read_stealing(cell, tally);
    read_time(cell, ns_per_tick, now_ticks, tally);
}

void rmf_tally_read(const rmf_monitor_cell *cell, double ns_per_tick, uint64_t now_ticks, rmf_tally *tally,
                    rmf_spread *latency, rmf_spread *run)
{
    rmf_tally_read_counts(cell, ns_per_tick, now_ticks, tally);
    add_histogram(&cell->latency, latency);
    tally->run_ns      = rmf_load_relaxed(&cell->run.sum);
    tally->run_samples = add_histogram(&cell->run, run);
}

void rmf_tally_add(rmf_tally *to, const rmf_tally *more)
{
    uint64_t       *a = (uint64_t *)to;
    const uint64_t *b = (const uint64_t *)more;
    for (uint32_t i = 0; i < RMF_TALLY_WORDS; i++)
        a[i] += b[i];
}

static uint64_t minus(uint64_t newer, uint64_t older)
{
    return newer > older ? newer - older : 0;
}

void rmf_tally_subtract(rmf_tally *newer, const rmf_tally *older)
{
    uint64_t        unknown = newer->time_unknown + older->time_unknown;
    uint64_t       *a       = (uint64_t *)newer;
    const uint64_t *b       = (const uint64_t *)older;
    for (uint32_t i = 0; i < RMF_TALLY_WORDS; i++)
        a[i] = minus(a[i], b[i]);
    newer->time_unknown = unknown;
}

uint64_t rmf_spread_low(uint32_t bucket)
{
    enum { STEPS = 1 << RMF_HISTOGRAM_STEP_BITS };
    if (bucket < 2 * STEPS)
        return bucket;
    uint32_t shift = (bucket >> RMF_HISTOGRAM_STEP_BITS) - 1;
    return ((uint64_t)(bucket & (STEPS - 1)) + STEPS) << shift;
}

void rmf_spread_subtract(rmf_spread *newer, const rmf_spread *older)
{
    uint32_t first = RMF_HISTOGRAM_BUCKETS, last = 0;
    for (uint32_t i = 0; i < RMF_HISTOGRAM_BUCKETS; i++) {
        newer->count[i] = minus(newer->count[i], older->count[i]);
        if (newer->count[i]) {
            first = first == RMF_HISTOGRAM_BUCKETS ? i : first;
            last  = i;
        }
    }
    newer->sum = minus(newer->sum, older->sum);
    if (first == RMF_HISTOGRAM_BUCKETS)
        newer->least = newer->most = 0;
    else {
        uint64_t low = rmf_spread_low(first), high = rmf_spread_low(last + 1) - 1;
        newer->least = ~newer->least > low ? newer->least : ~low;
        newer->most  = newer->most < high ? newer->most : high;
    }
}

/* The library's one reader of percentiles works on a live histogram: lend it one. */
void rmf_spread_summary(const rmf_spread *spread, ramify_latency *summary)
{
    rmf_histogram histogram;
    for (uint32_t i = 0; i < RMF_HISTOGRAM_BUCKETS; i++)
        rmf_store_relaxed(&histogram.count[i], spread->count[i]);
    rmf_store_relaxed(&histogram.sum, spread->sum);
    rmf_store_relaxed(&histogram.least, spread->least);
    rmf_store_relaxed(&histogram.most, spread->most);
    rmf_histogram_summary(&histogram, summary);
}

/* A bucket's samples count as its middle, but for the last one, which has no end. */
double rmf_spread_share_below(const rmf_spread *spread, double ns, bool of_sum)
{
    double all = 0.0, below = 0.0;
    for (uint32_t i = 0; i < RMF_HISTOGRAM_BUCKETS; i++) {
        double low    = (double)rmf_spread_low(i);
        double middle = i + 1 < RMF_HISTOGRAM_BUCKETS ? (low + (double)rmf_spread_low(i + 1) - 1.0) / 2.0 : low;
        double weight = (double)spread->count[i] * (of_sum ? middle : 1.0);
        all += weight;
        below += low < ns ? weight : 0.0;
    }
    return all > 0.0 ? below / all : 0.0;
}
