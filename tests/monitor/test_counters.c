/* SPDX-License-Identifier: BSD-3-Clause */
/* One conformance test that every counter source passes, the choice among them, and names that are wrong. */
#include "check.h"
#include "counters.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const rmf_event *event_named(const char *name)
{
    const rmf_event *event = rmf_event_named(name, (uint32_t)strlen(name));
    assert_non_null(event);
    return event;
}

/* Whatever a source says, it says it whole: a value that a load has raised, or a status with a sentence. */
static void every_source_counts_or_says_why(void **state)
{
    (void)state;
    for (uint32_t s = 0; rmf_counter_source_at(s); s++)
        for (uint32_t e = 0; rmf_event_at(e); e++) {
            const rmf_counter_source *source = rmf_counter_source_at(s);
            const rmf_event          *event  = rmf_event_at(e);
            rmf_why                   why    = { "" };
            rmf_code                  code;
            uint64_t                  value  = 0;
            ramify_status             status = rmf_counter_try(source, event, &code, &value, &why);
            if (status)
                assert_true(why.text[0] != '\0');
            else if (event->must_count)
                assert_true(value > 0);
            printf("%-18s %-8s %s\n", event->name, ramify_source_name((int)source->id), status ? why.text : "counts");
        }
}

/* A counting only grows, belongs to its thread, and several stand beside each other. */
static void a_counting_grows_and_is_its_own(void **state)
{
    (void)state;
    for (uint32_t s = 0; rmf_counter_source_at(s); s++) {
        const rmf_counter_source *source = rmf_counter_source_at(s);
        rmf_why                   why;
        rmf_code                  code;
        uint64_t                  value;
        if (rmf_counter_try(source, event_named("task_clock_ns"), &code, &value, &why))
            continue;
        void       *a, *b;
        rmf_reading first, second, late;
        assert_int_equal(source->attach(&code, 1, gettid(), false, &a, &why), RAMIFY_OK);
        rmf_counter_load();
        assert_int_equal(source->read(a, &first, &why), RAMIFY_OK);
        if (source->id != RAMIFY_SOURCE_PAPI) { /* PAPI has one running set per thread, which is what we need */
            assert_int_equal(source->attach(&code, 1, gettid(), false, &b, &why), RAMIFY_OK);
            assert_int_equal(source->read(b, &late, &why), RAMIFY_OK);
            assert_true(late.value < first.value);
            source->detach(b);
        }
        rmf_counter_load();
        assert_int_equal(source->read(a, &second, &why), RAMIFY_OK);
        assert_true(second.value > first.value);
        source->detach(a);
    }
}

typedef struct burner {
    _Atomic int32_t  tid;
    _Atomic uint32_t go, done;
} burner;

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *burn(void *argument)
{
    burner *b = argument;
    rmf_store_relaxed(&b->tid, gettid());
    while (!rmf_load_relaxed(&b->go))
        usleep(100);
    for (double start = cpu_seconds(); cpu_seconds() - start < 0.05;)
        continue;
    rmf_store_relaxed(&b->done, 1);
    while (rmf_load_relaxed(&b->go) == 1)
        usleep(100);
    return NULL;
}

/* Counting another thread: 50 ms on a processor are 50 ms, and it takes no part in being counted. */
static void another_thread_is_counted(void **state)
{
    (void)state;
    rmf_code code;
    rmf_why  why;
    uint64_t value;
    if (rmf_counter_try(&rmf_counters_perf, event_named("task_clock_ns"), &code, &value, &why)) {
        printf("perf cannot count here: %s\n", why.text);
        skip();
    }
    burner          b = { 0 };
    pthread_t       thread;
    rmf_counter_set *set;
    assert_int_equal(pthread_create(&thread, NULL, burn, &b), 0);
    while (!rmf_load_relaxed(&b.tid))
        usleep(100);
    int32_t tid = rmf_load_relaxed(&b.tid);
    assert_int_equal(rmf_counter_set_open("task_clock_ns, cycles", &tid, 1, &set, NULL), RAMIFY_OK);
    assert_int_equal(rmf_counter_set_size(set), 2);
    rmf_store_relaxed(&b.go, 1);
    while (!rmf_load_relaxed(&b.done))
        usleep(1000);
    uint64_t values[RMF_COUNTERS_MAX];
    uint32_t known, partial;
    rmf_counter_set_read(set, 0, values, &known, &partial);
    rmf_store_relaxed(&b.go, 2);
    pthread_join(thread, NULL);
    assert_true(known & 1);
    assert_true(values[0] >= 49000000 && values[0] < 100000000);
    const rmf_counter *cycles = rmf_counter_set_at(set, 1);
    assert_true(known >> 1 & 1 || cycles->why.text[0]);
    rmf_counter_set_close(set);
}

static void groups_are_their_formulas_events(void **state)
{
    (void)state;
    rmf_wanted wanted;
    assert_int_equal(rmf_counter_parse(" system,  cycles multiplex", &wanted, NULL), RAMIFY_OK);
    assert_int_equal(wanted.count, 4);
    assert_string_equal(wanted.events[0]->name, "context_switches");
    assert_string_equal(wanted.events[3]->name, "cycles");
    assert_true(wanted.multiplex);
    assert_int_equal(rmf_counter_parse("work,work,cycles", &wanted, NULL), RAMIFY_OK);
    assert_int_equal(wanted.count, 3);
    assert_false(wanted.multiplex);
}

static void every_formula_names_events(void **state)
{
    (void)state;
    const rmf_formula *f;
    for (uint32_t i = 0; (f = rmf_formula_at(i)); i++) {
        const char *operands[] = { f->numerator, f->denominator };
        for (int k = 0; k < 2; k++) {
            bool is_place = strcmp(operands[k], RMF_PER_TASK) == 0 || strcmp(operands[k], RMF_PER_SECOND) == 0;
            assert_true(is_place || rmf_event_named(operands[k], (uint32_t)strlen(operands[k])));
            assert_non_null(strstr(f->text, operands[k]));
        }
    }
}

static void unknown_names_get_the_nearest(void **state)
{
    (void)state;
    rmf_wanted       wanted;
    ramify_diagnosis why;
    assert_int_equal(rmf_counter_parse("cycles,l3_mises", &wanted, &why), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(why.position, 7);
    assert_non_null(strstr(why.text, "nearest are: l3_misses"));
    assert_int_equal(rmf_counter_parse(" , ", &wanted, &why), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(rmf_counter_parse("work cache memory stall branch system task_clock_ns major_faults minor_faults",
                                       &wanted, &why),
                     RAMIFY_ERR_RANGE);
}

static void a_runtime_counts_its_workers(void **state)
{
    (void)state;
    ramify_runtime  *rt;
    ramify_snapshot *s;
    ramify_metric    m;
    ramify_diagnosis why = { 0 };
    assert_int_equal(ramify_start(&(ramify_options){ .workers = 2, .counters = "nonsense", .diagnosis = &why }, &rt),
                     RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(why.status, RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_start(&(ramify_options){ .workers = 2, .counters = "system" }, &rt), RAMIFY_OK);
    assert_int_equal(ramify_counters_start(rt, "cycles", &why), RAMIFY_ERR_BUSY);
    usleep(5000);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_find(s, "context_switches", RAMIFY_SCOPE_RUNTIME, 0, &m, NULL), RAMIFY_OK);
    assert_true(m.source != RAMIFY_SOURCE_UNKNOWN ? m.value >= 0.0 : m.reason != NULL && isnan(m.value));
    assert_int_equal(ramify_snapshot_find(s, "page_faults_per_task", RAMIFY_SCOPE_WORKER, 1, &m, NULL), RAMIFY_OK);
    assert_int_equal(m.source, RAMIFY_SOURCE_UNKNOWN); /* no task was run */
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void trying_says_what_and_why(void **state)
{
    (void)state;
    ramify_metric m;
    assert_int_equal(ramify_event_try("no_such", &m), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_event_try("page_faults", &m), RAMIFY_OK);
    assert_true(m.source ? m.value > 0.0 : m.reason != NULL);
    assert_int_equal(ramify_event_try("memory_stalls", &m), RAMIFY_OK);
    assert_true(m.source ? m.value > 0.0 : m.reason != NULL && isnan(m.value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_source_counts_or_says_why), cmocka_unit_test(a_counting_grows_and_is_its_own),
        cmocka_unit_test(another_thread_is_counted),       cmocka_unit_test(groups_are_their_formulas_events),
        cmocka_unit_test(every_formula_names_events),      cmocka_unit_test(unknown_names_get_the_nearest),
        cmocka_unit_test(a_runtime_counts_its_workers),    cmocka_unit_test(trying_says_what_and_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
