/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring on one thread: order, claims of several cells, exact limits, many turns round, and who gets which share. */
#include "check.h"
#include "ring.h"

enum { CELLS = 8 };

static rmf_cell cells[CELLS];
static rmf_ring ring;
static rmf_task batch[2 * CELLS];
static char     place[1 << 12]; /* the n-th task's argument is the address of place[n] */
static int      pushed, popped; /* tasks so far */

static void restart(uint64_t capacity, uint64_t limit)
{
    rmf_ring_init(&ring, cells, capacity, limit);
    pushed = popped = 0;
}

static int fresh(void **state)
{
    (void)state;
    restart(CELLS, CELLS);
    return 0;
}

/* Offers `count` tasks and expects `taken` of them to find room. */
static void push(uint32_t count, uint32_t taken)
{
    for (uint32_t i = 0; i < count; i++)
        batch[i] = (rmf_task){ .argument = &place[pushed + (int)i], .home = i, .weight = 2.0f };
    assert_int_equal(rmf_ring_push_mp(&ring, batch, count), taken);
    pushed += (int)taken;
    assert_int_equal(rmf_ring_size(&ring), pushed - popped);
}

/* Asks for `most` as one of `sharers` and expects the `taken` oldest ones. */
static void pop(uint32_t most, uint32_t sharers, uint32_t taken)
{
    rmf_task got[2 * CELLS];
    assert_int_equal(rmf_ring_pop_mc(&ring, got, most, sharers), taken);
    for (uint32_t i = 0; i < taken; i++)
        assert_ptr_equal(got[i].argument, &place[popped++]);
    assert_int_equal(rmf_ring_size(&ring), pushed - popped);
}

static void first_in_first_out(void **state)
{
    (void)state;
    pop(1, 1, 0);
    push(1, 1);
    push(3, 3);
    pop(1, 1, 1);
    push(2, 2);
    pop(8, 1, 5);
    pop(8, 1, 0);
}

static void a_task_arrives_whole(void **state)
{
    (void)state;
    const rmf_task sent = { .argument = &ring, .group = cells, .stamp_ticks = 7, .home = 3, .weight = 0.5f };
    rmf_task       got;
    assert_int_equal(rmf_ring_push_mp(&ring, &sent, 1), 1);
    assert_int_equal(rmf_ring_pop_mc(&ring, &got, 1, 1), 1);
    assert_ptr_equal(got.argument, &ring);
    assert_ptr_equal(got.group, cells);
    assert_int_equal(got.stamp_ticks, 7);
    assert_int_equal(got.home, 3);
    assert_true(got.weight == 0.5f);
}

static void a_batch_that_does_not_fit_goes_in_as_far_as_it_does(void **state)
{
    (void)state;
    push(5, 5);
    push(5, 3);
    push(1, 0);
    pop(2, 1, 2);
    push(5, 2);
    pop(16, 1, 8);
}

static void nothing_offered_nothing_taken(void **state)
{
    (void)state;
    push(0, 0);
    push(2, 2);
    pop(0, 1, 0);
    pop(2, 1, 2);
}

static void a_limit_is_exact(void **state)
{
    (void)state;
    for (uint64_t limit = 1; limit <= CELLS; limit++) {
        restart(CELLS, limit);
        for (int round = 0; round < 3 * CELLS; round++) {
            push(2 * CELLS, (uint32_t)limit);
            push(1, 0);
            pop(1, 1, 1);
            push(2, 1);
            pop(2 * CELLS, 1, (uint32_t)limit);
        }
    }
}

static void many_turns_round(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        push(3, 3);
        pop(1, 1, 1);
        push(2, 2);
        pop(4, 1, 4);
    }
}

static void the_smallest_ring(void **state)
{
    (void)state;
    restart(2, 2);
    for (int round = 0; round < 10; round++) {
        push(3, 2);
        pop(1, 1, 1);
        push(1, 1);
        pop(3, 1, 2);
    }
}

static void consumers_share(void **state)
{
    (void)state;
    push(8, 8);
    pop(8, 2, 4);  /* half */
    pop(8, 3, 2);  /* a third of 4, rounded up */
    pop(1, 2, 1);  /* a share of what was asked for, at least one */
    pop(8, 64, 1); /* the last one */
    pop(8, 64, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_in_first_out, fresh),
        cmocka_unit_test_setup(a_task_arrives_whole, fresh),
        cmocka_unit_test_setup(a_batch_that_does_not_fit_goes_in_as_far_as_it_does, fresh),
        cmocka_unit_test_setup(nothing_offered_nothing_taken, fresh),
        cmocka_unit_test_setup(a_limit_is_exact, fresh),
        cmocka_unit_test_setup(many_turns_round, fresh),
        cmocka_unit_test_setup(the_smallest_ring, fresh),
        cmocka_unit_test_setup(consumers_share, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
