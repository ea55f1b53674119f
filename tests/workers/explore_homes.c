/* SPDX-License-Identifier: BSD-3-Clause */
/* Tasks kept for a home, under bounded preemption: two workers on two nodes, and a price so high that nobody outside
 * ever pays it. So whoever sleeps at home must be woken, whoever searches elsewhere, or every schedule with a sleeper
 * at home hangs.
 *
 * Compiled with EXPLORE_MUTANT against sources with a fault put in, it must find the fault. */
#include "explore_pool.h"

#include "explore_main.h"

#include "check.h"

enum { TASKS = 3, DOMAINS = 3 };

static ramify_group *group;
static int           ran[TASKS], expected[TASKS];
static uint8_t       price_of[EXPLORED_WORKERS][DOMAINS];
static bool          is_far[DOMAINS];
static uint64_t      ticks; /* one more whenever somebody looks */

uint64_t virtual_ticks(void)
{
    return ticks++;
}

static void setup(void)
{
    ticks = 0;
    explored_pool_make();
    rmf_pool *pool = explored_pool;
    if (pool->domain_count != DOMAINS)
        explore_fail("the tree is not a root and two leaves");
    pool->remote.is_far = is_far;
    pool->ns_per_tick   = 1.0;
    for (uint32_t w = 0; w < EXPLORED_WORKERS; w++) {
        rmf_worker *worker = pool->workers[w];
        uint32_t    other  = pool->workers[1 - w]->domain;
        is_far[other]      = true;
        price_of[w][other] = 10;
        worker->remote     = price_of[w];
        rmf_store_relaxed(&worker->run_ticks, UINT64_MAX / 1000);
        (void)rmf_pool_inbox(pool, worker->domain, RMF_MAIL_HOMED);
    }
    group = explored_group(NULL);
    for (int i = 0; i < TASKS; i++)
        ran[i] = expected[i] = 0;
}

static void drop(void)
{
    explored_pool->remote.is_far = NULL;
    explored_pool_drop();
}

static void at_home(void *argument)
{
    uint32_t home = (uint32_t)((int *)argument - ran) % EXPLORED_WORKERS;
    if (explored_worker()->number != home)
        explore_fail("a task was taken from its home although nobody can pay for it");
    ++*(int *)argument;
}

static void submit(int i)
{
    ramify_hint hint = ramify_at(explored_pool->workers[i % EXPLORED_WORKERS]->domain);
    expected[i]      = 1;
    if (ramify_submit(group, at_home, &ran[i], &hint))
        explore_fail("a submission was refused");
}

static void wait_for_all(void)
{
    if (ramify_wait(group))
        explore_fail("waiting failed");
    explored_stop();
}

static void one_home(void)
{
    submit(0);
    submit(2);
    wait_for_all();
}

static void two_homes(void)
{
    submit(0);
    submit(1);
    wait_for_all();
}

/* The second comes when the first has been waited for: somebody sleeps, or is about to. */
static void one_after_the_other(void)
{
    submit(0);
    if (ramify_wait(group))
        explore_fail("waiting failed");
    submit(1);
    wait_for_all();
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
    if (atomic_load(&group->pending))
        return "a group has something pending at the end";
    if ((atomic_load(&explored_pool->parking.searching) || atomic_load(&explored_pool->parking.sleeping)) || atomic_load(&explored_pool->parking.bits[0]))
        return "somebody is still counted as idle";
    return NULL;
}

#define CASE(what, outside)                                                                                            \
    {                                                                                                                  \
        "homes: " what, 3, 1, 1000, setup, { (outside), first_worker, second_worker }, check, drop, 10000              \
    }

static const explore_case cases[] = {
    CASE("two tasks of one home", one_home),
    CASE("two homes", two_homes),
    CASE("one after the other", one_after_the_other),
};

int main(void)
{
    explored_pool_open();
    int result = explore_main(cases, sizeof cases / sizeof cases[0]);
    explored_pool_close();
    return result;
}
