/* SPDX-License-Identifier: BSD-3-Clause */
/* Cuts: parts follow each other without gap or overlap, shares are what was asked, and every element finds its part. */
#include "check.h"
#include "cut.h"

#include <math.h>

/* Parts cover 0 .. count in order, and part_of names the one part that holds each element. */
static void check_cover(const rmf_cut *c)
{
    assert_int_equal(rmf_cut_first(c, 0), 0);
    assert_int_equal(rmf_cut_first(c, c->parts), c->count);
    uint64_t step = c->count < 5000 ? 1 : c->count / 4999;
    for (uint64_t p = 0; p < c->parts && p < 5000; p++)
        assert_true(rmf_cut_first(c, p) <= rmf_cut_first(c, p + 1));
    for (uint64_t e = 0; e < c->count; e += step) {
        uint64_t p = rmf_cut_part_of(c, e);
        assert_true(p < c->parts);
        assert_true(rmf_cut_first(c, p) <= e && e < rmf_cut_first(c, p + 1));
    }
    uint64_t last = rmf_cut_part_of(c, c->count - 1);
    assert_true(rmf_cut_first(c, last) < c->count && rmf_cut_first(c, last + 1) == c->count);
}

static rmf_cut make(const ramify_cut *asked, uint64_t count, uint32_t homes, const double *weights)
{
    rmf_cut cut = { 0 };
    assert_int_equal(rmf_cut_make(asked, count, homes, weights, &cut), RAMIFY_OK);
    check_cover(&cut);
    return cut;
}

static void blocked_is_even_to_one(void **state)
{
    (void)state;
    const ramify_cut      asked    = { .rule = RAMIFY_CUT_BLOCKED };
    static const uint64_t counts[] = { 1, 2, 3, 7, 8, 9, 1000, 4097, (uint64_t)1 << 61 };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (uint32_t homes = 1; homes < 12; homes++) {
            rmf_cut  c    = make(&asked, counts[i], homes, NULL);
            uint64_t even = counts[i] / homes;
            for (uint32_t h = 0; h < homes; h++) {
                uint64_t part = rmf_cut_first(&c, h + 1) - rmf_cut_first(&c, h);
                assert_true(part == even || part == even + 1);
            }
        }
}

static void cyclic_deals_blocks(void **state)
{
    (void)state;
    for (uint64_t block = 1; block < 40; block++)
        for (uint64_t count = 1; count < 100; count += 7) {
            const ramify_cut asked = { .rule = RAMIFY_CUT_CYCLIC, .block = block };
            rmf_cut          c     = make(&asked, count, 4, NULL);
            assert_int_equal(c.parts, (count + block - 1) / block);
            for (uint64_t p = 0; p + 1 < c.parts; p++)
                assert_int_equal(rmf_cut_first(&c, p + 1) - rmf_cut_first(&c, p), block);
        }
    const ramify_cut huge = { .rule = RAMIFY_CUT_CYCLIC, .block = UINT64_MAX };
    assert_int_equal(make(&huge, 1000, 4, NULL).parts, 1);
}

static void weights_give_shares(void **state)
{
    (void)state;
    const ramify_cut    asked     = { .rule = RAMIFY_CUT_WEIGHTED };
    static const double weights[] = { 1, 0, 2.5, 0.5, 4 };
    static const double nought[]  = { 0, 0, 3, 0, 0 };
    for (uint64_t count = 1; count < ((uint64_t)1 << 60); count = count * 3 + 1) {
        rmf_cut c = make(&asked, count, 5, weights);
        for (uint32_t h = 0; h < 5; h++) {
            long double part  = (long double)(rmf_cut_first(&c, h + 1) - rmf_cut_first(&c, h));
            long double share = (long double)count * weights[h] / 8;
            assert_true(fabsl(part - share) <= 1);
        }
        rmf_cut_drop(&c);
        c = make(&asked, count, 5, nought);
        assert_int_equal(rmf_cut_part_of(&c, 0), 2);
        rmf_cut_drop(&c);
    }
}

static void points_cut_where_they_say(void **state)
{
    (void)state;
    static const uint64_t points[] = { 0, 10, 10, 55 };
    const ramify_cut      asked    = { .rule = RAMIFY_CUT_POINTS, .points = points };
    rmf_cut               c        = make(&asked, 60, 5, NULL);
    for (uint32_t h = 1; h < 5; h++)
        assert_int_equal(rmf_cut_first(&c, h), points[h - 1]);
    assert_int_equal(rmf_cut_part_of(&c, 9), 1);
    assert_int_equal(rmf_cut_part_of(&c, 10), 3);
    rmf_cut_drop(&c);
    const ramify_cut alone = { .rule = RAMIFY_CUT_POINTS };
    c                      = make(&alone, 60, 1, NULL);
    rmf_cut_drop(&c);
}

static void refuse(const ramify_cut *asked, const double *weights)
{
    rmf_cut cut = { .parts = 77 };
    assert_int_equal(rmf_cut_make(asked, 100, 3, weights, &cut), RAMIFY_ERR_INVALID);
    assert_int_equal(cut.parts, 77);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const double   bad[][3]     = { { 1, -1, 1 }, { 0, 0, 0 }, { 1, NAN, 1 }, { 1, INFINITY, 1 } };
    static const uint64_t descending[] = { 5, 4 }, beyond[] = { 5, 101 };
    for (size_t i = 0; i < 4; i++)
        refuse(&(ramify_cut){ .rule = RAMIFY_CUT_WEIGHTED }, bad[i]);
    refuse(&(ramify_cut){ .rule = RAMIFY_CUT_CYCLIC }, NULL);
    refuse(&(ramify_cut){ .rule = RAMIFY_CUT_POINTS }, NULL);
    refuse(&(ramify_cut){ .rule = RAMIFY_CUT_POINTS, .points = descending }, NULL);
    refuse(&(ramify_cut){ .rule = RAMIFY_CUT_POINTS, .points = beyond }, NULL);
    refuse(&(ramify_cut){ .rule = 17 }, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocked_is_even_to_one),    cmocka_unit_test(cyclic_deals_blocks),
        cmocka_unit_test(weights_give_shares),       cmocka_unit_test(points_cut_where_they_say),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
