/* SPDX-License-Identifier: BSD-3-Clause */
/* Cutting a count of elements into parts: arithmetic only. Part p belongs to home p modulo their number. */
#ifndef RMF_MEMORY_CUT_H
#define RMF_MEMORY_CUT_H

#include <ramify/array.h>

typedef struct rmf_cut {
    uint32_t  rule;   /* ramify_cut_rule */
    uint32_t  homes;  /* number of them */
    uint64_t  count;  /* elements */
    uint64_t  parts;  /* homes, or blocks */
    uint64_t  block;  /* CYCLIC */
    uint64_t *starts; /* WEIGHTED, POINTS: homes + 1 elements; else NULL */
} rmf_cut;

/* Cuts. count, homes: at least 1. weights: one per home, for WEIGHTED. The block and the points are those of `asked`.
 * Errors: ERR_INVALID a weight or their sum, a point or the block is not what ramify_cut says; ERR_NO_MEMORY. */
ramify_status rmf_cut_make(const ramify_cut *asked, uint64_t count, uint32_t homes, const double *weights,
                           rmf_cut *cut);

/* First element of a part, 0 .. parts; that of `parts` is count. */
uint64_t rmf_cut_first(const rmf_cut *cut, uint64_t part);

/* The part of an element, 0 .. count - 1. */
uint64_t rmf_cut_part_of(const rmf_cut *cut, uint64_t element);

void rmf_cut_drop(rmf_cut *cut);

#endif
