/* SPDX-License-Identifier: BSD-3-Clause */
/* Buckets keep a value within 1/32; percentiles, merging and the ends of the range are right. */
#include "check.h"
#include "histogram.h"

static rmf_histogram h, sum; /* static: 9 KB each, zeroed before every test */

static int clear(void **state)
{
    (void)state;
    h = sum = (rmf_histogram){ 0 };
    return 0;
}

static void one_value_is_known_within_a_step(void **state)
{
    (void)state;
    for (uint64_t value = 1; value < 1ull << 39; value = value * 5 / 4 + 1) {
        ramify_latency latency;
        clear(NULL);
        rmf_histogram_add(&h, value);
        rmf_histogram_summary(&h, &latency);
        assert_int_equal(latency.samples, 1);
        assert_int_equal(latency.min_ns, value);
        assert_int_equal(latency.max_ns, value);
        uint64_t error = latency.p50_ns > value ? latency.p50_ns - value : value - latency.p50_ns;
        assert_true(error * 32 <= value);
    }
}

static void percentiles_of_a_ramp(void **state)
{
    (void)state;
    ramify_latency latency;
    for (uint64_t value = 1; value <= 100000; value++)
        rmf_histogram_add(&h, value);
    rmf_histogram_summary(&h, &latency);
    assert_in_range(latency.p50_ns, 48400, 51600);
    assert_in_range(latency.p99_ns, 95900, 102100);
    assert_in_range(latency.p9999_ns, 96800, 103200);
    assert_true(latency.mean_ns > 50000.0 && latency.mean_ns < 50001.0);
}

static void merge_adds_counts_and_keeps_the_extremes(void **state)
{
    (void)state;
    ramify_latency latency;
    rmf_histogram_add(&h, 100);
    rmf_histogram_merge(&sum, &h);
    h = (rmf_histogram){ 0 };
    rmf_histogram_add(&h, 7);
    rmf_histogram_merge(&sum, &h);
    rmf_histogram_summary(&sum, &latency);
    assert_int_equal(latency.samples, 2);
    assert_int_equal(latency.min_ns, 7);
    assert_int_equal(latency.max_ns, 100);
}

static void empty_and_enormous(void **state)
{
    (void)state;
    ramify_latency latency;
    rmf_histogram_summary(&h, &latency);
    assert_int_equal(latency.samples, 0);
    rmf_histogram_add(&h, UINT64_MAX);
    rmf_histogram_add(&h, 0);
    rmf_histogram_summary(&h, &latency);
    assert_int_equal(latency.min_ns, 0);
    assert_true(latency.max_ns == UINT64_MAX);
}

static void no_percentile_lies_outside_of_the_samples(void **state)
{
    (void)state;
    for (uint64_t value = 1; value < 1u << 20; value += value / 3 + 1) {
        rmf_histogram  one = { 0 };
        ramify_latency l;
        rmf_histogram_add(&one, value);
        rmf_histogram_summary(&one, &l);
        assert_true(l.p50_ns == value && l.p9999_ns == value);
        rmf_histogram_add(&one, value + value / 64 + 1);
        rmf_histogram_summary(&one, &l);
        assert_true(l.min_ns <= l.p50_ns && l.p50_ns <= l.p99_ns && l.p99_ns <= l.max_ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_value_is_known_within_a_step, clear),
        cmocka_unit_test_setup(percentiles_of_a_ramp, clear),
        cmocka_unit_test_setup(merge_adds_counts_and_keeps_the_extremes, clear),
        cmocka_unit_test_setup(empty_and_enormous, clear),
        cmocka_unit_test(no_percentile_lies_outside_of_the_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
