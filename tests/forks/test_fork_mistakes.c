/* SPDX-License-Identifier: BSD-3-Clause */
/* Mistakes with forks and joins in a program without assertions: each gives its status, nothing else changes, and the
 * computation goes on. */
#ifndef NDEBUG
#define NDEBUG
#endif
#include "check.h"

#include <stdatomic.h>
#include <string.h>
#include <ramify/ramify.h>

typedef struct job {
    ramify_fork     fork;
    ramify_runtime *rt;
    long            ran, depth;
} job;

static void count(ramify_context c, job *one)
{
    (void)c;
    one->ran++;
}
RAMIFY_FORKED(count, job, fork)

static atomic_int  failures; /* what a worker saw; the main thread asserts */
static atomic_bool has_logged;
static char        logged[400]; /* the first line; several workers may have one at the same time */

static void expect(bool holds)
{
    atomic_fetch_add(&failures, !holds);
}

static void keep_line(void *self, ramify_log_level level, const char *line)
{
    (void)self;
    if (level == RAMIFY_LOG_ERROR && !atomic_exchange(&has_logged, true))
        strncpy(logged, line, sizeof logged - 1);
}

static ramify_runtime *start(uint32_t workers)
{
    ramify_runtime *rt;
    failures   = 0;
    has_logged = false;
    logged[0]  = '\0';
    assert_int_equal(ramify_start(&(ramify_options){ .workers = workers, .log = keep_line }, &rt), RAMIFY_OK);
    return rt;
}

/* Runs `body` as a root, also from inside a worker, on one worker and on three; all give the same status. */
static void gives(ramify_fork_fn body, ramify_status status)
{
    for (uint32_t workers = 1; workers <= 3; workers += 2) {
        ramify_runtime *rt = start(workers);
        for (int round = 0; round < 20; round++) {
            job root = { .rt = rt };
            assert_int_equal(ramify_fork_call(rt, &root.fork, body), status);
            assert_int_equal(failures, 0);
        }
        assert_true((status == RAMIFY_OK) == (logged[0] == '\0'));
        job good = { .rt = rt }; /* and the next computation is none the worse */
        assert_int_equal(RAMIFY_CALL(rt, count, &good), RAMIFY_OK);
        assert_int_equal(good.ran, 1);
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

static void joins_twice(ramify_context c, ramify_fork *fork)
{
    job outer = { .ran = 0 }, inner = { .ran = 0 };
    (void)fork;
    RAMIFY_FORK(c, count, &outer);
    RAMIFY_FORK(c, count, &inner);
    RAMIFY_JOIN(c, count, &inner);
    ramify_context before = c;
    expect(!ramify_fork_join(&c, &inner.fork)); /* the mistake */
    expect(c.head == before.head && c.lane == before.lane);
    RAMIFY_JOIN(c, count, &outer);
    expect(!ramify_fork_join(&c, &outer.fork)); /* nothing is left at all */
    expect(outer.ran == 1 && inner.ran == 1);
}

static void joined_twice(void **state)
{
    (void)state;
    gives(joins_twice, RAMIFY_ERR_ORDER);
}

static void joins_out_of_order(ramify_context c, ramify_fork *fork)
{
    job first = { .ran = 0 }, second = { .ran = 0 };
    (void)fork;
    RAMIFY_FORK(c, count, &first);
    RAMIFY_FORK(c, count, &second);
    expect(!ramify_fork_join(&c, &first.fork)); /* the mistake */
    RAMIFY_JOIN(c, count, &second);
    RAMIFY_JOIN(c, count, &first);
    expect(first.ran == 1 && second.ran == 1);
}

static void joined_out_of_order(void **state)
{
    (void)state;
    gives(joins_out_of_order, RAMIFY_ERR_ORDER);
}

static void joins_a_stranger(ramify_context c, ramify_fork *fork)
{
    job mine = { .ran = 0 }, never_forked = { .ran = 0 };
    RAMIFY_FORK(c, count, &mine);
    expect(!ramify_fork_join(&c, &never_forked.fork));
    expect(!ramify_fork_join(&c, fork)); /* the one it runs as, which another joins */
    RAMIFY_JOIN(c, count, &mine);
    expect(mine.ran == 1 && never_forked.ran == 0);
}

static void joined_anothers(void **state)
{
    (void)state;
    gives(joins_a_stranger, RAMIFY_ERR_ORDER);
}

static void passes_null(ramify_context c, ramify_fork *fork)
{
    job no_function = { .ran = 0 };
    (void)fork;
    c = ramify_fork_push(c, NULL, count_forked);
    expect(!ramify_fork_join(NULL, &no_function.fork));
    c = ramify_fork_push(c, &no_function.fork, NULL);
    RAMIFY_JOIN(c, count, &no_function);
    (void)ramify_fork_join(&c, NULL);
    expect(no_function.ran <= 1);
}

static void null_arguments(void **state)
{
    (void)state;
    gives(passes_null, RAMIFY_ERR_INVALID);
}

/* Deep in the recursion one branch makes a mistake; thieves carry it home. */
static void grow(ramify_context c, job *node);
RAMIFY_FORKED(grow, job, fork)

static void grow(ramify_context c, job *node)
{
    job left = { .depth = node->depth - 1 }, right = left;
    node->ran = 1;
    if (node->depth == 0)
        return;
    RAMIFY_FORK(c, grow, &left);
    grow(c, &right);
    if (node->depth == 3)
        expect(!ramify_fork_join(&c, &right.fork));
    RAMIFY_JOIN(c, grow, &left);
    node->ran += left.ran + right.ran;
}

static void a_mistake_is_told_wherever_it_happened(void **state)
{
    (void)state;
    ramify_runtime *rt = start(4);
    for (int round = 0; round < 20; round++) {
        job root = { .depth = 12 };
        assert_int_equal(RAMIFY_CALL(rt, grow, &root), RAMIFY_ERR_ORDER);
        assert_int_equal(root.ran, 8191);
        root.depth = 2;
        assert_int_equal(RAMIFY_CALL(rt, grow, &root), RAMIFY_OK);
    }
    assert_int_equal(failures, 0);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void calls_inside(ramify_context c, ramify_fork *fork)
{
    job *self = (job *)fork, inner = { .rt = self->rt };
    (void)c;
    expect(ramify_fork_call(self->rt, &inner.fork, joins_twice) == RAMIFY_ERR_ORDER);
    expect(ramify_fork_error() == RAMIFY_OK); /* the inner computation's, not this one's */
}

static void a_mistake_stays_in_its_computation(void **state)
{
    (void)state;
    ramify_runtime *rt   = start(2);
    job             root = { .rt = rt };
    assert_int_equal(ramify_fork_call(rt, &root.fork, calls_inside), RAMIFY_OK);
    assert_int_equal(failures, 0);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void asks_itself(ramify_context c, ramify_fork *fork)
{
    job mine = { .ran = 0 };
    (void)fork;
    expect(ramify_fork_error() == RAMIFY_OK);
    RAMIFY_FORK(c, count, &mine);
    RAMIFY_JOIN(c, count, &mine);
    (void)ramify_fork_join(&c, &mine.fork);
    expect(ramify_fork_error() == RAMIFY_ERR_ORDER);
    expect(ramify_fork_error() == RAMIFY_OK);
}

static void a_mistake_may_be_asked_for_and_forgotten(void **state)
{
    (void)state;
    ramify_runtime *rt   = start(2);
    job             root = { .rt = rt };
    assert_int_equal(ramify_fork_call(rt, &root.fork, asks_itself), RAMIFY_OK);
    assert_int_equal(failures, 0);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void outside_of_a_runtime_it_is_a_serial_run(void **state)
{
    (void)state;
    ramify_context none = { 0 };
    job            one  = { .ran = 0 };
    assert_int_equal(ramify_fork_error(), RAMIFY_OK);
    RAMIFY_FORK(none, count, &one);
    RAMIFY_JOIN(none, count, &one);
    assert_int_equal(one.ran, 1);
    assert_null(none.lane);
    assert_int_equal(ramify_fork_error(), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_fork_error(), RAMIFY_OK);
}

/* More forks than a lane has slots: those that ran at once are checked too. */
enum { MANY = 65536 + 100 };

static job many[MANY];

static void joins_wrongly_beyond_the_slots(ramify_context c, ramify_fork *fork)
{
    (void)fork;
    for (long i = 0; i < MANY; i++) {
        many[i].ran = 0;
        RAMIFY_FORK(c, count, &many[i]);
    }
    RAMIFY_JOIN(c, count, &many[MANY - 1]);
    expect(!ramify_fork_join(&c, &many[MANY - 1].fork));
    for (long i = MANY - 1; i-- > 0;)
        RAMIFY_JOIN(c, count, &many[i]);
    for (long i = 0; i < MANY; i++)
        expect(many[i].ran == 1);
}

static void a_full_lane_notices_too(void **state)
{
    (void)state;
    gives(joins_wrongly_beyond_the_slots, RAMIFY_ERR_ORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined_twice),
        cmocka_unit_test(joined_out_of_order),
        cmocka_unit_test(joined_anothers),
        cmocka_unit_test(null_arguments),
        cmocka_unit_test(a_mistake_is_told_wherever_it_happened),
        cmocka_unit_test(a_mistake_stays_in_its_computation),
        cmocka_unit_test(a_mistake_may_be_asked_for_and_forgotten),
        cmocka_unit_test(outside_of_a_runtime_it_is_a_serial_run),
        cmocka_unit_test(a_full_lane_notices_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
