/* SPDX-License-Identifier: BSD-3-Clause */
/* Adaptive weights after Banicescu, Velusamy and Devaprasad, "On the scalability of dynamic scheduling scientific
 * applications with adaptive weighted factoring", Cluster Computing 6, 2003, section 3: the weighted average
 * performance of a worker is the mean of its time per iteration over all sweeps, the k-th one counted k times; weights
 * are in proportion to its inverse, and their mean is 1. */
#include "history.h"

#include <stdlib.h>
#include <string.h>

ramify_status rmf_history_make(const rmf_pool *pool, ramify_history **result)
{
    size_t          bytes   = sizeof(ramify_history) + pool->worker_count * sizeof(rmf_pace);
    ramify_history *history = aligned_alloc(RMF_PAIR_BYTES, bytes);
    if (!history)
        return RAMIFY_ERR_NO_MEMORY;
    memset(history, 0, bytes);
    history->pool_serial = pool->serial;
    history->workers     = pool->worker_count;
    *result              = history;
    return RAMIFY_OK;
}

void ramify_history_free(ramify_history *history)
{
    free(history);
}

bool rmf_history_fits(const ramify_history *history, const rmf_pool *pool)
{
    return history->pool_serial == pool->serial && history->workers == pool->worker_count;
}

double ramify_history_weight(const ramify_history *history, uint32_t worker)
{
    double weight;
    if (!history || worker >= history->workers)
        return 0.0;
    uint64_t bits = rmf_load_relaxed(&((ramify_history *)(uintptr_t)history)->pace[worker].weight_bits);
    memcpy(&weight, &bits, sizeof weight);
    return bits ? weight : 1.0;
}

void rmf_history_add(ramify_history *history, uint32_t worker, uint64_t iterations, uint64_t ticks, uint64_t grain)
{
    rmf_pace *pace = &history->pace[worker];
    if (!ticks)
        return;
    rmf_count(&pace->ticks, ticks);
    rmf_count(&pace->iterations, iterations);
    if (grain)
        rmf_store_relaxed(&history->grain, grain);
}

/* Adds the sweep to a worker's average; returns its iterations per tick, 0: not known. */
static double speed_of(rmf_pace *pace, uint64_t sweep)
{
    uint64_t iterations = rmf_load_relaxed(&pace->iterations), ticks = rmf_load_relaxed(&pace->ticks);
    if (iterations && ticks) {
        pace->weighted_ticks += (double)sweep * (double)ticks / (double)iterations;
        pace->weights += (double)sweep;
    }
    rmf_store_relaxed(&pace->iterations, 0);
    rmf_store_relaxed(&pace->ticks, 0);
    return pace->weights > 0.0 ? pace->weights / pace->weighted_ticks : 0.0;
}

void rmf_history_close(ramify_history *history)
{
    double sum = 0.0, known = 0.0;
    history->sweeps++;
    for (uint32_t w = 0; w < history->workers; w++) {
        double   speed = speed_of(&history->pace[w], history->sweeps);
        uint64_t bits;
        memcpy(&bits, &speed, sizeof bits);
        rmf_store_relaxed(&history->pace[w].weight_bits, bits);
        sum += speed;
        known += speed > 0.0;
    }
    for (uint32_t w = 0; w < history->workers && sum > 0.0; w++) {
        double   speed;
        uint64_t bits = rmf_load_relaxed(&history->pace[w].weight_bits);
        memcpy(&speed, &bits, sizeof speed);
        speed *= known / sum;
        memcpy(&bits, &speed, sizeof bits);
        rmf_store_relaxed(&history->pace[w].weight_bits, bits);
    }
}
