/* SPDX-License-Identifier: BSD-3-Clause */
/* Loops of every rule, short and long, one inside another, stopped and cancelled, from several threads and tasks at
 * once. For ThreadSanitizer, and for what only many repetitions show: an iteration lost or done twice, a loop that
 * never ends. */
#include "runtime/started.h"

#include <pthread.h>

enum { THREADS = 3, WORKERS = 4, ROUNDS = 5000, MOST = 3000 };

typedef struct job {
    ramify_runtime *rt;
    uint64_t        random;
    int64_t         count, stop_at; /* -1: runs to its end */
    bool            nests;
    unsigned char   runs[MOST]; /* plain: a race here is a mistake of the loop */
} job;

static void inner_body(void *self, const ramify_chunk *c)
{
    (void)self;
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++)
        *(int64_t *)c->partial += i;
}

static void run_inner(const ramify_chunk *c)
{
    int64_t            sum   = 0;
    ramify_range       range = { 0, 20, 1 };
    ramify_for_options how   = { .reduction = ramify_reduction_of(RAMIFY_INT64, RAMIFY_SUM), .result = &sum };
    NOTE(ramify_for_in(c->context, &range, 1, inner_body, NULL, &how) == RAMIFY_OK && sum == 190);
}

static void body(void *self, const ramify_chunk *c)
{
    job *j = self;
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++) {
        j->runs[i]++;
        if (i == j->stop_at)
            ramify_for_stop(c, 0);
        if (j->nests && i % 64 == 0)
            run_inner(c);
    }
    if (c->partial)
        *(int64_t *)c->partial += (int64_t)c->iterations;
}

static uint64_t below(job *j, uint64_t most)
{
    return ramify_random(&j->random) % most;
}

static void run_one(job *j)
{
    int64_t            sum   = 0;
    ramify_range       range = { 0, 0, 1 };
    ramify_for_options how   = { .schedule = { (uint32_t)(1 + below(j, RAMIFY_RULE_COUNT - 1)),
                                               below(j, 3) * below(j, 40) } };
    j->count = range.end = (int64_t)below(j, below(j, 2) ? 20 : MOST);
    j->stop_at           = below(j, 4) ? -1 : (int64_t)below(j, MOST);
    j->nests             = below(j, 4) == 0;
    memset(j->runs, 0, sizeof j->runs);
    if (below(j, 2)) {
        how.reduction     = ramify_reduction_of(RAMIFY_INT64, RAMIFY_SUM);
        how.result        = &sum;
        how.deterministic = below(j, 4) == 0;
    }
    ramify_status status   = ramify_for(j->rt, &range, 1, body, j, &how);
    bool          stopped  = j->stop_at >= 0 && j->stop_at < j->count;
    int64_t       finished = 0;
    NOTE(status == (stopped ? RAMIFY_ERR_CANCELED : RAMIFY_OK));
    for (int64_t i = 0; i < j->count; i++) {
        NOTE(j->runs[i] <= 1 && (stopped || j->runs[i] == 1));
        finished += j->runs[i];
    }
    NOTE(stopped || !how.reduction || sum == finished);
}

static void *run_many(void *argument)
{
    int rounds = (int)test_scaled(ROUNDS);
    for (int i = 0; i < rounds; i++)
        run_one(argument);
    return NULL;
}

static void run_as_task(void *argument)
{
    (void)run_many(argument);
}

static void loops_from_everywhere(void **state)
{
    (void)state;
    static job      jobs[2 * THREADS];
    ramify_runtime *rt = started_with(WORKERS);
    ramify_group   *group;
    pthread_t       thread[THREADS];
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (int i = 0; i < 2 * THREADS; i++)
        jobs[i] = (job){ .rt = rt, .random = (uint64_t)i };
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(ramify_submit(group, run_as_task, &jobs[i], NULL), RAMIFY_OK);
        assert_int_equal(pthread_create(&thread[i], NULL, run_many, &jobs[THREADS + i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_nothing_noted();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* As a solver has them: others wait at their doors for the next one. On many workers those that search are counted in
 * crowds. */
static void one_after_the_other(void **state)
{
    static const uint32_t workers[] = { 2, 3, 24 };
    (void)state;
    for (size_t i = 0; i < sizeof workers / sizeof workers[0]; i++) {
        static job      one;
        ramify_runtime *rt = started_with(workers[i]);
        ramify_group   *group;
        one = (job){ .rt = rt, .random = i };
        assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
        assert_int_equal(ramify_submit(group, run_as_task, &one, NULL), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_nothing_noted();
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_from_everywhere),
        cmocka_unit_test(one_after_the_other),
    };
    return cmocka_run_group_tests(tests, clear_environment, NULL) != 0;
}
