/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree of the machine the test runs on, against what the operating system says about it. */
#include "check.h"

#include <sched.h>
#include <string.h>
#include <ramify/tree.h>

static ramify_tree *open_tree(const ramify_tree_options *options)
{
    ramify_tree     *tree = NULL;
    ramify_diagnosis why  = { 0 };
    assert_int_equal(ramify_tree_open(options, &tree), RAMIFY_OK);
    if (ramify_tree_check(tree, &why) != RAMIFY_OK)
        fail_msg("%s", why.text);
    return tree;
}

static void every_cpu_of_the_affinity_mask_has_a_leaf(void **state)
{
    (void)state;
    cpu_set_t mask;
    assert_int_equal(sched_getaffinity(0, sizeof mask, &mask), 0);
    ramify_tree *tree = open_tree(NULL);
    assert_true(ramify_tree_is_this_machine(tree));
    for (int pu = 0; pu < CPU_SETSIZE; pu++)
        assert_int_equal(ramify_tree_leaf_of_pu(tree, (uint32_t)pu) != RAMIFY_NONE, CPU_ISSET(pu, &mask) != 0);
    assert_true(ramify_tree_leaf_count(tree) <= (uint32_t)CPU_COUNT(&mask));
    assert_non_null(strstr(ramify_tree_reason(tree), "worker"));
    ramify_tree_free(tree);

    tree = open_tree(&(ramify_tree_options){ .workers = (uint32_t)CPU_COUNT(&mask), .workers_per = RAMIFY_PER_PU });
    assert_int_equal(ramify_tree_leaf_count(tree), CPU_COUNT(&mask));
    ramify_tree_free(tree);
}

static void a_narrower_mask_narrows_the_tree(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    if (CPU_COUNT(&before) < 2)
        skip();
    int last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &before))
        last--;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    ramify_tree *all          = open_tree(NULL);
    uint32_t     before_count = ramify_tree_leaf_count(all);
    ramify_tree_free(all);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    ramify_tree *tree = open_tree(NULL);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(ramify_tree_leaf_count(tree), 1);
    assert_int_equal(ramify_tree_leaf_of_pu(tree, (uint32_t)last), 0);
    if (before_count > 1)
        assert_int_equal(ramify_tree_limit(tree), RAMIFY_LIMIT_AFFINITY);
    ramify_tree_free(tree);
}

static void discovery_leaves_the_binding_alone(void **state)
{
    (void)state;
    cpu_set_t before, after;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    ramify_tree_free(open_tree(NULL));
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    ramify_tree     *tree = NULL;
    ramify_diagnosis why  = { 0 };
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .workers = 4097, .diagnosis = &why }, &tree),
                     RAMIFY_ERR_RANGE);
    assert_int_equal(why.status, RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .workers_per = 2 }, &tree), RAMIFY_ERR_RANGE);
    assert_null(tree);
    tree = open_tree(&(ramify_tree_options){ .workers = 4096 });
    assert_int_equal(ramify_tree_leaf_count(tree), 4096);
    ramify_tree_free(tree);
}

static void files_are_refused_with_the_reason(void **state)
{
    (void)state;
    ramify_tree     *tree = NULL;
    ramify_diagnosis why  = { 0 };
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .from = "/no/such.xml", .diagnosis = &why }, &tree),
                     RAMIFY_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "/no/such.xml"));
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .from = "pack:2 core:y", .diagnosis = &why }, &tree),
                     RAMIFY_ERR_SYNTAX);
    assert_int_equal(why.position, 12);
    assert_null(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cpu_of_the_affinity_mask_has_a_leaf), cmocka_unit_test(a_narrower_mask_narrows_the_tree),
        cmocka_unit_test(discovery_leaves_the_binding_alone),        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(files_are_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
