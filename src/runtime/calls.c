/* SPDX-License-Identifier: BSD-3-Clause */
/* Entering fork-join from any thread. */
#include "forks.h"
#include "runtime_handle.h"

ramify_status ramify_fork_call(ramify_runtime *rt, ramify_fork *fork, ramify_fork_fn run)
{
    ramify_group *group = NULL;
    if (!rt || !fork || !run)
        return RAMIFY_ERR_INVALID;
    fork->run   = run;
    fork->state = 0;
    if (!rmf_own_worker(rt->pool)) {
        ramify_status status = ramify_group_create(rt, NULL, &group);
        if (status)
            return status;
    }
    ramify_status status = rmf_fork_call(rt->pool, group, fork);
    (void)ramify_group_free(group); /* done, or nothing was submitted */
    return status;
}
