/* SPDX-License-Identifier: BSD-3-Clause */
/* The parking protocol; its argument is in parking.h. */
#include "parking.h"

#include "clock.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void rmf_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t most_ns)
{
    struct timespec limit = { (time_t)(most_ns / 1000000000u), (long)(most_ns % 1000000000u) };
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, most_ns ? &limit : NULL, NULL, 0);
}

void rmf_futex_wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static uint32_t crowds_of(const rmf_parking *parking)
{
    return (parking->workers + RMF_CROWD - 1) / RMF_CROWD;
}

static bool make_crowds(rmf_parking *parking)
{
    parking->crowds = aligned_alloc(RMF_PAIR_BYTES, crowds_of(parking) * sizeof *parking->crowds);
    for (uint32_t c = 0; parking->crowds && c < crowds_of(parking); c++)
        rmf_store_relaxed(&parking->crowds[c].searching, 0);
    return parking->crowds != NULL;
}

ramify_status rmf_parking_init(rmf_parking *parking, const ramify_tree *tree)
{
    uint32_t workers = ramify_tree_leaf_count(tree), words = (workers + 63) / 64;
    parking->workers = workers;
    parking->tree    = tree;
    parking->bits    = calloc(words, sizeof *parking->bits);
    parking->beds    = aligned_alloc(RMF_PAIR_BYTES, workers * sizeof *parking->beds);
    parking->crowds  = NULL;
    rmf_store_relaxed(&parking->searching, 0);
    rmf_store_relaxed(&parking->sleeping, 0);
    if (!parking->bits || !parking->beds || (workers > RMF_CROWDLESS && !make_crowds(parking))) {
        rmf_parking_drop(parking);
        return RAMIFY_ERR_NO_MEMORY;
    }
    for (uint32_t w = 0; w < workers; w++) {
        rmf_store_relaxed(&parking->beds[w].token, 0);
        rmf_store_relaxed(&parking->beds[w].wake_ticks, 0);
    }
    return RAMIFY_OK;
}

void rmf_parking_drop(rmf_parking *parking)
{
    free(parking->bits);
    free(parking->beds);
    free(parking->crowds);
    parking->bits   = NULL;
    parking->beds   = NULL;
    parking->crowds = NULL;
}

/* One more searches. */
static void count_in(rmf_parking *parking, uint32_t worker)
{
    /* order: a searcher must be counted before it looks at a queue; pairs with the load in rmf_parking_needs_wake. One
     * who finds the crowd counted may be ahead of who counts it; until then submitters wake somebody for nothing. */
    if (!parking->crowds || rmf_add_seq_cst(&parking->crowds[worker / RMF_CROWD].searching, 1) == 0)
        rmf_add_seq_cst(&parking->searching, 1);
}

/* One less. True when nobody else searches. */
static bool count_out(rmf_parking *parking, uint32_t worker)
{
    /* order: the count falls before the last searcher's look at the queues; pairs with the load in
     * rmf_parking_needs_wake. Whoever saw the count above 0 has a searcher that has not left: who is in a crowd that
     * stays, or who counts it out. */
    if (parking->crowds && rmf_sub_seq_cst(&parking->crowds[worker / RMF_CROWD].searching, 1) != 1)
        return false;
    return rmf_sub_seq_cst(&parking->searching, 1) == 1;
}

uint32_t rmf_parking_rivals(const rmf_parking *parking, uint32_t worker)
{
    uint32_t searching = (uint32_t)rmf_load_relaxed(&((rmf_parking *)(uintptr_t)parking)->searching);
    uint32_t beside = parking->crowds ? (uint32_t)rmf_load_relaxed(&parking->crowds[worker / RMF_CROWD].searching) : 1;
    return searching && beside ? searching * beside : 1;
}

uint32_t rmf_parking_count_searching(const rmf_parking *parking)
{
    uint32_t sum = 0;
    for (uint32_t c = 0; parking->crowds && c < crowds_of(parking); c++)
        sum += (uint32_t)rmf_load_relaxed(&parking->crowds[c].searching);
    return parking->crowds ? sum : rmf_parking_searching(parking);
}

uint32_t rmf_search_begin(rmf_parking *parking, uint32_t worker)
{
    count_in(parking, worker);
    return rmf_parking_rivals(parking, worker);
}

bool rmf_search_end(rmf_parking *parking, uint32_t worker)
{
    return count_out(parking, worker) && rmf_parked_of(rmf_parking_sleeping(parking)) != 0;
}

static bool set_bit(rmf_parking *parking, uint32_t worker)
{
    uint64_t bit = 1ull << (worker % 64);
    /* order: set before the sleeper's last look at the queues; pairs with the claim in clear_bit() */
    return rmf_or_seq_cst(&parking->bits[worker / 64], bit) & bit;
}

/* True for the one caller that cleared it. */
static bool clear_bit(rmf_parking *parking, uint32_t worker)
{
    uint64_t bit = 1ull << (worker % 64);
    /* order: one claim per sleeper; comes after the claimer's publication; pairs with set_bit() */
    return rmf_and_seq_cst(&parking->bits[worker / 64], ~bit) & bit;
}

void rmf_park_announce(rmf_parking *parking, uint32_t worker)
{
    set_bit(parking, worker);
    /* order: from here on submitters may have to wake this worker; parked before it no longer searches, so that who
     * reads the two in this order misses neither; pairs with the loads in rmf_parking_needs_wake */
    rmf_add_seq_cst(&parking->sleeping, RMF_PARKED);
    (void)count_out(parking, worker);
}

/* A waker has claimed the worker and is about to hand over, or has handed over, the token. */
static void take_token(rmf_parking *parking, uint32_t worker)
{
    rmf_bed *bed = &parking->beds[worker];
    /* order: what the waker did before it woke us; pairs with the release in hand_token() */
    while (rmf_load_acquire(&bed->token) == 0)
        rmf_futex_wait(&bed->token, 0, 0);
    rmf_store_relaxed(&bed->token, 0);
    /* order: as in rmf_park_announce, backwards */
    count_in(parking, worker);
    rmf_sub_seq_cst(&parking->sleeping, RMF_WOKEN);
}

void rmf_park_abort(rmf_parking *parking, uint32_t worker)
{
    if (!clear_bit(parking, worker)) {
        take_token(parking, worker); /* a waker was faster */
        return;
    }
    /* order: as in rmf_park_announce, backwards */
    count_in(parking, worker);
    rmf_sub_seq_cst(&parking->sleeping, RMF_PARKED);
}

void rmf_park_sleep(rmf_parking *parking, uint32_t worker, uint64_t most_ns)
{
    rmf_bed *bed = &parking->beds[worker];
    if (most_ns) {
        /* A wake that is not the waker's ends the sleep early, and nothing else: the token decides. */
        rmf_futex_wait(&bed->token, 0, most_ns);
        rmf_park_abort(parking, worker);
    } else
        take_token(parking, worker);
}

/* The two stamps and the addition are 25 ns beside a wake of 6.5 us (PEERS.md). */
static void hand_token(rmf_parking *parking, uint32_t worker)
{
    uint64_t start = rmf_clock_ticks();
    /* order: counted as woken before others look; pairs with the load in rmf_parking_needs_wake */
    rmf_add_seq_cst(&parking->sleeping, RMF_WOKEN - RMF_PARKED);
    /* order: pairs with the acquire in take_token() */
    rmf_store_release(&parking->beds[worker].token, 1);
    rmf_futex_wake(&parking->beds[worker].token, 1);
    rmf_add_relaxed(&parking->beds[worker].wake_ticks, rmf_clock_ticks() - start);
}

bool rmf_park_claim(rmf_parking *parking, uint32_t worker)
{
    return clear_bit(parking, worker);
}

void rmf_park_return(rmf_parking *parking, uint32_t worker)
{
    hand_token(parking, worker);
}

uint32_t rmf_wake_worker(rmf_parking *parking, uint32_t worker)
{
    if (!clear_bit(parking, worker))
        return 0;
    hand_token(parking, worker);
    return 1;
}

/* Claims and wakes the first parked worker in [first, end). Where one will do it does not try the next when another
 * waker was faster: who was woken by that one looks at the queues after the caller's publication; and many wakers at
 * once would all go through all the bits, a transfer of their line each. */
static uint32_t wake_in(rmf_parking *parking, uint32_t first, uint32_t end, bool insists)
{
    for (uint32_t word = first / 64; word * 64 < end; word++) {
        uint64_t mask = ~0ull;
        if (word == first / 64)
            mask &= ~0ull << (first % 64);
        if (end - word * 64 < 64)
            mask &= (1ull << (end - word * 64)) - 1;
        /* order: after the caller's publication; pairs with set_bit() */
        uint64_t parked = rmf_load_seq_cst(&parking->bits[word]) & mask;
        for (; parked; parked &= parked - 1) {
            uint32_t worker = word * 64 + (uint32_t)__builtin_ctzll(parked);
            if (rmf_wake_worker(parking, worker))
                return 1;
            if (!insists)
                return 0;
        }
    }
    return 0;
}

uint32_t rmf_wake_near(rmf_parking *parking, uint32_t domain)
{
    return rmf_parking_needs_wake(parking, 1) ? rmf_wake_another(parking, domain) : 0;
}

uint32_t rmf_wake_another(rmf_parking *parking, uint32_t domain)
{
    const ramify_domain *domains = ramify_tree_domains(parking->tree, NULL);
    for (uint32_t d = domain; d != RAMIFY_NONE; d = domains[d].parent)
        if (wake_in(parking, domains[d].first_leaf, domains[d].first_leaf + domains[d].leaf_count, false))
            return 1;
    return 0;
}

uint32_t rmf_wake_below(rmf_parking *parking, uint32_t domain)
{
    const ramify_domain *d = ramify_tree_domains(parking->tree, NULL) + domain;
    return wake_in(parking, d->first_leaf, d->first_leaf + d->leaf_count, true);
}
