/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside a virtual machine: a strict task runs below the domain it was sent to, at every level, however idle the rest
 * of the machine is; one that is not strict runs somewhere, once. */
#include "guest.h"

#include <unistd.h>

/* Enough for every worker of a domain to have a queue: 8 per leaf of the largest machine. */
enum { TASKS = 256 };

/* A task that sleeps lets other workers come and look for work without taking their emulated CPU's time. */
static void slow_visit_task(void *visit)
{
    guest_visit_task(visit);
    usleep(1000);
}

static void send(ramify_runtime *rt, const ramify_domain *domain, bool strict, guest_visit *visits, uint32_t count)
{
    ramify_group *group;
    ramify_hint   hint = ramify_at(domain->index);
    hint.strict        = strict;
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (uint32_t t = 0; t < count; t++) {
        visits[t] = (guest_visit){ 0 };
        assert_int_equal(ramify_submit(group, slow_visit_task, &visits[t], &hint), RAMIFY_OK);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
}

static void test_strict_at_every_domain(void **state)
{
    (void)state;
    static guest_visit   visits[TASKS];
    ramify_runtime      *rt = guest_start(RAMIFY_PER_PU, NULL);
    uint32_t             count;
    const ramify_domain *domains = ramify_tree_domains(ramify_runtime_tree(rt), &count);
    for (uint32_t d = 0; d < count; d++) {
        uint32_t tasks = 8 * domains[d].leaf_count;
        send(rt, &domains[d], true, visits, tasks);
        for (uint32_t t = 0; t < tasks; t++) {
            assert_int_equal(visits[t].runs, 1);
            assert_true(visits[t].worker - domains[d].first_leaf < domains[d].leaf_count);
            assert_true(guest_cpus_of(&domains[d]) >> visits[t].cpu & 1);
        }
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void test_wish_is_noted_and_helped(void **state)
{
    (void)state;
    static guest_visit   visits[TASKS];
    ramify_runtime      *rt     = guest_start(RAMIFY_PER_PU, NULL);
    const ramify_tree   *tree   = ramify_runtime_tree(rt);
    const ramify_domain *leaf   = ramify_tree_leaf(tree, ramify_tree_leaf_count(tree) - 1);
    guest_cpus           helped = 0;
    send(rt, leaf, false, visits, TASKS);
    for (uint32_t t = 0; t < TASKS; t++) {
        assert_int_equal(visits[t].runs, 1);
        assert_int_equal(visits[t].home, leaf->index);
        assert_true(guest_cpus_of(ramify_tree_leaf(tree, visits[t].worker)) >> visits[t].cpu & 1);
        helped |= (guest_cpus)1 << visits[t].cpu;
    }
    /* 256 sleeps of a millisecond wait at one worker: others must have taken some. */
    assert_true(helped & ~guest_cpus_of(leaf));
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    guest_require();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strict_at_every_domain),
        cmocka_unit_test(test_wish_is_noted_and_helped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
