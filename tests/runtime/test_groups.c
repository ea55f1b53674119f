/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups: waiting, nesting, errors, cancellation, what is refused while tasks remain, and waits that could never end.
 */
#include "started.h"

#include <pthread.h>

enum { WORKERS = 4, MANY = 2000 };

static _Atomic int ran;

static int fresh(void **state)
{
    atomic_store(&ran, 0);
    return clear_environment(state);
}

static void an_empty_group_is_done(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(2);
    ramify_group   *group = new_group(rt, NULL);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_group_reset(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
    ramify_stop(rt);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    ramify_runtime      *rt = started_with(1), *other = started_with(1);
    ramify_group        *group   = (ramify_group *)&ran;
    ramify_group_options foreign = { .parent = new_group(other, NULL) };
    assert_int_equal(ramify_group_create(NULL, NULL, &group), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_group_create(rt, &foreign, &group), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_group_create(rt, NULL, NULL), RAMIFY_ERR_INVALID);
    assert_ptr_equal(group, &ran);
    assert_int_equal(ramify_wait(NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_group_free(NULL), RAMIFY_OK);
    assert_int_equal(ramify_group_reset(NULL), RAMIFY_ERR_INVALID);
    group = new_group(rt, NULL);
    assert_int_equal(ramify_group_fail(group, 0), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_group_fail(NULL, 1), RAMIFY_ERR_INVALID);
    ramify_group_cancel(NULL);
    assert_int_equal(ramify_group_error(group), 0);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    ramify_stop(rt);
    ramify_stop(other);
}

static void a_busy_group_is_neither_freed_nor_reset(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(2);
    ramify_group   *group = new_group(rt, NULL);
    gate            g     = { 0 };
    assert_int_equal(ramify_submit(group, gate_task, &g, NULL), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_group_reset(group), RAMIFY_ERR_BUSY);
    atomic_store(&g.open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
    ramify_stop(rt);
}

static void a_parent_outlives_its_children(void **state)
{
    (void)state;
    ramify_runtime *rt     = started_with(2);
    ramify_group   *parent = new_group(rt, NULL), *one = new_group(rt, parent), *two = new_group(rt, parent);
    assert_int_equal(ramify_group_free(parent), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_group_free(one), RAMIFY_OK);
    assert_int_equal(ramify_group_free(parent), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_group_free(two), RAMIFY_OK);
    assert_int_equal(ramify_group_free(parent), RAMIFY_OK);
    ramify_stop(rt);
}

static void a_parent_waits_for_its_children(void **state)
{
    (void)state;
    ramify_runtime *rt     = started_with(WORKERS);
    ramify_group   *parent = new_group(rt, NULL), *child = new_group(rt, parent), *grandchild = new_group(rt, child);
    for (int round = 0; round < 300; round++) {
        atomic_store(&ran, 0);
        for (int i = 0; i < 20; i++)
            assert_int_equal(ramify_submit(i % 2 ? child : grandchild, count_task, &ran, NULL), RAMIFY_OK);
        assert_int_equal(ramify_wait(parent), RAMIFY_OK);
        assert_int_equal(atomic_load(&ran), 20);
    }
    /* Once a wait for the parent returned, nothing of the children is left. */
    assert_int_equal(ramify_group_free(grandchild), RAMIFY_OK);
    assert_int_equal(ramify_group_free(child), RAMIFY_OK);
    assert_int_equal(ramify_group_free(parent), RAMIFY_OK);
    ramify_stop(rt);
}

struct family {
    ramify_group *parent, *child;
    _Atomic int   rounds;
};

/* Several threads submit to one child, which is often empty, and wait for the parent: each must find its own task run.
 */
static void *submit_to_child_wait_for_parent(void *argument)
{
    struct family *f = argument;
    while (atomic_fetch_sub(&f->rounds, 1) > 0) {
        _Atomic int mine = 0;
        NOTE(ramify_submit(f->child, count_task, &mine, NULL) == RAMIFY_OK);
        NOTE(ramify_wait(f->parent) == RAMIFY_OK);
        NOTE(atomic_load(&mine) == 1);
        if (atomic_load(&mine) != 1)
            NOTE(reaches(&mine, 1)); /* `mine` is on this stack: it must not be left to the task */
    }
    return NULL;
}

static void a_parent_is_never_done_before_a_child(void **state)
{
    (void)state;
    pthread_t       threads[3];
    ramify_runtime *rt = started_with(2);
    struct family   f  = { .parent = new_group(rt, NULL), .rounds = (int)test_scaled(20000) };
    f.child            = new_group(rt, f.parent);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, submit_to_child_wait_for_parent, &f), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_nothing_noted();
    ramify_stop(rt);
}

struct level {
    ramify_group *group;
    int           depth;
};

/* Every task waits for a group of its own, whose parent is the task's group. */
static void nested(void *argument)
{
    struct level *l = argument, below[2];
    atomic_fetch_add(&ran, 1);
    if (l->depth == 0)
        return;
    ramify_group *group;
    NOTE(ramify_group_create(ramify_here().runtime, &(ramify_group_options){ .parent = l->group }, &group) ==
         RAMIFY_OK);
    for (int i = 0; i < 2; i++) {
        below[i] = (struct level){ group, l->depth - 1 };
        NOTE(ramify_submit(group, nested, &below[i], NULL) == RAMIFY_OK);
    }
    NOTE(ramify_wait(group) == RAMIFY_OK);
    NOTE(ramify_group_free(group) == RAMIFY_OK);
}

static void groups_nest(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= WORKERS; workers++) {
        ramify_runtime *rt  = started_with(workers);
        struct level    top = { new_group(rt, NULL), 10 };
        atomic_store(&ran, 0);
        assert_int_equal(ramify_submit(top.group, nested, &top, NULL), RAMIFY_OK);
        assert_int_equal(ramify_wait(top.group), RAMIFY_OK);
        assert_int_equal(atomic_load(&ran), (1 << 11) - 1);
        assert_nothing_noted();
        assert_int_equal(ramify_group_free(top.group), RAMIFY_OK);
        ramify_stop(rt);
    }
}

static void failing_task(void *argument)
{
    NOTE(ramify_group_fail(ramify_here().group, (int)(intptr_t)argument) == RAMIFY_OK);
}

static void an_error_reaches_who_waits(void **state)
{
    (void)state;
    ramify_runtime *rt     = started_with(2);
    ramify_group   *parent = new_group(rt, NULL), *child = new_group(rt, parent), *sister = new_group(rt, parent);
    assert_int_equal(ramify_submit(child, failing_task, (void *)7, NULL), RAMIFY_OK);
    assert_int_equal(ramify_submit(sister, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(parent), RAMIFY_ERR_TASK);
    assert_int_equal(ramify_wait(child), RAMIFY_ERR_TASK);
    assert_int_equal(ramify_wait(sister), RAMIFY_OK);
    assert_int_equal(ramify_group_error(parent), 7);
    assert_int_equal(ramify_group_error(child), 7);
    assert_int_equal(ramify_group_error(sister), 0);
    assert_int_equal(ramify_submit(child, failing_task, (void *)8, NULL), RAMIFY_OK); /* an error refuses nothing */
    assert_int_equal(ramify_wait(child), RAMIFY_ERR_TASK);
    assert_int_equal(ramify_group_error(child), 7); /* the first one stays */
    assert_int_equal(ramify_group_reset(child), RAMIFY_OK);
    assert_int_equal(ramify_wait(child), RAMIFY_OK);
    assert_int_equal(ramify_wait(parent), RAMIFY_ERR_TASK);
    assert_int_equal(ramify_group_reset(parent), RAMIFY_OK);
    assert_int_equal(ramify_wait(parent), RAMIFY_OK);
    assert_nothing_noted();
    ramify_stop(rt);
}

static void a_recycled_group_knows_nothing_of_its_past(void **state)
{
    (void)state;
    ramify_runtime *rt     = started_with(1);
    ramify_group   *parent = new_group(rt, NULL), *group = new_group(rt, parent);
    assert_int_equal(ramify_group_fail(group, 3), RAMIFY_OK);
    ramify_group_cancel(group);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
    ramify_group *again = new_group(rt, NULL);
    assert_ptr_equal(again, group); /* pooled; otherwise this test tests nothing */
    assert_int_equal(ramify_group_error(again), 0);
    assert_false(ramify_group_cancelled(again));
    assert_int_equal(ramify_wait(again), RAMIFY_OK);
    ramify_group_cancel(parent);
    assert_false(ramify_group_cancelled(again));
    ramify_stop(rt);
}

static void cancelling_drops_what_has_not_started(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(2);
    ramify_group   *group = new_group(rt, NULL), *child = new_group(rt, group), *other = new_group(rt, NULL);
    gate            g = { 0 };
    for (int i = 0; i < 2; i++)
        assert_int_equal(ramify_submit(group, gate_task, &g, NULL), RAMIFY_OK);
    assert_true(reaches(&g.standing, 2)); /* both workers stand before the gate */
    for (int i = 0; i < MANY; i++)
        assert_int_equal(ramify_submit(i % 2 ? group : child, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_submit(other, count_task, &ran, NULL), RAMIFY_OK);
    ramify_group_cancel(group);
    assert_true(ramify_group_cancelled(child));
    assert_false(ramify_group_cancelled(other));
    assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_ERR_CANCELED);
    size_t taken = 9;
    assert_int_equal(ramify_submit_batch(child, &(ramify_item){ .fn = count_task }, 1, &taken), RAMIFY_ERR_CANCELED);
    assert_int_equal(taken, 0);
    atomic_store(&g.open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_ERR_CANCELED);
    assert_int_equal(ramify_wait(child), RAMIFY_ERR_CANCELED);
    assert_int_equal(ramify_wait(other), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 1);
    assert_int_equal(counts_of(rt).dropped, MANY);
    assert_int_equal(counts_of(rt).tasks, 3);
    assert_int_equal(ramify_group_reset(group), RAMIFY_OK);
    assert_int_equal(ramify_submit(child, count_task, &ran, NULL), RAMIFY_OK); /* only the parent was cancelled */
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 2);
    ramify_stop(rt);
}

static void looks_for_its_cancellation(void *argument)
{
    atomic_fetch_add(&((gate *)argument)->standing, 1);
    for (int i = 0; i < 200000 && !ramify_group_cancelled(ramify_here().group); i++)
        sleep_us(100);
    NOTE(ramify_group_cancelled(ramify_here().group));
}

static void a_running_task_sees_its_cancellation(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(1);
    ramify_group   *group = new_group(rt, NULL);
    gate            g     = { 0 };
    assert_int_equal(ramify_submit(group, looks_for_its_cancellation, &g, NULL), RAMIFY_OK);
    assert_true(reaches(&g.standing, 1));
    ramify_group_cancel(group);
    assert_int_equal(ramify_wait(group), RAMIFY_ERR_CANCELED);
    assert_nothing_noted();
    ramify_stop(rt);
}

static void waits_for_itself(void *argument)
{
    struct family *f = argument;
    NOTE(ramify_wait(f->child) == RAMIFY_ERR_BUSY);
    NOTE(ramify_wait(f->parent) == RAMIFY_ERR_BUSY);
    NOTE(ramify_group_free(f->child) == RAMIFY_ERR_BUSY);
    NOTE(ramify_group_reset(f->child) == RAMIFY_ERR_BUSY);
    atomic_fetch_add(&ran, 1);
}

static void a_wait_that_could_never_end_is_refused(void **state)
{
    (void)state;
    ramify_runtime *rt = started_with(2);
    struct family   f  = { .parent = new_group(rt, NULL) };
    f.child            = new_group(rt, f.parent);
    assert_int_equal(ramify_submit(f.child, waits_for_itself, &f, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(f.parent), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 1);
    assert_nothing_noted();
    ramify_stop(rt);
}

static void *wait_in_thread(void *argument)
{
    NOTE(ramify_wait(argument) == RAMIFY_OK);
    NOTE(atomic_load(&ran) == MANY);
    return NULL;
}

static void wait_in_task(void *argument)
{
    (void)wait_in_thread(argument);
}

static void many_wait_for_one(void **state)
{
    (void)state;
    pthread_t       threads[4];
    ramify_runtime *rt    = started_with(WORKERS);
    ramify_group   *group = new_group(rt, NULL), *waits = new_group(rt, NULL);
    gate            g = { 0 };
    assert_int_equal(ramify_submit(group, gate_task, &g, NULL), RAMIFY_OK);
    assert_true(reaches(&g.standing, 1)); /* or a waiting task could run on top of it, and hold it up */
    for (int i = 0; i < 2; i++)
        assert_int_equal(ramify_submit(waits, wait_in_task, group, NULL), RAMIFY_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_in_thread, group), 0);
    sleep_us(2000); /* some sleep by now */
    for (int i = 0; i < MANY; i++)
        assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
    atomic_store(&g.open, 1);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(ramify_wait(waits), RAMIFY_OK);
    assert_nothing_noted();
    ramify_stop(rt);
}

/* The group of tasks that were refused, or ran in their submitter, is done at once, however long the submitter goes on.
 */
struct bystander {
    ramify_group *other;
    gate          g;
    _Atomic int   is_done;
};

static void submits_to_another_and_goes_on(void *argument)
{
    struct bystander *b = argument;
    for (int i = 0; i < 30; i++) {
        ramify_status status = ramify_submit(b->other, count_task, &ran, NULL);
        NOTE(status == RAMIFY_OK || status == RAMIFY_ERR_NOT_NOW);
    }
    gate_task(&b->g);
}

static void *wait_for_other(void *argument)
{
    struct bystander *b = argument;
    NOTE(ramify_wait(b->other) == RAMIFY_OK);
    atomic_store(&b->is_done, 1);
    return NULL;
}

static void a_group_does_not_wait_for_a_bystander(void **state)
{
    (void)state;
    for (uint32_t full = RAMIFY_FULL_BLOCK; full <= RAMIFY_FULL_RUN; full++) {
        const ramify_options how   = { .workers = 2, .no_bind = true, .queue_tasks = 2, .full = full };
        ramify_runtime      *rt    = started(&how);
        struct bystander     b     = { .other = new_group(rt, NULL) };
        ramify_group        *group = new_group(rt, NULL);
        pthread_t            waiter;
        assert_int_equal(ramify_submit(group, submits_to_another_and_goes_on, &b, NULL), RAMIFY_OK);
        assert_true(reaches(&b.g.standing, 1));
        assert_int_equal(pthread_create(&waiter, NULL, wait_for_other, &b), 0);
        assert_true(reaches(&b.is_done, 1)); /* the other worker has run what was queued; this one is at the gate */
        atomic_store(&b.g.open, 1);
        pthread_join(waiter, NULL);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_nothing_noted();
        ramify_stop(rt);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_group_is_done, fresh),
        cmocka_unit_test_setup(bad_arguments_are_refused, fresh),
        cmocka_unit_test_setup(a_busy_group_is_neither_freed_nor_reset, fresh),
        cmocka_unit_test_setup(a_parent_outlives_its_children, fresh),
        cmocka_unit_test_setup(a_parent_waits_for_its_children, fresh),
        cmocka_unit_test_setup(a_parent_is_never_done_before_a_child, fresh),
        cmocka_unit_test_setup(groups_nest, fresh),
        cmocka_unit_test_setup(an_error_reaches_who_waits, fresh),
        cmocka_unit_test_setup(a_recycled_group_knows_nothing_of_its_past, fresh),
        cmocka_unit_test_setup(cancelling_drops_what_has_not_started, fresh),
        cmocka_unit_test_setup(a_running_task_sees_its_cancellation, fresh),
        cmocka_unit_test_setup(a_wait_that_could_never_end_is_refused, fresh),
        cmocka_unit_test_setup(many_wait_for_one, fresh),
        cmocka_unit_test_setup(a_group_does_not_wait_for_a_bystander, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
