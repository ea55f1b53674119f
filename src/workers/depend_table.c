/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of addresses and the generations in it. All under the scope's lock. */
#include "depend_inside.h"

#include "graph_record.h"

#include <stdlib.h>
#include <string.h>

/* The least room: 64 addresses are 8 KiB. A table is at most three quarters full. */
enum { ROOM_LEAST = 64 };

/* Goes over the places of a roll in order. */
typedef struct cursor {
    uint32_t       i;
    rmf_roll_page *page;
} cursor;

static rmf_dependent **next_place(rmf_roll *roll, cursor *c)
{
    uint32_t i = c->i++;
    if (i < RMF_ROLL_FEW)
        return &roll->few[i];
    uint32_t at = (i - RMF_ROLL_FEW) % RMF_PAGE_TASKS;
    if (at == 0)
        c->page = c->page ? c->page->next : roll->first;
    return &c->page->at[at];
}

rmf_dependent *rmf_roll_at(const rmf_roll *roll, uint32_t i, const rmf_roll_page **page)
{
    cursor         c    = { i, (rmf_roll_page *)(uintptr_t)*page };
    rmf_dependent *task = *next_place((rmf_roll *)(uintptr_t)roll, &c);
    *page               = c.page;
    return task;
}

bool rmf_roll_needs_page(const rmf_roll *roll)
{
    return roll->count >= RMF_ROLL_FEW && (roll->count - RMF_ROLL_FEW) % RMF_PAGE_TASKS == 0;
}

void rmf_roll_add(rmf_roll *roll, rmf_dependent *task, rmf_spare **reserve)
{
    if (rmf_roll_needs_page(roll)) {
        rmf_roll_page *page                              = rmf_reserve_take(reserve);
        page->next                                       = NULL;
        *(roll->last ? &roll->last->next : &roll->first) = page;
        roll->last                                       = page;
    }
    if (roll->count < RMF_ROLL_FEW)
        roll->few[roll->count] = task;
    else
        roll->last->at[(roll->count - RMF_ROLL_FEW) % RMF_PAGE_TASKS] = task;
    roll->count++;
}

/* Gives back the pages behind `last`, the last one that is still used. */
static void cut_pages(rmf_scope *scope, rmf_roll *roll, rmf_roll_page *last)
{
    rmf_roll_page *page                  = last ? last->next : roll->first;
    *(last ? &last->next : &roll->first) = NULL;
    roll->last                           = last;
    for (rmf_roll_page *next; page; page = next) {
        next = page->next;
        rmf_stock_put(&scope->stock, page);
    }
}

void rmf_roll_prune(rmf_scope *scope, rmf_roll *roll)
{
    cursor   from = { 0, NULL }, to = { 0, NULL };
    uint32_t count = roll->count;
    for (uint32_t n = 0; n < count; n++) {
        rmf_dependent *task = *next_place(roll, &from);
        if (rmf_dependent_has_ended(task))
            rmf_dependent_unuse(&scope->stock, task);
        else
            *next_place(roll, &to) = task;
    }
    roll->count    = to.i;
    roll->prune_at = to.i < RMF_ROLL_FEW ? RMF_ROLL_FEW : 2 * to.i;
    if (roll->first)
        cut_pages(scope, roll, to.page);
}

void rmf_roll_clear(rmf_scope *scope, rmf_roll *roll)
{
    cursor from = { 0, NULL };
    for (uint32_t n = roll->count; n > 0; n--)
        rmf_dependent_unuse(&scope->stock, *next_place(roll, &from));
    roll->count = roll->prune_at = 0;
    if (roll->first)
        cut_pages(scope, roll, NULL);
}

static rmf_address *place_of(rmf_address *table, uint32_t room, const void *address)
{
    uint32_t at = rmf_address_slot(address, room - 1);
    while (table[at].address && table[at].address != address)
        at = (at + 1) & (room - 1);
    return &table[at];
}

rmf_address *rmf_scope_address(rmf_scope *scope, const void *address)
{
    rmf_address *entry = place_of(scope->table, scope->room, address);
    if (!entry->address) {
        entry->address = address;
        scope->used++;
    }
    return entry;
}

static void forget(rmf_scope *scope, rmf_address *entry)
{
    rmf_roll_clear(scope, &entry->base);
    rmf_roll_clear(scope, &entry->current);
    if (entry->baton)
        rmf_baton_unuse(&scope->stock, entry->baton);
    entry->address = NULL;
    entry->baton   = NULL;
    entry->access  = 0; /* nobody joins what is gone */
}

/* Forgets the addresses whose tasks have all ended, in the old table, which loses its order by that; how many are left.
 */
static uint32_t sweep(rmf_scope *scope)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < scope->room; i++) {
        rmf_address *entry = &scope->table[i];
        if (!entry->address)
            continue;
        rmf_roll_prune(scope, &entry->base);
        rmf_roll_prune(scope, &entry->current);
        if (entry->base.count || entry->current.count)
            left++;
        else
            forget(scope, entry);
    }
    return left;
}

/* An empty table: the spare one if it fits. */
static rmf_address *empty_table(rmf_scope *scope, uint32_t room)
{
    rmf_address *table = scope->spare_table;
    if (scope->spare_room != room)
        return calloc(room, sizeof *table);
    scope->spare_table = NULL;
    scope->spare_room  = 0;
    memset(table, 0, room * sizeof *table);
    return table;
}

/* Every address whose tasks have not ended, into another table; the old one is kept for the next time. */
static void move_table(rmf_scope *scope, rmf_address *table, uint32_t room)
{
    for (uint32_t i = 0; i < scope->room; i++)
        if (scope->table[i].address)
            *place_of(table, room, scope->table[i].address) = scope->table[i];
    free(scope->spare_table);
    scope->spare_table = scope->table;
    scope->spare_room  = scope->room;
    scope->table       = table;
    scope->room        = room;
}

/* Some task of the current generation has not ended; if all have, so have those of the base. */
static bool is_live(rmf_address *entry)
{
    cursor c = { 0, NULL };
    for (uint32_t n = entry->current.count; n > 0; n--)
        if (!rmf_dependent_has_ended(*next_place(&entry->current, &c)))
            return true;
    return false;
}

bool rmf_scope_make_room(rmf_scope *scope, size_t more)
{
    if (4 * ((uint64_t)scope->used + more) <= 3 * (uint64_t)scope->room)
        return true;
    /* Counted first, swept once there is a table to sweep into: a table swept in place would be out of order. */
    uint32_t live = 0;
    for (uint32_t i = 0; i < scope->room; i++)
        live += scope->table[i].address && is_live(&scope->table[i]);
    uint64_t room = ROOM_LEAST;
    while (room < 2 * (live + (uint64_t)more))
        room *= 2;
    if (scope->room > room && scope->room <= 4 * room) /* no going back and forth */
        room = scope->room;
    rmf_address *table = room <= UINT32_MAX / 2 ? empty_table(scope, (uint32_t)room) : NULL;
    if (!table)
        return false;
    scope->used = sweep(scope);
    move_table(scope, table, (uint32_t)room);
    return true;
}

void rmf_scope_clear(rmf_scope *scope)
{
    if (!scope || scope->used == 0)
        return;
    for (uint32_t i = 0; i < scope->room; i++)
        if (scope->table[i].address)
            forget(scope, &scope->table[i]);
    scope->used = 0;
    while (scope->stock.count > RMF_MAGAZINE_TASKS)
        rmf_stock_give(&scope->stock);
}

void rmf_scope_drop(rmf_scope *scope)
{
    if (!scope)
        return;
    pthread_mutex_destroy(&scope->lock);
    free(scope->table);
    free(scope->spare_table);
    free(scope);
}
