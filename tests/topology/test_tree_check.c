/* SPDX-License-Identifier: BSD-3-Clause */
/* The invariant checker finds every kind of damage: a sound tree is damaged in one place at a time. */
#include "machines.h"

typedef void damage(ramify_tree *t);

/* Domain 0 is the node, 1 and 2 are packages, 3 to 6 cores; two threads each, one NUMA node per package. */
static void damage_index(ramify_tree *t)
{
    t->domains[3].index = 4;
}
static void damage_parent(ramify_tree *t)
{
    t->domains[3].parent = 2;
}
static void damage_root(ramify_tree *t)
{
    t->domains[0].parent = 1;
}
static void damage_depth(ramify_tree *t)
{
    t->domains[5].depth = 1;
}
static void damage_children(ramify_tree *t)
{
    t->domains[1].first_child = 4;
}
static void damage_single_child(ramify_tree *t)
{
    t->domains[1].child_count = 1;
}
static void damage_level(ramify_tree *t)
{
    t->domains[3].level = RAMIFY_LEVEL_COUNT;
}
static void damage_mask(ramify_tree *t)
{
    t->domains[3].level_mask = 1u << RAMIFY_LEVEL_PU;
}
static void damage_second_node(ramify_tree *t)
{
    t->domains[3].level = 1, t->domains[3].level_mask = 2;
}
static void damage_first_leaf(ramify_tree *t)
{
    t->domains[4].first_leaf = 2;
}
static void damage_leaf_count(ramify_tree *t)
{
    t->domains[1].leaf_count = 3;
}
static void damage_leaf_table(ramify_tree *t)
{
    t->leaves[0] = 4;
}
static void damage_total(ramify_tree *t)
{
    t->leaf_count = 5;
}
static void damage_empty_cpus(ramify_tree *t)
{
    t->storage[3 * t->words] = 0;
}
static void damage_overlap(ramify_tree *t)
{
    t->storage[3 * t->words] |= 4;
}
static void damage_lost_pu(ramify_tree *t)
{
    t->storage[3 * t->words] &= ~2ull;
}
static void damage_leaf_of_pu(ramify_tree *t)
{
    t->leaf_of_pu[0] = 1;
}
static void damage_unusable_pu(ramify_tree *t)
{
    t->leaf_of_pu[0] = RAMIFY_NONE;
}
static void damage_split_core(ramify_tree *t)
{
    t->core_of_pu[2] = t->core_of_pu[0];
}
static void damage_capacity(ramify_tree *t)
{
    t->domains[0].capacity *= 1.001;
}
static void damage_no_capacity(ramify_tree *t)
{
    t->domains[3].capacity = 0;
}
static void damage_node(ramify_tree *t)
{
    t->domains[3].node = 9;
}
static void damage_bytes(ramify_tree *t)
{
    t->domains[1].memory_bytes++;
}
static void damage_nodes(ramify_tree *t)
{
    t->node_storage[3]         = 2;
    t->domains[3].memory_bytes = 1 << 30;
}
static void damage_memory_domain(ramify_tree *t)
{
    t->memories[1].domain = 99;
}
static void damage_memory_order(ramify_tree *t)
{
    t->memories[1].os_index = 0;
}

static damage *const damages[] = {
    damage_index,        damage_parent,     damage_root,        damage_depth,       damage_children,
    damage_single_child, damage_level,      damage_mask,        damage_second_node, damage_first_leaf,
    damage_leaf_count,   damage_leaf_table, damage_total,       damage_empty_cpus,  damage_overlap,
    damage_lost_pu,      damage_leaf_of_pu, damage_unusable_pu, damage_split_core,  damage_capacity,
    damage_no_capacity,  damage_node,       damage_bytes,       damage_nodes,       damage_memory_domain,
    damage_memory_order,
};

static void every_damage_is_found(void **state)
{
    (void)state;
    rmf_machine *m = make_machine((plan_of_machine){ 2, 1, 2, 2 });
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        ramify_diagnosis why  = { 0 };
        ramify_tree     *tree = build(m, NULL, NULL);
        damages[i](tree);
        if (ramify_tree_check(tree, &why) != RAMIFY_ERR_FORMAT)
            fail_msg("damage %zu was not found", i);
        assert_int_equal(why.status, RAMIFY_ERR_FORMAT);
        assert_true(strlen(why.text) > 0);
        assert_int_equal(ramify_tree_check(tree, NULL), RAMIFY_ERR_FORMAT);
        ramify_tree_free(tree);
    }
    rmf_machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_damage_is_found) };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
