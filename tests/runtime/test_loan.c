/* SPDX-License-Identifier: BSD-3-Clause */
/* Loans under load: workers are claimed and returned while others submit, steal and wait; nothing is lost. */
#include "check.h"

#include <ramify/ramify.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

enum { WORKERS = 4, ROUNDS = 300, SUBMITTERS = 2, SMALL = 2000 };

typedef struct tally {
    ramify_group *group;
    _Atomic long  small, loans, threads, overlaps, masks;
} tally;

static void small(void *argument)
{
    atomic_fetch_add(&((tally *)argument)->small, 1);
}

static void borrow(void *argument)
{
    tally       *t = argument;
    ramify_loan *loan;
    cpu_set_t    before, after;
    sched_getaffinity(0, sizeof before, &before);
    if (ramify_loan_take(0, 3, &loan))
        return;
    uint32_t n = ramify_loan_threads(loan);
    atomic_fetch_add(&t->loans, 1);
    atomic_fetch_add(&t->threads, n);
    atomic_fetch_add(&t->overlaps, n > 3 || ramify_loan_bind(loan, n) != RAMIFY_ERR_RANGE);
    usleep(20);
    ramify_loan_return(loan);
    sched_getaffinity(0, sizeof after, &after);
    atomic_fetch_add(&t->masks, !CPU_EQUAL(&before, &after));
}

static void *submit_small(void *argument)
{
    tally *t = argument;
    for (int i = 0; i < SMALL; i++) {
        if (ramify_submit(t->group, small, t, NULL))
            break;
        if (i % 100 == 0)
            usleep(100); /* so that workers fall asleep in between */
    }
    return NULL;
}

static void loans_lose_nothing(void **state)
{
    (void)state;
    const ramify_options how = { .workers = WORKERS, .spin_us = 5 };
    ramify_runtime      *rt;
    tally                t = { 0 };
    pthread_t            thread[SUBMITTERS];
    assert_int_equal(ramify_start(&how, &rt), RAMIFY_OK);
    assert_int_equal(ramify_group_create(rt, NULL, &t.group), RAMIFY_OK);
    for (int i = 0; i < SUBMITTERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, submit_small, &t), 0);
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(ramify_submit(t.group, borrow, &t, NULL), RAMIFY_OK);
        if (i % 10 == 0)
            usleep(200);
    }
    for (int i = 0; i < SUBMITTERS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(ramify_wait(t.group), RAMIFY_OK);
    assert_int_equal(t.small, SUBMITTERS * SMALL);
    assert_int_equal(t.loans, ROUNDS);
    assert_int_equal(t.overlaps, 0);
    assert_int_equal(t.masks, 0);
    assert_true(t.threads >= ROUNDS);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* A loan of the whole pool, and work that arrives meanwhile: it runs when the loan is back. */
typedef struct held {
    tally       *t;
    _Atomic bool is_taken, may_return;
    uint32_t     threads;
} held;

static void hold(void *argument)
{
    held        *h = argument;
    ramify_loan *loan;
    if (ramify_loan_take(0, WORKERS, &loan))
        return;
    h->threads = ramify_loan_threads(loan);
    atomic_store(&h->is_taken, true);
    while (!atomic_load(&h->may_return))
        sched_yield();
    ramify_loan_return(loan);
}

static void work_waits_for_a_whole_pool_on_loan(void **state)
{
    (void)state;
    const ramify_options how = { .workers = 2, .spin_us = 1 };
    ramify_runtime      *rt;
    tally                t = { 0 };
    assert_int_equal(ramify_start(&how, &rt), RAMIFY_OK);
    assert_int_equal(ramify_group_create(rt, NULL, &t.group), RAMIFY_OK);
    bool whole = false;
    for (int i = 0; i < 200 && !whole; i++) {
        held h = { .t = &t };
        usleep(1000);
        long before = t.small;
        assert_int_equal(ramify_submit(t.group, hold, &h, NULL), RAMIFY_OK);
        while (!atomic_load(&h.is_taken))
            usleep(10);
        whole = h.threads == 2;
        assert_int_equal(ramify_submit(t.group, small, &t, NULL), RAMIFY_OK);
        usleep(1000);
        if (whole) /* nobody is left to run it */
            assert_int_equal(t.small, before);
        atomic_store(&h.may_return, true);
        assert_int_equal(ramify_wait(t.group), RAMIFY_OK);
        assert_int_equal(t.small, before + 1);
    }
    assert_true(whole);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loans_lose_nothing),
        cmocka_unit_test(work_waits_for_a_whole_pool_on_loan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
