/* SPDX-License-Identifier: BSD-3-Clause */
/* Random plans on random trees: whatever the policy, a task stays within the domain it was asked to, goes to a leaf
 * wherever no rule may say stay, and every leaf is reached. Seeds are fixed. */
#include "check.h"
#include "maketree.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = { "round-robin", "random",       "hash(key)", "weighted",   "load-aware(3)",
                                     "steal",       "affinity(64)", "affinity",  "load-aware", "hierarchical" };
enum { NAMES = sizeof names / sizeof names[0], PLACES = 200 };

static uint32_t below(uint64_t *random, uint32_t bound)
{
    return (uint32_t)(ramify_random(random) % bound);
}

/* A domain of a level inside `level`, brothers of any kind; about one in eight capacities is not 1. */
static void write_domain(char *out, uint64_t *random, int level, int depth)
{
    level += 1 + (int)below(random, 3);
    bool leaf = level >= RAMIFY_LEVEL_CORE || depth > 4;
    strcat(out, ramify_level_name(leaf ? RAMIFY_LEVEL_CORE : level));
    if (!leaf && below(random, 3) == 0 && level + 1 < RAMIFY_LEVEL_CORE)
        sprintf(out + strlen(out), "+%s", ramify_level_name(level + 1));
    if (leaf && below(random, 8) == 0)
        strcat(out, "*0.3");
    if (leaf)
        return;
    strcat(out, "(");
    for (uint32_t n = 1 + below(random, 4); n > 0; n--) {
        write_domain(out, random, level + 1, depth + 1);
        strcat(out, n > 1 ? " " : ")");
    }
}

static ramify_tree *random_tree(uint64_t *random)
{
    static char text[1 << 16];
    strcpy(text, "node(");
    for (uint32_t n = 2 + below(random, 3); n > 0; n--) {
        write_domain(text, random, RAMIFY_LEVEL_NODE, 0);
        strcat(text, n > 1 ? " " : ")");
    }
    return tree_from(text);
}

static void random_policy(char *out, uint64_t *random)
{
    out[0] = 0;
    if (below(random, 3) == 0) {
        strcpy(out, names[below(random, NAMES)]);
        return;
    }
    for (int level = 0; level < RAMIFY_LEVEL_COUNT; level++)
        if (below(random, 4) != 0)
            sprintf(out + strlen(out), "%s%s:%s", out[0] ? ", " : "", ramify_level_name(level),
                    names[below(random, NAMES)]);
    if (!out[0])
        strcpy(out, "random");
}

static void any_hint(submitter *s, uint64_t *random)
{
    s->hint           = ramify_keyed(below(random, 500));
    s->hint.has_key   = below(random, 2);
    s->hint.weight    = below(random, 5);
    s->pick.from_leaf = below(random, 2) ? RAMIFY_NONE : below(random, ramify_tree_leaf_count(s->tree));
}

static void tasks_stay_where_they_were_asked_to(void **state)
{
    (void)state;
    uint64_t random = 77;
    for (int round = 0; round < 400; round++) {
        char         text[600];
        ramify_tree *tree = random_tree(&random);
        uint32_t     count;
        ramify_tree_domains(tree, &count);
        random_policy(text, &random);
        rmf_plan *plan  = plan_of(tree, text);
        bool      stays = strstr(text, "steal") || strstr(text, "hierarchical") || strchr(text, ':');
        submitter s;
        submitter_make(&s, tree, round);
        for (int n = 0; n < PLACES; n++) {
            any_hint(&s, &random);
            uint32_t from = below(&random, count), place = submitter_place(&s, plan, from);
            if (!is_below(tree, place, from) || (!stays && ramify_tree_domains(tree, NULL)[place].child_count))
                fail_msg("round %d: '%s' from %u placed at %u", round, text, from, place);
        }
        submitter_drop(&s);
        rmf_plan_free(plan);
        tree_drop(tree);
    }
}

/* Flat and with the same rule named at every level, from the root and from every inner domain. */
static void every_rule_reaches_every_leaf(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (int round = 0; round < 8 * 2 * 6; round++) {
        const char *name      = ramify_policies(NULL)[round % 8]->name;
        char        text[600] = "";
        if (strcmp(name, "work-stealing") == 0 || strcmp(name, "hierarchical") == 0)
            continue; /* they leave tasks to thieves */
        for (int level = 0; round % 16 < 8 && level < RAMIFY_LEVEL_COUNT; level++)
            sprintf(text + strlen(text), "%s%s:%s", level ? "," : "", ramify_level_name(level), name);
        ramify_tree *tree   = random_tree(&random);
        rmf_plan    *plan   = plan_of(tree, text[0] ? text : name);
        uint32_t     leaves = ramify_tree_leaf_count(tree), from = below(&random, 3);
        submitter    s;
        submitter_make(&s, tree, round);
        for (uint32_t n = 0; n < 400 * leaves; n++) {
            s.hint = ramify_keyed(n);
            submitter_place(&s, plan, from);
        }
        for (uint32_t i = 0; i < leaves; i++) {
            uint32_t leaf = ramify_tree_leaf(tree, i)->index;
            if ((s.load[leaf] > 0) != is_below(tree, leaf, from))
                fail_msg("'%s' from %u gave leaf %u %g tasks", text[0] ? text : name, from, i, s.load[leaf]);
        }
        submitter_drop(&s);
        rmf_plan_free(plan);
        tree_drop(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_stay_where_they_were_asked_to),
        cmocka_unit_test(every_rule_reaches_every_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
