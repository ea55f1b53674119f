/* SPDX-License-Identifier: BSD-3-Clause */
/* Eight threads place into one plan at once: nothing is lost, turns stay even, keys stay together. Under
 * ThreadSanitizer this is also the test that every word shared by picks is atomic. */
#include "atomics.h"
#include "check.h"
#include "maketree.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, EACH = 12000, DOMAINS_MOST = 128, KEYS = 512, MEETINGS = 20000 };

typedef struct shared {
    const ramify_tree *tree;
    rmf_plan          *plan;
    _Atomic uint32_t   load[DOMAINS_MOST];
    _Atomic uint32_t   place_of_key[KEYS]; /* first place seen, plus 1 */
    _Atomic uint32_t   scattered;          /* a key seen at another place */
    _Atomic uint32_t   outside;            /* a place below no start domain */
    _Atomic uint32_t   ready;
} shared;

typedef struct thread {
    pthread_t id;
    shared   *shared;
    uint64_t  number;
} thread;

static double load_of(const void *self, uint32_t domain)
{
    return rmf_load_relaxed(&((shared *)(uintptr_t)self)->load[domain]);
}

static void count_place(shared *sh, uint32_t place, uint32_t from, const ramify_hint *hint)
{
    const ramify_domain *domains = ramify_tree_domains(sh->tree, NULL);
    for (uint32_t d = place; d != RAMIFY_NONE; d = domains[d].parent)
        rmf_add_relaxed(&sh->load[d], 1);
    if (!is_below(sh->tree, place, from))
        rmf_add_relaxed(&sh->outside, 1);
    uint32_t first = 0;
    if (hint->has_key && !rmf_cas_relaxed(&sh->place_of_key[hint->key], &first, place + 1) && first != place + 1)
        rmf_add_relaxed(&sh->scattered, 1);
}

static void *place_many(void *argument)
{
    thread     *self   = argument;
    shared     *sh     = self->shared;
    uint64_t    random = self->number;
    ramify_hint hint   = { 0 };
    ramify_pick pick   = { &hint, RAMIFY_NONE, &random, load_of, sh };
    rmf_add_relaxed(&sh->ready, 1);
    while (rmf_load_relaxed(&sh->ready) < THREADS)
        rmf_relax();
    for (uint32_t n = 0; n < EACH; n++) {
        hint = n % 4 ? ramify_keyed(ramify_random(&random) % KEYS) : ramify_at(0);
        count_place(sh, rmf_plan_place(sh->plan, 0, &pick), 0, &hint);
    }
    return NULL;
}

static void place_from_all(shared *sh, const char *levels, const char *policy)
{
    thread threads[THREADS];
    memset(sh, 0, sizeof *sh);
    ramify_tree *tree = tree_regular(levels, RAMIFY_NONE);
    sh->tree          = tree;
    sh->plan          = plan_of(tree, policy);
    for (uint64_t i = 0; i < THREADS; i++) {
        threads[i] = (thread){ .shared = sh, .number = i };
        assert_int_equal(pthread_create(&threads[i].id, NULL, place_many, &threads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i].id, NULL);
    assert_int_equal(sh->load[0], THREADS * EACH);
    assert_int_equal(sh->outside, 0);
    rmf_plan_free(sh->plan);
    tree_drop(tree);
}

static uint32_t leaf_spread(const shared *sh, uint32_t first, uint32_t count)
{
    uint32_t most = 0, least = UINT32_MAX;
    for (uint32_t i = first; i < first + count; i++) {
        most  = sh->load[i] > most ? sh->load[i] : most;
        least = sh->load[i] < least ? sh->load[i] : least;
    }
    return most - least;
}

static void turns_are_even_with_many_submitters(void **state)
{
    (void)state;
    static shared sh;
    place_from_all(&sh, "core:7", "round-robin");
    assert_true(leaf_spread(&sh, 1, 7) <= 1);
    place_from_all(&sh, "core:100", "round-robin");
    assert_true(leaf_spread(&sh, 1, 100) <= 1);
    place_from_all(&sh, "core:6", "weighted(1,2,3,1,2,3)");
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(sh.load[1 + i], THREADS * EACH / 12 * (1 + i % 3));
}

static void keys_stay_together_with_many_submitters(void **state)
{
    (void)state;
    static shared sh;
    place_from_all(&sh, "core:12", "hash");
    assert_int_equal(sh.scattered, 0);
    /* 512 keys in 4096 slots: no set of eight gets more than it holds, so nothing is ever forgotten */
    place_from_all(&sh, "core:12", "affinity");
    assert_int_equal(sh.scattered, 0);
    /* a table far too small forgets, but loses no task */
    place_from_all(&sh, "core:2", "affinity(64)");
    assert_true(sh.scattered > 0);
}

/* Two threads meet at one new key after another, close enough to fill the same slot at once now and then. */
typedef struct meeting {
    shared          *shared;
    _Atomic uint32_t arrived;
    uint32_t         places[2][MEETINGS];
} meeting;

typedef struct guest {
    pthread_t id;
    meeting  *meeting;
    uint32_t  number;
} guest;

static void *meet_many(void *argument)
{
    guest      *self   = argument;
    meeting    *m      = self->meeting;
    uint64_t    random = self->number;
    ramify_hint hint   = { 0 };
    ramify_pick pick   = { &hint, RAMIFY_NONE, &random, load_of, m->shared };
    for (uint32_t n = 0; n < MEETINGS; n++) {
        rmf_add_relaxed(&m->arrived, 1);
        while (rmf_load_relaxed(&m->arrived) < 2 * (n + 1))
            sched_yield();
        hint                       = ramify_keyed(n);
        m->places[self->number][n] = rmf_plan_place(m->shared->plan, 0, &pick);
    }
    return NULL;
}

static void a_new_key_met_by_two_threads_has_one_place(void **state)
{
    (void)state;
    static shared  sh;
    static meeting m      = { .shared = &sh };
    guest          two[2] = { { .meeting = &m, .number = 0 }, { .meeting = &m, .number = 1 } };
    ramify_tree   *tree   = tree_regular("core:64", RAMIFY_NONE);
    sh.tree               = tree;
    sh.plan               = plan_of(tree, "affinity(1048576)");
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&two[i].id, NULL, meet_many, &two[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(two[i].id, NULL);
    assert_memory_equal(m.places[0], m.places[1], sizeof m.places[0]);
    rmf_plan_free(sh.plan);
    tree_drop(tree);
}

static void every_rule_serves_many_submitters(void **state)
{
    (void)state;
    static shared            sh;
    static const char *const policies[] = { "random",
                                            "load-aware",
                                            "load-aware(8)",
                                            "work-stealing",
                                            "hierarchical",
                                            "numa:weighted, l3:hash, core:round-robin",
                                            "numa:affinity(64), l3:affinity(64), core:load-aware" };
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
        place_from_all(&sh, "numa:3 l3:2 core:6", policies[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_even_with_many_submitters),
        cmocka_unit_test(keys_stay_together_with_many_submitters),
        cmocka_unit_test(a_new_key_met_by_two_threads_has_one_place),
        cmocka_unit_test(every_rule_serves_many_submitters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
