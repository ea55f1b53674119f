/* SPDX-License-Identifier: BSD-3-Clause */
/* Synthetic descriptions: what is taken for one, and where a malformed one goes wrong. */
#include "check.h"
#include "synthetic.h"

#include <string.h>

static void a_description_is_told_from_a_path(void **state)
{
    (void)state;
    static const char *const descriptions[] = { "pack:2 core:4 pu:2", "4", "2 4 2", "pack:x", "[numa] core:4", "pu:1" };
    static const char *const paths[]        = { "", "machine.xml", "/dir/pack:2", "./pu:4", "machine", "a:b.xml" };
    for (size_t i = 0; i < sizeof descriptions / sizeof descriptions[0]; i++)
        assert_true(rmf_synthetic_is_meant(descriptions[i]));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_false(rmf_synthetic_is_meant(paths[i]));
}

static void well_formed_ones_pass(void **state)
{
    (void)state;
    static const char *const good[] = { "pack:2 core:4 pu:2", "2 4 2",
                                        "pack:2 [numa(memory=4GB)] l3:2(size=32MB) core:4 pu:2", " pu:3 ", "pu:8192" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(rmf_synthetic_check(good[i], NULL), RAMIFY_OK);
}

static void malformed_ones_are_pointed_at(void **state)
{
    (void)state;
    static const struct {
        const char   *text;
        ramify_status status;
        size_t        position;
    } wrong[] = {
        { "pack:2 cores:x", RAMIFY_ERR_SYNTAX, 13 },
        { "pack:", RAMIFY_ERR_SYNTAX, 5 },
        { "pack:2 core", RAMIFY_ERR_SYNTAX, 11 },
        { "pack:0 pu:2", RAMIFY_ERR_SYNTAX, 5 },
        { "pack:2,pu:2", RAMIFY_ERR_SYNTAX, 6 },
        { "pack:2 [numa core:2", RAMIFY_ERR_SYNTAX, 7 },
        { "l3:2(size=1 pu:2", RAMIFY_ERR_SYNTAX, 4 },
        { "pu:9000", RAMIFY_ERR_RANGE, 0 },
        { "core:100 pu:100", RAMIFY_ERR_RANGE, 9 },
        { "pu:99999999999999999999999", RAMIFY_ERR_RANGE, 0 },
        { "   ", RAMIFY_ERR_SYNTAX, 3 },
        { "averyveryverylongwordindeed:2", RAMIFY_ERR_SYNTAX, 0 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ramify_diagnosis why = { 0 };
        assert_int_equal(rmf_synthetic_check(wrong[i].text, &why), wrong[i].status);
        assert_int_equal(why.status, wrong[i].status);
        assert_int_equal(why.position, wrong[i].position);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_description_is_told_from_a_path),
        cmocka_unit_test(well_formed_ones_pass),
        cmocka_unit_test(malformed_ones_are_pointed_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
