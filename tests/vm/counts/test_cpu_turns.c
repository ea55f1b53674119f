/* SPDX-License-Identifier: BSD-3-Clause */
/* Turns among CPUs, each on a thread: one at a time, as long as said, and never stuck behind one that does not come. */
#include "cpu_turns.h"

#include "check.h"

#include <pthread.h>

enum { ACCESSES = 16, ROUNDS = 200, MOST = ACCESSES * ROUNDS };

static unsigned order[TURNS_CPUS * MOST]; /* CPU of each access; written in turn, without another lock */
static unsigned count;

static void access_once(unsigned cpu)
{
    turns_begin(cpu);
    order[count++] = cpu;
    turns_end(cpu);
}

static void *work(void *cpu)
{
    for (int i = 0; i < MOST; i++)
        access_once((unsigned)(uintptr_t)cpu);
    turns_idle((unsigned)(uintptr_t)cpu);
    return NULL;
}

static void run_cpus(unsigned first, unsigned cpus)
{
    pthread_t thread[TURNS_CPUS];
    for (unsigned i = 0; i < cpus; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)(first + i)), 0);
    for (unsigned i = 0; i < cpus; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
}

static void one_at_a_time(void **state)
{
    (void)state;
    unsigned each[TURNS_CPUS] = { 0 };
    turns_init(ACCESSES);
    count = 0;
    run_cpus(0, 5);
    assert_int_equal(count, 5 * MOST);
    for (unsigned i = 0; i < count; i++)
        each[order[i]]++;
    for (unsigned cpu = 0; cpu < 5; cpu++)
        assert_int_equal(each[cpu], MOST);
}

static void alone_it_never_waits(void **state)
{
    (void)state;
    turns_init(ACCESSES);
    count = 0;
    run_cpus(63, 1);
    assert_int_equal(count, MOST);
}

/* CPU 9 has the turn and stays away, as in a long system call; the others go on, and it comes back. */
static void a_turn_can_be_lost(void **state)
{
    (void)state;
    turns_init(ACCESSES);
    count = 0;
    access_once(9);
    run_cpus(0, 2);
    assert_int_equal(count, 2 * MOST + 1);
    access_once(9);
    assert_int_equal(order[count - 1], 9);
}

static void pausing_is_not_losing(void **state)
{
    (void)state;
    turns_init(ACCESSES);
    count = 0;
    for (int i = 0; i < 1000; i++) {
        access_once(3);
        turns_pause(3);
        turns_pause(4); /* it has no turn to give up */
    }
    run_cpus(3, 2);
    assert_int_equal(count, 1000 + 2 * MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(alone_it_never_waits),
        cmocka_unit_test(a_turn_can_be_lost),
        cmocka_unit_test(pausing_is_not_losing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
