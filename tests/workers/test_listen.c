/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a worker listens at its door before it searches: what it learns from what it found, and where. */
#include "check.h"
#include "listen.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST = 64, MOST = 512 }; /* of listen.c */

static rmf_pool   pool = { .worker_count = 1, .ns_per_tick = 1.0, .ticks_per_ns = 1.0 };
static rmf_worker worker;
static rmf_task   a_task, a_fork;

static void some_fn(void *self)
{
    (void)self;
}

static int setup(void **state)
{
    (void)state;
    memset(&worker, 0, sizeof worker);
    worker.pool   = &pool;
    worker.rivals = 1;
    a_task        = (rmf_task){ .fn = some_fn };
    a_fork        = (rmf_task){ .fn = NULL };
    return 0;
}

static void what_comes_to_the_door_is_awaited(void **state)
{
    (void)state;
    static const uint32_t looks[] = { LEAST, 128, 256, MOST, MOST };
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        rmf_listen_learn(&worker, &a_fork, true);
        assert_int_equal(worker.listens, looks[i]);
    }
    rmf_listen_learn(&worker, &a_fork, false); /* elsewhere: it need not have waited */
    assert_int_equal(worker.listens, 0);
    rmf_listen_expect(&worker);
    assert_int_equal(worker.listens, LEAST);
    worker.listens = MOST;
    rmf_listen_expect(&worker);
    assert_int_equal(worker.listens, MOST);
}

/* A search that began and ended `ns` ago with forks of others. */
static void search_again_after(uint64_t ns)
{
    worker.found_ticks = 1000;
    rmf_listen_weigh(&worker, 1000 + ns);
}

static void poor_loot_makes_wait(void **state)
{
    (void)state;
    search_again_after(10); /* of 50 ns that a search costs others */
    assert_int_equal(worker.holds_off, LEAST);
    search_again_after(10);
    search_again_after(10);
    search_again_after(10);
    search_again_after(10);
    assert_int_equal(worker.holds_off, MOST);
    search_again_after(60);
    assert_int_equal(worker.holds_off, MOST / 2);
    worker.rivals = 40; /* the same is little where forty search */
    search_again_after(60);
    assert_int_equal(worker.holds_off, MOST);
    search_again_after(2100);
    assert_int_equal(worker.holds_off, MOST / 2);
}

static void what_was_no_loot_is_not_weighed(void **state)
{
    (void)state;
    worker.found_ticks = 0;
    rmf_listen_weigh(&worker, 1000);
    assert_int_equal(worker.holds_off, 0);
    worker.holds_off = MOST;
    rmf_listen_learn(&worker, &a_fork, false);
    assert_int_equal(worker.holds_off, MOST);
    rmf_listen_learn(&worker, &a_task, false); /* no task is to wait because forks were small */
    assert_int_equal(worker.holds_off, 0);
}

static void the_door_opens_and_gives(void **state)
{
    (void)state;
    rmf_task    task = { .fn = some_fn };
    ramify_fork fork = { .state = 0 };
    assert_false(rmf_door_give_any(&worker.door, &fork)); /* it does not listen yet */
    assert_false(rmf_listen_at_door(&worker, &task));
    assert_true(rmf_door_give_any(&worker.door, &fork));
    assert_false(rmf_door_give_any(&worker.door, &fork)); /* one at a time */
    assert_false(rmf_door_close_owner(&worker.door));
    assert_true(rmf_listen_at_door(&worker, &task));
    assert_ptr_equal(task.argument, &fork);
    assert_null(task.fn);
    assert_true(rmf_door_is_closed(&worker.door));
    assert_false(rmf_door_return_any(&worker.door, &fork));
    assert_false(rmf_listen_at_door(&worker, &task));
    assert_true(rmf_door_give_any(&worker.door, &fork));
    assert_true(rmf_door_return_any(&worker.door, &fork));
    assert_true(rmf_door_close_owner(&worker.door));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_comes_to_the_door_is_awaited, setup),
        cmocka_unit_test_setup(poor_loot_makes_wait, setup),
        cmocka_unit_test_setup(what_was_no_loot_is_not_weighed, setup),
        cmocka_unit_test_setup(the_door_opens_and_gives, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
