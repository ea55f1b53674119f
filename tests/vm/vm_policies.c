/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside a virtual machine: under every policy a strict task runs below the domain the policy chose, as the kernel sees
 * it, and each policy's choice keeps what it promises on this machine. */
#include "guest.h"

#include <string.h>

/* Rounds of one task per leaf, and keys: enough for 32 leaves to see every rule turn over several times. */
enum { ROUNDS = 16, TASKS_MAX = ROUNDS * GUEST_CPUS };

static guest_visit visits[TASKS_MAX];

/* Submits ROUNDS keyed tasks per leaf, key = number of the task, and waits; returns how many. */
static uint32_t sweep(ramify_runtime *rt)
{
    uint32_t      count = ROUNDS * ramify_runtime_workers(rt);
    ramify_group *group;
    assert_true(count <= TASKS_MAX);
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (uint32_t t = 0; t < count; t++) {
        ramify_hint hint = ramify_keyed(t);
        hint.strict      = true;
        visits[t]        = (guest_visit){ 0 };
        assert_int_equal(ramify_submit(group, guest_visit_task, &visits[t], &hint), RAMIFY_OK);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
    return count;
}

/* Every task ran once, below its home, on a CPU of the worker that says it ran it. */
static void check_homes(const ramify_tree *tree, uint32_t count)
{
    const ramify_domain *domains = ramify_tree_domains(tree, NULL);
    for (uint32_t t = 0; t < count; t++) {
        const ramify_domain *home = &domains[visits[t].home];
        assert_int_equal(visits[t].runs, 1);
        assert_true(guest_cpus_of(home) >> visits[t].cpu & 1);
        assert_true(guest_cpus_of(ramify_tree_leaf(tree, visits[t].worker)) >> visits[t].cpu & 1);
    }
}

/* Tasks of a sweep whose home is the domain or below it. */
static uint32_t homed_at(const ramify_domain *domains, const ramify_domain *at, uint32_t count)
{
    uint32_t found = 0;
    for (uint32_t t = 0; t < count; t++)
        found += domains[visits[t].home].first_leaf - at->first_leaf < at->leaf_count;
    return found;
}

static void test_every_policy_is_obeyed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "numa:affinity, l3:load-aware, core:steal",
        "package:weighted, numa:random, core:round-robin",
        "numa:hash, core:load-aware(4)",
        "group:weighted, core:hash",
    };
    uint32_t                        count;
    const ramify_policy_ops *const *policies = ramify_policies(&count);
    assert_int_equal(count, 8);
    for (uint32_t p = 0; p < count + sizeof texts / sizeof texts[0]; p++) {
        ramify_runtime *rt = guest_start(RAMIFY_PER_PU, p < count ? policies[p]->name : texts[p - count]);
        check_homes(ramify_runtime_tree(rt), sweep(rt));
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

/* A policy whose share of each leaf follows from the tree; off: tasks a leaf may have more or less. */
static void check_shares(const char *policy, bool by_capacity, uint32_t off)
{
    ramify_runtime      *rt      = guest_start(RAMIFY_PER_PU, policy);
    const ramify_tree   *tree    = ramify_runtime_tree(rt);
    const ramify_domain *domains = ramify_tree_domains(tree, NULL);
    uint32_t             count   = sweep(rt);
    for (uint32_t l = 0; l < ramify_tree_leaf_count(tree); l++) {
        const ramify_domain *leaf  = ramify_tree_leaf(tree, l);
        double               share = by_capacity ? leaf->capacity / domains[0].capacity : 1.0 / domains[0].leaf_count;
        double               expected = share * count, got = homed_at(domains, leaf, count);
        if (got < expected - off || got > expected + off)
            fail_msg("%s: leaf %u of capacity %.3f has %.0f tasks, not %.1f", policy, l, leaf->capacity, got, expected);
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void test_round_robin_is_even(void **state)
{
    (void)state;
    check_shares("round-robin", false, 0);
    check_shares("package:round-robin, group:round-robin, numa:round-robin, core:round-robin, pu:round-robin", false,
                 1);
}

static void test_weighted_follows_capacity(void **state)
{
    (void)state;
    check_shares("weighted(capacity)", true, 1);
}

/* Keys keep their leaf from sweep to sweep; with hash also in another runtime. */
static void check_keys(const char *policy, bool in_every_runtime)
{
    static uint32_t homes[TASKS_MAX];
    ramify_runtime *rt    = guest_start(RAMIFY_PER_PU, policy);
    uint32_t        count = sweep(rt);
    for (uint32_t t = 0; t < count; t++)
        homes[t] = visits[t].home;
    if (in_every_runtime) {
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
        rt = guest_start(RAMIFY_PER_PU, policy);
    }
    assert_int_equal(sweep(rt), count);
    for (uint32_t t = 0; t < count; t++)
        assert_int_equal(visits[t].home, homes[t]);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void test_keys_come_home(void **state)
{
    (void)state;
    check_keys("hash", true);
    check_keys("affinity", false);
    check_keys("numa:affinity, core:hash, pu:hash, l3:hash, package:affinity, group:affinity", false);
}

int main(void)
{
    guest_require();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_policy_is_obeyed),
        cmocka_unit_test(test_round_robin_is_even),
        cmocka_unit_test(test_weighted_follows_capacity),
        cmocka_unit_test(test_keys_come_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
