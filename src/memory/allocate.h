/* SPDX-License-Identifier: BSD-3-Clause */
/* The two halves of an allocation, for all who make memory of a space: arrays and replicas too. */
#ifndef RMF_MEMORY_ALLOCATE_H
#define RMF_MEMORY_ALLOCATE_H

#include "space_inside.h"

/* First half, under the lock: copies the wish (checked; NULL: none), chooses nodes and maps memory. What is left to the
 * caller is the plan. Errors: ERR_RANGE, ERR_NO_MEMORY. */
ramify_status rmf_allocate_map(ramify_space *space, size_t bytes, const ramify_wish *wish, rmf_region *region);

/* Second half, with or without the lock: binds as planned, touches, and answers as planned. Errors: ERR_NO_MEMORY; the
 * reasons of a strict wish. */
ramify_status rmf_allocate_settle(ramify_space *space, rmf_region *region);

#endif
