/* SPDX-License-Identifier: BSD-3-Clause */
/* Buckets, merging and percentiles of the log-linear histogram. */
#include "histogram.h"

enum { STEPS = 1 << RMF_HISTOGRAM_STEP_BITS };

static uint32_t bucket_of(uint64_t value)
{
    if (value < STEPS)
        return (uint32_t)value;
    if (value >> RMF_HISTOGRAM_TOP_BITS)
        return RMF_HISTOGRAM_BUCKETS - 1;
    uint32_t power = 63u - (uint32_t)__builtin_clzll(value);
    uint32_t shift = power - RMF_HISTOGRAM_STEP_BITS;
    return (shift << RMF_HISTOGRAM_STEP_BITS) + (uint32_t)(value >> shift);
}

/* The middle of a bucket. */
static uint64_t value_of(uint32_t bucket)
{
    if (bucket < 2 * STEPS)
        return bucket;
    uint32_t shift = (bucket >> RMF_HISTOGRAM_STEP_BITS) - 1;
    uint64_t low   = ((uint64_t)(bucket & (STEPS - 1)) + STEPS) << shift;
    return low + ((1ull << shift) >> 1);
}

void rmf_histogram_add(rmf_histogram *h, uint64_t value)
{
    rmf_count(&h->count[bucket_of(value)], 1);
    rmf_count(&h->sum, value);
    if (~value > rmf_load_relaxed(&h->least))
        rmf_store_relaxed(&h->least, ~value);
    if (value > rmf_load_relaxed(&h->most))
        rmf_store_relaxed(&h->most, value);
}

void rmf_histogram_merge(rmf_histogram *to, const rmf_histogram *from)
{
    for (uint32_t i = 0; i < RMF_HISTOGRAM_BUCKETS; i++)
        rmf_count(&to->count[i], rmf_load_relaxed(&from->count[i]));
    rmf_count(&to->sum, rmf_load_relaxed(&from->sum));
    uint64_t least = rmf_load_relaxed(&from->least), most = rmf_load_relaxed(&from->most);
    if (least > rmf_load_relaxed(&to->least))
        rmf_store_relaxed(&to->least, least);
    if (most > rmf_load_relaxed(&to->most))
        rmf_store_relaxed(&to->most, most);
}

/* The middle of a bucket may lie outside of what was seen. */
static uint64_t within_seen(const rmf_histogram *h, uint64_t value)
{
    uint64_t least = ~rmf_load_relaxed(&h->least), most = rmf_load_relaxed(&h->most);
    return value < least ? least : value > most ? most : value;
}

/* Smallest value that `share` of the samples do not exceed. */
static uint64_t percentile(const rmf_histogram *h, uint64_t samples, double share)
{
    uint64_t rank = (uint64_t)((double)samples * share);
    if (rank >= samples)
        rank = samples - 1;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < RMF_HISTOGRAM_BUCKETS; i++) {
        seen += rmf_load_relaxed(&h->count[i]);
        if (seen > rank)
            return within_seen(h, value_of(i));
    }
    return rmf_load_relaxed(&h->most);
}

void rmf_histogram_summary(const rmf_histogram *h, ramify_latency *latency)
{
    *latency = (ramify_latency){ 0 };
    uint64_t samples = 0;
    for (uint32_t i = 0; i < RMF_HISTOGRAM_BUCKETS; i++)
        samples += rmf_load_relaxed(&h->count[i]);
    if (!samples)
        return;
    latency->samples  = samples;
    latency->mean_ns  = (double)rmf_load_relaxed(&h->sum) / (double)samples;
    latency->min_ns   = ~rmf_load_relaxed(&h->least);
    latency->max_ns   = rmf_load_relaxed(&h->most);
    latency->p50_ns   = percentile(h, samples, 0.50);
    latency->p90_ns   = percentile(h, samples, 0.90);
    latency->p99_ns   = percentile(h, samples, 0.99);
    latency->p999_ns  = percentile(h, samples, 0.999);
    latency->p9999_ns = percentile(h, samples, 0.9999);
}
