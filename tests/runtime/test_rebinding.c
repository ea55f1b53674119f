/* SPDX-License-Identifier: BSD-3-Clause */
/* Somebody from outside takes a worker's binding away, as the system does when CPUs go or cpusets change: the worker
 * finds it out by itself, under load and after sleep, and says so. */
#include "started.h"

#include <sched.h>
#include <unistd.h>

static _Atomic int ran, tid, told;

static void tell_tid(void *argument)
{
    (void)argument;
    atomic_store(&tid, gettid());
}

static void note_again(void *self, ramify_log_level level, const char *line)
{
    (void)self;
    (void)level;
    if (strstr(line, "bound to its leaf again"))
        atomic_fetch_add(&told, 1);
}

static void short_task(void *argument)
{
    (void)argument;
    sleep_us(20);
    atomic_fetch_add(&ran, 1);
}

static cpu_set_t mask_of(pid_t thread)
{
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(thread, sizeof set, &set), 0);
    return set;
}

static void submit(ramify_group *group, ramify_task_fn fn, const ramify_hint *hint)
{
    assert_int_equal(ramify_submit(group, fn, NULL, hint), RAMIFY_OK);
}

static void check(bool asleep)
{
    cpu_set_t all = mask_of(0);
    if (CPU_COUNT(&all) < 2) {
        print_message("skipped: one CPU is all there is, so no mask can be taken away\n");
        skip();
    }
    ramify_runtime *rt    = started(&(ramify_options){ .workers = 2, .log = note_again });
    ramify_group   *group = new_group(rt, NULL);
    ramify_hint     hint  = ramify_at(ramify_tree_leaf(ramify_runtime_tree(rt), 1)->index);
    hint.strict           = true;
    atomic_store(&told, 0);
    submit(group, tell_tid, &hint);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    cpu_set_t own = mask_of(atomic_load(&tid));
    assert_false(CPU_EQUAL(&own, &all));
    for (int times = 1; times <= 3; times++) {
        if (asleep)
            sleep_us(10000);
        assert_int_equal(sched_setaffinity(atomic_load(&tid), sizeof all, &all), 0);
        cpu_set_t now = all;
        for (int i = 0; i < 20000 && !CPU_EQUAL(&now, &own); i++) {
            submit(group, short_task, &hint);
            if (asleep || i % 256 == 255)
                assert_int_equal(ramify_wait(group), RAMIFY_OK);
            now = mask_of(atomic_load(&tid));
        }
        assert_true(CPU_EQUAL(&now, &own));
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(counts_of(rt).rebinds, times);
    }
    assert_int_equal(atomic_load(&told), 3);
    ramify_stop(rt);
}

static void under_load(void **state)
{
    (void)state;
    check(false);
}

static void after_sleep(void **state)
{
    (void)state;
    check(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(under_load, clear_environment),
        cmocka_unit_test_setup(after_sleep, clear_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
