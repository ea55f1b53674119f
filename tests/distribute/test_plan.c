/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans: rules composed along the tree, start domains, levels that coincide or are missing, a user's own rule. */
#include "check.h"
#include "maketree.h"

#include <stdio.h>
#include <string.h>

static void check_text(const char *tree_text, const char *policy, const char *wanted)
{
    ramify_tree *tree = tree_from(tree_text);
    rmf_plan    *plan = plan_of(tree, policy), *again;
    assert_string_equal(rmf_plan_text(plan), wanted);
    again = plan_of(tree, wanted); /* the text is the plan */
    assert_string_equal(rmf_plan_text(again), wanted);
    assert_int_equal(rmf_plan_is_stealing(again), rmf_plan_is_stealing(plan));
    rmf_plan_free(plan);
    rmf_plan_free(again);
    tree_drop(tree);
}

static void writes_the_policy_as_it_works_here(void **state)
{
    (void)state;
    const char *two  = "node(numa(core core) numa(core core))";
    const char *deep = "node(package(numa(l3(core core) l3(core core)) numa(l3(core core) l3(core core))) "
                       "package(numa(l3(core core) l3(core core)) numa(l3(core core) l3(core core))))";
    check_text(two, "round-robin", "round-robin");
    check_text(two, "steal", "work-stealing");
    check_text(two, " weighted( 3, 1,2 ,1) ", "weighted( 3, 1,2 ,1)");
    check_text(two, "numa:affinity(64), l3:load-aware, core:steal", "numa:affinity(64), core:steal");
    check_text(two, "core:random", "numa:steal, core:random");
    check_text(two, "l3:random", "numa:steal, core:steal");
    check_text(two, "hierarchical", "numa:affinity, core:steal");
    check_text(deep, "hierarchical", "package:steal, numa:affinity, l3:load-aware, core:steal");
    check_text(deep, "l3:load-aware, package:hash", "package:hash, numa:steal, l3:load-aware, core:steal");
    check_text("node(package+numa+l3(core core) package+numa+l3(core core))", "hierarchical",
               "numa:affinity, core:steal");
    check_text("node(core)", "core:random", "core:random");
    check_text("node", "hierarchical", "work-stealing");
    check_text("node", "random", "random");
}

static void a_rule_serves_levels_that_coincide(void **state)
{
    (void)state;
    ramify_tree *tree = tree_from("node(package+numa+l3(core core) package+numa+l3(core core))");
    submitter    s;
    submitter_make(&s, tree, 1);
    /* named by any of the three; by the outermost when the text names several */
    static const char *const texts[] = { "package:round-robin", "numa:round-robin", "l3:round-robin",
                                         "l3:steal, numa:round-robin" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        rmf_plan *plan = plan_of(tree, texts[i]);
        assert_int_equal(rmf_plan_place(plan, 0, &s.pick), 1);
        assert_int_equal(rmf_plan_place(plan, 0, &s.pick), 2);
        assert_int_equal(rmf_plan_place(plan, 0, &s.pick), 1);
        rmf_plan_free(plan);
    }
    submitter_drop(&s);
    tree_drop(tree);
}

static void stealing_keeps_what_a_worker_submits(void **state)
{
    (void)state;
    static const char *const texts[] = { "work-stealing", "steal", "numa:steal, core:steal", "core:work-stealing",
                                         "die:random" };
    ramify_tree             *tree    = tree_regular("numa:2 l3:2 core:3", RAMIFY_NONE);
    submitter                s;
    submitter_make(&s, tree, 1);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        rmf_plan *plan = plan_of(tree, texts[i]);
        assert_true(rmf_plan_is_stealing(plan));
        for (uint32_t leaf = 0; leaf < 12; leaf++) {
            s.pick.from_leaf = leaf;
            assert_int_equal(rmf_plan_place(plan, 0, &s.pick), ramify_tree_leaf(tree, leaf)->index);
            /* asked to a domain that is not above the worker: it stays there */
            assert_int_equal(rmf_plan_place(plan, leaf < 6 ? 2 : 1, &s.pick), leaf < 6 ? 2 : 1);
        }
        for (s.pick.from_leaf = RAMIFY_NONE; s.pick.from_leaf >= RAMIFY_NONE - 1; s.pick.from_leaf--)
            for (uint32_t at = 0; at < 7; at++)
                assert_int_equal(rmf_plan_place(plan, at, &s.pick), at);
        rmf_plan_free(plan);
    }
    submitter_drop(&s);
    tree_drop(tree);
}

static void only_stealing_is_stealing(void **state)
{
    (void)state;
    ramify_tree *tree = tree_regular("numa:2 core:3", RAMIFY_NONE);
    uint32_t     count;
    for (uint32_t i = 0; ramify_policies(&count) && i < count; i++) {
        const char *name = ramify_policies(NULL)[i]->name;
        char        level[64];
        snprintf(level, sizeof level, "core:%s", name);
        rmf_plan *flat = plan_of(tree, name), *one = plan_of(tree, level);
        bool      stealing = strcmp(name, "work-stealing") == 0;
        assert_int_equal(rmf_plan_is_stealing(flat), stealing);
        assert_int_equal(rmf_plan_is_stealing(one), stealing);
        rmf_plan_free(flat);
        rmf_plan_free(one);
    }
    tree_drop(tree);
}

/* hierarchical is its rules composed: the same places as the rules written out, and as three plans of one level each
 * put one after the other. */
static void hierarchical_is_its_rules_composed(void **state)
{
    (void)state;
    ramify_tree *tree  = tree_regular("numa:3 l3:5 core:2", RAMIFY_NONE);
    rmf_plan    *whole = plan_of(tree, "hierarchical"),
             *written  = plan_of(tree, "numa:affinity, l3:load-aware, core:steal"),
             *named    = plan_of(tree, "numa:hierarchical, l3:hierarchical, core:hierarchical"),
             *numa = plan_of(tree, "numa:affinity, l3:steal"), *l3 = plan_of(tree, "l3:load-aware");
    submitter        s, t, u, parts;
    submitter *const all[] = { &s, &t, &u, &parts };
    for (int i = 0; i < 4; i++)
        submitter_make(all[i], tree, 9);
    for (uint32_t n = 0; n < 3000; n++) {
        for (int i = 0; i < 4; i++)
            all[i]->hint = ramify_keyed(n % 700);
        uint32_t place = submitter_place(&s, whole, 0);
        assert_int_equal(submitter_place(&t, written, 0), place);
        assert_int_equal(submitter_place(&u, named, 0), place);
        uint32_t node = rmf_plan_place(numa, 0, &parts.pick);
        assert_int_equal(ramify_tree_domains(tree, NULL)[node].level, RAMIFY_LEVEL_NUMA);
        assert_int_equal(submitter_place(&parts, l3, node), place);
        assert_int_equal(ramify_tree_domains(tree, NULL)[place].level, RAMIFY_LEVEL_L3);
    }
    for (int i = 0; i < 4; i++)
        submitter_drop(all[i]);
    rmf_plan *const plans[] = { whole, written, named, numa, l3 };
    for (int i = 0; i < 5; i++)
        rmf_plan_free(plans[i]);
    tree_drop(tree);
}

/* The rule of a user: counts, takes an argument, and may lie. */
typedef struct own_state {
    uint32_t step, calls;
} own_state;

static uint32_t alive;

static ramify_status own_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                ramify_diagnosis *diagnosis)
{
    (void)seed;
    if (strcmp(argument, "fail") == 0) {
        if (diagnosis) {
            diagnosis->position = 2;
            strcpy(diagnosis->text, "told to fail");
        }
        return RAMIFY_ERR_SYNTAX;
    }
    if (strcmp(argument, "silent") == 0)
        return RAMIFY_ERR_NOT_BUILT;
    assert_true(branch->count > 1);
    own_state *made = calloc(1, sizeof *made);
    made->step      = argument[0] ? (uint32_t)strtoul(argument, NULL, 10) : 1;
    *state          = made;
    alive++;
    return RAMIFY_OK;
}

static uint32_t own_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    own_state *own = state;
    (void)pick;
    if (own->step == 99)
        return branch->count + own->calls++;
    return own->calls++ * own->step % branch->count;
}

static void own_destroy(void *state)
{
    alive--;
    free(state);
}

static const ramify_policy_ops        own      = { "my-rule-2", "every n-th", own_create, own_pick, own_destroy };
static const ramify_policy_ops *const extras[] = { &own, NULL };

static void a_users_rule_works_flat_and_by_level(void **state)
{
    (void)state;
    ramify_tree *tree = tree_regular("numa:2 core:5", RAMIFY_NONE);
    rmf_plan    *plan = NULL;
    submitter    s;
    submitter_make(&s, tree, 1);
    assert_int_equal(rmf_plan_create(tree, "my-rule-2(3)", extras, 1, NULL, &plan), RAMIFY_OK);
    assert_string_equal(rmf_plan_text(plan), "my-rule-2(3)");
    for (uint32_t n = 0; n < 40; n++)
        assert_int_equal(rmf_plan_place(plan, 0, &s.pick), ramify_tree_leaf(tree, n * 3 % 10)->index);
    rmf_plan_free(plan);
    assert_int_equal(alive, 0);
    assert_int_equal(rmf_plan_create(tree, "core:my-rule-2(2), numa:round-robin", extras, 1, NULL, &plan), RAMIFY_OK);
    for (uint32_t n = 0; n < 40; n++)
        assert_int_equal(rmf_plan_place(plan, 0, &s.pick), ramify_tree_leaf(tree, n % 2 * 5 + n / 2 * 2 % 5)->index);
    rmf_plan_free(plan);
    assert_int_equal(alive, 0);
    submitter_drop(&s);
    tree_drop(tree);
}

static void a_rule_out_of_its_range_says_stay(void **state)
{
    (void)state;
    ramify_tree *tree = tree_regular("numa:2 core:5", RAMIFY_NONE);
    rmf_plan    *flat = NULL, *level = NULL;
    submitter    s;
    submitter_make(&s, tree, 1);
    assert_int_equal(rmf_plan_create(tree, "my-rule-2(99)", extras, 1, NULL, &flat), RAMIFY_OK);
    assert_int_equal(rmf_plan_create(tree, "numa:round-robin,core:my-rule-2(99)", extras, 1, NULL, &level), RAMIFY_OK);
    for (uint32_t n = 0; n < 50; n++) {
        assert_int_equal(rmf_plan_place(flat, 0, &s.pick), 0);
        assert_int_equal(rmf_plan_place(flat, 2, &s.pick), 2);
        assert_int_equal(rmf_plan_place(level, 0, &s.pick), 1 + n % 2);
    }
    rmf_plan_free(flat);
    rmf_plan_free(level);
    submitter_drop(&s);
    tree_drop(tree);
}

static void a_failing_create_is_reported_in_the_text(void **state)
{
    (void)state;
    ramify_tree     *tree = tree_regular("numa:2 core:5", RAMIFY_NONE);
    rmf_plan        *plan = NULL;
    ramify_diagnosis why;
    assert_int_equal(rmf_plan_create(tree, "numa:my-rule-2, core:my-rule-2(fail)", extras, 1, &why, &plan),
                     RAMIFY_ERR_SYNTAX);
    assert_int_equal(why.position, 33);
    assert_int_equal(why.status, RAMIFY_ERR_SYNTAX);
    assert_string_equal(why.text, "told to fail");
    assert_int_equal(rmf_plan_create(tree, "core:my-rule-2(silent)", extras, 1, &why, &plan), RAMIFY_ERR_NOT_BUILT);
    assert_string_equal(why.text, ramify_status_text(RAMIFY_ERR_NOT_BUILT));
    assert_int_equal(rmf_plan_create(tree, "core:my-rule-2(silent)", extras, 1, NULL, &plan), RAMIFY_ERR_NOT_BUILT);
    assert_int_equal(rmf_plan_create(tree, "my-rule-2", NULL, 1, &why, &plan), RAMIFY_ERR_SYNTAX);
    assert_null(plan);
    assert_int_equal(alive, 0);
    rmf_plan_free(NULL);
    tree_drop(tree);
}

/* The first child's level decides for its brothers; a lone child is passed over. */
static void irregular_branches_have_one_rule(void **state)
{
    (void)state;
    ramify_tree *tree = tree_from("node(l3(core core) core l3(l2(core core core)))");
    rmf_plan    *plan = plan_of(tree, "l3:round-robin, core:round-robin");
    submitter    s;
    submitter_make(&s, tree, 1);
    assert_string_equal(rmf_plan_text(plan), "l3:round-robin, l2:steal, core:round-robin");
    uint32_t at_core = 0, above_lone = 0;
    for (int n = 0; n < 30; n++) {
        uint32_t place = submitter_place(&s, plan, 0);
        at_core += place == 2;
        above_lone += place == 3;
        assert_true(ramify_tree_domains(tree, NULL)[place].child_count == 0 || place == 3);
    }
    assert_int_equal(at_core, 10);
    assert_int_equal(above_lone, 10); /* `steal` at the lone l2: from outside a task stays above it */
    rmf_plan_free(plan);
    plan = plan_of(tree, "l3:round-robin, l2:round-robin, core:round-robin");
    for (int n = 0; n < 30; n++)
        assert_int_equal(ramify_tree_domains(tree, NULL)[submitter_place(&s, plan, 0)].child_count, 0);
    rmf_plan_free(plan);
    submitter_drop(&s);
    tree_drop(tree);
}

static void a_tree_of_one_leaf_places_there(void **state)
{
    (void)state;
    ramify_tree *tree = tree_from("node");
    submitter    s;
    submitter_make(&s, tree, 1);
    for (uint32_t i = 0; i < 8; i++) {
        rmf_plan *plan = plan_of(tree, ramify_policies(NULL)[i]->name);
        assert_int_equal(rmf_plan_place(plan, 0, &s.pick), 0);
        assert_int_equal(rmf_plan_place(plan, 12345, &s.pick), 0);
        rmf_plan_free(plan);
    }
    submitter_drop(&s);
    tree_drop(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_policy_as_it_works_here),
        cmocka_unit_test(a_rule_serves_levels_that_coincide),
        cmocka_unit_test(stealing_keeps_what_a_worker_submits),
        cmocka_unit_test(only_stealing_is_stealing),
        cmocka_unit_test(hierarchical_is_its_rules_composed),
        cmocka_unit_test(a_users_rule_works_flat_and_by_level),
        cmocka_unit_test(a_rule_out_of_its_range_says_stay),
        cmocka_unit_test(a_failing_create_is_reported_in_the_text),
        cmocka_unit_test(irregular_branches_have_one_rule),
        cmocka_unit_test(a_tree_of_one_leaf_places_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
