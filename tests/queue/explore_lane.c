/* SPDX-License-Identifier: BSD-3-Clause */
/* The lane under interleavings of an owner that forks, shares, joins, waits and forks again with one or two thieves:
 * every fork is run exactly once, by its owner or by one thief, and thieves read only live forks.
 *
 * Compiled with EXPLORE_MUTANT against a lane.c with a fault put in, it must find the fault. */
#include "lane.h"

#include "explore_main.h"

enum { SLOTS = 4, FORKS = 6, TRIES = 2, DONE = 1 };

static rmf_lane         lane;
static ramify_fork     *slots[SLOTS];
static ramify_fork      forks[FORKS];
static int              runs[FORKS];
static _Atomic uint64_t done[FORKS];
static int              made;

static void setup(void)
{
    for (int i = 0; i < SLOTS; i++)
        slots[i] = NULL;
    for (int i = 0; i < FORKS; i++) {
        runs[i] = 0;
        rmf_store_relaxed(&done[i], 0);
    }
    made = 0;
    rmf_lane_init(&lane, slots, SLOTS);
    rmf_lane_unask_owner(&lane);
}

static void run(const ramify_fork *fork)
{
    if (!fork)
        explore_fail("a slot was read that holds no fork");
    else if (runs[fork - forks]++)
        explore_fail("a fork was run twice");
}

static void push(void)
{
    ramify_fork **top = lane.open.top;
    *top              = &forks[made++];
    rmf_lane_set_top_owner(&lane, top + 1);
}

/* As ramify_fork_join and its slow path, without other work for the owner meanwhile. */
static void join(void)
{
    ramify_fork **head = lane.open.top - 1;
    uint32_t      at   = rmf_lane_position(&lane, head);
    int           i    = (int)(*head - forks);
    rmf_lane_set_top_owner(&lane, head);
    if (at >= lane.split || rmf_lane_take_back_owner(&lane, at)) {
        run(&forks[i]);
        *head = NULL; /* whoever reads it now reads too late */
        return;
    }
    rmf_lane_restart_owner(&lane, at + 1);
    /* order: the thief has run it; pairs with the store in thief() */
    while (rmf_load_acquire(&done[i]) != DONE)
        (void)explore_pause();
    *head = NULL;
    rmf_lane_restart_owner(&lane, at);
}

static void thief(void)
{
    ramify_fork *got[SLOTS];
    uint32_t     n;
    for (int t = 0; t < TRIES; t++) {
        if (rmf_lane_steal_any(&lane, got, SLOTS, &n) != RMF_STEAL_TAKEN)
            continue;
        for (uint32_t i = 0; i < n; i++) {
            run(got[i]);
            /* order: pairs with the acquire in join() */
            rmf_store_release(&done[got[i] - forks], DONE);
        }
    }
}

/* Two shared, one taken back, then new ones in the same places. */
static void owner_reuses(void)
{
    push();
    push();
    rmf_lane_share_owner(&lane, lane.open.top);
    join();
    join();
    push();
    push();
    rmf_lane_share_owner(&lane, lane.open.top);
    join();
    join();
}

/* Runs something else in the middle, on top of live forks. */
static void owner_hides(void)
{
    rmf_lane_mark mark;
    push();
    push();
    rmf_lane_share_owner(&lane, lane.open.top);
    rmf_lane_hide_owner(&lane, &mark);
    push();
    rmf_lane_share_owner(&lane, lane.open.top);
    join();
    rmf_lane_show_owner(&lane, &mark);
    join();
    join();
}

static const char *check(void)
{
    for (int i = 0; i < made; i++)
        if (runs[i] != 1)
            return runs[i] ? "a fork was run twice" : "a fork was lost";
    if (rmf_lane_shared_any(&lane) != 0 || lane.open.top != slots)
        return "a lane without forks shows some";
    return NULL;
}

static const explore_case cases[] = {
    { "lane: reuse, 1 thief", 2, EXPLORE_ALL, 1000, setup, { owner_reuses, thief }, check, NULL, 0 },
    { "lane: hide, 1 thief", 2, 6, 1000, setup, { owner_hides, thief }, check, NULL, 0 },
    { "lane: reuse, 2 thieves", 3, 3, 10000, setup, { owner_reuses, thief, thief }, check, NULL, 0 },
    { "lane: hide, 2 thieves", 3, 3, 10000, setup, { owner_hides, thief, thief }, check, NULL, 0 },
};

int main(void)
{
    return explore_main(cases, sizeof cases / sizeof cases[0]);
}
