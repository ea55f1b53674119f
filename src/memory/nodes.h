/* SPDX-License-Identifier: BSD-3-Clause */
/* Which nodes a wish means, and in which order others stand in for them. Nodes are positions in ramify_tree_memories.
 */
#ifndef RMF_MEMORY_NODES_H
#define RMF_MEMORY_NODES_H

#include "runs.h"

#include <ramify/memory.h>

typedef struct rmf_nodes {
    const ramify_tree   *tree;
    const ramify_domain *domains;
    const ramify_memory *memories;
    uint32_t             domain_count, count; /* of memories */
    bool                 sizes_known;         /* at least one node says how large it is */
} rmf_nodes;

/* Nodes chosen for a domain, ascending by position. */
typedef struct rmf_choice {
    uint32_t *position; /* room for all nodes of the tree */
    uint32_t  count;
    bool      measured; /* by the firmware's figures */
} rmf_choice;

rmf_nodes rmf_nodes_of(const ramify_tree *tree);

/* Position of a node by os index, RAMIFY_NONE for one the tree does not have. */
uint32_t rmf_nodes_position(const rmf_nodes *nodes, uint32_t os_index);

/* Chooses for a domain.
 *
 * ANY: the nodes with CPUs and memory at or below the domain; none there: the domain's nearest node. The other merits:
 * of all nodes local to the domain (attached above, at or below it) the best, and those as good as it, so that a large
 * domain gets the sum of their bandwidth. count stays 0 only if the tree has no node with memory. */
void rmf_nodes_choose(const rmf_nodes *nodes, uint32_t domain, uint32_t merit, rmf_choice *choice);

/* How far one node is from another: the firmware's distance; where it gives none, the levels of the tree up to the
 * domain that holds both, above every distance of the firmware's, 254 at most (ACPI 6.4, section 5.2.17). */
uint32_t rmf_nodes_distance(const rmf_nodes *nodes, uint32_t from, uint32_t to);

/* The nearest node to `from` of those with at least `least` of `free_bytes`, itself included; of equals the one with
 * CPUs, then the first. RAMIFY_NONE: none has. */
uint32_t rmf_nodes_nearest(const rmf_nodes *nodes, uint32_t from, const uint64_t *free_bytes, uint64_t least);

/* True when a node has memory, or no node's size is known. */
bool rmf_nodes_has_memory(const rmf_nodes *nodes, uint32_t position);

#endif
