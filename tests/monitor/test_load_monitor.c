/* SPDX-License-Identifier: BSD-3-Clause */
/* Averages and windows over intervals made by hand: half-lives, uneven updates, the window's end. */
#include "check.h"
#include "load_monitor.h"

#include <math.h>
#include <ramify/ramify.h>

static rmf_tally       tally[2];
static ramify_site     site[3] = { { .first_leaf = 0, .leaf_count = 2 },
                                   { .first_leaf = 0, .leaf_count = 1 },
                                   { .first_leaf = 1, .leaf_count = 1 } };
static double          queued[3];
static ramify_snapshot interval = { .workers = 2, .sites = 3, .tally = tally, .site = site, .queued = queued };

/* Worker 0 was busy for this share of so many ns and ran so many tasks; worker 1 was parked. */
static void observe(ramify_load_monitor *m, double share, uint64_t ns, uint64_t tasks, double queue)
{
    interval.from_ns                    = interval.taken_ns;
    interval.taken_ns                   = interval.from_ns + ns;
    tally[0].spent_ns[RMF_STATE_BUSY]   = (uint64_t)(share * (double)ns);
    tally[0].spent_ns[RMF_STATE_PARKED] = ns - tally[0].spent_ns[RMF_STATE_BUSY];
    tally[1].spent_ns[RMF_STATE_PARKED] = ns;
    tally[0].tasks                      = tasks;
    queued[0] = queued[1] = queue;
    rmf_load_monitor_observe(m, &interval);
}

static ramify_load load_of(const ramify_load_monitor *m, uint32_t domain)
{
    ramify_load load;
    assert_int_equal(ramify_load_monitor_read(m, domain, &load), RAMIFY_OK);
    return load;
}

static void assert_close(double is, double should)
{
    if (!(fabs(is - should) <= 1e-9 * (1.0 + fabs(should))))
        fail_msg("%.12g instead of %.12g", is, should);
}

static void an_observation_weighs_half_after_a_half_life(void **state)
{
    (void)state;
    ramify_load_monitor *m;
    assert_int_equal(rmf_load_monitor_make(NULL, 3, 1000, 4, &m), RAMIFY_OK);
    assert_false(load_of(m, 0).known);
    observe(m, 1.0, 1000, 10, 8.0);
    assert_close(load_of(m, 1).utilisation, 1.0);
    assert_close(load_of(m, 0).utilisation, 0.5);
    assert_close(load_of(m, 2).utilisation, 0.0);
    observe(m, 0.0, 1000, 0, 0.0);
    assert_close(load_of(m, 1).utilisation, 0.5);
    assert_close(load_of(m, 1).queued_tasks, 4.0);
    assert_close(load_of(m, 1).tasks_per_second, 0.5 * 10 / 1e-6);
    ramify_load_monitor_free(m);
}

/* Ten short updates weigh as much as one of the same length. */
static void uneven_updates_weigh_by_their_time(void **state)
{
    (void)state;
    ramify_load_monitor *a, *b;
    assert_int_equal(rmf_load_monitor_make(NULL, 3, 1000, 100, &a), RAMIFY_OK);
    assert_int_equal(rmf_load_monitor_make(NULL, 3, 1000, 100, &b), RAMIFY_OK);
    observe(a, 1.0, 500, 0, 0.0);
    observe(b, 1.0, 500, 0, 0.0);
    observe(a, 0.2, 2000, 0, 0.0);
    for (int i = 0; i < 10; i++)
        observe(b, 0.2, 200, 0, 0.0);
    assert_close(load_of(a, 1).utilisation, load_of(b, 1).utilisation);
    assert_close(load_of(a, 1).window_utilisation, load_of(b, 1).window_utilisation);
    ramify_load_monitor_free(a);
    ramify_load_monitor_free(b);
}

static void a_window_forgets(void **state)
{
    (void)state;
    ramify_load_monitor *m;
    assert_int_equal(rmf_load_monitor_make(NULL, 3, 1000, 2, &m), RAMIFY_OK);
    observe(m, 1.0, 1000, 50, 0.0);
    observe(m, 0.5, 3000, 30, 0.0);
    assert_close(load_of(m, 1).window_utilisation, 2500.0 / 4000);
    observe(m, 0.0, 1000, 10, 0.0);
    assert_close(load_of(m, 1).window_utilisation, 1500.0 / 4000);
    assert_close(load_of(m, 1).window_tasks_per_second, 40 / 4e-6);
    ramify_load_monitor_free(m);
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    ramify_load_monitor *m;
    ramify_load          load;
    assert_int_equal(rmf_load_monitor_make(NULL, 3, 0, 2, &m), RAMIFY_ERR_RANGE);
    assert_int_equal(rmf_load_monitor_make(NULL, 3, 1, 0, &m), RAMIFY_ERR_RANGE);
    assert_int_equal(rmf_load_monitor_make(NULL, 3, 1, 5000, &m), RAMIFY_ERR_RANGE);
    assert_int_equal(rmf_load_monitor_make(NULL, 3, 1, 1, &m), RAMIFY_OK);
    assert_int_equal(ramify_load_monitor_read(m, 3, &load), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_load_monitor_update(NULL), RAMIFY_ERR_INVALID);
    ramify_load_monitor_free(m);
    ramify_load_monitor_free(NULL);
}

static void a_runtime_is_watched(void **state)
{
    (void)state;
    ramify_runtime      *rt;
    ramify_load_monitor *m;
    assert_int_equal(ramify_start(&(ramify_options){ .workers = 2, .no_bind = true }, &rt), RAMIFY_OK);
    assert_int_equal(ramify_load_monitor_create(rt, 1000000, 8, &m), RAMIFY_OK);
    assert_int_equal(ramify_load_monitor_update(m), RAMIFY_OK);
    assert_false(load_of(m, 0).known);
    assert_int_equal(ramify_load_monitor_update(m), RAMIFY_OK);
    ramify_load load = load_of(m, 0);
    assert_true(load.known && load.utilisation >= 0.0 && load.utilisation <= 1.0);
    ramify_load_monitor_free(m);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_observation_weighs_half_after_a_half_life),
        cmocka_unit_test(uneven_updates_weigh_by_their_time),
        cmocka_unit_test(a_window_forgets),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(a_runtime_is_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
