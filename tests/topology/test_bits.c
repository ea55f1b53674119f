/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets: lists are read and written as the system writes them, mistakes are pointed at, searches cross words. */
#include "check.h"
#include "bits.h"

#include <string.h>

static void lists_are_read_and_written_back(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } lists[] = {
        { "0", "0" },       { "0-3,8", "0-3,8" },     { " 3 - 5 , 1\n", "1,3-5" },
        { "5,5,4", "4-5" }, { "63-64", "63-64" },     { "0-127", "0-127" },
        { "8191", "8191" }, { "1,3,5-6", "1,3,5-6" }, { "007-9", "7-9" },
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        uint64_t set[RMF_BITS_MAX_WORDS] = { 0 };
        char     text[64];
        assert_int_equal(rmf_bits_parse(lists[i].in, set, NULL), RAMIFY_OK);
        assert_string_equal(rmf_bits_list(set, RMF_BITS_MAX_WORDS, text, sizeof text), lists[i].out);
    }
}

static void mistakes_are_pointed_at(void **state)
{
    (void)state;
    static const struct {
        const char   *list;
        ramify_status status;
        size_t        position;
    } wrong[] = {
        { "", RAMIFY_ERR_SYNTAX, 0 },      { "a", RAMIFY_ERR_SYNTAX, 0 },
        { "1,", RAMIFY_ERR_SYNTAX, 2 },    { "1-", RAMIFY_ERR_SYNTAX, 2 },
        { "1,,2", RAMIFY_ERR_SYNTAX, 2 },  { "1 2", RAMIFY_ERR_SYNTAX, 2 },
        { "0-3;5", RAMIFY_ERR_SYNTAX, 3 }, { "5-3", RAMIFY_ERR_RANGE, 2 },
        { "8192", RAMIFY_ERR_RANGE, 0 },   { "0-99999999999", RAMIFY_ERR_RANGE, 2 },
        { "-1", RAMIFY_ERR_SYNTAX, 0 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint64_t set[RMF_BITS_MAX_WORDS] = { 0 };
        size_t   position                = 99;
        assert_int_equal(rmf_bits_parse(wrong[i].list, set, &position), wrong[i].status);
        assert_int_equal(position, wrong[i].position);
    }
}

static void a_list_that_does_not_fit_says_so(void **state)
{
    (void)state;
    uint64_t set[2] = { 0x5555555555555555u, 0 };
    char     text[16];
    rmf_bits_list(set, 2, text, sizeof text);
    assert_string_equal(text, "0,2,4,6,8,...");
    rmf_bits_clear(set, 2);
    assert_string_equal(rmf_bits_list(set, 2, text, sizeof text), "");
}

static void searches_cross_words(void **state)
{
    (void)state;
    uint64_t set[3] = { 1ull << 63, 0, 1 };
    assert_int_equal(rmf_bits_first(set, 3), 63);
    assert_int_equal(rmf_bits_next(set, 3, 64), 128);
    assert_int_equal(rmf_bits_next(set, 3, 129), RAMIFY_NONE);
    assert_int_equal(rmf_bits_next(set, 3, 192), RAMIFY_NONE);
    assert_int_equal(rmf_bits_count(set, 3), 2);
}

static void clipping_shortens_and_pads(void **state)
{
    (void)state;
    const uint64_t from[2] = { 7, 9 };
    uint64_t       to[3]   = { 1, 1, 1 };
    rmf_bits_clip(to, 3, (ramify_bits){ from, 2 });
    assert_int_equal(to[0], 7);
    assert_int_equal(to[1], 9);
    assert_int_equal(to[2], 0);
    rmf_bits_clip(to, 1, (ramify_bits){ from, 2 });
    assert_int_equal(to[1], 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read_and_written_back),  cmocka_unit_test(mistakes_are_pointed_at),
        cmocka_unit_test(a_list_that_does_not_fit_says_so), cmocka_unit_test(searches_cross_words),
        cmocka_unit_test(clipping_shortens_and_pads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
