/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of a machine that is one MPI rank's when its launcher bound nothing: without it every rank would start a
 * worker on every core. All ranks cut the same cores in the same order, so they agree without a message. */
#ifndef RMF_TOPOLOGY_RANK_PART_H
#define RMF_TOPOLOGY_RANK_PART_H

#include "local_ranks.h"
#include "shape.h"

/* Reduces `usable` to the rank's share of the shape's cores: consecutive ones in tree order, so that a rank stays
 * within as few packages and caches as can be. With more ranks than cores, neighbours share one. shape: of `usable`. */
void rmf_rank_part_cut(const rmf_shape *shape, const rmf_local_ranks *ranks, uint64_t *usable);

#endif
