/* SPDX-License-Identifier: BSD-3-Clause */
/* The search order of a worker, one function per kind of place. */
#include "fetch.h"

/* Most tasks moved at once: half a magazine, so that the records for them are at hand, and one round trip of 80-120 ns
 * (PEERS.md, lever 2) costs 3-4 ns per task. */
enum { MOVE_MAX = RMF_MAGAZINE_TASKS / 2 };

static rmf_inbox *inbox_of(_Atomic(rmf_inbox *) *place)
{
    /* order: the inbox's contents; pairs with the release in rmf_pool_inbox() */
    return rmf_load_acquire(place);
}

/* Copies a record out and frees it. */
static void unpack(rmf_worker *worker, rmf_task *record, rmf_task *task)
{
    *task = *record;
    rmf_stock_put(&worker->stock, record);
}

bool rmf_deque_submit(rmf_worker *worker, const rmf_task *task)
{
    rmf_task *record = rmf_stock_take(&worker->stock);
    if (!record)
        return false;
    *record = *task;
    if (!rmf_deque_push_owner(&worker->deque, record)) {
        rmf_stock_put(&worker->stock, record);
        return false;
    }
    rmf_deque_share_owner(&worker->deque);
    return true;
}

/* How many tasks may be moved here now beyond the one that is run at once: records and slots at hand. */
static uint32_t room_for_more(rmf_worker *worker, bool needs_records)
{
    uint32_t room = worker->deque.capacity - worker->deque.head;
    if (needs_records) {
        if (worker->stock.count == 0 && !rmf_stock_refill(&worker->stock))
            return 0;
        room = room < worker->stock.count ? room : worker->stock.count;
    }
    return room < MOVE_MAX - 1 ? room : MOVE_MAX - 1;
}

/* Runs first what came first; the rest goes to the own deque so that the oldest is popped next. */
static void keep_rest(rmf_worker *worker, const rmf_task *tasks, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        rmf_task *record = rmf_stock_take(&worker->stock);
        *record          = tasks[i];
        rmf_deque_push_owner(&worker->deque, record);
    }
    rmf_deque_share_owner(&worker->deque);
}

/* Takes the share of one of `sharers` of up to MOVE_MAX tasks from an inbox. */
static bool from_inbox(rmf_worker *worker, rmf_inbox *inbox, uint32_t sharers, rmf_task *task)
{
    rmf_task tasks[MOVE_MAX];
    uint32_t count = rmf_inbox_pop_mc(inbox, tasks, room_for_more(worker, true) + 1, sharers);
    if (count == 0)
        return false;
    *task = tasks[0];
    if (count > 1)
        keep_rest(worker, tasks + 1, count - 1);
    return true;
}

/* One task only: it must not become stealable by workers outside the domain. */
static bool from_strict(rmf_mail *mail, rmf_task *task)
{
    rmf_inbox *strict = inbox_of(&mail->strict);
    return strict && rmf_inbox_pop_mc(strict, task, 1, 1) == 1;
}

bool rmf_fetch_own(rmf_worker *worker, rmf_task *task)
{
    rmf_task *record = rmf_deque_pop_owner(&worker->deque);
    if (record) {
        unpack(worker, record, task);
        return true;
    }
    rmf_mail *mail = &worker->pool->mail[worker->domain];
    return from_strict(mail, task) || rmf_inbox_pop_mc(inbox_of(&mail->open), task, 1, 1) == 1;
}

static bool from_ancestors(rmf_worker *worker, rmf_task *task)
{
    rmf_pool *pool = worker->pool;
    for (uint32_t i = 0; i < worker->victims.steps; i++) {
        const rmf_step *step = &worker->victims.step[i];
        rmf_mail       *mail = &pool->mail[step->domain];
        rmf_inbox      *open = inbox_of(&mail->open);
        if (from_strict(mail, task) || (open && from_inbox(worker, open, step->end - step->first, task)))
            return true;
    }
    return false;
}

static bool from_deque(rmf_worker *worker, rmf_worker *victim, uint32_t level, rmf_task *task)
{
    void    *items[MOVE_MAX];
    uint32_t count;
    if (rmf_deque_shared_any(&victim->deque) == 0)
        return false;
    if (rmf_deque_steal_any(&victim->deque, items, room_for_more(worker, false) + 1, &count) != RMF_STEAL_TAKEN) {
        rmf_cell_steal(&worker->cell, level, 0);
        return false;
    }
    rmf_cell_steal(&worker->cell, level, count);
    for (uint32_t i = count; i-- > 1;)
        rmf_deque_push_owner(&worker->deque, items[i]);
    if (count > 1)
        rmf_deque_share_owner(&worker->deque);
    unpack(worker, items[0], task);
    return true;
}

/* Half of what another worker has been sent and not fetched. */
static bool from_foreign_inbox(rmf_worker *worker, uint32_t domain, uint32_t level, rmf_task *task)
{
    rmf_inbox *open = inbox_of(&worker->pool->mail[domain].open);
    uint32_t   before = worker->deque.head;
    if (!open || !from_inbox(worker, open, 2, task))
        return false;
    rmf_cell_steal(&worker->cell, level, worker->deque.head - before + 1);
    return true;
}

/* Inboxes of inner domains below this step's ancestor that are not on the worker's own way up. */
static bool from_side_domains(rmf_worker *worker, const rmf_step *step, rmf_task *task)
{
    const rmf_pool *pool = worker->pool;
    for (uint32_t d = 0; d < pool->domain_count; d++) {
        const ramify_domain *domain = &pool->domains[d];
        bool below = domain->first_leaf >= step->first && domain->first_leaf < step->end && domain->child_count &&
                     domain->index != step->domain;
        bool asked = domain->first_leaf >= step->inner_first && domain->first_leaf < step->inner_end;
        if (below && !asked && from_foreign_inbox(worker, d, step->level, task))
            return true;
    }
    return false;
}

/* All victims of a step, from a random one on, so that thieves of one level spread out. */
static bool from_step(rmf_worker *worker, const rmf_step *step, rmf_task *task)
{
    rmf_pool *pool  = worker->pool;
    uint32_t  count = rmf_step_count(step);
    uint32_t  start = count ? (uint32_t)(((ramify_random(&worker->sender.random) >> 32) * count) >> 32) : 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t    at     = start + i < count ? start + i : start + i - count;
        rmf_worker *victim = pool->workers[rmf_step_victim(step, at)];
        if (from_deque(worker, victim, step->level, task) ||
            from_foreign_inbox(worker, victim->domain, step->level, task))
            return true;
    }
    return false;
}

bool rmf_fetch_far(rmf_worker *worker, rmf_task *task)
{
    if (from_ancestors(worker, task))
        return true;
    for (uint32_t i = 0; i < worker->victims.steps; i++) {
        const rmf_step *step = &worker->victims.step[i];
        if (from_step(worker, step, task) || from_side_domains(worker, step, task))
            return true;
    }
    return false;
}

static bool holds_tasks(rmf_mail *mail, bool with_strict)
{
    rmf_inbox *open   = inbox_of(&mail->open);
    rmf_inbox *strict = with_strict ? inbox_of(&mail->strict) : NULL;
    return (open && rmf_inbox_size(open)) || (strict && rmf_inbox_size(strict));
}

static bool is_below(const ramify_domain *leaf, const ramify_domain *domain)
{
    return leaf->first_leaf - domain->first_leaf < domain->leaf_count;
}

bool rmf_fetch_any_left(const rmf_worker *worker)
{
    const rmf_pool      *pool = worker->pool;
    const ramify_domain *leaf = &pool->domains[worker->domain];
    for (uint32_t d = 0; d < pool->domain_count; d++)
        if (holds_tasks(&pool->mail[d], is_below(leaf, &pool->domains[d])))
            return true;
    for (uint32_t w = 0; w < pool->worker_count; w++)
        if (rmf_deque_shared_any(&pool->workers[w]->deque))
            return true;
    return false;
}

uint32_t rmf_fetch_where_left(const rmf_pool *pool)
{
    for (uint32_t d = 0; d < pool->domain_count; d++)
        if (holds_tasks(&pool->mail[d], false))
            return d;
    for (uint32_t w = 0; w < pool->worker_count; w++)
        if (rmf_deque_shared_any(&pool->workers[w]->deque))
            return pool->workers[w]->domain;
    return RAMIFY_NONE;
}
