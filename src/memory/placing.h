/* SPDX-License-Identifier: BSD-3-Clause */
/* Placing: from a wish to a plan (which run of pages on which node), and from a plan to the kernel's policies.
 *
 * What a node can still give is written down once per call and used up as the plan grows, so two parts of one array do
 * not count on the same free pages. Nothing is reserved: another process may be quicker, and only a touch settles it.
 */
#ifndef RMF_MEMORY_PLACING_H
#define RMF_MEMORY_PLACING_H

#include "space_inside.h"

/* Errors: ERR_INVALID a field is no such value, a domain is not of the tree. */
ramify_status rmf_wish_check(const ramify_space *space, const ramify_wish *wish);

/* Copies a checked wish (NULL: all zero) to a region. Errors: ERR_NO_MEMORY. */
ramify_status rmf_wish_copy(const ramify_wish *wish, rmf_region *region);

/* Starts a new account of what nodes can give. Lock. */
void rmf_account_open(ramify_space *space);

/* Chooses the nodes of a region's wish: space->choice, and the region's ring when there are several. Lock.
 * Errors: ERR_NO_MEMORY. */
ramify_status rmf_placing_choose(ramify_space *space, rmf_region *region);

/* Memory in the pool of huge pages that the chosen nodes can give to a region's wish. Lock, after choosing. */
uint64_t rmf_placing_pool_bytes(const ramify_space *space, const rmf_region *region);

/* Plans [start, end) as chosen. Lock. Errors: ERR_NO_MEMORY; strict: the reason of region->placed. */
ramify_status rmf_placing_plan(ramify_space *space, rmf_region *region, uintptr_t start, uintptr_t end);

/* Plans [start, end) on one node for a domain, and where the node is short on others in order of distance. Lock.
 * want: position, or RAMIFY_NONE. Errors: ERR_NO_MEMORY. */
ramify_status rmf_placing_plan_on(ramify_space *space, rmf_region *region, uintptr_t start, uintptr_t end,
                                  uint32_t want, uint32_t domain);

/* Gives the whole pages of a region from `start` on the policies of its plan and completes region->placed.
 * Errors: only when strict: the reason of region->placed. */
ramify_status rmf_placing_bind(ramify_space *space, rmf_region *region, uintptr_t start);

/* Brings a region's pages in, if its wish says so, and counts them. Errors: ERR_NO_MEMORY the kernel had
 * no page to give, or, when strict, one of another node. */
ramify_status rmf_placing_touch(ramify_space *space, rmf_region *region);

/* The domain of memory nothing is known of: that of the only node, RAMIFY_NONE where there are more. */
uint32_t rmf_placing_only_domain(const ramify_space *space);

#endif
