/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory from the system in whole pages, huge ones if they can be had, without a word about nodes. */
#ifndef RMF_MEMORY_MAPPING_H
#define RMF_MEMORY_MAPPING_H

#include <ramify/memory.h>

typedef struct rmf_mapping {
    char         *start;
    size_t        bytes;        /* whole pages */
    uint64_t      page_bytes;   /* unit in which policies may change: small pages, or those of the pool */
    uint32_t      pages;        /* ramify_pages got */
    ramify_status pages_reason; /* why not what was asked, OK if it is */
} rmf_mapping;

/* The size of small pages. */
uint64_t rmf_page_bytes(void);

/* Rounds up to a multiple of unit, a power of two. False when the result would exceed PTRDIFF_MAX. */
bool rmf_round_up(size_t bytes, uint64_t unit, size_t *rounded);

/* Maps zeroed, private memory of at least `bytes`, not 0.
 *
 * pages: ramify_pages. SYSTEM and SMALL give small ones, SMALL keeps the kernel from making them huge later. HUGE tries
 * in this order: the pool, if pool_bytes hold it (all its pages are huge, but it is the administrator's and often
 * empty); memory aligned to huge pages with madvise (the kernel uses them where it has them); small pages.
 * huge_bytes: 0 when the kernel has none. Errors: ERR_RANGE, ERR_NO_MEMORY. */
ramify_status rmf_mapping_make(size_t bytes, uint32_t pages, uint64_t huge_bytes, uint64_t pool_bytes,
                               rmf_mapping *mapping);

/* Cuts a mapping down to `bytes`, rounded up to its pages. Cannot fail: what the kernel does not take back stays. */
void rmf_mapping_shrink(rmf_mapping *mapping, size_t bytes);

/* Lets a mapping grow to `bytes`, moving it if need be; its pages keep their nodes. Errors: ERR_RANGE; ERR_NO_MEMORY;
 * ERR_SYSTEM the kernel cannot remap it in one piece. It is unchanged then. */
ramify_status rmf_mapping_grow(rmf_mapping *mapping, size_t bytes);

/* Brings all pages of a range in, by this thread. Contents stay. False: the kernel had no page to give. */
bool rmf_mapping_touch(char *start, size_t bytes);

/* Makes a mapping read-only. */
void rmf_mapping_freeze(const rmf_mapping *mapping);

/* True when all of a range is mapped. */
bool rmf_is_mapped(uintptr_t start, size_t bytes);

void rmf_mapping_drop(rmf_mapping *mapping);

#endif
