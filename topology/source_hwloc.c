/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine as hwloc (2.9 and later, 3.x included) knows it: loads a topology, copies what the tree needs, and lets
 * hwloc go. Files and descriptions are checked before hwloc sees them, because it answers only yes or no, and some of
 * its parsers print. */
#include "hwloc_parts.h"
#include "file_text.h"
#include "synthetic.h"
#include "xml_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The largest recorded topologies, of 4096-PU machines with all devices, take a few MiB. */
enum { XML_BYTES = 64 << 20 };

void rmf_hwloc_copy_bits(uint64_t *to, uint32_t words, hwloc_const_bitmap_t from)
{
    for (int bit = hwloc_bitmap_first(from); bit >= 0 && bit < (int)words * 64; bit = hwloc_bitmap_next(from, bit))
        rmf_bits_add(to, (uint32_t)bit);
}

/* The level an hwloc type stands for; RAMIFY_NONE for types the tree has no use for. Fourth-level caches (IBM z) are
 * groups: there is no level between package and L3 for them. */
static uint32_t level_of(hwloc_obj_type_t type)
{
    switch (type) {
    case HWLOC_OBJ_PACKAGE: return RAMIFY_LEVEL_PACKAGE;
    case HWLOC_OBJ_DIE: return RAMIFY_LEVEL_DIE;
    case HWLOC_OBJ_L5CACHE:
    case HWLOC_OBJ_L4CACHE:
    case HWLOC_OBJ_GROUP: return RAMIFY_LEVEL_GROUP;
    case HWLOC_OBJ_L3CACHE: return RAMIFY_LEVEL_L3;
    case HWLOC_OBJ_L2CACHE: return RAMIFY_LEVEL_L2;
    case HWLOC_OBJ_L1CACHE: return RMF_LEVEL_CACHE_ONLY;
    case HWLOC_OBJ_CORE: return RAMIFY_LEVEL_CORE;
    default: return RAMIFY_NONE;
    }
}

/* Calls visit for every object of a level; with machine == NULL only counts. */
static uint32_t copy_objects(hwloc_topology_t topology, rmf_machine *m)
{
    uint32_t count = 0;
    for (int depth = 0; depth < hwloc_topology_get_depth(topology); depth++) {
        uint32_t level = level_of(hwloc_get_depth_type(topology, depth));
        if (level == RAMIFY_NONE)
            continue;
        for (hwloc_obj_t from = NULL; (from = hwloc_get_next_obj_by_depth(topology, depth, from)); count++) {
            if (!m)
                continue;
            rmf_object *to = &m->objects[count];
            to->level      = level;
            to->os_index   = from->os_index; /* HWLOC_UNKNOWN_INDEX is RAMIFY_NONE */
            if (hwloc_obj_type_is_cache(from->type))
                to->cache_bytes = from->attr->cache.size;
            rmf_hwloc_copy_bits(to->cpus, m->words, from->cpuset);
        }
    }
    return count;
}

static ramify_status copy_machine(hwloc_topology_t topology, rmf_machine **machine)
{
    hwloc_const_cpuset_t online = hwloc_topology_get_topology_cpuset(topology);
    int                  last   = hwloc_bitmap_last(online);
    if (last < 0)
        return RAMIFY_ERR_NOT_FOUND;
    if (last >= RMF_BITS_MAX)
        return RAMIFY_ERR_RANGE;

    hwloc_obj_t  *nodes = NULL;
    uint32_t      node_count;
    rmf_machine  *m      = NULL;
    ramify_status status = rmf_hwloc_list_nodes(topology, &nodes, &node_count);
    if (!status)
        status = rmf_machine_create(copy_objects(topology, NULL), node_count, (uint32_t)last + 1, &m);
    if (!status) {
        copy_objects(topology, m);
        rmf_hwloc_copy_bits(m->online, m->words, online);
        rmf_hwloc_copy_bits(m->allowed, m->words, hwloc_topology_get_allowed_cpuset(topology));
        m->this_machine = hwloc_topology_is_thissystem(topology) != 0;
        status          = rmf_hwloc_read_memory(topology, nodes, m);
    }
    if (!status)
        status = rmf_hwloc_read_speed(topology, m);
    free(nodes);
    if (status) {
        rmf_machine_free(m);
        return status;
    }
    rmf_machine_settle(m);
    *machine = m;
    return RAMIFY_OK;
}

static ramify_status set_xml(hwloc_topology_t topology, const rmf_source_request *request)
{
    char         *text = NULL;
    size_t        length;
    int           cause;
    ramify_status status = rmf_file_read(request->text, XML_BYTES, &text, &length, &cause);
    if (status)
        return rmf_diagnose(request->diagnosis, status, 0, "%.150s: %s", request->text,
                            cause ? strerror(cause) : ramify_status_text(status));
    status = rmf_xml_check(request->text, text, length, hwloc_get_api_version() >> 16, request->diagnosis);
    if (!status && hwloc_topology_set_xmlbuffer(topology, text, (int)length + 1) != 0)
        status = rmf_diagnose(request->diagnosis, RAMIFY_ERR_FORMAT, 0, "%.150s: hwloc cannot read it as a topology",
                              request->text);
    free(text);
    return status;
}

/* Finds the first item hwloc would not know; hwloc itself does not say. */
static ramify_status refuse_synthetic(const rmf_source_request *request)
{
    size_t             position = 0;
    rmf_synthetic_item item     = { 0 };
    ramify_status      status;
    hwloc_obj_type_t   type;
    while (rmf_synthetic_next(request->text, &position, &item, &status))
        if (item.word[0] && hwloc_type_sscanf(item.word, &type, NULL, 0) < 0)
            return rmf_diagnose(
                request->diagnosis, RAMIFY_ERR_SYNTAX, item.position,
                "\"%.120s\": %s at character %zu is no level; levels are pack, die, numa, l3, l2, core, pu",
                request->text, item.word, item.position + 1);
    return rmf_diagnose(
        request->diagnosis, RAMIFY_ERR_SYNTAX, item.position,
        "\"%.120s\": hwloc cannot make a machine of it; levels must go from the outermost to pu, each once",
        request->text);
}

/* A description that ends above the hardware threads gets one for each of its innermost parts. */
static ramify_status set_synthetic(hwloc_topology_t topology, const rmf_source_request *request)
{
    if (hwloc_topology_set_synthetic(topology, request->text) == 0)
        return RAMIFY_OK;
    static const char ending[] = " pu:1";
    size_t            length   = strlen(request->text);
    char             *longer   = malloc(length + sizeof ending);
    if (!longer)
        return RAMIFY_ERR_NO_MEMORY;
    memcpy(longer, request->text, length);
    memcpy(longer + length, ending, sizeof ending);
    int failed = hwloc_topology_set_synthetic(topology, longer);
    free(longer);
    return failed ? refuse_synthetic(request) : RAMIFY_OK;
}

/* Disallowed PUs are kept, to tell what was taken away; the binding of the calling thread is left alone. */
static ramify_status load(const rmf_source_request *request, hwloc_topology_t topology)
{
    ramify_status status = RAMIFY_OK;
    if (request->origin == RMF_ORIGIN_XML)
        status = set_xml(topology, request);
    else if (request->origin == RMF_ORIGIN_SYNTHETIC)
        status = set_synthetic(topology, request);
    if (status)
        return status;
    hwloc_topology_set_flags(topology,
                             HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING);
    hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
    hwloc_topology_set_type_filter(topology, HWLOC_OBJ_MISC, HWLOC_TYPE_FILTER_KEEP_NONE);
    if (hwloc_topology_load(topology) == 0)
        return RAMIFY_OK;
    if (errno == ENOMEM)
        return RAMIFY_ERR_NO_MEMORY;
    if (request->origin == RMF_ORIGIN_THIS_MACHINE)
        return RAMIFY_ERR_NOT_FOUND;
    return rmf_diagnose(request->diagnosis, RAMIFY_ERR_FORMAT, 0, "%.150s: hwloc cannot read it as a topology",
                        request->text);
}

static void name_source(const rmf_source_request *request, rmf_machine *m)
{
    const char *what = request->origin == RMF_ORIGIN_XML         ? "file "
                       : request->origin == RMF_ORIGIN_SYNTHETIC ? "description "
                       : m->this_machine                         ? "this machine"
                                                                 : "another machine, by hwloc's own variables";
    snprintf(m->source, sizeof m->source, "hwloc %s: %s%.140s", RMF_HWLOC_VERSION, what,
             request->text ? request->text : "");
}

static ramify_status discover(const rmf_source_request *request, rmf_machine **machine)
{
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0)
        return RAMIFY_ERR_NO_MEMORY;
    ramify_status status = load(request, topology);
    if (!status)
        status = copy_machine(topology, machine);
    hwloc_topology_destroy(topology);
    if (!status)
        name_source(request, *machine);
    return status;
}

const rmf_source rmf_source_hwloc = { "hwloc", discover };
