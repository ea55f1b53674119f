/* SPDX-License-Identifier: BSD-3-Clause */
/* hierarchical: one rule per level. Alone it is the text RMF_HIERARCHICAL_TEXT, which the plan puts in its place; as
 * the rule of one level it is the rule that this text has for that level.
 *
 * Keyed work is kept in its NUMA domain, spread by load over the caches there, and left to thieves among the cores of
 * one cache, where moving it costs least. */
#include "rules.h"

#include "arguments.h"
#include "language.h"

typedef struct hierarchical {
    const ramify_policy_ops *ops;
    void                    *state;
} hierarchical;

static ramify_status hierarchical_check(const char *argument, ramify_diagnosis *diagnosis)
{
    return rmf_arguments_none(argument, "hierarchical", diagnosis);
}

static ramify_status hierarchical_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                         ramify_diagnosis *diagnosis)
{
    rmf_policy_text text;
    ramify_status   status = hierarchical_check(argument, diagnosis);
    if (!status)
        status = rmf_policy_text_read(RMF_HIERARCHICAL_TEXT, NULL, diagnosis, &text);
    if (status)
        return status;
    const ramify_domain *first = &ramify_tree_domains(branch->tree, NULL)[branch->domains[0]];
    const rmf_rule_text *rule  = rmf_policy_text_at(&text, first->level_mask);
    hierarchical        *made  = rmf_state_new(sizeof *made);
    status                     = made ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY;
    if (made) {
        made->ops = rule ? rule->ops : &rmf_rule_stealing.ops;
        status    = made->ops->create(branch, rule ? rule->argument : "", seed, &made->state, diagnosis);
    }
    rmf_policy_text_drop(&text);
    if (status)
        free(made);
    else
        *state = made;
    return status;
}

static uint32_t hierarchical_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    const hierarchical *rule = state;
    return rule->ops->pick(rule->state, branch, pick);
}

static void hierarchical_destroy(void *state)
{
    hierarchical *rule = state;
    if (rule->ops->destroy)
        rule->ops->destroy(rule->state);
    free(rule);
}

const rmf_rule rmf_rule_hierarchical = {
    .ops   = { "hierarchical", RMF_HIERARCHICAL_TEXT, hierarchical_create, hierarchical_pick, hierarchical_destroy },
    .check = hierarchical_check,
};
