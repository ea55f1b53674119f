/* SPDX-License-Identifier: BSD-3-Clause */
/* Teams by plain threads: lending, returning, runs one after the other, masks, nesting, misuse. */
#include "check.h"

#include <ramify/ramify.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MOST = 8, TASKS = 2000 };

typedef struct round_ {
    ramify_team   *team;
    ramify_team_fn fn;
    void          *argument;
    uint32_t       threads;
    ramify_status  status[MOST];
    cpu_set_t      before[MOST], after[MOST];
    bool           one_cpu; /* each thread binds itself to the first CPU before it comes */
} round_;

typedef struct member {
    round_  *round;
    uint32_t number;
} member;

static void *come(void *argument)
{
    member *m = argument;
    round_ *r = m->round;
    sched_getaffinity(0, sizeof(cpu_set_t), &r->before[m->number]);
    r->status[m->number] = ramify_team_run(r->team, m->number, r->fn, r->argument);
    sched_getaffinity(0, sizeof(cpu_set_t), &r->after[m->number]);
    return NULL;
}

/* One run by `threads` fresh threads. */
static void run_round(round_ *r)
{
    pthread_t thread[MOST];
    member    m[MOST];
    assert_int_equal(ramify_team_claim(r->team, r->threads), RAMIFY_OK);
    for (uint32_t i = 0; i < r->threads; i++) {
        m[i] = (member){ r, i };
        assert_int_equal(pthread_create(&thread[i], NULL, come, &m[i]), 0);
    }
    for (uint32_t i = 0; i < r->threads; i++)
        pthread_join(thread[i], NULL);
}

/* What a run saw. */
typedef struct seen {
    uint32_t        workers, worker_of_fn;
    ramify_runtime *rt;
    _Atomic long    sum, by_worker[MOST];
    bool            wait_in_fn;
} seen;

static void add_one(void *argument)
{
    seen *s = argument;
    atomic_fetch_add(&s->sum, 1);
    uint32_t worker = ramify_here().worker;
    if (worker < MOST)
        atomic_fetch_add(&s->by_worker[worker], 1);
}

static void submit_many(ramify_runtime *rt, void *argument)
{
    seen         *s = argument;
    ramify_group *group;
    s->rt           = rt;
    s->workers      = ramify_runtime_workers(rt);
    s->worker_of_fn = ramify_here().worker;
    if (ramify_group_create(rt, NULL, &group))
        return;
    for (int i = 0; i < TASKS; i++)
        if (ramify_submit(group, add_one, s, NULL))
            return;
    if (s->wait_in_fn)
        (void)ramify_wait(group);
}

static ramify_team *new_team(const ramify_options *options)
{
    ramify_team *team;
    assert_int_equal(ramify_team_create(options, &team), RAMIFY_OK);
    return team;
}

static void lent_threads_are_the_workers(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++)
        for (int wait = 0; wait < 2; wait++) {
            seen   s = { .wait_in_fn = wait != 0 };
            round_ r = { .team = new_team(NULL), .fn = submit_many, .argument = &s, .threads = threads };
            run_round(&r);
            for (uint32_t i = 0; i < threads; i++) {
                assert_int_equal(r.status[i], RAMIFY_OK);
                assert_true(CPU_EQUAL(&r.before[i], &r.after[i]));
            }
            assert_int_equal(s.workers, threads);
            assert_true(s.worker_of_fn < threads);
            assert_int_equal(s.sum, TASKS); /* also those nobody waited for */
            assert_int_equal(ramify_team_free(r.team), RAMIFY_OK);
        }
}

static void a_team_keeps_its_runtime(void **state)
{
    (void)state;
    seen            s     = { .wait_in_fn = true };
    ramify_team    *team  = new_team(NULL);
    ramify_runtime *first = NULL;
    for (int i = 0; i < 50; i++) {
        round_ r = { .team = team, .fn = submit_many, .argument = &s, .threads = 3 };
        run_round(&r);
        if (!first)
            first = s.rt;
        assert_ptr_equal(s.rt, first);
    }
    assert_int_equal(s.sum, 50 * TASKS);
    ramify_counts counts;
    assert_int_equal(ramify_runtime_counts(first, RAMIFY_NONE, &counts), RAMIFY_OK);
    assert_int_equal(counts.tasks, 50 * TASKS);
    round_ more = { .team = team, .fn = submit_many, .argument = &s, .threads = 5 };
    run_round(&more);
    assert_int_equal(s.workers, 5);
    assert_int_equal(ramify_team_free(team), RAMIFY_OK);
}

static void *come_bound(void *argument)
{
    member   *m = argument;
    cpu_set_t all, one;
    int       cpu = 0, nth = (int)m->number;
    sched_getaffinity(0, sizeof all, &all);
    for (nth %= CPU_COUNT(&all); !CPU_ISSET(cpu, &all) || nth-- > 0; cpu++)
        continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return come(m);
}

typedef struct bound_seen {
    uint32_t  wrong, workers;
    cpu_set_t mask[MOST];
} bound_seen;

static void look_at_mask(void *argument)
{
    bound_seen          *b    = argument;
    ramify_place         here = ramify_here();
    const ramify_domain *leaf = ramify_tree_leaf(ramify_runtime_tree(here.runtime), here.worker);
    int                  cpu  = sched_getcpu();
    if (!(leaf->cpus.words[cpu / 64] >> (cpu % 64) & 1))
        b->wrong++;
}

static void look_around(ramify_runtime *rt, void *argument)
{
    bound_seen   *b = argument;
    ramify_group *group;
    b->workers = ramify_runtime_workers(rt);
    if (ramify_group_create(rt, NULL, &group))
        return;
    for (uint32_t w = 0; w < b->workers; w++) {
        ramify_hint at = ramify_at(ramify_tree_leaf(ramify_runtime_tree(rt), w)->index);
        at.strict      = true;
        if (ramify_submit(group, look_at_mask, b, &at) || ramify_wait(group))
            b->wrong++;
    }
}

/* Threads come in the opposite order of their CPUs: each still works as the leaf of its own CPU. */
static void bound_threads_keep_their_cpus(void **state)
{
    (void)state;
    cpu_set_t all;
    sched_getaffinity(0, sizeof all, &all);
    uint32_t threads = (uint32_t)CPU_COUNT(&all) < MOST ? (uint32_t)CPU_COUNT(&all) : MOST;
    for (int turn = 0; turn < 2; turn++) {
        bound_seen b = { 0 };
        round_     r = { .team = new_team(NULL), .fn = look_around, .argument = &b, .threads = threads };
        pthread_t  thread[MOST];
        member     m[MOST];
        assert_int_equal(ramify_team_claim(r.team, threads), RAMIFY_OK);
        for (uint32_t i = 0; i < threads; i++) {
            m[i] = (member){ &r, turn ? threads - 1 - i : i };
            assert_int_equal(pthread_create(&thread[i], NULL, come_bound, &m[i]), 0);
        }
        for (uint32_t i = 0; i < threads; i++)
            pthread_join(thread[i], NULL);
        for (uint32_t i = 0; i < threads; i++) {
            assert_int_equal(r.status[i], RAMIFY_OK);
            assert_int_equal(CPU_COUNT(&r.before[i]), 1);
            assert_true(CPU_EQUAL(&r.before[i], &r.after[i]));
        }
        assert_int_equal(b.wrong, 0);
        assert_int_equal(b.workers, threads);
        assert_int_equal(ramify_team_free(r.team), RAMIFY_OK);
    }
}

/* A team within a team's function: the thread is a worker of the inner one, then of the outer one again. */
typedef struct nested {
    seen     inner;
    uint32_t outer_before, outer_after;
    bool     right;
} nested;

static void lend_again(ramify_runtime *rt, void *argument)
{
    nested   *n = argument;
    round_    r = { .team = new_team(NULL), .fn = submit_many, .argument = &n->inner, .threads = 2 };
    pthread_t other;
    member    m         = { &r, 1 };
    n->outer_before     = ramify_here().worker;
    n->inner.wait_in_fn = true;
    assert_int_equal(ramify_team_claim(r.team, 2), RAMIFY_OK);
    assert_int_equal(pthread_create(&other, NULL, come, &m), 0);
    n->right = ramify_team_run(r.team, 0, submit_many, &n->inner) == RAMIFY_OK;
    pthread_join(other, NULL);
    n->right       = n->right && ramify_here().runtime == rt && ramify_team_free(r.team) == RAMIFY_OK;
    n->outer_after = ramify_here().worker;
}

static void teams_nest(void **state)
{
    (void)state;
    nested n = { 0 };
    round_ r = { .team = new_team(NULL), .fn = lend_again, .argument = &n, .threads = 1 };
    assert_int_equal(ramify_team_claim(r.team, 1), RAMIFY_OK); /* on this thread, where assertions work */
    assert_int_equal(ramify_team_run(r.team, 0, lend_again, &n), RAMIFY_OK);
    assert_true(n.right);
    assert_int_equal(n.inner.sum, TASKS);
    assert_int_equal(n.outer_before, n.outer_after);
    assert_int_equal(ramify_here().worker, RAMIFY_NONE);
    assert_int_equal(ramify_team_free(r.team), RAMIFY_OK);
}

static void stop_here(ramify_runtime *rt, void *argument)
{
    *(ramify_status *)argument = ramify_stop(rt);
}

static void misuse_is_refused(void **state)
{
    (void)state;
    ramify_team  *team = new_team(NULL);
    ramify_status stop;
    assert_int_equal(ramify_team_create(NULL, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_team_claim(NULL, 1), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_team_claim(team, 0), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_team_claim(team, 4097), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_team_run(team, 0, stop_here, &stop), RAMIFY_ERR_INVALID); /* not claimed */
    assert_int_equal(ramify_team_claim(team, 1), RAMIFY_OK);
    assert_int_equal(ramify_team_claim(team, 1), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_team_free(team), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_team_run(team, 1, stop_here, &stop), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_team_run(team, 0, NULL, &stop), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_team_run(team, 0, stop_here, &stop), RAMIFY_OK);
    assert_int_equal(stop, RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_team_free(team), RAMIFY_OK);
    assert_int_equal(ramify_team_free(NULL), RAMIFY_OK);
}

/* An option that ramify_start would refuse is refused to every thread, and the team can be used again. */
static void a_bad_option_reaches_every_thread(void **state)
{
    (void)state;
    ramify_diagnosis why = { 0 };
    ramify_options   bad = { .policy = "afinity", .diagnosis = &why };
    seen             s   = { 0 };
    round_           r   = { .team = new_team(&bad), .fn = submit_many, .argument = &s, .threads = 3 };
    for (int i = 0; i < 2; i++) {
        run_round(&r);
        for (uint32_t t = 0; t < 3; t++)
            assert_int_equal(r.status[t], RAMIFY_ERR_SYNTAX);
        assert_non_null(strstr(why.text, "affinity"));
    }
    assert_null(s.rt);
    assert_int_equal(ramify_team_free(r.team), RAMIFY_OK);
}

enum { BURN_NS = 20000000 };

static uint64_t own_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

typedef struct counted {
    bool   known;
    double before_ns, after_ns;
} counted;

static double clock_of_worker(ramify_runtime *rt, bool *known)
{
    ramify_snapshot *s;
    ramify_metric    m = { .source = RAMIFY_SOURCE_UNKNOWN };
    if (ramify_snapshot_take(rt, &s))
        return -1.0;
    if (ramify_snapshot_find(s, "task_clock_ns", RAMIFY_SCOPE_WORKER, 0, &m, NULL))
        m.value = -1.0;
    *known = m.source != RAMIFY_SOURCE_UNKNOWN;
    ramify_snapshot_free(s);
    return m.value;
}

static void burn_counted(ramify_runtime *rt, void *counted_)
{
    counted *c   = counted_;
    c->before_ns = clock_of_worker(rt, &c->known);
    for (uint64_t begin = own_time_ns(); own_time_ns() - begin < BURN_NS;)
        continue;
    c->after_ns = clock_of_worker(rt, &c->known);
}

/* Counters go with the worker's place: each run is by a fresh thread, and none of what any did is lost. */
static void counters_follow_the_threads(void **state)
{
    (void)state;
    counted        c       = { 0 };
    ramify_options options = { .counters = "task_clock_ns" };
    round_         r       = { .team = new_team(&options), .fn = burn_counted, .argument = &c, .threads = 1 };
    double         before  = 0.0;
    for (int i = 0; i < 3; i++) {
        run_round(&r);
        assert_int_equal(r.status[0], RAMIFY_OK);
        if (!c.known)
            break;
        assert_true(c.before_ns >= before && c.after_ns >= c.before_ns + BURN_NS);
        before = c.after_ns;
    }
    if (!c.known)
        printf("this machine does not count task_clock_ns: nothing was compared\n");
    assert_int_equal(ramify_team_free(r.team), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lent_threads_are_the_workers),
        cmocka_unit_test(a_team_keeps_its_runtime),
        cmocka_unit_test(bound_threads_keep_their_cpus),
        cmocka_unit_test(teams_nest),
        cmocka_unit_test(misuse_is_refused),
        cmocka_unit_test(a_bad_option_reaches_every_thread),
        cmocka_unit_test(counters_follow_the_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
