/* SPDX-License-Identifier: BSD-3-Clause */
/* The chunks of each rule for 1000 iterations and 4 workers, the example of the papers and of most surveys of them. */
#include "check.h"
#include "chunks.h"

enum { MOST = 64 };

static uint32_t sequence(uint32_t rule, uint64_t size, uint32_t workers, uint64_t grain, uint64_t *sizes)
{
    rmf_chunks chunks;
    uint64_t   state = 0, begin, next, expected = 0, n;
    uint32_t   count = 0;
    rmf_chunks_init(&chunks, rule, size, workers, grain);
    while ((n = rmf_chunk_at(&chunks, state, 1.0, &begin, &next))) {
        assert_int_equal(begin, expected);
        assert_true(next > state);
        if (sizes && count < MOST)
            sizes[count] = n;
        count++;
        expected += n;
        state = next;
    }
    assert_int_equal(expected, size);
    return count;
}

static void assert_sequence(uint32_t rule, const uint64_t *wanted, uint32_t count)
{
    uint64_t sizes[MOST];
    assert_int_equal(sequence(rule, 1000, 4, 0, sizes), count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(sizes[i], wanted[i]);
}

static void guided_is_the_papers(void **state)
{
    (void)state;
    static const uint64_t wanted[] = {
        250, 188, 141, 106, 79, 59, 45, 33, 25, 19, 14, 11, 8, 6, 4, 3, 3, 2, 1, 1, 1, 1
    };
    assert_sequence(RAMIFY_RULE_GUIDED, wanted, sizeof wanted / sizeof wanted[0]);
}

static void trapezoid_is_the_papers(void **state)
{
    (void)state;
    static const uint64_t wanted[] = { 125, 117, 109, 101, 93, 85, 77, 69, 61, 53, 45, 37, 28 };
    assert_sequence(RAMIFY_RULE_TRAPEZOID, wanted, sizeof wanted / sizeof wanted[0]);
}

static void factoring_is_the_papers(void **state)
{
    (void)state;
    static const uint64_t wanted[] = { 125, 125, 125, 125, 63, 63, 63, 63, 31, 31, 31, 31, 16, 16, 16, 16,
                                       8,   8,   8,   8,   4,  4,  4,  4,  2,  2,  2,  2,  1,  1,  1,  1 };
    assert_sequence(RAMIFY_RULE_FACTORING, wanted, sizeof wanted / sizeof wanted[0]);
}

static void weights_share_a_batch(void **state)
{
    (void)state;
    rmf_chunks chunks;
    uint64_t   begin, next;
    rmf_chunks_init(&chunks, RAMIFY_RULE_AWF, 1000, 4, 0);
    assert_int_equal(rmf_chunk_at(&chunks, 0, 2.0, &begin, &next), 250);
    assert_int_equal(rmf_chunk_at(&chunks, 250, 0.5, &begin, &next), 63);
    assert_int_equal(rmf_chunk_at(&chunks, 313, 9.0, &begin, &next), 187); /* what is left of the batch of 500 */
}

static void every_rule_covers_everything(void **state)
{
    (void)state;
    static const uint64_t sizes[] = { 1, 2, 3, 7, 63, 64, 65, 1000, 12345 };
    for (uint32_t rule = RAMIFY_RULE_DYNAMIC; rule < RAMIFY_RULE_COUNT; rule++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
            for (uint32_t workers = 1; workers < 200; workers += 33)
                for (uint64_t grain = 0; grain < 40; grain += 13)
                    assert_true(sequence(rule, sizes[s], workers, grain, NULL) > 0);
    for (uint32_t rule = RAMIFY_RULE_DYNAMIC; rule < RAMIFY_RULE_COUNT; rule++)
        assert_true(sequence(rule, INT64_MAX, 8, INT64_MAX / 100, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guided_is_the_papers),         cmocka_unit_test(trapezoid_is_the_papers),
        cmocka_unit_test(factoring_is_the_papers),      cmocka_unit_test(weights_share_a_batch),
        cmocka_unit_test(every_rule_covers_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
