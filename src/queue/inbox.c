/* SPDX-License-Identifier: BSD-3-Clause */
/* Ring first, then the list of blocks. */
#include "inbox.h"

#include <stdlib.h>

/* Weights are counted in 1/256: enough for ratios, and integers add without a lock. */
enum { WEIGHT_UNIT = 256 };

ramify_status rmf_inbox_init(rmf_inbox *inbox, uint32_t capacity, uint32_t limit)
{
    rmf_cell *cells = aligned_alloc(RMF_PAIR_BYTES, (size_t)capacity * sizeof *cells);
    if (!cells)
        return RAMIFY_ERR_NO_MEMORY;
    rmf_ring_init(&inbox->ring, cells, capacity, limit ? limit : capacity);
    inbox->cells   = cells;
    inbox->bounded = limit != 0;
    rmf_store_relaxed(&inbox->spilled, 0);
    rmf_store_relaxed(&inbox->extra_weight, 0);
    rmf_store_relaxed(&inbox->filled_ticks, 0);
    rmf_store_relaxed(&inbox->taken_ticks, 0);
    pthread_mutexattr_t spins; /* briefly, before it sleeps: the lock is held for a few hundred nanoseconds */
    pthread_mutexattr_init(&spins);
    pthread_mutexattr_settype(&spins, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&inbox->lock, &spins);
    pthread_mutexattr_destroy(&spins);
    inbox->oldest = inbox->newest = inbox->spare = NULL;
    return RAMIFY_OK;
}

static void free_blocks(rmf_spill *block)
{
    while (block) {
        rmf_spill *next = block->next;
        free(block);
        block = next;
    }
}

void rmf_inbox_drop(rmf_inbox *inbox)
{
    if (!inbox->cells)
        return;
    free_blocks(inbox->oldest);
    free_blocks(inbox->spare);
    free(inbox->cells);
    inbox->cells = NULL;
    pthread_mutex_destroy(&inbox->lock);
}

/* The block to append to, with room; NULL when there is no memory. Under the lock. */
static rmf_spill *open_block(rmf_inbox *inbox)
{
    if (inbox->newest && inbox->newest->end < RMF_SPILL_TASKS)
        return inbox->newest;
    rmf_spill *block = inbox->spare;
    if (block)
        inbox->spare = block->next;
    else if (!(block = malloc(sizeof *block)))
        return NULL;
    block->next  = NULL;
    block->first = block->end = 0;
    if (inbox->newest)
        inbox->newest->next = block;
    else
        inbox->oldest = block;
    inbox->newest = block;
    return block;
}

static uint32_t spill(rmf_inbox *inbox, const rmf_task *tasks, uint32_t count)
{
    uint32_t n = 0;
    pthread_mutex_lock(&inbox->lock);
    while (n < count) {
        rmf_spill *block = open_block(inbox);
        if (!block)
            break;
        while (n < count && block->end < RMF_SPILL_TASKS)
            block->tasks[block->end++] = tasks[n++];
    }
    /* order: the submitter's half of the parking handshake; pairs with rmf_inbox_size() */
    rmf_add_seq_cst(&inbox->spilled, n);
    pthread_mutex_unlock(&inbox->lock);
    return n;
}

/* Takes the emptied oldest block off the list and keeps it for the next spill: a busy inbox does not allocate. */
static void retire_oldest(rmf_inbox *inbox)
{
    rmf_spill *block = inbox->oldest;
    inbox->oldest    = block->next;
    if (!inbox->oldest)
        inbox->newest = NULL;
    block->next  = inbox->spare;
    inbox->spare = block;
}

static uint32_t unspill(rmf_inbox *inbox, rmf_task *tasks, uint32_t most)
{
    uint32_t n = 0;
    pthread_mutex_lock(&inbox->lock);
    while (n < most && inbox->oldest) {
        rmf_spill *block = inbox->oldest;
        while (n < most && block->first < block->end)
            tasks[n++] = block->tasks[block->first++];
        if (block->first == block->end)
            retire_oldest(inbox);
    }
    uint64_t left = rmf_load_relaxed(&inbox->spilled) - n;
    rmf_store_relaxed(&inbox->spilled, left);
    if (left == 0) { /* a burst is over: keep one block, give the rest back */
        rmf_spill *spare = inbox->spare;
        if (spare) {
            free_blocks(spare->next);
            spare->next = NULL;
        }
    }
    pthread_mutex_unlock(&inbox->lock);
    return n;
}

/* Adds (sign 1) or removes (sign -1) the weight beyond 1 of tasks that have one. */
static void weigh(rmf_inbox *inbox, const rmf_task *tasks, uint32_t count, int sign)
{
    int64_t extra = 0;
    for (uint32_t i = 0; i < count; i++)
        if (tasks[i].weight != 1.0f)
            extra += (int64_t)((tasks[i].weight - 1.0f) * WEIGHT_UNIT);
    if (extra)
        rmf_add_relaxed(&inbox->extra_weight, sign * extra);
}

uint32_t rmf_inbox_push_mp(rmf_inbox *inbox, const rmf_task *tasks, uint32_t count)
{
    uint32_t n = 0;
    weigh(inbox, tasks, count, 1);
    if (inbox->bounded || rmf_load_relaxed(&inbox->spilled) == 0)
        while (n < count) {
            uint32_t more = rmf_ring_push_mp(&inbox->ring, tasks + n, count - n);
            if (more == 0)
                break;
            n += more;
        }
    if (n < count && !inbox->bounded)
        n += spill(inbox, tasks + n, count - n);
    if (n < count)
        weigh(inbox, tasks + n, count - n, -1);
    return n;
}

uint32_t rmf_inbox_pop_mc(rmf_inbox *inbox, rmf_task *tasks, uint32_t most, uint32_t sharers)
{
    uint32_t n = rmf_ring_pop_mc(&inbox->ring, tasks, most, sharers);
    if (n == 0 && rmf_load_relaxed(&inbox->spilled) != 0)
        n = unspill(inbox, tasks, most);
    weigh(inbox, tasks, n, -1);
    return n;
}

double rmf_inbox_load(const rmf_inbox *inbox)
{
    double load = (double)rmf_inbox_size(inbox) + (double)rmf_load_relaxed(&inbox->extra_weight) / WEIGHT_UNIT;
    return load > 0.0 ? load : 0.0;
}
