/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the hwloc source, and the few names that differ between hwloc 2.x and 3.x. Only the files of this source
 * include this header, and they alone see hwloc.h. */
#ifndef RMF_TOPOLOGY_HWLOC_PARTS_H
#define RMF_TOPOLOGY_HWLOC_PARTS_H

#include "source.h"

#include <hwloc.h>

#if HWLOC_API_VERSION >= 0x00030000
#define RMF_HWLOC_DISTANCES_LATENCY HWLOC_DISTANCES_KIND_VALUE_LATENCY
#else
#define RMF_HWLOC_DISTANCES_LATENCY HWLOC_DISTANCES_KIND_MEANS_LATENCY
#endif

/* Copies a bitmap; elements beyond `words` are dropped. */
void rmf_hwloc_copy_bits(uint64_t *to, uint32_t words, hwloc_const_bitmap_t from);

/* The NUMA nodes a machine gets, ascending by os_index: those whose memory is allowed, and those with a CPU. *nodes is
 * the caller's to free, also when there are none. Errors: ERR_NO_MEMORY; ERR_RANGE an index of RMF_BITS_MAX or more. */
ramify_status rmf_hwloc_list_nodes(hwloc_topology_t topology, hwloc_obj_t **nodes, uint32_t *count);

/* Fills machine->nodes and machine->distances from such a list. Errors: ERR_NO_MEMORY. */
ramify_status rmf_hwloc_read_memory(hwloc_topology_t topology, hwloc_obj_t const *nodes, rmf_machine *machine);

/* Fills machine->speed and speed_source from the kinds of CPU. Errors: ERR_NO_MEMORY. */
ramify_status rmf_hwloc_read_speed(hwloc_topology_t topology, rmf_machine *machine);

#endif
