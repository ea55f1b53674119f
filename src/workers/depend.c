/* SPDX-License-Identifier: BSD-3-Clause */
/* Submitting tasks with dependencies, and what happens when one ends; the argument is in depend_inside.h. */
#include "depend_inside.h"

#include "graph_record.h"
#include "submit.h"
#include "worker.h"

#include <stdlib.h>

/* In `pending` until all edges of a task are known, so that those that end meanwhile cannot make it ready. */
static const uint32_t GUARD = 1u << 31;

/* The list of a task that has ended. */
static rmf_edge closed_list;
#define RMF_CLOSED (&closed_list)

bool rmf_dependent_has_ended(const rmf_dependent *task)
{
    /* order: acquires what the task did; pairs with the swap in rmf_depend_finish() */
    return rmf_load_acquire(&((rmf_dependent *)(uintptr_t)task)->list) == RMF_CLOSED;
}

void rmf_dependent_unuse(rmf_stock *stock, rmf_dependent *task)
{
    /* order: the last user comes after all others; pairs with itself. Nobody adds uses, so who sees 1 is the last. */
    if (rmf_load_acquire(&task->uses) != 1 &&
        /* order: as above */
        rmf_sub_acq_rel(&task->uses, 1) != 1)
        return;
    for (rmf_edge_page *page = task->pages, *next; page; page = next) {
        next = page->next;
        rmf_stock_put(stock, page);
    }
    if (task->vertex.bearer)
        rmf_stock_put(stock, task->vertex.bearer);
    rmf_stock_put(stock, task);
}

void rmf_baton_unuse(rmf_stock *stock, rmf_baton *baton)
{
    /* order: as in rmf_dependent_unuse() */
    if (rmf_sub_acq_rel(&baton->uses, 1) == 1)
        rmf_stock_put(stock, baton);
}

static bool joins(const rmf_address *entry, uint32_t access)
{
    return access == entry->access && (access == RAMIFY_IN || access == RAMIFY_COMMUTATIVE);
}

static uint32_t plain_access(const ramify_depend *on)
{
    return on->access == RAMIFY_INOUT ? RAMIFY_OUT : on->access;
}

static void prune_if_due(rmf_scope *scope, rmf_roll *roll)
{
    if (roll->count >= RMF_ROLL_FEW && roll->count >= roll->prune_at)
        rmf_roll_prune(scope, roll);
}

/* Records a submission may need beyond the first: more edges, longer rolls, batons. An address that comes twice needs
 * no more than its two accesses would alone. */
static uint64_t records_needed(rmf_scope *scope, const ramify_depend *on, size_t count)
{
    uint64_t edges = 0, records = 0;
    bool     bears = false;
    for (size_t i = 0; i < count; i++) {
        rmf_address *entry  = rmf_scope_address(scope, on[i].address);
        uint32_t     access = plain_access(&on[i]);
        prune_if_due(scope, &entry->base);
        prune_if_due(scope, &entry->current);
        if (joins(entry, access)) {
            edges += entry->base.count;
            records += rmf_roll_needs_page(&entry->current);
        } else {
            edges += entry->current.count;
            records += access == RAMIFY_COMMUTATIVE;
        }
        bears = bears || access == RAMIFY_COMMUTATIVE;
    }
    if (edges > RMF_OWN_EDGES)
        records += (edges - RMF_OWN_EDGES + RMF_PAGE_EDGES - 1) / RMF_PAGE_EDGES;
    return records + bears;
}

/* Takes records into a list; false, with none taken, when there is no memory. */
static bool reserve_records(rmf_scope *scope, uint64_t count, rmf_spare **reserve)
{
    for (; count > 0; count--) {
        rmf_spare *record = rmf_stock_take(&scope->stock);
        if (!record)
            break;
        record->next = *reserve;
        *reserve     = record;
    }
    while (count > 0 && *reserve)
        rmf_stock_put(&scope->stock, rmf_reserve_take(reserve));
    return count == 0;
}

static rmf_edge *next_edge(rmf_dependent *task, rmf_spare **reserve)
{
    uint32_t n = task->edge_count;
    if (n < RMF_OWN_EDGES)
        return &task->edges[n];
    uint32_t at = (n - RMF_OWN_EDGES) % RMF_PAGE_EDGES;
    if (at == 0) {
        rmf_edge_page *page = rmf_reserve_take(reserve);
        page->next          = task->pages;
        task->pages         = page;
    }
    return &task->pages->at[at];
}

static bool arrive(rmf_dependent *task)
{
    /* order: releases what this one did to the last, acquires what the others did for it; pairs with itself and with
     * the subtraction in link_task() */
    return rmf_sub_acq_rel(&task->vertex.pending, 1) == 1;
}

/* The task waits for another unless that has ended, or is itself, or was named before. */
static void wait_for(rmf_dependent *task, rmf_dependent *other, rmf_spare **reserve)
{
    if (other == task || other->newest == task || rmf_dependent_has_ended(other))
        return;
    rmf_edge *edge = next_edge(task, reserve);
    other->newest  = task;
    edge->after    = task;
    edge->next     = rmf_load_relaxed(&other->list);
    task->edge_count++;
    while (edge->next != RMF_CLOSED)
        /* order: releases the edge; pairs with the swap in rmf_depend_finish() */
        if (rmf_cas_acq_rel(&other->list, &edge->next, edge))
            return;
    /* It has just ended: its arrival is ours to count, and what it did ours to acquire. */
    if (rmf_dependent_has_ended(other))
        (void)arrive(task);
}

static void begin_generation(rmf_scope *scope, rmf_address *entry, uint32_t access, rmf_spare **reserve)
{
    rmf_roll_clear(scope, &entry->base);
    entry->base    = entry->current;
    entry->current = (rmf_roll){ .count = 0 };
    entry->access  = access;
    if (entry->baton)
        rmf_baton_unuse(&scope->stock, entry->baton);
    entry->baton = NULL;
    if (access == RAMIFY_COMMUTATIVE) {
        entry->baton = rmf_reserve_take(reserve);
        rmf_baton_init(entry->baton);
        rmf_store_relaxed(&entry->baton->uses, 1);
    }
}

static void need_baton(rmf_dependent *task, rmf_baton *baton, rmf_spare **reserve)
{
    if (!task->vertex.bearer) {
        task->vertex.bearer  = rmf_reserve_take(reserve);
        *task->vertex.bearer = (rmf_bearer){ .vertex = &task->vertex };
    }
    if (rmf_bearer_add(task->vertex.bearer, baton))
        rmf_add_relaxed(&baton->uses, 1);
}

/* Returns how many places in the table the task got. */
static uint32_t add_access(rmf_scope *scope, rmf_dependent *task, const ramify_depend *on, rmf_spare **reserve)
{
    rmf_address *entry  = rmf_scope_address(scope, on->address);
    uint32_t     access = plain_access(on);
    if (!joins(entry, access))
        begin_generation(scope, entry, access, reserve);
    const rmf_roll_page *page = NULL;
    for (uint32_t i = 0; i < entry->base.count; i++)
        wait_for(task, rmf_roll_at(&entry->base, i, &page), reserve);
    if (access == RAMIFY_COMMUTATIVE)
        need_baton(task, entry->baton, reserve);
    const rmf_roll *current = &entry->current;
    rmf_dependent  *last    = NULL;
    if (current->count)
        last = current->count <= RMF_ROLL_FEW ? current->few[current->count - 1]
                                              : current->last->at[(current->count - RMF_ROLL_FEW - 1) % RMF_PAGE_TASKS];
    if (last == task)
        return 0;
    rmf_roll_add(&entry->current, task, reserve);
    return 1;
}

/* Links the task to all it waits for. True: to nobody, or they have all ended. Under the lock; cannot fail. */
static bool link_task(rmf_scope *scope, rmf_dependent *task, const ramify_depend *on, size_t count, rmf_spare **reserve)
{
    uint32_t uses = 1;
    for (size_t i = 0; i < count; i++)
        uses += add_access(scope, task, &on[i], reserve);
    while (*reserve)
        rmf_stock_put(&scope->stock, rmf_reserve_take(reserve));
    rmf_store_relaxed(&task->uses, uses); /* whoever ends the task comes after the subtraction below */
    uint32_t rest = GUARD - task->edge_count;
    /* order: releases the task to the last it waits for, or acquires what they all did; pairs with arrive() */
    return task->edge_count == 0 || rmf_sub_acq_rel(&task->vertex.pending, rest) == rest;
}

/* Finds memory for everything, then makes the task. */
static rmf_dependent *make_task(rmf_scope *scope, const ramify_depend *on, size_t count, rmf_spare **reserve)
{
    if (!rmf_scope_make_room(scope, count) || !reserve_records(scope, records_needed(scope, on, count) + 1, reserve))
        return NULL;
    rmf_dependent *task = rmf_reserve_take(reserve);
    *task               = (rmf_dependent){ .vertex = { .flow = &scope->flow } };
    rmf_store_relaxed(&task->vertex.pending, GUARD);
    return task;
}

static rmf_scope *make_scope(ramify_group *group)
{
    rmf_scope *scope = calloc(1, sizeof *scope);
    if (!scope)
        return NULL;
    scope->flow        = (rmf_flow){ .group = group, .counted = group };
    scope->stock.depot = &group->pool->dependents;
    pthread_mutex_init(&scope->lock, NULL);
    return scope;
}

static rmf_scope *scope_of(ramify_group *group)
{
    /* order: acquires the scope; pairs with the release below */
    rmf_scope *scope = rmf_load_acquire(&group->scope);
    if (scope)
        return scope;
    pthread_mutex_lock(&group->lock);
    scope = rmf_load_relaxed(&group->scope);
    if (!scope && (scope = make_scope(group)))
        /* order: publishes the scope; pairs with the acquire above */
        rmf_store_release(&group->scope, scope);
    pthread_mutex_unlock(&group->lock);
    return scope;
}

static void describe(rmf_pool *pool, rmf_worker *worker, const ramify_hint *hint, rmf_vertex *vertex)
{
    vertex->weight   = hint->weight > 0.0 ? (float)hint->weight : 1.0f;
    vertex->home     = rmf_task_place_later(pool, worker, hint, &vertex->way);
    vertex->has_home = vertex->home != RAMIFY_NONE;
}

/* The group is charged. */
static ramify_status submit_charged(rmf_scope *scope, rmf_worker *worker, const rmf_vertex *like,
                                    const ramify_depend *on, size_t count)
{
    rmf_spare *reserve = NULL;
    bool       is_due  = false;
    pthread_mutex_lock(&scope->lock);
    rmf_dependent *task = make_task(scope, on, count, &reserve);
    if (task) {
        task->vertex.fn       = like->fn;
        task->vertex.argument = like->argument;
        task->vertex.home     = like->home;
        task->vertex.weight   = like->weight;
        task->vertex.way      = like->way;
        task->vertex.has_home = like->has_home;
        is_due                = link_task(scope, task, on, count, &reserve);
    }
    pthread_mutex_unlock(&scope->lock);
    if (!task)
        return RAMIFY_ERR_NO_MEMORY;
    if (is_due && (!task->vertex.bearer || rmf_bearer_take(task->vertex.bearer)))
        rmf_vertex_submit(scope->flow.group->pool, worker, &task->vertex);
    return RAMIFY_OK;
}

ramify_status ramify_submit_after(ramify_group *group, ramify_task_fn fn, void *argument, const ramify_hint *hint,
                                  const ramify_depend *on, size_t count)
{
    static const ramify_hint none;
    hint = hint ? hint : &none;
    if (!group || !fn || !rmf_hint_is_valid(group->pool, hint))
        return RAMIFY_ERR_INVALID;
    ramify_status status = rmf_accesses_check(on, count);
    if (status)
        return status;
    if (rmf_group_is_cancelled(group))
        return RAMIFY_ERR_CANCELED;
    rmf_scope *scope = scope_of(group);
    if (!scope)
        return RAMIFY_ERR_NO_MEMORY;
    rmf_worker *worker = rmf_own_worker(group->pool);
    rmf_vertex  like   = { .fn = fn, .argument = argument };
    describe(group->pool, worker, hint, &like);
    rmf_charge(worker, group);
    status = submit_charged(scope, worker, &like, on, count);
    if (status)
        rmf_uncharge(worker, group, 1);
    return status;
}

/* In the order of submission: the list has the newest first. */
static rmf_edge *reversed(rmf_edge *edge)
{
    rmf_edge *list = NULL;
    for (rmf_edge *next; edge; edge = next) {
        next       = edge->next;
        edge->next = list;
        list       = edge;
    }
    return list;
}

void rmf_depend_finish(rmf_release *release, rmf_vertex *vertex)
{
    rmf_dependent *task   = (rmf_dependent *)vertex;
    rmf_stock     *stock  = &release->worker->dependents;
    rmf_bearer    *bearer = vertex->bearer;
    /* order: releases what the task did to whoever finds the list closed, acquires the edges; pairs with wait_for() */
    rmf_edge *edge = reversed(rmf_swap_acq_rel(&task->list, RMF_CLOSED));
    for (rmf_edge *next; edge; edge = next) {
        rmf_dependent *after = edge->after; /* the edge is gone as soon as its task has arrived */
        next                 = edge->next;
        if (arrive(after))
            rmf_vertex_ready(release, &after->vertex);
    }
    if (bearer) {
        rmf_vertex_pass_batons(release, vertex);
        for (uint32_t i = 0; i < bearer->count; i++)
            rmf_baton_unuse(stock, bearer->batons[i]);
    }
    rmf_dependent_unuse(stock, task);
}
