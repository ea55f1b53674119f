/* SPDX-License-Identifier: BSD-3-Clause */
/* The policy of a runtime that works: what was queued stays, what comes later goes by the new one, a mistake changes
 * nothing, and no number of changes takes memory. The test's own syscall() stands before the C library's, to be a
 * system without membarrier(2), or one that refuses it. */
#include "rulebook.h"
#include "own_syscall.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <unistd.h>

enum { LEAVES = 4, TASKS = 8 };

static _Atomic int refused; /* membarrier: 1 is not known, 2 is known and not allowed */

static bool answer_syscall(long number, const long *a, long *result)
{
    bool is_refused = refused == 1 || (refused == 2 && a[0] != MEMBARRIER_CMD_QUERY);
    if (number != SYS_membarrier || !is_refused)
        return false;
    errno   = refused == 1 ? ENOSYS : EPERM;
    *result = -1;
    return true;
}

static ramify_runtime *started_by(const char *policy)
{
    return started(&(ramify_options){ .workers = LEAVES, .no_bind = true, .policy = policy, .policies = probes });
}

/* The leaf a task was placed at; RAMIFY_NONE for an inner domain. */
static void note_home(void *argument)
{
    ramify_place         here = ramify_here();
    const ramify_domain *home = &ramify_tree_domains(ramify_runtime_tree(here.runtime), NULL)[here.home];
    *(uint32_t *)argument     = home->child_count ? RAMIFY_NONE : home->first_leaf;
}

static void submit_to(ramify_group *group, uint32_t *homes)
{
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(ramify_submit(group, note_home, &homes[i], NULL), RAMIFY_OK);
}

static void assert_all_at(const uint32_t *homes, uint32_t leaf)
{
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(homes[i], leaf);
}

static void later_tasks_go_by_it_and_earlier_ones_stay(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_by("probe(1)");
    ramify_group   *group = new_group(rt, NULL), *blocked = new_group(rt, NULL);
    gate            all = { 0, 0 };
    uint32_t        before[TASKS], after[TASKS], last[TASKS];
    for (int i = 0; i < LEAVES; i++)
        assert_int_equal(ramify_submit(blocked, gate_task, &all, NULL), RAMIFY_OK);
    assert_true(reaches(&all.standing, LEAVES)); /* stolen from leaf 1: nobody is left to run what follows */
    submit_to(group, before);
    set_policy(rt, "probe(3)");
    submit_to(group, after);
    set_policy(rt, "work-stealing");
    submit_to(group, last);
    atomic_store(&all.open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_wait(blocked), RAMIFY_OK);
    assert_all_at(before, 1);
    assert_all_at(after, 3);
    assert_all_at(last, RAMIFY_NONE);
    assert_int_equal(counts_of(rt).tasks, LEAVES + 3 * TASKS);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(atomic_load(&probes_alive), 0);
}

static void its_text_can_be_had_and_set_again(void **state)
{
    (void)state;
    ramify_runtime *rt = started_with(LEAVES);
    char           *text, *again = NULL;
    assert_int_equal(ramify_policy_get(rt, &text), RAMIFY_OK);
    set_policy(rt, "weighted( 3,1, 2,2)");
    assert_policy(rt, "weighted( 3,1, 2,2)");
    set_policy(rt, text);
    assert_int_equal(ramify_policy_get(rt, &again), RAMIFY_OK);
    assert_string_equal(again, text);
    ramify_text_free(text);
    ramify_text_free(again);
    assert_int_equal(ramify_policy_get(rt, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_policy_get(NULL, &text), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static ramify_runtime *in_pick;
static _Atomic int     in_pick_status;

static uint32_t meddling_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    (void)state, (void)branch, (void)pick;
    atomic_store(&in_pick_status, ramify_policy_set(in_pick, "random", NULL, NULL));
    return 0;
}

static const ramify_policy_ops        meddling_ops = { "meddling", "", probe_create, meddling_pick, probe_destroy };
static const ramify_policy_ops *const meddlers[]   = { &meddling_ops, NULL };

static void a_mistake_changes_nothing(void **state)
{
    static const ramify_policy_ops        nameless_ops = { NULL, "", probe_create, probe_pick, NULL };
    static const ramify_policy_ops *const nameless[]   = { &nameless_ops, NULL };
    (void)state;
    ramify_runtime  *rt   = started_by("probe(2)");
    int              each = atomic_load(&probes_alive);
    ramify_diagnosis why  = { 0 };
    assert_int_equal(ramify_policy_set(rt, "probe(2), random", probes, &why), RAMIFY_ERR_SYNTAX);
    assert_int_equal(why.status, RAMIFY_ERR_SYNTAX);
    assert_int_equal(ramify_policy_set(rt, "load-aware(99)", NULL, &why), RAMIFY_ERR_RANGE);
    assert_int_equal(why.position, strlen("load-aware("));
    assert_int_equal(ramify_policy_set(rt, "weighted(1,2)", NULL, &why), RAMIFY_ERR_SYNTAX);
    assert_int_equal(ramify_policy_set(rt, "probe(broken)", probes, &why), RAMIFY_ERR_RANGE);
    assert_int_equal(why.position, strlen("probe(") + 3);
    assert_int_equal(ramify_policy_set(rt, "probe(1)", NULL, &why), RAMIFY_ERR_SYNTAX); /* not given this time */
    assert_int_equal(ramify_policy_set(rt, "random", nameless, &why), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_policy_set(rt, NULL, NULL, &why), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_policy_set(NULL, "random", NULL, &why), RAMIFY_ERR_INVALID);
    assert_policy(rt, "probe(2)");
    assert_int_equal(atomic_load(&probes_alive), each);
    ramify_group *group = new_group(rt, NULL);
    uint32_t      homes[TASKS];
    submit_to(group, homes);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_all_at(homes, 2);
    assert_int_equal(ramify_policy_set(rt, "meddling", meddlers, NULL), RAMIFY_OK);
    in_pick = rt;
    submit_to(group, homes);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&in_pick_status), RAMIFY_ERR_BUSY);
    assert_policy(rt, "meddling");
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void change_in_task(void *argument)
{
    ramify_runtime *rt = ramify_here().runtime;
    for (int i = 0; i < 200; i++)
        NOTE(ramify_policy_set(rt, i % 2 ? argument : "work-stealing", probes, NULL) == RAMIFY_OK);
}

static void *change_outside(void *rt)
{
    for (int i = 0; i < 200; i++)
        NOTE(ramify_policy_set(rt, "round-robin", NULL, NULL) == RAMIFY_OK);
    return NULL;
}

static void several_may_change_it_at_once(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_by("probe(0)");
    int             each  = atomic_load(&probes_alive); /* a state for each branch of the tree */
    ramify_group   *group = new_group(rt, NULL);
    pthread_t       other;
    atomic_store(&probes_most, each);
    assert_int_equal(ramify_submit(group, change_in_task, "probe(1)", NULL), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, change_in_task, "probe(2)", NULL), RAMIFY_OK);
    assert_int_equal(pthread_create(&other, NULL, change_outside, rt), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_nothing_noted();
    assert_in_range(atomic_load(&probes_most), each, 4 * each); /* in force, and of each an old one or a new one */
    set_policy(rt, "probe(3)");
    assert_int_equal(atomic_load(&probes_alive), each);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* Also while a task runs and runs, that has placed some by the first of them. */
static void no_number_of_changes_takes_memory(void **state)
{
    (void)state;
    ramify_runtime *rt        = started_by("probe(0)");
    int             each      = atomic_load(&probes_alive);
    ramify_group   *group     = new_group(rt, NULL);
    gate            long_task = { 0, 0 };
    assert_int_equal(ramify_submit(group, gate_task, &long_task, NULL), RAMIFY_OK);
    assert_true(reaches(&long_task.standing, 1));
    atomic_store(&probes_most, each);
    for (uint64_t i = 0; i < test_scaled(100000); i++)
        if (ramify_policy_set(rt, i % 2 ? "probe(1)" : "probe(3)", probes, NULL))
            fail();
    assert_int_equal(atomic_load(&probes_most), 2 * each); /* the old one, and the one that takes its place */
    assert_int_equal(atomic_load(&probes_alive), each);
    atomic_store(&long_task.open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(atomic_load(&probes_alive), 0);
}

static void a_restart_goes_on_with_it(void **state)
{
    (void)state;
    ramify_runtime *rt = started_by("probe(0)");
    set_policy(rt, "round-robin");
    set_policy(rt, "probe(1)");
    assert_int_equal(ramify_restart(&rt, NULL), RAMIFY_OK);
    assert_policy(rt, "probe(1)");
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(atomic_load(&probes_alive), 0);
}

static void a_system_without_membarrier_will_do(void **state)
{
    refused = 1;
    later_tasks_go_by_it_and_earlier_ones_stay(state);
    several_may_change_it_at_once(state);
    refused = 0;
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    ramify_runtime  *rt  = started_by("probe(2)");
    ramify_diagnosis why = { 0 };
    refused              = 2;
    assert_int_equal(ramify_policy_set(rt, "random", NULL, &why), RAMIFY_ERR_SYSTEM);
    refused = 0;
    assert_non_null(strstr(why.text, "membarrier"));
    assert_policy(rt, "probe(2)");
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_tasks_go_by_it_and_earlier_ones_stay),
        cmocka_unit_test(its_text_can_be_had_and_set_again),
        cmocka_unit_test(a_mistake_changes_nothing),
        cmocka_unit_test(several_may_change_it_at_once),
        cmocka_unit_test(no_number_of_changes_takes_memory),
        cmocka_unit_test(a_restart_goes_on_with_it),
        cmocka_unit_test(a_system_without_membarrier_will_do),
        cmocka_unit_test(a_refusal_is_told),
    };
    return cmocka_run_group_tests(tests, clear_environment, NULL) != 0;
}
