/* SPDX-License-Identifier: BSD-3-Clause */
/* What is behind a ramify_runtime: a tree, a plan for it, the pool that works by both, and
 * what the monitor may see of it. */
#ifndef RMF_RUNTIME_HANDLE_H
#define RMF_RUNTIME_HANDLE_H

#include "plan_texts.h"
#include "sde.h"
#include "shared_view.h"
#include "snapshot.h"
#include "submit.h"
#include "tracing.h"

struct ramify_runtime {
    const ramify_tree *tree;
    ramify_tree       *own_tree; /* NULL when the caller gave one */
    ramify_options    *asked;    /* a copy, to restart by; NULL: a team's */
    ramify_space      *space;
    ramify_space      *own_space;  /* NULL when the caller gave one */
    ramify_tree       *space_tree; /* what own_space lies over, if it is not own_tree; NULL otherwise */
    uint32_t          *domain_in;  /* from the domains of the space's tree to the tree's; NULL: they are the same */
    pthread_mutex_t    plan_lock;  /* guards the change of what follows, and of the policy in `asked` */
    rmf_plan          *plan;
    rmf_plan_texts     plan_texts;
    rmf_pool          *pool;
    rmf_watch          watch;        /* what the monitor sees of the pool */
    rmf_counter_set   *counters;     /* NULL: none */
    pthread_mutex_t    counter_lock; /* guards them */
    rmf_tracing        tracing;
    rmf_view_writer   *view; /* NULL: none */
    rmf_region_book    regions;
    rmf_live_cost      cost;
    rmf_sde_link       sde;
};

/* Makes a runtime by options that were read already. lent: without threads; a team brings its own.
 * Errors: as ramify_start. */
ramify_status rmf_runtime_open(const ramify_options *options, bool lent, ramify_runtime **rt);

/* The tree that options ask for, discovered anew. Errors: those of ramify_tree_open. */
ramify_status rmf_runtime_discover(const ramify_options *options, ramify_tree **tree);

/* A copy of options, with its strings and its list of policies; NULL without memory. To be freed in one piece. */
ramify_options *rmf_options_keep(const ramify_options *options);

/* Fills rt->watch and rt->regions once the pool stands. Errors: ERR_NO_MEMORY. */
ramify_status rmf_watch_init(ramify_runtime *rt);

/* Starts what the options ask for once every worker has its thread: counters, and the view for other programs.
 * Errors: those of ramify_counters_start and ramify_break_even_measure. */
ramify_status rmf_watch_start(ramify_runtime *rt, const ramify_options *options);

/* The calling thread has become a worker whose place another one may have had: its counters are that worker's now. */
void rmf_watch_follow(ramify_runtime *rt, uint32_t worker);

#endif
