/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of the library's policies, and the check of a text without a tree. */
#include "language.h"
#include "rules.h"

static const rmf_rule *const rules[] = {
    &rmf_rule_round_robin, &rmf_rule_random,   &rmf_rule_hash,         &rmf_rule_weighted,
    &rmf_rule_load_aware,  &rmf_rule_stealing, &rmf_rule_hierarchical, &rmf_rule_affinity,
};

static const ramify_policy_ops *const policies[] = {
    &rmf_rule_round_robin.ops, &rmf_rule_random.ops,   &rmf_rule_hash.ops,         &rmf_rule_weighted.ops,
    &rmf_rule_load_aware.ops,  &rmf_rule_stealing.ops, &rmf_rule_hierarchical.ops, &rmf_rule_affinity.ops,
};

const rmf_rule *rmf_rule_find(const char *name, size_t length)
{
    static const char alias[] = "steal";
    if (length == sizeof alias - 1 && memcmp(name, alias, length) == 0)
        return &rmf_rule_stealing;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strlen(rules[i]->ops.name) == length && memcmp(rules[i]->ops.name, name, length) == 0)
            return rules[i];
    return NULL;
}

const ramify_policy_ops *const *ramify_policies(uint32_t *count)
{
    if (count)
        *count = sizeof policies / sizeof policies[0];
    return policies;
}

ramify_status ramify_policy_check(const char *text, ramify_diagnosis *diagnosis)
{
    rmf_policy_text read;
    ramify_status   status = rmf_policy_text_read(text, NULL, diagnosis, &read);
    if (!status)
        rmf_policy_text_drop(&read);
    return status;
}
