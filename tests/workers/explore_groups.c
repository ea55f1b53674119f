/* SPDX-License-Identifier: BSD-3-Clause */
/* The counting of groups under every interleaving of two threads: a group is never done while a task of it waits or
 * runs, a parent never before its children, and a waiter is always woken.
 *
 * Compiled with EXPLORE_MUTANT against sources with a fault put in, it must find the fault. */
#include "explore_pool.h"

#include "explore_main.h"

#include "check.h"

#include <stdio.h>

static ramify_group *parent, *child;
static int           submitted, done; /* tasks of child; what the threads know */
static bool          woken;

static void setup(void)
{
    explored_pool_make();
    parent    = explored_group(NULL);
    child     = explored_group(parent);
    submitted = done = 0;
    woken            = false;
}

static void begin(uint64_t tasks)
{
    rmf_group_add(child, tasks);
    submitted += (int)tasks;
}

static void end(uint64_t tasks)
{
    done += (int)tasks;
    rmf_group_done(child, tasks);
}

/* A submitter looks at the parent between its submission and the end of its task. */
static void submitter(void)
{
    begin(1);
    if (rmf_group_is_done(parent))
        explore_fail("a parent is done while a task of its child waits");
    if (rmf_group_is_done(child))
        explore_fail("a group is done while a task of it waits");
    end(1);
}

static void submitter_of_two(void)
{
    begin(1);
    begin(1);
    end(1);
    if (rmf_group_is_done(parent))
        explore_fail("a parent is done while a task of its child waits");
    end(1);
}

static void setup_with_two_tasks(void)
{
    setup();
    begin(2);
}

static void wait_for(ramify_group *group)
{
    if (ramify_wait(group))
        explore_fail("waiting failed");
    woken = true;
}

static void waiter_of_child(void)
{
    wait_for(child);
    if (done != 2)
        explore_fail("a waiter returned before the tasks were done");
}

static void waiter_of_parent(void)
{
    wait_for(parent);
    if (done != 2)
        explore_fail("a waiter returned before the tasks of the child were done");
}

static void finisher_of_one(void)
{
    end(1);
}

static void finisher_of_two(void)
{
    end(1);
    end(1);
}

/* The group is used again while somebody still waits for its first use. */
static void finisher_who_begins_again(void)
{
    end(2);
    begin(1);
    end(1);
}

static void waiter_of_any_end(void)
{
    wait_for(child);
}

static const char *check(void)
{
    if (atomic_load(&child->pending) || atomic_load(&parent->pending))
        return "a group that ended has something pending";
    if (child->waiters || parent->waiters)
        return "a waiter was left on a list";
    return NULL;
}

static const explore_case cases[] = {
    { "group: two submitters", 2, EXPLORE_ALL, 500, setup, { submitter, submitter }, check, explored_pool_drop, 0 },
    { "group: two submitters, again",
      2,
      EXPLORE_ALL,
      2000,
      setup,
      { submitter_of_two, submitter },
      check,
      explored_pool_drop,
      0 },
    { "group: three submitters",
      3,
      3,
      1000,
      setup,
      { submitter, submitter_of_two, submitter },
      check,
      explored_pool_drop,
      0 },
    { "group: waiter",
      2,
      EXPLORE_ALL,
      100,
      setup_with_two_tasks,
      { waiter_of_child, finisher_of_two },
      check,
      explored_pool_drop,
      0 },
    { "group: waiter of the parent",
      2,
      EXPLORE_ALL,
      100,
      setup_with_two_tasks,
      { waiter_of_parent, finisher_of_two },
      check,
      explored_pool_drop,
      0 },
    { "group: two finishers",
      3,
      4,
      1000,
      setup_with_two_tasks,
      { waiter_of_parent, finisher_of_one, finisher_of_one },
      check,
      explored_pool_drop,
      0 },
    { "group: two waiters",
      3,
      4,
      1000,
      setup_with_two_tasks,
      { waiter_of_child, waiter_of_child, finisher_of_two },
      check,
      explored_pool_drop,
      0 },
    { "group: used again",
      2,
      EXPLORE_ALL,
      100,
      setup_with_two_tasks,
      { waiter_of_any_end, finisher_who_begins_again },
      check,
      explored_pool_drop,
      0 },
    { "group: used again, two waiters",
      3,
      3,
      10000,
      setup_with_two_tasks,
      { waiter_of_any_end, waiter_of_any_end, finisher_who_begins_again },
      check,
      explored_pool_drop,
      0 },
};

int main(void)
{
    explored_pool_open();
    int result = explore_main(cases, sizeof cases / sizeof cases[0]);
    explored_pool_close();
    return result;
}
