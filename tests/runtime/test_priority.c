/* SPDX-License-Identifier: BSD-3-Clause */
/* What priorities promise: the order in which one worker takes what waits in its own domains, and in which a thief
 * takes from another's; strict tasks keep their place; none is lost; wrong ones are refused.
 *
 * A gate task holds a worker until everything is queued, so that the order is a fact and not a race. */
#include "started.h"

enum { TASKS = 96 };

static gate        holds[2];
static int8_t      order[TASKS];
static _Atomic int taken;

typedef struct prioritised {
    int8_t   priority;
    uint32_t worker; /* where it must run; RAMIFY_NONE: anywhere */
} prioritised;

static prioritised tasks[TASKS];

static void note_order(void *argument)
{
    const prioritised *p = argument;
    NOTE(p->worker == RAMIFY_NONE || ramify_here().worker == p->worker);
    order[atomic_fetch_add(&taken, 1)] = p->priority;
}

/* A worker stands at the gate: strict, so that it is the one that is meant. */
static void hold(ramify_group *group, ramify_runtime *rt, uint32_t worker)
{
    ramify_hint hint = ramify_at(ramify_tree_leaf(ramify_runtime_tree(rt), worker)->index);
    hint.strict      = true;
    holds[worker]    = (gate){ 0 };
    assert_int_equal(ramify_submit(group, gate_task, &holds[worker], &hint), RAMIFY_OK);
    assert_true(reaches(&holds[worker].standing, 1));
}

static int8_t mixed(int i)
{
    return (int8_t)((i * 7) % (RAMIFY_PRIORITY_MAX - RAMIFY_PRIORITY_MIN + 1) + RAMIFY_PRIORITY_MIN);
}

static void assert_descending(void)
{
    assert_int_equal(atomic_load(&taken), TASKS);
    for (int i = 1; i < TASKS; i++)
        assert_true(order[i - 1] >= order[i]);
    assert_nothing_noted();
}

static void setup_tasks(uint32_t worker)
{
    atomic_store(&taken, 0);
    for (int i = 0; i < TASKS; i++)
        tasks[i] = (prioritised){ mixed(i), worker };
}

static void one_worker_takes_the_highest_first(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(1);
    ramify_group   *group = new_group(rt, NULL);
    setup_tasks(0);
    hold(group, rt, 0);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(ramify_submit(group, note_order, &tasks[i], &(ramify_hint){ .priority = mixed(i) }),
                         RAMIFY_OK);
    atomic_store(&holds[0].open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_descending();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void a_batch_keeps_priorities(void **state)
{
    (void)state;
    ramify_runtime *rt    = started(&(ramify_options){ .workers = 1, .no_bind = true, .policy = "round-robin" });
    ramify_group   *group = new_group(rt, NULL);
    ramify_item     items[TASKS];
    setup_tasks(0);
    hold(group, rt, 0);
    for (int i = 0; i < TASKS; i++)
        items[i] = (ramify_item){ note_order, &tasks[i], { .priority = mixed(i), .strict = i % 3 == 0 } };
    assert_int_equal(ramify_submit_batch(group, items, TASKS, NULL), RAMIFY_OK);
    atomic_store(&holds[0].open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_descending();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* All tasks wait at worker 0, which is held: worker 1 steals them, in order of their priority. */
static void a_thief_takes_the_highest_first(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(2);
    ramify_group   *group = new_group(rt, NULL), *others = new_group(rt, NULL);
    ramify_hint     hint = ramify_at(ramify_tree_leaf(ramify_runtime_tree(rt), 0)->index);
    setup_tasks(1);
    hold(others, rt, 0);
    hold(others, rt, 1);
    for (int i = 0; i < TASKS; i++) {
        hint.priority = mixed(i);
        assert_int_equal(ramify_submit(group, note_order, &tasks[i], &hint), RAMIFY_OK);
    }
    atomic_store(&holds[1].open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_descending();
    assert_true(counts_of(rt).stolen_tasks >= TASKS);
    atomic_store(&holds[0].open, 1);
    assert_int_equal(ramify_wait(others), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* A strict task with a priority stays where it was sent, and is not forgotten when its worker sleeps. */
static void strict_ones_stay(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(2);
    ramify_group   *group = new_group(rt, NULL);
    setup_tasks(1);
    ramify_hint hint = ramify_at(ramify_tree_leaf(ramify_runtime_tree(rt), 1)->index);
    hint.strict      = true;
    for (int i = 0; i < TASKS; i++) {
        hint.priority = mixed(i);
        assert_int_equal(ramify_submit(group, note_order, &tasks[i], &hint), RAMIFY_OK);
        if (i % 32 == 0)
            sleep_us(2000); /* long enough for both to park */
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&taken), TASKS);
    assert_nothing_noted();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void each_wakes_a_sleeper(void **state)
{
    (void)state;
    ramify_runtime *rt    = started(&(ramify_options){ .workers = 2, .no_bind = true, .spin_us = 1 });
    ramify_group   *group = new_group(rt, NULL);
    for (int i = 0; i < (int)test_scaled(200) + 16; i++) {
        setup_tasks(RAMIFY_NONE);
        assert_int_equal(ramify_submit(group, note_order, &tasks[i % 16], &(ramify_hint){ .priority = mixed(i) }),
                         RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(atomic_load(&taken), 1);
        sleep_us(i % 4 * 50);
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void a_bound_holds_for_each_queue(void **state)
{
    (void)state;
    ramify_runtime *rt =
        started(&(ramify_options){ .workers = 1, .no_bind = true, .queue_tasks = 4, .full = RAMIFY_FULL_FAIL });
    ramify_group *group = new_group(rt, NULL);
    setup_tasks(0);
    hold(group, rt, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ramify_submit(group, note_order, &tasks[i], &(ramify_hint){ .priority = 3 }), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, note_order, &tasks[4], &(ramify_hint){ .priority = 3 }), RAMIFY_ERR_NOT_NOW);
    assert_int_equal(ramify_submit(group, note_order, &tasks[4], &(ramify_hint){ .priority = 4 }), RAMIFY_OK);
    atomic_store(&holds[0].open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&taken), 5);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void wrong_ones_are_refused(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(1);
    ramify_group   *group = new_group(rt, NULL);
    assert_int_equal(ramify_submit(group, note_order, &tasks[0], &(ramify_hint){ .priority = RAMIFY_PRIORITY_MAX + 1 }),
                     RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_submit(group, note_order, &tasks[0], &(ramify_hint){ .priority = RAMIFY_PRIORITY_MIN - 1 }),
                     RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(one_worker_takes_the_highest_first),
        cmocka_unit_test(a_batch_keeps_priorities),
        cmocka_unit_test(a_thief_takes_the_highest_first),
        cmocka_unit_test(strict_ones_stay),
        cmocka_unit_test(each_wakes_a_sleeper),
        cmocka_unit_test(a_bound_holds_for_each_queue),
        cmocka_unit_test(wrong_ones_are_refused),
    };
    return cmocka_run_group_tests(all, clear_environment, NULL) != 0;
}
