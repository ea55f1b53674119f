/* SPDX-License-Identifier: BSD-3-Clause */
/* Every code has a name, a text and advice of its own; unknown numbers are said to be unknown. */
#include "check.h"

#include <string.h>
#include <ramify/status.h>

static void every_code_is_described(void **state)
{
    (void)state;
    for (int code = RAMIFY_ERR_ORDER; code <= RAMIFY_OK; code++) {
        assert_true(strncmp(ramify_status_name(code), "RAMIFY_", 7) == 0);
        assert_string_not_equal(ramify_status_name(code), "RAMIFY_ERR_UNKNOWN");
        assert_true(strlen(ramify_status_text(code)) > 0);
        assert_true(strlen(ramify_status_advice(code)) > 0);
        for (int other = RAMIFY_ERR_ORDER; other < code; other++)
            assert_string_not_equal(ramify_status_name(code), ramify_status_name(other));
    }
}

static void other_numbers_are_unknown(void **state)
{
    (void)state;
    assert_string_equal(ramify_status_name(1), "RAMIFY_ERR_UNKNOWN");
    assert_string_equal(ramify_status_name(-1000), "RAMIFY_ERR_UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_described),
        cmocka_unit_test(other_numbers_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
