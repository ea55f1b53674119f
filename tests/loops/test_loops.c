/* SPDX-License-Identifier: BSD-3-Clause */
/* Loops through the public interface: every iteration once under every schedule, from everywhere; reductions; stopping;
 * and what is refused. */
#include "runtime/started.h"

#include <pthread.h>

enum { MOST = 4000 };

static const char *const schedules[] = { "auto",   "auto,3",   "static",    "static,5",    "dynamic",   "dynamic,7",
                                         "guided", "guided,4", "trapezoid", "trapezoid,2", "factoring", "awf" };
enum { SCHEDULES = sizeof schedules / sizeof schedules[0] };

static ramify_schedule schedule_of(const char *text)
{
    ramify_schedule schedule;
    assert_int_equal(ramify_schedule_read(text, &schedule, NULL), RAMIFY_OK);
    return schedule;
}

/* Counts the runs of each iteration, and checks that indexes and numbers agree. */
typedef struct grid {
    ramify_range range[3];
    uint64_t     count[3];
    uint32_t     dimensions;
    _Atomic int  runs[MOST];
} grid;

static void mark(void *self, const ramify_chunk *c)
{
    grid    *g = self;
    uint64_t n = 0;
    for (uint64_t i = 0; i < c->count[0]; i++)
        for (uint64_t j = 0; j < c->count[1]; j++)
            for (uint64_t k = 0; k < c->count[2]; k++) {
                uint64_t x = (uint64_t)(c->range[0].begin - g->range[0].begin) / (uint64_t)g->range[0].step + i;
                uint64_t y = (uint64_t)((c->range[1].begin - g->range[1].begin) / g->range[1].step) + j;
                uint64_t z = (uint64_t)((c->range[2].begin - g->range[2].begin) / g->range[2].step) + k;
                if (g->range[0].step < 0)
                    x = (uint64_t)((c->range[0].begin - g->range[0].begin) / g->range[0].step) + i;
                uint64_t number = (x * g->count[1] + y) * g->count[2] + z;
                NOTE(x < g->count[0] && y < g->count[1] && z < g->count[2]);
                NOTE(n > 0 || number == c->first);
                if (number < MOST)
                    atomic_fetch_add(&g->runs[number], 1);
                n++;
            }
    NOTE(n == c->iterations && n > 0);
    NOTE(c->worker == ramify_here().worker);
}

static void run_grid(ramify_runtime *rt, const char *schedule, const ramify_range *ranges, const uint64_t *counts,
                     uint32_t dimensions)
{
    static grid        g;
    ramify_for_options how = { .schedule = schedule_of(schedule) };
    memset(&g, 0, sizeof g);
    uint64_t total = 1;
    for (uint32_t d = 0; d < 3; d++) {
        g.range[d] = d < dimensions ? ranges[d] : (ramify_range){ 0, 1, 1 };
        g.count[d] = d < dimensions ? counts[d] : 1;
        total *= g.count[d];
    }
    assert_int_equal(ramify_for(rt, ranges, dimensions, mark, &g, &how), RAMIFY_OK);
    assert_nothing_noted();
    for (uint64_t i = 0; i < MOST; i++)
        if (atomic_load(&g.runs[i]) != (i < total))
            fail_msg("%s: iteration %d ran %d times", schedule, (int)i, atomic_load(&g.runs[i]));
}

static void every_iteration_once(void **state)
{
    (void)state;
    static const struct {
        ramify_range range[3];
        uint64_t     count[3];
        uint32_t     dimensions;
    } shapes[] = {
        { { { 0, 1, 1 } }, { 1 }, 1 },
        { { { 0, 3, 1 } }, { 3 }, 1 },
        { { { 5, 3005, 1 } }, { 3000 }, 1 },
        { { { -7, 1000, 3 } }, { 336 }, 1 },
        { { { 1000, -7, -3 } }, { 336 }, 1 },
        { { { INT64_MAX - 10, INT64_MAX, 3 } }, { 4 }, 1 },
        { { { 9, 9, 1 } }, { 0 }, 1 },
        { { { 0, 31, 1 }, { 50, 0, -7 } }, { 31, 8 }, 2 },
        { { { 0, 7, 2 }, { 0, 9, 1 }, { -5, 50, 5 } }, { 4, 9, 11 }, 3 },
        { { { 0, 1, 1 }, { 0, 1, 1 }, { 0, 999, 1 } }, { 1, 1, 999 }, 3 },
    };
    for (uint32_t workers = 1; workers <= 5; workers += 2) {
        ramify_runtime *rt = started_with(workers);
        for (int s = 0; s < SCHEDULES; s++)
            for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
                run_grid(rt, schedules[s], shapes[i].range, shapes[i].count, shapes[i].dimensions);
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

static void count_all(void *self, const ramify_chunk *c)
{
    atomic_fetch_add((_Atomic long *)self, (long)c->iterations);
}

static void whole_int64(void **state)
{
    (void)state;
    ramify_runtime *rt  = started_with(3);
    _Atomic long    ran = 0;
    ramify_range    all = { INT64_MIN, INT64_MAX, INT64_MAX / 4 }, down = { INT64_MAX, INT64_MIN, INT64_MIN };
    assert_int_equal(ramify_for(rt, &all, 1, count_all, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ran, 9);
    ran = 0;
    assert_int_equal(ramify_for(rt, &down, 1, count_all, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ran, 2);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void refused(void **state)
{
    (void)state;
    ramify_runtime    *rt = started_with(2), *other = started_with(1);
    ramify_diagnosis   why;
    _Atomic long       ran  = 0;
    int64_t            sum  = -5;
    ramify_range       good = { 0, 10, 1 }, still = { 0, 10, 0 }, wide = { INT64_MIN, INT64_MAX, 1 };
    ramify_range       cube[3] = { { 0, 1ll << 40, 1 }, { 0, 1ll << 40, 1 }, { 0, 1, 1 } };
    ramify_for_options how     = { .diagnosis = &why };
    assert_int_equal(ramify_for(NULL, &good, 1, count_all, &ran, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_for(rt, NULL, 1, count_all, &ran, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_for(rt, &good, 1, NULL, &ran, &how), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_for(rt, &good, 0, count_all, &ran, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_for(rt, &good, 4, count_all, &ran, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_for(rt, &still, 1, count_all, &ran, &how), RAMIFY_ERR_INVALID);
    assert_non_null(strstr(why.text, "step 0"));
    assert_int_equal(ramify_for(rt, &wide, 1, count_all, &ran, &how), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_for(rt, cube, 2, count_all, &ran, &how), RAMIFY_ERR_RANGE);
    how.schedule.rule = RAMIFY_RULE_COUNT;
    assert_int_equal(ramify_for(rt, &good, 1, count_all, &ran, &how), RAMIFY_ERR_INVALID);
    how.schedule = (ramify_schedule){ RAMIFY_RULE_AUTO, UINT64_MAX };
    assert_int_equal(ramify_for(rt, &good, 1, count_all, &ran, &how), RAMIFY_ERR_RANGE);
    how = (ramify_for_options){ .reduction = ramify_reduction_of(RAMIFY_INT64, RAMIFY_SUM) };
    assert_int_equal(ramify_for(rt, &good, 1, count_all, &ran, &how), RAMIFY_ERR_INVALID);
    ramify_reduction huge = *how.reduction;
    huge.size             = RAMIFY_PARTIAL_BYTES_MAX + 1;
    how                   = (ramify_for_options){ .reduction = &huge, .result = &sum };
    assert_int_equal(ramify_for(rt, &good, 1, count_all, &ran, &how), RAMIFY_ERR_RANGE);
    how = (ramify_for_options){ .group = new_group(other, NULL) };
    assert_int_equal(ramify_for(rt, &good, 1, count_all, &ran, &how), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_for_in((ramify_context){ NULL, NULL }, &good, 1, count_all, &ran, NULL),
                     RAMIFY_ERR_INVALID);
    assert_int_equal(ran, 0);
    assert_int_equal(sum, -5);
    assert_int_equal(ramify_stop(other), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void words(void **state)
{
    (void)state;
    ramify_schedule  s = { 99, 99 };
    ramify_diagnosis why;
    assert_int_equal(ramify_schedule_read("dynamic,0", &s, &why), RAMIFY_ERR_RANGE);
    assert_int_equal(why.position, 8);
    assert_int_equal(ramify_schedule_read("dynamic,9223372036854775808", &s, NULL), RAMIFY_ERR_RANGE);
    static const char *const bad[] = { "",           "dyn",        "dynamic,", "dynamic,x",
                                       "dynamic,1x", "dynamic,-1", "auto 3",   "default" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ramify_schedule_read(bad[i], &s, NULL), RAMIFY_ERR_SYNTAX);
    assert_int_equal(ramify_schedule_read(NULL, &s, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(s.rule, 99);
    assert_int_equal(ramify_schedule_read("awf,9223372036854775807", &s, NULL), RAMIFY_OK);
    assert_int_equal(s.rule, RAMIFY_RULE_AWF);
    ramify_runtime *rt = NULL;
    assert_int_equal(ramify_start(&(ramify_options){ .workers = 1, .schedule = "best", .diagnosis = &why }, &rt),
                     RAMIFY_ERR_SYNTAX);
    assert_null(rt);
}

/* Sums 1 / (i + 1): the order of additions shows in the last bits. */
static void harmonic(void *unused, const ramify_chunk *c)
{
    (void)unused;
    double sum = 0.0;
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++)
        sum += 1.0 / (double)(i + 1);
    *(double *)c->partial += sum;
}

static void add_indexes(void *unused, const ramify_chunk *c)
{
    (void)unused;
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++)
        *(int64_t *)c->partial += i;
}

static void sums_are_right(void **state)
{
    (void)state;
    ramify_runtime *rt  = started_with(4);
    ramify_range    all = { 0, 20000, 1 };
    for (int s = 0; s < SCHEDULES; s++) {
        int64_t            sum = -1;
        ramify_for_options how = { .schedule  = schedule_of(schedules[s]),
                                   .reduction = ramify_reduction_of(RAMIFY_INT64, RAMIFY_SUM),
                                   .result    = &sum };
        assert_int_equal(ramify_for(rt, &all, 1, add_indexes, NULL, &how), RAMIFY_OK);
        assert_int_equal(sum, 199990000);
    }
    assert_null(ramify_reduction_of(RAMIFY_DOUBLE, RAMIFY_XOR));
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void same_bits_for_any_team(void **state)
{
    (void)state;
    ramify_range all   = { 0, 30011, 1 };
    double       first = 0.0;
    for (uint32_t workers = 1; workers <= 8; workers++) {
        ramify_runtime *rt = started_with(workers);
        for (int s = 0; s < SCHEDULES; s++) {
            double             sum = -1.0;
            ramify_for_options how = { .schedule      = { schedule_of(schedules[s]).rule, 0 },
                                       .reduction     = ramify_reduction_of(RAMIFY_DOUBLE, RAMIFY_SUM),
                                       .result        = &sum,
                                       .deterministic = true };
            assert_int_equal(ramify_for(rt, &all, 1, harmonic, NULL, &how), RAMIFY_OK);
            if (workers == 1 && s == 0)
                first = sum;
            assert_memory_equal(&sum, &first, sizeof sum);
        }
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
    assert_true(first > 10.88 && first < 10.90); /* ln(30011) + 0.5772 */
}

static void stop_at_100(void *self, const ramify_chunk *c)
{
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++)
        if (i == 100)
            ramify_for_stop(c, *(int *)self);
}

static void stopping(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(3);
    ramify_group   *group = new_group(rt, NULL);
    ramify_range    all   = { 0, 100000, 1 };
    for (int s = 0; s < SCHEDULES; s++) {
        int                none = 0, code = 42;
        ramify_for_options how = { .schedule = schedule_of(schedules[s]), .group = group };
        assert_int_equal(ramify_for(rt, &all, 1, stop_at_100, &none, &how), RAMIFY_ERR_CANCELED);
        assert_int_equal(ramify_for(rt, &all, 1, stop_at_100, &code, &how), RAMIFY_ERR_TASK);
        assert_int_equal(ramify_group_error(group), 42);
        assert_int_equal(ramify_group_reset(group), RAMIFY_OK);
    }
    _Atomic long       ran = 0;
    ramify_for_options how = { .group = group };
    ramify_group_cancel(group);
    assert_int_equal(ramify_for(rt, &all, 1, count_all, &ran, &how), RAMIFY_ERR_CANCELED);
    assert_int_equal(ran, 0);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* A loop inside a loop's body, with its context and without, and inside forks and tasks. */
typedef struct nest {
    ramify_runtime *rt;
    _Atomic long    ran;
} nest;

static void inner_loops(void *self, const ramify_chunk *c)
{
    nest        *n   = self;
    ramify_range all = { 0, 50, 1 };
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++) {
        NOTE(ramify_for_in(c->context, &all, 1, count_all, &n->ran, NULL) == RAMIFY_OK);
        NOTE(ramify_for(n->rt, &all, 1, count_all, &n->ran, NULL) == RAMIFY_OK);
    }
}

static void loop_task(void *argument)
{
    nest        *n   = argument;
    ramify_range all = { 0, 100, 1 };
    NOTE(ramify_for(n->rt, &all, 1, inner_loops, n, NULL) == RAMIFY_OK);
}

static void *loop_thread(void *argument)
{
    for (int i = 0; i < 5; i++)
        loop_task(argument);
    return NULL;
}

typedef struct loop_fork {
    ramify_fork fork;
    nest       *nest;
} loop_fork;

static void forked_loop(ramify_context c, ramify_fork *fork)
{
    nest                           *n      = ((loop_fork *)fork)->nest;
    ramify_range                    all    = { 0, 100, 1 };
    loop_fork                       left   = { .nest = n };
    static const ramify_for_options by_one = { .schedule = { RAMIFY_RULE_AUTO, 1 } };
    if (n->rt == NULL)
        return;
    nest leaf = { NULL, 0 };
    left.nest = &leaf;
    c         = ramify_fork_push(c, &left.fork, forked_loop);
    NOTE(ramify_for_in(c, &all, 1, inner_loops, n, &by_one) == RAMIFY_OK);
    if (ramify_fork_join(&c, &left.fork))
        forked_loop(c, &left.fork);
}

static void nested_and_concurrent(void **state)
{
    (void)state;
    nest          n     = { started_with(4), 0 };
    ramify_group *group = new_group(n.rt, NULL);
    pthread_t     threads[3];
    for (int t = 0; t < 3; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, loop_thread, &n), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ramify_submit(group, loop_task, &n, NULL), RAMIFY_OK);
    loop_fork root = { .nest = &n };
    assert_int_equal(ramify_fork_call(n.rt, &root.fork, forked_loop), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    for (int t = 0; t < 3; t++)
        pthread_join(threads[t], NULL);
    assert_nothing_noted();
    assert_int_equal(n.ran, (3 * 5 + 10 + 1) * 100 * 2 * 50);
    assert_int_equal(ramify_stop(n.rt), RAMIFY_OK);
}

static void sleep_ms(void *unused, const ramify_chunk *c)
{
    (void)unused;
    sleep_us((long)c->iterations * 500);
}

/* Bodies that sleep leave the processors free, so that every worker comes soon; some start later than others and are
 * helped at the end: 60 of 80 is far from the 20 of chance. One sweep of twenty at least. */
static void even_work_stays_home(void **state)
{
    (void)state;
    ramify_runtime *rt  = started_with(4);
    ramify_range    all = { 0, 80, 1 };
    for (int s = 0; s < 4; s += 2) {
        ramify_for_options how  = { .schedule = schedule_of(schedules[s]) };
        bool               home = false;
        for (int sweep = 0; sweep < 20 && !home; sweep++) {
            ramify_counts before = counts_of(rt);
            assert_int_equal(ramify_for(rt, &all, 1, sleep_ms, NULL, &how), RAMIFY_OK);
            ramify_counts after = counts_of(rt);
            assert_int_equal(after.loop_iterations - before.loop_iterations, 80);
            home = after.loop_iterations_at_home - before.loop_iterations_at_home >= 60;
        }
        assert_true(home);
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void slow_part(void *self, const ramify_chunk *c)
{
    _Atomic int *workers = self;
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++)
        if (i < 40) { /* the first worker's share */
            sleep_us(1000);
            atomic_fetch_or(workers, 1 << c->worker);
        }
}

static void others_help_a_slow_part(void **state)
{
    (void)state;
    ramify_runtime *rt      = started_with(4);
    ramify_range    all     = { 0, 160, 1 };
    _Atomic int     workers = 0;
    for (int sweep = 0; sweep < 20 && (workers & (workers - 1)) == 0; sweep++)
        assert_int_equal(ramify_for(rt, &all, 1, slow_part, &workers, NULL), RAMIFY_OK);
    assert_true((workers & (workers - 1)) != 0);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void weights_are_learnt(void **state)
{
    (void)state;
    ramify_runtime *rt = started_with(2);
    ramify_history *history;
    ramify_range    all = { 0, 200, 1 };
    assert_int_equal(ramify_history_create(rt, &history), RAMIFY_OK);
    assert_true(ramify_history_weight(history, 0) == 1.0 && ramify_history_weight(history, 2) == 0.0);
    ramify_for_options how = { .schedule = { RAMIFY_RULE_AWF, 0 }, .history = history };
    for (int sweep = 0; sweep < 5; sweep++)
        assert_int_equal(ramify_for(rt, &all, 1, sleep_ms, NULL, &how), RAMIFY_OK);
    assert_true(ramify_history_weight(history, 0) > 0.0);
    how.group             = NULL;
    ramify_runtime *other = started_with(1);
    assert_int_equal(ramify_for(other, &all, 1, sleep_ms, NULL, &how), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_stop(other), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    ramify_history_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_iteration_once),
        cmocka_unit_test(whole_int64),
        cmocka_unit_test(refused),
        cmocka_unit_test(words),
        cmocka_unit_test(sums_are_right),
        cmocka_unit_test(same_bits_for_any_team),
        cmocka_unit_test(stopping),
        cmocka_unit_test(nested_and_concurrent),
        cmocka_unit_test(even_work_stays_home),
        cmocka_unit_test(others_help_a_slow_part),
        cmocka_unit_test(weights_are_learnt),
    };
    return cmocka_run_group_tests(tests, clear_environment, NULL) != 0;
}
