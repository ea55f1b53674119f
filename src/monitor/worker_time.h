/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a worker's time goes: busy, searching or parked, by a stamp at each change of state.
 *
 * States change when the worker's own queue runs dry, when it finds work again and around a sleep, never per task, so a
 * task pays nothing and a stolen one two stamps of 9 ns beside its 80-120 ns (PEERS.md). The owner writes; anybody reads a
 * consistent account, the running state included: `version` is odd while the owner changes it (a sequence lock with
 * the orders on the operations: Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012). */
#ifndef RMF_MONITOR_WORKER_TIME_H
#define RMF_MONITOR_WORKER_TIME_H

#include "atomics.h"

#include <stdbool.h>

typedef enum rmf_state {
    RMF_STATE_BUSY,      /* runs tasks and fetches the next ones from its own queue */
    RMF_STATE_SEARCHING, /* its own queue is empty; looks elsewhere */
    RMF_STATE_PARKED,    /* sleeps */
    RMF_STATE_COUNT,
} rmf_state;

typedef struct rmf_worker_time {
    _Atomic uint64_t version; /* odd while the rest changes */
    _Atomic uint64_t state;   /* rmf_state, since */
    _Atomic uint64_t since_ticks;
    _Atomic uint64_t spent_ticks[RMF_STATE_COUNT]; /* in finished stays */
} rmf_worker_time;

/* The owner enters a state. now_ticks: rmf_clock_ticks(). */
static inline void rmf_time_enter(rmf_worker_time *time, rmf_state state, uint64_t now_ticks)
{
    uint64_t          version = rmf_load_relaxed(&time->version), since = rmf_load_relaxed(&time->since_ticks);
    _Atomic uint64_t *spent = &time->spent_ticks[rmf_load_relaxed(&time->state)];
    uint64_t          sum   = rmf_load_relaxed(spent) + (now_ticks > since ? now_ticks - since : 0);
    rmf_store_relaxed(&time->version, version + 1);
    /* order: a reader that sees one of these sees the odd version; pairs with the acquires in rmf_time_read() */
    rmf_store_release(spent, sum);
    rmf_store_release(&time->since_ticks, now_ticks);
    rmf_store_release(&time->state, (uint64_t)state);
    /* order: the account is whole again; pairs with the first acquire in rmf_time_read() */
    rmf_store_release(&time->version, version + 2);
}

/* The owner's first stamp, before anybody reads. */
static inline void rmf_time_start(rmf_worker_time *time, rmf_state state, uint64_t now_ticks)
{
    rmf_store_relaxed(&time->state, (uint64_t)state);
    rmf_store_relaxed(&time->since_ticks, now_ticks);
}

/* Reads the account as of now_ticks, the stay under way included. Any thread; waits only for a writer that is in the
 * middle of a dozen instructions, for a bounded number of looks. False: the writer was never seen at rest. */
bool rmf_time_read(const rmf_worker_time *time, uint64_t now_ticks, uint64_t spent_ticks[RMF_STATE_COUNT],
                   rmf_state *state);

#endif
