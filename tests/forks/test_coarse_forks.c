/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers that sleep when a computation begins get their part of it, of forks in a row that last until every worker has
 * one: their owner, who makes them all before the first sleeper has come, and then is inside of one, must have shared
 * enough. */
#include "runtime/started.h"
#include "runtime_handle.h"
#include "worker.h"

#include <time.h>

enum { WORKERS = 4, FORKS = 6, ROUNDS = 20, LIMIT_S = 20 };

static _Atomic uint64_t arrived, late; /* a bit per worker; 1 when somebody gave up waiting */

static time_t seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* There are fewer cores than workers. */
static void give_way(void)
{
    (void)nanosleep(&(struct timespec){ 0, 20000 }, NULL);
}

static bool all_are_here(void)
{
    return rmf_load_relaxed(&arrived) == (1u << WORKERS) - 1;
}

typedef struct part {
    ramify_fork fork;
} part;

static void wait_for_all(ramify_context c, part *p)
{
    (void)c;
    (void)p;
    time_t end = seconds() + LIMIT_S;
    (void)rmf_or_seq_cst(&arrived, 1u << rmf_worker_self()->number);
    while (!all_are_here() && !rmf_load_relaxed(&late)) {
        if (seconds() > end)
            rmf_store_relaxed(&late, 1);
        give_way();
    }
}
RAMIFY_FORKED(wait_for_all, part, fork)

static void fork_in_a_row(ramify_context c, part *root)
{
    part parts[FORKS] = { 0 };
    (void)root;
    for (int i = 0; i < FORKS; i++)
        RAMIFY_FORK(c, wait_for_all, &parts[i]);
    for (int i = FORKS; i-- > 0;)
        RAMIFY_JOIN(c, wait_for_all, &parts[i]);
}
RAMIFY_FORKED(fork_in_a_row, part, fork)

static void until_all_sleep(const ramify_runtime *rt)
{
    while (rmf_load_seq_cst(&rt->pool->parking.sleeping) != WORKERS * RMF_PARKED)
        give_way();
}

static void forks_in_a_row_reach_all_who_sleep(void **state)
{
    (void)state;
    ramify_runtime *rt =
        started(&(ramify_options){ .from = "core:4 pu:1", .no_bind = true, .workers = WORKERS, .spin_us = 1 });
    for (int round = 0; round < ROUNDS; round++) {
        part root = { 0 };
        until_all_sleep(rt);
        rmf_store_relaxed(&arrived, 0);
        assert_int_equal(RAMIFY_CALL(rt, fork_in_a_row, &root), RAMIFY_OK);
        assert_int_equal(rmf_load_relaxed(&late), 0);
        assert_true(all_are_here());
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(forks_in_a_row_reach_all_who_sleep) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
