/* SPDX-License-Identifier: BSD-3-Clause */
/* NUMA nodes, their memory attributes and their distances, from hwloc. */
#include "hwloc_parts.h"

#include <stdlib.h>

static int by_os_index(const void *a, const void *b)
{
    const hwloc_obj_t *x = a, *y = b;
    return (*x)->os_index < (*y)->os_index ? -1 : (*x)->os_index > (*y)->os_index;
}

static bool is_barred(hwloc_topology_t topology, hwloc_obj_t node)
{
    return !hwloc_bitmap_isset(hwloc_topology_get_allowed_nodeset(topology), node->os_index);
}

ramify_status rmf_hwloc_list_nodes(hwloc_topology_t topology, hwloc_obj_t **nodes, uint32_t *count)
{
    int      all  = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE);
    uint32_t kept = 0;
    *nodes        = calloc((size_t)all + 1, sizeof **nodes);
    if (!*nodes)
        return RAMIFY_ERR_NO_MEMORY;
    for (hwloc_obj_t node = NULL; (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node));) {
        if (node->os_index >= RMF_BITS_MAX)
            return RAMIFY_ERR_RANGE;
        if (!is_barred(topology, node) || !hwloc_bitmap_iszero(node->cpuset))
            (*nodes)[kept++] = node;
    }
    qsort(*nodes, kept, sizeof **nodes, by_os_index);
    *count = kept;
    return RAMIFY_OK;
}

/* Subtypes are hwloc's own words for kinds of memory ("Normal attributes" and "Heterogeneous memory" in its manual). */
static uint32_t kind_of(hwloc_obj_t node)
{
    static const struct {
        const char *subtype;
        uint32_t    kind;
    } kinds[] = {
        { "DRAM", RAMIFY_MEMORY_DRAM },  { "HBM", RAMIFY_MEMORY_HBM },       { "MCDRAM", RAMIFY_MEMORY_HBM },
        { "NVM", RAMIFY_MEMORY_FAR },    { "CXL-DRAM", RAMIFY_MEMORY_FAR },  { "CXL-NVM", RAMIFY_MEMORY_FAR },
        { "CXLMem", RAMIFY_MEMORY_FAR }, { "GPUMemory", RAMIFY_MEMORY_FAR },
    };
    for (size_t i = 0; node->subtype && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(node->subtype, kinds[i].subtype) == 0)
            return kinds[i].kind;
    return RAMIFY_MEMORY_UNKNOWN;
}

/* An attribute as the best-placed CPUs see it; reads alone where reads and writes are not given together. */
static uint64_t attribute_of(hwloc_topology_t topology, hwloc_obj_t node, hwloc_memattr_id_t both,
                             hwloc_memattr_id_t reads)
{
    struct hwloc_location from;
    hwloc_uint64_t        value;
    if (hwloc_memattr_get_best_initiator(topology, both, node, 0, &from, &value) == 0 ||
        hwloc_memattr_get_best_initiator(topology, reads, node, 0, &from, &value) == 0)
        return value;
    return 0;
}

static uint32_t position_of(const rmf_machine *m, unsigned os_index)
{
    for (uint32_t n = 0; n < m->node_count; n++)
        if (m->nodes[n].os_index == os_index)
            return n;
    return RAMIFY_NONE;
}

static void copy_distances(const struct hwloc_distances_s *from, rmf_machine *m)
{
    for (unsigned i = 0; i < from->nbobjs; i++)
        for (unsigned j = 0; j < from->nbobjs; j++) {
            if (!from->objs[i] || !from->objs[j])
                continue;
            uint32_t row = position_of(m, from->objs[i]->os_index), column = position_of(m, from->objs[j]->os_index);
            hwloc_uint64_t value = from->values[(size_t)i * from->nbobjs + j];
            if (row != RAMIFY_NONE && column != RAMIFY_NONE)
                m->distances[(size_t)row * m->node_count + column] = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
        }
}

/* The firmware's matrix by its name; files of old hwloc versions do not name it. */
static void read_distances(hwloc_topology_t topology, rmf_machine *m)
{
    struct hwloc_distances_s *matrix = NULL;
    unsigned                  count  = 1;
    if (hwloc_distances_get_by_name(topology, "NUMALatency", &count, &matrix, 0) != 0 || count == 0) {
        count = 1;
        if (hwloc_distances_get_by_type(topology, HWLOC_OBJ_NUMANODE, &count, &matrix,
                                        HWLOC_DISTANCES_KIND_FROM_OS | RMF_HWLOC_DISTANCES_LATENCY, 0) != 0 ||
            count == 0)
            return;
    }
    copy_distances(matrix, m);
    hwloc_distances_release(topology, matrix);
}

ramify_status rmf_hwloc_read_memory(hwloc_topology_t topology, hwloc_obj_t const *nodes, rmf_machine *m)
{
    for (uint32_t n = 0; n < m->node_count; n++) {
        rmf_node *node = &m->nodes[n];
        node->os_index = nodes[n]->os_index;
        node->kind     = kind_of(nodes[n]);
        node->barred   = is_barred(topology, nodes[n]);
        node->bytes    = nodes[n]->attr->numanode.local_memory;
        node->bandwidth_mib_per_second =
            attribute_of(topology, nodes[n], HWLOC_MEMATTR_ID_BANDWIDTH, HWLOC_MEMATTR_ID_READ_BANDWIDTH);
        node->latency_ns = attribute_of(topology, nodes[n], HWLOC_MEMATTR_ID_LATENCY, HWLOC_MEMATTR_ID_READ_LATENCY);
        rmf_hwloc_copy_bits(node->cpus, m->words, nodes[n]->cpuset);
    }
    read_distances(topology, m);
    return RAMIFY_OK;
}
