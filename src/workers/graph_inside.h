/* SPDX-License-Identifier: BSD-3-Clause */
/* A graph in its two forms: what is recorded, in growing arrays, and what runs, packed once.
 *
 * Packed, the successors of vertex v are successors[v.first .. v.first + v.count). The last vertex is the root: it has
 * nothing to do, and every vertex without a predecessor waits for it, so that a run is one submission. A vertex resets
 * its own counter when its turn comes, and the graph's group counts what is left, so a run needs no preparation. */
#ifndef RMF_WORKERS_GRAPH_INSIDE_H
#define RMF_WORKERS_GRAPH_INSIDE_H

#include "graph_record.h"
#include "vertex.h"

#include <ramify/taskgraph.h>

struct ramify_graph {
    rmf_flow         flow; /* first: a vertex points here; its own group counts the vertices of a run */
    rmf_vertex      *vertices;
    uint32_t        *successors;
    uint32_t         vertex_count; /* without the root */
    uint32_t         edge_count, longest;
    bool             is_frozen;
    _Atomic uint32_t claimed; /* somebody is about to run or free it */
    uint32_t         tag;     /* upper half of its vertices' names */
    rmf_pool        *pool;
    rmf_record       record;
    rmf_baton       *batons;
    void            *bearers;      /* one block, behind each other */
    ramify_graph    *next, **link; /* in the pool's list */
};

/* Makes a graph whose runs are counted by `counted`, which becomes its own; NULL when there is no memory. */
ramify_graph *rmf_graph_make(rmf_pool *pool, ramify_group *counted);

/* Frees a graph that does not run. Under the pool's lock, or when nobody else is left. */
void rmf_graph_drop(ramify_graph *graph);

/* Keeps others from running the graph; false when it runs or somebody else was faster. */
bool rmf_graph_claim(ramify_graph *graph);
void rmf_graph_unclaim(ramify_graph *graph);

/* A vertex of a graph has run: its successors arrive, its batons are passed on. */
void rmf_graph_finish(rmf_release *release, rmf_vertex *vertex);

#endif
