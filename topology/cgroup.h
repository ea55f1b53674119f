/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control groups of this process allow: CPU time (v2 cpu.max, v1 cpu.cfs_quota_us) and CPUs (cpuset).
 *
 * A group is bound by every group above it, so the quota is looked for from the process's own group up to the mount
 * point, and the least one holds. `root` stands before every path, so that tests can offer a tree of their own: "" is
 * this system. Nothing here is an error but lack of memory: a file that is missing does not limit, and one that cannot
 * be understood is logged and does not limit either. */
#ifndef RMF_TOPOLOGY_CGROUP_H
#define RMF_TOPOLOGY_CGROUP_H

#include "bits.h"
#include "log.h"

/* The least CPU quota on the way up.
 * cpus: out; 1.5 is one and a half CPUs, 0 is no quota. file: out; static name of the kind of file that decided.
 * Errors: ERR_NO_MEMORY. */
ramify_status rmf_cgroup_quota(const char *root, const rmf_log *log, double *cpus, const char **file);

/* The CPUs of the nearest group that names some, into set[RMF_BITS_MAX_WORDS].
 * found: out; false when none does. Errors: ERR_NO_MEMORY. */
ramify_status rmf_cgroup_cpus(const char *root, const rmf_log *log, uint64_t *set, bool *found);

#endif
