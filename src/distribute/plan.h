/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan: the text of a policy compiled for one tree, an immutable set of rules with their state.
 *
 * Placing walks down from a domain: the rule of the level below picks a child (or, in a flat policy, a leaf) until a
 * leaf is reached or a rule says stay. Rules may count and remember (round-robin, affinity), always with atomics of
 * their own, so any thread may place. */
#ifndef RMF_DISTRIBUTE_PLAN_H
#define RMF_DISTRIBUTE_PLAN_H

#include <ramify/policy.h>

typedef struct rmf_plan rmf_plan;

/* Compiles text for tree. extra: a user's own policies, NULL-terminated, or NULL. The tree must outlive the plan.
 * plan: out, untouched on failure. Errors: ERR_SYNTAX, ERR_RANGE with a position in text; ERR_INVALID text is NULL or
 * a policy of extra has no name, create or pick; ERR_NO_MEMORY; what a rule's create returns. Cost: microseconds per
 * inner domain, milliseconds with `hash` over many candidates (README.md). */
ramify_status rmf_plan_create(const ramify_tree *tree, const char *text, const ramify_policy_ops *const *extra,
                              uint64_t seed, ramify_diagnosis *diagnosis, rmf_plan **plan);

void rmf_plan_free(rmf_plan *plan);

/* Walks down from `from` and returns the domain the task goes to: a leaf, or an inner domain where a rule said stay.
 * Any thread; no lock, no allocation. */
uint32_t rmf_plan_place(rmf_plan *plan, uint32_t from, const ramify_pick *pick);

/* True when every rule is work-stealing: a worker keeps what it submits, a task from outside stays at the root, and
 * the caller need not ask. */
bool rmf_plan_is_stealing(const rmf_plan *plan);

/* The policy written out with one rule per level of this tree, for people: "numa:affinity, core:steal". */
const char *rmf_plan_text(const rmf_plan *plan);

#endif
