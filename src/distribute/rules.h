/* SPDX-License-Identifier: BSD-3-Clause */
/* The library's rules: one constant table each, and what several of them share.
 *
 * A rule's state belongs to one branch. What picks write (tickets, key slots) lies on cache lines of its own; what
 * they only read follows. Memory orders are relaxed throughout: a rule publishes nothing but the word it changes, and
 * the task itself travels through the queues, which have orders of their own. */
#ifndef RMF_DISTRIBUTE_RULES_H
#define RMF_DISTRIBUTE_RULES_H

#include "atomics.h"

#include <ramify/policy.h>

#include <stdlib.h>
#include <string.h>

/* A rule: the public table, and the check of its argument that needs no tree (for ramify_policy_check). */
typedef struct rmf_rule {
    ramify_policy_ops ops;
    ramify_status (*check)(const char *argument, ramify_diagnosis *diagnosis);
} rmf_rule;

extern const rmf_rule rmf_rule_round_robin, rmf_rule_random, rmf_rule_hash, rmf_rule_weighted, rmf_rule_load_aware,
    rmf_rule_stealing, rmf_rule_hierarchical, rmf_rule_affinity;

/* What `hierarchical` alone stands for. */
#define RMF_HIERARCHICAL_TEXT "numa:affinity, l3:load-aware, core:steal"

/* The library's rule with a name of `length` bytes, `steal` included; NULL if there is none. */
const rmf_rule *rmf_rule_find(const char *name, size_t length);

/* Zeroed memory for a rule's state, on cache lines that nothing else uses; NULL when there is none. Freed by free(). */
static inline void *rmf_state_new(size_t bytes)
{
    size_t whole = (bytes + RMF_PAIR_BYTES - 1) / RMF_PAIR_BYTES * RMF_PAIR_BYTES;
    void  *state = aligned_alloc(RMF_PAIR_BYTES, whole);
    return state ? memset(state, 0, whole) : NULL;
}

/* Takes turns: 0, 1, .. count - 1, 0, .. over all threads. The counter would need 584 years of a task per
 * nanosecond to wrap; the turn stays below count even then. */
static inline uint32_t rmf_turn(_Atomic uint64_t *tickets, uint32_t count)
{
    /* order: none needed with other submitters: each ticket is given once, whatever else they see */
    return (uint32_t)(rmf_add_relaxed(tickets, 1) % count);
}

/* A uniform number below `bound` (1 or more), without bias (D. Lemire, "Fast random integer generation in an
 * interval", ACM TOMACS 29, 2019, algorithm 5): the rare draw that would make some numbers likelier is repeated. */
static inline uint32_t rmf_draw_below(uint64_t *random, uint32_t bound)
{
    uint64_t product = (ramify_random(random) >> 32) * bound;
    if ((uint32_t)product < bound) {
        uint32_t least = -bound % bound;
        while ((uint32_t)product < least)
            product = (ramify_random(random) >> 32) * bound;
    }
    return (uint32_t)(product >> 32);
}

/* Mixes 64 bits one-to-one (the output function of SplitMix64; source at ramify_random). */
static inline uint64_t rmf_mix64(uint64_t key)
{
    key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9u;
    key = (key ^ (key >> 27)) * 0x94D049BB133111EBu;
    return key ^ (key >> 31);
}

#endif
