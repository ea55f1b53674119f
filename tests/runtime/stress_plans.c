/* SPDX-License-Identifier: BSD-3-Clause */
/* Policies that change while workers and more threads from outside than there are marks place tasks by them: no task is
 * lost, none is placed by a rule whose state was destroyed, and every state is destroyed. ThreadSanitizer sees what the
 * marks leave unordered; a rule notes what it is asked after its end.
 *
 *     stress_plans marked    with marks, as on every Linux from 4.14 on
 *     stress_plans fenced    as on a system without membarrier(2) */
#include "rulebook.h"
#include "own_syscall.h"

#include <pthread.h>
#include <unistd.h>

enum { WORKERS = 3, OUTSIDERS = 24, CHANGERS = 2, POLICIES = 10 };

static bool              fenced;
static ramify_runtime   *rt;
static ramify_group     *group;
static _Atomic uint64_t  ran, due;
static _Atomic int       at_work;
static uint64_t          submissions, changes;
static const char *const policy[POLICIES] = { "probe(0)",   "probe(1)", "work-stealing", "round-robin", "affinity(64)",
                                              "load-aware", "probe(2)", "weighted",      "hash",        "random" };

static bool answer_syscall(long number, const long *a, long *result)
{
    (void)a;
    if (number != SYS_membarrier || !fenced)
        return false;
    errno   = ENOSYS;
    *result = -1;
    return true;
}

static void leaf(void *argument)
{
    (void)argument;
    atomic_fetch_add_explicit(&ran, 1, memory_order_relaxed);
}

static void submit_one(uint64_t *random)
{
    ramify_hint hint = ramify_random(random) % 2 ? ramify_keyed(ramify_random(random) % 100) : (ramify_hint){ 0 };
    NOTE(ramify_submit(group, leaf, NULL, &hint) == RAMIFY_OK);
}

/* A task that places others until nobody from outside does any more. */
static void branch(void *argument)
{
    uint64_t random = (uintptr_t)argument;
    uint64_t done   = 0;
    for (; atomic_load(&at_work) > 0 && done < submissions; done++)
        submit_one(&random);
    atomic_fetch_add(&due, done);
}

static void *submits(void *argument)
{
    uint64_t random = (uintptr_t)argument;
    for (uint64_t i = 0; i < submissions / 8; i++)
        submit_one(&random);
    atomic_fetch_add(&due, submissions / 8);
    atomic_fetch_sub(&at_work, 1);
    return NULL;
}

static void *changes_policy(void *argument)
{
    uint64_t random = (uintptr_t)argument;
    for (uint64_t i = 0; i < changes || atomic_load(&at_work) > 0; i++)
        NOTE(ramify_policy_set(rt, policy[ramify_random(&random) % POLICIES], probes, NULL) == RAMIFY_OK);
    return NULL;
}

static void nothing_is_lost(void **state)
{
    (void)state;
    pthread_t thread[OUTSIDERS + CHANGERS];
    submissions = test_scaled(1000000);
    changes     = test_scaled(20000);
    rt          = started(&(ramify_options){
                 .workers = WORKERS, .no_bind = true, .policy = "probe(0)", .policies = probes, .latency_every = 1 });
    group       = new_group(rt, NULL);
    int each    = atomic_load(&probes_alive); /* a state for each branch of the tree */
    atomic_store(&at_work, OUTSIDERS);
    for (uintptr_t i = 0; i < WORKERS; i++)
        assert_int_equal(ramify_submit(group, branch, (void *)(i + 100), NULL), RAMIFY_OK);
    for (uintptr_t i = 0; i < OUTSIDERS + CHANGERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, i < OUTSIDERS ? submits : changes_policy, (void *)(i + 1)),
                         0);
    for (int i = 0; i < OUTSIDERS + CHANGERS; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_nothing_noted();
    assert_int_equal(atomic_load(&ran), atomic_load(&due));
    assert_in_range(atomic_load(&probes_most), each, (1 + CHANGERS) * each); /* in force; old or new of each changer */
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(atomic_load(&probes_alive), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_is_lost) };
    fenced                          = argc > 1 && strcmp(argv[1], "fenced") == 0;
    return cmocka_run_group_tests(tests, clear_environment, NULL) != 0;
}
