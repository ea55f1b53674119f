/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a distribution tree, for this room only, and the steps that fill it: grow, then furnish. */
#ifndef RMF_TOPOLOGY_TREE_INSIDE_H
#define RMF_TOPOLOGY_TREE_INSIDE_H

#include "allowance.h"
#include "machine.h"
#include "shape.h"

struct ramify_tree {
    uint32_t       count, leaf_count, memory_count;
    uint32_t       words, node_words; /* of every cpus, every nodes */
    ramify_domain *domains;
    uint32_t      *leaves;     /* leaf number -> domain */
    uint32_t      *leaf_of_pu; /* words * 64 of them */
    uint32_t      *core_of_pu; /* number of the usable core a PU is in; RAMIFY_NONE for unusable PUs */
    ramify_memory *memories;   /* ascending os_index */
    uint32_t      *distances;  /* memory_count x memory_count, by position */
    uint64_t      *storage;    /* what every cpus points into */
    uint64_t      *node_storage;
    ramify_limit   limit;
    bool           this_machine;
    char           reason[240], source[256], speed_source[160];
};

/* Grows domains and leaves: distributes `workers` over the branches of a shape.
 *
 * - A worker per core (or PU) gives every core (PU) a leaf.
 * - Fewer workers: every core still lies below exactly one leaf, which then holds several; workers spread as evenly
 * over the branches as OpenMP's proc_bind(spread) partitions its places. Compact placement would put the workers of two
 *   containers with a quota each on the same first cores.
 * - More workers than cores: hardware threads get them, one core after another; past those, several leaves share a PU.
 * Errors: ERR_NO_MEMORY. */
ramify_status rmf_tree_grow(const rmf_machine *machine, const rmf_shape *shape, uint32_t workers, ramify_tree *tree);

/* Adds memories, distances and each domain's nearest node to a tree that has its domains. Errors: ERR_NO_MEMORY. */
ramify_status rmf_tree_furnish(const rmf_machine *machine, ramify_tree *tree);

/* The whole way from a machine to a tree. limits: NULL for none. Errors: as ramify_tree_open. */
ramify_status rmf_tree_build(const rmf_machine *machine, const rmf_limits *limits, const ramify_tree_options *options,
                             ramify_tree **tree);

#endif
