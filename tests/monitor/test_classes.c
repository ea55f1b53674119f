/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters by class of task: each function apart, tasks in turns met alike, waiting not counted, and unknown where the
 * machine counts nothing. */
#include "check.h"

#include <ramify/ramify.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t spent_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void spin_for(uint64_t ns)
{
    for (uint64_t begin = spent_ns(); spent_ns() - begin < ns;)
        continue;
}

static void short_task(void *unused)
{
    (void)unused;
    spin_for(5000);
}

static void long_task(void *unused)
{
    (void)unused;
    spin_for(50000);
}

typedef struct family {
    ramify_runtime *rt;
    int             children;
} family;

/* Waits for what it submits, and runs it meanwhile where it is the only worker. */
static void waiting_task(void *family_)
{
    const family *f = family_;
    ramify_group *group;
    if (ramify_group_create(f->rt, NULL, &group))
        return;
    for (int i = 0; i < f->children; i++)
        if (ramify_submit(group, i & 1 ? long_task : short_task, NULL, NULL))
            return;
    if (ramify_wait(group) || ramify_group_free(group))
        return;
}

static ramify_runtime *start(const char *counters, uint32_t workers)
{
    ramify_runtime *rt;
    ramify_options  options = { .workers = workers, .no_bind = true, .latency_every = 8, .counters = counters };
    assert_int_equal(ramify_start(&options, &rt), RAMIFY_OK);
    return rt;
}

static void run(ramify_runtime *rt, ramify_task_fn fn, void *argument)
{
    ramify_group *group;
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, fn, argument, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
}

static ramify_metric find(const ramify_snapshot *s, const char *class, const char *name)
{
    ramify_metric m = { .value = NAN };
    if (ramify_snapshot_find_region(s, class, name, RAMIFY_SCOPE_RUNTIME, 0, &m, NULL))
        m.value = NAN;
    return m;
}

/* Tasks of two functions in turns, submitted by one that waits for them: each class has its own, and no other's time.
 */
static void each_function_is_a_class(void **state)
{
    (void)state;
    ramify_runtime  *rt = start("task_clock_ns", 1);
    family           f  = { rt, 1600 };
    ramify_snapshot *before, *after, *s;
    assert_int_equal(ramify_snapshot_take(rt, &before), RAMIFY_OK);
    run(rt, waiting_task, &f);
    assert_int_equal(ramify_snapshot_take(rt, &after), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_between(before, after, &s), RAMIFY_OK);
    ramify_metric short_count = find(s, "short_task()", "region_count"),
                  short_ns    = find(s, "short_task()", "region_ns");
    ramify_metric long_count = find(s, "long_task()", "region_count"), long_ns = find(s, "long_task()", "region_ns");
    assert_true(short_count.sampled && short_ns.sampled);
    /* 800 of each, some 100 samples: a share below a quarter would be over five deviations away */
    assert_true(short_count.value > 400.0 && short_count.value < 1200.0);
    assert_true(long_count.value > 400.0 && long_count.value < 1200.0);
    assert_true(short_ns.value / short_count.value >= 5000.0);
    assert_true(long_ns.value / long_count.value >= 50000.0);
    assert_true(find(s, "waiting_task()", "region_count").value == 8.0); /* the first submission is sampled */
    ramify_metric clock = find(s, "long_task()", "task_clock_ns");
    if (clock.source) {
        double all     = find(s, NULL, "task_clock_ns").value,
               waiting = find(s, "waiting_task()", "task_clock_ns").value / 8.0;
        assert_true(clock.sampled && clock.value / long_count.value >= 40000.0);
        assert_true(waiting < all / 4.0); /* all else was run while it waited */
        printf("task_clock_ns per task: %.0f, %.0f where it takes 5000, 50000\n",
               find(s, "short_task()", "task_clock_ns").value / short_count.value, clock.value / long_count.value);
    } else
        assert_true(clock.reason && clock.reason[0]);
    ramify_snapshot_free(before);
    ramify_snapshot_free(after);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void without_counters_there_are_none(void **state)
{
    (void)state;
    ramify_runtime  *rt = start(NULL, 1);
    family           f  = { rt, 100 };
    ramify_snapshot *s;
    run(rt, waiting_task, &f);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_true(isnan(find(s, "short_task()", "region_count").value));
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

#define KINDS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17)
#define KIND(i)                                                                                                        \
    static void kind_##i(void *cell)                                                                                   \
    {                                                                                                                  \
        *(volatile int *)cell = i;                                                                                     \
    }
KINDS(KIND)
#define NAME(i) kind_##i,
static const ramify_task_fn kinds[] = { KINDS(NAME) };
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* More functions than there are places, from two workers at once: nothing is lost, the rest goes together. */
static void more_functions_share_a_row(void **state)
{
    (void)state;
    ramify_runtime  *rt;
    ramify_options   options = { .workers = 2, .no_bind = true, .latency_every = 1, .counters = "page_faults" };
    ramify_group    *group;
    ramify_snapshot *s;
    static int       cells[1000];
    double           sum = 0.0;
    char             name[32];
    assert_int_equal(ramify_start(&options, &rt), RAMIFY_OK);
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(ramify_submit(group, kinds[i % KIND_COUNT], &cells[i], NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    do { /* a worker adds a task to its class when it has run, a moment after the wait */
        assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
        sum = 0.0;
        for (int i = 0; i < KIND_COUNT; i++) {
            snprintf(name, sizeof name, "kind_%d()", i);
            double count = find(s, name, "region_count").value;
            sum += isnan(count) ? 0.0 : count;
        }
        double others = find(s, "other functions", "region_count").value;
        sum += isnan(others) ? 0.0 : others;
        if (sum == 1000.0)
            assert_true(others > 100.0);
        ramify_snapshot_free(s);
    } while (sum < 1000.0);
    assert_true(sum == 1000.0);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_function_is_a_class),
        cmocka_unit_test(without_counters_there_are_none),
        cmocka_unit_test(more_functions_share_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
