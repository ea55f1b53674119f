/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside an Arm machine with one core and a clock that counts instructions: hardware counters are real there, belong to
 * one thread each, and count as many instructions as a loop has; where the system forbids them, the reason has its
 * number. */
#include "guest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static const char paranoid[] = "/proc/sys/kernel/perf_event_paranoid";

/* Two instructions a round. */
static void rounds(void *count)
{
#if defined(__aarch64__)
    uint64_t n = (uint64_t)(uintptr_t)count;
    __asm__ volatile("1: subs %0, %0, #1\n b.ne 1b" : "+r"(n)::"cc");
#else
    (void)count;
#endif
}

static double value(const ramify_snapshot *s, const char *name, ramify_scope scope, uint32_t index)
{
    ramify_metric m;
    assert_int_equal(ramify_snapshot_find(s, name, scope, index, &m, NULL), RAMIFY_OK);
    if (!m.source)
        printf("%s: %s\n", name, m.reason);
    return m.value;
}

/* What is said where the kernel forbids counting; in a process of its own, because PAPI looks at the level only once.
 */
static int try_forbidden(void)
{
    char          level[16], sentence[64];
    ramify_metric m;
    guest_read(paranoid, level, sizeof level);
    snprintf(sentence, sizeof sentence, "perf_event_paranoid is %s;", level);
    if (ramify_event_try("cycles", &m))
        return 1;
    printf("at level %s: %s\n", level, m.source ? ramify_source_name((int)m.source) : m.reason);
    fflush(stdout);
    return !m.source && !strstr(m.reason, sentence);
}

static void the_level_is_in_the_reason(void **state)
{
    (void)state;
    int           how;
    ramify_metric m;
    pid_t         child = fork();
    if (child == 0)
        _exit(try_forbidden());
    waitpid(child, &how, 0);
    assert_int_equal(how, 0);
    assert_int_equal(guest_write(paranoid, "-1"), 0);
    assert_int_equal(ramify_event_try("cycles", &m), RAMIFY_OK);
    assert_int_not_equal(m.source, RAMIFY_SOURCE_UNKNOWN);
    printf("at level -1: %s\n", ramify_source_name((int)m.source));
}

/* Runs a loop on a worker and returns what the counters say of the time in between. */
static ramify_snapshot *during(ramify_runtime *rt, uint32_t worker, uintptr_t count)
{
    ramify_snapshot *before, *after, *s;
    ramify_group    *group;
    ramify_hint      hint = { .domain = ramify_tree_leaf(ramify_runtime_tree(rt), worker)->index + 1, .strict = true };
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_take(rt, &before), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, rounds, (void *)count, &hint), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_take(rt, &after), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_between(before, after, &s), RAMIFY_OK);
    ramify_snapshot_free(before);
    ramify_snapshot_free(after);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
    return s;
}

static ramify_runtime *start(void)
{
    ramify_runtime      *rt;
    const ramify_options how = { .from = "core:2", .no_bind = true, .counters = "work,l1d_misses,context_switches" };
    assert_int_equal(ramify_start(&how, &rt), RAMIFY_OK);
    return rt;
}

/* The loop's instructions, and little of the system's beside them; the other worker, on the same core, has none. */
static void instructions_are_counted_by_thread(void **state)
{
    (void)state;
    enum { COUNT = 5000000 };
    ramify_runtime  *rt  = start();
    ramify_snapshot *s   = during(rt, 0, COUNT);
    double           own = value(s, "instructions", RAMIFY_SCOPE_WORKER, 0),
           other         = value(s, "instructions", RAMIFY_SCOPE_WORKER, 1);
    double cycles        = value(s, "cycles", RAMIFY_SCOPE_WORKER, 0);
    printf("of %d instructions %.0f are counted, in %.0f cycles; the other worker: %.0f\n", 2 * COUNT, own, cycles,
           other);
    assert_true(own >= 2.0 * COUNT && own < 2.0 * COUNT * 1.05);
    assert_true(other < 2.0 * COUNT * 0.05);
    assert_true(cycles > 1.9 * COUNT);
    assert_true(value(s, "instructions_per_cycle", RAMIFY_SCOPE_WORKER, 0) > 0.5);
    assert_true(value(s, "context_switches", RAMIFY_SCOPE_RUNTIME, 0) >= 1.0);
    assert_true(isnan(value(s, "l1d_misses", RAMIFY_SCOPE_RUNTIME, 0))); /* this machine accepts them and counts none */
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static ramify_code_region *region;

static void rounds_in_region(void *count)
{
    (void)ramify_region_begin(region);
    rounds(count);
    (void)ramify_region_end(region);
}

static void more_rounds(void *count)
{
    rounds(count);
}

/* Each function is a class of tasks, which has its own instructions though both run in turns in the same worker. */
static void instructions_are_counted_by_class(void **state)
{
    (void)state;
    enum { COUNT = 10000, TASKS = 1600 };
    ramify_runtime  *rt = start();
    ramify_group    *group;
    ramify_snapshot *s;
    ramify_metric    few, many;
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(
            ramify_submit(group, i % 2 ? rounds : more_rounds, (void *)(uintptr_t)(i % 2 ? COUNT : 5 * COUNT), NULL),
            RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_int_equal(
        ramify_snapshot_find_region(s, "rounds()", "instructions_per_task", RAMIFY_SCOPE_RUNTIME, 0, &few, NULL), 0);
    assert_int_equal(
        ramify_snapshot_find_region(s, "more_rounds()", "instructions_per_task", RAMIFY_SCOPE_RUNTIME, 0, &many, NULL),
        0);
    printf("of %d and %d instructions in tasks of two functions %.0f and %.0f are counted\n", 2 * COUNT, 10 * COUNT,
           few.value, many.value);
    assert_true(few.value >= 2.0 * COUNT && few.value < 2.0 * COUNT * 1.1);
    assert_true(many.value >= 10.0 * COUNT && many.value < 10.0 * COUNT * 1.1);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* A region: what each of its tasks counts, out of a part of them. */
static void instructions_are_counted_by_region(void **state)
{
    (void)state;
    enum { COUNT = 10000, TASKS = 160 };
    ramify_runtime  *rt = start();
    ramify_group    *group;
    ramify_snapshot *s;
    ramify_metric    m;
    assert_int_equal(ramify_region_define(rt, "rounds", &region), RAMIFY_OK);
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (int i = 0; i < TASKS; i++) /* of another class in between, ten times as long */
        assert_int_equal(ramify_submit(group, i % 2 ? rounds_in_region : rounds,
                                       (void *)(uintptr_t)(i % 2 ? COUNT : 10 * COUNT), NULL),
                         RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_int_equal(
        ramify_snapshot_find_region(s, "rounds", "instructions_per_task", RAMIFY_SCOPE_RUNTIME, 0, &m, NULL),
        RAMIFY_OK);
    printf("of %d instructions in a task of the region %.0f are counted\n", 2 * COUNT, m.value);
    assert_true(m.sampled);
    assert_true(m.value >= 2.0 * COUNT && m.value < 2.0 * COUNT * 1.1); /* what reading costs is taken off */
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    guest_require();
    struct utsname about;
    if (uname(&about) || strcmp(about.machine, "aarch64") != 0) {
        printf("skip: the counters of an emulated %s are none\n", about.machine);
        return SKIP_TEST_FILE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_level_is_in_the_reason),
        cmocka_unit_test(instructions_are_counted_by_thread),
        cmocka_unit_test(instructions_are_counted_by_class),
        cmocka_unit_test(instructions_are_counted_by_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
