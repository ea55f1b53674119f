/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine with several NUMA nodes that is not there: the table of page calls, simulated, and trees to go with it.
 *
 * Memory is real; only where a page lies is made up. A page gets its node when it is first asked for after a touch, by
 * the policy it has then and by what the nodes have left, as the kernel would have done at the touch. */
#ifndef RAMIFY_TESTS_FAKEPAGES_H
#define RAMIFY_TESTS_FAKEPAGES_H

#include "space_inside.h"

#define FAKE_NODES_MOST 8

typedef struct fake_policy {
    uintptr_t     start, end;
    rmf_bind_mode mode;
    uint64_t      nodes;
} fake_policy;

typedef struct fake_page {
    uintptr_t address;
    int       node;
} fake_page;

typedef struct fake_machine {
    uint32_t nodes;
    uint64_t allowed; /* bits */
    uint64_t free_bytes[FAKE_NODES_MOST];
    uint64_t pool_bytes[FAKE_NODES_MOST];
    uint64_t huge_bytes;
    int      here;         /* node of the thread that touches */
    int      bind_error;   /* the system's number each call fails with; 0: it works */
    int      query_error;
    int      move_error;
    bool     fails_once;     /* bind_error goes with its first failure */
    int      bind_fails_at;  /* the calls before this one, counted from now, work; 0: the next fails */
    bool     boasts;         /* nodes do not say how little they have left */
    int      balancing;
    int      uniform;    /* not 0: every page touched is on this node, and nothing is recorded */
    uint32_t pool_looks; /* questions for what is in the pool */
    uintptr_t pinned, shared; /* pages that do not move: without a reason, and with EACCES */
    uint32_t  binds, queries, moves; /* calls so far */

    fake_policy *policies; /* the last that covers a page counts */
    size_t       policy_count;
    fake_page   *pages; /* those that have a node */
    size_t       page_count;
} fake_machine;

extern const rmf_pages fake_pages;

/* `nodes` nodes of 1 GiB, all allowed, no pool, the touching thread on node 0. */
fake_machine *fake_make(uint32_t nodes);
void          fake_drop(fake_machine *fake);

/* Puts a page on a node, as if the kernel had done so of itself. */
void fake_put(fake_machine *fake, const void *address, int node);

/* Node of a page, minus a system's number, RMF_PAGE_ABSENT. */
int fake_node_of(fake_machine *fake, const void *address);

/* The policy a page has; NULL: none was set. */
const fake_policy *fake_policy_of(const fake_machine *fake, const void *address);

/* 2 packages x 2 nodes x 2 cores; distance 12 within a package, 20 + the difference of the indexes across. */
ramify_tree *fake_tree(void);

/* The same as one of another machine. */
ramify_tree *fake_tree_elsewhere(void);

/* 2 nodes x 2 cores; behind each an HBM node without CPUs (2, 3), behind both a large far one (4). measured: with the
 * firmware's bandwidths and latencies. Node 1 has no memory if `memoryless`. */
ramify_tree *fake_tree_tiers(bool measured, bool memoryless);

/* A space over a tree and a fake machine that must open. */
ramify_space *fake_space(const ramify_tree *tree, fake_machine *fake);

/* The domain of the node with this os index, and the first leaf below it. */
uint32_t fake_domain(const ramify_tree *tree, uint32_t node);
uint32_t fake_leaf(const ramify_tree *tree, uint32_t leaf);

#endif
