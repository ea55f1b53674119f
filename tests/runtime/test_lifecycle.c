/* SPDX-License-Identifier: BSD-3-Clause */
/* Runtimes as values: options and variables, starting and stopping thousands of times, several at once, stopping under
 * work, and what is refused. */
#include "started.h"

#include <pthread.h>

static _Atomic int ran;

static int fresh(void **state)
{
    atomic_store(&ran, 0);
    return clear_environment(state);
}

static void bad_options_are_named(void **state)
{
    (void)state;
    ramify_runtime  *rt = (ramify_runtime *)&ran;
    ramify_diagnosis why;
    ramify_options   o = { .diagnosis = &why };
    o.workers          = 4097;
    assert_int_equal(ramify_start(&o, &rt), RAMIFY_ERR_RANGE);
    assert_int_equal(why.status, RAMIFY_ERR_RANGE);
    o = (ramify_options){ .workers = 1, .full = 3, .diagnosis = &why };
    assert_int_equal(ramify_start(&o, &rt), RAMIFY_ERR_RANGE);
    o = (ramify_options){ .workers = 1, .policy = "round-robbin", .diagnosis = &why };
    assert_int_equal(ramify_start(&o, &rt), RAMIFY_ERR_SYNTAX);
    assert_int_equal(why.status, RAMIFY_ERR_SYNTAX);
    assert_int_equal(why.position, 0);
    o = (ramify_options){ .from = "/no/such/file.xml", .diagnosis = &why };
    assert_int_not_equal(ramify_start(&o, &rt), RAMIFY_OK);
    assert_true(strlen(why.text) > 0);
    assert_ptr_equal(rt, &ran); /* untouched on failure */
    assert_int_equal(ramify_start(NULL, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_stop(NULL), RAMIFY_OK);
}

static void the_environment_goes_before_the_program(void **state)
{
    (void)state;
    ramify_tree   *tree;
    ramify_options o = { .workers = 3, .policy = "no-such-policy", .no_bind = true };
    setenv("RAMIFY_WORKERS", "2", 1);
    setenv("RAMIFY_POLICY", "random", 1);
    ramify_runtime *rt = started(&o);
    assert_int_equal(ramify_runtime_workers(rt), 2);
    ramify_stop(rt);
    /* It asks for another number of workers than the tree that the program passed has. */
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .workers = 3 }, &tree), RAMIFY_OK);
    o.tree = tree;
    rt     = started(&o);
    assert_int_equal(ramify_runtime_workers(rt), 2);
    assert_ptr_not_equal(ramify_runtime_tree(rt), tree);
    ramify_stop(rt);
    unsetenv("RAMIFY_WORKERS");
    rt = started(&o);
    assert_int_equal(ramify_runtime_workers(rt), 3);
    assert_ptr_equal(ramify_runtime_tree(rt), tree);
    ramify_stop(rt);
    ramify_tree_free(tree);
    setenv("RAMIFY_SPIN_US", "soon", 1);
    assert_int_equal(ramify_start(&o, &rt), RAMIFY_ERR_SYNTAX);
}

static void variables_change_what_happens(void **state)
{
    (void)state;
    gate g = { 0 };
    setenv("RAMIFY_QUEUE_TASKS", "3", 1);
    setenv("RAMIFY_FULL", "fail", 1);
    ramify_runtime *rt =
        started(&(ramify_options){ .workers = 1, .no_bind = true, .queue_tasks = 7, .full = RAMIFY_FULL_RUN });
    ramify_group *group = new_group(rt, NULL);
    assert_int_equal(ramify_submit(group, gate_task, &g, NULL), RAMIFY_OK);
    assert_true(reaches(&g.standing, 1));
    for (int i = 0; i < 3; i++)
        assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_ERR_NOT_NOW);
    atomic_store(&g.open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    ramify_stop(rt);
}

/* Runs a few tasks through a runtime that lives for just that. */
static void one_short_life(const ramify_tree *tree, int i)
{
    ramify_runtime *rt = started(&(ramify_options){ .tree = tree, .no_bind = true });
    for (int n = 0; n < i % 3; n++) { /* now and then nothing at all happens in it */
        ramify_group *group = new_group(rt, NULL);
        for (int t = 0; t < 3; t++)
            assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
        if (i % 2) /* and now and then stopping has to wait */
            assert_int_equal(ramify_wait(group), RAMIFY_OK);
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void two_thousand_lives_leave_nothing(void **state)
{
    (void)state;
    const int    lives = (int)test_scaled(2000), warm = lives / 4;
    long         rss_kb = 0;
    ramify_tree *tree;
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .workers = 4 }, &tree), RAMIFY_OK);
    for (int i = 0; i < lives; i++) {
        if (i == warm)
            rss_kb = own_status("VmRSS:");
        one_short_life(tree, i);
    }
    int expected = 0;
    for (int i = 0; i < lives; i++)
        expected += i % 3 * 3;
    assert_int_equal(atomic_load(&ran), expected);
    assert_int_equal(own_status("Threads:"), 1 + TEST_UNDER_TSAN); /* tsan has a thread of its own */
    /* 1500 leaks of one 4 KiB page would be 6 MB; the allocator's own ups and downs are below 1. Sanitizers keep
     * freed memory on purpose; asan finds leaks itself. */
    if (!TEST_UNDER_ASAN && !TEST_UNDER_TSAN)
        assert_in_range(own_status("VmRSS:"), 0, rss_kb + 2048);
    ramify_tree_free(tree);
}

static void several_runtimes_share_a_tree(void **state)
{
    (void)state;
    ramify_tree    *tree;
    ramify_runtime *rt[4];
    ramify_group   *group[4];
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .workers = 2 }, &tree), RAMIFY_OK);
    for (int i = 0; i < 4; i++) {
        rt[i]    = started(&(ramify_options){ .tree = tree, .no_bind = true });
        group[i] = new_group(rt[i], NULL);
    }
    for (int n = 0; n < 4000; n++)
        assert_int_equal(ramify_submit(group[n % 4], count_task, &ran, NULL), RAMIFY_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ramify_wait(group[i]), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 4000);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(counts_of(rt[i]).tasks, 1000);
        assert_int_equal(ramify_stop(rt[i]), RAMIFY_OK);
    }
    ramify_tree_free(tree);
}

struct pair {
    ramify_runtime *here, *there;
    ramify_group   *mine, *other;
};

static void task_over_there(void *argument)
{
    struct pair *p = argument;
    NOTE(ramify_here().runtime == p->there);
    NOTE(ramify_here().group == p->other);
    atomic_fetch_add(&ran, 1);
}

static void task_over_here(void *argument)
{
    struct pair *p = argument;
    for (int i = 0; i < 50; i++)
        NOTE(ramify_submit(p->other, task_over_there, p, NULL) == RAMIFY_OK);
    NOTE(ramify_wait(p->other) == RAMIFY_OK);
    NOTE(ramify_here().runtime == p->here);
    NOTE(ramify_here().group == p->mine);
}

static void a_task_submits_to_another_runtime(void **state)
{
    (void)state;
    struct pair p = { .here = started_with(2), .there = started_with(2) };
    p.mine        = new_group(p.here, NULL);
    p.other       = new_group(p.there, NULL);
    for (int i = 0; i < 20; i++)
        assert_int_equal(ramify_submit(p.mine, task_over_here, &p, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(p.mine), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 1000);
    assert_nothing_noted();
    ramify_stop(p.here);
    ramify_stop(p.there);
}

static void slow_task(void *argument)
{
    sleep_us(200);
    count_task(argument);
}

static void stopping_waits_for_the_work(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(3);
    ramify_group   *group = new_group(rt, NULL), *child = new_group(rt, group);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ramify_submit(i % 2 ? group : child, slow_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 100);
}

/* Makes, uses and gives back groups all the time, some with parents, while the main thread stops the runtime. */
static void makes_groups(void *argument)
{
    int           depth = (int)(intptr_t)argument;
    ramify_group *group, *child;
    NOTE(ramify_group_create(ramify_here().runtime, NULL, &group) == RAMIFY_OK);
    NOTE(ramify_group_create(ramify_here().runtime, &(ramify_group_options){ .parent = group }, &child) == RAMIFY_OK);
    for (int i = 0; i < 2 && depth; i++)
        NOTE(ramify_submit(child, makes_groups, (void *)(intptr_t)(depth - 1), NULL) == RAMIFY_OK);
    atomic_fetch_add(&ran, 1);
    NOTE(ramify_wait(group) == RAMIFY_OK);
    NOTE(ramify_group_free(child) == RAMIFY_OK);
    NOTE(ramify_group_free(group) == RAMIFY_OK);
}

static void stopping_waits_for_groups_that_come_and_go(void **state)
{
    (void)state;
    for (int i = 0; i < (int)test_scaled(50); i++) {
        ramify_runtime *rt    = started_with(3);
        ramify_group   *group = new_group(rt, NULL);
        atomic_store(&ran, 0);
        assert_int_equal(ramify_submit(group, makes_groups, (void *)9, NULL), RAMIFY_OK);
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
        assert_int_equal(atomic_load(&ran), (1 << 10) - 1);
        assert_nothing_noted();
    }
}

static void stops_its_own(void *argument)
{
    NOTE(ramify_stop(argument) == RAMIFY_ERR_BUSY);
    atomic_fetch_add(&ran, 1);
}

static void a_worker_cannot_stop_its_runtime(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(2);
    ramify_group   *group = new_group(rt, NULL);
    assert_int_equal(ramify_submit(group, stops_its_own, rt, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 2);
    assert_nothing_noted();
    ramify_stop(rt);
}

static void stops_another(void *argument)
{
    NOTE(ramify_stop(argument) == RAMIFY_OK);
}

static void a_worker_can_stop_another_runtime(void **state)
{
    (void)state;
    ramify_runtime *rt = started_with(1), *other = started_with(2);
    ramify_group   *group = new_group(rt, NULL);
    assert_int_equal(ramify_submit(new_group(other, NULL), slow_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, stops_another, other, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 1);
    assert_nothing_noted();
    ramify_stop(rt);
}

static void groups_need_not_be_freed(void **state)
{
    (void)state;
    ramify_runtime *rt   = started_with(2);
    ramify_group   *last = NULL;
    for (int i = 0; i < 1000; i++)
        last = new_group(rt, i % 7 ? last : NULL);
    assert_int_equal(ramify_submit(last, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK); /* asan's leak checker sees to the rest */
    assert_int_equal(atomic_load(&ran), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(two_thousand_lives_leave_nothing, fresh), /* first: it counts threads and memory */
        cmocka_unit_test_setup(bad_options_are_named, fresh),
        cmocka_unit_test_setup(the_environment_goes_before_the_program, fresh),
        cmocka_unit_test_setup(variables_change_what_happens, fresh),
        cmocka_unit_test_setup(several_runtimes_share_a_tree, fresh),
        cmocka_unit_test_setup(a_task_submits_to_another_runtime, fresh),
        cmocka_unit_test_setup(stopping_waits_for_the_work, fresh),
        cmocka_unit_test_setup(stopping_waits_for_groups_that_come_and_go, fresh),
        cmocka_unit_test_setup(a_worker_cannot_stop_its_runtime, fresh),
        cmocka_unit_test_setup(a_worker_can_stop_another_runtime, fresh),
        cmocka_unit_test_setup(groups_need_not_be_freed, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
