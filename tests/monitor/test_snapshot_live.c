/* SPDX-License-Identifier: BSD-3-Clause */
/* Snapshots of a runtime at work: they add up, only grow, and may be taken by several threads at once. */
#include "check.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <ramify/ramify.h>

enum { TASKS = 20000, READERS = 2, SNAPSHOTS = 40 };

static void burn(void *loops)
{
    for (volatile uintptr_t i = 0; i < (uintptr_t)loops; i++)
        continue;
}

static double value(const ramify_snapshot *s, const char *name, ramify_scope scope, uint32_t index)
{
    ramify_metric m;
    return ramify_snapshot_find(s, name, scope, index, &m, NULL) ? NAN : m.value;
}

static ramify_runtime *start(uint32_t workers)
{
    ramify_runtime *rt;
    assert_int_equal(ramify_start(&(ramify_options){ .workers = workers, .no_bind = true, .latency_every = 8 }, &rt),
                     RAMIFY_OK);
    return rt;
}

static void submit(ramify_group *group, int tasks, uintptr_t loops)
{
    for (int i = 0; i < tasks; i++)
        assert_int_equal(ramify_submit(group, burn, (void *)loops, NULL), RAMIFY_OK);
}

typedef struct reader {
    ramify_runtime *rt;
    int             failures, backward, sums; /* a cmocka assertion works on the main thread only */
} reader;

/* Every snapshot: each counter of each worker has only grown, and the states' times fill the time that has passed. */
static void *read_on(void *argument)
{
    reader *r     = argument;
    double  tasks = 0.0, spent = 0.0;
    for (int i = 0; i < SNAPSHOTS; i++) {
        ramify_snapshot *s;
        if (ramify_snapshot_take(r->rt, &s)) {
            r->failures++;
            continue;
        }
        double now_tasks = value(s, "tasks", RAMIFY_SCOPE_RUNTIME, 0);
        double all       = value(s, "busy_ns", RAMIFY_SCOPE_WORKER, 0) + value(s, "search_ns", RAMIFY_SCOPE_WORKER, 0) +
                     value(s, "parked_ns", RAMIFY_SCOPE_WORKER, 0);
        double passed = value(s, "interval_ns", RAMIFY_SCOPE_RUNTIME, 0);
        r->backward += now_tasks < tasks || all < spent;
        /* A worker stands some time after the pool's birth; its clock's calibration is good to a thousandth; and the
         * snapshot's own time is taken first, while an emulated or loaded machine may pause before the worker is read.
         */
        r->sums += all > passed * 1.01 + 2e8;
        tasks = now_tasks;
        spent = all;
        ramify_snapshot_free(s);
    }
    return NULL;
}

static void snapshots_of_a_running_runtime_are_consistent(void **state)
{
    (void)state;
    ramify_runtime *rt = start(2);
    ramify_group   *group;
    reader          readers[READERS] = { { .rt = rt }, { .rt = rt } };
    pthread_t       threads[READERS];
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    submit(group, TASKS, 100);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readers[i].failures, 0);
        assert_int_equal(readers[i].backward, 0);
        assert_int_equal(readers[i].sums, 0);
    }
    ramify_snapshot *s;
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_true(value(s, "tasks", RAMIFY_SCOPE_RUNTIME, 0) <= TASKS); /* a count may come after the group's end */
    assert_true(value(s, "tasks", RAMIFY_SCOPE_RUNTIME, 0) >= TASKS - 2);
    assert_true(value(s, "latency_samples", RAMIFY_SCOPE_RUNTIME, 0) >= TASKS / 8 - 2);
    assert_true(value(s, "run_mean_ns", RAMIFY_SCOPE_RUNTIME, 0) > 0.0);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_true(value(s, "tasks", RAMIFY_SCOPE_DOMAIN, 0) >= TASKS - 2); /* it outlives its runtime */
    ramify_snapshot_free(s);
}

/* One worker, one long task, then nothing: the times are those of a clock beside it. */
static void busy_and_parked_time_are_measured(void **state)
{
    (void)state;
    ramify_runtime  *rt = start(1);
    ramify_group    *group;
    ramify_snapshot *a, *b, *c, *idle;
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_take(rt, &a), RAMIFY_OK);
    submit(group, 1, 30000000);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    usleep(20000); /* longer than the search before a sleep */
    assert_int_equal(ramify_snapshot_take(rt, &b), RAMIFY_OK);
    usleep(50000);
    assert_int_equal(ramify_snapshot_take(rt, &c), RAMIFY_OK);
    assert_true(value(b, "busy_ns", RAMIFY_SCOPE_WORKER, 0) > value(a, "busy_ns", RAMIFY_SCOPE_WORKER, 0) + 1e6);
    assert_int_equal(ramify_snapshot_between(b, c, &idle), RAMIFY_OK);
    assert_true(value(idle, "parked_ns", RAMIFY_SCOPE_WORKER, 0) > 45e6);
    assert_true(value(idle, "utilisation", RAMIFY_SCOPE_RUNTIME, 0) < 0.05);
    ramify_snapshot_free(a);
    ramify_snapshot_free(b);
    ramify_snapshot_free(c);
    ramify_snapshot_free(idle);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static ramify_group *inner;

static void wait_inside(void *loops)
{
    submit(inner, 4, (uintptr_t)loops);
    (void)ramify_wait(inner);
}

/* A task that waits runs others meanwhile: their time is theirs, and counted once. */
static void waiting_is_not_run_time(void **state)
{
    (void)state;
    ramify_runtime  *rt;
    ramify_group    *group;
    ramify_snapshot *s;
    assert_int_equal(ramify_start(&(ramify_options){ .workers = 1, .no_bind = true, .latency_every = 1 }, &rt),
                     RAMIFY_OK);
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    assert_int_equal(ramify_group_create(rt, NULL, &inner), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, wait_inside, (void *)5000000, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    usleep(20000);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_true(value(s, "tasks", RAMIFY_SCOPE_RUNTIME, 0) == 5.0);
    double run  = value(s, "run_mean_ns", RAMIFY_SCOPE_RUNTIME, 0) * 5.0,
           busy = value(s, "busy_ns", RAMIFY_SCOPE_RUNTIME, 0);
    assert_true(run <= busy * 1.01);
    assert_true(run > busy * 0.5);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

enum { CHAIN = 8, BEHIND_NS = 2000000 };

static void sleep_a_moment(void *unused)
{
    (void)unused;
    usleep(BEHIND_NS / 1000);
}

/* A chain of tasks on one address, and one beside it: its first task or that one waits while the other runs. */
static void submit_chain(void *unused)
{
    static int          cell, other;
    const ramify_depend on = { &cell, RAMIFY_INOUT }, beside = { &other, RAMIFY_INOUT };
    (void)unused;
    for (int i = 0; i < CHAIN; i++)
        (void)ramify_submit_after(inner, sleep_a_moment, NULL, NULL, &on, 1);
    (void)ramify_submit_after(inner, sleep_a_moment, NULL, NULL, &beside, 1);
    (void)ramify_wait(inner);
}

/* Tasks with dependencies have a latency, too: from the end of what they waited for. */
static void ordered_tasks_are_timed(void **state)
{
    (void)state;
    ramify_runtime  *rt;
    ramify_group    *group;
    ramify_snapshot *s;
    assert_int_equal(ramify_start(&(ramify_options){ .workers = 1, .no_bind = true, .latency_every = 1 }, &rt),
                     RAMIFY_OK);
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    assert_int_equal(ramify_group_create(rt, NULL, &inner), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, submit_chain, NULL, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_true(value(s, "latency_samples", RAMIFY_SCOPE_RUNTIME, 0) == CHAIN + 2.0);
    assert_true(value(s, "latency_max_ns", RAMIFY_SCOPE_RUNTIME, 0) >= BEHIND_NS);
    assert_true(value(s, "latency_p50_ns", RAMIFY_SCOPE_RUNTIME, 0) < BEHIND_NS);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    ramify_runtime  *rt = start(1);
    ramify_snapshot *s  = NULL;
    char            *text;
    ramify_metric    m;
    assert_int_equal(ramify_snapshot_take(NULL, &s), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_snapshot_take(rt, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_render(s, (ramify_metrics_format)3, &text), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_snapshot_find(s, NULL, 0, 0, &m, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_metric_describe(100000, &m), RAMIFY_ERR_RANGE);
    ramify_snapshot_free(s);
    ramify_snapshot_free(NULL);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshots_of_a_running_runtime_are_consistent),
        cmocka_unit_test(busy_and_parked_time_are_measured),
        cmocka_unit_test(waiting_is_not_run_time),
        cmocka_unit_test(ordered_tasks_are_timed),
        cmocka_unit_test(bad_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
