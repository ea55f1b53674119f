/* SPDX-License-Identifier: BSD-3-Clause */
/* Moving pages, for the call that names a domain and for the touch that brings one. */
#ifndef RMF_MEMORY_MIGRATE_H
#define RMF_MEMORY_MIGRATE_H

#include "space_inside.h"

/* Moves the pages of [start, end), which lies in the region, to a domain's node, and changes plan and answers. Lock.
 * migration: added to. Errors: ERR_NO_MEMORY before any page moved. */
ramify_status rmf_migrate_range(ramify_space *space, rmf_region *region, uintptr_t start, uintptr_t end,
                                uint32_t domain, uint32_t merit, ramify_migration *migration);

#endif
