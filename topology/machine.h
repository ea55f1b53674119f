/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine as a source describes it, before anything is restricted: sets of PUs with a level each, NUMA nodes, the
 * speed of each PU, distances.
 *
 * There are no parent links: the tree follows from which set contains which (shape.h), so a source need not know in
 * what order levels nest on a given machine. */
#ifndef RMF_TOPOLOGY_MACHINE_H
#define RMF_TOPOLOGY_MACHINE_H

#include "bits.h"

/* A level of rmf_object for a cache that is not one of ramify_level (L1): it only tells a domain's cache size. */
enum { RMF_LEVEL_CACHE_ONLY = RAMIFY_LEVEL_COUNT };

/* A package, die, cache, core ...: a set of PUs that share something. PUs themselves need no object. */
typedef struct rmf_object {
    uint32_t  level;    /* ramify_level, or RMF_LEVEL_CACHE_ONLY */
    uint32_t  os_index; /* or RAMIFY_NONE */
    uint64_t  cache_bytes;
    uint64_t *cpus;
} rmf_object;

/* A NUMA node. Sources fill everything but has_cpus, and kind only if it is known by name. */
typedef struct rmf_node {
    uint32_t  os_index;
    uint32_t  kind; /* ramify_memory_kind */
    bool      has_cpus;
    bool      barred;                                      /* its memory may not be used by this process */
    uint64_t  bytes, bandwidth_mib_per_second, latency_ns; /* 0: unknown; bytes 0 beside other nodes: memoryless */
    uint64_t *cpus;                                        /* PUs it is local to */
} rmf_node;

typedef struct rmf_machine {
    uint32_t    words; /* of every set of PUs here */
    uint32_t    object_count, node_count;
    rmf_object *objects;
    rmf_node   *nodes;      /* ascending os_index */
    uint64_t   *online;     /* PUs that exist and run */
    uint64_t   *allowed;    /* of those, the ones the source says may be used */
    double     *speed;      /* per PU index: relative to the fastest kind, 1.0 where unknown */
    uint32_t   *home;       /* per PU index: position in nodes of the node whose CPU it is, or RAMIFY_NONE */
    uint32_t   *distances;  /* node_count x node_count by position, from row to column; 0: unknown */
    bool        has_memory; /* the source knows how much memory at least one node has */
    bool        this_machine;
    char        speed_source[160]; /* where `speed` comes from, a sentence */
    char        source[256];       /* as ramify_tree_source */
    uint64_t   *storage;           /* what every set above points into */
} rmf_machine;

/* Makes a machine with room for so many objects, nodes and PUs; all sets empty, all speeds 1.0, all distances 0.
 * Errors: ERR_RANGE more than RMF_BITS_MAX PUs; ERR_NO_MEMORY. */
ramify_status rmf_machine_create(uint32_t objects, uint32_t nodes, uint32_t pu_limit, rmf_machine **machine);

/* Frees a machine. machine: NULL is allowed. */
void rmf_machine_free(rmf_machine *machine);

/* To be called by a source when it has filled a machine: brings `allowed` within `online`, finds which nodes have CPUs
 * of their own and which PU belongs to which, and what kind of memory is behind nodes that have no name but a measured
 * bandwidth. */
void rmf_machine_settle(rmf_machine *machine);

#endif
