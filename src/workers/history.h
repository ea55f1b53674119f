/* SPDX-License-Identifier: BSD-3-Clause */
/* What loops learn from sweep to sweep. Workers write lines of their own during a sweep; whoever ran the loop turns
 * them into weights at its end. */
#ifndef RMF_WORKERS_HISTORY_H
#define RMF_WORKERS_HISTORY_H

#include "pool.h"

#include <ramify/loop.h>

/* One worker's, on lines of its own. */
typedef struct rmf_pace {
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t ticks; /* of this sweep, single writer: the worker */
    _Atomic uint64_t iterations;
    double           weighted_ticks, weights; /* sums over sweeps of sweep number x ticks per iteration, sweep number */
    _Atomic uint64_t weight_bits;             /* a double; 0 is 0.0: nothing known */
} rmf_pace;

struct ramify_history {
    uint64_t         pool_serial;
    uint32_t         workers;
    uint64_t         sweeps;
    _Atomic uint64_t grain; /* iterations of a measured chunk, 0: not known */
    rmf_pace         pace[];
};

bool rmf_history_fits(const ramify_history *history, const rmf_pool *pool);

ramify_status rmf_history_make(const rmf_pool *pool, ramify_history **history);

/* A worker has run iterations in `ticks`, 0: not timed; grain: of its last measured chunk, 0: none. */
void rmf_history_add(ramify_history *history, uint32_t worker, uint64_t iterations, uint64_t ticks, uint64_t grain);

/* A sweep is over. */
void rmf_history_close(ramify_history *history);

static inline uint64_t rmf_history_grain(const ramify_history *history)
{
    return rmf_load_relaxed(&((ramify_history *)(uintptr_t)history)->grain);
}

#endif
