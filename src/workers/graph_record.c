/* SPDX-License-Identifier: BSD-3-Clause */
/* Recording: memory first, then changes that cannot fail. */
#include "graph_record.h"

#include <stdlib.h>
#include <string.h>

/* One root more must fit, and every count be one in 32 bits. */
enum { TASKS_MAX = INT32_MAX - 1 };
static const uint32_t PAIRS_MAX = UINT32_MAX / 2;

ramify_status rmf_accesses_check(const ramify_depend *on, size_t count)
{
    uint32_t commutative = 0;
    if (!on && count)
        return RAMIFY_ERR_INVALID;
    if (count > RAMIFY_DEPEND_MAX)
        return RAMIFY_ERR_RANGE;
    for (size_t i = 0; i < count; i++) {
        if (!on[i].address || on[i].access < RAMIFY_IN || on[i].access > RAMIFY_COMMUTATIVE)
            return RAMIFY_ERR_INVALID;
        commutative += on[i].access == RAMIFY_COMMUTATIVE;
    }
    return commutative > RAMIFY_COMMUTATIVE_MAX ? RAMIFY_ERR_RANGE : RAMIFY_OK;
}

/* Room for `more` in an array of elements of `bytes`, doubled when it is full. */
static ramify_status make_room(void **array, uint32_t *room, uint32_t count, uint64_t more, size_t bytes)
{
    uint64_t needed = count + more, rooms = *room ? *room : 8;
    if (needed <= *room)
        return RAMIFY_OK;
    if (needed > PAIRS_MAX)
        return RAMIFY_ERR_RANGE;
    while (rooms < needed)
        rooms *= 2;
    void *grown = realloc(*array, rooms * bytes);
    if (!grown)
        return RAMIFY_ERR_NO_MEMORY;
    *array = grown;
    *room  = (uint32_t)rooms;
    return RAMIFY_OK;
}

static ramify_status pairs_room(rmf_pairs *pairs, uint64_t more)
{
    void         *array  = pairs->at;
    ramify_status status = make_room(&array, &pairs->room, pairs->count, more, sizeof *pairs->at);
    pairs->at            = array;
    return status;
}

static void add_pair(rmf_pairs *pairs, uint32_t a, uint32_t b)
{
    pairs->at[pairs->count++] = (rmf_pair){ a, b };
}

static rmf_recorded_address *slot_of(rmf_recorded_address *table, uint32_t room, const void *address)
{
    uint32_t at = rmf_address_slot(address, room - 1);
    while (table[at].address && table[at].address != address)
        at = (at + 1) & (room - 1);
    return &table[at];
}

/* Room for `more` addresses, at most half full. */
static ramify_status table_room(rmf_record *record, size_t more)
{
    uint64_t needed = 2 * (record->address_count + (uint64_t)more), room = record->address_room;
    if (needed <= room)
        return RAMIFY_OK;
    for (room = room ? room : 64; room < needed;)
        room *= 2;
    if (room > UINT32_MAX / 2)
        return RAMIFY_ERR_RANGE;
    rmf_recorded_address *table = calloc(room, sizeof *table);
    if (!table)
        return RAMIFY_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < record->address_room; i++)
        if (record->addresses[i].address)
            *slot_of(table, (uint32_t)room, record->addresses[i].address) = record->addresses[i];
    free(record->addresses);
    record->addresses    = table;
    record->address_room = (uint32_t)room;
    return RAMIFY_OK;
}

static rmf_recorded_address *address_entry(rmf_record *record, const void *address)
{
    rmf_recorded_address *entry = slot_of(record->addresses, record->address_room, address);
    if (!entry->address) {
        entry->address = address;
        record->address_count++;
    }
    return entry;
}

/* Readers and commutative ones join a generation of their like; a writer begins one always. */
static bool joins(const rmf_recorded_address *entry, uint32_t access)
{
    return access == entry->access && (access == RAMIFY_IN || access == RAMIFY_COMMUTATIVE);
}

/* Memory for one access: its edges and its place in the generation. */
static ramify_status access_room(rmf_record *record, const ramify_depend *on, uint64_t *edges)
{
    rmf_recorded_address *entry = address_entry(record, on->address);
    *edges += entry->base.count + (uint64_t)entry->current.count + 1; /* 1: the task itself may be in it by then */
    ramify_status status = pairs_room(&entry->base, 2); /* the generations change places; a task may be named twice */
    return status ? status : pairs_room(&entry->current, 2);
}

static ramify_status room_for_task(rmf_record *record, const ramify_depend *on, size_t count)
{
    void         *tasks  = record->tasks;
    uint64_t      edges  = 0;
    ramify_status status = record->task_count < TASKS_MAX
                               ? make_room(&tasks, &record->task_room, record->task_count, 1, sizeof *record->tasks)
                               : RAMIFY_ERR_RANGE;
    record->tasks        = tasks;
    if (!status)
        status = table_room(record, count);
    for (size_t i = 0; i < count && !status; i++)
        status = access_room(record, &on[i], &edges);
    if (!status)
        status = pairs_room(&record->edges, edges);
    return status ? status : pairs_room(&record->batons, count);
}

static void begin_generation(rmf_record *record, rmf_recorded_address *entry, uint32_t access)
{
    rmf_pairs old        = entry->base;
    entry->base          = entry->current;
    entry->current       = old;
    entry->current.count = 0;
    entry->access        = access;
    if (access == RAMIFY_COMMUTATIVE)
        entry->baton = record->baton_count++;
}

static void add_access(rmf_record *record, uint32_t vertex, const ramify_depend *on)
{
    rmf_recorded_address *entry  = address_entry(record, on->address);
    uint32_t              access = on->access == RAMIFY_INOUT ? RAMIFY_OUT : on->access;
    if (!joins(entry, access))
        begin_generation(record, entry, access);
    for (uint32_t i = 0; i < entry->base.count; i++)
        if (entry->base.at[i].a != vertex)
            add_pair(&record->edges, entry->base.at[i].a, vertex);
    bool is_member = entry->current.count && entry->current.at[entry->current.count - 1].a == vertex;
    if (!is_member)
        add_pair(&entry->current, vertex, 0);
    if (access == RAMIFY_COMMUTATIVE && !is_member)
        add_pair(&record->batons, vertex, entry->baton);
}

ramify_status rmf_record_task(rmf_record *record, const rmf_recorded *task, const ramify_depend *on, size_t count)
{
    ramify_status status = room_for_task(record, on, count);
    if (status)
        return status;
    uint32_t vertex       = record->task_count++;
    record->tasks[vertex] = *task;
    for (size_t i = 0; i < count; i++)
        add_access(record, vertex, &on[i]);
    return RAMIFY_OK;
}

ramify_status rmf_record_edge(rmf_record *record, uint32_t before, uint32_t after)
{
    ramify_status status = pairs_room(&record->edges, 1);
    if (!status)
        add_pair(&record->edges, before, after);
    return status;
}

void rmf_record_drop_accesses(rmf_record *record)
{
    for (uint32_t i = 0; i < record->address_room; i++) {
        free(record->addresses[i].base.at);
        free(record->addresses[i].current.at);
    }
    free(record->addresses);
    free(record->edges.at);
    free(record->batons.at);
    record->addresses    = NULL;
    record->address_room = record->address_count = 0;
    record->edges = record->batons = (rmf_pairs){ NULL, 0, 0 };
}

void rmf_record_drop(rmf_record *record)
{
    rmf_record_drop_accesses(record);
    for (uint32_t i = 0; i < record->task_count; i++)
        free(record->tasks[i].name);
    free(record->tasks);
    record->tasks      = NULL;
    record->task_count = record->task_room = 0;
}
