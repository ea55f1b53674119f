/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiles a policy for a tree: every inner domain gets the rule that decides there, its state and its candidates, so
 * that placing is one indirect call per level and nothing else.
 *
 * The rule of a branch is that of the level of the branch's first child; brothers of different levels (irregular
 * trees) share it. A flat policy has at every inner domain a branch over the leaves below, so that a task asked to a
 * domain is placed within it by the same rule. Branches borrow their candidates from two arrays, in tree order. */
#include "plan.h"

#include "language.h"
#include "log.h"
#include "rules.h"
#include "text.h"

typedef struct stop {
    uint32_t (*pick)(void *state, const ramify_branch *branch, const ramify_pick *pick); /* NULL: a leaf */
    void                    *state;
    ramify_branch            branch;
    const ramify_policy_ops *ops; /* to be destroyed; NULL: no state was made */
} stop;

struct rmf_plan {
    uint32_t  count; /* of stops; one per domain of the tree */
    bool      stealing;
    char     *text;
    uint32_t *every;  /* every[i] == i: children of a domain are a part of it */
    uint32_t *leaves; /* [leaf number] its domain: leaves below a domain are a part of it */
    stop      stops[];
};

static const rmf_rule_text steal_text = { &rmf_rule_stealing.ops, "", 0 };

static uint32_t pick_only(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    (void)state;
    (void)branch;
    (void)pick;
    return 0;
}

/* Calls the rule's create, and turns its complaint into one about the whole text. */
static ramify_status create_state(stop *s, const rmf_rule_text *rule, uint64_t seed, ramify_diagnosis *diagnosis)
{
    ramify_diagnosis inner  = { RAMIFY_OK, 0, "" };
    ramify_status    status = rule->ops->create(&s->branch, rule->argument, seed, &s->state, &inner);
    if (status == RAMIFY_OK) {
        s->ops  = rule->ops;
        s->pick = rule->ops->pick;
        return RAMIFY_OK;
    }
    size_t position                   = inner.position <= strlen(rule->argument) ? inner.position : 0;
    inner.text[sizeof inner.text - 1] = 0;
    return rmf_diagnose(diagnosis, status, rule->argument_at + position, "%s",
                        inner.text[0] ? inner.text : ramify_status_text(status));
}

/* A branch of one candidate leaves nothing to decide; only work-stealing may still say: stay above it. */
static ramify_status make_stop(rmf_plan *plan, const rmf_rule_text *rule, const ramify_branch *branch, uint64_t seed,
                               ramify_diagnosis *diagnosis)
{
    stop *s        = &plan->stops[branch->at];
    bool  stealing = rule->ops == &rmf_rule_stealing.ops;
    plan->stealing = plan->stealing && stealing;
    s->branch      = *branch;
    if (branch->count == 1 && !stealing) {
        s->pick = pick_only;
        return RAMIFY_OK;
    }
    return create_state(s, rule, seed, diagnosis);
}

static ramify_status make_stops(rmf_plan *plan, const ramify_tree *tree, const rmf_policy_text *policy, uint64_t seed,
                                ramify_diagnosis *diagnosis)
{
    const ramify_domain *domains = ramify_tree_domains(tree, NULL);
    ramify_status        status  = RAMIFY_OK;
    for (uint32_t at = 0; at < plan->count && !status; at++) {
        const ramify_domain *d         = &domains[at];
        uint64_t             seed_here = ramify_random(&seed);
        if (d->child_count == 0)
            continue;
        ramify_branch        branch = { tree, at, d->child_count, plan->every + d->first_child };
        const rmf_rule_text *rule   = &policy->by_level[0];
        if (policy->flat)
            branch = (ramify_branch){ tree, at, d->leaf_count, plan->leaves + d->first_leaf };
        else if (!(rule = rmf_policy_text_at(policy, domains[d->first_child].level_mask)))
            rule = &steal_text;
        status = make_stop(plan, rule, &branch, seed_here, diagnosis);
    }
    return status;
}

static void add_rule(rmf_text *out, const char *name, const char *argument)
{
    rmf_text_add(out, argument[0] ? "%s(%s)" : "%s", name, argument);
}

/* A branch goes by the level its rule was named for, or by the level of its first child when it steals unnamed. */
static uint32_t label_of(const ramify_domain *domains, const rmf_policy_text *policy, uint32_t at)
{
    const ramify_domain *child = &domains[domains[at].first_child];
    uint32_t             level = rmf_policy_text_level(policy, child->level_mask);
    return level < RAMIFY_LEVEL_COUNT ? level : child->level;
}

/* Writes the policy as it works on this tree; reading it again gives the same plan. */
static char *write_text(const ramify_tree *tree, const rmf_policy_text *policy)
{
    uint32_t             count, seen = 0;
    const ramify_domain *domains = ramify_tree_domains(tree, &count);
    rmf_text             out     = { 0 };
    for (uint32_t at = 0; at < count && !policy->flat; at++)
        if (domains[at].child_count > 0)
            seen |= 1u << label_of(domains, policy, at);
    for (uint32_t level = 0; level < RAMIFY_LEVEL_COUNT; level++) {
        const rmf_rule_text *rule = &policy->by_level[level];
        if (!(seen >> level & 1))
            continue;
        rmf_text_add(&out, "%s%s:", out.length ? ", " : "", ramify_level_name((int)level));
        if (!rule->ops || rule->ops == &rmf_rule_stealing.ops)
            rmf_text_add(&out, "steal");
        else
            add_rule(&out, rule->ops->name, rule->argument);
    }
    if (policy->flat)
        add_rule(&out, policy->by_level[0].ops->name, policy->by_level[0].argument);
    else if (!seen)
        rmf_text_add(&out, "%s", rmf_rule_stealing.ops.name); /* one leaf: nothing is ever decided */
    return out.bytes;
}

static ramify_status compile(const ramify_tree *tree, const rmf_policy_text *policy, uint64_t seed,
                             ramify_diagnosis *diagnosis, rmf_plan **out)
{
    uint32_t count, leaves = ramify_tree_leaf_count(tree);
    ramify_tree_domains(tree, &count);
    rmf_plan *plan = calloc(1, sizeof *plan + count * sizeof plan->stops[0]);
    if (!plan)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_NO_MEMORY, 0, "no memory for a plan of %u domains", count);
    plan->count          = count;
    plan->stealing       = true;
    plan->every          = malloc(count * sizeof *plan->every);
    plan->leaves         = malloc(leaves * sizeof *plan->leaves);
    plan->text           = write_text(tree, policy);
    ramify_status status = RAMIFY_OK;
    if (!plan->every || !plan->leaves || !plan->text)
        status = rmf_diagnose(diagnosis, RAMIFY_ERR_NO_MEMORY, 0, "no memory for a plan of %u domains", count);
    for (uint32_t i = 0; i < count && !status; i++)
        plan->every[i] = i;
    for (uint32_t i = 0; i < leaves && !status; i++)
        plan->leaves[i] = ramify_tree_leaf(tree, i)->index;
    if (!status)
        status = make_stops(plan, tree, policy, seed, diagnosis);
    if (status)
        rmf_plan_free(plan);
    else
        *out = plan;
    return status;
}

ramify_status rmf_plan_create(const ramify_tree *tree, const char *text, const ramify_policy_ops *const *extra,
                              uint64_t seed, ramify_diagnosis *diagnosis, rmf_plan **plan)
{
    rmf_policy_text policy;
    ramify_status   status = rmf_policy_text_read(text, extra, diagnosis, &policy);
    if (!status && policy.flat && policy.by_level[0].ops == &rmf_rule_hierarchical.ops) {
        rmf_policy_text_drop(&policy);
        status = rmf_policy_text_read(RMF_HIERARCHICAL_TEXT, NULL, diagnosis, &policy);
    }
    if (status)
        return status;
    status = compile(tree, &policy, seed, diagnosis, plan);
    rmf_policy_text_drop(&policy);
    return status;
}

void rmf_plan_free(rmf_plan *plan)
{
    if (!plan)
        return;
    for (uint32_t i = 0; i < plan->count; i++)
        if (plan->stops[i].ops && plan->stops[i].ops->destroy)
            plan->stops[i].ops->destroy(plan->stops[i].state);
    free(plan->every);
    free(plan->leaves);
    free(plan->text);
    free(plan);
}

uint32_t rmf_plan_place(rmf_plan *plan, uint32_t from, const ramify_pick *pick)
{
    uint32_t at = from < plan->count ? from : 0;
    for (;;) {
        const stop *s = &plan->stops[at];
        if (!s->pick)
            return at;
        uint32_t choice = s->pick(s->state, &s->branch, pick);
        if (choice >= s->branch.count)
            return at; /* stay, or a user's rule that is out of its range */
        at = s->branch.domains[choice];
    }
}

bool rmf_plan_is_stealing(const rmf_plan *plan)
{
    return plan->stealing;
}

const char *rmf_plan_text(const rmf_plan *plan)
{
    return plan->text;
}
