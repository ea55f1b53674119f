/* SPDX-License-Identifier: BSD-3-Clause */
/* Every metric from cells filled by hand, so that each value is known beforehand: two packages of two workers. */
#include "check.h"
#include "clock.h"
#include "snapshot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORKERS = 4 };

typedef struct bench {
    rmf_monitor_cell cell[WORKERS];
    uint64_t         wake_ticks[WORKERS];
    ramify_tree     *tree;
    rmf_watch        watch;
} bench;

static const rmf_monitor_cell *cell_of(const void *pool, uint32_t worker)
{
    return &((const bench *)pool)->cell[worker];
}

static uint64_t wake_ticks_of(const void *pool, uint32_t worker)
{
    return ((const bench *)pool)->wake_ticks[worker];
}

static double queued(const void *pool, uint32_t domain)
{
    (void)pool;
    return domain + 0.5;
}

static void outside(const void *pool, double ns_per_tick, rmf_tally *tally)
{
    (void)pool;
    tally->place_ns     = (uint64_t)(1000 * ns_per_tick);
    tally->inline_runs  = 3;
    tally->near_unknown = 4;
    tally->plan_changes = 5;
}

/* A worker's finished stays; the one under way began in the future, so it counts nothing. */
static void give_time(rmf_monitor_cell *cell, uint64_t busy, uint64_t search, uint64_t parked)
{
    rmf_store_relaxed(&cell->time.spent_ticks[RMF_STATE_BUSY], busy);
    rmf_store_relaxed(&cell->time.spent_ticks[RMF_STATE_SEARCHING], search);
    rmf_store_relaxed(&cell->time.spent_ticks[RMF_STATE_PARKED], parked);
    rmf_store_relaxed(&cell->time.since_ticks, UINT64_MAX);
}

static const char machine[] = "pack:2 core:2";

static int set_up(void **state)
{
    bench *b = aligned_alloc(RMF_PAIR_BYTES, sizeof *b);
    if (!b)
        return -1;
    memset(b, 0, sizeof *b);
    if (ramify_tree_open(&(ramify_tree_options){ .from = machine }, &b->tree))
        return -1;
    b->watch = (rmf_watch){ .tree        = b->tree,
                            .workers     = WORKERS,
                            .ns_per_tick = 1.0,
                            .serial      = 7,
                            .started_ns  = 5,
                            .pool        = b,
                            .cell        = cell_of,
                            .wake_ticks  = wake_ticks_of,
                            .queued      = queued,
                            .outside     = outside };
    for (int w = 0; w < WORKERS; w++)
        give_time(&b->cell[w], 0, 0, 0);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    bench *b = *state;
    ramify_tree_free(b->tree);
    free(b);
    return 0;
}

static ramify_snapshot *take(bench *b)
{
    ramify_snapshot *s;
    assert_int_equal(rmf_snapshot_read(&b->watch, NULL, &s), RAMIFY_OK);
    assert_int_equal(rmf_snapshot_fill_rows(s), RAMIFY_OK);
    return s;
}

static ramify_metric row(const ramify_snapshot *s, const char *name, ramify_scope scope, uint32_t index)
{
    ramify_metric    metric;
    ramify_diagnosis why = { 0 };
    if (ramify_snapshot_find(s, name, scope, index, &metric, &why))
        fail_msg("%s", why.text);
    return metric;
}

static double value(const ramify_snapshot *s, const char *name, ramify_scope scope, uint32_t index)
{
    ramify_metric m = row(s, name, scope, index);
    assert_int_not_equal(m.source, RAMIFY_SOURCE_UNKNOWN);
    return m.value;
}

static void assert_near(double is, double should)
{
    if (!(fabs(is - should) <= 1e-9 * fabs(should) + 1e-12))
        fail_msg("%.12g instead of %.12g", is, should);
}

static void balance_at_every_level(void **state)
{
    bench         *b       = *state;
    const uint64_t busy[4] = { 1000, 600, 400, 0 }; /* of 1000: 1.0 0.6 | 0.4 0.0 */
    for (int w = 0; w < WORKERS; w++)
        give_time(&b->cell[w], busy[w], (1000 - busy[w]) / 2, (1000 - busy[w]) / 2);
    ramify_snapshot *s = take(b);
    assert_near(value(s, "utilisation", RAMIFY_SCOPE_RUNTIME, 0), 0.5);
    assert_near(value(s, "utilisation", RAMIFY_SCOPE_WORKER, 1), 0.6);
    assert_near(value(s, "utilisation", RAMIFY_SCOPE_DOMAIN, 1), 0.8);
    assert_near(value(s, "load_variance", RAMIFY_SCOPE_RUNTIME, 0), (0.25 + 0.01 + 0.01 + 0.25) / 4);
    assert_near(value(s, "load_imbalance", RAMIFY_SCOPE_RUNTIME, 0), 1.0);
    assert_near(value(s, "load_variance", RAMIFY_SCOPE_LEVEL, RAMIFY_LEVEL_PACKAGE), 0.09);
    assert_near(value(s, "load_imbalance", RAMIFY_SCOPE_LEVEL, RAMIFY_LEVEL_PACKAGE), 0.6);
    assert_near(value(s, "load_imbalance", RAMIFY_SCOPE_LEVEL, RAMIFY_LEVEL_CORE), 1.0);
    assert_near(value(s, "starved_ns", RAMIFY_SCOPE_DOMAIN, 2), 1600);
    assert_near(value(s, "queued_tasks", RAMIFY_SCOPE_DOMAIN, 2), 2.5);
    ramify_snapshot_free(s);
}

static void overhead_and_its_parts(void **state)
{
    bench            *b    = *state;
    rmf_monitor_cell *cell = &b->cell[2];
    give_time(cell, 10000, 600, 400);
    rmf_store_relaxed(&cell->counts.tasks, 110);
    rmf_store_relaxed(&cell->counts.searches, 10);
    rmf_store_relaxed(&cell->counts.handle_samples, 4);
    rmf_store_relaxed(&cell->counts.handle_ticks, 40); /* 10 each, for 100 tasks that followed another */
    rmf_store_relaxed(&cell->counts.place_ticks, 700);
    rmf_store_relaxed(&cell->counts.batch_ticks, 300);
    b->wake_ticks[2] = 90;
    for (int i = 0; i < 3; i++)
        rmf_histogram_add(&cell->run, 8);
    rmf_histogram_add(&cell->run, 500);
    ramify_snapshot *s = take(b);
    assert_near(value(s, "place_ns", RAMIFY_SCOPE_WORKER, 2), 1000);
    assert_near(value(s, "handle_ns", RAMIFY_SCOPE_WORKER, 2), 1000);
    assert_near(value(s, "task_ns", RAMIFY_SCOPE_WORKER, 2), 8000);
    assert_near(value(s, "overhead", RAMIFY_SCOPE_WORKER, 2), 2600.0 / 8000);
    assert_near(value(s, "overhead_waking", RAMIFY_SCOPE_WORKER, 2), 90.0 / 8000);
    assert_near(value(s, "overhead_parking", RAMIFY_SCOPE_WORKER, 2), 400.0 / 8000);
    /* Threads from outside took 1000 more, which is in nobody's busy time. */
    assert_near(value(s, "place_ns", RAMIFY_SCOPE_RUNTIME, 0), 2000);
    assert_near(value(s, "task_ns", RAMIFY_SCOPE_RUNTIME, 0), 8000);
    assert_near(value(s, "overhead", RAMIFY_SCOPE_RUNTIME, 0), 3600.0 / 8000);
    assert_near(value(s, "cost_per_task_ns", RAMIFY_SCOPE_RUNTIME, 0), 3000.0 / 110);
    assert_near(value(s, "run_mean_ns", RAMIFY_SCOPE_WORKER, 2), 131);
    assert_true(row(s, "overhead", RAMIFY_SCOPE_WORKER, 2).sampled);
    assert_near(value(s, "inline_runs", RAMIFY_SCOPE_RUNTIME, 0), 3);
    assert_near(value(s, "near_unknown", RAMIFY_SCOPE_RUNTIME, 0), 4);
    assert_near(value(s, "plan_changes", RAMIFY_SCOPE_RUNTIME, 0), 5);
    ramify_snapshot_free(s);
}

/* A machine on which an empty task costs 50 ns: of 90 tasks, those of 8 ns are below that, those of 500 are not. */
static void small_tasks_are_told(void **state)
{
    bench            *b    = *state;
    rmf_monitor_cell *cell = &b->cell[1];
    for (int i = 0; i < 3; i++)
        rmf_histogram_add(&cell->run, 8);
    rmf_histogram_add(&cell->run, 24);
    rmf_histogram_add(&cell->run, 500);
    rmf_store_relaxed(&cell->counts.tasks, 90);
    ramify_snapshot *s = take(b);
    assert_int_equal(row(s, "small_tasks_ns", RAMIFY_SCOPE_RUNTIME, 0).source, RAMIFY_SOURCE_UNKNOWN);
    assert_int_equal(row(s, "break_even_fork_ns", RAMIFY_SCOPE_RUNTIME, 0).source, RAMIFY_SOURCE_UNKNOWN);
    ramify_snapshot_free(s);

    rmf_live_cost cost = { 0 };
    rmf_store_relaxed(&cost.fork_ps, 1500);
    rmf_store_relaxed(&cost.submit_ps, 50000);
    b->watch.cost = &cost;
    s             = take(b);
    b->watch.cost = NULL;
    assert_near(value(s, "break_even_fork_ns", RAMIFY_SCOPE_RUNTIME, 0), 1.5);
    assert_near(value(s, "break_even_submit_ns", RAMIFY_SCOPE_RUNTIME, 0), 50.0);
    assert_near(value(s, "small_tasks_share", RAMIFY_SCOPE_RUNTIME, 0), 0.8);
    double share = value(s, "small_tasks_time_share", RAMIFY_SCOPE_RUNTIME, 0);
    assert_true(share > 48.0 / 548 * 0.97 && share < 48.0 / 548 * 1.03); /* to within a bucket */
    assert_near(value(s, "small_tasks_ns", RAMIFY_SCOPE_RUNTIME, 0), share * 548.0 / 5 * 90);
    assert_true(row(s, "small_tasks_ns", RAMIFY_SCOPE_RUNTIME, 0).sampled);
    assert_null(ramify_snapshot_advice(s, 0)); /* 8.8 % of the time */
    ramify_snapshot_free(s);

    rmf_histogram_add(&cell->run, 24);
    b->watch.cost = &cost;
    s             = take(b);
    b->watch.cost = NULL;
    assert_non_null(strstr(ramify_snapshot_advice(s, 0), "ramify_for"));
    assert_null(ramify_snapshot_advice(s, 1));
    ramify_snapshot_free(s);
}

static void stealing_by_level(void **state)
{
    bench *b = *state;
    for (int i = 0; i < 3; i++)
        rmf_cell_steal(&b->cell[0], RAMIFY_LEVEL_PACKAGE, 1);
    rmf_cell_steal(&b->cell[0], RAMIFY_LEVEL_PACKAGE, 0);
    rmf_cell_steal(&b->cell[3], RAMIFY_LEVEL_NODE, 16);
    ramify_snapshot *s = take(b);
    assert_near(value(s, "steal_success", RAMIFY_SCOPE_LEVEL, RAMIFY_LEVEL_PACKAGE), 0.75);
    assert_near(value(s, "tasks_per_steal", RAMIFY_SCOPE_LEVEL, RAMIFY_LEVEL_NODE), 16);
    assert_near(value(s, "steal_attempts", RAMIFY_SCOPE_RUNTIME, 0), 5);
    assert_near(value(s, "stolen_tasks", RAMIFY_SCOPE_RUNTIME, 0), 19);
    assert_near(value(s, "steals", RAMIFY_SCOPE_WORKER, 3), 1);
    assert_int_equal(row(s, "steal_success", RAMIFY_SCOPE_WORKER, 1).source, RAMIFY_SOURCE_UNKNOWN);
    ramify_snapshot_free(s);
}

static void locality(void **state)
{
    bench *b = *state;
    rmf_store_relaxed(&b->cell[0].counts.tasks, 10);
    rmf_store_relaxed(&b->cell[0].counts.tasks_at_home, 6);
    rmf_store_relaxed(&b->cell[0].counts.tasks_on_node, 3);
    ramify_snapshot *s = take(b);
    assert_near(value(s, "home_share", RAMIFY_SCOPE_DOMAIN, 1), 0.6);
    assert_near(value(s, "node_share", RAMIFY_SCOPE_RUNTIME, 0), 0.9);
    ramify_snapshot_free(s);
}

static void loops_and_graphs(void **state)
{
    bench *b = *state;
    for (int w = 0; w < 2; w++) {
        rmf_cell_counts *counts = &b->cell[w].counts;
        rmf_store_relaxed(&counts->loops, 1);
        rmf_store_relaxed(&counts->loop_iterations, 300);
        rmf_store_relaxed(&counts->loop_iterations_at_home, w ? 300 : 150);
        rmf_store_relaxed(&counts->loop_chunks, 20);
        rmf_store_relaxed(&counts->loop_splits, 4);
        rmf_store_relaxed(&counts->dependent_tasks, 5);
        rmf_store_relaxed(&counts->graph_tasks, 70);
        rmf_store_relaxed(&counts->graph_runs, 7);
    }
    ramify_snapshot *s = take(b);
    assert_near(value(s, "loops", RAMIFY_SCOPE_RUNTIME, 0), 2);
    assert_near(value(s, "loop_iterations", RAMIFY_SCOPE_RUNTIME, 0), 600);
    assert_near(value(s, "loop_chunks", RAMIFY_SCOPE_WORKER, 1), 20);
    assert_near(value(s, "loop_splits", RAMIFY_SCOPE_RUNTIME, 0), 8);
    assert_near(value(s, "loop_iterations_per_chunk", RAMIFY_SCOPE_WORKER, 0), 15);
    assert_near(value(s, "loop_iterations_at_home", RAMIFY_SCOPE_RUNTIME, 0), 450);
    assert_near(value(s, "loop_home_share", RAMIFY_SCOPE_WORKER, 0), 0.5);
    assert_near(value(s, "loop_home_share", RAMIFY_SCOPE_RUNTIME, 0), 0.75);
    assert_near(value(s, "dependent_tasks", RAMIFY_SCOPE_RUNTIME, 0), 10);
    assert_near(value(s, "graph_tasks", RAMIFY_SCOPE_WORKER, 1), 70);
    assert_near(value(s, "graph_runs", RAMIFY_SCOPE_RUNTIME, 0), 14);
    ramify_snapshot_free(s);
}

/* Nothing happened: every ratio is unknown with a reason, and no value is made up. */
static void nothing_is_unknown_with_a_reason(void **state)
{
    ramify_snapshot     *s = take(*state);
    uint32_t             count;
    const ramify_metric *rows = ramify_snapshot_metrics(s, &count);
    assert_true(count > 100);
    for (uint32_t i = 0; i < count; i++) {
        assert_true((rows[i].source == RAMIFY_SOURCE_UNKNOWN) == (isnan(rows[i].value) != 0));
        assert_true(rows[i].source != RAMIFY_SOURCE_UNKNOWN || rows[i].reason);
    }
    assert_non_null(strstr(row(s, "cache_misses_per_task", RAMIFY_SCOPE_RUNTIME, 0).reason, "RAMIFY_COUNTERS"));
    ramify_snapshot_free(s);
}

static void an_interval_is_the_difference(void **state)
{
    bench            *b    = *state;
    rmf_monitor_cell *cell = &b->cell[1];
    give_time(cell, 1000, 0, 1000);
    rmf_store_relaxed(&cell->counts.tasks, 40);
    rmf_histogram_add(&cell->latency, 50);
    ramify_snapshot *older = take(b), *during;
    give_time(cell, 1300, 0, 1100);
    rmf_store_relaxed(&cell->counts.tasks, 45);
    rmf_histogram_add(&cell->latency, 70);
    rmf_histogram_add(&cell->latency, 90);
    ramify_snapshot *newer = take(b);
    assert_int_equal(ramify_snapshot_between(newer, older, &during), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_snapshot_between(older, newer, &during), RAMIFY_OK);
    assert_near(value(during, "tasks", RAMIFY_SCOPE_WORKER, 1), 5);
    assert_near(value(during, "utilisation", RAMIFY_SCOPE_WORKER, 1), 0.75);
    assert_near(value(during, "latency_samples", RAMIFY_SCOPE_RUNTIME, 0), 2);
    assert_near(value(during, "latency_mean_ns", RAMIFY_SCOPE_RUNTIME, 0), 80);
    assert_true(value(during, "latency_min_ns", RAMIFY_SCOPE_RUNTIME, 0) >= 69);
    ramify_snapshot_free(older);
    ramify_snapshot_free(newer);
    ramify_snapshot_free(during);
}

static void another_runtimes_snapshot_is_refused(void **state)
{
    bench           *b     = *state;
    ramify_snapshot *older = take(b), *during;
    b->watch.serial        = 8;
    ramify_snapshot *newer = take(b);
    assert_int_equal(ramify_snapshot_between(older, newer, &during), RAMIFY_ERR_INVALID);
    ramify_snapshot_free(older);
    ramify_snapshot_free(newer);
}

/* One unreadable account makes what is computed from it unknown, and nothing else. */
static void an_unreadable_account_is_said(void **state)
{
    bench *b = *state;
    for (int w = 0; w < WORKERS; w++)
        give_time(&b->cell[w], 10, 0, 0);
    rmf_store_relaxed(&b->cell[3].time.version, 1);
    ramify_snapshot *s = take(b);
    assert_int_equal(row(s, "utilisation", RAMIFY_SCOPE_RUNTIME, 0).source, RAMIFY_SOURCE_UNKNOWN);
    assert_int_equal(row(s, "busy_ns", RAMIFY_SCOPE_WORKER, 3).source, RAMIFY_SOURCE_UNKNOWN);
    assert_near(value(s, "utilisation", RAMIFY_SCOPE_WORKER, 0), 1.0);
    ramify_snapshot_free(s);
}

static void a_wrong_name_gets_the_nearest(void **state)
{
    ramify_snapshot *s = take(*state);
    ramify_metric    metric;
    ramify_diagnosis why;
    assert_int_equal(ramify_snapshot_find(s, "utilization", RAMIFY_SCOPE_RUNTIME, 0, &metric, &why), RAMIFY_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "the nearest are: utilisation"));
    assert_int_equal(ramify_snapshot_find(s, "parks", RAMIFY_SCOPE_DOMAIN, 0, &metric, &why), RAMIFY_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "no row for domain 0"));
    ramify_snapshot_free(s);
}

int main(void)
{
    ramify_tree *tree;
    if (ramify_tree_open(&(ramify_tree_options){ .from = machine }, &tree) == RAMIFY_ERR_NOT_BUILT) {
        puts("skip: without hwloc there are no trees from descriptions");
        return SKIP_TEST_FILE;
    }
    ramify_tree_free(tree);
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(balance_at_every_level),
        TEST(overhead_and_its_parts),
        TEST(small_tasks_are_told),
        TEST(stealing_by_level),
        TEST(locality),
        TEST(loops_and_graphs),
        TEST(nothing_is_unknown_with_a_reason),
        TEST(an_interval_is_the_difference),
        TEST(another_runtimes_snapshot_is_refused),
        TEST(an_unreadable_account_is_said),
        TEST(a_wrong_name_gets_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
