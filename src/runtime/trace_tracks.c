/* SPDX-License-Identifier: BSD-3-Clause */
/* Hardware and system counters as tracks of a trace: how fast each grew since the last sample, all workers together. */
#include "clock.h"
#include "runtime_handle.h"

/* 100 samples a second: the finest that a track still shows over some seconds, and with a system call of 0.5 us for
 * each worker 0.5 % of the sampling thread's core for a hundred of them. */
enum { SAMPLE_NS = 10000000 };

/* Sums over the workers. Returns those that every worker knows, a bit for each. */
static uint32_t read_sums(rmf_counter_set *set, uint32_t workers, uint64_t *sums)
{
    uint32_t all = UINT32_MAX;
    for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
        sums[i] = 0;
    for (uint32_t w = 0; w < workers; w++) {
        uint64_t values[RMF_COUNTERS_MAX];
        uint32_t known, partial;
        rmf_counter_set_read(set, w, values, &known, &partial);
        all &= known;
        for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
            sums[i] += known >> i & 1 ? values[i] : 0;
    }
    return all;
}

/* The first sample of a trace is what the next ones grow from. */
static void note_growth(rmf_tracing *t, rmf_counter_set *set, uint32_t workers, uint64_t now_ns)
{
    rmf_track_base *base = &t->base;
    uint64_t        sums[RMF_COUNTERS_MAX];
    uint32_t        known = read_sums(set, workers, sums);
    for (uint32_t i = 0; base->ns && i < rmf_counter_set_size(set); i++) {
        if (!(known & base->known & 1u << i) || sums[i] < base->sums[i])
            continue;
        double   rate = (double)(sums[i] - base->sums[i]) * 1e9 / (double)(now_ns - base->ns);
        uint64_t name = (uint64_t)(uintptr_t)rmf_counter_set_at(set, i)->event->name;
        rmf_trace_point(&t->trace->rings[t->trace->lanes - 1], RMF_TRACE_COUNTER, 0, i, (uint64_t)(rate + 0.5), name);
    }
    *base = (rmf_track_base){ .ns = now_ns, .known = known };
    for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
        base->sums[i] = sums[i];
}

void rmf_tracing_sample_counters(ramify_runtime *rt)
{
    uint64_t now_ns = rmf_clock_ns();
    if (now_ns - rt->tracing.base.ns < SAMPLE_NS)
        return;
    pthread_mutex_lock(&rt->counter_lock);
    if (rt->counters)
        note_growth(&rt->tracing, rt->counters, rt->pool->worker_count, now_ns);
    pthread_mutex_unlock(&rt->counter_lock);
}
