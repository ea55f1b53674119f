/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated machine against cases worked out by hand, to the picosecond. */
#include "check.h"
#include "sim.h"

#include "atomics.h"

#include <linux/futex.h>
#include <sys/syscall.h>

/* Lines of their own. */
static _Alignas(128) _Atomic uint64_t ball;
static _Alignas(128) _Atomic uint32_t word;
static uint64_t ends[SIM_THREADS_MAX];

/* Threads 0 and 1 share an L3, 2 is in another one of the package, 3 in the other package. */
static const sim_seat seats[] = { { 0, 0 }, { 0, 0 }, { 1, 0 }, { 2, 1 } };

static sim_site here = { .file = "test_sim.c", .function = "test" };

static uint64_t change(void)
{
    uint64_t before = sim_now_ps();
    sim_change(&ball, &here);
    return sim_now_ps() - before;
}

static uint64_t look(void)
{
    uint64_t before = sim_now_ps();
    sim_read(&ball, &here);
    return sim_now_ps() - before;
}

static uint64_t store(void)
{
    uint64_t before = sim_now_ps();
    sim_write(&ball, &here);
    return sim_now_ps() - before;
}

static uint64_t costs[SIM_THREADS_MAX][4];

/* One after the other, a microsecond apart. */
static void take_turns(uint32_t self)
{
    sim_work(1000.0 * (self + 1));
    costs[self][0] = change();
    costs[self][1] = change();
    costs[self][2] = look();
}

static void a_line_costs_its_way(void **state)
{
    (void)state;
    sim_run(4, seats, take_turns);
    assert_int_equal(costs[0][0], SIM_LOCKED_PS); /* nobody had it */
    assert_int_equal(costs[1][0], SIM_NEAR_PS + SIM_LOCKED_PS);
    assert_int_equal(costs[2][0], SIM_PACKAGE_PS + SIM_LOCKED_PS);
    assert_int_equal(costs[3][0], SIM_FAR_PS + SIM_LOCKED_PS);
    for (int t = 0; t < 4; t++) {
        assert_int_equal(costs[t][1], SIM_LOCKED_PS);
        assert_int_equal(costs[t][2], SIM_HIT_PS);
    }
}

/* 0 writes; 1 and 3 read; 1 writes, which takes the line from 3 too; its store is buffered. */
static void read_and_invalidate(uint32_t self)
{
    sim_work(1000.0 * (self + 1));
    costs[self][0] = self == 0 ? store() : look();
    if (self != 1)
        return;
    sim_work(10000.0);
    costs[1][1] = look();
    costs[1][2] = store();
    costs[1][3] = change();
}

static void readers_share_and_a_writer_takes_all(void **state)
{
    (void)state;
    sim_run(4, seats, read_and_invalidate);
    assert_int_equal(costs[0][0], SIM_HIT_PS);
    assert_int_equal(costs[1][0], SIM_NEAR_PS);
    assert_int_equal(costs[2][0], SIM_PACKAGE_PS);
    assert_int_equal(costs[3][0], SIM_FAR_PS);
    assert_int_equal(costs[1][1], SIM_HIT_PS);
    assert_int_equal(costs[1][2], SIM_HIT_PS + SIM_FAR_PS - SIM_BUFFERED_PS);
    assert_int_equal(costs[1][3], SIM_BUFFERED_PS - SIM_HIT_PS + SIM_LOCKED_PS); /* waits for the buffer */
}

/* Everybody at the same time: they queue, so that the n-th has waited for all before it. */
static void collide(uint32_t self)
{
    sim_work(1000.0);
    (void)change();
    ends[self] = sim_now_ps();
}

static void a_line_of_all_is_a_queue(void **state)
{
    (void)state;
    static const sim_seat near[8] = { { 0, 0 } };
    sim_run(8, near, collide);
    for (uint64_t nth = 0; nth < 8; nth++) {
        uint64_t at = 1000000 + SIM_LOCKED_PS + nth * (SIM_NEAR_PS + SIM_LOCKED_PS), found = 0;
        for (int t = 0; t < 8; t++)
            found += ends[t] == at;
        assert_int_equal(found, 1);
    }
}

/* A ball played from one to the other, by turns: each stroke sees the other's. */
enum { STROKES = 100 };

static void play_ball(uint32_t self)
{
    for (uint64_t stroke = self; stroke < STROKES; stroke += 2) {
        while (look(), atomic_load(&ball) != stroke)
            continue;
        (void)change();
        atomic_store(&ball, stroke + 1);
    }
    ends[self] = sim_now_ps();
}

static void a_stroke_is_a_look_and_a_change(void **state)
{
    (void)state;
    atomic_store(&ball, 0);
    sim_run(2, seats, play_ball);
    uint64_t all = ends[0] > ends[1] ? ends[0] : ends[1], each = all / STROKES;
    assert_in_range(each, 2 * SIM_NEAR_PS, 2 * SIM_NEAR_PS + 2 * SIM_LOCKED_PS);
}

/* 1 sleeps, 0 wakes it after 100 us, and once more in vain. */
static void sleep_and_wake(uint32_t self)
{
    if (self == 1)
        (void)sim_syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL);
    else {
        sim_work(100000.0);
        (void)sim_syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
        costs[0][0] = sim_now_ps();
        (void)sim_syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
        costs[0][1] = sim_now_ps();
    }
    ends[self] = sim_now_ps();
}

static void a_wake_takes_its_time(void **state)
{
    (void)state;
    sim_run(2, seats, sleep_and_wake);
    assert_int_equal(costs[0][0], 100000000 + SIM_WAKE_PS);
    assert_int_equal(costs[0][1], 100000000 + SIM_WAKE_PS + SIM_WAKE_NOBODY_PS);
    assert_int_equal(ends[1], 100000000 + SIM_WOKEN_PS);
    assert_int_equal(sim_slept_ps(1), 100000000 + SIM_WOKEN_PS);
}

/* Who holds a lock is alone, and the other one goes on when it is done. */
static int inside, most_inside;

static void lock_and_work(uint32_t self)
{
    (void)self;
    (void)sim_lock(&ball);
    inside++;
    most_inside = inside > most_inside ? inside : most_inside;
    sim_work(1000.0);
    inside--;
    (void)sim_unlock(&ball);
    ends[self] = sim_now_ps();
}

static void a_lock_lets_one_in(void **state)
{
    (void)state;
    sim_run(4, seats, lock_and_work);
    assert_int_equal(most_inside, 1);
    uint64_t last = 0;
    for (int t = 0; t < 4; t++)
        last = ends[t] > last ? ends[t] : last;
    assert_in_range(last, 4 * 1000000, 6 * 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_costs_its_way),     cmocka_unit_test(readers_share_and_a_writer_takes_all),
        cmocka_unit_test(a_line_of_all_is_a_queue), cmocka_unit_test(a_stroke_is_a_look_and_a_change),
        cmocka_unit_test(a_wake_takes_its_time),    cmocka_unit_test(a_lock_lets_one_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
