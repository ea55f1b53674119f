/* SPDX-License-Identifier: BSD-3-Clause */
/* Making graphs, each with a group of its own that counts what is left of a run, and giving them back. */
#include "graph_inside.h"
#include "runtime_handle.h"

ramify_status ramify_graph_create(ramify_runtime *rt, ramify_graph **result)
{
    ramify_group *counted;
    if (!rt || !result)
        return RAMIFY_ERR_INVALID;
    ramify_status status = ramify_group_create(rt, NULL, &counted);
    if (status)
        return status;
    ramify_graph *graph = rmf_graph_make(rt->pool, counted);
    if (graph)
        *result = graph;
    else
        (void)ramify_group_free(counted); /* empty */
    return graph ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY;
}

ramify_status ramify_graph_free(ramify_graph *graph)
{
    if (!graph)
        return RAMIFY_OK;
    if (!rmf_graph_claim(graph))
        return RAMIFY_ERR_BUSY;
    rmf_pool     *pool    = graph->pool;
    ramify_group *counted = graph->flow.counted;
    counted->parent       = NULL; /* that of the last run, which it is no child of */
    (void)ramify_group_free(counted);
    pthread_mutex_lock(&pool->lock);
    rmf_graph_drop(graph);
    pthread_mutex_unlock(&pool->lock);
    return RAMIFY_OK;
}
