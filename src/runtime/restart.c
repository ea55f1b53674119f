/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting a runtime anew on a machine that has changed: the new one stands before the old one ends, so that a failure
 * changes nothing, and takes over the old one's space, so that memory keeps its homes. */
#include "runtime_handle.h"

#include <stdlib.h>
#include <string.h>

/* The texts among the options, by their place. */
static const size_t texts[] = { offsetof(ramify_options, from),     offsetof(ramify_options, cpus),
                                offsetof(ramify_options, places),   offsetof(ramify_options, policy),
                                offsetof(ramify_options, counters), offsetof(ramify_options, trace),
                                offsetof(ramify_options, schedule), offsetof(ramify_options, trace_while) };
enum { TEXTS = sizeof texts / sizeof texts[0] };

static const char **text_at(ramify_options *o, size_t place)
{
    return (const char **)(void *)((char *)o + place);
}

static size_t policy_count(const ramify_options *o)
{
    size_t n = 0;
    while (o->policies && o->policies[n])
        n++;
    return n;
}

ramify_options *rmf_options_keep(const ramify_options *options)
{
    ramify_options o     = *options;
    size_t         list  = (policy_count(&o) + 1) * sizeof *o.policies;
    size_t         bytes = sizeof o + list;
    for (size_t i = 0; i < TEXTS; i++)
        if (*text_at(&o, texts[i]))
            bytes += strlen(*text_at(&o, texts[i])) + 1;
    ramify_options *kept = malloc(bytes);
    if (!kept)
        return NULL;
    char *room = (char *)(kept + 1);
    if (o.policies) {
        memcpy(room, o.policies, list);
        o.policies = (const ramify_policy_ops *const *)(void *)room;
    }
    room += list;
    for (size_t i = 0; i < TEXTS; i++) {
        const char **text = text_at(&o, texts[i]);
        if (!*text)
            continue;
        *text = strcpy(room, *text);
        room += strlen(room) + 1;
    }
    o.diagnosis = NULL; /* of the start alone */
    *kept       = o;
    return kept;
}

static ramify_status check(const ramify_runtime *rt, ramify_diagnosis *diagnosis)
{
    if (!rt)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0, "the runtime is NULL");
    if (!rt->asked)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0,
                            "the runtime is a team's, which follows its threads itself");
    if (rt->asked->tree)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0,
                            "the program gave the tree (ramify_options.tree): open a new one and start with that");
    if (rmf_own_worker(rt->pool))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_BUSY, 0, "called from a worker of the runtime");
    return RAMIFY_OK;
}

/* What is the old runtime's and outlives it becomes the new one's. */
static void inherit(ramify_runtime *heir, ramify_tree *tree, ramify_runtime *old)
{
    heir->own_tree = tree;
    heir->asked    = old->asked;
    old->asked     = NULL;
    if (!old->own_space)
        return;
    heir->own_space  = old->own_space;
    heir->space_tree = old->space_tree ? old->space_tree : old->own_tree;
    if (!old->space_tree)
        old->own_tree = NULL;
    old->space_tree = NULL;
    old->own_space  = NULL;
}

ramify_status ramify_restart(ramify_runtime **runtime, ramify_diagnosis *diagnosis)
{
    ramify_runtime *old = runtime ? *runtime : NULL, *heir;
    ramify_tree    *tree;
    ramify_status   status = check(old, diagnosis);
    if (status)
        return status;
    ramify_options o = *old->asked;
    o.diagnosis      = diagnosis;
    o.space          = old->space;
    status           = rmf_runtime_discover(&o, &tree);
    if (status)
        return status;
    o.tree = tree;
    status = rmf_runtime_open(&o, false, &heir);
    if (status) {
        ramify_tree_free(tree);
        return status;
    }
    rmf_log_line(&heir->pool->log, RAMIFY_LOG_INFO, "restarted with %u workers, %u before", heir->pool->worker_count,
                 old->pool->worker_count);
    inherit(heir, tree, old);
    (void)ramify_stop(old); /* no worker of it calls */
    *runtime = heir;
    return RAMIFY_OK;
}

uint32_t ramify_runtime_new_cpus(const ramify_runtime *rt)
{
    return rt ? rmf_newcomers_count(&rt->pool->newcomers) : 0;
}
