/* SPDX-License-Identifier: BSD-3-Clause */
/* The fits find the parameters of runs that were made by the laws, and refuse what cannot be fitted. */
#include "check.h"

#include <math.h>
#include <ramify/metrics.h>

static void assert_close(double is, double should, double within)
{
    if (!(fabs(is - should) <= within))
        fail_msg("%.9g instead of %.9g", is, should);
}

static void amdahl_is_found(void **state)
{
    (void)state;
    ramify_run     runs[5];
    ramify_scaling s;
    for (uint32_t i = 0; i < 5; i++)
        runs[i] = (ramify_run){ 1u << i, 8.0 * (0.1 + 0.9 / (1u << i)) };
    assert_int_equal(ramify_scaling_fit(runs, 5, &s), RAMIFY_OK);
    assert_close(s.serial_fraction, 0.1, 1e-9);
    assert_close(s.amdahl_error, 0.0, 1e-9);
    assert_true(s.base_measured);
    assert_close(ramify_speed_up(&s, &runs[4]), 1.0 / (0.1 + 0.9 / 16), 1e-9);
    assert_close(ramify_efficiency(&s, &runs[4]), 1.0 / (0.1 + 0.9 / 16) / 16, 1e-9);
    assert_close(s.contention, 0.1, 1e-9); /* the USL without coherency is Amdahl's law */
    assert_close(s.coherency, 0.0, 1e-9);
}

static void usl_is_found_with_its_peak(void **state)
{
    (void)state;
    const double   a = 0.05, b = 0.001;
    ramify_run     runs[6];
    ramify_scaling s;
    for (uint32_t i = 0; i < 6; i++) {
        double n = 1u << i;
        runs[i]  = (ramify_run){ 1u << i, 3.0 / n * (1 + a * (n - 1) + b * n * (n - 1)) };
    }
    assert_int_equal(ramify_scaling_fit(runs, 6, &s), RAMIFY_OK);
    assert_true(s.usl_known);
    assert_close(s.contention, a, 1e-9);
    assert_close(s.coherency, b, 1e-9);
    assert_close(s.best_workers, sqrt((1 - a) / b), 1e-6);
    assert_true(s.amdahl_error > s.usl_error);
}

/* Linear and better than linear: the serial part is not negative. */
static void parameters_stay_within_their_bounds(void **state)
{
    (void)state;
    const ramify_run better[] = { { 1, 10.0 }, { 2, 4.0 }, { 4, 1.5 } };
    const ramify_run worse[]  = { { 1, 1.0 }, { 2, 2.0 }, { 4, 4.0 } };
    ramify_scaling   s;
    assert_int_equal(ramify_scaling_fit(better, 3, &s), RAMIFY_OK);
    assert_true(s.serial_fraction == 0.0);
    assert_true(s.contention >= 0.0 && s.coherency >= 0.0);
    assert_int_equal(ramify_scaling_fit(worse, 3, &s), RAMIFY_OK);
    assert_close(s.serial_fraction, 1.0, 1e-12);
}

static void two_counts_give_amdahl_alone(void **state)
{
    (void)state;
    const ramify_run runs[] = { { 2, 6.0 }, { 4, 4.0 }, { 2, 6.0 } }; /* T = 2 + 8 / n */
    ramify_scaling   s;
    assert_int_equal(ramify_scaling_fit(runs, 3, &s), RAMIFY_OK);
    assert_false(s.base_measured);
    assert_close(s.base_seconds, 10.0, 1e-9);
    assert_close(s.serial_fraction, 0.2, 1e-9);
    assert_false(s.usl_known);
    assert_true(isnan(s.best_workers));
}

static void what_cannot_be_fitted_is_refused(void **state)
{
    (void)state;
    const ramify_run one[] = { { 2, 6.0 }, { 2, 5.0 } }, zero[] = { { 1, 1.0 }, { 2, 0.0 } },
                     none[] = { { 0, 1.0 }, { 2, 1.0 } }, nan[] = { { 1, 1.0 }, { 2, NAN } };
    ramify_scaling s;
    assert_int_equal(ramify_scaling_fit(one, 2, &s), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_scaling_fit(zero, 2, &s), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_scaling_fit(none, 2, &s), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_scaling_fit(nan, 2, &s), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_scaling_fit(NULL, 2, &s), RAMIFY_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amdahl_is_found),
        cmocka_unit_test(usl_is_found_with_its_peak),
        cmocka_unit_test(parameters_stay_within_their_bounds),
        cmocka_unit_test(two_counts_give_amdahl_alone),
        cmocka_unit_test(what_cannot_be_fitted_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
