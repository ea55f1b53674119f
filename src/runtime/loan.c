/* SPDX-License-Identifier: BSD-3-Clause */
/* Loans: a parked worker whose bit is claimed as a waker would, but whose token is handed over only when the loan ends.
 * Meanwhile it sleeps and no waker sees it. */
#include "bits.h"
#include "clock.h"
#include "fetch.h"
#include "mask.h"
#include "runtime_handle.h"
#include "worker.h"

#include <ramify/loan.h>

#include <sched.h>
#include <stdlib.h>

enum { WORDS = RMF_BITS_MAX_WORDS };

struct ramify_loan {
    rmf_pool *pool;
    uint64_t  mask[WORDS]; /* of the borrowing thread before */
    uint32_t  count;
    uint32_t  workers[]; /* the first is the borrower itself */
};

/* Claims workers below a domain that are asleep now. */
static void claim_below(ramify_loan *loan, const ramify_domain *d, uint32_t most)
{
    for (uint32_t w = d->first_leaf; w < d->first_leaf + d->leaf_count && loan->count < most; w++)
        if (rmf_park_claim(&loan->pool->parking, w))
            loan->workers[loan->count++] = w;
}

/* Claims from the innermost domain outwards until there are enough. */
static void claim_nearest(ramify_loan *loan, uint32_t within, uint32_t most)
{
    const ramify_domain *domains = loan->pool->domains, *limit = &domains[within];
    uint32_t             d         = loan->pool->workers[loan->workers[0]]->domain;
    bool                 is_inside = domains[d].first_leaf - limit->first_leaf < limit->leaf_count;
    while (is_inside && d != within && loan->count < most) {
        claim_below(loan, &domains[d], most);
        d = domains[d].parent;
    }
    claim_below(loan, limit, most);
}

/* Work that was published while the workers it could have woken were being claimed gets one of them back. */
static void leave_enough(ramify_loan *loan)
{
    while (loan->count > 1 && rmf_fetch_where_left(loan->pool) != RAMIFY_NONE) {
        rmf_park_return(&loan->pool->parking, loan->workers[--loan->count]);
        if (rmf_parking_has_searcher(&loan->pool->parking))
            return;
    }
}

static void widen_mask(ramify_loan *loan)
{
    uint64_t all[WORDS] = { 0 }, leaf[WORDS];
    (void)rmf_mask_read(loan->mask);
    rmf_bits_copy(all, loan->mask, WORDS);
    for (uint32_t i = 0; i < loan->count; i++) {
        rmf_bits_clip(leaf, WORDS, ramify_tree_leaf(loan->pool->tree, loan->workers[i])->cpus);
        rmf_bits_or(all, leaf, WORDS);
    }
    if (loan->count > 1 && ramify_tree_is_this_machine(loan->pool->tree))
        (void)rmf_mask_set(all); /* where it is refused the library's threads share the borrower's CPUs */
}

ramify_status ramify_loan_take(uint32_t domain, uint32_t most, ramify_loan **result)
{
    rmf_worker *worker = rmf_worker_self();
    if (!worker)
        return RAMIFY_ERR_NOT_FOUND;
    rmf_pool *pool = worker->pool;
    if (!result || !most || domain >= pool->domain_count)
        return RAMIFY_ERR_INVALID;
    most              = most < pool->worker_count ? most : pool->worker_count;
    ramify_loan *loan = malloc(sizeof *loan + most * sizeof *loan->workers);
    if (!loan)
        return RAMIFY_ERR_NO_MEMORY;
    loan->pool       = pool;
    loan->count      = 1;
    loan->workers[0] = worker->number;
    uint64_t start   = rmf_clock_ticks();
    claim_nearest(loan, domain, most);
    rmf_add_relaxed(&pool->claimers, 1);
    while (loan->count < most && rmf_parking_has_searcher(&pool->parking) &&
           rmf_clock_ticks() - start < 2 * pool->spin_ticks) {
        sched_yield(); /* one of them may share this core */
        claim_nearest(loan, domain, most);
    }
    rmf_add_relaxed(&pool->claimers, -1u);
    leave_enough(loan);
    widen_mask(loan);
    *result = loan;
    return RAMIFY_OK;
}

uint32_t ramify_loan_threads(const ramify_loan *loan)
{
    return loan->count;
}

ramify_status ramify_loan_bind(const ramify_loan *loan, uint32_t n)
{
    uint64_t cpus[WORDS];
    if (!loan)
        return RAMIFY_ERR_INVALID;
    if (n >= loan->count)
        return RAMIFY_ERR_RANGE;
    if (!ramify_tree_is_this_machine(loan->pool->tree))
        return RAMIFY_OK;
    rmf_bits_clip(cpus, WORDS, ramify_tree_leaf(loan->pool->tree, loan->workers[n])->cpus);
    return rmf_mask_set(cpus) ? RAMIFY_OK : RAMIFY_ERR_SYSTEM;
}

void ramify_loan_return(ramify_loan *loan)
{
    if (!loan)
        return;
    for (uint32_t i = 1; i < loan->count; i++)
        rmf_park_return(&loan->pool->parking, loan->workers[i]);
    (void)rmf_mask_set(loan->mask); /* what the thread had a moment ago; an empty one, never read, is refused */
    free(loan);
}
