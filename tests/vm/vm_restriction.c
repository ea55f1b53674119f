/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside a virtual machine with at least 8 CPUs: a control group's cpuset and CPU quota, real ones, and the affinity
 * mask decide how many workers there are, and the tree says which did. */
#include "guest.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP "/sys/fs/cgroup/part"
#define INNER GROUP "/inner"

static ramify_tree *open_tree(void)
{
    ramify_tree        *tree      = NULL;
    ramify_diagnosis    diagnosis = { .status = RAMIFY_OK };
    ramify_tree_options options   = { .workers_per = RAMIFY_PER_PU, .diagnosis = &diagnosis };
    if (ramify_tree_open(&options, &tree) || ramify_tree_check(tree, &diagnosis))
        fail_msg("%s", diagnosis.text);
    return tree;
}

/* What a tree opened now says: so many leaves, for this reason. */
static void check_tree(uint32_t leaves, ramify_limit limit, const char *in_reason)
{
    ramify_tree *tree = open_tree();
    assert_int_equal(ramify_tree_leaf_count(tree), leaves);
    assert_int_equal(ramify_tree_limit(tree), limit);
    if (!strstr(ramify_tree_reason(tree), in_reason))
        fail_msg("the reason \"%s\" does not say \"%s\"", ramify_tree_reason(tree), in_reason);
    ramify_tree_free(tree);
}

/* Workers started now stand on exactly these CPUs. */
static void check_workers(guest_cpus expected)
{
    guest_visit     visits[GUEST_CPUS];
    guest_cpus      seen = 0;
    ramify_runtime *rt   = guest_start(RAMIFY_PER_PU, NULL);
    guest_visit_leaves(rt, visits);
    for (uint32_t w = 0; w < ramify_runtime_workers(rt); w++) {
        assert_int_equal(visits[w].mask, guest_cpus_of(ramify_tree_leaf(ramify_runtime_tree(rt), w)));
        seen |= visits[w].mask;
    }
    assert_int_equal(seen, expected);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void enter(const char *group)
{
    char path[96];
    snprintf(path, sizeof path, "%s/cgroup.procs", group);
    assert_int_equal(guest_write(path, "0"), 0);
}

static int make_group(void **state)
{
    (void)state;
    return mkdir(GROUP, 0755);
}

static int leave_group(void **state)
{
    (void)state;
    int failed = guest_write("/sys/fs/cgroup/cgroup.procs", "0");
    rmdir(INNER);
    return failed || rmdir(GROUP);
}

static void test_cpuset_of_a_node(void **state)
{
    (void)state;
    assert_int_equal(guest_write(GROUP "/cpuset.cpus", "2-3"), 0);
    enter(GROUP);
    check_tree(2, RAMIFY_LIMIT_CPUSET, "CPUs 2-3");
    check_workers(0xc);
}

static void test_cpuset_over_nodes(void **state)
{
    (void)state;
    assert_int_equal(guest_write(GROUP "/cpuset.cpus", "1,6-7"), 0);
    enter(GROUP);
    check_tree(3, RAMIFY_LIMIT_CPUSET, "CPUs 1,6-7");
    check_workers(0xc2);
}

static void test_cpuset_with_nodes(void **state)
{
    (void)state;
    assert_int_equal(guest_write(GROUP "/cpuset.cpus", "0-7"), 0);
    assert_int_equal(guest_write(GROUP "/cpuset.mems", "1"), 0);
    enter(GROUP);
    ramify_tree *tree = open_tree();
    for (uint32_t l = 0; l < ramify_tree_leaf_count(tree); l++)
        assert_int_equal(ramify_tree_leaf(tree, l)->node, 1); /* the only memory that may be used */
    ramify_tree_free(tree);
    check_workers(0xff);
}

static void test_quota(void **state)
{
    (void)state;
    enter(GROUP);
    assert_int_equal(guest_write(GROUP "/cpu.max", "150000 100000"), 0);
    check_tree(2, RAMIFY_LIMIT_QUOTA, "1.50 CPUs");
    assert_int_equal(guest_write(GROUP "/cpu.max", "50000 100000"), 0);
    check_tree(1, RAMIFY_LIMIT_QUOTA, "0.50 CPUs");
    assert_int_equal(guest_write(GROUP "/cpu.max", "300000 100000"), 0);
    check_tree(3, RAMIFY_LIMIT_QUOTA, "3.00 CPUs");
    assert_int_equal(guest_write(GROUP "/cpu.max", "9900000 100000"), 0);
    check_tree((uint32_t)sysconf(_SC_NPROCESSORS_ONLN), RAMIFY_LIMIT_MACHINE, "of the machine");
}

static void test_least_of_nested_limits(void **state)
{
    (void)state;
    assert_int_equal(guest_write(GROUP "/cpuset.cpus", "0-5"), 0);
    assert_int_equal(guest_write(GROUP "/cpu.max", "400000 100000"), 0);
    assert_int_equal(guest_write(GROUP "/cgroup.subtree_control", "+cpuset +cpu"), 0);
    assert_int_equal(mkdir(INNER, 0755), 0);
    enter(INNER);
    check_tree(4, RAMIFY_LIMIT_QUOTA, "4.00 CPUs"); /* of the outer group */
    assert_int_equal(guest_write(INNER "/cpuset.cpus", "4-5"), 0);
    check_tree(2, RAMIFY_LIMIT_CPUSET, "CPUs 4-5");
    assert_int_equal(guest_write(INNER "/cpu.max", "100000 100000"), 0);
    check_tree(1, RAMIFY_LIMIT_QUOTA, "1.00 CPUs");
}

static void test_affinity_mask(void **state)
{
    (void)state;
    cpu_set_t all, some;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&some);
    for (int cpu = 4; cpu < 8; cpu++)
        CPU_SET(cpu, &some);
    assert_int_equal(sched_setaffinity(0, sizeof some, &some), 0);
    check_tree(4, RAMIFY_LIMIT_AFFINITY, "CPUs 4-7");
    check_workers(0xf0);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

int main(void)
{
    guest_require();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cpuset_of_a_node, make_group, leave_group),
        cmocka_unit_test_setup_teardown(test_cpuset_over_nodes, make_group, leave_group),
        cmocka_unit_test_setup_teardown(test_cpuset_with_nodes, make_group, leave_group),
        cmocka_unit_test_setup_teardown(test_quota, make_group, leave_group),
        cmocka_unit_test_setup_teardown(test_least_of_nested_limits, make_group, leave_group),
        cmocka_unit_test(test_affinity_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
