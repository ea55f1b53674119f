/* SPDX-License-Identifier: BSD-3-Clause */
/* A lane: the stack of a worker's live forks, of which thieves may take the oldest.
 *
 * Positions as in a deque: [0, tail) taken, [tail, split) shared, [split, head) private; but forks are joined strictly
 * last in, first out, and their owner waits for those that were taken. That is why nothing has to be acknowledged: the
 * owner writes a position again only after it joined the fork there, which needs the thief to have read it. For the
 * same reason the owner may move tail back to a position whose fork it has joined: whatever a stale compare-and-swap
 * then claims is there now.
 *
 * Asking: a worker without work raises `split` and lowers `limit` to values that send the owner's next join or fork
 * into the slow path, where it shares. Lost requests are repeated; they carry no data. */
#ifndef RMF_QUEUE_LANE_H
#define RMF_QUEUE_LANE_H

#include "atomics.h"
#include "deque.h"

#include <ramify/fork.h>

typedef struct rmf_lane {
    ramify_lane open;  /* first: a context points here */
    uint32_t    split; /* owner's copy of the word's split */
    _Alignas(RMF_PAIR_BYTES) ramify_fork **slots, **end; /* never written: thieves keep them */
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t word;      /* tail in the low half, split in the high half */
} rmf_lane;

/* What the owner puts aside while it runs something else on top of live forks. */
typedef struct rmf_lane_mark {
    uint64_t      word;
    uint32_t      split;
    ramify_fork **top;
    bool          is_hidden;
} rmf_lane_mark;

/* slots: room for `capacity` pointers, the caller's. The lane starts asked, so that the first fork looks around. */
void rmf_lane_init(rmf_lane *lane, ramify_fork **slots, uint32_t capacity);

static inline uint32_t rmf_lane_position(const rmf_lane *lane, ramify_fork **head)
{
    return (uint32_t)(head - lane->slots);
}

/* Makes the private forks below `head` visible to thieves; seq_cst before the owner's look at who sleeps. False when
 * there were none. */
bool rmf_lane_share_owner(rmf_lane *lane, ramify_fork **head);

/* Brings the fork at `position`, the topmost, back into the private part, with half of what else is shared. False:
 * a thief has it. */
bool rmf_lane_take_back_owner(rmf_lane *lane, uint32_t position);

/* Nothing is shared, the next fork goes to `position`: all forks from there on are joined. */
void rmf_lane_restart_owner(rmf_lane *lane, uint32_t position);

/* Runs something else from position top on: hides what lies below, which the owner cannot tell apart from what was
 * left by joined forks; and back. */
void rmf_lane_hide_owner(rmf_lane *lane, rmf_lane_mark *mark);
void rmf_lane_show_owner(rmf_lane *lane, const rmf_lane_mark *mark);

/* Ends the request of others, so that the fast paths are taken again; seq_cst before the owner's look at who idles. */
void rmf_lane_unask_owner(rmf_lane *lane);

/* Sends the owner's next fork and join into the slow path. Any thread. */
void rmf_lane_ask_any(rmf_lane *lane);

/* The same for a request that has waited for long: an owner that took shared forks back has lost half of it, and if it
 * only joins from then on does not look up. */
void rmf_lane_ask_again_any(rmf_lane *lane);

/* True when somebody looks for work and the owner has not answered yet: the cheap question of whoever can split what it
 * does. Owner or any other thread; a hint, two plain loads. */
static inline bool rmf_lane_is_asked(const rmf_lane *lane)
{
    return rmf_load_relaxed((_Atomic(ramify_fork **) *)&((rmf_lane *)(uintptr_t)lane)->open.limit) == lane->slots;
}

/* Takes the oldest shared forks, up to half of them (rounded up) and `most`. count: out, 0 unless TAKEN. */
rmf_steal rmf_lane_steal_any(rmf_lane *lane, ramify_fork **forks, uint32_t most, uint32_t *count);

/* Shared forks; the sleeper's half of the parking handshake. */
static inline uint32_t rmf_lane_shared_any(const rmf_lane *lane)
{
    /* order: pairs with the seq_cst add in rmf_lane_share_owner */
    uint64_t word = rmf_load_seq_cst(&((rmf_lane *)(uintptr_t)lane)->word);
    uint32_t tail = (uint32_t)word, split = (uint32_t)(word >> 32);
    return split > tail ? split - tail : 0;
}

/* True when it looks as if there were forks that nobody but the owner sees. A guess. */
static inline bool rmf_lane_has_private_any(const rmf_lane *lane)
{
    ramify_fork **top  = rmf_load_relaxed((_Atomic(ramify_fork **) *)&((rmf_lane *)(uintptr_t)lane)->open.top);
    uint64_t      word = rmf_load_relaxed(&lane->word);
    return top > lane->slots + (word >> 32);
}

/* Where the owner's head is; beyond the last slot when forks ran at once for want of room. */
void rmf_lane_set_top_owner(rmf_lane *lane, ramify_fork **head);

/* The owner's count of forks that were joined untaken. */
uint64_t rmf_lane_kept_owner(const rmf_lane *lane);

#endif
