/* SPDX-License-Identifier: BSD-3-Clause */
/* Wakes that are left to threads that wait outside: the owner of a fork leaves the wake of a sleeping thief to a waker
 * that leaves its post at the same time, and goes on only when a thief has run the fork. A schedule that ends with
 * everybody asleep has lost a wake-up.
 *
 * Compiled with EXPLORE_MUTANT against sources with a fault put in, it must find the fault. */
#include "explore_pool.h"
#include "forks.h"
#include "wakers.h"

#include "explore_main.h"

#include <linux/futex.h>
#include <sys/syscall.h>

enum { ROUNDS = 2 };

typedef struct numbered {
    ramify_fork fork;
    int         number;
} numbered;

static int              ran[ROUNDS];
static _Atomic uint32_t flag[ROUNDS];                    /* futex words: 1 once fork i has run */
static _Atomic uint32_t first_is_there, second_is_there; /* futex words: 1 once that waker is counted */
static _Atomic uint32_t begun, owed,
    all_owed;            /* futex words: 1 once the owner has begun, has made the first debt, all */
static bool is_posted;   /* the owner begins when the first waker is counted */
static bool keeps_first; /* the owner runs fork 0 itself */

static void raise_flag(_Atomic uint32_t *word)
{
    atomic_store(word, 1);
    (void)explore_syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 9);
}

static void await_flag(_Atomic uint32_t *word)
{
    while (!atomic_load(word))
        (void)explore_syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0);
}

static void run_one(ramify_context context, ramify_fork *fork)
{
    int i = ((numbered *)fork)->number;
    (void)context;
    if (ran[i]++)
        explore_fail("a fork ran twice");
    raise_flag(&flag[i]);
}

/* The debt for a fork that is taken back is followed by one for a fork that needs a thief. */
static void take_back_first(ramify_context context)
{
    numbered one = { .number = 0 };
    context      = ramify_fork_push(context, &one.fork, run_one);
    if (ramify_fork_join(&context, &one.fork))
        run_one(context, &one.fork);
    raise_flag(&owed);
    await_flag(&second_is_there);
}

/* Each fork needs a thief to run beside its owner. */
static void root(ramify_context context, ramify_fork *fork)
{
    (void)fork;
    if (is_posted)
        await_flag(&first_is_there);
    raise_flag(&begun);
    if (keeps_first)
        take_back_first(context);
    for (int i = keeps_first; i < ROUNDS; i++) {
        numbered one = { .number = i };
        rmf_lane_ask_any(&explored_pool->workers[0]->lane); /* as a thief does that runs dry */
        context = ramify_fork_push(context, &one.fork, run_one);
        if (i == ROUNDS - 1)
            raise_flag(&all_owed);
        await_flag(&flag[i]);
        if (ramify_fork_join(&context, &one.fork))
            explore_fail("nobody took a fork, and it has run");
    }
}

static void setup(void)
{
    explored_pool_make();
    is_posted = keeps_first = false;
    atomic_store(&begun, 0);
    atomic_store(&all_owed, 0);
    atomic_store(&first_is_there, 0);
    atomic_store(&second_is_there, 0);
    atomic_store(&owed, 0);
    for (int i = 0; i < ROUNDS; i++) {
        ran[i] = 0;
        atomic_store(&flag[i], 0);
    }
}

static void setup_turns(void)
{
    setup();
    is_posted = keeps_first = true;
}

static void setup_posted(void)
{
    setup();
    is_posted = true;
}

static void owner(void)
{
    ramify_fork fork = { .run = root };
    explored_play(0);
    if (rmf_fork_call(explored_pool, NULL, &fork))
        explore_fail("a fork call was refused");
    explored_stop();
}

static void thief(void)
{
    explored_work(1);
}

/* At its post from the beginning until the flag is up; tells when it is counted. Without flags: as it comes. */
static void stand_by(_Atomic uint32_t *counted, _Atomic uint32_t *until)
{
    uint64_t begun_as = rmf_waker_begin(explored_pool);
    if (counted)
        raise_flag(counted);
    if (until)
        await_flag(until);
    if (begun_as)
        rmf_waker_end(explored_pool, begun_as);
}

static void waker(void)
{
    stand_by(NULL, NULL);
}

static void posted_waker(void)
{
    stand_by(&first_is_there, &begun);
}

static void first_waker(void)
{
    stand_by(&first_is_there, &owed);
}

static void second_waker(void)
{
    await_flag(&owed);
    stand_by(&second_is_there, &all_owed);
}

static const char *check(void)
{
    for (int i = 0; i < ROUNDS; i++)
        if (ran[i] != 1)
            return "a fork did not run";
    if (atomic_load(&explored_pool->wakers) << 1)
        return "somebody is still counted as a waker";
    return explored_fault();
}

static const explore_case cases[] = {
    { "wakers: one", 3, 1, 1000, setup, { thief, waker, owner }, check, explored_pool_drop, 50000 },
    { "wakers: one at its post",
      3,
      1,
      1000,
      setup_posted,
      { thief, posted_waker, owner },
      check,
      explored_pool_drop,
      50000 },
    { "wakers: two", 4, 1, 1000, setup, { thief, waker, waker, owner }, check, explored_pool_drop, 50000 },
    { "wakers: one after the other",
      4,
      1,
      1000,
      setup_turns,
      { thief, first_waker, second_waker, owner },
      check,
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
