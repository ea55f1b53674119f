/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside a virtual machine with at least 8 CPUs: CPUs that are off-line when a tree is built have no leaf, whether one
 * thread, a whole node or most of the machine is away, and have one again in the next tree after they came back. */
#include "guest.h"

#include <unistd.h>

/* A tree and workers made now cover these CPUs and no others. */
static void check_covers(guest_cpus expected)
{
    guest_visit        visits[GUEST_CPUS];
    ramify_diagnosis   diagnosis = { .status = RAMIFY_OK };
    ramify_runtime    *rt        = guest_start(RAMIFY_PER_PU, NULL);
    const ramify_tree *tree      = ramify_runtime_tree(rt);
    guest_cpus         seen      = 0;
    if (ramify_tree_check(tree, &diagnosis))
        fail_msg("%s", diagnosis.text);
    guest_visit_leaves(rt, visits);
    for (uint32_t l = 0; l < ramify_tree_leaf_count(tree); l++) {
        assert_int_equal(visits[l].mask, guest_cpus_of(ramify_tree_leaf(tree, l)));
        seen |= visits[l].mask;
    }
    assert_int_equal(seen, expected);
    assert_int_equal(guest_cpus_of(ramify_tree_domains(tree, NULL)), expected);
    assert_int_equal(ramify_tree_limit(tree), RAMIFY_LIMIT_MACHINE); /* what is off-line limits nobody */
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static guest_cpus all_cpus(void)
{
    return ~(guest_cpus)0 >> (GUEST_CPUS - (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
}

/* Takes some away, looks, and brings them back. */
static void check_without(guest_cpus away)
{
    for (uint32_t cpu = 0; cpu < GUEST_CPUS; cpu++)
        if (away >> cpu & 1)
            guest_online(cpu, false);
    check_covers(all_cpus() & ~away);
    for (uint32_t cpu = 0; cpu < GUEST_CPUS; cpu++)
        if (away >> cpu & 1)
            guest_online(cpu, true);
    check_covers(all_cpus());
}

static void test_one_cpu(void **state)
{
    (void)state;
    check_without(1u << 5);
}

static void test_a_whole_node(void **state)
{
    (void)state;
    check_without(0xc); /* all of node 1 of n4, one core of dies */
}

static void test_all_but_two(void **state)
{
    (void)state;
    check_without(all_cpus() & ~(guest_cpus)0x41);
}

int main(void)
{
    guest_require();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_cpu),
        cmocka_unit_test(test_a_whole_node),
        cmocka_unit_test(test_all_but_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
