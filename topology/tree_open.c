/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens a tree: asks a source for the machine, applies the limits of this process, and builds. */
#include "places.h"
#include "source.h"
#include "synthetic.h"
#include "tree_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* As in the table of variables: the largest cache-coherent machines sold have fewer PUs. */
enum { WORKERS_MAX = 4096 };

static ramify_status check_options(const ramify_tree_options *o)
{
    if (o->workers > WORKERS_MAX)
        return rmf_diagnose(o->diagnosis, RAMIFY_ERR_RANGE, 0, "%u workers: must be 1 to %d", o->workers, WORKERS_MAX);
    if (o->workers_per > RAMIFY_PER_PU)
        return rmf_diagnose(o->diagnosis, RAMIFY_ERR_RANGE, 0, "workers_per is %u: no ramify_workers_per",
                            o->workers_per);
    return RAMIFY_OK;
}

/* What is a file is read as one; what reads like a description is taken for one; anything else is a file that is
 * missing. */
static ramify_status find_origin(const ramify_tree_options *o, rmf_origin *origin)
{
    struct stat file;
    if (!o->from) {
        *origin = RMF_ORIGIN_THIS_MACHINE;
    } else if (stat(o->from, &file) == 0) {
        *origin = RMF_ORIGIN_XML;
    } else if (rmf_synthetic_is_meant(o->from)) {
        *origin = RMF_ORIGIN_SYNTHETIC;
        return rmf_synthetic_check(o->from, o->diagnosis);
    } else {
        return rmf_diagnose(o->diagnosis, RAMIFY_ERR_NOT_FOUND, 0,
                            "%.160s: no such file (and no description such as \"pack:2 numa:2 core:4\")", o->from);
    }
    return RAMIFY_OK;
}

static ramify_status discover(const ramify_tree_options *o, rmf_machine **machine)
{
    rmf_source_request request = { .text = o->from, .log = { o->log, o->log_self }, .diagnosis = o->diagnosis };
    ramify_status      status  = find_origin(o, &request.origin);
    if (status)
        return status;
    status = rmf_source_hwloc.discover(&request, machine);
    if (!status || status == RAMIFY_ERR_NO_MEMORY || request.origin != RMF_ORIGIN_THIS_MACHINE)
        return status;

    const char *why = status == RAMIFY_ERR_NOT_BUILT ? "hwloc is not built in" : "hwloc finds nothing here";
    rmf_log_line(&request.log, RAMIFY_LOG_WARNING, "%s: the machine is taken to be flat", why);
    status = rmf_source_flat.discover(&request, machine);
    if (!status)
        snprintf((*machine)->source, sizeof(*machine)->source, "flat: %s", why);
    return status;
}

ramify_status rmf_tree_build(const rmf_machine *machine, const rmf_limits *limits, const ramify_tree_options *options,
                             ramify_tree **tree)
{
    rmf_log       log                        = { options->log, options->log_self };
    uint64_t      usable[RMF_BITS_MAX_WORDS] = { 0 };
    rmf_share     share                      = { .usable = usable };
    rmf_shape    *shape                      = NULL;
    ramify_tree  *t                          = NULL;
    ramify_status status                     = rmf_limits_share(machine, limits, options, &share);
    if (!status)
        status = rmf_shape_create(machine, usable, options->workers_per == RAMIFY_PER_PU, &log, &shape);
    if (!status && !(t = calloc(1, sizeof *t)))
        status = RAMIFY_ERR_NO_MEMORY;
    if (!status)
        status = rmf_tree_grow(machine, shape, share.workers, t);
    if (!status)
        status = rmf_tree_furnish(machine, t);
    rmf_shape_free(shape);
    if (status) {
        ramify_tree_free(t);
        return status;
    }
    t->limit        = share.limit;
    t->this_machine = machine->this_machine;
    memcpy(t->reason, share.reason, sizeof t->reason);
    memcpy(t->source, machine->source, sizeof t->source);
    memcpy(t->speed_source, machine->speed_source, sizeof t->speed_source);
    *tree = t;
    return RAMIFY_OK;
}

static ramify_status open_tree(const ramify_tree_options *o, ramify_tree **tree)
{
    rmf_log       log     = { o->log, o->log_self };
    rmf_machine  *machine = NULL;
    rmf_limits   *limits  = NULL;
    ramify_status status  = check_options(o);
    if (!status)
        status = discover(o, &machine);
    if (!status && machine->this_machine) {
        limits = calloc(1, sizeof *limits);
        status = limits ? rmf_limits_gather("", &log, limits) : RAMIFY_ERR_NO_MEMORY;
    }
    if (limits && !o->no_ranks && !o->beyond_mask)
        limits->ranks = rmf_local_ranks_read();
    if (limits && (o->beyond_mask || (o->places && rmf_places_are_explicit(o->places))))
        limits->has_affinity = false;
    if (!status)
        status = rmf_tree_build(machine, limits, o, tree);
    free(limits);
    rmf_machine_free(machine);
    return status;
}

ramify_status ramify_tree_open(const ramify_tree_options *options, ramify_tree **tree)
{
    ramify_diagnosis    why = { 0 };
    ramify_tree_options o   = options ? *options : (ramify_tree_options){ 0 };
    ramify_diagnosis   *out = o.diagnosis;
    o.diagnosis             = &why;
    ramify_status status    = open_tree(&o, tree);
    if (!status)
        return RAMIFY_OK;
    if (why.status != status) /* the plain ones, such as no memory, are not put into words where they happen */
        rmf_diagnose(&why, status, 0, "%.160s: %s", o.from ? o.from : "this machine", ramify_status_text(status));
    if (out)
        *out = why;
    rmf_log_line(&(rmf_log){ o.log, o.log_self }, RAMIFY_LOG_ERROR, "%s", why.text);
    return status;
}

void ramify_tree_free(ramify_tree *tree)
{
    if (!tree)
        return;
    free(tree->domains);
    free(tree->leaves);
    free(tree->leaf_of_pu);
    free(tree->core_of_pu);
    free(tree->memories);
    free(tree->distances);
    free(tree->storage);
    free(tree->node_storage);
    free(tree);
}
