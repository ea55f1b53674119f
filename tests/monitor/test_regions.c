/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions: counted by thread, refused where they are unbalanced, heard by a listener. */
#include "check.h"
#include "runtime_handle.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <ramify/ramify.h>

static ramify_runtime *start(uint32_t workers, const char *counters)
{
    ramify_runtime *rt;
    assert_int_equal(ramify_start(&(ramify_options){ .workers = workers, .no_bind = true, .counters = counters }, &rt),
                     RAMIFY_OK);
    return rt;
}

static ramify_code_region *define(ramify_runtime *rt, const char *name)
{
    ramify_code_region *region;
    assert_int_equal(ramify_region_define(rt, name, &region), RAMIFY_OK);
    return region;
}

static double value(const ramify_snapshot *s, const char *region, const char *name, ramify_scope scope, uint32_t index)
{
    ramify_metric m;
    return ramify_snapshot_find_region(s, region, name, scope, index, &m, NULL) ? NAN : m.value;
}

static void in_a_region(void *region)
{
    if (ramify_region_begin(region))
        return;
    for (volatile int i = 0; i < 100; i++)
        continue;
    (void)ramify_region_end(region);
}

static void run(ramify_runtime *rt, ramify_code_region *region, int tasks)
{
    ramify_group *group;
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (int i = 0; i < tasks; i++)
        assert_int_equal(ramify_submit(group, in_a_region, region, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
}

static void regions_are_counted_by_thread(void **state)
{
    (void)state;
    ramify_runtime     *rt    = start(2, NULL);
    ramify_code_region *outer = define(rt, "outer"), *inner = define(rt, "inner \"one\"");
    ramify_snapshot    *before, *after, *during;
    assert_ptr_equal(define(rt, "outer"), outer);
    run(rt, inner, 10);
    assert_int_equal(ramify_snapshot_take(rt, &before), RAMIFY_OK);
    run(rt, inner, 1000);
    assert_int_equal(ramify_region_begin(outer), RAMIFY_OK);
    in_a_region(inner);
    usleep(2000);
    assert_int_equal(ramify_region_end(outer), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_take(rt, &after), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_between(before, after, &during), RAMIFY_OK);

    double workers = 0.0;
    for (uint32_t w = 0; w < 2; w++) {
        double n = value(during, "inner \"one\"", "region_count", RAMIFY_SCOPE_WORKER, w);
        workers += isnan(n) ? 0.0 : n; /* one of them may have had nothing to do */
    }
    assert_true(workers == 1000.0);
    assert_true(value(during, "inner \"one\"", "region_count", RAMIFY_SCOPE_THREAD, 0) == 1.0);
    assert_true(value(during, "inner \"one\"", "region_count", RAMIFY_SCOPE_RUNTIME, 0) == 1001.0);
    assert_true(value(after, "inner \"one\"", "region_count", RAMIFY_SCOPE_RUNTIME, 0) == 1011.0);
    assert_true(value(during, "outer", "region_ns", RAMIFY_SCOPE_THREAD, 0) >= 1.9e6);
    assert_true(value(during, "outer", "region_imbalance", RAMIFY_SCOPE_RUNTIME, 0) == 0.0);
    assert_true(isnan(value(during, "outer", "region_count", RAMIFY_SCOPE_WORKER, 0)));
    assert_true(isnan(value(during, NULL, "region_count", RAMIFY_SCOPE_RUNTIME, 0)));
    ramify_snapshot_free(before);
    ramify_snapshot_free(after);
    ramify_snapshot_free(during);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void unbalanced_ends_are_refused(void **state)
{
    (void)state;
    ramify_runtime     *rt = start(1, NULL);
    ramify_code_region *a = define(rt, "a"), *b = define(rt, "b");
    ramify_snapshot    *s;
    assert_int_equal(ramify_region_end(a), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_region_begin(a), RAMIFY_OK);
    assert_int_equal(ramify_region_begin(b), RAMIFY_OK);
    assert_int_equal(ramify_region_end(a), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_region_end(b), RAMIFY_OK);
    assert_int_equal(ramify_region_end(b), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_region_end(a), RAMIFY_OK);
    for (int i = 0; i < RAMIFY_REGION_DEPTH_MAX; i++)
        assert_int_equal(ramify_region_begin(a), RAMIFY_OK);
    assert_int_equal(ramify_region_begin(a), RAMIFY_ERR_RANGE);
    for (int i = 0; i < RAMIFY_REGION_DEPTH_MAX; i++)
        assert_int_equal(ramify_region_end(a), RAMIFY_OK);
    assert_int_equal(ramify_region_end(a), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_region_begin(NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_region_end(NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_true(value(s, "a", "region_count", RAMIFY_SCOPE_RUNTIME, 0) == 1.0 + RAMIFY_REGION_DEPTH_MAX);
    assert_true(value(s, "b", "region_count", RAMIFY_SCOPE_RUNTIME, 0) == 1.0);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void names_are_bounded(void **state)
{
    (void)state;
    ramify_runtime     *rt = start(1, NULL);
    ramify_code_region *region;
    char                name[RAMIFY_REGION_NAME_BYTES + 2];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(ramify_region_define(rt, name, &region), RAMIFY_ERR_SYNTAX);
    name[RAMIFY_REGION_NAME_BYTES] = '\0';
    assert_int_equal(ramify_region_define(rt, name, &region), RAMIFY_OK);
    assert_int_equal(ramify_region_define(rt, "", &region), RAMIFY_ERR_SYNTAX);
    assert_int_equal(ramify_region_define(rt, "two\nlines", &region), RAMIFY_ERR_SYNTAX);
    assert_int_equal(ramify_region_define(NULL, "a", &region), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_region_define(rt, NULL, &region), RAMIFY_ERR_INVALID);
    for (int i = 1; i < RAMIFY_REGIONS_MAX; i++) {
        snprintf(name, sizeof name, "region %d", i);
        assert_int_equal(ramify_region_define(rt, name, &region), RAMIFY_OK);
    }
    assert_int_equal(ramify_region_define(rt, "one more", &region), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_region_define(rt, "region 1", &region), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

enum { OUTSIDERS = RAMIFY_REGION_THREADS_MAX + 8, EACH = 500 };

typedef struct crowd {
    ramify_code_region *region;
    pthread_barrier_t   all_here;
} crowd;

static void *join_in(void *argument)
{
    crowd *c = argument;
    in_a_region(c->region);
    pthread_barrier_wait(&c->all_here); /* their numbers are all different: nobody has ended */
    for (int i = 1; i < EACH; i++)
        in_a_region(c->region);
    return NULL;
}

/* More threads than there are slots: the last one is shared, and nothing is lost. */
static void many_threads_lose_nothing(void **state)
{
    (void)state;
    ramify_runtime  *rt = start(1, NULL);
    crowd            c  = { .region = define(rt, "crowded") };
    pthread_t        threads[OUTSIDERS];
    ramify_snapshot *s;
    pthread_barrier_init(&c.all_here, NULL, OUTSIDERS);
    for (int i = 0; i < OUTSIDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, join_in, &c), 0);
    for (int i = 0; i < OUTSIDERS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&c.all_here);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_true(value(s, "crowded", "region_count", RAMIFY_SCOPE_RUNTIME, 0) == (double)OUTSIDERS * EACH);
    assert_true(value(s, "crowded", "region_count", RAMIFY_SCOPE_THREAD, 0) == EACH);
    assert_true(value(s, "crowded", "region_count", RAMIFY_SCOPE_THREAD, RAMIFY_REGION_THREADS_MAX - 1) == 9.0 * EACH);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* One thread, two runtimes in turn: each has its own slot for it. */
static void runtimes_are_kept_apart(void **state)
{
    (void)state;
    ramify_runtime     *a = start(1, NULL), *b = start(2, NULL);
    ramify_code_region *in_a = define(a, "same"), *in_b = define(b, "same");
    ramify_snapshot    *s;
    assert_ptr_not_equal(in_a, in_b);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ramify_region_begin(in_a), RAMIFY_OK);
        in_a_region(in_b);
        assert_int_equal(ramify_region_end(in_b), RAMIFY_ERR_NOT_FOUND);
        assert_int_equal(ramify_region_end(in_a), RAMIFY_OK);
    }
    assert_int_equal(ramify_snapshot_take(a, &s), RAMIFY_OK);
    assert_true(value(s, "same", "region_count", RAMIFY_SCOPE_THREAD, 0) == 100.0);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_snapshot_take(b, &s), RAMIFY_OK);
    assert_true(value(s, "same", "region_count", RAMIFY_SCOPE_THREAD, 0) == 100.0);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(a), RAMIFY_OK);
    assert_int_equal(ramify_stop(b), RAMIFY_OK);
}

/* Whatever can be counted in a region is, or says why not. */
static void counters_are_kept_by_region(void **state)
{
    (void)state;
    ramify_runtime     *rt     = start(1, "task_clock_ns,cycles");
    ramify_code_region *region = define(rt, "counted");
    ramify_snapshot    *s;
    ramify_metric       whole, part;
    run(rt, region, 1000);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "cycles" : "task_clock_ns";
        assert_int_equal(ramify_snapshot_find(s, name, RAMIFY_SCOPE_RUNTIME, 0, &whole, NULL), RAMIFY_OK);
        assert_int_equal(ramify_snapshot_find_region(s, "counted", name, RAMIFY_SCOPE_RUNTIME, 0, &part, NULL),
                         RAMIFY_OK);
        assert_int_equal(part.source, whole.source);
        assert_string_equal(part.region, "counted");
        if (part.source) {
            assert_true(part.sampled);
            assert_true(part.value > 0.0);
        } else
            assert_true(part.reason && part.reason[0]);
    }
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void *take_snapshots(void *runtime)
{
    for (int i = 0; i < 20; i++) {
        ramify_snapshot *s;
        if (ramify_snapshot_take(runtime, &s))
            return runtime;
        ramify_snapshot_free(s);
    }
    return NULL;
}

/* Counting begins while regions run and others take snapshots: everybody reads the same counters. */
static void counting_may_begin_at_any_time(void **state)
{
    (void)state;
    ramify_runtime     *rt     = start(2, NULL);
    ramify_code_region *region = define(rt, "early and late");
    pthread_t           thread;
    void               *failed;
    assert_int_equal(pthread_create(&thread, NULL, take_snapshots, rt), 0);
    run(rt, region, 1000);
    assert_int_equal(ramify_counters_start(rt, "task_clock_ns,page_faults", NULL), RAMIFY_OK);
    run(rt, region, 1000);
    assert_null(take_snapshots(rt));
    pthread_join(thread, &failed);
    assert_null(failed);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

typedef struct heard {
    uint32_t begins, ends, last;
    uint64_t ticks;
    bool     backward;
} heard;

static void hear_begin(void *self, uint32_t region, uint64_t now_ticks)
{
    heard *h = self;
    h->begins++;
    h->last     = region;
    h->backward = h->backward || now_ticks < h->ticks;
    h->ticks    = now_ticks;
}

static void hear_end(void *self, uint32_t region, uint64_t now_ticks)
{
    heard *h = self;
    h->ends += region == h->last;
    h->backward = h->backward || now_ticks < h->ticks;
    h->ticks    = now_ticks;
}

static void a_listener_hears_both_ends(void **state)
{
    (void)state;
    ramify_runtime           *rt = start(1, NULL);
    ramify_code_region       *a = define(rt, "a"), *b = define(rt, "b");
    heard                     h        = { 0 };
    const rmf_region_listener listener = { &h, hear_begin, hear_end };
    in_a_region(a);
    /* order: the listener before its pointer; pairs with the acquire in listener_of() */
    rmf_store_release(&rt->regions.listener, &listener);
    in_a_region(a);
    in_a_region(b);
    assert_int_equal(h.begins, 2);
    assert_int_equal(h.ends, 2);
    assert_int_equal(h.last, 1);
    assert_false(h.backward);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void break_even_is_measured(void **state)
{
    (void)state;
    ramify_runtime   *rt = start(2, NULL);
    ramify_break_even cost;
    ramify_snapshot  *s;
    ramify_metric     m;
    assert_int_equal(ramify_break_even_measure(NULL, &cost), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_find(s, "break_even_submit_ns", RAMIFY_SCOPE_RUNTIME, 0, &m, NULL), RAMIFY_OK);
    assert_int_equal(m.source, RAMIFY_SOURCE_UNKNOWN);
    assert_non_null(strstr(m.reason, "RAMIFY_BREAK_EVEN"));
    ramify_snapshot_free(s);
    assert_int_equal(ramify_break_even_measure(rt, &cost), RAMIFY_OK);
    assert_true(cost.fork_ns > 0.0 && cost.submit_ns > cost.fork_ns);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_true(fabs(value(s, NULL, "break_even_fork_ns", RAMIFY_SCOPE_RUNTIME, 0) - cost.fork_ns) < 0.01);
    assert_true(value(s, NULL, "tasks", RAMIFY_SCOPE_RUNTIME, 0) == 0.0); /* nothing of it is counted here */
    assert_null(ramify_snapshot_advice(s, 0));
    printf("an empty task costs %.1f ns by fork and join, %.1f ns submitted\n", cost.fork_ns, cost.submit_ns);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(ramify_start(&(ramify_options){ .workers = 1, .no_bind = true, .break_even = true }, &rt),
                     RAMIFY_OK);
    assert_int_equal(ramify_snapshot_take(rt, &s), RAMIFY_OK);
    assert_true(value(s, NULL, "break_even_submit_ns", RAMIFY_SCOPE_RUNTIME, 0) > 0.0);
    ramify_snapshot_free(s);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_are_counted_by_thread),
        cmocka_unit_test(unbalanced_ends_are_refused),
        cmocka_unit_test(names_are_bounded),
        cmocka_unit_test(many_threads_lose_nothing),
        cmocka_unit_test(runtimes_are_kept_apart),
        cmocka_unit_test(counters_are_kept_by_region),
        cmocka_unit_test(counting_may_begin_at_any_time),
        cmocka_unit_test(a_listener_hears_both_ends),
        cmocka_unit_test(break_even_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
