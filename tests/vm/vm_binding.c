/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside a virtual machine: every worker, per core and per hardware thread, is bound to exactly its leaf's CPUs, and
 * its tasks run there. The kernel's word counts, not the library's. */
#include "guest.h"

static void check_visits(ramify_runtime *rt, const guest_visit *visits)
{
    const ramify_tree *tree = ramify_runtime_tree(rt);
    guest_cpus         seen = 0;
    for (uint32_t l = 0; l < ramify_tree_leaf_count(tree); l++) {
        const ramify_domain *leaf = ramify_tree_leaf(tree, l);
        guest_cpus           cpus = guest_cpus_of(leaf);
        assert_int_equal(visits[l].runs, 1);
        assert_int_equal(visits[l].worker, l);
        assert_int_equal(visits[l].home, leaf->index);
        assert_int_equal(visits[l].mask, cpus);
        assert_true(cpus >> visits[l].cpu & 1);
        assert_int_equal(seen & cpus, 0); /* no CPU has two workers */
        seen |= cpus;
    }
    assert_int_equal(seen, guest_mask());
}

static void check_binding(uint32_t workers_per)
{
    guest_visit     visits[GUEST_CPUS];
    ramify_counts   counts;
    ramify_runtime *rt = guest_start(workers_per, NULL);
    assert_true(ramify_runtime_workers(rt) <= GUEST_CPUS);
    guest_visit_leaves(rt, visits);
    check_visits(rt, visits);
    assert_int_equal(ramify_runtime_counts(rt, RAMIFY_NONE, &counts), RAMIFY_OK);
    assert_int_equal(counts.bind_failures, 0);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void test_worker_per_core(void **state)
{
    (void)state;
    check_binding(RAMIFY_PER_CORE);
}

static void test_worker_per_thread(void **state)
{
    (void)state;
    check_binding(RAMIFY_PER_PU);
}

static void test_two_runtimes_bind_alike(void **state)
{
    (void)state;
    guest_visit     visits[GUEST_CPUS];
    ramify_runtime *one = guest_start(RAMIFY_PER_CORE, NULL), *two = guest_start(RAMIFY_PER_CORE, NULL);
    guest_visit_leaves(two, visits);
    check_visits(two, visits);
    guest_visit_leaves(one, visits);
    check_visits(one, visits);
    assert_int_equal(ramify_stop(one), RAMIFY_OK);
    assert_int_equal(ramify_stop(two), RAMIFY_OK);
}

int main(void)
{
    guest_require();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_per_core),
        cmocka_unit_test(test_worker_per_thread),
        cmocka_unit_test(test_two_runtimes_bind_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
