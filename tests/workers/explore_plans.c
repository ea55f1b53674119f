/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of the plan beside threads that place by it, in every order with a bounded number of preemptions: nobody is
 * in a rule whose state was destroyed, whoever begins to place after a change has returned is placed by the new plan,
 * and a change ends as soon as those end who placed before it. Tasks that were queued before a change run after it.
 *
 * Orders. A reader stores its mark and loads the plan; a change stores the plan and loads the marks; at least one must
 * see the other's store. The explorer's schedules are sequentially consistent, so here that holds by itself. In the
 * library it holds by the asymmetric barrier between the store and the loads of the change (barrier.h), or, in the
 * fenced form, because all four are sequentially consistent. What is left are three release-acquire pairs: plan and
 * edition are published with a release, so that a mark of the new edition means the new plan; a mark is cleared, and
 * set again, with a release, so that whoever frees a plan does it after all that was done by it. ThreadSanitizer
 * watches these in stress_plans.
 *
 * Compiled with EXPLORE_MUTANT against sources with a fault put in, it must find the fault. */
#include "explore_pool.h"

#include "explore_main.h"
#include "replan.h"
#include "submit.h"

#include "check.h"

#include <stdio.h>

enum { EDITIONS = 3, TASKS = 2 };

/* The state of the rule of one plan. */
typedef struct edition {
    uint32_t  number;
    bool      lives;
    rmf_plan *plan; /* NULL once freed */
} edition;

static edition       editions[EDITIONS];
static uint32_t      replaced; /* newest edition whose change has returned */
static uint32_t      picked[EXPLORE_THREADS_MAX];
static ramify_tree  *tree;
static edition      *being_made;
static ramify_group *group;
static int           ran[TASKS];

static ramify_status probe_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                  ramify_diagnosis *diagnosis)
{
    (void)branch, (void)argument, (void)seed, (void)diagnosis;
    *state = being_made;
    return RAMIFY_OK;
}

/* Stands in the rule for a step of the others. */
static uint32_t probe_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    const edition *e = state;
    (void)pick;
    if (!e->lives)
        explore_fail("a rule was entered after its state was destroyed");
    explore_step();
    if (!e->lives)
        explore_fail("a rule's state was destroyed while somebody was in it");
    if (explore_self() < EXPLORE_THREADS_MAX)
        picked[explore_self()] = e->number;
    return e->number % branch->count;
}

static void probe_destroy(void *state)
{
    ((edition *)state)->lives = false;
}

static const ramify_policy_ops        probe    = { "probe", "", probe_create, probe_pick, probe_destroy };
static const ramify_policy_ops *const probes[] = { &probe, NULL };

static void make_edition(uint32_t number, const char *text)
{
    edition *e = being_made = &editions[number];
    *e                      = (edition){ number, true, NULL };
    if (rmf_plan_create(tree, text, probes, 0, NULL, &e->plan))
        explore_fail("no plan");
}

static void put(uint32_t number)
{
    rmf_pool *pool   = explored_pool;
    rmf_plan *before = rmf_replan_publish(pool, editions[number].plan);
    rmf_replan_await(pool);
    rmf_plan_free(before);
    for (uint32_t e = 0; e < EDITIONS; e++)
        if (editions[e].plan == before)
            editions[e].plan = NULL;
    replaced = number;
}

static void set_up(const char *first, const char *second, const char *third)
{
    explored_pool_make();
    group = explored_group(NULL);
    make_edition(0, first);
    make_edition(1, second);
    make_edition(2, third);
    (void)rmf_replan_publish(explored_pool, editions[0].plan); /* the one before is the plan of all schedules */
    replaced = 0;
    for (int i = 0; i < TASKS; i++)
        ran[i] = 0;
}

static void setup(void)
{
    set_up("probe", "probe", "probe");
}

static void setup_stealing(void)
{
    set_up("probe", "steal", "probe");
}

static void setup_fenced(void)
{
    set_up("probe", "probe", "probe");
    rmf_sender *sender = &explored_pool->workers[0]->sender;
    sender->fenced     = sender->mark;
    sender->mark       = NULL;
}

static void teardown(void)
{
    for (uint32_t e = 0; e < EDITIONS; e++)
        rmf_plan_free(editions[e].plan);
    explored_pool_drop();
}

/* One placement; the edition it is by must not be older than its beginning, unless it is stealing's. */
static void place_by(rmf_worker *worker, rmf_sender *sender)
{
    const ramify_hint hint   = { 0 };
    rmf_task          task   = { 0 };
    uint32_t          oldest = replaced, self = explore_self();
    picked[self] = EDITIONS;
    (void)rmf_task_prepare(explored_pool, worker, sender, &hint, &task);
    if (picked[self] < oldest)
        explore_fail("a task was placed by a plan that was replaced before");
}

static void worker_places(void)
{
    explored_play(0);
    for (int i = 0; i < 2; i++)
        place_by(explored_worker(), &explored_worker()->sender);
}

static void outsider_places(void)
{
    for (int i = 0; i < 2; i++)
        place_by(NULL, rmf_sender_of(explored_pool, NULL));
}

/* A thread that found no mark free. */
static void unmarked_places(void)
{
    rmf_sender sender = { .until_stamp = UINT32_MAX };
    for (int i = 0; i < 2; i++)
        place_by(NULL, &sender);
}

static void twice(void)
{
    put(1);
    put(2);
}

static const char *check(void)
{
    if (replaced != 2 || editions[0].plan || editions[1].plan)
        return "an old plan was not given back";
    return NULL;
}

/* Tasks before and after a change; the later ones go to another leaf. */
static void run(void *argument)
{
    ++*(int *)argument;
}

static void submit(int i)
{
    if (ramify_submit(group, run, &ran[i], NULL))
        explore_fail("a submission was refused");
}

static void tasks_around_changes(void)
{
    submit(0);
    twice();
    submit(1);
    if (ramify_wait(group))
        explore_fail("waiting failed");
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

static const char *check_tasks(void)
{
    for (int i = 0; i < TASKS; i++)
        if (ran[i] != 1)
            return ran[i] ? "a task ran twice" : "a task did not run";
    return check();
}

static const explore_case cases[] = {
    { "plans: a worker beside two changes", 2, 4, 1000, setup, { worker_places, twice }, check, teardown, 20000 },
    { "plans: a thread outside", 2, 4, 1000, setup, { outsider_places, twice }, check, teardown, 20000 },
    { "plans: a thread without a mark", 2, 4, 1000, setup, { unmarked_places, twice }, check, teardown, 20000 },
    { "plans: to stealing and back", 2, 4, 1000, setup_stealing, { worker_places, twice }, check, teardown, 20000 },
    { "plans: with fences", 2, 4, 1000, setup_fenced, { worker_places, twice }, check, teardown, 20000 },
    { "plans: a worker and a thread outside",
      3,
      2,
      1000,
      setup,
      { worker_places, outsider_places, twice },
      check,
      teardown,
      20000 },
    { "plans: tasks around changes",
      3,
      1,
      1000,
      setup,
      { tasks_around_changes, first_worker, second_worker },
      check_tasks,
      teardown,
      20000 },
};

int main(void)
{
    explored_pool_open();
    if (ramify_tree_open(&(ramify_tree_options){ .workers = EXPLORED_WORKERS }, &tree))
        return 1;
    int result = explore_main(cases, sizeof cases / sizeof cases[0]);
    ramify_tree_free(tree);
    explored_pool_close();
    return result;
}
