/* SPDX-License-Identifier: BSD-3-Clause */
/* Making, recording into, running and freeing graphs. */
#include "graph_inside.h"

#include "submit.h"

#include <stdlib.h>
#include <string.h>

ramify_graph *rmf_graph_make(rmf_pool *pool, ramify_group *counted)
{
    ramify_graph *graph = calloc(1, sizeof *graph);
    if (!graph)
        return NULL;
    pthread_mutex_lock(&pool->lock);
    graph->flow = (rmf_flow){ .counted = counted, .is_recorded = true };
    graph->pool = pool;
    graph->tag  = (uint32_t)(pool->serial ^ ++pool->graphs_made * 0x9E3779B97F4A7C15u >> 32); /* differs in one pool */
    graph->next = pool->graphs;
    graph->link = &pool->graphs;
    if (graph->next)
        graph->next->link = &graph->next;
    pool->graphs = graph;
    pthread_mutex_unlock(&pool->lock);
    return graph;
}

void rmf_graph_drop(ramify_graph *graph)
{
    *graph->link = graph->next;
    if (graph->next)
        graph->next->link = graph->link;
    rmf_record_drop(&graph->record);
    free(graph->vertices);
    free(graph->successors);
    free(graph->batons);
    free(graph->bearers);
    free(graph);
}

bool rmf_graph_claim(ramify_graph *graph)
{
    uint32_t unclaimed = 0;
    /* order: sees the last run's charge; pairs with the release in rmf_graph_unclaim() */
    if (!rmf_cas_acquire(&graph->claimed, &unclaimed, 1))
        return false;
    if (rmf_group_is_done(graph->flow.counted))
        return true;
    rmf_graph_unclaim(graph);
    return false;
}

void rmf_graph_unclaim(ramify_graph *graph)
{
    /* order: releases the run's charge; pairs with the claim */
    rmf_store_release(&graph->claimed, 0);
}

ramify_status ramify_graph_add(ramify_graph *graph, ramify_task_fn fn, void *argument, const ramify_hint *hint,
                               const ramify_depend *on, size_t count, ramify_vertex *vertex)
{
    static const ramify_hint none;
    rmf_recorded             task = { .fn = fn, .argument = argument, .hint = hint ? *hint : none };
    if (!graph || !fn || !rmf_hint_is_valid(graph->pool, &task.hint))
        return RAMIFY_ERR_INVALID;
    if (graph->is_frozen)
        return RAMIFY_ERR_BUSY;
    ramify_status status = rmf_accesses_check(on, count);
    if (!status)
        status = rmf_record_task(&graph->record, &task, on, count);
    if (!status && vertex)
        *vertex = (uint64_t)graph->tag << 32 | (graph->record.task_count - 1);
    return status;
}

static bool is_of(const ramify_graph *graph, ramify_vertex vertex)
{
    return vertex >> 32 == graph->tag && (uint32_t)vertex < graph->record.task_count;
}

ramify_status ramify_graph_edge(ramify_graph *graph, ramify_vertex before, ramify_vertex after)
{
    if (!graph || !is_of(graph, before) || !is_of(graph, after))
        return RAMIFY_ERR_INVALID;
    if (graph->is_frozen)
        return RAMIFY_ERR_BUSY;
    return rmf_record_edge(&graph->record, (uint32_t)before, (uint32_t)after);
}

ramify_status ramify_graph_name(ramify_graph *graph, ramify_vertex vertex, const char *name)
{
    if (!graph || !name || !is_of(graph, vertex))
        return RAMIFY_ERR_INVALID;
    if (graph->is_frozen)
        return RAMIFY_ERR_BUSY;
    char *copy = malloc(strlen(name) + 1);
    if (!copy)
        return RAMIFY_ERR_NO_MEMORY;
    strcpy(copy, name);
    free(graph->record.tasks[(uint32_t)vertex].name);
    graph->record.tasks[(uint32_t)vertex].name = copy;
    return RAMIFY_OK;
}

ramify_status ramify_graph_measure(const ramify_graph *graph, ramify_graph_facts *facts)
{
    if (!graph || !facts)
        return RAMIFY_ERR_INVALID;
    facts->tasks   = graph->record.task_count;
    facts->edges   = graph->is_frozen ? graph->edge_count : graph->record.edges.count;
    facts->longest = graph->longest;
    return RAMIFY_OK;
}

/* One task for the root: whoever takes it runs the vertices that wait for nobody, or shares them. */
static ramify_status submit_root(ramify_graph *graph)
{
    static const ramify_hint none;
    rmf_pool                *pool   = graph->pool;
    rmf_worker              *worker = rmf_own_worker(pool);
    rmf_vertex              *root   = &graph->vertices[graph->vertex_count];
    rmf_task                 task   = { .fn = rmf_vertex_enter, .argument = root, .group = graph->flow.counted };
    rmf_way                  way    = rmf_task_prepare(pool, worker, rmf_sender_of(pool, worker), &none, &task);
    root->home                      = task.home;
    return rmf_deliver_one(pool, worker, &task, way);
}

ramify_status ramify_graph_run(ramify_graph *graph, ramify_group *group)
{
    if (!graph || !group || !graph->is_frozen || group->pool != graph->pool)
        return RAMIFY_ERR_INVALID;
    if (rmf_group_is_cancelled(group))
        return RAMIFY_ERR_CANCELED;
    if (!rmf_graph_claim(graph))
        return RAMIFY_ERR_BUSY;
    ramify_group *counted = graph->flow.counted;
    uint64_t      count   = (uint64_t)graph->vertex_count + 1;
    graph->flow.group     = group;
    counted->parent       = group;
    rmf_group_add(counted, count);
    rmf_graph_unclaim(graph);
    ramify_status status = submit_root(graph);
    if (status)
        rmf_group_done(counted, count);
    return status;
}

/* True when the vertex waits for nobody any more; then its counter is ready for the next run. */
static bool arrive(rmf_vertex *vertex)
{
    if (vertex->in_degree == 1)
        return true;
    /* order: acquires what the other predecessors did; pairs with their subtraction. The last one need not subtract. */
    if (rmf_load_acquire(&vertex->pending) != 1 &&
        /* order: releases what came before to the last, acquires for it; pairs with itself */
        rmf_sub_acq_rel(&vertex->pending, 1) != 1)
        return false;
    rmf_store_relaxed(&vertex->pending, vertex->in_degree); /* read again only after this run's group was done */
    return true;
}

void rmf_graph_finish(rmf_release *release, rmf_vertex *vertex)
{
    const ramify_graph *graph = (const ramify_graph *)vertex->flow;
    const uint32_t     *s = graph->successors + vertex->first, *end = s + vertex->count;
    for (; s < end; s++)
        if (arrive(&graph->vertices[*s]))
            rmf_vertex_ready(release, &graph->vertices[*s]);
    if (vertex->bearer)
        rmf_vertex_pass_batons(release, vertex);
}
