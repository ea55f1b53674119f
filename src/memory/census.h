/* SPDX-License-Identifier: BSD-3-Clause */
/* Asking the kernel where pages lie, in bulk, and making answers for lookups of it. */
#ifndef RMF_MEMORY_CENSUS_H
#define RMF_MEMORY_CENSUS_H

#include "space_inside.h"

/* Pages per call: addresses and nodes together take 6 KiB of the stack; larger batches gain nothing measurable, the
 * kernel itself works in pieces of this order. */
enum { RMF_CENSUS_BATCH = 512 };

/* Pages one refresh looks at: at 0.1 to 0.2 us each (move_pages, Linux 6.18) that is 6 to 13 ms. */
enum { RMF_CENSUS_MOST = 65536 };

/* The node a page was planned for: position, RAMIFY_NONE when no node was. */
uint32_t rmf_census_planned(const rmf_region *region, uintptr_t page, uint64_t unit);

/* Counts the pages of [start, start + bytes), which lies in the region. most: look at no more; 0: all.
 * per_node: by position, added to; NULL: not wanted. Takes no lock; the region must stay. */
void rmf_census_take(const ramify_space *space, const rmf_region *region, uintptr_t start, size_t bytes, uint64_t most,
                     uint64_t *per_node, ramify_census *census);

/* Adds the counts of one census to another; the first reason stays. */
void rmf_census_add(ramify_census *to, const ramify_census *from);

/* Looks at a region's pages and makes new answers of them and of its plan. Lock. Errors: ERR_NO_MEMORY, the old answers
 * stay. */
ramify_status rmf_census_renew(ramify_space *space, rmf_region *region);

#endif
