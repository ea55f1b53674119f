/* SPDX-License-Identifier: BSD-3-Clause */
/* The lane by itself, one thread at a time: what is shared, taken, taken back, hidden and shown. */
#include "check.h"
#include "lane.h"

enum { SLOTS = 16 };

static rmf_lane     lane;
static ramify_fork *slots[SLOTS], forks[SLOTS];

static int clear(void **state)
{
    (void)state;
    rmf_lane_init(&lane, slots, SLOTS);
    return 0;
}

/* Forks `count` more, as the inline path does once the lane is no longer asked. */
static void push(uint32_t count)
{
    rmf_lane_unask_owner(&lane);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = rmf_lane_position(&lane, lane.open.top);
        slots[at]   = &forks[at];
        rmf_lane_set_top_owner(&lane, lane.open.top + 1);
    }
}

static void thieves_see_only_what_is_shared(void **state)
{
    (void)state;
    ramify_fork *taken[SLOTS];
    uint32_t     count;
    push(3);
    assert_true(rmf_lane_has_private_any(&lane));
    assert_int_equal(rmf_lane_steal_any(&lane, taken, SLOTS, &count), RMF_STEAL_EMPTY);
    assert_true(rmf_lane_share_owner(&lane, lane.open.top));
    assert_false(rmf_lane_has_private_any(&lane));
    assert_int_equal(rmf_lane_shared_any(&lane), 3);
    assert_int_equal(rmf_lane_steal_any(&lane, taken, SLOTS, &count), RMF_STEAL_TAKEN);
    assert_int_equal(count, 2); /* half, rounded up, the oldest first */
    assert_ptr_equal(taken[0], &forks[0]);
    assert_ptr_equal(taken[1], &forks[1]);
    assert_int_equal(rmf_lane_steal_any(&lane, taken, SLOTS, &count), RMF_STEAL_TAKEN);
    assert_ptr_equal(taken[0], &forks[2]);
    assert_int_equal(rmf_lane_steal_any(&lane, taken, SLOTS, &count), RMF_STEAL_EMPTY);
}

static void the_owner_takes_back_half_of_what_is_left(void **state)
{
    (void)state;
    ramify_fork *taken[SLOTS];
    uint32_t     count;
    push(8);
    assert_true(rmf_lane_share_owner(&lane, lane.open.top));
    assert_int_equal(rmf_lane_steal_any(&lane, taken, 1, &count), RMF_STEAL_TAKEN);
    assert_true(rmf_lane_take_back_owner(&lane, 7));
    assert_int_equal(lane.split, 4); /* 1 is taken; of 1..7 thieves keep 1..3 */
    assert_int_equal(rmf_lane_shared_any(&lane), 3);
    assert_int_equal(rmf_lane_steal_any(&lane, taken, 4, &count), RMF_STEAL_TAKEN);
    assert_int_equal(rmf_lane_steal_any(&lane, taken, 4, &count), RMF_STEAL_TAKEN);
    assert_false(rmf_lane_take_back_owner(&lane, 3)); /* gone */
    rmf_lane_restart_owner(&lane, 3);
    assert_int_equal(rmf_lane_shared_any(&lane), 0);
}

static void hidden_forks_come_back(void **state)
{
    (void)state;
    ramify_fork  *taken[SLOTS];
    uint32_t      count;
    rmf_lane_mark mark;
    push(4);
    assert_true(rmf_lane_share_owner(&lane, lane.open.top));
    push(2); /* private */
    rmf_lane_hide_owner(&lane, &mark);
    assert_int_equal(rmf_lane_steal_any(&lane, taken, SLOTS, &count), RMF_STEAL_EMPTY);
    push(1);
    assert_true(rmf_lane_share_owner(&lane, lane.open.top));
    assert_int_equal(rmf_lane_steal_any(&lane, taken, SLOTS, &count), RMF_STEAL_TAKEN);
    assert_ptr_equal(taken[0], &forks[6]); /* only what was made above the mark */
    rmf_lane_show_owner(&lane, &mark);
    assert_int_equal(rmf_lane_shared_any(&lane), 4);
    assert_int_equal(rmf_lane_position(&lane, lane.open.top), 6);
    assert_int_equal(rmf_lane_steal_any(&lane, taken, SLOTS, &count), RMF_STEAL_TAKEN);
    assert_ptr_equal(taken[0], &forks[0]);
}

static void asking_reaches_the_fast_paths_until_answered(void **state)
{
    (void)state;
    push(2);
    assert_true(lane.open.limit == lane.end);
    assert_true(lane.open.split == slots);
    assert_false(rmf_lane_is_asked(&lane));
    rmf_lane_ask_any(&lane);
    assert_true(rmf_lane_is_asked(&lane));
    assert_true(lane.open.limit == slots);    /* the next fork looks up */
    assert_true(lane.open.split > lane.end); /* and so does the next join */
    rmf_lane_unask_owner(&lane);
    assert_true(lane.open.limit == lane.end);
    assert_true(lane.open.split == slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(thieves_see_only_what_is_shared, clear),
        cmocka_unit_test_setup(the_owner_takes_back_half_of_what_is_left, clear),
        cmocka_unit_test_setup(hidden_forks_come_back, clear),
        cmocka_unit_test_setup(asking_reaches_the_fast_paths_until_answered, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
