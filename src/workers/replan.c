/* SPDX-License-Identifier: BSD-3-Clause */
/* Publishing plans, waiting for those who still place by older ones, and marks; replan.h has the argument. */
#include "replan.h"

#include "submit.h"

#include <stdlib.h>

/* Marks for threads from outside: one for each worker, as an OpenMP team that submits would take, and some for the
 * program's other threads. A thread that comes later is counted. */
enum { MARKS_BESIDE = 16 };

struct rmf_mark {
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t edition; /* what it places by, 0: it does not */
    _Atomic uintptr_t thread;                          /* whose it is, 0: nobody's yet */
};

ramify_status rmf_replan_init(rmf_pool *pool, rmf_plan *plan)
{
    uint32_t count = pool->worker_count + MARKS_BESIDE;
    pool->marks    = aligned_alloc(RMF_PAIR_BYTES, count * sizeof *pool->marks);
    if (!pool->marks)
        return RAMIFY_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        pool->marks[i] = (rmf_mark){ 0, 0 };
    pool->mark_count = count;
    pool->fenced     = !rmf_barrier_is_there();
    rmf_store_relaxed(&pool->plan, plan);
    rmf_store_relaxed(&pool->edition, RMF_EDITION_STEP + rmf_plan_is_stealing(plan) * RMF_EDITION_STEALS);
    return RAMIFY_OK;
}

void rmf_replan_drop(rmf_pool *pool)
{
    free(pool->marks);
}

ramify_status rmf_replan_prepare(const rmf_pool *pool)
{
    return pool->fenced ? RAMIFY_OK : rmf_barrier_prepare();
}

rmf_plan *rmf_replan_publish(rmf_pool *pool, rmf_plan *plan)
{
    rmf_plan *before = rmf_load_relaxed(&pool->plan);
    uint64_t  number = rmf_load_relaxed(&pool->edition) / RMF_EDITION_STEP + 1;
    /* order: the plan before its edition, and with the look at the marks in rmf_replan_await() the other half of what
     * keeps a mark and the load behind it in order; pairs with the loads in rmf_plan_hold() and rmf_plan_place_fenced()
     */
    rmf_store_seq_cst(&pool->plan, plan);
    /* order: pairs with the load in rmf_edition() */
    rmf_store_seq_cst(&pool->edition, number * RMF_EDITION_STEP + rmf_plan_is_stealing(plan) * RMF_EDITION_STEALS);
    return before;
}

/* Nobody places by a plan older than the edition under this mark. */
static bool is_past(_Atomic uint64_t *mark, uint64_t edition)
{
    /* order: acquires what was done by the old plan; pairs with the releases in rmf_plan_hold() and where marks are
     * cleared; seq_cst for the fenced form: after the store of the plan */
    uint64_t seen = rmf_load_seq_cst(mark);
    return seen == 0 || seen >= edition;
}

static void await_mark(_Atomic uint64_t *mark, uint64_t edition)
{
    for (uint32_t tries = 0; !is_past(mark, edition); tries++)
        rmf_let_pass(tries);
}

void rmf_replan_await(rmf_pool *pool)
{
    uint64_t edition = rmf_load_relaxed(&pool->edition);
    if (!pool->fenced)
        rmf_barrier_others();
    for (uint32_t w = 0; w < pool->worker_count; w++)
        if (pool->workers[w]) /* a lent pool may stand without some */
            await_mark(&pool->workers[w]->mark, edition);
    for (uint32_t i = 0; i < pool->mark_count; i++)
        await_mark(&pool->marks[i].edition, edition);
    /* order: as in is_past(); pairs with addition and subtraction in rmf_plan_place_fenced() */
    for (uint32_t tries = 0; rmf_load_seq_cst(&pool->unmarked); tries++)
        rmf_let_pass(tries);
}

uint32_t rmf_plan_place_fenced(rmf_pool *pool, _Atomic uint64_t *fenced, uint32_t from, const ramify_pick *pick)
{
    if (fenced)
        /* order: before the load of the plan; pairs with the loads in is_past() and rmf_replan_await() */
        rmf_store_seq_cst(fenced, rmf_edition(pool));
    else
        /* order: as above */
        rmf_add_seq_cst(&pool->unmarked, 1);
    /* order: after the mark; pairs with the store in rmf_replan_publish() */
    rmf_plan *plan   = rmf_load_seq_cst(&pool->plan);
    uint32_t  domain = rmf_plan_place(plan, from, pick);
    if (fenced)
        rmf_plan_let_go(fenced);
    else
        /* order: after all that was read and written of the plan; pairs with the load in rmf_replan_await() */
        rmf_sub_acq_rel(&pool->unmarked, 1);
    return domain;
}

/* A thread that ended leaves its mark clear, and the next one that gets its memory takes it over. */
static _Atomic uint64_t *mark_of(rmf_pool *pool, const void *thread)
{
    uintptr_t key  = (uintptr_t)thread;
    uint32_t  from = (uint32_t)(((uint64_t)key * 0x9E3779B97F4A7C15u) >> 32); /* Knuth, TAOCP 3, 6.4 */
    for (uint32_t i = 0; i < pool->mark_count; i++) {
        rmf_mark *mark = &pool->marks[(from + i) % pool->mark_count];
        uintptr_t none = 0;
        /* order: relaxed; the address is all that is taken */
        if (rmf_load_relaxed(&mark->thread) == key || rmf_cas_relaxed(&mark->thread, &none, key))
            return &mark->edition;
    }
    return NULL;
}

void rmf_replan_equip(rmf_pool *pool, rmf_sender *sender, _Atomic uint64_t *own, const void *thread)
{
    _Atomic uint64_t *mark = own ? own : mark_of(pool, thread);
    sender->mark           = pool->fenced ? NULL : mark;
    sender->fenced         = pool->fenced ? mark : NULL;
}
