/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside a virtual machine with at least 8 CPUs: CPUs leave under running work and come back, and the cpuset around a
 * runtime shrinks and grows. No task is lost or runs twice, and every worker finds its way: to what is left near its
 * leaf, and back. What the cpuset had not when the runtime started is taken up by a restart. */
#include "guest.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEAVING = 5, TASKS = 4096 };

static guest_visit visits[TASKS];

typedef struct load {
    ramify_runtime *rt;
    ramify_status   status; /* of the first submission or wait that failed */
} load;

static void short_visit_task(void *visit)
{
    guest_visit_task(visit);
    usleep(500);
}

/* Keeps the machine at work for about TASKS x 0.5 ms / workers: every other task strictly at the leaving CPU's leaf or
 * another leaf in turn, the rest anywhere. */
static void *submit_load(void *argument)
{
    load              *l      = argument;
    const ramify_tree *tree   = ramify_runtime_tree(l->rt);
    uint32_t           leaves = ramify_tree_leaf_count(tree);
    ramify_group      *group;
    l->status = ramify_group_create(l->rt, NULL, &group);
    for (uint32_t t = 0; t < TASKS && !l->status; t++) {
        ramify_hint hint = ramify_at(t % 2 ? ramify_tree_leaf(tree, t / 2 % leaves)->index : 0);
        hint.strict      = t % 2;
        l->status        = ramify_submit(group, short_visit_task, &visits[t], &hint);
    }
    if (!l->status)
        l->status = ramify_wait(group);
    if (!l->status)
        l->status = ramify_group_free(group);
    return NULL;
}

static void begin_load(load *l, pthread_t *thread)
{
    memset(visits, 0, sizeof visits);
    l->rt = guest_start(RAMIFY_PER_PU, NULL);
    assert_int_equal(pthread_create(thread, NULL, submit_load, l), 0);
    usleep(50000); /* a tenth or so of the work is done */
}

/* Every task ran once; strict ones on the worker they were meant for, wherever that was. */
static void end_load(load *l, pthread_t thread)
{
    const ramify_tree *tree = ramify_runtime_tree(l->rt);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(l->status, RAMIFY_OK);
    for (uint32_t t = 0; t < TASKS; t++) {
        assert_int_equal(visits[t].runs, 1);
        if (t % 2)
            assert_int_equal(visits[t].worker, t / 2 % ramify_tree_leaf_count(tree));
    }
}

/* The mask a worker has once it noticed: its leaf's, or while that has no CPU left, what is left of the nearest domain
 * above it. */
static guest_cpus expected_mask(const ramify_tree *tree, uint32_t leaf, guest_cpus usable)
{
    const ramify_domain *domains = ramify_tree_domains(tree, NULL), *d = ramify_tree_leaf(tree, leaf);
    while (!(guest_cpus_of(d) & usable) && d->parent != RAMIFY_NONE)
        d = &domains[d->parent];
    return guest_cpus_of(d) & usable;
}

/* All workers find out within 5 s, each with a task or two per look: how soon depends on how long their tasks are. */
static void check_masks(ramify_runtime *rt, guest_cpus usable)
{
    const ramify_tree *tree = ramify_runtime_tree(rt);
    guest_visit        now[GUEST_CPUS];
    uint32_t           wrong = RAMIFY_NONE;
    for (int i = 0; i < 500; i++) {
        guest_visit_leaves(rt, now);
        wrong = RAMIFY_NONE;
        for (uint32_t w = 0; w < ramify_runtime_workers(rt); w++)
            if (now[w].mask != expected_mask(tree, w, usable))
                wrong = w;
        if (wrong == RAMIFY_NONE)
            return;
        usleep(10000);
    }
    fail_msg("worker %u of CPUs %#jx may use %#jx", wrong, (uintmax_t)guest_cpus_of(ramify_tree_leaf(tree, wrong)),
             (uintmax_t)now[wrong].mask);
}

static uint64_t rebinds_of(const ramify_runtime *rt)
{
    ramify_counts counts;
    assert_int_equal(ramify_runtime_counts(rt, RAMIFY_NONE, &counts), RAMIFY_OK);
    return counts.rebinds;
}

static void test_cpu_leaves_and_returns(void **state)
{
    (void)state;
    load             l    = { 0 };
    const guest_cpus all  = guest_mask();
    const guest_cpus gone = (guest_cpus)1 << LEAVING;
    pthread_t        thread;
    begin_load(&l, &thread);
    guest_online(LEAVING, false);
    check_masks(l.rt, all & ~gone); /* its worker works on, on its node's other CPU */
    guest_online(LEAVING, true);
    check_masks(l.rt, all);
    end_load(&l, thread);
    check_masks(l.rt, all);
    assert_true(rebinds_of(l.rt) >= 2);
    assert_int_equal(ramify_stop(l.rt), RAMIFY_OK);
}

static void test_many_leave_at_once(void **state)
{
    (void)state;
    load             l   = { 0 };
    const guest_cpus all = guest_mask();
    pthread_t        thread;
    begin_load(&l, &thread);
    for (uint32_t cpu = 2; cpu < 8; cpu++)
        guest_online(cpu, false);
    for (uint32_t cpu = 2; cpu < 8; cpu++)
        guest_online(cpu, true);
    end_load(&l, thread);
    check_masks(l.rt, all);
    assert_int_equal(ramify_stop(l.rt), RAMIFY_OK);
}

static void test_cpuset_shrinks_and_grows(void **state)
{
    (void)state;
    load      l = { 0 };
    pthread_t thread;
    assert_int_equal(mkdir("/sys/fs/cgroup/part", 0755), 0);
    assert_int_equal(guest_write("/sys/fs/cgroup/part/cpuset.cpus", "0-7"), 0);
    assert_int_equal(guest_write("/sys/fs/cgroup/part/cgroup.procs", "0"), 0);
    begin_load(&l, &thread);
    assert_int_equal(guest_write("/sys/fs/cgroup/part/cpuset.cpus", "0-3"), 0);
    check_masks(l.rt, 0x0f);
    assert_int_equal(guest_write("/sys/fs/cgroup/part/cpuset.cpus", "0-7"), 0);
    check_masks(l.rt, 0xff);
    end_load(&l, thread);
    check_masks(l.rt, 0xff);
    assert_int_equal(ramify_stop(l.rt), RAMIFY_OK);
    assert_int_equal(guest_write("/sys/fs/cgroup/cgroup.procs", "0"), 0);
    assert_int_equal(rmdir("/sys/fs/cgroup/part"), 0);
}

typedef struct page {
    char    *memory;
    uint32_t node;
} page;

/* Pages on the nodes of the first leaf and of the third. */
static void allocate_pages(ramify_runtime *rt, page pages[2])
{
    for (uint32_t i = 0; i < 2; i++) {
        const ramify_domain *leaf = ramify_tree_leaf(ramify_runtime_tree(rt), 2 * i);
        const ramify_wish    wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = leaf->index, .touch = true };
        void                *memory;
        assert_int_equal(ramify_space_allocate(ramify_runtime_space(rt), 4096, &wish, &memory, NULL), RAMIFY_OK);
        pages[i] = (page){ memory, leaf->node };
    }
}

/* A task near each page runs on the page's node. */
static void check_near(ramify_runtime *rt, const page pages[2])
{
    ramify_group *group;
    guest_visit   near[2] = { { .runs = 0 } };
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (uint32_t i = 0; i < 2; i++) {
        const ramify_hint hint = { .near = pages[i].memory, .strict = true };
        assert_int_equal(ramify_submit(group, guest_visit_task, &near[i], &hint), RAMIFY_OK);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(ramify_tree_leaf(ramify_runtime_tree(rt), near[i].worker)->node, pages[i].node);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
}

static void test_cpuset_grows_beyond_the_start(void **state)
{
    (void)state;
    page pages[2];
    assert_int_equal(mkdir("/sys/fs/cgroup/part", 0755), 0);
    assert_int_equal(guest_write("/sys/fs/cgroup/part/cpuset.cpus", "0-3"), 0);
    assert_int_equal(guest_write("/sys/fs/cgroup/part/cgroup.procs", "0"), 0);
    ramify_runtime *rt = guest_start(RAMIFY_PER_PU, NULL);
    assert_int_equal(ramify_runtime_workers(rt), 4);
    assert_int_equal(ramify_runtime_new_cpus(rt), 0);
    allocate_pages(rt, pages);
    check_near(rt, pages);
    assert_int_equal(guest_write("/sys/fs/cgroup/part/cpuset.cpus", "0-7"), 0);
    assert_int_equal(ramify_runtime_new_cpus(rt), 4);
    check_masks(rt, 0x0f); /* until the program says so, all stays where it is */
    assert_int_equal(ramify_restart(&rt, NULL), RAMIFY_OK);
    assert_int_equal(ramify_runtime_workers(rt), 8);
    assert_int_equal(ramify_runtime_new_cpus(rt), 0);
    check_masks(rt, 0xff);
    check_near(rt, pages);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(guest_write("/sys/fs/cgroup/cgroup.procs", "0"), 0);
    assert_int_equal(rmdir("/sys/fs/cgroup/part"), 0);
}

int main(void)
{
    guest_require();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_leaves_and_returns),
        cmocka_unit_test(test_many_leave_at_once),
        cmocka_unit_test(test_cpuset_shrinks_and_grows),
        cmocka_unit_test(test_cpuset_grows_beyond_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
