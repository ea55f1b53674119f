/* SPDX-License-Identifier: BSD-3-Clause */
/* A pool of 256 workers, many more than CPUs, and a flat loop of forks wider than a lane has slots: every fork runs
 * once, and memory is bounded by the number of workers, however often the loop is run. */
#include "runtime/started.h"

enum { WORKERS = 256, WIDE = 70000, ROUNDS = 4 }; /* a lane has 65536 slots */

/* What a worker may have touched: the slots of its lane, 512 KiB; a deque of the forks it took along, at most as many
 * again; its stack, of which the shallow recursion here needs little; what is its own otherwise. */
enum { WORKER_KIB = 512 + 512 + 64 + 128, SLACK_KIB = 32768 };

typedef struct square {
    ramify_fork fork;
    long        n, value;
    int         ran;
} square;

static square squares[WIDE];

static void square_one(ramify_context c, square *s)
{
    (void)c;
    s->value = s->n * s->n;
    s->ran++; /* plain: a fork that ran twice at once is a race, too */
}
RAMIFY_FORKED(square_one, square, fork)

typedef struct wide {
    ramify_fork fork;
    long        sum, wrong;
} wide;

static void square_all(ramify_context c, wide *w)
{
    for (long i = 0; i < WIDE; i++) {
        squares[i] = (square){ .n = i };
        RAMIFY_FORK(c, square_one, &squares[i]);
    }
    for (long i = WIDE; i-- > 0;) {
        RAMIFY_JOIN(c, square_one, &squares[i]);
        w->sum += squares[i].value;
        w->wrong += squares[i].ran != 1;
    }
}
RAMIFY_FORKED(square_all, wide, fork)

static long sum_of_squares(void)
{
    return (long)(WIDE - 1) * WIDE * (2L * WIDE - 1) / 6;
}

static void square_range(void *self, const ramify_chunk *c)
{
    (void)self;
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++)
        *(int64_t *)c->partial += i * i;
}

static void run_loop(ramify_runtime *rt, ramify_rule rule)
{
    int64_t            sum   = 0;
    ramify_range       range = { 0, WIDE, 1 };
    ramify_for_options how   = { .schedule  = { rule, 1 },
                                 .reduction = ramify_reduction_of(RAMIFY_INT64, RAMIFY_SUM),
                                 .result    = &sum };
    assert_int_equal(ramify_for(rt, &range, 1, square_range, NULL, &how), RAMIFY_OK);
    assert_int_equal(sum, sum_of_squares());
}

static void a_flat_loop_wider_than_a_lane(void **state)
{
    (void)state;
    long            before = own_status("VmRSS:");
    ramify_runtime *rt     = started_with(WORKERS);
    assert_int_equal(ramify_runtime_workers(rt), WORKERS);
    for (int round = 0; round < ROUNDS; round++) {
        wide all = { .sum = 0 };
        assert_int_equal(RAMIFY_CALL(rt, square_all, &all), RAMIFY_OK);
        assert_int_equal(all.sum, sum_of_squares());
        assert_int_equal(all.wrong, 0);
    }
    ramify_counts counts = counts_of(rt);
    assert_int_equal(counts.forks + counts.forks_stolen + counts.forks_at_once, (uint64_t)ROUNDS * WIDE);
    assert_true(counts.forks_at_once > 0); /* the lane was full */
    run_loop(rt, RAMIFY_RULE_DYNAMIC); /* which make forks of their own */
    run_loop(rt, RAMIFY_RULE_AUTO);
    long most = own_status("VmHWM:");
    print_message("%d workers: %ld KiB at most, %ld before\n", WORKERS, most, before);
    if (!TEST_UNDER_TSAN && !TEST_UNDER_ASAN) /* their shadows are larger than what they shadow */
        assert_true(most - before < (long)WORKERS * WORKER_KIB + SLACK_KIB);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_flat_loop_wider_than_a_lane) };
    return cmocka_run_group_tests(tests, clear_environment, NULL) != 0;
}
