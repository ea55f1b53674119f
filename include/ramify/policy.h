/* SPDX-License-Identifier: BSD-3-Clause */
/* Policies: a rule at a branch of the tree picks the child a task goes to.
 *
 * A flat policy sees all leaves as children of the root; a policy by level has one rule per level and walks down. The
 * language in which policies are written, and the table through which a program adds its own, stand below. */
#ifndef RAMIFY_POLICY_H
#define RAMIFY_POLICY_H

#include <ramify/tree.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The policy language: the text of ramify_options.policy, of RAMIFY_POLICY and of the command.
 *
 *     policy := rule                               flat: over all leaves
 *             | level ':' rule {',' level ':' rule}  by level; levels that do not branch here are passed over
 *     rule   := name ['(' argument {',' argument} ')']
 *     name   := round-robin | random | hash | weighted | load-aware | work-stealing (or steal) | hierarchical
 *             | affinity | the name of a policy given in ramify_options.policies
 *
 * Blanks are free; levels may come in any order, each once. Where levels coincide on a machine, the rule of the
 * outermost one named decides. `hierarchical` alone means: numa:affinity, l3:load-aware, core:steal; at a level it
 * means what that text has there. A level the tree has and the text does not name uses `steal`.
 *
 * Arguments: hash(key), the default; weighted(capacity), the default, or weighted(3,1,2), one weight per candidate or
 * per leaf of the tree; load-aware(d), the least loaded of d candidates looked at, 2 to 8, 2 by default; affinity(n),
 * n keys remembered per branch, 64 to 1048576, 4096 by default. The others take none. Without a key, hash takes turns,
 * and affinity leaves a task with the worker that submitted it. A policy of the caller's hides one of the library's
 * with the same name; its argument is any text without brackets. */

/* What a task says about itself. Zero-initialised means: nothing. Every field is optional. A domain outranks an
 * address; with an address and a key, the policy places by the key within the domain of the address.
 *
 * A task whose domain, address, or key under a policy that heeds keys, gives it a home among several NUMA nodes waits
 * there for a worker of it. Workers of other nodes take it only when its waiting has cost more than the remote access
 * will: the nearer the earlier, never when strict. One with a priority other than 0 waits for nobody. */
typedef struct ramify_hint {
    uint64_t key;     /* same key, same place (hash, affinity); counts only if has_key */
    double   weight;  /* expected cost relative to other tasks; 0: 1.0 */
    uint32_t domain;  /* 1 + index of the domain to go to; 0: no wish. See ramify_at() */
    bool     has_key;
    bool     strict;   /* only workers below the chosen domain may run it */
    int8_t   priority; /* RAMIFY_PRIORITY_MIN .. RAMIFY_PRIORITY_MAX, more is sooner; 0: the usual one */

    /* Address of the data it works on, NULL: no wish. It goes to the smallest domain with workers that is nearest to the
     * node that the runtime's space (ramify_runtime_space) knows the data on. Only the address is kept, and only until
     * the call returns: the data may go any time. An address in no region, not touched yet, or whose node is not known
     * is as none, and counted (ramify_counts.near_unknown). */
    const void *near;
} ramify_hint;

/* What a priority promises: a worker that looks for its next task takes the highest priority waiting in its own
 * domains (its leaf and the domains above it), then steals above 0 before it steals anything else; below 0 comes when
 * it finds nothing else. Within a priority and domain about first in, first out. No order between domains, no order
 * among tasks that have started, and nobody who runs is interrupted. A program that uses none pays one load per search;
 * one that does pays a queue operation (about 30 ns) instead of a deque's for each task that has one. */
#define RAMIFY_PRIORITY_MIN (-8)
#define RAMIFY_PRIORITY_MAX 7

/* A hint to run at a domain: `ramify_at(index)`. */
static inline ramify_hint ramify_at(uint32_t domain)
{
    ramify_hint hint = { 0, 0, 0, false, false, 0, NULL };
    hint.domain      = domain + 1;
    return hint;
}

/* A hint that tasks with this key belong together. */
static inline ramify_hint ramify_keyed(uint64_t key)
{
    ramify_hint hint = { 0, 0, 0, false, false, 0, NULL };
    hint.key         = key;
    hint.has_key     = true;
    return hint;
}

/* The branch a rule decides at: `count` candidates. For a flat policy they are all leaves below `at`. */
typedef struct ramify_branch {
    const ramify_tree *tree;
    uint32_t           at;      /* domain the choice is made at */
    uint32_t           count;   /* number of candidates, at least 1 */
    const uint32_t    *domains; /* their domain indexes */
} ramify_branch;

/* What a rule may look at when it picks. */
typedef struct ramify_pick {
    const ramify_hint *hint;      /* never NULL */
    uint32_t           from_leaf; /* leaf of the submitting worker; RAMIFY_NONE from outside */
    uint64_t          *random;    /* state of the submitter's own generator; advance with ramify_random() */
    /* Load of a domain now: queued plus running cost in task weights, relaxed, may be a little old. */
    double (*load)(const void *load_self, uint32_t domain);
    const void *load_self;
} ramify_pick;

/* Next 64 random bits (SplitMix64; Steele, Lea, Flood, OOPSLA 2014, section 5). state: the caller's; any value.
 * Threads: one per state. Cost: O(1), about a nanosecond. */
static inline uint64_t ramify_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z          = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z          = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Leave the task at the branch: whoever below is idle first takes it. */
#define RAMIFY_PICK_STAY UINT32_MAX

/* A policy: a rule that can be put at any branch. The same table serves the library's eight and a user's own. */
typedef struct ramify_policy_ops {
    const char *name;    /* as the language spells it: lower case, digits and '-' */
    const char *summary; /* one line for `ramify help policies` */

    /* Makes the rule's state for one branch. argument: the text between the brackets, "" if none.
     * seed: for rules that use chance. Errors: ERR_SYNTAX with diagnosis->position relative to argument. */
    ramify_status (*create)(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                            ramify_diagnosis *diagnosis);

    /* Picks a candidate, 0 .. branch->count - 1, or RAMIFY_PICK_STAY. Called by many threads at once; must not block,
     * allocate, submit or change the policy, and must return: whoever changes the policy waits for that. */
    uint32_t (*pick)(void *state, const ramify_branch *branch, const ramify_pick *pick);

    /* Called once for each state when the policy was replaced (ramify_policy_set) or the runtime stops, and nobody is
     * in pick() any more, by the thread that does that. May be NULL when create makes nothing to free. */
    void (*destroy)(void *state);
} ramify_policy_ops;

/* The policies of the library. count: out, may be NULL. Ownership: static. Threads: any. Cost: O(1). */
RAMIFY_API const ramify_policy_ops *const *ramify_policies(uint32_t *count);

/* Checks the text of a policy without a runtime.
 *
 * text: NUL-terminated; only the library's policies are known. Whether a list of weights has the right length depends
 * on the tree and is seen by ramify_start. diagnosis: out, may be NULL; position points at the offending character.
 * Threads: any. Errors: ERR_SYNTAX malformed or unknown word; ERR_RANGE an argument is out of its range; ERR_INVALID
 * text is NULL; ERR_NO_MEMORY. Cost: O(length), a copy of the text. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_policy_check(const char *text, ramify_diagnosis *diagnosis);

#ifdef __cplusplus
}
#endif
#endif
