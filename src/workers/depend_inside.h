/* SPDX-License-Identifier: BSD-3-Clause */
/* Tasks with dependencies: what they are, and the table that finds whom a new one waits for.
 *
 * A task has a list of those that wait for it, which anybody adds to by compare-and-swap and which is closed for good
 * when the task ends: whoever finds it closed need not wait, whoever added to it before is told. So tasks end without a
 * lock. Submission holds the group's lock, which orders it and guards the table.
 *
 * Per address there are two generations, `current` and the `base` it waits for (graph_record.h has the rule). A task's
 * record is given back when it has ended and left the table; the table forgets those that ended whenever one of its
 * lists or itself would have to grow. */
#ifndef RMF_WORKERS_DEPEND_INSIDE_H
#define RMF_WORKERS_DEPEND_INSIDE_H

#include "vertex.h"

#include <ramify/depend.h>

typedef struct rmf_dependent rmf_dependent;

/* `after` waits for the task whose list this is in; lives in the record of `after`. */
typedef struct rmf_edge {
    rmf_dependent   *after;
    struct rmf_edge *next;
} rmf_edge;

/* All records, of tasks and of what they and the table need more, are this large: four lines. */
enum { RMF_DEPEND_BYTES = 256, RMF_OWN_EDGES = 10, RMF_PAGE_EDGES = 15, RMF_PAGE_TASKS = 30, RMF_ROLL_FEW = 3 };

typedef struct rmf_edge_page {
    struct rmf_edge_page *next;
    rmf_edge              at[RMF_PAGE_EDGES];
} rmf_edge_page;

struct rmf_dependent {
    rmf_vertex          vertex;
    _Atomic(rmf_edge *) list; /* who waits for it; RMF_CLOSED once it has ended */
    _Atomic uint32_t    uses; /* until it has ended, and once per place in the table */
    uint32_t            edge_count;
    rmf_dependent      *newest; /* last one that was told to wait for it; the submitter's */
    rmf_edge_page      *pages;  /* for more edges than it has room for; the newest first */
    rmf_edge            edges[RMF_OWN_EDGES];
};

/* Tasks of one generation. */
typedef struct rmf_roll_page {
    struct rmf_roll_page *next;
    rmf_dependent        *at[RMF_PAGE_TASKS];
} rmf_roll_page;

typedef struct rmf_roll {
    rmf_dependent *few[RMF_ROLL_FEW];
    rmf_roll_page *first, *last;
    uint32_t       count;
    uint32_t       prune_at; /* when to look for those that have ended; 0: at RMF_ROLL_FEW */
} rmf_roll;

typedef struct rmf_address {
    const void *address; /* NULL: free */
    rmf_roll    base, current;
    rmf_baton  *baton;  /* of a commutative generation */
    uint32_t    access; /* of the current generation */
} rmf_address;

_Static_assert(sizeof(rmf_dependent) <= RMF_DEPEND_BYTES && sizeof(rmf_edge_page) <= RMF_DEPEND_BYTES &&
                   sizeof(rmf_roll_page) <= RMF_DEPEND_BYTES && sizeof(rmf_address) <= 2 * RMF_LINE_BYTES &&
                   sizeof(rmf_bearer) + RAMIFY_COMMUTATIVE_MAX * sizeof(rmf_baton *) <= RMF_DEPEND_BYTES,
               "records are all of one size");

/* What a group knows of addresses. */
typedef struct rmf_scope {
    rmf_flow        flow; /* first: a vertex points here */
    pthread_mutex_t lock; /* guards the rest */
    rmf_stock       stock;
    rmf_address    *table, *spare_table;
    uint32_t        used, room, spare_room; /* rooms are powers of two, or 0 */
} rmf_scope;

/* Finds or adds an address; there must be room. */
rmf_address *rmf_scope_address(rmf_scope *scope, const void *address);

/* Room for `more` addresses: forgets those whose tasks have ended, or grows. False: no memory. */
bool rmf_scope_make_room(rmf_scope *scope, size_t more);

/* Drops from a roll those that have ended. */
void rmf_roll_prune(rmf_scope *scope, rmf_roll *roll);

/* Drops all of a roll. */
void rmf_roll_clear(rmf_scope *scope, rmf_roll *roll);

/* Adds a task, with a page from the reserve when it needs one. */
void rmf_roll_add(rmf_roll *roll, rmf_dependent *task, rmf_spare **reserve);
bool rmf_roll_needs_page(const rmf_roll *roll);

/* The i-th of a roll; `page` remembers where it is, in ascending order of i. */
rmf_dependent *rmf_roll_at(const rmf_roll *roll, uint32_t i, const rmf_roll_page **page);

/* True once a task has ended; then everything it did is visible. */
bool rmf_dependent_has_ended(const rmf_dependent *task);

/* One use of a record, or of a baton, less; the last one gives it to the stock. */
void rmf_dependent_unuse(rmf_stock *stock, rmf_dependent *task);
void rmf_baton_unuse(rmf_stock *stock, rmf_baton *baton);

/* Takes the record on top of a reserve. */
static inline void *rmf_reserve_take(rmf_spare **reserve)
{
    rmf_spare *record = *reserve;
    *reserve          = record->next;
    return record;
}

/* A task of a group has ended: those that wait for it arrive, its batons are passed on. */
void rmf_depend_finish(rmf_release *release, rmf_vertex *vertex);

/* The group is given back: nothing of it is remembered. And for good. Both NULL is allowed. */
void rmf_scope_clear(rmf_scope *scope);
void rmf_scope_drop(rmf_scope *scope);

#endif
