/* SPDX-License-Identifier: BSD-3-Clause */
/* What a graph is recorded as: tasks, edges, names, and who needs which baton; arrays that double.
 *
 * Accesses become edges at once, by generations: all tasks that touched an address in the same way (readers, or
 * commutative ones, or a single writer) are one generation, and each member waits for all of the one before. */
#ifndef RMF_WORKERS_GRAPH_RECORD_H
#define RMF_WORKERS_GRAPH_RECORD_H

#include <ramify/depend.h>
#include <stdbool.h>

/* Numbers, or pairs of them, in an array that grows. */
typedef struct rmf_pair {
    uint32_t a, b;
} rmf_pair;

typedef struct rmf_pairs {
    rmf_pair *at;
    uint32_t  count, room;
} rmf_pairs;

typedef struct rmf_recorded {
    ramify_task_fn fn;
    void          *argument;
    char          *name; /* NULL: none */
    ramify_hint    hint;
} rmf_recorded;

/* What a graph knows of an address. */
typedef struct rmf_recorded_address {
    const void *address;       /* NULL: free */
    uint32_t    access;        /* of the current generation */
    uint32_t    baton;         /* of the current generation, when it is commutative */
    rmf_pairs   base, current; /* vertices, in `a` */
} rmf_recorded_address;

typedef struct rmf_record {
    rmf_recorded         *tasks;
    uint32_t              task_count, task_room;
    rmf_pairs             edges;  /* before, after */
    rmf_pairs             batons; /* vertex, baton */
    uint32_t              baton_count;
    rmf_recorded_address *addresses; /* open hashing, linear; a power of two */
    uint32_t              address_count, address_room;
} rmf_record;

/* Checks a task's accesses. Errors: as ramify_submit_after. */
ramify_status rmf_accesses_check(const ramify_depend *on, size_t count);

/* Adds a task. On failure the record is as before. */
ramify_status rmf_record_task(rmf_record *record, const rmf_recorded *task, const ramify_depend *on, size_t count);

/* Adds an edge. */
ramify_status rmf_record_edge(rmf_record *record, uint32_t before, uint32_t after);

/* Frees what packing does not need any more, or everything. */
void rmf_record_drop_accesses(rmf_record *record);
void rmf_record_drop(rmf_record *record);

/* Where an address begins to be looked for in a table of 2^bits (Fibonacci hashing: Knuth, TAOCP 3, 6.4). */
static inline uint32_t rmf_address_slot(const void *address, uint32_t mask)
{
    return (uint32_t)(((uintptr_t)address * 0x9E3779B97F4A7C15u) >> 32) & mask;
}

#endif
