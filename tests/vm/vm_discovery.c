/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside a virtual machine: the tree is the machine that was described, level by level, node by node. */
#include "machine_facts.h"

#include <stdio.h>
#include <string.h>

static const machine_facts *facts;
static ramify_tree         *tree; /* with a leaf per hardware thread */

static int open_tree(void **state)
{
    (void)state;
    ramify_tree_options options = { .workers_per = RAMIFY_PER_PU };
    facts                       = machine_facts_here();
    return ramify_tree_open(&options, &tree);
}

static int free_tree(void **state)
{
    (void)state;
    ramify_tree_free(tree);
    return 0;
}

static void test_tree_is_sound(void **state)
{
    (void)state;
    ramify_diagnosis diagnosis = { .status = RAMIFY_OK };
    if (ramify_tree_check(tree, &diagnosis))
        fail_msg("%s", diagnosis.text);
    assert_true(ramify_tree_is_this_machine(tree));
    assert_int_equal(ramify_tree_limit(tree), RAMIFY_LIMIT_MACHINE);
    assert_non_null(strstr(ramify_tree_source(tree), "this machine"));
}

static void test_leaf_per_thread_or_core(void **state)
{
    (void)state;
    ramify_tree *per_core;
    assert_int_equal(ramify_tree_leaf_count(tree), facts->pus);
    for (uint32_t pu = 0; pu < facts->pus; pu++) {
        const ramify_domain *leaf = ramify_tree_leaf(tree, ramify_tree_leaf_of_pu(tree, pu));
        assert_int_equal(guest_cpus_of(leaf), (guest_cpus)1 << pu);
    }
    assert_int_equal(ramify_tree_open(NULL, &per_core), RAMIFY_OK);
    assert_int_equal(ramify_tree_leaf_count(per_core), facts->cores);
    for (uint32_t pu = 0; pu < facts->pus; pu++) /* threads of a core have neighbouring numbers here */
        assert_int_equal(ramify_tree_leaf_of_pu(per_core, pu), pu / (facts->pus / facts->cores));
    ramify_tree_free(per_core);
}

static uint32_t domains_with(uint32_t level)
{
    uint32_t             count, found = 0;
    const ramify_domain *domains = ramify_tree_domains(tree, &count);
    for (uint32_t d = 0; d < count; d++)
        found += domains[d].level_mask >> level & 1;
    return found;
}

static void test_levels(void **state)
{
    (void)state;
    assert_int_equal(domains_with(RAMIFY_LEVEL_NODE), 1);
    assert_int_equal(domains_with(RAMIFY_LEVEL_CORE), facts->cores);
    assert_int_equal(domains_with(RAMIFY_LEVEL_PU), facts->pus);
    for (size_t i = 0; i < sizeof facts->levels / sizeof facts->levels[0]; i++)
        if (facts->levels[i].domains)
            assert_int_equal(domains_with(facts->levels[i].level), facts->levels[i].domains);
}

/* Size of a node as the kernel says it. */
static uint64_t node_bytes(uint32_t node)
{
    char               path[64], line[128];
    unsigned long long kib;
    snprintf(path, sizeof path, "/sys/devices/system/node/node%u/meminfo", node);
    guest_read(path, line, sizeof line);
    assert_int_equal(sscanf(line, "Node %*u MemTotal: %llu kB", &kib), 1);
    return (uint64_t)kib * 1024;
}

static void check_node(const ramify_memory *memory, const node_facts *expected)
{
    const ramify_domain *domains = ramify_tree_domains(tree, NULL);
    bool                 special = memory->kind == RAMIFY_MEMORY_HBM || memory->kind == RAMIFY_MEMORY_FAR;
    if (expected->kind == RAMIFY_MEMORY_DRAM)
        assert_false(special);
    else
        assert_int_equal(memory->kind, expected->kind);
    assert_int_equal(memory->has_cpus, expected->has_cpus);
    assert_int_equal(memory->bytes, node_bytes(memory->os_index));
    assert_int_equal(memory->bytes == 0, expected->is_empty);
    assert_int_equal(memory->latency_ns, expected->latency_ns);
    assert_int_equal(memory->bandwidth_mib_per_second, expected->bandwidth_mib_per_second);
    if (expected->near)
        assert_int_equal(guest_cpus_of(&domains[memory->domain]), expected->near);
}

static void test_memory_nodes(void **state)
{
    (void)state;
    uint32_t             count;
    const ramify_memory *memories = ramify_tree_memories(tree, &count);
    assert_int_equal(count, facts->node_count);
    for (uint32_t n = 0; n < count; n++) {
        assert_int_equal(memories[n].os_index, n);
        check_node(&memories[n], &facts->nodes[n]);
    }
}

static void test_nearest_node(void **state)
{
    (void)state;
    for (uint32_t pu = 0; pu < facts->pus; pu++) {
        const ramify_domain *leaf = ramify_tree_leaf(tree, ramify_tree_leaf_of_pu(tree, pu));
        assert_int_equal(leaf->node, facts->nearest[pu] - '0');
    }
}

static void test_distances(void **state)
{
    (void)state;
    if (facts->node_count == 1)
        return; /* a firmware with one node describes no distance */
    for (uint32_t from = 0; from < facts->node_count; from++)
        for (uint32_t to = 0; to < facts->node_count; to++) {
            uint32_t plain    = from == to ? 10 : 20;
            uint32_t expected = facts->distances ? facts->distances[from * facts->node_count + to] : plain;
            assert_int_equal(ramify_tree_node_distance(tree, from, to), expected);
        }
}

/* Capacities are ratios of small integers in floating point: equal to far better than a millionth. */
static void assert_close(double value, double expected)
{
    if (value < expected - 1e-6 || value > expected + 1e-6)
        fail_msg("%.9f where %.9f is expected", value, expected);
}

static void test_capacities(void **state)
{
    (void)state;
    double sum = 0;
    for (uint32_t pu = 0; pu < facts->pus; pu++) {
        double expected = facts->capacity ? facts->capacity[pu] : (double)facts->cores / facts->pus;
        assert_close(ramify_tree_leaf(tree, ramify_tree_leaf_of_pu(tree, pu))->capacity, expected);
        sum += expected;
    }
    assert_close(ramify_tree_domains(tree, NULL)->capacity, sum);
}

int main(void)
{
    guest_require();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_is_sound), cmocka_unit_test(test_leaf_per_thread_or_core),
        cmocka_unit_test(test_levels),        cmocka_unit_test(test_memory_nodes),
        cmocka_unit_test(test_nearest_node),  cmocka_unit_test(test_distances),
        cmocka_unit_test(test_capacities),
    };
    return cmocka_run_group_tests(tests, open_tree, free_tree) != 0;
}
