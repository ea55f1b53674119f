/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules that use chance: random is uniform and reproducible, load-aware stays within a small constant of the mean. */
#include "check.h"
#include "maketree.h"
#include "rules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The value chi-square with `freedom` degrees exceeds with probability 1e-4 (E. Wilson, M. Hilferty, PNAS 17, 1931;
 * z = 3.719). Seeds are fixed, so a test either always passes or always fails; 1e-4 says how unlikely it is that the
 * chosen seed, and not the rule, is at fault. */
static double chi_square_limit(double freedom)
{
    double a = 2 / (9 * freedom);
    return freedom * pow(1 - a + 3.719 * sqrt(a), 3);
}

static double chi_square(const uint32_t *had, uint32_t count, double expected)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += (had[i] - expected) * (had[i] - expected) / expected;
    return sum;
}

static void random_is_uniform(void **state)
{
    (void)state;
    static const char *const trees[] = { "core:2", "core:3", "core:64", "core:7", "numa:4 core:6", "core:384" };
    for (size_t k = 0; k < sizeof trees / sizeof trees[0]; k++) {
        ramify_tree *tree   = tree_regular(trees[k], RAMIFY_NONE);
        rmf_plan    *plan   = plan_of(tree, "random");
        uint32_t     leaves = ramify_tree_leaf_count(tree), had[512] = { 0 };
        submitter    s;
        submitter_make(&s, tree, 11 + k);
        for (uint32_t t = 0; t < 200 * leaves; t++)
            had[ramify_tree_domains(tree, NULL)[submitter_place(&s, plan, 0)].first_leaf]++;
        assert_true(chi_square(had, leaves, 200) < chi_square_limit(leaves - 1));
        submitter_drop(&s);
        rmf_plan_free(plan);
        tree_drop(tree);
    }
}

/* Pairs of consecutive picks, so that a rule which is uniform but walks in order is found out. */
static void random_has_no_order(void **state)
{
    (void)state;
    ramify_tree *tree    = tree_regular("core:8", RAMIFY_NONE);
    rmf_plan    *plan    = plan_of(tree, "random");
    uint32_t     had[64] = { 0 };
    submitter    s;
    submitter_make(&s, tree, 5);
    uint32_t before = submitter_place(&s, plan, 0) - 1;
    for (uint32_t t = 0; t < 64 * 200; t++) {
        uint32_t now = submitter_place(&s, plan, 0) - 1;
        had[before * 8 + now]++;
        before = now;
    }
    assert_true(chi_square(had, 64, 200) < chi_square_limit(63));
    submitter_drop(&s);
    rmf_plan_free(plan);
    tree_drop(tree);
}

/* Below 3 * 2^30 a biased draw, product without rejection, makes every third number twice as likely. */
static void draws_have_no_bias(void **state)
{
    (void)state;
    uint64_t random = 99;
    uint32_t had[3] = { 0 };
    for (int i = 0; i < 30000; i++) {
        uint32_t draw = rmf_draw_below(&random, 3u << 30);
        assert_true(draw < 3u << 30);
        had[draw % 3]++;
    }
    assert_true(chi_square(had, 3, 10000) < chi_square_limit(2));
    for (int i = 0; i < 100; i++)
        assert_int_equal(rmf_draw_below(&random, 1), 0);
}

static void the_same_seed_gives_the_same_places(void **state)
{
    (void)state;
    static const char *const policies[] = { "random", "load-aware", "affinity", "hierarchical", "core:random" };
    ramify_tree             *tree       = tree_regular("numa:2 l3:3 core:6", RAMIFY_NONE);
    for (size_t p = 0; p < sizeof policies / sizeof policies[0]; p++) {
        rmf_plan *a = plan_of(tree, policies[p]), *b = plan_of(tree, policies[p]);
        submitter s, t, other;
        uint32_t  differ = 0;
        submitter_make(&s, tree, 42);
        submitter_make(&t, tree, 42);
        submitter_make(&other, tree, 43);
        for (uint32_t i = 0; i < 500; i++) {
            s.hint = t.hint = other.hint = ramify_keyed(i / 2);
            uint32_t from                = p == 4 ? 3 : 0; /* the rule of one level is tried below an inner domain */
            uint32_t place               = submitter_place(&s, a, from);
            assert_int_equal(submitter_place(&t, b, from), place);
            differ += rmf_plan_place(b, from, &other.pick) != place;
        }
        if (p < 2)
            assert_true(differ > 100); /* and another seed others */
        submitter_drop(&s);
        submitter_drop(&t);
        submitter_drop(&other);
        rmf_plan_free(a);
        rmf_plan_free(b);
    }
    tree_drop(tree);
}

/* Balls into bins: how far the most loaded leaf is above the mean after 1000 tasks per leaf. */
static double gap(const char *levels, const char *policy, uint64_t seed)
{
    ramify_tree *tree   = tree_regular(levels, RAMIFY_NONE);
    rmf_plan    *plan   = plan_of(tree, policy);
    uint32_t     leaves = ramify_tree_leaf_count(tree);
    double       most   = 0;
    submitter    s;
    submitter_make(&s, tree, seed);
    for (uint32_t t = 0; t < 1000 * leaves; t++)
        submitter_place(&s, plan, 0);
    for (uint32_t i = 0; i < leaves; i++)
        most = fmax(most, s.load[ramify_tree_leaf(tree, i)->index]);
    submitter_drop(&s);
    rmf_plan_free(plan);
    tree_drop(tree);
    return most - 1000;
}

/* The bound for d looks is ln ln n / ln d + O(1): 2.1 + O(1) at n = 64 and 2, 2.6 + O(1) at 384 and 2. The slack of 2
 * is the O(1); one look alone is about sqrt(2 * 1000 ln n) = 90 above the mean. */
static void load_aware_stays_near_the_mean(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        assert_true(gap("core:64", "random", seed) > 40); /* what the bound is worth */
        assert_true(gap("core:64", "load-aware", seed) <= log(log(64)) / log(2) + 2);
        assert_true(gap("core:384", "load-aware", seed) <= log(log(384)) / log(2) + 2);
        assert_true(gap("core:64", "load-aware(4)", seed) <= log(log(64)) / log(4) + 2);
        assert_true(gap("core:5", "load-aware(8)", seed) <= 1); /* looks at all five */
        assert_true(gap("core:4", "load-aware", seed) <= 1);    /* looks at all four */
        assert_true(gap("numa:4 l3:4 core:4", "numa:load-aware, l3:load-aware, core:load-aware", seed) <= 1);
    }
}

static void load_aware_weighs_tasks_and_capacities(void **state)
{
    (void)state;
    ramify_tree *tree = tree_from("node(core core*0.5 core*0.25)");
    rmf_plan    *plan = plan_of(tree, "load-aware");
    submitter    s;
    submitter_make(&s, tree, 8);
    double most = 0, sum = 0;
    for (uint32_t t = 0; t < 2000; t++) {
        s.hint.weight = t % 10 == 0 ? 9 : 0.5;
        sum += s.hint.weight;
        submitter_place(&s, plan, 0);
        for (uint32_t i = 1; i <= 3; i++)
            most = fmax(most, s.load[i] / ramify_tree_domains(tree, NULL)[i].capacity);
        /* A greedy schedule ends no later than the perfect one plus the largest task on the slowest leaf. */
        assert_true(most <= sum / 1.75 + 9 / 0.25);
    }
    assert_true(s.load[1] > 1.8 * s.load[2] && s.load[2] > 1.8 * s.load[3]);
    submitter_drop(&s);
    rmf_plan_free(plan);
    tree_drop(tree);
}

/* With nothing to choose by, no leaf is favoured: a stale load of zero everywhere must not send all to one. */
static void equal_loads_are_shared(void **state)
{
    (void)state;
    static const char *const trees[] = { "core:4", "core:9" };
    for (int k = 0; k < 2; k++) {
        ramify_tree *tree   = tree_regular(trees[k], RAMIFY_NONE);
        rmf_plan    *plan   = plan_of(tree, "load-aware");
        uint32_t     leaves = ramify_tree_leaf_count(tree), had[9] = { 0 };
        submitter    s;
        submitter_make(&s, tree, 21);
        for (uint32_t t = 0; t < 500 * leaves; t++)
            had[rmf_plan_place(plan, 0, &s.pick) - 1]++;
        assert_true(chi_square(had, leaves, 500) < chi_square_limit(leaves - 1));
        submitter_drop(&s);
        rmf_plan_free(plan);
        tree_drop(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_is_uniform),
        cmocka_unit_test(random_has_no_order),
        cmocka_unit_test(draws_have_no_bias),
        cmocka_unit_test(the_same_seed_gives_the_same_places),
        cmocka_unit_test(load_aware_stays_near_the_mean),
        cmocka_unit_test(load_aware_weighs_tasks_and_capacities),
        cmocka_unit_test(equal_loads_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
