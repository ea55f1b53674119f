/* SPDX-License-Identifier: BSD-3-Clause */
/* The deque on one thread: order at both ends, what is shared, capacity, compaction and the restart at 0. Thieves and
 * an owner at once are in explore_deque.c (all interleavings of small cases) and stress_queues.c (real threads). */
#include "check.h"
#include "deque.h"

enum { CAPACITY = 8, ITEMS = 64 };

static void     *slots[CAPACITY];
static char      item[ITEMS]; /* an item is an address in here */
static rmf_deque deque;

static int fresh(void **state)
{
    (void)state;
    rmf_deque_init(&deque, slots, CAPACITY);
    return 0;
}

static void push(int first, int count)
{
    for (int i = first; i < first + count; i++)
        assert_true(rmf_deque_push_owner(&deque, &item[i]));
}

/* Steals at most `most` and expects items first .. first + count - 1. */
static void steal(uint32_t most, int first, uint32_t count)
{
    void    *got[CAPACITY];
    uint32_t n;
    assert_int_equal(rmf_deque_steal_any(&deque, got, most, &n), RMF_STEAL_TAKEN);
    assert_int_equal(n, count);
    for (uint32_t i = 0; i < n; i++)
        assert_ptr_equal(got[i], &item[first + (int)i]);
}

static void nothing_to_steal(void)
{
    void    *got[CAPACITY];
    uint32_t n = 99;
    assert_int_equal(rmf_deque_steal_any(&deque, got, CAPACITY, &n), RMF_STEAL_EMPTY);
    assert_int_equal(n, 0);
}

static void the_owner_takes_the_newest(void **state)
{
    (void)state;
    assert_null(rmf_deque_pop_owner(&deque));
    push(0, 3);
    rmf_deque_share_owner(&deque);
    push(3, 2);
    for (int i = 4; i >= 0; i--)
        assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[i]);
    assert_null(rmf_deque_pop_owner(&deque));
    assert_null(rmf_deque_pop_owner(&deque));
}

static void only_shared_items_are_seen(void **state)
{
    (void)state;
    nothing_to_steal();
    push(0, 4);
    assert_int_equal(rmf_deque_shared_any(&deque), 0);
    nothing_to_steal();
    rmf_deque_share_owner(&deque);
    assert_int_equal(rmf_deque_shared_any(&deque), 4);
    push(4, 1);
    assert_int_equal(rmf_deque_shared_any(&deque), 4);
    assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[4]);
    assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[3]);
    assert_int_equal(rmf_deque_shared_any(&deque), 3);
}

static void sharing_nothing_changes_nothing(void **state)
{
    (void)state;
    rmf_deque_share_owner(&deque);
    assert_int_equal(rmf_deque_shared_any(&deque), 0);
    push(0, 1);
    rmf_deque_share_owner(&deque);
    rmf_deque_share_owner(&deque);
    assert_int_equal(rmf_deque_shared_any(&deque), 1);
}

static void a_thief_takes_the_oldest_half_rounded_up(void **state)
{
    (void)state;
    push(0, 7);
    rmf_deque_share_owner(&deque);
    steal(CAPACITY, 0, 4);
    steal(CAPACITY, 4, 2);
    steal(CAPACITY, 6, 1);
    nothing_to_steal();
    assert_null(rmf_deque_pop_owner(&deque));
}

static void a_thief_takes_no_more_than_it_asks_for(void **state)
{
    (void)state;
    push(0, 8);
    rmf_deque_share_owner(&deque);
    steal(1, 0, 1);
    steal(3, 1, 3);
    steal(1, 4, 1);
    assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[7]);
    assert_int_equal(rmf_deque_shared_any(&deque), 2);
}

static void a_full_deque_refuses_and_keeps_what_it_has(void **state)
{
    (void)state;
    push(0, CAPACITY);
    assert_false(rmf_deque_push_owner(&deque, &item[CAPACITY]));
    assert_false(rmf_deque_push_owner(&deque, &item[CAPACITY]));
    for (int i = CAPACITY - 1; i >= 0; i--)
        assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[i]);
    assert_null(rmf_deque_pop_owner(&deque));
}

static void room_that_thieves_made_is_used_again(void **state)
{
    (void)state;
    push(0, CAPACITY);
    rmf_deque_share_owner(&deque);
    steal(CAPACITY, 0, 4);
    push(CAPACITY, 4); /* slides down over the four */
    assert_false(rmf_deque_push_owner(&deque, &item[12]));
    assert_int_equal(rmf_deque_shared_any(&deque), CAPACITY); /* a refused push leaves all in sight of thieves */
    steal(CAPACITY, 4, 4);
    steal(1, 8, 1);
    for (int i = 11; i >= 9; i--)
        assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[i]);
    assert_null(rmf_deque_pop_owner(&deque));
}

/* A thief between its claim and the end of its reading: `read` lags behind the tail. */
static void room_that_is_still_being_read_is_not(void **state)
{
    (void)state;
    push(0, CAPACITY);
    rmf_deque_share_owner(&deque);
    steal(2, 0, 2);
    rmf_store_relaxed(&deque.read, 1);
    assert_false(rmf_deque_push_owner(&deque, &item[8]));
    for (uint32_t i = 0; i < 2; i++)
        assert_ptr_equal(slots[i], &item[i]);
    rmf_store_relaxed(&deque.read, 2);
    push(8, 1);
    for (int i = 8; i >= 2; i--)
        assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[i]);
    assert_null(rmf_deque_pop_owner(&deque));
}

static void an_emptied_deque_restarts_at_its_first_slot(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        push(0, CAPACITY);
        rmf_deque_share_owner(&deque);
        steal(CAPACITY, 0, 4);
        for (int i = CAPACITY - 1; i >= 4; i--)
            assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[i]);
        assert_null(rmf_deque_pop_owner(&deque));
        assert_int_equal(deque.head, 0);
    }
    push(0, 1);
    assert_ptr_equal(slots[0], &item[0]);
}

static void an_emptied_deque_that_is_being_read_does_not_restart(void **state)
{
    (void)state;
    push(0, 2);
    rmf_deque_share_owner(&deque);
    steal(1, 0, 1);
    steal(1, 1, 1);
    rmf_store_relaxed(&deque.read, 1);
    assert_null(rmf_deque_pop_owner(&deque));
    assert_int_equal(deque.head, 2);
    push(2, 1);
    assert_ptr_equal(slots[2], &item[2]);
    rmf_store_relaxed(&deque.read, 2);
    assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[2]);
    assert_null(rmf_deque_pop_owner(&deque));
    assert_int_equal(deque.head, 0);
}

static void a_larger_array_takes_over(void **state)
{
    (void)state;
    void *more[2 * CAPACITY];
    push(0, CAPACITY);
    rmf_deque_share_owner(&deque);
    steal(3, 0, 3);
    assert_ptr_equal(rmf_deque_grow_owner(&deque, more, 2 * CAPACITY), slots);
    assert_int_equal(rmf_deque_shared_any(&deque), 0);
    push(CAPACITY, CAPACITY + 3); /* five are left of the first eight */
    assert_false(rmf_deque_push_owner(&deque, &item[63]));
    steal(CAPACITY, 3, 8);
    for (int i = 2 * CAPACITY + 2; i >= 11; i--)
        assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[i]);
    assert_null(rmf_deque_pop_owner(&deque));
}

static void an_array_that_is_being_read_stays(void **state)
{
    (void)state;
    void *more[2 * CAPACITY];
    push(0, 4);
    rmf_deque_share_owner(&deque);
    steal(2, 0, 2);
    rmf_store_relaxed(&deque.read, 1);
    assert_null(rmf_deque_grow_owner(&deque, more, 2 * CAPACITY));
    nothing_to_steal(); /* all is private until the next share */
    rmf_store_relaxed(&deque.read, 2);
    rmf_deque_share_owner(&deque);
    steal(1, 2, 1);
    assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[3]);
}

static void one_slot_is_enough(void **state)
{
    (void)state;
    rmf_deque_init(&deque, slots, 1);
    for (int i = 0; i < 3; i++) {
        push(i, 1);
        assert_false(rmf_deque_push_owner(&deque, &item[63]));
        steal(CAPACITY, i, 1);
    }
    push(3, 1);
    assert_ptr_equal(rmf_deque_pop_owner(&deque), &item[3]);
    assert_null(rmf_deque_pop_owner(&deque));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_owner_takes_the_newest, fresh),
        cmocka_unit_test_setup(only_shared_items_are_seen, fresh),
        cmocka_unit_test_setup(sharing_nothing_changes_nothing, fresh),
        cmocka_unit_test_setup(a_thief_takes_the_oldest_half_rounded_up, fresh),
        cmocka_unit_test_setup(a_thief_takes_no_more_than_it_asks_for, fresh),
        cmocka_unit_test_setup(a_full_deque_refuses_and_keeps_what_it_has, fresh),
        cmocka_unit_test_setup(room_that_thieves_made_is_used_again, fresh),
        cmocka_unit_test_setup(room_that_is_still_being_read_is_not, fresh),
        cmocka_unit_test_setup(an_emptied_deque_restarts_at_its_first_slot, fresh),
        cmocka_unit_test_setup(an_emptied_deque_that_is_being_read_does_not_restart, fresh),
        cmocka_unit_test_setup(a_larger_array_takes_over, fresh),
        cmocka_unit_test_setup(an_array_that_is_being_read_stays, fresh),
        cmocka_unit_test_setup(one_slot_is_enough, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
