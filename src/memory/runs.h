/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs: a map from addresses to a node and a domain, kept as the places where either changes. One serves as a region's
 * plan (where pages were bound), another as its answers (what lookups say). */
#ifndef RMF_MEMORY_RUNS_H
#define RMF_MEMORY_RUNS_H

#include <ramify/tree.h>

/* Nodes are positions in ramify_tree_memories here, or one of these. */
enum {
    RMF_NODE_RING = UINT32_MAX - 1, /* page by page over the region's ring */
};

typedef struct rmf_run {
    uintptr_t start; /* up to the next run's, or the region's end */
    uint32_t  node;  /* position, RMF_NODE_RING, or RAMIFY_NONE: bound nowhere, or not known */
    uint32_t  domain;
} rmf_run;

typedef struct rmf_runs {
    rmf_run *run;
    uint32_t count, room;
} rmf_runs;

/* Appends a run that starts at or after the last; one equal to the last is merged into it, one that starts where the
 * last does replaces it. Errors: ERR_NO_MEMORY. */
ramify_status rmf_runs_add(rmf_runs *runs, uintptr_t start, uint32_t node, uint32_t domain);

/* Makes room for so many runs in all. Errors: ERR_NO_MEMORY. */
ramify_status rmf_runs_reserve(rmf_runs *runs, uint64_t room);

/* The run an address at or after the first start is in. runs: not empty. */
uint32_t rmf_runs_find(const rmf_runs *runs, uintptr_t address);

/* A copy of `from` in which [start, end) has this node and domain; `whole_end` is where `from` ends. to: empty.
 * Errors: ERR_NO_MEMORY, `to` is then empty. */
ramify_status rmf_runs_paint(const rmf_runs *from, uintptr_t start, uintptr_t end, uintptr_t whole_end, uint32_t node,
                             uint32_t domain, rmf_runs *to);

/* Cuts off what starts at or after `end`. */
void rmf_runs_cut(rmf_runs *runs, uintptr_t end);

/* Frees what it holds. */
void rmf_runs_drop(rmf_runs *runs);

#endif
