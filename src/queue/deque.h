/* SPDX-License-Identifier: BSD-3-Clause */
/* A split deque of pointers: one owner at the head, any number of thieves at the tail.
 *
 * Positions grow from 0. [0, tail) is taken by thieves, [tail, split) is shared, [split, head) is the owner's alone and
 * costs plain loads and stores. tail and split live in one 64-bit word, so sharing, taking back and stealing are each
 * one atomic read-modify-write on it and no fence is needed anywhere. The split is Lace's (van Dijk and van de Pol,
 * "Lace: non-blocking split deque for work-stealing", MuCoCoS 2014, sections 3-4); the one-word form with batches is
 * ours.
 *
 * Why a thief may read after it has claimed: a claim moves tail over [t, t + n); the owner writes only at positions
 * >= head >= split > t + n - 1 until it restarts at 0, and it restarts only when `read` equals tail: every claimed
 * position has been read. So a stale compare-and-swap that succeeds claims what is there now, never an old content,
 * and there is no ABA problem to solve. */
#ifndef RMF_QUEUE_DEQUE_H
#define RMF_QUEUE_DEQUE_H

#include "atomics.h"

typedef struct rmf_deque {
    _Alignas(RMF_PAIR_BYTES) void **slots; /* owner's line: only the owner touches these */
    uint32_t head;
    uint32_t split; /* copy of the word's split, exact: only the owner moves it */
    uint32_t capacity;
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t word; /* tail in the low half, split in the high half */
    _Atomic uint32_t read;                          /* claimed positions whose pointers the thieves have read */
} rmf_deque;

/* What a steal came to. LOST: somebody else was faster; the victim may still have work. */
typedef enum rmf_steal { RMF_STEAL_TAKEN, RMF_STEAL_EMPTY, RMF_STEAL_LOST } rmf_steal;

/* slots: room for `capacity` pointers, owned by the caller. capacity: 1..2^31. */
void rmf_deque_init(rmf_deque *deque, void **slots, uint32_t capacity);

/* Puts an item at the head, private. False when there is no room (nothing is changed). */
bool rmf_deque_push_owner(rmf_deque *deque, void *item);

/* Moves the deque to a larger array of `capacity` pointers and returns the old one, which is the caller's again; NULL
 * when a thief is just reading the old one (nothing is changed, but everything is private until the next share). */
void **rmf_deque_grow_owner(rmf_deque *deque, void **slots, uint32_t capacity);

/* Makes all private items visible to thieves. Sequentially consistent: comes before the owner's look at who sleeps. */
void rmf_deque_share_owner(rmf_deque *deque);

/* Takes the newest item, shared or not; NULL when there is none. */
void *rmf_deque_pop_owner(rmf_deque *deque);

/* Takes up to half (rounded up) of the shared items, at most `most` of them, oldest first. count: out, 0 unless TAKEN. */
rmf_steal rmf_deque_steal_any(rmf_deque *deque, void **items, uint32_t most, uint32_t *count);

/* Shared items, for anybody; the sleeper's half of the parking handshake. */
static inline uint32_t rmf_deque_shared_any(const rmf_deque *deque)
{
    /* order: pairs with the seq_cst add in rmf_deque_share_owner */
    uint64_t word = rmf_load_seq_cst(&((rmf_deque *)(uintptr_t)deque)->word);
    uint32_t tail = (uint32_t)word, split = (uint32_t)(word >> 32);
    return split > tail ? split - tail : 0;
}

#endif
