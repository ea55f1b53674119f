/* SPDX-License-Identifier: BSD-3-Clause */
/* Parking: idle workers sleep on a futex each, and a submitter wakes the nearest one, but only when nobody searches.
 *
 * `sleeping` counts workers that are parked, and those that were woken and have not come yet; `searching` those who
 * look for work; each has a line of its own. A line that 128 workers write takes 20 us to go round, so on large machines
 * neighbours are counted together, a crowd of RMF_CROWD on a line, and `searching` counts crowds that are not empty (a
 * scalable non-zero indicator of two levels: Ellen, Lev, Luchangco, Moir, PODC 2007): who makes a crowd non-empty adds
 * it, who empties it takes it off, so while it is not 0 somebody is counted, and the last one out is told so.
 * The rule that loses no wake-up:
 *  - a submitter publishes its task, then looks at `sleeping`, then at `searching`: somebody searching or woken is
 *    enough; nobody is and somebody is parked: it claims a parked worker's bit, which counts it as woken, and wakes it;
 *  - a worker about to sleep sets its bit, is counted as parked, then no longer as searching, then looks at all queues
 *    once more; who was woken counts as searching before it stops counting as woken, and then looks at the queues;
 *  - the last searcher to find work looks at all queues before it runs it, and wakes another worker if there is more.
 * All of these steps are sequentially consistent, so of "task published" and "no searcher left" one side sees the other
 * (Dekker's argument; the scheme of Go's scheduler, proc.go, with the nearest worker instead of any). */
#ifndef RMF_WORKERS_PARKING_H
#define RMF_WORKERS_PARKING_H

#include "atomics.h"

#include <stdbool.h>
#include <ramify/tree.h>

typedef struct rmf_bed {
    _Alignas(RMF_PAIR_BYTES) _Atomic uint32_t token; /* futex word: 1 once a waker has claimed this worker */
    _Atomic uint64_t wake_ticks; /* that wakers spent on waking this worker */
} rmf_bed;

/* Workers of a crowd, and most workers that are counted one by one. */
#define RMF_CROWD     8u
#define RMF_CROWDLESS 16u

typedef struct rmf_crowd {
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t searching;
} rmf_crowd;

typedef struct rmf_parking {
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t searching;
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t sleeping; /* parked in the low half, woken in the high half */
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t *bits; /* bit w: worker w may be claimed by a waker */
    rmf_bed           *beds;
    rmf_crowd         *crowds; /* by worker / RMF_CROWD; NULL: `searching` counts workers */
    uint32_t           workers;
    const ramify_tree *tree;
} rmf_parking;

#define RMF_PARKED UINT64_C(1)
#define RMF_WOKEN  (UINT64_C(1) << 32)

ramify_status rmf_parking_init(rmf_parking *parking, const ramify_tree *tree);
void          rmf_parking_drop(rmf_parking *parking);

/* A worker begins to search. Returns how many do now, about. */
uint32_t rmf_search_begin(rmf_parking *parking, uint32_t worker);

/* A searcher found work. True when it was the last one and somebody is parked: it must look for more work and call
 * rmf_wake_near() if there is some. */
bool rmf_search_end(rmf_parking *parking, uint32_t worker);

/* `sleeping`, after what the caller published. */
static inline uint64_t rmf_parking_sleeping(const rmf_parking *parking)
{
    /* order: after the caller's seq_cst publication; pairs with the changes in parking.c */
    return rmf_load_seq_cst(&((rmf_parking *)(uintptr_t)parking)->sleeping);
}

static inline uint32_t rmf_parked_of(uint64_t sleeping)
{
    return (uint32_t)sleeping;
}

/* Somebody sleeps, and fewer are on their way than work. A woken worker takes 22 us to come (PEERS.md): one at a time, as
 * in Go, would bring a machine of 64 cores to work in 1.4 ms; so their number doubles each time. */
static inline bool rmf_parking_may_wake(const rmf_parking *parking, uint64_t sleeping)
{
    uint64_t parked = rmf_parked_of(sleeping), woken = sleeping / RMF_WOKEN;
    return parked && (!woken || 2 * woken + parked < parking->workers);
}

/* True when some of `supply` things that were just published wait for a wake: somebody sleeps, and fewer search. One load
 * of a line that hardly changes while nobody sleeps. */
static inline bool rmf_parking_needs_wake(const rmf_parking *parking, uint64_t supply)
{
    uint64_t sleeping = rmf_parking_sleeping(parking);
    if (!rmf_parking_may_wake(parking, sleeping))
        return false;
    /* order: after the load of `sleeping`, so that who goes to sleep between the two is seen here; pairs as that one */
    return rmf_load_seq_cst(&((rmf_parking *)(uintptr_t)parking)->searching) < supply;
}

/* How many search, at most. A guess. */
static inline uint32_t rmf_parking_searching(const rmf_parking *parking)
{
    uint32_t searching = (uint32_t)rmf_load_relaxed(&((rmf_parking *)(uintptr_t)parking)->searching);
    return parking->crowds ? searching * RMF_CROWD : searching;
}

/* How many search as one who does sees it, by its own crowd; at least 1. A guess. */
uint32_t rmf_parking_rivals(const rmf_parking *parking, uint32_t worker);

/* How many search, counted one by one: for reports. */
uint32_t rmf_parking_count_searching(const rmf_parking *parking);

/* True when somebody searches. A guess. */
static inline bool rmf_parking_has_searcher(const rmf_parking *parking)
{
    return rmf_load_relaxed(&((rmf_parking *)(uintptr_t)parking)->searching) != 0;
}

/* True when somebody searches, or nobody sleeps: who asks for work is awake. A guess. */
static inline bool rmf_parking_is_awake(const rmf_parking *parking)
{
    return rmf_parking_has_searcher(parking) ||
           rmf_parked_of(rmf_load_relaxed(&((rmf_parking *)(uintptr_t)parking)->sleeping)) == 0;
}

/* First half of going to sleep: the searcher announces itself. Then it looks at every queue, then either sleeps or
 * gives up. */
void rmf_park_announce(rmf_parking *parking, uint32_t worker);

/* Takes the announcement back; the worker searches again. */
void rmf_park_abort(rmf_parking *parking, uint32_t worker);

/* Sleeps until a waker claims the worker, at most about `most_ns` (0: without limit); it searches again. */
void rmf_park_sleep(rmf_parking *parking, uint32_t worker, uint64_t most_ns);

/* After a task was published at `domain`: wakes the nearest parked worker if one is needed, see above. Returns workers
 * woken, 0 or 1. Costs one load when nobody is parked. */
uint32_t rmf_wake_near(rmf_parking *parking, uint32_t domain);

/* The same although somebody searches: what the searchers should have taken is still there, so they are too few, or
 * the system does not let them run. */
uint32_t rmf_wake_another(rmf_parking *parking, uint32_t domain);

/* True when somebody sleeps. A hint: no order. */
static inline bool rmf_parking_has_sleepers(const rmf_parking *parking)
{
    return rmf_parked_of(rmf_load_relaxed(&parking->sleeping)) != 0;
}

/* The same for a task only workers below `domain` may run: wakes one of them even while others search. */
uint32_t rmf_wake_below(rmf_parking *parking, uint32_t domain);

/* Wakes one worker if it is parked or about to. */
uint32_t rmf_wake_worker(rmf_parking *parking, uint32_t worker);

/* Takes a parked worker out of reach of every waker, asleep, until it is released; false: it is not parked. */
bool rmf_park_claim(rmf_parking *parking, uint32_t worker);
void rmf_park_return(rmf_parking *parking, uint32_t worker);

/* Sleeps until *word is no longer `value`, at most `most_ns` (0: without limit); may wake early. */
void rmf_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t most_ns);

/* Wakes up to `count` threads sleeping on the word. */
void rmf_futex_wake(_Atomic uint32_t *word, int count);

#endif
