/* SPDX-License-Identifier: BSD-3-Clause */
/* Inboxes by priority: making them, and the search in them. */
#include "ranks.h"

#include "pool.h"

#include <stdlib.h>

/* 64 cells are 4 KiB per rank and domain; what is more goes to the inbox's list. */
enum { RANK_CELLS = 64 };

static const uint32_t HIGH_RANKS = ~0u << (RMF_RANK_USUAL + 1), LOW_RANKS = (1u << RMF_RANK_USUAL) - 1;

static uint32_t ranks_in_use(const rmf_pool *pool)
{
    /* order: a sleeper's look; pairs with the seq_cst or in note_rank() */
    return rmf_load_seq_cst(&((rmf_pool *)(uintptr_t)pool)->ranks_in_use);
}

static rmf_ranks *ranks_of(const rmf_pool *pool, uint32_t domain)
{
    /* order: acquires the table; seq_cst for a sleeper's look; pairs with the store in ranks_made() */
    return rmf_load_seq_cst(&pool->mail[domain].ranks);
}

static rmf_inbox *inbox_at(_Atomic(rmf_inbox *) *place)
{
    /* order: acquires the inbox's contents; seq_cst for a sleeper's look; pairs with the store in inbox_made() */
    return rmf_load_seq_cst(place);
}

static void note_rank(rmf_pool *pool, uint32_t rank)
{
    /* order: whoever finds the bit set comes after who set it; pairs with the or below */
    if (rmf_load_acquire(&pool->ranks_in_use) >> rank & 1)
        return;
    /* order: before the task is published, so that a sleeper that misses the bit is seen asleep; pairs with
     * ranks_in_use() */
    (void)rmf_or_seq_cst(&pool->ranks_in_use, 1u << rank);
}

/* Under the pool's lock. */
static rmf_ranks *ranks_made(rmf_mail *mail)
{
    rmf_ranks *ranks = rmf_load_relaxed(&mail->ranks);
    if (!ranks && (ranks = calloc(1, sizeof *ranks)))
        /* order: publishes the table; pairs with the load in ranks_of() */
        rmf_store_seq_cst(&mail->ranks, ranks);
    return ranks;
}

/* Under the pool's lock. */
static rmf_inbox *inbox_made(rmf_pool *pool, _Atomic(rmf_inbox *) *place)
{
    rmf_inbox *inbox = rmf_load_relaxed(place);
    if (!inbox && (inbox = rmf_pool_make_inbox(pool, RANK_CELLS)))
        /* order: publishes the inbox; pairs with the load in inbox_at() */
        rmf_store_seq_cst(place, inbox);
    return inbox;
}

static _Atomic(rmf_inbox *) *place_of(rmf_ranks *ranks, rmf_way way)
{
    return rmf_way_is_strict(way) ? &ranks->strict[rmf_way_rank(way)] : &ranks->open[rmf_way_rank(way)];
}

rmf_inbox *rmf_ranks_inbox(rmf_pool *pool, uint32_t domain, rmf_way way)
{
    rmf_ranks *ranks = ranks_of(pool, domain);
    rmf_inbox *inbox = ranks ? inbox_at(place_of(ranks, way)) : NULL;
    note_rank(pool, rmf_way_rank(way));
    if (inbox)
        return inbox;
    pthread_mutex_lock(&pool->lock);
    ranks = ranks_made(&pool->mail[domain]);
    inbox = ranks ? inbox_made(pool, place_of(ranks, way)) : NULL;
    pthread_mutex_unlock(&pool->lock);
    return inbox;
}

void rmf_ranks_drop(rmf_ranks *ranks)
{
    for (uint32_t r = 0; ranks && r < RMF_RANKS; r++) {
        rmf_pool_drop_inbox(&ranks->open[r]);
        rmf_pool_drop_inbox(&ranks->strict[r]);
    }
    free(ranks);
}

static bool pop_one(_Atomic(rmf_inbox *) *place, rmf_task *task)
{
    rmf_inbox *inbox = inbox_at(place);
    return inbox && rmf_inbox_pop_mc(inbox, task, 1, 1) == 1; /* one: the rest must stay in its rank */
}

static bool from_own_domain(rmf_pool *pool, uint32_t domain, uint32_t rank, rmf_task *task)
{
    rmf_ranks *ranks = ranks_of(pool, domain);
    return ranks && (pop_one(&ranks->strict[rank], task) || pop_one(&ranks->open[rank], task));
}

static bool from_own_domains(rmf_worker *worker, uint32_t rank, rmf_task *task)
{
    if (from_own_domain(worker->pool, worker->domain, rank, task))
        return true;
    for (uint32_t i = 0; i < worker->victims.steps; i++)
        if (from_own_domain(worker->pool, worker->victims.step[i].domain, rank, task))
            return true;
    return false;
}

/* From the domains of a step that are not the worker's own, nor of an earlier step. */
static bool from_others(rmf_worker *worker, const rmf_step *step, uint32_t rank, rmf_task *task)
{
    const rmf_pool *pool = worker->pool;
    for (uint32_t d = 0; d < pool->domain_count; d++) {
        uint32_t first = pool->domains[d].first_leaf;
        bool     asked = first >= step->inner_first && first < step->inner_end;
        if (first < step->first || first >= step->end || asked || d == step->domain)
            continue;
        rmf_ranks *ranks = ranks_of(pool, d);
        if (!ranks || !pop_one(&ranks->open[rank], task))
            continue;
        rmf_cell_steal(&worker->cell, step->level, 1);
        return true;
    }
    return false;
}

/* Calls visit for each rank of the mask, highest first, until it is true. */
static bool by_rank(rmf_worker *worker, uint32_t mask, bool (*visit)(rmf_worker *, uint32_t, rmf_task *),
                    rmf_task *task)
{
    for (; mask; mask &= ~(1u << (31 - __builtin_clz(mask))))
        if (visit(worker, 31 - (uint32_t)__builtin_clz(mask), task))
            return true;
    return false;
}

static bool from_other_domains(rmf_worker *worker, uint32_t rank, rmf_task *task)
{
    for (uint32_t i = 0; i < worker->victims.steps; i++)
        if (from_others(worker, &worker->victims.step[i], rank, task))
            return true;
    return false;
}

static bool from_anywhere(rmf_worker *worker, uint32_t rank, rmf_task *task)
{
    return from_own_domains(worker, rank, task) || from_other_domains(worker, rank, task);
}

bool rmf_ranks_fetch_high(rmf_worker *worker, rmf_task *task)
{
    return by_rank(worker, ranks_in_use(worker->pool) & HIGH_RANKS, from_own_domains, task);
}

bool rmf_ranks_steal_high(rmf_worker *worker, rmf_task *task)
{
    return by_rank(worker, ranks_in_use(worker->pool) & HIGH_RANKS, from_other_domains, task);
}

bool rmf_ranks_fetch_low(rmf_worker *worker, rmf_task *task)
{
    return by_rank(worker, ranks_in_use(worker->pool) & LOW_RANKS, from_anywhere, task);
}

static bool holds(_Atomic(rmf_inbox *) *place)
{
    rmf_inbox *inbox = inbox_at(place);
    return inbox && rmf_inbox_size(inbox) != 0;
}

bool rmf_ranks_hold(const rmf_pool *pool, uint32_t domain, bool with_open, bool with_strict)
{
    uint32_t   mask  = ranks_in_use(pool);
    rmf_ranks *ranks = mask ? ranks_of(pool, domain) : NULL;
    for (; ranks && mask; mask &= mask - 1) {
        uint32_t rank = (uint32_t)__builtin_ctz(mask);
        if ((with_open && holds(&ranks->open[rank])) || (with_strict && holds(&ranks->strict[rank])))
            return true;
    }
    return false;
}

double rmf_ranks_load(const rmf_pool *pool, uint32_t domain)
{
    uint32_t   mask  = rmf_load_relaxed(&((rmf_pool *)(uintptr_t)pool)->ranks_in_use);
    rmf_ranks *ranks = mask ? ranks_of(pool, domain) : NULL;
    double     load  = 0.0;
    for (; ranks && mask; mask &= mask - 1) {
        uint32_t   rank = (uint32_t)__builtin_ctz(mask);
        rmf_inbox *open = inbox_at(&ranks->open[rank]), *strict = inbox_at(&ranks->strict[rank]);
        load += (open ? rmf_inbox_load(open) : 0.0) + (strict ? rmf_inbox_load(strict) : 0.0);
    }
    return load;
}
