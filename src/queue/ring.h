/* SPDX-License-Identifier: BSD-3-Clause */
/* A bounded ring of tasks for many producers and many consumers.
 *
 * Each cell is one cache line: a turn number and a task. A producer claims a run of cells with one compare-and-swap on
 * `tail`, fills them, and publishes each by its turn; a consumer does the same with `head`. The turn scheme is D.
 * Vyukov's bounded MPMC queue (1024cores.net, 2010), extended to claims of several cells: a batch costs one atomic
 * read-modify-write. Lock-free as long as no thread stalls between claim and publication; one that does delays only
 * the consumers of its own cells. */
#ifndef RMF_QUEUE_RING_H
#define RMF_QUEUE_RING_H

#include "atomics.h"
#include "task.h"

typedef struct rmf_cell {
    _Alignas(RMF_LINE_BYTES) _Atomic uint64_t turn; /* p: free for ticket p; p + 1: holds the task of ticket p */
    rmf_task task;
} rmf_cell;

_Static_assert(sizeof(rmf_cell) == RMF_LINE_BYTES, "a cell is one cache line");

typedef struct rmf_ring {
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t tail; /* next ticket of the producers */
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t head; /* next ticket of the consumers */
    _Alignas(RMF_PAIR_BYTES) rmf_cell *cells;       /* constant from here on */
    uint64_t mask;
    uint64_t limit; /* most tasks it holds, <= mask + 1 */
} rmf_ring;

/* cells: room for `capacity` of them (a power of two, at least 2), aligned to a line, owned by the caller; touched here,
 * so the calling thread decides their NUMA node. limit: 1..capacity tasks. */
void rmf_ring_init(rmf_ring *ring, rmf_cell *cells, uint64_t capacity, uint64_t limit);

/* Puts the first tasks of an array of `count` in, as many as there is room for, and returns how many. */
uint32_t rmf_ring_push_mp(rmf_ring *ring, const rmf_task *tasks, uint32_t count);

/* Takes tasks, oldest first, and returns how many: of up to `most` that are published the share of one of `sharers`
 * consumers, rounded up; 0 when nothing is published. An empty ring costs a look at the next cell, not at `tail`,
 * whose line the producers need. */
uint32_t rmf_ring_pop_mc(rmf_ring *ring, rmf_task *tasks, uint32_t most, uint32_t sharers);

/* Tasks claimed by producers and not yet by consumers. Sequentially consistent on the producers' side, so that a
 * thread that has announced that it will sleep sees every push that did not see the announcement. */
static inline uint64_t rmf_ring_size(const rmf_ring *ring)
{
    uint64_t head = rmf_load_relaxed(&ring->head);
    /* order: pairs with the seq_cst claim in rmf_ring_push_mp; the sleeper's half of the parking handshake */
    uint64_t tail = rmf_load_seq_cst(&ring->tail);
    return tail > head ? tail - head : 0;
}

#endif
