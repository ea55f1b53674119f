/* SPDX-License-Identifier: BSD-3-Clause */
/* The reading side of a worker's account of time. */
#include "worker_time.h"

#include <sched.h>

/* A writer is done in a dozen instructions, 16 looks. One that was preempted in between gets the reader's core by
 * yielding; 10000 yields of at least 0.12 us (a system call, PEERS.md) then bound the wait where it may not run. */
enum { LOOKS_BEFORE_YIELD = 16, LOOKS_MAX = 10000 };

bool rmf_time_read(const rmf_worker_time *time_, uint64_t now_ticks, uint64_t spent_ticks[RMF_STATE_COUNT],
                   rmf_state *state)
{
    rmf_worker_time *time = (rmf_worker_time *)(uintptr_t)time_;
    for (int look = 0; look < LOOKS_MAX; look++) {
        uint64_t spent[RMF_STATE_COUNT];
        /* order: the account that belongs to this version; pairs with the last release in rmf_time_enter() */
        uint64_t version = rmf_load_acquire(&time->version);
        for (int s = 0; s < RMF_STATE_COUNT; s++)
            /* order: a value of a change under way brings its odd version; pairs with the releases in rmf_time_enter() */
            spent[s] = rmf_load_acquire(&time->spent_ticks[s]);
        /* order: as above */
        uint64_t since = rmf_load_acquire(&time->since_ticks);
        uint64_t now_state = rmf_load_acquire(&time->state);
        if (version % 2 == 0 && rmf_load_relaxed(&time->version) == version) {
            spent[now_state] += now_ticks > since ? now_ticks - since : 0;
            for (int s = 0; s < RMF_STATE_COUNT; s++)
                spent_ticks[s] = spent[s];
            *state = (rmf_state)now_state;
            return true;
        }
        if (look < LOOKS_BEFORE_YIELD)
            rmf_relax();
        else
            sched_yield();
    }
    return false;
}
