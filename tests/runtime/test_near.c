/* SPDX-License-Identifier: BSD-3-Clause */
/* hint.near on machines that are only described: tasks go where the space says their data are, whatever becomes of the
 * data, and bad or unknown addresses lose nothing. */
#include "started.h"

enum { PAGE = 4096, NODES = 4, PER_NODE = 2, TASKS = 400 };

static const char four_nodes[] = "numa:4 core:2 pu:1";

static _Atomic int ran;
static _Atomic int at_home[NODES];

static int fresh(void **state)
{
    atomic_store(&ran, 0);
    for (int n = 0; n < NODES; n++)
        atomic_store(&at_home[n], 0);
    return clear_environment(state);
}

static uint32_t domain_of(const ramify_runtime *rt, uint32_t node)
{
    uint32_t             count;
    const ramify_memory *memories = ramify_tree_memories(ramify_runtime_tree(rt), &count);
    assert_int_equal(count, NODES);
    return memories[node].domain;
}

static char *allocated_on(ramify_space *space, uint32_t domain)
{
    const ramify_wish wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = domain };
    void             *memory;
    assert_int_equal(ramify_space_allocate(space, PAGE, &wish, &memory, NULL), RAMIFY_OK);
    return memory;
}

/* argument: the domain it should have as its home, plus one. */
static void checks_home(void *argument)
{
    uintptr_t    domain = (uintptr_t)argument - 1;
    ramify_place here   = ramify_here();
    NOTE(here.home == domain);
    atomic_fetch_add(&ran, 1);
}

static void checks_node(void *argument)
{
    uint32_t node = (uint32_t)(uintptr_t)argument;
    NOTE(ramify_here().worker / PER_NODE == node);
    atomic_fetch_add(&at_home[node], 1);
}

static ramify_hint near_hint(const void *address, bool strict)
{
    return (ramify_hint){ .near = address, .strict = strict };
}

static void *as_argument(uint32_t domain)
{
    return (void *)((uintptr_t)domain + 1);
}

static void tasks_go_to_their_data(void **state)
{
    (void)state;
    ramify_runtime *rt    = started(&(ramify_options){ .from = four_nodes });
    ramify_space   *space = ramify_runtime_space(rt);
    ramify_group   *group = new_group(rt, NULL);
    char           *data[NODES];
    assert_non_null(space);
    for (uint32_t n = 0; n < NODES; n++)
        data[n] = allocated_on(space, domain_of(rt, n));
    for (uint32_t t = 0; t < TASKS; t++) {
        ramify_hint hint = near_hint(data[t % NODES] + t, false);
        assert_int_equal(ramify_submit(group, checks_home, as_argument(domain_of(rt, t % NODES)), &hint), RAMIFY_OK);
    }
    for (uint32_t t = 0; t < TASKS; t++) {
        ramify_hint hint = near_hint(data[t % NODES], true);
        assert_int_equal(ramify_submit(group, checks_node, (void *)(uintptr_t)(t % NODES), &hint), RAMIFY_OK);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_nothing_noted();
    assert_int_equal(atomic_load(&ran), TASKS);
    for (int n = 0; n < NODES; n++)
        assert_int_equal(atomic_load(&at_home[n]), TASKS / NODES);
    assert_int_equal(counts_of(rt).near_unknown, 0);
    ramify_stop(rt);
}

static void batches_go_to_their_data(void **state)
{
    (void)state;
    static ramify_item items[TASKS];
    ramify_runtime    *rt    = started(&(ramify_options){ .from = four_nodes });
    ramify_group      *group = new_group(rt, NULL);
    char              *data[NODES];
    size_t             taken = 0;
    for (uint32_t n = 0; n < NODES; n++)
        data[n] = allocated_on(ramify_runtime_space(rt), domain_of(rt, n));
    for (uint32_t t = 0; t < TASKS; t++)
        items[t] =
            (ramify_item){ checks_home, as_argument(domain_of(rt, t % NODES)), near_hint(data[t % NODES], false) };
    assert_int_equal(ramify_submit_batch(group, items, TASKS, &taken), RAMIFY_OK);
    assert_int_equal(taken, TASKS);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_nothing_noted();
    assert_int_equal(atomic_load(&ran), TASKS);
    ramify_stop(rt);
}

static void domain_outranks_address_and_key_decides_within(void **state)
{
    (void)state;
    ramify_runtime *rt    = started(&(ramify_options){ .from = four_nodes, .policy = "affinity" });
    ramify_group   *group = new_group(rt, NULL);
    char           *data  = allocated_on(ramify_runtime_space(rt), domain_of(rt, 2));
    ramify_hint     hint  = ramify_at(ramify_tree_leaf(ramify_runtime_tree(rt), 1)->index);
    hint.near             = data;
    assert_int_equal(ramify_submit(group, checks_home, as_argument(hint.domain - 1), &hint), RAMIFY_OK);
    hint        = ramify_keyed(5);
    hint.near   = data;
    hint.strict = true;
    for (uint32_t t = 0; t < TASKS; t++)
        assert_int_equal(ramify_submit(group, checks_node, (void *)(uintptr_t)2, &hint), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_nothing_noted();
    assert_int_equal(atomic_load(&at_home[2]), TASKS);
    ramify_stop(rt);
}

static void unknown_addresses_are_counted_and_lose_nothing(void **state)
{
    (void)state;
    ramify_runtime *rt    = started(&(ramify_options){ .from = four_nodes });
    ramify_group   *group = new_group(rt, NULL);
    int             local;
    char           *gone  = allocated_on(ramify_runtime_space(rt), domain_of(rt, 3));
    const void     *bad[] = { &local, (const void *)1, (const void *)UINTPTR_MAX, gone + PAGE, gone - 1, gone };
    assert_int_equal(ramify_space_release(ramify_runtime_space(rt), gone), RAMIFY_OK);
    for (int i = 0; i < 6; i++) {
        ramify_hint hint = near_hint(bad[i], false);
        assert_int_equal(ramify_submit(group, count_task, &ran, &hint), RAMIFY_OK);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 6);
    assert_int_equal(counts_of(rt).near_unknown, 6);
    ramify_stop(rt);
}

/* The region goes while its tasks wait: they keep the home that was found when they were submitted. */
static void data_may_go_while_tasks_wait(void **state)
{
    (void)state;
    ramify_runtime *rt    = started(&(ramify_options){ .from = four_nodes });
    ramify_group   *group = new_group(rt, NULL);
    char           *data  = allocated_on(ramify_runtime_space(rt), domain_of(rt, 1));
    static gate     gates;
    atomic_store(&gates.open, 0);
    atomic_store(&gates.standing, 0);
    ramify_hint hint = near_hint(data, true);
    for (int i = 0; i < PER_NODE; i++)
        assert_int_equal(ramify_submit(group, gate_task, &gates, &hint), RAMIFY_OK);
    assert_true(reaches(&gates.standing, PER_NODE));
    for (uint32_t t = 0; t < TASKS; t++)
        assert_int_equal(ramify_submit(group, checks_node, (void *)(uintptr_t)1, &hint), RAMIFY_OK);
    assert_int_equal(ramify_space_release(ramify_runtime_space(rt), data), RAMIFY_OK);
    atomic_store(&gates.open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_nothing_noted();
    assert_int_equal(atomic_load(&at_home[1]), TASKS);
    ramify_stop(rt);
}

/* Everybody at home stands still, and nobody else has anything to do: the others come, if they sleep or not. */
static void others_help_a_home_that_stands_still(void **state)
{
    (void)state;
    ramify_runtime *rt    = started(&(ramify_options){ .from = four_nodes, .spin_us = 1 });
    ramify_group   *group = new_group(rt, NULL);
    char           *data  = allocated_on(ramify_runtime_space(rt), domain_of(rt, 0));
    static gate     gates;
    atomic_store(&gates.open, 0);
    atomic_store(&gates.standing, 0);
    ramify_hint stay = near_hint(data, true), come = near_hint(data, false);
    for (int i = 0; i < PER_NODE; i++)
        assert_int_equal(ramify_submit(group, gate_task, &gates, &stay), RAMIFY_OK);
    assert_true(reaches(&gates.standing, PER_NODE));
    for (int i = 1; i <= 20; i++) {
        assert_int_equal(ramify_submit(group, count_task, &ran, &come), RAMIFY_OK);
        assert_true(reaches(&ran, i));
        sleep_us(i % 2 ? 1000 : 0); /* asleep, or still searching */
    }
    atomic_store(&gates.open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_nothing_noted();
    ramify_stop(rt);
}

static void a_given_space_brings_its_tree(void **state)
{
    (void)state;
    ramify_tree        *tree = NULL, *other = NULL;
    ramify_space       *space = NULL;
    ramify_tree_options how   = { .workers = 2 };
    assert_int_equal(ramify_tree_open(&how, &tree), RAMIFY_OK);
    assert_int_equal(ramify_space_open(tree, NULL, &space), RAMIFY_OK);
    ramify_runtime *rt = started(&(ramify_options){ .space = space, .no_bind = true });
    assert_ptr_equal(ramify_runtime_tree(rt), tree);
    assert_ptr_equal(ramify_runtime_space(rt), space);
    ramify_stop(rt);

    /* Another tree of this machine: the data's domain is found again by its CPUs. */
    char *data = allocated_on(space, ramify_tree_leaf(tree, 0)->index);
    how        = (ramify_tree_options){ .workers = 1 };
    assert_int_equal(ramify_tree_open(&how, &other), RAMIFY_OK);
    rt                  = started(&(ramify_options){ .tree = other, .space = space, .no_bind = true });
    ramify_group *group = new_group(rt, NULL);
    ramify_hint   hint  = near_hint(data, false);
    assert_int_equal(ramify_submit(group, count_task, &ran, &hint), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(counts_of(rt).near_unknown, 0);
    ramify_stop(rt);
    ramify_space_free(space);
    ramify_tree_free(other);
    ramify_tree_free(tree);
}

static void a_space_of_another_machine_says_nothing(void **state)
{
    (void)state;
    ramify_tree  *tree  = NULL;
    ramify_space *space = NULL;
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .workers = 2 }, &tree), RAMIFY_OK);
    assert_int_equal(ramify_space_open(tree, NULL, &space), RAMIFY_OK);
    char           *data  = allocated_on(space, 0);
    ramify_runtime *rt    = started(&(ramify_options){ .from = four_nodes, .space = space });
    ramify_group   *group = new_group(rt, NULL);
    ramify_hint     hint  = near_hint(data, false);
    assert_int_equal(ramify_submit(group, count_task, &ran, &hint), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(counts_of(rt).near_unknown, 1);
    ramify_stop(rt);
    ramify_space_free(space);
    ramify_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tasks_go_to_their_data, fresh),
        cmocka_unit_test_setup(batches_go_to_their_data, fresh),
        cmocka_unit_test_setup(domain_outranks_address_and_key_decides_within, fresh),
        cmocka_unit_test_setup(unknown_addresses_are_counted_and_lose_nothing, fresh),
        cmocka_unit_test_setup(data_may_go_while_tasks_wait, fresh),
        cmocka_unit_test_setup(others_help_a_home_that_stands_still, fresh),
        cmocka_unit_test_setup(a_given_space_brings_its_tree, fresh),
        cmocka_unit_test_setup(a_space_of_another_machine_says_nothing, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
