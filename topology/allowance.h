/* SPDX-License-Identifier: BSD-3-Clause */
/* What this process may use of the machine it runs on, and how many workers follow from that.
 *
 * Four things may take CPUs away, each a subset of the one before: the machine, the cpuset, the affinity mask, the
 * caller's list. The quota takes only time away, so it decides how many workers there are, never where. */
#ifndef RMF_TOPOLOGY_ALLOWANCE_H
#define RMF_TOPOLOGY_ALLOWANCE_H

#include "log.h"
#include "machine.h"
#include "local_ranks.h"

/* Limits of a process, gathered once; all absent for a machine this program does not run on. */
typedef struct rmf_limits {
    bool            has_cpuset, has_affinity;
    double          quota_cpus; /* 0: none */
    const char     *quota_file; /* static name of the kind of file it came from */
    rmf_local_ranks ranks;      /* count 0: no job of several ranks, or not asked for */
    uint64_t        cpuset[RMF_BITS_MAX_WORDS];
    uint64_t        affinity[RMF_BITS_MAX_WORDS];
} rmf_limits;

/* Gathers the limits of the calling thread. root: as in cgroup.h, "" for this system. Errors: ERR_NO_MEMORY. */
ramify_status rmf_limits_gather(const char *root, const rmf_log *log, rmf_limits *limits);

/* What was decided. */
typedef struct rmf_share {
    uint64_t    *usable; /* PUs that workers run on; the caller gives room for machine->words words */
    uint32_t     workers;
    uint32_t     places; /* chosen, 0: none were asked for */
    ramify_limit limit;
    char         reason[240];
} rmf_share;

/* Decides which PUs are used and by how many workers.
 *
 * limits: NULL for none. Errors: ERR_SYNTAX, ERR_RANGE in options->cpus; ERR_INVALID it names no PU we may use;
 * ERR_NO_MEMORY. */
ramify_status rmf_limits_share(const rmf_machine *machine, const rmf_limits *limits, const ramify_tree_options *options,
                               rmf_share *share);

#endif
