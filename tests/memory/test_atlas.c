/* SPDX-License-Identifier: BSD-3-Clause */
/* The atlas alone: every address finds its entry, cycles turn, growth changes no answer. */
#include "check.h"
#include "atlas.h"

static void empty_finds_nothing(void **state)
{
    (void)state;
    rmf_atlas atlas = { .current = NULL };
    assert_int_equal(rmf_atlas_find(&atlas, 0), RAMIFY_NONE);
    assert_int_equal(rmf_atlas_reserve(&atlas, 1), RAMIFY_OK);
    assert_int_equal(rmf_atlas_find(&atlas, 4096), RAMIFY_NONE);
    rmf_atlas_begin(&atlas);
    rmf_atlas_publish(&atlas);
    assert_int_equal(rmf_atlas_find(&atlas, UINTPTR_MAX), RAMIFY_NONE);
    rmf_atlas_drop(&atlas);
}

static void entries_hold_to_the_next(void **state)
{
    (void)state;
    rmf_atlas atlas = { .current = NULL };
    for (uint32_t count = 1; count < 70; count++) {
        assert_int_equal(rmf_atlas_reserve(&atlas, RMF_ATLAS_ENTRY_WORDS * count), RAMIFY_OK);
        rmf_atlas_begin(&atlas);
        for (uint32_t i = 0; i < count; i++)
            rmf_atlas_add(&atlas, 1000 + 10 * i, i);
        rmf_atlas_publish(&atlas);
        assert_int_equal(rmf_atlas_find(&atlas, 999), RAMIFY_NONE);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(rmf_atlas_find(&atlas, 1000 + 10 * i), i);
            assert_int_equal(rmf_atlas_find(&atlas, 1009 + 10 * i), i);
        }
        assert_int_equal(rmf_atlas_find(&atlas, UINTPTR_MAX), count - 1);
    }
    rmf_atlas_drop(&atlas);
}

static void cycles_turn_by_page(void **state)
{
    (void)state;
    static const uint32_t three[] = { 7, 8, 9 }, two[] = { 1, 2 };
    rmf_atlas atlas = { .current = NULL };
    assert_int_equal(rmf_atlas_reserve(&atlas, 3 * RMF_ATLAS_ENTRY_WORDS + 2 * RMF_ATLAS_CYCLE_WORDS + 5), RAMIFY_OK);
    rmf_atlas_begin(&atlas);
    rmf_atlas_add_cycle(&atlas, 0x10000, 12, three, 3);
    rmf_atlas_add_cycle(&atlas, 0x40000, 13, two, 2);
    rmf_atlas_add(&atlas, 0x80000, RAMIFY_NONE);
    rmf_atlas_publish(&atlas);
    for (uintptr_t at = 0x10000; at < 0x40000; at += 512)
        assert_int_equal(rmf_atlas_find(&atlas, at), three[(at >> 12) % 3]);
    for (uintptr_t at = 0x40000; at < 0x80000; at += 512)
        assert_int_equal(rmf_atlas_find(&atlas, at), two[(at >> 13) % 2]);
    assert_int_equal(rmf_atlas_find(&atlas, 0x80000), RAMIFY_NONE);
    /* A larger pair of shelves says the same before anything new is published. */
    assert_int_equal(rmf_atlas_reserve(&atlas, 5000), RAMIFY_OK);
    for (uintptr_t at = 0x10000; at < 0x80000; at += 4096)
        assert_int_equal(rmf_atlas_find(&atlas, at), at < 0x40000 ? three[(at >> 12) % 3] : two[(at >> 13) % 2]);
    assert_int_equal(rmf_atlas_find(&atlas, 0x80000), RAMIFY_NONE);
    rmf_atlas_drop(&atlas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_finds_nothing),
        cmocka_unit_test(entries_hold_to_the_next),
        cmocka_unit_test(cycles_turn_by_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
