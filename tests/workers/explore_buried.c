/* SPDX-License-Identifier: BSD-3-Clause */
/* A join on a stack that is nearly used up, or as deep in waits as it may be, runs only the fork it waits for: it must
 * find that fork wherever it lies, begun by nobody, while the thief that took it along is held up. So the oldest fork
 * here goes on only when all that came along with it have run, as it may, for they are joined before it.
 *
 * The thief takes half, as from another node. Compiled with EXPLORE_MUTANT against sources with a fault put in, it must
 * find the fault. */
#include "explore_pool.h"
#include "forks.h"

#include "explore_main.h"

#include <linux/futex.h>
#include <sys/syscall.h>

enum { FORKS = 4, NESTED_MAX = 32 }; /* the latter as in forks.c */

typedef struct numbered {
    ramify_fork fork;
    int         number, value;
} numbered;

static int              ran[FORKS], ran_submitted;
static _Atomic uint32_t flag[FORKS]; /* futex words: 1 once fork i has run */
static ramify_group    *group;

static void await_flag(int i)
{
    while (!atomic_load(&flag[i]))
        (void)explore_syscall(SYS_futex, &flag[i], FUTEX_WAIT_PRIVATE, 0);
}

static void count_submitted(void *argument)
{
    ++*(int *)argument;
}

static void run_one(ramify_context context, ramify_fork *fork)
{
    numbered *f = (numbered *)fork;
    (void)context;
    if (ran[f->number]++)
        explore_fail("a fork ran twice");
    if (f->number == 0) {
        if (ramify_submit(group, count_submitted, &ran_submitted, NULL)) /* lies with the forks that came along */
            explore_fail("a submission was refused");
        for (int i = 1; i < FORKS; i++)
            await_flag(i);
    }
    f->value = f->number + 1;
    atomic_store(&flag[f->number], 1);
    (void)explore_syscall(SYS_futex, &flag[f->number], FUTEX_WAKE_PRIVATE, 9);
}

static void root(ramify_context context, ramify_fork *fork)
{
    numbered forks[FORKS];
    (void)fork;
    for (int i = 0; i < FORKS; i++) {
        forks[i] = (numbered){ .number = i };
        context  = ramify_fork_push(context, &forks[i].fork, run_one);
    }
    for (int i = FORKS; i-- > 0;) {
        if (ramify_fork_join(&context, &forks[i].fork))
            run_one(context, &forks[i].fork);
        if (forks[i].value != i + 1)
            explore_fail("a join returned before its fork was done");
    }
}

/* The owner's first fork is its own until somebody asks, and then there are others to take along. */
static void setup(void)
{
    explored_pool_make();
    rmf_lane_unask_owner(&explored_pool->workers[0]->lane);
    group         = explored_group(NULL);
    ran_submitted = 0;
    for (int i = 0; i < FORKS; i++) {
        ran[i] = 0;
        atomic_store(&flag[i], 0);
    }
}

/* No address is an eighth of such a stack above its end. */
static void setup_short_of_stack(void)
{
    setup();
    explored_pool->workers[0]->stack_bytes   = UINT64_MAX;
    explored_pool->workers[0]->told_of_stack = true;
}

/* The next wait may leapfrog, but not begin anything else. */
static void setup_deep_in_waits(void)
{
    setup();
    explored_pool->workers[0]->nested = NESTED_MAX;
}

static void owner(void)
{
    ramify_fork fork = { .run = root };
    explored_play(0);
    if (rmf_fork_call(explored_pool, NULL, &fork))
        explore_fail("a fork call was refused");
    if (ramify_wait(group))
        explore_fail("waiting failed");
    explored_stop();
}

static void thief(void)
{
    explored_work(1);
}

static const char *check(void)
{
    for (int i = 0; i < FORKS; i++)
        if (ran[i] != 1)
            return "a fork did not run";
    return ran_submitted == 1 ? NULL : "a submitted task did not run";
}

static const explore_case cases[] = {
    { "buried: short of stack", 2, 2, 1000, setup_short_of_stack, { owner, thief }, check, explored_pool_drop, 20000 },
    { "buried: deep in waits", 2, 2, 1000, setup_deep_in_waits, { owner, thief }, check, explored_pool_drop, 20000 },
};

int main(void)
{
    explored_pool_open();
    int status = explore_main(cases, sizeof cases / sizeof cases[0]);
    explored_pool_close();
    return status;
}
