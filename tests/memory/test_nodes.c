/* SPDX-License-Identifier: BSD-3-Clause */
/* Which nodes a domain and a merit mean, and in which order others stand in. */
#include "check.h"
#include "fakepages.h"
#include "tree_inside.h"

static void check_choice(const ramify_tree *tree, uint32_t domain, uint32_t merit, uint32_t nodes, bool measured)
{
    uint32_t   room[8];
    rmf_choice choice = { .position = room };
    rmf_nodes  n      = rmf_nodes_of(tree);
    rmf_nodes_choose(&n, domain, merit, &choice);
    uint32_t got = 0;
    for (uint32_t i = 0; i < choice.count; i++)
        got |= 1u << n.memories[choice.position[i]].os_index;
    if (got != nodes || choice.measured != measured)
        fail_msg("domain %u merit %u: nodes %#x measured %d, not %#x %d", domain, merit, got, choice.measured, nodes,
                 measured);
}

static void ordinary_memory_at_or_below(void **state)
{
    (void)state;
    ramify_tree *tree = fake_tree();
    for (uint32_t node = 0; node < 4; node++) {
        check_choice(tree, fake_domain(tree, node), RAMIFY_MERIT_ANY, 1u << node, false);
        check_choice(tree, fake_leaf(tree, 2 * node), RAMIFY_MERIT_ANY, 1u << node, false);
        check_choice(tree, fake_leaf(tree, 2 * node + 1), RAMIFY_MERIT_ANY, 1u << node, false);
    }
    const ramify_domain *domains = ramify_tree_domains(tree, NULL);
    check_choice(tree, 0, RAMIFY_MERIT_ANY, 0xf, false);
    check_choice(tree, domains[fake_domain(tree, 3)].parent, RAMIFY_MERIT_ANY, 0xc, false);
    ramify_tree_free(tree);
}

static void tiers_by_merit(void **state)
{
    (void)state;
    for (int measured = 0; measured < 2; measured++) {
        ramify_tree *tree = fake_tree_tiers(measured, false);
        uint32_t     leaf = fake_leaf(tree, 3);
        check_choice(tree, leaf, RAMIFY_MERIT_ANY, 1u << 1, false);
        check_choice(tree, leaf, RAMIFY_MERIT_BANDWIDTH, 1u << 3, measured);
        check_choice(tree, leaf, RAMIFY_MERIT_LATENCY, 1u << 1, measured);
        check_choice(tree, leaf, RAMIFY_MERIT_CAPACITY, 1u << 4, true);
        check_choice(tree, 0, RAMIFY_MERIT_ANY, 3, false);
        check_choice(tree, 0, RAMIFY_MERIT_BANDWIDTH, 0xc, measured);
        check_choice(tree, 0, RAMIFY_MERIT_LATENCY, 3, measured);
        check_choice(tree, 0, RAMIFY_MERIT_CAPACITY, 1u << 4, true);
        ramify_tree_free(tree);
    }
}

static void memoryless_nodes_are_never_chosen(void **state)
{
    (void)state;
    ramify_tree *tree = fake_tree_tiers(true, true);
    /* The nearest node with memory to node 1 is the HBM beside it, at distance 15. */
    check_choice(tree, fake_leaf(tree, 3), RAMIFY_MERIT_ANY, 1u << 3, false);
    check_choice(tree, fake_leaf(tree, 3), RAMIFY_MERIT_LATENCY, 1u << 3, true);
    check_choice(tree, 0, RAMIFY_MERIT_ANY, 1u << 0, false);
    ramify_tree_free(tree);
}

static void fallback_goes_by_distance(void **state)
{
    (void)state;
    ramify_tree *tree = fake_tree();
    rmf_nodes    n    = rmf_nodes_of(tree);
    /* From node 1: itself, 0 (12), 2 (21), 3 (22). */
    static const uint32_t order[]    = { 1, 0, 2, 3 };
    uint64_t              free_bytes[] = { 8192, 8192, 8192, 8192 };
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(rmf_nodes_nearest(&n, 1, free_bytes, 4096), order[i]);
        free_bytes[order[i]] = 4095;
    }
    assert_int_equal(rmf_nodes_nearest(&n, 1, free_bytes, 4096), RAMIFY_NONE);
    assert_int_equal(rmf_nodes_position(&n, 3), 3);
    assert_int_equal(rmf_nodes_position(&n, 4), RAMIFY_NONE);
    ramify_tree_free(tree);
}

static void unknown_distances_go_by_the_tree(void **state)
{
    (void)state;
    ramify_tree *tree = fake_tree();
    rmf_nodes    n    = rmf_nodes_of(tree);
    uint32_t    *d    = tree->distances;
    for (uint32_t i = 0; i < 16; i++)
        d[i] = 0;
    assert_int_equal(rmf_nodes_distance(&n, 2, 2), 0);
    assert_true(rmf_nodes_distance(&n, 2, 3) < rmf_nodes_distance(&n, 2, 1));
    assert_int_equal(rmf_nodes_distance(&n, 2, 1), rmf_nodes_distance(&n, 2, 0));
    d[2 * 4 + 1] = 254; /* the largest the firmware can say is nearer than unknown */
    assert_true(rmf_nodes_distance(&n, 2, 1) < rmf_nodes_distance(&n, 2, 3));
    ramify_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_memory_at_or_below),      cmocka_unit_test(tiers_by_merit),
        cmocka_unit_test(memoryless_nodes_are_never_chosen), cmocka_unit_test(fallback_goes_by_distance),
        cmocka_unit_test(unknown_distances_go_by_the_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
