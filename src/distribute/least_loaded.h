/* SPDX-License-Identifier: BSD-3-Clause */
/* The least loaded of a few candidates: loads are compared as the time they stand for, (load + weight) / capacity.
 *
 * Used by load-aware for every task and by affinity for keys it has not seen. */
#ifndef RMF_DISTRIBUTE_LEAST_LOADED_H
#define RMF_DISTRIBUTE_LEAST_LOADED_H

#include <ramify/policy.h>

/* Looking at all of up to 4 candidates costs what two random draws with their divisions do, and is exact. */
enum { RMF_LOOK_AT_ALL = 4 };

typedef struct rmf_capacities {
    double *inverse; /* per candidate, 1 / capacity; the room is the caller's */
} rmf_capacities;

/* inverse: room for branch->count numbers; lives as long as *capacities. */
void rmf_capacities_fill(rmf_capacities *capacities, const ramify_branch *branch, double *inverse);

/* The least loaded of `looks` candidates chosen by chance, of all when there are no more than that or RMF_LOOK_AT_ALL.
 * The first look is where chance says, and a tie is the earlier look's: no candidate is favoured for its number. */
uint32_t rmf_least_loaded(const rmf_capacities *capacities, const ramify_branch *branch, const ramify_pick *pick,
                          uint32_t looks);

#endif
