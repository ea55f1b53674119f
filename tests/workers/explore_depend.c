/* SPDX-License-Identifier: BSD-3-Clause */
/* The protocols of dependencies under controlled interleaving: tasks that end while others are told to wait for them,
 * predecessors that count down together, batons passed on while others reach for them, graphs run again at once. Every
 * task must run once, after all it waits for and never beside one it excludes; a schedule that ends with a task nobody
 * runs is seen as one in which nobody can go on.
 *
 * Compiled with EXPLORE_MUTANT against sources with a fault put in, it must find the fault. */
#include "explore_pool.h"

#include "fetch.h"
#include "graph_inside.h"
#include "submit.h"

#include "explore_main.h"

#include "check.h"

#include <stdio.h>

enum { TASKS = 8 };

static ramify_group *group;
static ramify_graph *graph;
static int           ran[TASKS], submitted;
static int           inside, written; /* commutative tasks running; writes of ordered ones */
static bool          is_complete;     /* everything has been submitted */
static char          place_a, place_b;

static void setup(void)
{
    explored_pool_make();
    group = explored_group(NULL);
    graph = NULL;
    for (int i = 0; i < TASKS; i++)
        ran[i] = 0;
    submitted = inside = written = 0;
    is_complete                  = false;
}

/* Argument of a task: the address of ran[i]. */
static void runs(void *argument)
{
    ++*(int *)argument;
}

static void writes(void *argument)
{
    runs(argument);
    written++;
}

static void reads_one_write(void *argument)
{
    runs(argument);
    if (written != 1)
        explore_fail("a reader ran beside or before what it waits for");
}

static void reads_two_writes(void *argument)
{
    runs(argument);
    if (written != 2)
        explore_fail("a task ran before both it waits for");
}

static void is_alone(void *argument)
{
    runs(argument);
    if (++inside != 1)
        explore_fail("two commutative tasks ran at once");
    explore_step();
    inside--;
}

static void submit(ramify_task_fn fn, const ramify_depend *on, size_t count)
{
    if (ramify_submit_after(group, fn, &ran[submitted++], NULL, on, count))
        explore_fail("a submission was refused");
}

static bool is_over(void)
{
    return is_complete && rmf_group_is_done(group);
}

/* The rest of a worker's life: runs what there is until everything is done. */
static void work(uint32_t number)
{
    rmf_worker *worker = explored_pool->workers[number];
    rmf_task    task;
    explored_play(number);
    while (!is_over()) {
        if (rmf_fetch_own(worker, &task) || rmf_fetch_far(worker, &task))
            rmf_worker_run(worker, &task);
        else
            (void)explore_pause();
        rmf_worker_settle(worker);
    }
}

static void works(void)
{
    work(1);
}

static void writer_and_readers(void)
{
    const ramify_depend out = { &place_a, RAMIFY_OUT }, in = { &place_a, RAMIFY_IN };
    explored_play(0);
    submit(writes, &out, 1);
    submit(reads_one_write, &in, 1);
    submit(reads_one_write, &in, 1);
    submit(writes, &out, 1);
    is_complete = true;
    work(0);
}

static void two_writers_and_one_who_waits_for_both(void)
{
    const ramify_depend on[] = { { &place_a, RAMIFY_INOUT }, { &place_b, RAMIFY_INOUT } };
    explored_play(0);
    submit(writes, &on[0], 1);
    submit(writes, &on[1], 1);
    submit(reads_two_writes, on, 2);
    is_complete = true;
    work(0);
}

static void takers_of_one_baton(void)
{
    const ramify_depend on = { &place_a, RAMIFY_COMMUTATIVE };
    explored_play(0);
    submit(is_alone, &on, 1);
    submit(is_alone, &on, 1);
    submit(is_alone, &on, 1);
    is_complete = true;
    work(0);
}

static void takers_of_two_batons(void)
{
    const ramify_depend on[]     = { { &place_a, RAMIFY_COMMUTATIVE }, { &place_b, RAMIFY_COMMUTATIVE } };
    const ramify_depend turned[] = { on[1], on[0] };
    explored_play(0);
    submit(is_alone, on, 2);
    submit(is_alone, turned, 2);
    submit(is_alone, on, 2);
    is_complete = true;
    work(0);
}

/* Two workers submit to one group; the second says when both are through. */
static int submitters;

static void submits_a_pair(uint32_t number, ramify_task_fn fn, uint32_t access)
{
    const ramify_depend on = { &place_a, access };
    explored_play(number);
    submit(fn, &on, 1);
    submit(fn, &on, 1);
    is_complete = ++submitters == 2;
    work(number);
}

static void first_submitter(void)
{
    submits_a_pair(0, writes, RAMIFY_INOUT);
}

static void second_submitter(void)
{
    submits_a_pair(1, writes, RAMIFY_INOUT);
}

static void first_taker(void)
{
    submits_a_pair(0, is_alone, RAMIFY_COMMUTATIVE);
}

static void second_taker(void)
{
    submits_a_pair(1, is_alone, RAMIFY_COMMUTATIVE);
}

static void setup_two_submitters(void)
{
    setup();
    submitters = 0;
}

/* A graph: two writers, a reader of both, and a task behind one of them. */
static void setup_graph(void)
{
    const ramify_depend on[]  = { { &place_a, RAMIFY_INOUT }, { &place_b, RAMIFY_INOUT } };
    ramify_task_fn      fns[] = { writes, writes, reads_two_writes, runs };
    setup();
    graph = rmf_graph_make(explored_pool, explored_group(NULL));
    for (int i = 0; i < 4; i++)
        if (ramify_graph_add(graph, fns[i], &ran[i], NULL, &on[i % 2], i == 2 ? 2 : 1, NULL))
            explore_fail("recording failed");
    if (ramify_graph_freeze(graph, NULL))
        explore_fail("freezing failed");
}

/* Runs it twice; the second run begins as soon as the first is done, while its last worker may still look around. */
static void runs_the_graph_twice(void)
{
    explored_play(0);
    rmf_worker *worker = explored_pool->workers[0];
    for (int r = 0; r < 2; r++) {
        rmf_task task;
        written = 0;
        if (ramify_graph_run(graph, group))
            explore_fail("a run was refused");
        while (!rmf_group_is_done(group)) {
            if (rmf_fetch_own(worker, &task) || rmf_fetch_far(worker, &task))
                rmf_worker_run(worker, &task);
            else
                (void)explore_pause();
            rmf_worker_settle(worker);
        }
    }
    submitted   = 4;
    is_complete = true;
}

static const char *check_runs(int times)
{
    for (int i = 0; i < submitted; i++)
        if (ran[i] != times)
            return ran[i] < times ? "a task was lost" : "a task ran twice";
    return NULL;
}

static const char *check(void)
{
    return check_runs(1);
}

static const char *check_twice(void)
{
    return check_runs(2);
}

static const explore_case cases[] = {
    { "depend: readers of a task that ends",
      2,
      2,
      300,
      setup,
      { writer_and_readers, works },
      check,
      explored_pool_drop,
      2000 },
    { "depend: two predecessors",
      2,
      2,
      300,
      setup,
      { two_writers_and_one_who_waits_for_both, works },
      check,
      explored_pool_drop,
      2000 },
    { "depend: two submitters",
      2,
      2,
      300,
      setup_two_submitters,
      { first_submitter, second_submitter },
      check,
      explored_pool_drop,
      2000 },
    { "baton: two submitters",
      2,
      2,
      300,
      setup_two_submitters,
      { first_taker, second_taker },
      check,
      explored_pool_drop,
      2000 },
    { "baton: three takers", 2, 2, 300, setup, { takers_of_one_baton, works }, check, explored_pool_drop, 2000 },
    { "baton: in turned order", 2, 2, 300, setup, { takers_of_two_batons, works }, check, explored_pool_drop, 2000 },
    { "graph: run twice",
      2,
      2,
      300,
      setup_graph,
      { runs_the_graph_twice, works },
      check_twice,
      explored_pool_drop,
      2000 },
};

int main(void)
{
    explored_pool_open();
    int result = explore_main(cases, sizeof cases / sizeof cases[0]);
    explored_pool_close();
    return result;
}
