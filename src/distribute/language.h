/* SPDX-License-Identifier: BSD-3-Clause */
/* The policy language (grammar in ramify/policy.h): from text to rules with their levels, without a tree.
 *
 * The order in which a text names levels does not matter; naming one twice is an error. */
#ifndef RMF_DISTRIBUTE_LANGUAGE_H
#define RMF_DISTRIBUTE_LANGUAGE_H

#include <ramify/policy.h>

typedef struct rmf_rule_text {
    const ramify_policy_ops *ops;
    const char              *argument;    /* between the brackets, "" if there are none */
    size_t                   argument_at; /* its place in the text; the name's when there is none */
} rmf_rule_text;

typedef struct rmf_policy_text {
    bool          flat;                         /* one rule for all leaves: by_level[0] */
    rmf_rule_text by_level[RAMIFY_LEVEL_COUNT]; /* ops is NULL for a level that is not named */
    char         *copy;                         /* what the arguments point into */
} rmf_policy_text;

/* Reads text. extra: a user's own policies, NULL-terminated, or NULL; a name of theirs hides the library's. The
 * arguments of the library's rules are checked as far as that needs no tree.
 * policy: out, untouched on failure; freed by rmf_policy_text_drop. Errors: ERR_SYNTAX and ERR_RANGE with a position in
 * text; ERR_INVALID text is NULL, or a policy of extra has no name, create or pick; ERR_NO_MEMORY. */
ramify_status rmf_policy_text_read(const char *text, const ramify_policy_ops *const *extra, ramify_diagnosis *diagnosis,
                                   rmf_policy_text *policy);

void rmf_policy_text_drop(rmf_policy_text *policy);

/* The level whose rule decides among domains with this level_mask: the outermost of those named;
 * RAMIFY_LEVEL_COUNT when none is. Only for policies by level. */
uint32_t rmf_policy_text_level(const rmf_policy_text *policy, uint32_t level_mask);

/* The rule of that level; NULL when none is named. */
const rmf_rule_text *rmf_policy_text_at(const rmf_policy_text *policy, uint32_t level_mask);

#endif
