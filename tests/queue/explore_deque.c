/* SPDX-License-Identifier: BSD-3-Clause */
/* The deque under every interleaving of an owner with one thief, and with two thieves under bounded preemption: every
 * item is taken exactly once, none is lost, whatever the owner does meanwhile (share, take back, slide down, restart).
 *
 * Compiled with EXPLORE_MUTANT against a deque.c with a fault put in, it must find the fault. */
#include "deque.h"

#include "check.h"
#include "explore_main.h"

#include <stdio.h>

enum { CAPACITY = 3, ITEMS = 8, TRIES = 3 };

static void     *slots[CAPACITY], *more_slots[2 * CAPACITY];
static rmf_deque deque;
static char      item[ITEMS];
static int       taken[ITEMS]; /* how often */
static bool      pushed[ITEMS];

static void setup(void)
{
    rmf_deque_init(&deque, slots, CAPACITY);
    for (int i = 0; i < ITEMS; i++) {
        taken[i]  = 0;
        pushed[i] = false;
    }
    for (int i = 0; i < CAPACITY; i++)
        slots[i] = NULL;
}

static void take(const void *what)
{
    if (!what)
        explore_fail("a slot was read that holds no item");
    else if (taken[(const char *)what - item]++)
        explore_fail("an item was taken twice");
}

/* Takes the rest after the threads have ended and looks at the books. */
static const char *check(void)
{
    void *rest;
    while ((rest = rmf_deque_pop_owner(&deque)))
        taken[(char *)rest - item]++;
    for (int i = 0; i < ITEMS; i++)
        if (taken[i] != pushed[i])
            return taken[i] ? "an item was taken twice" : "an item was lost";
    if (deque.head != 0 || rmf_deque_shared_any(&deque) != 0)
        return "an empty deque did not restart";
    return NULL;
}

static void push(int i)
{
    pushed[i] = rmf_deque_push_owner(&deque, &item[i]);
}

static void pop(void)
{
    void *got = rmf_deque_pop_owner(&deque);
    if (got)
        take(got);
}

static void steal_up_to(uint32_t most)
{
    void    *got[CAPACITY];
    uint32_t n;
    if (rmf_deque_steal_any(&deque, got, most, &n) == RMF_STEAL_TAKEN)
        for (uint32_t i = 0; i < n; i++)
            take(got[i]);
    else if (n)
        explore_fail("a steal that took nothing says it did");
}

static void thief(void)
{
    for (int i = 0; i < TRIES; i++)
        steal_up_to(CAPACITY);
}

static void thief_of_one(void)
{
    steal_up_to(1);
    steal_up_to(1);
}

/* Share two, take one back, empty it, restart, fill it again. */
static void owner_restarts(void)
{
    push(0);
    push(1);
    rmf_deque_share_owner(&deque);
    pop();
    pop();
    pop();
    push(2);
    rmf_deque_share_owner(&deque);
}

/* Fill it, let thieves make room, slide down, fill the room. */
static void owner_slides(void)
{
    push(0);
    push(1);
    push(2);
    rmf_deque_share_owner(&deque);
    push(3);
    push(4);
    pop();
}

/* Fill it, move to a larger array while thieves take, and let nobody see the old one any more. */
static void owner_grows(void)
{
    push(0);
    push(1);
    rmf_deque_share_owner(&deque);
    void **old = rmf_deque_grow_owner(&deque, more_slots, 2 * CAPACITY);
    for (int i = 0; old && i < CAPACITY; i++)
        old[i] = NULL;
    rmf_deque_share_owner(&deque);
    push(3);
    pop();
}

/* One item back and forth over the split. */
static void owner_contends_for_one(void)
{
    for (int i = 0; i < 3; i++) {
        push(i);
        rmf_deque_share_owner(&deque);
        pop();
    }
}

static const explore_case cases[] = {
    { "deque: restart, 1 thief", 2, EXPLORE_ALL, 10000, setup, { owner_restarts, thief }, check, NULL, 0 },
    { "deque: slide, 1 thief", 2, EXPLORE_ALL, 5000, setup, { owner_slides, thief }, check, NULL, 0 },
    { "deque: grow, 1 thief", 2, EXPLORE_ALL, 5000, setup, { owner_grows, thief }, check, NULL, 0 },
    { "deque: grow, 2 thieves", 3, 4, 10000, setup, { owner_grows, thief, thief_of_one }, check, NULL, 0 },
    { "deque: one item, 1 thief", 2, EXPLORE_ALL, 10000, setup, { owner_contends_for_one, thief }, check, NULL, 0 },
    { "deque: restart, 2 thieves", 3, 4, 50000, setup, { owner_restarts, thief, thief_of_one }, check, NULL, 0 },
    { "deque: slide, 2 thieves", 3, 4, 50000, setup, { owner_slides, thief, thief_of_one }, check, NULL, 0 },
    { "deque: one item, 2 thieves",
      3,
      4,
      50000,
      setup,
      { owner_contends_for_one, thief, thief_of_one },
      check,
      NULL,
      0 },
};

int main(void)
{
    return explore_main(cases, sizeof cases / sizeof cases[0]);
}
