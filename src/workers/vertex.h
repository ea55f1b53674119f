/* SPDX-License-Identifier: BSD-3-Clause */
/* A vertex: a task that waits for others, recorded in a graph or submitted with dependencies.
 *
 * It needs no record of its own in a queue: a deque carries its address. A worker that ends one goes on with the first
 * it made ready, which costs no queue at all, and shares the others before it does. */
#ifndef RMF_WORKERS_VERTEX_H
#define RMF_WORKERS_VERTEX_H

#include "baton.h"
#include "pool.h"

/* What the vertices of one graph, or of one group, have in common. */
typedef struct rmf_flow {
    ramify_group *group;   /* whose tasks they are */
    ramify_group *counted; /* whose count they are part of: the same, or the graph's own */
    bool          is_recorded;
} rmf_flow;

typedef struct rmf_vertex {
    ramify_task_fn   fn; /* NULL: nothing to do */
    void            *argument;
    const rmf_flow  *flow;
    rmf_bearer      *bearer;       /* NULL: needs no baton */
    _Atomic uint32_t pending;      /* tasks it still waits for */
    uint32_t         home;         /* domain it goes to, or where it became ready */
    uint32_t         first, count; /* its successors in the graph */
    uint32_t         in_degree;
    float            weight;
    uint32_t         stamp; /* when it became ready, in 16 ticks; 0: not sampled */
    rmf_way          way;
    bool             has_home;
} rmf_vertex;

_Static_assert(sizeof(rmf_vertex) <= RMF_LINE_BYTES, "a vertex of a graph is one cache line");

/* What becomes ready when a vertex ends. */
typedef struct rmf_release {
    rmf_worker *worker;
    rmf_vertex *next;   /* the one the worker goes on with */
    uint32_t    pushed; /* onto its deque, not shared yet */
} rmf_release;

/* All the vertex waited for has ended: it gets its batons, then its place. */
void rmf_vertex_ready(rmf_release *release, rmf_vertex *vertex);

/* Passes on the batons of a vertex that has run. */
void rmf_vertex_pass_batons(rmf_release *release, rmf_vertex *vertex);

/* Runs a vertex and what follows from it. Takes one per vertex from the count. */
void rmf_vertex_run(rmf_worker *worker, rmf_vertex *vertex);

/* The function of a task that stands for a vertex in an inbox; workers know it and call rmf_vertex_run(). */
void rmf_vertex_enter(void *vertex);

/* Submits a vertex whose turn has come, from any thread (worker: NULL outside). Never fails: waits for room, and runs
 * other tasks meanwhile. */
void rmf_vertex_submit(rmf_pool *pool, rmf_worker *worker, rmf_vertex *vertex);

#endif
