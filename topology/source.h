/* SPDX-License-Identifier: BSD-3-Clause */
/* The seam behind which machines are discovered: a table with one function. hwloc is one source; the flat one needs
 * only the operating system and is the null implementation. Sources know nothing of limits, workers or trees. */
#ifndef RMF_TOPOLOGY_SOURCE_H
#define RMF_TOPOLOGY_SOURCE_H

#include "log.h"
#include "machine.h"

typedef enum rmf_origin {
    RMF_ORIGIN_THIS_MACHINE,
    RMF_ORIGIN_XML,       /* text: the path of a file */
    RMF_ORIGIN_SYNTHETIC, /* text: a description in hwloc's words, "pack:2 numa:2 core:4" */
} rmf_origin;

typedef struct rmf_source_request {
    rmf_origin        origin;
    const char       *text;
    rmf_log           log;
    ramify_diagnosis *diagnosis; /* may be NULL */
} rmf_source_request;

typedef struct rmf_source {
    const char *name;
    /* Describes the machine asked for; *machine is settled and the caller's to free.
     * Errors: those of ramify_tree_open; ERR_NOT_BUILT this source cannot read such an origin; ERR_NOT_FOUND, of this
     * machine, nothing was found. */
    ramify_status (*discover)(const rmf_source_request *request, rmf_machine **machine);
} rmf_source;

extern const rmf_source rmf_source_hwloc; /* in a build without hwloc: answers ERR_NOT_BUILT */
extern const rmf_source rmf_source_flat;

#endif
