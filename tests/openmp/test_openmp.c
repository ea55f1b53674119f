/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenMP's team as Ramify's workers, Ramify on OpenMP's places, and OpenMP on cores that Ramify lends. Built by the
 * project's compiler: libgomp with gcc, LLVM's runtime with clang. */
#include "check.h"

#include <ramify/openmp.h>
#include <ramify/ramify.h>

#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MOST = 8, TASKS = 1000 };

typedef struct seen {
    _Atomic long    sum;
    _Atomic int     teams, threads;
    uint32_t        workers;
    ramify_runtime *rt;
} seen;

static void add_one(void *argument)
{
    atomic_fetch_add(&((seen *)argument)->sum, 1);
}

static void submit_many(ramify_runtime *rt, void *argument)
{
    seen         *s = argument;
    ramify_group *group;
    atomic_fetch_add(&s->teams, 1);
    s->workers = ramify_runtime_workers(rt);
    s->rt      = rt;
    if (ramify_group_create(rt, NULL, &group))
        return;
    for (int i = 0; i < TASKS; i++)
        (void)ramify_submit(group, add_one, s, NULL);
    (void)ramify_wait(group);
}

static void a_region_lends_its_threads(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        seen s      = { 0 };
        int  failed = 0, moved = 0;
        long after = 0;
#pragma omp parallel num_threads(threads) reduction(+ : failed, moved, after)
        {
            cpu_set_t mine, then;
            sched_getaffinity(0, sizeof mine, &mine);
            failed += ramify_omp_run(NULL, NULL, submit_many, &s) != RAMIFY_OK;
            sched_getaffinity(0, sizeof then, &then);
            moved += !CPU_EQUAL(&mine, &then);
            s.threads++;
#pragma omp for
            for (int i = 0; i < 100; i++)
                after += i;
        }
        assert_int_equal(failed, 0);
        assert_int_equal(moved, 0);
        assert_int_equal(after, 4950); /* OpenMP goes on with the same team */
        assert_int_equal(s.sum, TASKS);
        assert_int_equal(s.teams, 1);
        assert_int_equal(s.workers, s.threads);
    }
}

static void a_kept_team_serves_many_regions(void **state)
{
    (void)state;
    seen         s    = { 0 };
    ramify_team *team = NULL;
    for (int i = 0; i < 20; i++) {
        ramify_runtime *before = s.rt;
        int             failed = 0;
#pragma omp parallel num_threads(3) reduction(+ : failed)
        failed += ramify_omp_run(&team, NULL, submit_many, &s) != RAMIFY_OK;
        assert_int_equal(failed, 0);
        assert_true(!before || before == s.rt);
    }
    assert_int_equal(s.sum, 20 * TASKS);
    assert_int_equal(ramify_team_free(team), RAMIFY_OK);
}

/* Two regions within one, each with a team of its own, at the same time. */
static void nested_regions_have_teams_of_their_own(void **state)
{
    (void)state;
    seen s[2]   = { 0 };
    int  failed = 0;
    omp_set_max_active_levels(2);
#pragma omp parallel num_threads(2) reduction(+ : failed)
    {
        seen *mine  = &s[omp_get_thread_num()];
        int   inner = 0;
#pragma omp parallel num_threads(2) reduction(+ : inner)
        inner += ramify_omp_run(NULL, NULL, submit_many, mine) != RAMIFY_OK;
        failed += inner;
    }
    assert_int_equal(failed, 0);
    assert_int_equal(s[0].sum + s[1].sum, (s[0].teams + s[1].teams) * TASKS);
    assert_int_equal(s[0].teams, 1);
}

static void a_thread_alone_is_a_team(void **state)
{
    (void)state;
    seen s = { 0 };
    assert_int_equal(ramify_omp_run(NULL, NULL, submit_many, &s), RAMIFY_OK);
    assert_int_equal(s.sum, TASKS);
    assert_int_equal(s.workers, 1);
}

static void a_bad_policy_reaches_every_thread(void **state)
{
    (void)state;
    const ramify_options bad     = { .policy = "no such thing" };
    seen                 s       = { 0 };
    int                  refused = 0, threads = 0;
#pragma omp parallel num_threads(3) reduction(+ : refused, threads)
    {
        threads++;
        refused += ramify_omp_run(NULL, &bad, submit_many, &s) == RAMIFY_ERR_SYNTAX;
    }
    assert_int_equal(refused, threads);
    assert_int_equal(s.teams, 0);
}

static void ramify_starts_on_the_places_of_openmp(void **state)
{
    (void)state;
    ramify_runtime *rt;
    omp_set_num_threads(2);
    assert_int_equal(ramify_omp_start(NULL, &rt), RAMIFY_OK);
    assert_true(ramify_runtime_workers(rt) == 2 || (int)ramify_runtime_workers(rt) == omp_get_num_places());
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* A task that opens a region on borrowed cores. */
typedef struct borrowed {
    int      threads, in_region, off_leaf;
    uint32_t workers;
    bool     mask_is_back;
} borrowed;

static void open_a_region(void *argument)
{
    borrowed    *b = argument;
    ramify_loan *loan;
    cpu_set_t    before, after;
    int          inside = 0;
    sched_getaffinity(0, sizeof before, &before);
    b->threads = ramify_omp_borrow(0, MOST, &loan);
#pragma omp parallel reduction(+ : inside)
    inside++;
    b->in_region = inside;
    ramify_omp_return(loan);
    sched_getaffinity(0, sizeof after, &after);
    b->mask_is_back = CPU_EQUAL(&before, &after);
}

static void a_task_borrows_idle_workers(void **state)
{
    (void)state;
    const ramify_options two = { .workers = 2, .spin_us = 100 };
    ramify_runtime      *rt;
    ramify_group        *group;
    assert_int_equal(ramify_start(&two, &rt), RAMIFY_OK);
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    int both = 0;
    for (int i = 0; i < 200; i++) {
        borrowed b = { 0 };
        usleep(500); /* both fall asleep */
        assert_int_equal(ramify_submit(group, open_a_region, &b, NULL), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_in_range(b.threads, 1, 2);
        assert_int_equal(b.in_region, b.threads);
        assert_true(b.mask_is_back);
        both += b.threads == 2;
    }
    assert_true(both > 0);
    /* whoever was lent works again */
    seen s = { 0 };
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(ramify_submit(group, add_one, &s, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(s.sum, TASKS);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void a_loan_needs_a_worker(void **state)
{
    (void)state;
    ramify_loan *loan = NULL;
    assert_int_equal(ramify_loan_take(0, 2, &loan), RAMIFY_ERR_NOT_FOUND);
    assert_null(loan);
    assert_int_equal(ramify_omp_borrow(0, 2, &loan), 1);
    assert_null(loan);
    ramify_omp_return(loan);
    assert_int_equal(ramify_loan_bind(NULL, 0), RAMIFY_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_lends_its_threads),
        cmocka_unit_test(a_kept_team_serves_many_regions),
        cmocka_unit_test(nested_regions_have_teams_of_their_own),
        cmocka_unit_test(a_thread_alone_is_a_team),
        cmocka_unit_test(a_bad_policy_reaches_every_thread),
        cmocka_unit_test(ramify_starts_on_the_places_of_openmp),
        cmocka_unit_test(a_task_borrows_idle_workers),
        cmocka_unit_test(a_loan_needs_a_worker),
    };
    omp_set_dynamic(0);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
