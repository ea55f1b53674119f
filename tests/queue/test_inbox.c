/* SPDX-License-Identifier: BSD-3-Clause */
/* The inbox on one thread: what spills keeps its order, a bounded one refuses exactly, load follows the weights, and
 * the memory of a burst comes back. */
#include "check.h"
#include "inbox.h"

enum { CELLS = 4, MANY = 3000 };

static rmf_inbox inbox;
static char      place[MANY];
static rmf_task  tasks[MANY], got[MANY];

static void make(uint32_t limit)
{
    assert_int_equal(rmf_inbox_init(&inbox, CELLS, limit), RAMIFY_OK);
    for (int i = 0; i < MANY; i++)
        tasks[i] = (rmf_task){ .argument = &place[i], .weight = 1.0f };
}

static int drop(void **state)
{
    (void)state;
    rmf_inbox_drop(&inbox);
    return 0;
}

/* Takes `count`, most `most` at a time, and expects them to be tasks first, first + 1, ... */
static void expect_in_order(uint32_t first, uint32_t count, uint32_t most)
{
    for (uint32_t n = 0, more; n < count; n += more) {
        more = rmf_inbox_pop_mc(&inbox, got, most, 1);
        assert_in_range(more, 1, most);
        for (uint32_t i = 0; i < more; i++)
            assert_ptr_equal(got[i].argument, &place[first + n + i]);
    }
}

static void what_does_not_fit_the_ring_spills_in_order(void **state)
{
    (void)state;
    make(0);
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks, MANY), MANY);
    assert_int_equal(rmf_inbox_size(&inbox), MANY);
    assert_int_equal(rmf_ring_size(&inbox.ring), CELLS);
    expect_in_order(0, MANY, 100);
    assert_int_equal(rmf_inbox_size(&inbox), 0);
    assert_int_equal(rmf_inbox_pop_mc(&inbox, got, MANY, 1), 0);
}

static void once_it_spills_it_spills_until_drained(void **state)
{
    (void)state;
    make(0);
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks, CELLS + 1), CELLS + 1);
    expect_in_order(0, CELLS, CELLS); /* the ring has room again, the list is not empty */
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks + CELLS + 1, 2), 2);
    assert_int_equal(rmf_ring_size(&inbox.ring), 0);
    expect_in_order(CELLS, 3, 8);
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks, 1), 1);
    assert_int_equal(rmf_ring_size(&inbox.ring), 1);
    expect_in_order(0, 1, 8);
}

static void the_memory_of_a_burst_comes_back(void **state)
{
    (void)state;
    make(0);
    for (int round = 0; round < 50; round++) {
        assert_int_equal(rmf_inbox_push_mp(&inbox, tasks, MANY), MANY);
        expect_in_order(0, MANY, 1 + (uint32_t)round);
        assert_null(inbox.oldest);
        assert_null(inbox.newest);
        assert_non_null(inbox.spare); /* one block is kept for the next burst, no more */
        assert_null(inbox.spare->next);
    }
}

static void a_busy_list_uses_its_blocks_again(void **state)
{
    (void)state;
    make(0);
    const uint32_t ahead = CELLS + 2 * RMF_SPILL_TASKS;
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks, ahead), ahead);
    expect_in_order(0, CELLS, CELLS);
    for (int round = 0; round < 1000; round++) {
        assert_int_equal(rmf_inbox_push_mp(&inbox, tasks, RMF_SPILL_TASKS), RMF_SPILL_TASKS);
        assert_int_equal(rmf_inbox_pop_mc(&inbox, got, RMF_SPILL_TASKS, 1), RMF_SPILL_TASKS);
        uint32_t blocks = 0;
        for (const rmf_spill *b = inbox.oldest; b; b = b->next)
            blocks++;
        for (const rmf_spill *b = inbox.spare; b; b = b->next)
            blocks++;
        assert_in_range(blocks, 2, 4);
    }
}

static void a_bounded_one_refuses_exactly(void **state)
{
    (void)state;
    make(3);
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks, 2), 2);
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks + 2, 5), 1);
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks + 3, 1), 0);
    assert_int_equal(rmf_inbox_size(&inbox), 3);
    expect_in_order(0, 1, 1);
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks + 3, 2), 1);
    expect_in_order(1, 3, 8);
    assert_null(inbox.oldest);
    assert_null(inbox.spare);
}

static void load_is_the_queued_weight(void **state)
{
    (void)state;
    make(0);
    assert_true(rmf_inbox_load(&inbox) == 0.0);
    tasks[1].weight = 5.0f;
    tasks[2].weight = 0.5f;
    tasks[9].weight = 2.0f; /* spills */
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks, 10), 10);
    assert_true(rmf_inbox_load(&inbox) == 14.5);
    expect_in_order(0, 2, 2);
    assert_true(rmf_inbox_load(&inbox) == 8.5);
    expect_in_order(2, 8, 8);
    assert_true(rmf_inbox_load(&inbox) == 0.0);
}

static void a_refused_task_weighs_nothing(void **state)
{
    (void)state;
    make(2);
    for (int i = 0; i < 4; i++)
        tasks[i].weight = 3.0f;
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks, 4), 2);
    assert_true(rmf_inbox_load(&inbox) == 6.0);
    expect_in_order(0, 2, 8);
    assert_true(rmf_inbox_load(&inbox) == 0.0);
}

static void tasks_left_inside_are_forgotten(void **state)
{
    (void)state;
    make(0);
    assert_int_equal(rmf_inbox_push_mp(&inbox, tasks, MANY), MANY); /* asan's leak checker sees to the rest */
    rmf_inbox_drop(&inbox);
    assert_null(inbox.cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_does_not_fit_the_ring_spills_in_order, drop),
        cmocka_unit_test_teardown(once_it_spills_it_spills_until_drained, drop),
        cmocka_unit_test_teardown(the_memory_of_a_burst_comes_back, drop),
        cmocka_unit_test_teardown(a_busy_list_uses_its_blocks_again, drop),
        cmocka_unit_test_teardown(a_bounded_one_refuses_exactly, drop),
        cmocka_unit_test_teardown(load_is_the_queued_weight, drop),
        cmocka_unit_test_teardown(a_refused_task_weighs_nothing, drop),
        cmocka_unit_test_teardown(tasks_left_inside_are_forgotten, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
