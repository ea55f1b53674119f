/* SPDX-License-Identifier: BSD-3-Clause */
/* Shapes and leaves: levels that do not branch vanish, any number of workers is spread evenly, sets that cut across
 * others do no harm, and every tree holds its invariants. */
#include "machines.h"

static uint32_t level_at(const ramify_tree *t, uint32_t domain)
{
    return ramify_tree_domains(t, NULL)[domain].level;
}

static void levels_that_do_not_branch_vanish(void **state)
{
    (void)state;
    rmf_machine *m    = make_machine((plan_of_machine){ 1, 2, 3, 1 });
    ramify_tree *tree = build(m, NULL, NULL);
    uint32_t     count;
    assert_int_equal(ramify_tree_leaf_count(tree), 6);
    const ramify_domain *d = ramify_tree_domains(tree, &count);
    assert_int_equal(count, 1 + 2 + 6);
    assert_int_equal(d[0].level_mask, 1u << RAMIFY_LEVEL_NODE | 1u << RAMIFY_LEVEL_PACKAGE);
    assert_int_equal(d[1].level_mask, 1u << RAMIFY_LEVEL_NUMA);
    assert_int_equal(d[3].level_mask, 1u << RAMIFY_LEVEL_CORE | 1u << RAMIFY_LEVEL_PU);
    assert_int_equal(d[3].level, RAMIFY_LEVEL_CORE);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

static void a_machine_of_one_cpu_is_a_leaf(void **state)
{
    (void)state;
    rmf_machine         *m    = make_machine((plan_of_machine){ 1, 1, 1, 1 });
    ramify_tree         *tree = build(m, NULL, NULL);
    uint32_t             count;
    const ramify_domain *root = ramify_tree_domains(tree, &count);
    assert_int_equal(count, 1);
    assert_int_equal(root->leaf_count, 1);
    assert_true(root->capacity == 1.0);
    assert_ptr_equal(ramify_tree_leaf(tree, 0), root);
    assert_int_equal(ramify_tree_common(tree, 0, 0), 0);
    ramify_tree_free(tree);

    tree = build(m, NULL, &(ramify_tree_options){ .workers = 3 });
    assert_int_equal(ramify_tree_leaf_count(tree), 3);
    assert_int_equal(ramify_tree_domains(tree, NULL)[0].child_count, 3);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

/* Every number of workers up to three per PU, on every plan: the invariants hold, the leaves are as many as asked for,
 * capacity stays that of the machine once every core has a worker, and no two NUMA nodes of the same size differ by
 * more than one worker. */
static void any_number_of_workers_is_spread_evenly(void **state)
{
    (void)state;
    static const plan_of_machine plans[] = {
        { 1, 1, 1, 4 }, { 1, 1, 5, 1 }, { 2, 2, 3, 2 }, { 3, 1, 4, 4 }, { 1, 3, 7, 1 }
    };
    for (size_t p = 0; p < sizeof plans / sizeof plans[0]; p++) {
        rmf_machine *m     = make_machine(plans[p]);
        uint32_t     nodes = m->node_count, cores = nodes * plans[p].cores_each, pus = cores * plans[p].threads_each;
        for (uint32_t per = RAMIFY_PER_CORE; per <= RAMIFY_PER_PU; per++)
            for (uint32_t n = 1; n <= 3 * pus; n++) {
                ramify_tree *tree = build(m, NULL, &(ramify_tree_options){ .workers = n, .workers_per = per });
                assert_int_equal(ramify_tree_leaf_count(tree), n);
                double expected = n < cores ? n : cores;
                if (per == RAMIFY_PER_CORE || n <= nodes || n % nodes == 0)
                    assert_true(ramify_tree_domains(tree, NULL)->capacity <= expected + 1e-9);
                if (n >= cores && per == RAMIFY_PER_CORE)
                    assert_true(ramify_tree_domains(tree, NULL)->capacity >= expected - 1e-9);
                uint32_t least = UINT32_MAX, most = 0;
                for (uint32_t node = 0; node < nodes && n >= nodes; node++) {
                    uint32_t workers = 0;
                    for (uint32_t leaf = 0; leaf < n; leaf++)
                        workers += ramify_tree_leaf(tree, leaf)->node == node;
                    least = workers < least ? workers : least;
                    most  = workers > most ? workers : most;
                }
                if (n >= nodes)
                    assert_true(most - least <= 1);
                ramify_tree_free(tree);
            }
        rmf_machine_free(m);
    }
}

static void fewer_workers_than_branches_share_neighbours(void **state)
{
    (void)state;
    rmf_machine *m    = make_machine((plan_of_machine){ 4, 1, 2, 1 });
    ramify_tree *tree = build(m, NULL, &(ramify_tree_options){ .workers = 2 });
    assert_string_equal(cpus_of(ramify_tree_leaf(tree, 0)), "0-3");
    assert_string_equal(cpus_of(ramify_tree_leaf(tree, 1)), "4-7");
    assert_int_equal(ramify_tree_leaf(tree, 0)->level, RAMIFY_LEVEL_PACKAGE);
    assert_int_equal(ramify_tree_leaf(tree, 0)->os_index, RAMIFY_NONE);
    assert_true(ramify_tree_leaf(tree, 0)->capacity == 1.0);
    ramify_tree_free(tree);

    tree                                = build(m, NULL, &(ramify_tree_options){ .workers = 3 });
    static const char *const expected[] = { "0-1", "2-5", "6-7" };
    for (uint32_t leaf = 0; leaf < 3; leaf++)
        assert_string_equal(cpus_of(ramify_tree_leaf(tree, leaf)), expected[leaf]);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

static void more_workers_than_cores_use_threads_then_share(void **state)
{
    (void)state;
    rmf_machine *m    = make_machine((plan_of_machine){ 1, 1, 2, 2 });
    ramify_tree *tree = build(m, NULL, &(ramify_tree_options){ .workers = 3 });
    assert_string_equal(cpus_of(ramify_tree_leaf(tree, 0)), "0");
    assert_string_equal(cpus_of(ramify_tree_leaf(tree, 1)), "1");
    assert_string_equal(cpus_of(ramify_tree_leaf(tree, 2)), "2-3");
    assert_true(ramify_tree_leaf(tree, 0)->capacity == 0.5);
    assert_true(ramify_tree_leaf(tree, 2)->capacity == 1.0);
    ramify_tree_free(tree);

    tree = build(m, NULL, &(ramify_tree_options){ .workers = 8 });
    assert_string_equal(cpus_of(ramify_tree_leaf(tree, 6)), "3");
    assert_string_equal(cpus_of(ramify_tree_leaf(tree, 7)), "3");
    assert_int_equal(ramify_tree_leaf_of_pu(tree, 3), 6);
    assert_int_equal(level_at(tree, ramify_tree_common(tree, 6, 7)), RAMIFY_LEVEL_PU);
    assert_int_equal(level_at(tree, ramify_tree_common(tree, 5, 6)), RAMIFY_LEVEL_CORE);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

static void sets_that_cut_across_are_left_out(void **state)
{
    (void)state;
    rmf_machine *m = NULL;
    assert_int_equal(rmf_machine_create(2, 0, 4, &m), RAMIFY_OK);
    uint32_t at = 0;
    put_object(m, &at, RAMIFY_LEVEL_L3, 0, 0, 2);
    put_object(m, &at, RAMIFY_LEVEL_L2, 0, 1, 2); /* PUs 1 and 2, of which the L3 has only one */
    for (uint32_t pu = 0; pu < 4; pu++) {
        rmf_bits_add(m->online, pu);
        rmf_bits_add(m->allowed, pu);
    }
    rmf_machine_settle(m);
    ramify_tree *tree = build(m, NULL, NULL);
    assert_int_equal(ramify_tree_leaf_count(tree), 4);
    assert_int_equal(ramify_tree_domains(tree, NULL)[0].child_count, 3);
    assert_int_equal(level_at(tree, 1), RAMIFY_LEVEL_L3);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

/* NUMA nodes outside of packages, as on some multi-chip modules, and an L3 larger than a node. */
static void the_order_of_levels_is_the_machines(void **state)
{
    (void)state;
    rmf_machine *m = NULL;
    assert_int_equal(rmf_machine_create(4 + 1, 2, 8, &m), RAMIFY_OK);
    uint32_t at = 0;
    for (uint32_t i = 0; i < 4; i++)
        put_object(m, &at, RAMIFY_LEVEL_PACKAGE, i, 2 * i, 2);
    put_object(m, &at, RAMIFY_LEVEL_L3, 0, 0, 8);
    for (uint32_t pu = 0; pu < 8; pu++) {
        rmf_bits_add(m->online, pu);
        rmf_bits_add(m->allowed, pu);
        rmf_bits_add(m->nodes[pu / 4].cpus, pu);
    }
    m->nodes[1].os_index = 1;
    rmf_machine_settle(m);
    ramify_tree *tree = build(m, NULL, NULL);
    assert_int_equal(level_at(tree, 1), RAMIFY_LEVEL_NUMA);
    assert_int_equal(level_at(tree, ramify_tree_domains(tree, NULL)[1].first_child), RAMIFY_LEVEL_PACKAGE);
    assert_true(ramify_tree_domains(tree, NULL)[0].level_mask & 1u << RAMIFY_LEVEL_L3);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

static void questions_out_of_range_are_answered_with_none(void **state)
{
    (void)state;
    rmf_machine *m    = make_machine((plan_of_machine){ 1, 1, 2, 1 });
    ramify_tree *tree = build(m, NULL, &(ramify_tree_options){ .cpus = "1" });
    assert_null(ramify_tree_leaf(tree, 1));
    assert_null(ramify_tree_leaf(tree, RAMIFY_NONE));
    assert_int_equal(ramify_tree_common(tree, 0, 1), RAMIFY_NONE);
    assert_int_equal(ramify_tree_common(tree, RAMIFY_NONE, 0), RAMIFY_NONE);
    assert_int_equal(ramify_tree_leaf_of_pu(tree, 0), RAMIFY_NONE);
    assert_int_equal(ramify_tree_leaf_of_pu(tree, 1), 0);
    assert_int_equal(ramify_tree_leaf_of_pu(tree, 1000000), RAMIFY_NONE);
    assert_int_equal(ramify_tree_node_distance(tree, 0, 7), 0);
    assert_null(ramify_level_name(-1));
    assert_null(ramify_level_name(RAMIFY_LEVEL_COUNT));
    assert_string_equal(ramify_level_name(RAMIFY_LEVEL_NUMA), "numa");
    ramify_tree_free(tree);
    ramify_tree_free(NULL);
    rmf_machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_that_do_not_branch_vanish),
        cmocka_unit_test(a_machine_of_one_cpu_is_a_leaf),
        cmocka_unit_test(any_number_of_workers_is_spread_evenly),
        cmocka_unit_test(fewer_workers_than_branches_share_neighbours),
        cmocka_unit_test(more_workers_than_cores_use_threads_then_share),
        cmocka_unit_test(sets_that_cut_across_are_left_out),
        cmocka_unit_test(the_order_of_levels_is_the_machines),
        cmocka_unit_test(questions_out_of_range_are_answered_with_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
