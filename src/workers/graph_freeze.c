/* SPDX-License-Identifier: BSD-3-Clause */
/* Packing a recorded graph: edges by their beginning, without repetitions; order and cycles; batons; homes.
 *
 * Everything is built beside the record and put in place at the end, so that a failure leaves the record as it was. */
#include "graph_inside.h"

#include "submit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct packing {
    const rmf_record *record;
    uint32_t          count; /* tasks; vertex `count` is the root */
    rmf_vertex       *vertices;
    uint32_t         *successors;
    uint32_t          edges;    /* of the record, without repetitions */
    uint32_t         *order;    /* for the walk: tasks whose predecessors are all in it */
    uint32_t         *depth;    /* tasks on the longest path that ends there */
    uint32_t         *waiting;  /* predecessors not walked over yet */
    uint32_t         *bearings; /* batons per task */
    rmf_baton        *batons;
    void             *bearers;
} packing;

static void drop_packing(packing *p)
{
    free(p->vertices);
    free(p->successors);
    free(p->batons);
    free(p->bearers);
}

static bool allocate(packing *p)
{
    size_t tasks = (size_t)p->count + 1, edges = (size_t)p->record->edges.count + tasks;
    p->vertices   = aligned_alloc(RMF_LINE_BYTES, tasks * sizeof *p->vertices);
    p->successors = malloc(edges * sizeof *p->successors);
    p->order      = malloc(4 * tasks * sizeof *p->order);
    if (!p->vertices || !p->successors || !p->order)
        return false;
    p->depth    = p->order + tasks;
    p->waiting  = p->depth + tasks;
    p->bearings = p->waiting + tasks;
    memset(p->vertices, 0, tasks * sizeof *p->vertices);
    memset(p->bearings, 0, tasks * sizeof *p->bearings);
    return true;
}

/* Counting sort of the edges by where they begin; `waiting` serves as the next free place. */
static void sort_edges(packing *p)
{
    const rmf_pairs *edges = &p->record->edges;
    uint32_t         at    = 0;
    for (uint32_t e = 0; e < edges->count; e++)
        p->vertices[edges->at[e].a].count++;
    for (uint32_t v = 0; v < p->count; v++) {
        p->vertices[v].first = p->waiting[v] = at;
        at += p->vertices[v].count;
    }
    for (uint32_t e = 0; e < edges->count; e++)
        p->successors[p->waiting[edges->at[e].a]++] = edges->at[e].b;
}

/* Drops repetitions: `depth[w]` remembers the last vertex that had w as its successor. */
static void drop_repetitions(packing *p)
{
    uint32_t to = 0;
    memset(p->depth, 0xff, ((size_t)p->count + 1) * sizeof *p->depth);
    for (uint32_t v = 0; v < p->count; v++) {
        rmf_vertex *vertex = &p->vertices[v];
        uint32_t    from = vertex->first, end = from + vertex->count;
        vertex->first = to;
        for (; from < end; from++) {
            uint32_t w = p->successors[from];
            if (p->depth[w] == v)
                continue;
            p->depth[w]         = v;
            p->successors[to++] = w;
            p->vertices[w].in_degree++;
        }
        vertex->count = to - vertex->first;
    }
    p->edges = to;
}

/* The root's successors: all that wait for nobody. */
static void add_root(packing *p)
{
    rmf_vertex *root = &p->vertices[p->count];
    root->first      = p->edges;
    for (uint32_t v = 0; v < p->count; v++)
        if (p->vertices[v].in_degree == 0)
            p->successors[root->first + root->count++] = v;
}

/* Walks the graph in topological order (Kahn, CACM 5, 1962); false when a cycle keeps it from the end. */
static bool walk(packing *p, uint32_t *longest)
{
    rmf_vertex *root = &p->vertices[p->count];
    uint32_t    end  = root->count;
    *longest         = 0;
    for (uint32_t v = 0; v < p->count; v++) {
        p->waiting[v] = p->vertices[v].in_degree;
        p->depth[v]   = 1;
    }
    memcpy(p->order, p->successors + root->first, end * sizeof *p->order);
    for (uint32_t i = 0; i < end; i++) {
        const rmf_vertex *vertex = &p->vertices[p->order[i]];
        uint32_t          below  = p->depth[p->order[i]];
        *longest                 = below > *longest ? below : *longest;
        for (uint32_t s = vertex->first; s < vertex->first + vertex->count; s++) {
            uint32_t w  = p->successors[s];
            p->depth[w] = p->depth[w] > below + 1 ? p->depth[w] : below + 1;
            if (--p->waiting[w] == 0)
                p->order[end++] = w;
        }
    }
    return end == p->count;
}

/* Puts " -> name" behind the text; what has no room is left out. */
static void append(ramify_diagnosis *diagnosis, const char *before, const packing *p, uint32_t v)
{
    const char *name = p->record->tasks[v].name;
    size_t      at   = strlen(diagnosis->text);
    char       *end  = diagnosis->text + at;
    if (name)
        snprintf(end, sizeof diagnosis->text - at, "%s\"%s\"", before, name);
    else
        snprintf(end, sizeof diagnosis->text - at, "%stask %u", before, v);
}

/* Any vertex the walk did not reach has a predecessor it did not reach: going back from one to the next must come
 * round. `depth` remembers for each one such predecessor, `order` the way. */
static void describe_cycle(packing *p, ramify_diagnosis *diagnosis)
{
    uint32_t v = 0, n = 0;
    for (uint32_t u = 0; u < p->count; u++)
        for (uint32_t s = p->vertices[u].first; p->waiting[u] && s < p->vertices[u].first + p->vertices[u].count; s++)
            p->depth[p->successors[s]] = u;
    while (p->waiting[v] == 0)
        v++;
    for (uint32_t i = 0; i < p->count; i++) /* after as many steps back it stands in a cycle */
        v = p->depth[v];
    uint32_t start = v;
    do {
        p->order[n++] = v;
        v             = p->depth[v];
    } while (v != start);
    diagnosis->status   = RAMIFY_ERR_INVALID;
    diagnosis->position = 0;
    snprintf(diagnosis->text, sizeof diagnosis->text, "a cycle of tasks: ");
    append(diagnosis, "", p, start);
    while (n-- > 0)
        append(diagnosis, " -> ", p, p->order[n]);
}

/* Batons, and for each task that needs some a bearer behind the other. */
static bool pack_batons(packing *p)
{
    const rmf_pairs *uses  = &p->record->batons;
    size_t           bytes = 0;
    if (uses->count == 0)
        return true;
    for (uint32_t i = 0; i < uses->count; i++)
        bytes += (p->bearings[uses->at[i].a]++ == 0 ? sizeof(rmf_bearer) : 0) + sizeof(rmf_baton *);
    p->batons  = malloc(p->record->baton_count * sizeof *p->batons);
    p->bearers = malloc(bytes);
    if (!p->batons || !p->bearers)
        return false;
    char *at = p->bearers;
    for (uint32_t b = 0; b < p->record->baton_count; b++)
        rmf_baton_init(&p->batons[b]);
    for (uint32_t i = 0; i < uses->count; i++) {
        rmf_vertex *vertex = &p->vertices[uses->at[i].a];
        if (!vertex->bearer) {
            vertex->bearer  = (rmf_bearer *)at;
            *vertex->bearer = (rmf_bearer){ .vertex = vertex };
            at += sizeof(rmf_bearer) + p->bearings[uses->at[i].a] * sizeof(rmf_baton *);
        }
        (void)rmf_bearer_add(vertex->bearer, &p->batons[uses->at[i].b]);
    }
    return true;
}

static void describe_vertex(ramify_graph *graph, rmf_vertex *vertex, const rmf_recorded *task)
{
    rmf_pool *pool   = graph->pool;
    vertex->fn       = task->fn;
    vertex->argument = task->argument;
    vertex->flow     = &graph->flow;
    vertex->weight   = task->hint.weight > 0.0 ? (float)task->hint.weight : 1.0f;
    vertex->home     = rmf_task_place_later(pool, rmf_own_worker(pool), &task->hint, &vertex->way);
    vertex->has_home = vertex->home != RAMIFY_NONE;
    if (vertex->in_degree == 0)
        vertex->in_degree = 1; /* the root */
    rmf_store_relaxed(&vertex->pending, vertex->in_degree);
}

static void put_in_place(ramify_graph *graph, packing *p)
{
    graph->vertices     = p->vertices;
    graph->successors   = p->successors;
    graph->vertex_count = p->count;
    graph->edge_count   = p->edges;
    graph->batons       = p->batons;
    graph->bearers      = p->bearers;
    for (uint32_t v = 0; v < p->count; v++)
        describe_vertex(graph, &graph->vertices[v], &p->record->tasks[v]);
    rmf_vertex *root = &graph->vertices[p->count];
    root->flow       = &graph->flow;
    root->weight     = 1.0f;
    root->way        = RMF_WAY_USUAL;
    rmf_record_drop_accesses(&graph->record);
    graph->is_frozen = true;
}

ramify_status ramify_graph_freeze(ramify_graph *graph, ramify_diagnosis *diagnosis)
{
    packing       p      = { 0 };
    ramify_status status = RAMIFY_ERR_NO_MEMORY;
    if (!graph)
        return RAMIFY_ERR_INVALID;
    if (graph->is_frozen)
        return RAMIFY_ERR_BUSY;
    p.record = &graph->record;
    p.count  = graph->record.task_count;
    if (allocate(&p)) {
        sort_edges(&p);
        drop_repetitions(&p);
        add_root(&p);
        if (!walk(&p, &graph->longest)) {
            status         = RAMIFY_ERR_INVALID;
            graph->longest = 0;
            if (diagnosis)
                describe_cycle(&p, diagnosis);
        } else if (pack_batons(&p))
            status = RAMIFY_OK;
    }
    if (status)
        drop_packing(&p);
    else
        put_in_place(graph, &p);
    free(p.order);
    return status;
}
