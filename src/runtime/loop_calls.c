/* SPDX-License-Identifier: BSD-3-Clause */
/* Entering loops from any thread, and histories for them. */
#include "history.h"
#include "loops.h"
#include "runtime_handle.h"

ramify_status ramify_for(ramify_runtime *rt, const ramify_range *ranges, uint32_t dimensions, ramify_for_fn body,
                         void *self, const ramify_for_options *options)
{
    rmf_loop      loop;
    ramify_group *group = NULL;
    if (!rt)
        return RAMIFY_ERR_INVALID;
    ramify_status status = rmf_loop_prepare(&loop, rt->pool, ranges, dimensions, body, self, options);
    if (!status && !rmf_own_worker(rt->pool))
        status = ramify_group_create(rt, NULL, &group);
    if (status)
        return status;
    status = rmf_loop_call(&loop, group, options);
    (void)ramify_group_free(group); /* done, or nothing was submitted */
    return status;
}

ramify_status ramify_history_create(const ramify_runtime *rt, ramify_history **history)
{
    if (!rt || !history)
        return RAMIFY_ERR_INVALID;
    return rmf_history_make(rt->pool, history);
}
