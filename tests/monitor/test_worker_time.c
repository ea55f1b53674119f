/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's account of time adds up at every moment, however often it changes while it is read. */
#include "check.h"
#include "clock.h"
#include "worker_time.h"

#include <pthread.h>

static void stays_add_up(void **state)
{
    (void)state;
    rmf_worker_time time = { 0 };
    uint64_t        spent[RMF_STATE_COUNT];
    rmf_state       now;
    rmf_time_start(&time, RMF_STATE_PARKED, 100);
    rmf_time_enter(&time, RMF_STATE_BUSY, 150);
    rmf_time_enter(&time, RMF_STATE_SEARCHING, 180);
    rmf_time_enter(&time, RMF_STATE_BUSY, 187);
    assert_true(rmf_time_read(&time, 200, spent, &now));
    assert_int_equal(now, RMF_STATE_BUSY);
    assert_int_equal(spent[RMF_STATE_PARKED], 50);
    assert_int_equal(spent[RMF_STATE_BUSY], 30 + 13);
    assert_int_equal(spent[RMF_STATE_SEARCHING], 7);
}

/* Another core's counter may be a little behind the one that made the stamp. */
static void a_clock_that_is_behind_takes_nothing_away(void **state)
{
    (void)state;
    rmf_worker_time time = { 0 };
    uint64_t        spent[RMF_STATE_COUNT];
    rmf_state       now;
    rmf_time_start(&time, RMF_STATE_BUSY, 1000);
    assert_true(rmf_time_read(&time, 990, spent, &now));
    assert_int_equal(spent[RMF_STATE_BUSY], 0);
    rmf_time_enter(&time, RMF_STATE_PARKED, 990);
    assert_true(rmf_time_read(&time, 995, spent, &now));
    assert_int_equal(spent[RMF_STATE_BUSY], 0);
    assert_int_equal(spent[RMF_STATE_PARKED], 5);
}

/* An account that is never at rest is reported, not made up. */
static void an_account_in_change_is_unreadable(void **state)
{
    (void)state;
    rmf_worker_time time = { 0 };
    uint64_t        spent[RMF_STATE_COUNT] = { 7, 7, 7 };
    rmf_state       now;
    rmf_store_relaxed(&time.version, 1);
    assert_false(rmf_time_read(&time, 10, spent, &now));
    assert_int_equal(spent[0], 7);
}

typedef struct changer {
    rmf_worker_time  time;
    _Atomic uint32_t stop;
} changer;

/* Every change is one tick long, so that the stays' sum is the number of the last change. */
static void *change(void *argument)
{
    changer *c = argument;
    for (uint64_t tick = 1; !rmf_load_relaxed(&c->stop); tick++)
        rmf_time_enter(&c->time, (rmf_state)(tick % RMF_STATE_COUNT), tick);
    return NULL;
}

static void a_reader_sees_whole_accounts_only(void **state)
{
    (void)state;
    enum { READS = 20000 };
    changer   c = { 0 };
    pthread_t thread;
    uint64_t  previous = 0, torn = 0, backward = 0;
    rmf_time_start(&c.time, RMF_STATE_BUSY, 0);
    assert_int_equal(pthread_create(&thread, NULL, change, &c), 0);
    for (int i = 0; i < READS; i++) {
        uint64_t  spent[RMF_STATE_COUNT], least = UINT64_MAX, most = 0;
        rmf_state now;
        if (!rmf_time_read(&c.time, 0, spent, &now)) /* as of 0: only the finished stays */
            continue;
        for (int s = 0; s < RMF_STATE_COUNT; s++) {
            least = spent[s] < least ? spent[s] : least;
            most  = spent[s] > most ? spent[s] : most;
        }
        uint64_t sum = spent[0] + spent[1] + spent[2];
        torn += most - least > 1; /* the states take turns */
        backward += sum < previous;
        previous = sum;
    }
    rmf_store_relaxed(&c.stop, 1);
    pthread_join(thread, NULL);
    assert_int_equal(torn, 0);
    assert_int_equal(backward, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_add_up),
        cmocka_unit_test(a_clock_that_is_behind_takes_nothing_away),
        cmocka_unit_test(an_account_in_change_is_unreadable),
        cmocka_unit_test(a_reader_sees_whole_accounts_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
