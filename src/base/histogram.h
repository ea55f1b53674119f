/* SPDX-License-Identifier: BSD-3-Clause */
/* A log-linear histogram of nanoseconds: 32 linear steps per power of two, so a value is known within 1/32, from 1 ns
 * to 2^40 ns (18 minutes). The scheme is HdrHistogram's (G. Tene, 2012). One writer, any readers, no allocation. */
#ifndef RMF_BASE_HISTOGRAM_H
#define RMF_BASE_HISTOGRAM_H

#include "atomics.h"

#include <ramify/runtime.h>

enum {
    RMF_HISTOGRAM_STEP_BITS = 5,
    RMF_HISTOGRAM_TOP_BITS  = 40,
    RMF_HISTOGRAM_BUCKETS   = (RMF_HISTOGRAM_TOP_BITS - RMF_HISTOGRAM_STEP_BITS + 1) << RMF_HISTOGRAM_STEP_BITS,
};

typedef struct rmf_histogram {
    _Atomic uint64_t count[RMF_HISTOGRAM_BUCKETS];
    _Atomic uint64_t sum, least, most; /* of values; least is stored as ~value so that 0 means none */
} rmf_histogram;

/* Adds one value; the owner only. Values of 2^40 and more go to the last bucket. */
void rmf_histogram_add(rmf_histogram *histogram, uint64_t value);

/* Adds what `from` holds now to `to`, which only the caller may use. */
void rmf_histogram_merge(rmf_histogram *to, const rmf_histogram *from);

/* Percentiles of a histogram nobody writes to. */
void rmf_histogram_summary(const rmf_histogram *histogram, ramify_latency *latency);

#endif
