/* SPDX-License-Identifier: BSD-3-Clause */
/* Changing the policy of a runtime, and telling which it is.
 *
 * A plan is made aside and takes the place of the old one, which is freed once nobody places by it any more
 * (src/workers/replan.h). One change waits for the other; whoever only asks for the text waits for neither. */
#include "runtime_handle.h"

#include "replan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static ramify_status refuse(const ramify_runtime *rt, const char *text, ramify_diagnosis *diagnosis)
{
    if (!rt || !text)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0, "the runtime or the text of the policy is NULL");
    if (rmf_is_placing(rt->pool))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_BUSY, 0, "a policy cannot be changed by a rule that is picking");
    if (rmf_replan_prepare(rt->pool))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYSTEM, 0, "membarrier() to register: %s", strerror(errno));
    return RAMIFY_OK;
}

/* Puts a plan in place; gives the one before, which nobody uses any more. */
static rmf_plan *replace(ramify_runtime *rt, rmf_plan *plan, char *text)
{
    pthread_mutex_lock(&rt->plan_lock);
    rmf_plan *before = rmf_replan_publish(rt->pool, plan);
    rt->plan         = plan;
    (void)rmf_plan_texts_add(&rt->plan_texts, text);
    rmf_replan_await(rt->pool);
    pthread_mutex_unlock(&rt->plan_lock);
    return before;
}

ramify_status ramify_policy_set(ramify_runtime *rt, const char *text, const ramify_policy_ops *const *policies,
                                ramify_diagnosis *diagnosis)
{
    rmf_plan     *plan;
    ramify_status status = refuse(rt, text, diagnosis);
    if (!status)
        status = rmf_plan_create(rt->tree, text, policies, rt->pool->seed, diagnosis, &plan);
    if (status)
        return status;
    char *copy = strdup(rmf_plan_text(plan)), *told = copy ? strdup(copy) : NULL;
    if (!told) {
        free(copy);
        rmf_plan_free(plan);
        return rmf_diagnose(diagnosis, RAMIFY_ERR_NO_MEMORY, 0, "no memory for the text of the policy");
    }
    rmf_plan *before = replace(rt, plan, copy);
    rmf_log_line(&rt->pool->log, RAMIFY_LOG_INFO, "policy: %s, before: %s", told, rmf_plan_text(before));
    rmf_plan_free(before);
    free(told);
    return RAMIFY_OK;
}

ramify_status ramify_policy_get(const ramify_runtime *rt_, char **text)
{
    ramify_runtime *rt = (ramify_runtime *)(uintptr_t)rt_; /* the lock is the one thing that changes */
    if (!rt || !text)
        return RAMIFY_ERR_INVALID;
    char *copy = rmf_plan_texts_copy_newest(&rt->plan_texts);
    if (!copy)
        return RAMIFY_ERR_NO_MEMORY;
    *text = copy;
    return RAMIFY_OK;
}
