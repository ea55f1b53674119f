/* SPDX-License-Identifier: BSD-3-Clause */
/* Small machines, each odd in one way, and what their trees must say about it. The expectations were worked out from
 * the files by hand. */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <ramify/tree.h>

static ramify_tree *open_fixture(const char *name, ramify_tree_options options)
{
    char             path[400];
    ramify_tree     *tree = NULL;
    ramify_diagnosis why  = { 0 };
    snprintf(path, sizeof path, "%s/%s.xml", FIXTURES, name);
    options.from      = path;
    options.diagnosis = &why;
    if (ramify_tree_open(&options, &tree) != RAMIFY_OK || ramify_tree_check(tree, &why) != RAMIFY_OK)
        fail_msg("%s: %s", name, why.text);
    assert_false(ramify_tree_is_this_machine(tree));
    return tree;
}

static ramify_tree *open_plain(const char *name)
{
    return open_fixture(name, (ramify_tree_options){ 0 });
}

/* True when a leaf's CPUs are exactly those of a NONE-terminated list. */
static bool leaf_has(const ramify_tree *tree, uint32_t leaf, const uint32_t *pus)
{
    const ramify_domain *d     = ramify_tree_leaf(tree, leaf);
    unsigned             count = 0, wanted = 0;
    for (uint32_t w = 0; w < d->cpus.word_count; w++)
        count += (unsigned)__builtin_popcountll(d->cpus.words[w]);
    for (; pus[wanted] != RAMIFY_NONE; wanted++)
        if (!(d->cpus.words[pus[wanted] / 64] >> pus[wanted] % 64 & 1))
            return false;
    return count == wanted;
}
#define LEAF_HAS(tree, leaf, ...) assert_true(leaf_has(tree, leaf, (const uint32_t[]){ __VA_ARGS__, RAMIFY_NONE }))

static const ramify_memory *memory_of(const ramify_tree *tree, uint32_t node)
{
    uint32_t             count;
    const ramify_memory *memories = ramify_tree_memories(tree, &count);
    for (uint32_t i = 0; i < count; i++)
        if (memories[i].os_index == node)
            return &memories[i];
    fail_msg("no NUMA node %u", node);
    return NULL;
}

static void off_line_cpus_have_no_leaf(void **state)
{
    (void)state;
    ramify_tree *tree = open_plain("offline");
    assert_int_equal(ramify_tree_leaf_count(tree), 4);
    LEAF_HAS(tree, 0, 0, 4);
    LEAF_HAS(tree, 1, 1);
    LEAF_HAS(tree, 2, 2, 6);
    LEAF_HAS(tree, 3, 7);
    assert_int_equal(ramify_tree_leaf_of_pu(tree, 3), RAMIFY_NONE);
    assert_int_equal(ramify_tree_leaf_of_pu(tree, 5), RAMIFY_NONE);
    assert_int_equal(ramify_tree_limit(tree), RAMIFY_LIMIT_MACHINE);
    ramify_tree_free(tree);

    tree = open_fixture("offline", (ramify_tree_options){ .workers_per = RAMIFY_PER_PU });
    assert_int_equal(ramify_tree_leaf_count(tree), 6);
    ramify_tree_free(tree);
}

static void numbers_may_have_gaps(void **state)
{
    (void)state;
    ramify_tree *tree = open_plain("sparse");
    LEAF_HAS(tree, 0, 3);
    LEAF_HAS(tree, 1, 70);
    LEAF_HAS(tree, 2, 130);
    LEAF_HAS(tree, 3, 200);
    assert_int_equal(ramify_tree_leaf(tree, 1)->node, 2);
    assert_int_equal(ramify_tree_leaf(tree, 2)->node, 67);
    assert_int_equal(ramify_tree_node_distance(tree, 2, 67), 21);
    assert_int_equal(ramify_tree_node_distance(tree, 67, 67), 10);
    assert_int_equal(ramify_tree_node_distance(tree, 0, 67), 0);
    const ramify_domain *package = &ramify_tree_domains(tree, NULL)[2];
    assert_int_equal(package->os_index, 5);
    assert_true(package->nodes.words[1] == 1u << 3); /* node 67 */
    ramify_tree_free(tree);
}

static void memory_without_cpus_is_a_tier(void **state)
{
    (void)state;
    ramify_tree *tree = open_plain("tiers");
    uint32_t     domains;
    ramify_tree_domains(tree, &domains);
    assert_int_equal(domains, 1 + 2 + 8); /* no branch for nodes 2, 3 and 4 */
    assert_int_equal(ramify_tree_leaf(tree, 0)->node, 0);
    assert_int_equal(ramify_tree_leaf(tree, 7)->node, 1);
    const ramify_memory *dram = memory_of(tree, 1), *hbm = memory_of(tree, 2), *unnamed = memory_of(tree, 3),
                        *far = memory_of(tree, 4);
    assert_true(dram->has_cpus);
    assert_false(hbm->has_cpus || unnamed->has_cpus || far->has_cpus);
    assert_int_equal(hbm->kind, RAMIFY_MEMORY_HBM);
    assert_int_equal(unnamed->kind, RAMIFY_MEMORY_HBM); /* four times the bandwidth of node 1 */
    assert_int_equal(far->kind, RAMIFY_MEMORY_FAR);     /* a fifth of it */
    assert_int_equal(hbm->domain, 1);
    assert_int_equal(unnamed->domain, 2);
    assert_int_equal(far->domain, 0);
    assert_int_equal(hbm->bandwidth_mib_per_second, 400000);
    assert_int_equal(far->latency_ns, 350);
    assert_true(ramify_tree_domains(tree, NULL)[1].memory_bytes == 80ull << 30);
    assert_true(ramify_tree_domains(tree, NULL)[0].memory_bytes == 416ull << 30);
    ramify_tree_free(tree);
}

static void cpus_without_memory_have_a_nearest_node(void **state)
{
    (void)state;
    ramify_tree *tree = open_plain("memoryless");
    assert_int_equal(ramify_tree_leaf_count(tree), 6);
    static const uint32_t nearest[] = { 0, 0, 2, 2, 2, 2 }; /* node 2 at 15, node 0 at 30 */
    for (uint32_t leaf = 0; leaf < 6; leaf++)
        assert_int_equal(ramify_tree_leaf(tree, leaf)->node, nearest[leaf]);
    assert_true(memory_of(tree, 1)->has_cpus);
    assert_int_equal(memory_of(tree, 1)->bytes, 0);
    assert_int_equal(ramify_tree_domains(tree, NULL)[2].level_mask & 1u << RAMIFY_LEVEL_NUMA, 1u << RAMIFY_LEVEL_NUMA);
    ramify_tree_free(tree);
}

static void assert_capacities(const char *name, double small)
{
    ramify_tree *tree = open_plain(name);
    assert_int_equal(ramify_tree_leaf_count(tree), 6);
    for (uint32_t leaf = 0; leaf < 6; leaf++) {
        double capacity = ramify_tree_leaf(tree, leaf)->capacity;
        assert_true(leaf < 2 ? capacity == 1.0 : capacity > small - 1e-9 && capacity < small + 1e-9);
    }
    ramify_tree_free(tree);
}

static void kinds_of_core_have_capacities(void **state)
{
    (void)state;
    assert_capacities("kinds-frequency", 3000.0 / 5000.0);
    assert_capacities("kinds-capacity", 512.0 / 1024.0); /* not 3000 of 4000 MHz: capacity is trusted first */
    assert_capacities("kinds-ranked", 0.75);

    ramify_tree *tree = open_fixture("kinds-frequency", (ramify_tree_options){ .workers_per = RAMIFY_PER_PU });
    assert_int_equal(ramify_tree_leaf_count(tree), 8);
    assert_true(ramify_tree_leaf(tree, 0)->capacity == 0.5); /* two threads share one fast core */
    assert_true(ramify_tree_domains(tree, NULL)->capacity > 4.4 - 1e-9);
    ramify_tree_free(tree);
}

static void cores_and_caches_may_differ(void **state)
{
    (void)state;
    ramify_tree *tree = open_plain("asymmetric");
    assert_int_equal(ramify_tree_leaf_count(tree), 5);
    LEAF_HAS(tree, 0, 0, 1);
    LEAF_HAS(tree, 3, 4, 5, 6);
    LEAF_HAS(tree, 4, 7);
    const ramify_domain *packages = &ramify_tree_domains(tree, NULL)[1];
    assert_int_equal(packages[0].level_mask, 1u << RAMIFY_LEVEL_PACKAGE | 1u << RAMIFY_LEVEL_L3);
    assert_int_equal(packages[0].cache_bytes, 8 << 20);
    assert_int_equal(packages[1].level_mask, 1u << RAMIFY_LEVEL_PACKAGE);
    assert_int_equal(packages[1].cache_bytes, 0);
    ramify_tree_free(tree);

    tree =
        open_fixture("asymmetric", (ramify_tree_options){ .workers = 7 }); /* two more threads, none on small cores */
    assert_int_equal(ramify_tree_leaf_count(tree), 7);
    for (uint32_t pu = 0; pu < 8; pu++)
        assert_int_not_equal(ramify_tree_leaf_of_pu(tree, pu), RAMIFY_NONE);
    assert_int_not_equal(ramify_tree_leaf_of_pu(tree, 0), ramify_tree_leaf_of_pu(tree, 1));
    LEAF_HAS(tree, ramify_tree_leaf_of_pu(tree, 2), 2);
    ramify_tree_free(tree);
}

static void what_is_not_allowed_is_not_used(void **state)
{
    (void)state;
    ramify_tree *tree = open_plain("restricted");
    assert_int_equal(ramify_tree_leaf_count(tree), 3);
    assert_int_equal(ramify_tree_limit(tree), RAMIFY_LIMIT_CPUSET);
    assert_int_equal(ramify_tree_leaf_of_pu(tree, 3), RAMIFY_NONE);
    assert_int_equal(ramify_tree_leaf(tree, 2)->node, 0); /* its own node's memory is not allowed */
    assert_true(ramify_tree_domains(tree, NULL)->memory_bytes == 4ull << 30);
    ramify_tree_free(tree);
}

static void dies_and_clusters_are_levels(void **state)
{
    (void)state;
    static const uint32_t levels[] = { RAMIFY_LEVEL_NODE, RAMIFY_LEVEL_DIE, RAMIFY_LEVEL_GROUP, RAMIFY_LEVEL_CORE };
    ramify_tree          *tree     = open_plain("dies");
    uint32_t              at       = 0;
    for (uint32_t depth = 0; depth < 4; depth++) {
        const ramify_domain *d = &ramify_tree_domains(tree, NULL)[at];
        assert_int_equal(d->level, levels[depth]);
        assert_int_equal(d->depth, depth);
        at = d->first_child;
    }
    assert_int_equal(ramify_tree_domains(tree, NULL)[ramify_tree_common(tree, 0, 1)].level, RAMIFY_LEVEL_GROUP);
    assert_int_equal(ramify_tree_domains(tree, NULL)[ramify_tree_common(tree, 0, 2)].level, RAMIFY_LEVEL_DIE);
    assert_int_equal(ramify_tree_common(tree, 0, 4), 0);
    ramify_tree_free(tree);
}

static void descriptions_make_machines(void **state)
{
    (void)state;
    ramify_tree *tree = NULL;
    uint32_t     count;
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .from = "pack:2 numa:2 core:4 pu:2" }, &tree), RAMIFY_OK);
    const ramify_domain *d = ramify_tree_domains(tree, &count);
    assert_int_equal(count, 1 + 2 + 4 + 16);
    assert_int_equal(d[1].level, RAMIFY_LEVEL_PACKAGE);
    assert_int_equal(d[3].level, RAMIFY_LEVEL_NUMA);
    assert_int_equal(d[7].level, RAMIFY_LEVEL_CORE);
    ramify_tree_free(tree);

    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .from = "pack:2 core:4" }, &tree), RAMIFY_OK);
    assert_int_equal(ramify_tree_leaf_count(tree), 8);
    ramify_tree_free(tree);

    ramify_diagnosis why = { 0 };
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .from = "pack:2 foo:4", .diagnosis = &why }, &tree),
                     RAMIFY_ERR_SYNTAX);
    assert_int_equal(why.position, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_line_cpus_have_no_leaf),      cmocka_unit_test(numbers_may_have_gaps),
        cmocka_unit_test(memory_without_cpus_is_a_tier),   cmocka_unit_test(cpus_without_memory_have_a_nearest_node),
        cmocka_unit_test(kinds_of_core_have_capacities),   cmocka_unit_test(cores_and_caches_may_differ),
        cmocka_unit_test(what_is_not_allowed_is_not_used), cmocka_unit_test(dies_and_clusters_are_levels),
        cmocka_unit_test(descriptions_make_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
