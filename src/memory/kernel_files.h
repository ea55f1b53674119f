/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel says about memory in small files of /sys and /proc. Nothing is cached: all may change. */
#ifndef RMF_MEMORY_KERNEL_FILES_H
#define RMF_MEMORY_KERNEL_FILES_H

#include <stdint.h>

/* Bytes a node gives before the kernel goes on to another: what is free above its low watermark. UINT64_MAX: not known.
 * Page cache is not counted: with vm.zone_reclaim_mode 0, the default, the kernel takes another node's free memory
 * before it takes back this one's page cache. */
uint64_t rmf_kernel_node_free_bytes(uint32_t node);

/* Bytes free in a node's pool of huge pages of one size; 0: none or not known. */
uint64_t rmf_kernel_node_pool_bytes(uint32_t node, uint64_t huge_bytes);

/* kernel.numa_balancing: 0, 1, 2; -1: not known. */
int rmf_kernel_balancing(void);

/* Size of a transparent huge page, 0: the kernel has none. */
uint64_t rmf_kernel_huge_bytes(void);

#endif
