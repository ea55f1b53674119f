/* SPDX-License-Identifier: BSD-3-Clause */
/* The shape of the usable part of a machine: its sets of PUs ordered by containment.
 *
 * Every object, every NUMA node with CPUs and every PU is cut down to the usable PUs; sets that became equal are one
 * branch with several levels; each of the others hangs below the smallest set that contains it. So a branch always has
 * two children or more, or is a single PU, and no order of levels is assumed: NUMA nodes within packages or around
 * them, groups anywhere, caches in one package and not in the other. */
#ifndef RMF_TOPOLOGY_SHAPE_H
#define RMF_TOPOLOGY_SHAPE_H

#include "log.h"
#include "machine.h"

typedef struct rmf_branch {
    uint32_t  parent; /* index of a branch with a lower index; RAMIFY_NONE for the root, 0 */
    uint32_t  level, level_mask, os_index;
    uint32_t  first_child, child_count; /* into rmf_shape.children */
    uint32_t  cores, pus;               /* at or below; cores counts PUs when workers are wanted per PU */
    bool      is_core;                  /* a core, or a PU that is in none */
    uint64_t  cache_bytes;
    uint64_t *cpus;
} rmf_branch;

typedef struct rmf_shape {
    uint32_t    words, count;
    rmf_branch *branches;
    uint32_t   *children; /* indexes of branches, those of one parent side by side by lowest PU */
    uint64_t   *storage;
} rmf_shape;

/* Makes the shape of the usable PUs of a machine. usable: not empty. per_pu: count PUs as cores.
 * Sets that cut across others are left out with a line in the log. Errors: ERR_NO_MEMORY. */
ramify_status rmf_shape_create(const rmf_machine *machine, const uint64_t *usable, bool per_pu, const rmf_log *log,
                               rmf_shape **shape);

/* Frees a shape. shape: NULL is allowed. */
void rmf_shape_free(rmf_shape *shape);

#endif
