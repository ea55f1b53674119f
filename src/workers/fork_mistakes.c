/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with a fork or a join, and where that is kept: in the worker for the computation on top of it, in the
 * thread outside of any runtime. */
#include "fork_mistakes.h"

#include "forks.h"

/* Of a thread that is no worker. */
static _Thread_local ramify_status outside __attribute__((tls_model("initial-exec")));

static ramify_status *place_of(rmf_worker *worker)
{
    return worker ? &worker->mistake : &outside;
}

void rmf_fork_blame(ramify_status mistake, const char *text)
{
    rmf_worker    *worker = rmf_worker_self();
    ramify_status *place  = place_of(worker);
    if (!text || *place)
        return;
    *place = mistake;
    if (worker)
        rmf_log_line(&worker->pool->log, RAMIFY_LOG_ERROR, "worker %u: %s", worker->number, text);
}

ramify_status ramify_fork_error(void)
{
    ramify_status *place   = place_of(rmf_worker_self());
    ramify_status  mistake = *place;
    *place                 = RAMIFY_OK;
    return mistake;
}

/* A context is good for the worker whose lane it is in; others' are not looked into. */
static const char *context_wrong(const ramify_context *context)
{
    const rmf_worker *worker = rmf_worker_self();
    if (!context)
        return "the context of a fork or join is NULL";
    if (!context->lane)
        return "the context is of no runtime: enter by ramify_fork_call";
    if (!worker || context->lane != &worker->lane.open)
        return "the context is another worker's, or of a runtime that has ended: use the one your function was given";
    return NULL;
}

const char *ramify_fork_push_wrong(ramify_context context, ramify_fork *fork, ramify_fork_fn run)
{
    if (!fork)
        return "the fork is NULL";
    if (!run)
        return "the function of a fork is NULL";
    return context_wrong(&context);
}

const char *ramify_fork_join_wrong(ramify_context *context, ramify_fork *fork)
{
    const char *wrong = context_wrong(context);
    if (wrong)
        return wrong;
    if (!fork)
        return "the fork to join is NULL";
    if (!rmf_fork_is_newest(&rmf_worker_self()->lane, context->head - 1, fork))
        return "the fork to join is not the newest unjoined one: joined before, out of order, or another's";
    return NULL;
}
