/* SPDX-License-Identifier: BSD-3-Clause */
/* Forks at a worker's door: one worker brings them to the other, who takes them, finds something else at the same
 * moment, or goes to sleep, while the giver wants them back. Every fork runs exactly once, with what its giver wrote;
 * nobody waits for a fork that lies there.
 *
 * Compiled with EXPLORE_MUTANT against sources with a fault put in, it must find the fault. */
#include "explore_pool.h"
#include "forks.h"
#include "worker.h"

#include "explore_main.h"

enum { ROUNDS_MOST = 3 };

typedef struct numbered {
    ramify_fork fork;
    int         number;
} numbered;

/* Knocks in one place, while the other comes to its door. */
enum { KNOCKS_MOST = 4 };

static int ran[ROUNDS_MOST], rounds, knocks, players, others;

static void run_one(ramify_context context, ramify_fork *fork)
{
    int i = ((numbered *)fork)->number;
    (void)context;
    if (i < 0 || i >= rounds)
        explore_fail("a fork without its number");
    if (ran[i]++)
        explore_fail("a fork ran twice");
}

static void make(int n)
{
    explored_pool_make();
    for (int i = 0; i < ROUNDS_MOST; i++)
        ran[i] = 0;
    rounds  = n;
    knocks  = 1;
    players = 1;
    others  = 0;
}

static void setup_one(void)
{
    make(1);
    knocks = KNOCKS_MOST;
}

/* The second lies where the first lay. */
static void setup_two(void)
{
    make(2);
}

static void setup_three(void)
{
    make(3);
}

static void setup_other(void)
{
    make(2);
    players = 2;
}

static bool give(rmf_worker *to, numbered *one)
{
    for (int i = 0; i < knocks; i++) {
        if (rmf_fork_give(to, &one->fork, run_one))
            return true;
        (void)explore_pause();
    }
    return false;
}

/* The last one ends the pool. */
static void end(void)
{
    if (--players == 0)
        explored_stop();
}

static void giver(void)
{
    numbered    one;
    rmf_worker *self = explored_pool->workers[0], *to = explored_pool->workers[1];
    explored_play(0);
    ramify_context context = { &self->lane.open, self->lane.open.top };
    for (int i = 0; i < rounds; i++) {
        one.number = i;
        if (!give(to, &one) || rmf_fork_join_given(self, context, to, &one.fork))
            run_one(context, &one.fork);
        one.number = -1;
        if (ran[i] != 1)
            explore_fail("joined before it ran");
    }
    rmf_worker_settle(self); /* it may have run the task, and does not search any more */
    end();
}

static void taker(void)
{
    explored_work(1);
}

static void other(void *self)
{
    (void)self;
    others++;
}

/* Something else for the taker to find. */
static void submitter(void)
{
    ramify_group *group = explored_group(NULL);
    if (ramify_submit(group, other, NULL, NULL))
        explore_fail("a task was refused");
    if (ramify_wait(group))
        explore_fail("a wait returned an error");
    end();
}

static const char *check(void)
{
    for (int i = 0; i < rounds; i++)
        if (ran[i] != 1)
            return "a fork is missing";
    return players ? "somebody did not end" : explored_fault();
}

static const char *check_both(void)
{
    return others == 1 ? check() : "the task is missing";
}

/* The door alone, with two givers. */
static rmf_door    door;
static ramify_fork gifts[2];

static void setup_door(void)
{
    make(2);
    players = 0;
    rmf_store_relaxed(&door.word, RMF_DOOR_CLOSED);
}

static void bring(int i)
{
    if (!rmf_door_give_any(&door, &gifts[i]) || rmf_door_return_any(&door, &gifts[i]))
        ran[i]++;
}

static void first_giver(void)
{
    bring(0);
}

static void second_giver(void)
{
    bring(1);
}

static void take(void)
{
    ramify_fork *fork = rmf_door_take_owner(&door);
    if (fork)
        ran[fork - gifts]++;
}

static void keeper(void)
{
    for (int i = 0; i < 3; i++)
        take();
    while (!rmf_door_close_owner(&door))
        take();
}

static const char *check_gifts(void)
{
    return ran[0] == 1 && ran[1] == 1 ? NULL : "a fork has no owner, or two";
}

static const explore_case cases[] = {
    { "door: two givers",
      3,
      4,
      1000,
      setup_door,
      { first_giver, second_giver, keeper },
      check_gifts,
      explored_pool_drop,
      50000 },
    { "door: one fork", 2, 2, 1000, setup_one, { giver, taker }, check, explored_pool_drop, 50000 },
    { "door: two forks in one place", 2, 2, 1000, setup_two, { giver, taker }, check, explored_pool_drop, 50000 },
    { "door: three forks", 2, 2, 1000, setup_three, { giver, taker }, check, explored_pool_drop, 50000 },
    { "door: something else",
      3,
      1,
      1000,
      setup_other,
      { giver, taker, submitter },
      check_both,
      explored_pool_drop,
      50000 },
};

int main(void)
{
    explored_pool_open();
    int status = explore_main(cases, sizeof cases / sizeof cases[0]);
    explored_pool_close();
    return status;
}
