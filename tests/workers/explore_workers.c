/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole workers under bounded preemption: a thread submits, two workers search, run, wait, park and are woken, all by
 * the real sources. Every schedule must end with all tasks run once and everybody home; one that ends with a task
 * queued and everybody asleep is a lost wake-up, and the explorer sees it as such.
 *
 * Compiled with EXPLORE_MUTANT against sources with a fault put in, it must find the fault. */
#include "explore_pool.h"

#include "explore_main.h"

#include "check.h"

#include <linux/futex.h>
#include <stdio.h>
#include <sys/syscall.h>

enum { TASKS = 8 };

static ramify_group    *group, *inner;
static int              ran[TASKS], expected[TASKS];
static _Atomic uint32_t flag[TASKS]; /* futex words: 1 once task i has run */

static void setup(void)
{
    explored_pool_make();
    group = explored_group(NULL);
    inner = explored_group(NULL);
    for (int i = 0; i < TASKS; i++) {
        ran[i] = expected[i] = 0;
        atomic_store(&flag[i], 0);
    }
}

static void signal_flag(int i)
{
    atomic_store(&flag[i], 1);
    (void)explore_syscall(SYS_futex, &flag[i], FUTEX_WAKE_PRIVATE, 9);
}

/* A task, or the thread outside, that must not go on before task i has run. */
static void await_flag(int i)
{
    while (!atomic_load(&flag[i]))
        (void)explore_syscall(SYS_futex, &flag[i], FUTEX_WAIT_PRIVATE, 0);
}

/* Argument of a task: the address of ran[i]. */
static void plain(void *argument)
{
    ++*(int *)argument;
    signal_flag((int)((int *)argument - ran));
}

static void submit(ramify_group *to, ramify_task_fn fn, int i, const ramify_hint *hint)
{
    expected[i] = 1;
    if (ramify_submit(to, fn, &ran[i], hint))
        explore_fail("a submission was refused");
}

static void wait_for(ramify_group *which)
{
    if (ramify_wait(which))
        explore_fail("waiting failed");
}

/* Two tasks from outside, waited for, then the end. */
static void two_from_outside(void)
{
    submit(group, plain, 0, NULL);
    submit(group, plain, 1, NULL);
    wait_for(group);
    if (!ran[0] || !ran[1])
        explore_fail("a wait returned before the tasks had run");
    explored_stop();
}

/* Task 0 needs task 1 to run beside it: whoever takes one must leave the other to somebody awake. */
static void needs_one(void *argument)
{
    ++*(int *)argument;
    await_flag(1);
}

static void two_that_run_beside_each_other(void)
{
    submit(group, needs_one, 0, NULL);
    submit(group, plain, 1, NULL);
    wait_for(group);
    explored_stop();
}

/* The second comes when the first already runs and its worker is busy until then. */
static void announces_itself(void *argument)
{
    ++*(int *)argument;
    signal_flag(0);
    await_flag(1);
}

static void one_after_the_other(void)
{
    submit(group, announces_itself, 0, NULL);
    await_flag(0);
    submit(group, plain, 1, NULL);
    wait_for(group);
    explored_stop();
}

/* A task submits to its worker's own deque what another worker must run beside it. */
static void forks(void *argument)
{
    ++*(int *)argument;
    submit(group, plain, 1, NULL);
    await_flag(1);
}

static void a_task_that_needs_a_thief(void)
{
    submit(group, forks, 0, NULL);
    wait_for(group);
    explored_stop();
}

/* A task waits for a group of its own, whose tasks are stolen or run in the wait. */
static void nests(void *argument)
{
    ++*(int *)argument;
    submit(inner, plain, 1, NULL);
    submit(inner, plain, 2, NULL);
    wait_for(inner);
    if (!ran[1] || !ran[2])
        explore_fail("a worker's wait returned before the tasks had run");
}

static void a_task_that_waits(void)
{
    submit(group, nests, 0, NULL);
    wait_for(group);
    if (!ran[0])
        explore_fail("a wait returned before the task had run");
    explored_stop();
}

/* Strict tasks: only the worker of their leaf may run them. */
static void on_one(void *argument)
{
    if (explored_worker()->number != 1)
        explore_fail("a strict task runs elsewhere");
    plain(argument);
}

static ramify_hint strictly(uint32_t domain)
{
    ramify_hint hint = ramify_at(domain);
    hint.strict      = true;
    return hint;
}

static void strict_tasks(void)
{
    ramify_hint there = strictly(explored_pool->workers[1]->domain);
    submit(group, on_one, 0, &there);
    submit(group, on_one, 1, &there);
    wait_for(group);
    explored_stop();
}

/* Two strict tasks of the root in one batch that must run beside each other. */
static void strict_batch(void)
{
    const ramify_item items[] = { { needs_one, &ran[0], strictly(0) }, { plain, &ran[1], strictly(0) } };
    expected[0] = expected[1] = 1;
    if (ramify_submit_batch(group, items, 2, NULL))
        explore_fail("a submission was refused");
    wait_for(group);
    explored_stop();
}

static void batch(void)
{
    const ramify_item items[] = { { needs_one, &ran[0], { 0 } }, { plain, &ran[1], { 0 } } };
    expected[0] = expected[1] = 1;
    if (ramify_submit_batch(group, items, 2, NULL))
        explore_fail("a submission was refused");
    wait_for(group);
    explored_stop();
}

static void first_worker(void)
{
    explored_work(0);
}

static void second_worker(void)
{
    explored_work(1);
}

static const char *check(void)
{
    for (int i = 0; i < TASKS; i++)
        if (ran[i] != expected[i])
            return ran[i] ? "a task ran twice" : "a task did not run";
    if (atomic_load(&group->pending) || atomic_load(&inner->pending))
        return "a group has something pending at the end";
    if (atomic_load(&explored_pool->parking.searching) || atomic_load(&explored_pool->parking.sleeping))
        return "somebody is still counted as idle";
    if (atomic_load(&explored_pool->parking.bits[0]))
        return "somebody is still counted as asleep";
    return NULL;
}

#define CASE(what, bound, outside)                                                                                     \
    {                                                                                                                  \
        "workers: " what, 3, (bound), 1000, setup, { (outside), first_worker, second_worker }, check,                  \
            explored_pool_drop, 20000                                                                                  \
    }

/* Tasks with priorities wait in inboxes of their own, which are made when the first one comes. */
static void two_with_priorities(void)
{
    submit(group, needs_one, 0, &(ramify_hint){ .priority = -1 });
    submit(group, plain, 1, &(ramify_hint){ .priority = 3 });
    wait_for(group);
    explored_stop();
}

static const explore_case cases[] = {
    CASE("two tasks from outside", 1, two_from_outside),
    CASE("two that run beside each other", 1, two_that_run_beside_each_other),
    CASE("one after the other", 1, one_after_the_other),
    CASE("a task that needs a thief", 1, a_task_that_needs_a_thief),
    CASE("a task that waits", 1, a_task_that_waits),
    CASE("strict tasks", 1, strict_tasks),
    CASE("tasks with priorities", 1, two_with_priorities),
    CASE("a batch", 1, batch),
    CASE("a strict batch", 1, strict_batch),
};

int main(void)
{
    explored_pool_open();
    int result = explore_main(cases, sizeof cases / sizeof cases[0]);
    explored_pool_close();
    return result;
}
