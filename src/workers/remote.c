/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of prices and the rule; remote.h has the argument. */
#include "remote.h"

#include <stdlib.h>

enum { LOCAL = 10, REMOTE = 20 /* Linux's LOCAL_DISTANCE and REMOTE_DISTANCE, include/linux/topology.h */ };

enum { LONG = 2 /* prices that the last task of a long queue waits */ };

/* 10 (r - 1) from one node to another. */
static uint32_t price(const ramify_tree *tree, uint32_t from, uint32_t to)
{
    if (from == to || from == RAMIFY_NONE || to == RAMIFY_NONE)
        return 0;
    uint32_t far = ramify_tree_node_distance(tree, from, to), near = ramify_tree_node_distance(tree, to, to);
    if (!far || !near) {
        far  = REMOTE;
        near = LOCAL;
    }
    uint32_t tenths = far > near ? 10 * (far - near) / near : 1;
    return tenths < 1 ? 1 : tenths > 255 ? 255 : tenths;
}

/* The nodes that leaves have, each once. */
static uint32_t list_nodes(const ramify_tree *tree, uint32_t *node)
{
    uint32_t rows = 0;
    for (uint32_t leaf = 0; leaf < ramify_tree_leaf_count(tree); leaf++) {
        uint32_t of = ramify_tree_leaf(tree, leaf)->node, i = 0;
        while (i < rows && node[i] != of)
            i++;
        if (i == rows)
            node[rows++] = of;
    }
    return rows;
}

static void fill_domain(rmf_remote *r, const ramify_tree *tree, const ramify_domain *domain)
{
    for (uint32_t row = 0; row < r->rows; row++) {
        uint32_t least = 255, before = RAMIFY_NONE;
        for (uint32_t leaf = domain->first_leaf; leaf < domain->first_leaf + domain->leaf_count; leaf++) {
            uint32_t node = ramify_tree_leaf(tree, leaf)->node;
            if (node == before) /* leaves of a node stand together */
                continue;
            uint32_t tenths = price(tree, r->node[row], node);
            least           = tenths < least ? tenths : least;
            before          = node;
        }
        r->tenths[row * r->domains + domain->index] = (uint8_t)least;
        r->is_far[domain->index] |= least != 0;
    }
}

ramify_status rmf_remote_init(rmf_remote *remote, const ramify_tree *tree)
{
    rmf_remote           r       = { 0 };
    const ramify_domain *domains = ramify_tree_domains(tree, &r.domains);
    r.node                       = malloc(ramify_tree_leaf_count(tree) * sizeof *r.node);
    if (!r.node)
        return RAMIFY_ERR_NO_MEMORY;
    r.rows = list_nodes(tree, r.node);
    if (r.rows > 1) {
        r.tenths = malloc((size_t)r.rows * r.domains * sizeof *r.tenths);
        r.is_far = calloc(r.domains, sizeof *r.is_far);
    }
    if (r.rows > 1 && (!r.tenths || !r.is_far)) {
        rmf_remote_drop(&r);
        return RAMIFY_ERR_NO_MEMORY;
    }
    for (uint32_t d = 0; r.rows > 1 && d < r.domains; d++)
        fill_domain(&r, tree, &domains[d]);
    *remote = r;
    return RAMIFY_OK;
}

void rmf_remote_drop(rmf_remote *remote)
{
    free(remote->node);
    free(remote->tenths);
    free(remote->is_far);
    *remote = (rmf_remote){ 0 };
}

const uint8_t *rmf_remote_row(const rmf_remote *remote, const ramify_domain *leaf)
{
    for (uint32_t row = 0; remote->tenths && row < remote->rows; row++)
        if (remote->node[row] == leaf->node)
            return remote->tenths + (size_t)row * remote->domains;
    return NULL;
}

uint64_t rmf_remote_wait(const rmf_home_state *home, uint32_t tenths, uint64_t now_ticks)
{
    uint64_t price_ticks = home->run_ticks * tenths / 10;
    bool     is_long     = home->tasks * 10 > LONG * home->workers * tenths;
    uint64_t since       = is_long ? home->filled_ticks : home->taken_ticks;
    /* The queue may have been filled after it was last taken from. */
    if (home->filled_ticks > since)
        since = home->filled_ticks;
    uint64_t waited = now_ticks > since ? now_ticks - since : 0;
    return waited < price_ticks ? price_ticks - waited : 0;
}
