/* SPDX-License-Identifier: BSD-3-Clause */
/* The split deque's slow and middle paths; the argument for their orders is in deque.h. */
#include "deque.h"

#include <stddef.h>
#include <string.h>

static uint64_t pack(uint32_t tail, uint32_t split)
{
    return (uint64_t)split << 32 | tail;
}

static uint32_t tail_of(uint64_t word)
{
    return (uint32_t)word;
}

void rmf_deque_init(rmf_deque *deque, void **slots, uint32_t capacity)
{
    deque->slots    = slots;
    deque->capacity = capacity;
    deque->head = deque->split = 0;
    rmf_store_relaxed(&deque->word, 0);
    rmf_store_relaxed(&deque->read, 0);
}

/* True when no thief is between a claim and the end of its reading. */
static bool all_read(const rmf_deque *deque, uint32_t tail)
{
    /* order: the slots below tail may be written again; pairs with the release add in rmf_deque_steal_any */
    return rmf_load_acquire(&deque->read) == tail;
}

/* Restarts at position 0 when the deque is empty and every claimed position was read. */
static void restart_if_empty(rmf_deque *deque)
{
    uint64_t word = rmf_load_relaxed(&deque->word);
    if (deque->head == 0 || deque->head != tail_of(word) || !all_read(deque, tail_of(word)))
        return;
    rmf_store_relaxed(&deque->read, 0); /* no thief can add: nothing is shared, so none can claim */
    deque->head = deque->split = 0;
    /* order: a thief that claims from here on sees `read` as 0; pairs with the claim in rmf_deque_steal_any.
     * A swap, not a store: it keeps the release sequence of read-modify-writes whole. */
    (void)rmf_swap_acq_rel(&deque->word, 0);
}

/* Takes everything back, so that no thief can claim, and tells where the items begin. False: a thief is reading. */
static bool close_to_thieves(rmf_deque *deque, uint32_t *tail)
{
    uint64_t word = rmf_load_relaxed(&deque->word);
    do
        *tail = tail_of(word);
    /* order: relaxed; the owner wrote all items itself */
    while (!rmf_cas_relaxed(&deque->word, &word, pack(*tail, *tail)));
    deque->split = *tail;
    return all_read(deque, *tail);
}

/* Puts the items, from position `tail` on, to the beginning of `slots`, which may be the deque's own; no thief can
 * claim. */
static void move_items(rmf_deque *deque, void **slots, uint32_t tail)
{
    memmove(slots, deque->slots + tail, (deque->head - tail) * sizeof *slots);
    deque->slots = slots;
    deque->head -= tail;
    deque->split = 0;
    rmf_store_relaxed(&deque->read, 0);
    /* order: as in restart_if_empty; the items moved become visible with the next share */
    (void)rmf_swap_acq_rel(&deque->word, 0);
}

/* Slides the items down over what thieves have taken. False when no room can be made now. */
static bool make_room(rmf_deque *deque)
{
    uint32_t tail;
    if (!close_to_thieves(deque, &tail) || tail == 0)
        return false;
    move_items(deque, deque->slots, tail);
    return true;
}

void **rmf_deque_grow_owner(rmf_deque *deque, void **slots, uint32_t capacity)
{
    uint32_t tail;
    void   **old = deque->slots;
    if (!close_to_thieves(deque, &tail))
        return NULL;
    move_items(deque, slots, tail);
    deque->capacity = capacity;
    return old;
}

bool rmf_deque_push_owner(rmf_deque *deque, void *item)
{
    if (deque->head == deque->capacity) {
        bool room = make_room(deque);
        rmf_deque_share_owner(deque);
        if (!room)
            return false;
    }
    deque->slots[deque->head++] = item;
    return true;
}

void rmf_deque_share_owner(rmf_deque *deque)
{
    uint32_t more = deque->head - deque->split;
    if (more == 0)
        return;
    deque->split = deque->head;
    /* order: publishes the slots to the claim in rmf_deque_steal_any (release), and comes before the owner's look at
     * the sleepers (seq_cst; pairs with rmf_deque_shared_any) */
    rmf_add_seq_cst(&deque->word, (uint64_t)more << 32);
}

/* Moves split down by one over a shared item; false when thieves have taken all. */
static bool take_back_one(rmf_deque *deque)
{
    uint64_t word = rmf_load_relaxed(&deque->word);
    do
        if (tail_of(word) == deque->split)
            return false;
    /* order: none: the owner wrote the slot itself, there is nothing to acquire */
    while (!rmf_cas_relaxed(&deque->word, &word, pack(tail_of(word), deque->split - 1)));
    deque->split--;
    return true;
}

void *rmf_deque_pop_owner(rmf_deque *deque)
{
    if (deque->head == deque->split && !take_back_one(deque)) {
        restart_if_empty(deque);
        return NULL;
    }
    return deque->slots[--deque->head];
}

rmf_steal rmf_deque_steal_any(rmf_deque *deque, void **items, uint32_t most, uint32_t *count)
{
    uint64_t word = rmf_load_relaxed(&deque->word);
    uint32_t tail = tail_of(word), split = (uint32_t)(word >> 32);
    *count        = 0;
    if (split <= tail)
        return RMF_STEAL_EMPTY;
    uint32_t n = (split - tail + 1) / 2;
    n          = n < most ? n : most;
    /* order: acquires the slots; pairs with the share (every change of the word is a read-modify-write, so whatever
     * value is read belongs to the release sequence of the share that published these slots) */
    if (!rmf_cas_acquire(&deque->word, &word, pack(tail + n, split)))
        return RMF_STEAL_LOST;
    for (uint32_t i = 0; i < n; i++)
        items[i] = deque->slots[tail + i];
    /* order: the slots have been read; pairs with all_read() of the owner */
    (void)rmf_add_acq_rel(&deque->read, n);
    *count = n;
    return RMF_STEAL_TAKEN;
}
