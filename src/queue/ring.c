/* SPDX-License-Identifier: BSD-3-Clause */
/* Claiming and publishing runs of cells. */
#include "ring.h"

/* A line from another core takes 44-58 ns (PEERS.md), a push about 15: four pushes ahead, doubled for slow moments. */
enum { AHEAD_CELLS = 8 };

void rmf_ring_init(rmf_ring *ring, rmf_cell *cells, uint64_t capacity, uint64_t limit)
{
    for (uint64_t i = 0; i < capacity; i++)
        rmf_store_relaxed(&cells[i].turn, i);
    rmf_store_relaxed(&ring->tail, 0);
    rmf_store_relaxed(&ring->head, 0);
    ring->cells = cells;
    ring->mask  = capacity - 1;
    ring->limit = limit;
}

/* How many cells from ticket `at` on have reached turn `at + i + ahead`, at most `most`. Looking before the claim is
 * enough: only the thread that claims ticket p may move cell p's turn on. */
static uint32_t ready(const rmf_ring *ring, uint64_t at, uint64_t ahead, uint32_t most)
{
    uint32_t n = 0;
    while (n < most) {
        const rmf_cell *cell = &ring->cells[(at + n) & ring->mask];
        /* order: acquires the task (consumer) or the end of its reading (producer); pairs with the releases below */
        if (rmf_load_acquire(&cell->turn) != at + n + ahead)
            break;
        n++;
    }
    return n;
}

/* How many of `count` tasks the limit admits at ticket `at`. A ring without a limit of its own does not look at
 * `head`, whose line the consumers keep writing: the turns alone say what is free. */
static uint32_t room_below_limit(const rmf_ring *ring, uint64_t at, uint32_t count)
{
    if (ring->limit > ring->mask)
        return count;
    uint64_t used = at - rmf_load_relaxed(&ring->head); /* head only grows: never too small a figure */
    uint64_t room = (int64_t)used < 0 ? ring->limit : used < ring->limit ? ring->limit - used : 0;
    return count < room ? count : (uint32_t)room;
}

uint32_t rmf_ring_push_mp(rmf_ring *ring, const rmf_task *tasks, uint32_t count)
{
    uint64_t at = rmf_load_relaxed(&ring->tail);
    uint32_t n;
    for (;;) {
        n = ready(ring, at, 0, room_below_limit(ring, at, count));
        if (n == 0) {
            uint64_t now = rmf_load_relaxed(&ring->tail);
            if (now == at)
                return 0;
            at = now;
            continue;
        }
        /* order: the submitter's half of the parking handshake: the claim comes before its look at who sleeps;
         * pairs with rmf_ring_size() */
        if (rmf_cas_seq_cst(&ring->tail, &at, at + n))
            break;
    }
    /* The consumer wrote these lines last; asked for this early they arrive before the next claims need them. */
    __builtin_prefetch(&ring->cells[(at + n + AHEAD_CELLS) & ring->mask], 1);
    for (uint32_t i = 0; i < n; i++) {
        rmf_cell *cell = &ring->cells[(at + i) & ring->mask];
        rmf_task_copy(&cell->task, &tasks[i]);
        /* order: publishes the task; pairs with the acquire in ready() of a consumer */
        rmf_store_release(&cell->turn, at + i + 1);
    }
    return n;
}

uint32_t rmf_ring_pop_mc(rmf_ring *ring, rmf_task *tasks, uint32_t most, uint32_t sharers)
{
    uint64_t at = rmf_load_relaxed(&ring->head);
    uint32_t n;
    for (;;) {
        n = ready(ring, at, 1, most);
        if (n == 0) {
            uint64_t now = rmf_load_relaxed(&ring->head);
            if (now == at)
                return 0;
            at = now;
            continue;
        }
        n = (n + sharers - 1) / sharers;
        /* order: none: ready() has acquired the cells; the claim only keeps other consumers off them */
        if (rmf_cas_relaxed(&ring->head, &at, at + n))
            break;
    }
    for (uint32_t i = 0; i < n; i++) {
        rmf_cell *cell = &ring->cells[(at + i) & ring->mask];
        tasks[i]       = cell->task;
        /* order: gives the cell back after the task was read; pairs with the acquire in ready() of a producer */
        rmf_store_release(&cell->turn, at + i + ring->mask + 1);
    }
    return n;
}
