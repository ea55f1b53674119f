/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring and the inbox over it, under every interleaving of one producer with one consumer, and with up to two of
 * each under bounded preemption: no task is lost, doubled or read before it was written, a producer's tasks stay in
 * order, and a limit is never passed.
 *
 * Compiled with EXPLORE_MUTANT against a ring.c with a fault put in, it must find the fault. */
#include "inbox.h"

#include "check.h"
#include "explore_main.h"

#include <stdio.h>

enum { CELLS = 2, PER_PRODUCER = 4, TASKS = 2 * PER_PRODUCER };

static rmf_cell  cells[CELLS];
static rmf_ring  ring;
static rmf_inbox inbox;
static uint64_t  limit = CELLS;
static char      item[TASKS];
static int       pushed[TASKS], taken[TASKS];
static int       last[2]; /* newest task of each producer that was taken; -1: none */
static bool      one_consumer;

static void clear_books(void)
{
    for (int i = 0; i < TASKS; i++)
        pushed[i] = taken[i] = 0;
    last[0] = last[1] = -1;
}

static void setup_ring(void)
{
    clear_books();
    for (int i = 0; i < CELLS; i++)
        cells[i].task.argument = NULL;
    rmf_ring_init(&ring, cells, CELLS, limit);
}

static void setup_full(void)
{
    limit        = CELLS;
    one_consumer = true;
    setup_ring();
}

static void setup_limited(void)
{
    limit        = 1;
    one_consumer = true;
    setup_ring();
}

static void setup_shared(void)
{
    limit        = CELLS;
    one_consumer = false;
    setup_ring();
}

static void note_taken(const rmf_task *task)
{
    if (!task->argument) {
        explore_fail("a cell was read before its task was written");
        return;
    }
    int i = (int)((char *)task->argument - item), producer = i / PER_PRODUCER;
    if (taken[i]++)
        explore_fail("a task was taken twice");
    if (one_consumer && i <= last[producer])
        explore_fail("a producer's tasks changed their order");
    last[producer] = i;
}

static void check_limit(void)
{
    uint64_t tail = atomic_load(&ring.tail), head = atomic_load(&ring.head);
    if (tail - head > limit)
        explore_fail("the ring holds more than its limit");
}

static void push(int first, uint32_t count)
{
    rmf_task tasks[PER_PRODUCER];
    for (uint32_t i = 0; i < count; i++)
        tasks[i] = (rmf_task){ .argument = &item[first + (int)i] };
    uint32_t n = rmf_ring_push_mp(&ring, tasks, count);
    check_limit();
    for (uint32_t i = 0; i < n; i++)
        pushed[first + (int)i] = 1;
}

static void pop(uint32_t most)
{
    rmf_task got[CELLS];
    uint32_t n = rmf_ring_pop_mc(&ring, got, most, 1);
    for (uint32_t i = 0; i < n; i++)
        note_taken(&got[i]);
}

static void producer_of_two(void)
{
    push(0, 2);
    push(2, 2);
}

static void producer_one_by_one(void)
{
    push(0, 1);
    push(1, 1);
}

static void second_producer(void)
{
    push(PER_PRODUCER, 2);
}

static void consumer_of_two(void)
{
    pop(2);
    pop(2);
}

static void consumer_of_one(void)
{
    pop(1);
    pop(1);
}

static const char *compare_books(void)
{
    for (int i = 0; i < TASKS; i++)
        if (taken[i] != pushed[i])
            return taken[i] ? "a task was taken that was refused, or twice" : "a task was lost";
    return NULL;
}

static const char *check_ring(void)
{
    for (int i = 0; i < TASKS; i++)
        pop(1);
    const char *wrong = compare_books();
    return wrong ? wrong : rmf_ring_size(&ring) ? "an empty ring has a size" : NULL;
}

static void setup_inbox(void)
{
    clear_books();
    one_consumer = false; /* what spills may be overtaken by a ring that has room again */
    if (rmf_inbox_init(&inbox, CELLS, 0))
        explore_fail("no memory");
}

static void drop_inbox(void)
{
    rmf_inbox_drop(&inbox);
}

static void push_inbox(int first, uint32_t count)
{
    rmf_task tasks[PER_PRODUCER];
    for (uint32_t i = 0; i < count; i++)
        tasks[i] = (rmf_task){ .argument = &item[first + (int)i], .weight = 2.0f };
    if (rmf_inbox_push_mp(&inbox, tasks, count) != count)
        explore_fail("an unbounded inbox refused a task");
    for (uint32_t i = 0; i < count; i++)
        pushed[first + (int)i] = 1;
}

static void pop_inbox(uint32_t most)
{
    rmf_task got[PER_PRODUCER];
    uint32_t n = rmf_inbox_pop_mc(&inbox, got, most, 1);
    for (uint32_t i = 0; i < n; i++)
        note_taken(&got[i]);
}

static void inbox_producer(void)
{
    push_inbox(0, 3);
    push_inbox(3, 1);
}

static void inbox_second_producer(void)
{
    push_inbox(PER_PRODUCER, 3);
}

static void inbox_consumer(void)
{
    pop_inbox(2);
    pop_inbox(4);
}

static const char *check_inbox(void)
{
    while (rmf_inbox_size(&inbox))
        pop_inbox(1);
    const char *wrong = compare_books();
    return wrong ? wrong : rmf_inbox_load(&inbox) != 0.0 ? "an empty inbox has a load" : NULL;
}

static const explore_case cases[] = {
    { "ring: 1 producer, 1 consumer",
      2,
      EXPLORE_ALL,
      10000,
      setup_full,
      { producer_of_two, consumer_of_two },
      check_ring,
      NULL,
      0 },
    { "ring: limit 1",
      2,
      EXPLORE_ALL,
      10000,
      setup_limited,
      { producer_one_by_one, consumer_of_one },
      check_ring,
      NULL,
      0 },
    { "ring: 2 producers, 1 consumer",
      3,
      3,
      10000,
      setup_full,
      { producer_of_two, second_producer, consumer_of_two },
      check_ring,
      NULL,
      0 },
    { "ring: limit 1, 2 producers",
      3,
      3,
      5000,
      setup_limited,
      { producer_one_by_one, second_producer, consumer_of_two },
      check_ring,
      NULL,
      0 },
    { "ring: 2 producers, 2 consumers",
      4,
      2,
      5000,
      setup_shared,
      { producer_of_two, second_producer, consumer_of_two, consumer_of_one },
      check_ring,
      NULL,
      0 },
    { "inbox: 1 producer, 1 consumer",
      2,
      6,
      10000,
      setup_inbox,
      { inbox_producer, inbox_consumer },
      check_inbox,
      drop_inbox,
      0 },
    { "inbox: 2 producers, 1 consumer",
      3,
      3,
      10000,
      setup_inbox,
      { inbox_producer, inbox_second_producer, inbox_consumer },
      check_inbox,
      drop_inbox,
      0 },
};

int main(void)
{
    return explore_main(cases, sizeof cases / sizeof cases[0]);
}
