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
    if (rmf_replan_prepare(rt->pool) == RAMIFY_OK)
        return RAMIFY_OK;
    const char *why = strerror(errno);
    rmf_log_line(&rt->pool->log, RAMIFY_LOG_ERROR, "membarrier() to register: %s", why);
    return rmf_diagnose(diagnosis, RAMIFY_ERR_SYSTEM, 0, "membarrier() to register: %s", why);
}

/* What takes the place of something, and then what was there. */
typedef struct change {
    rmf_plan       *plan;
    char           *text;  /* of the plan */
    ramify_options *asked; /* what ramify_restart() goes by; NULL: a team's */
} change;

static void drop(change *c)
{
    rmf_plan_free(c->plan);
    free(c->text);
    free(c->asked);
}

/* Everything that can fail. */
static ramify_status make(ramify_runtime *rt, const char *text, const ramify_policy_ops *const *policies,
                          ramify_diagnosis *diagnosis, change *c)
{
    *c                   = (change){ NULL, NULL, NULL };
    ramify_status status = rmf_plan_create(rt->tree, text, policies, rt->pool->seed, diagnosis, &c->plan);
    if (status)
        return status;
    c->text = strdup(rmf_plan_text(c->plan));
    pthread_mutex_lock(&rt->plan_lock);
    ramify_options o = rt->asked ? *rt->asked : (ramify_options){ 0 };
    o.policy         = text;
    o.policies       = policies;
    if (rt->asked)
        c->asked = rmf_options_keep(&o);
    bool is_whole = c->text && (c->asked || !rt->asked);
    pthread_mutex_unlock(&rt->plan_lock);
    if (is_whole)
        return RAMIFY_OK;
    drop(c);
    return rmf_diagnose(diagnosis, RAMIFY_ERR_NO_MEMORY, 0, "no memory for the text of the policy");
}

/* Puts it in place; nobody uses any more what was there. */
static void replace(ramify_runtime *rt, change *c)
{
    pthread_mutex_lock(&rt->plan_lock);
    ramify_options *asked  = rt->asked;
    rmf_plan       *before = rmf_replan_publish(rt->pool, c->plan);
    rt->plan               = c->plan;
    rt->asked              = c->asked;
    rmf_tracing_note_plan(rt, rmf_plan_texts_add(&rt->plan_texts, c->text));
    rmf_replan_await(rt->pool);
    pthread_mutex_unlock(&rt->plan_lock);
    *c = (change){ before, NULL, asked };
}

ramify_status ramify_policy_set(ramify_runtime *rt, const char *text, const ramify_policy_ops *const *policies,
                                ramify_diagnosis *diagnosis)
{
    change        c;
    ramify_status status = refuse(rt, text, diagnosis);
    if (!status)
        status = make(rt, text, policies, diagnosis, &c);
    if (status)
        return status;
    replace(rt, &c);
    rmf_log_line(&rt->pool->log, RAMIFY_LOG_INFO, "policy: \"%s\" is in force, no longer \"%s\"", text,
                 rmf_plan_text(c.plan));
    drop(&c);
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
