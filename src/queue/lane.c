/* SPDX-License-Identifier: BSD-3-Clause */
/* The slow paths of a lane; the argument for their orders is in lane.h and deque.h. */
#include "lane.h"

static uint64_t pack(uint32_t tail, uint32_t split)
{
    return (uint64_t)split << 32 | tail;
}

static uint32_t tail_of(uint64_t word)
{
    return (uint32_t)word;
}

/* No slot is above: every join takes the slow path. */
static ramify_fork **everywhere(void)
{
    return (ramify_fork **)UINTPTR_MAX; /* NOLINT: compared, never followed */
}

/* The public struct has plain pointers, because C++ has no _Atomic; all access to them is atomic. */
static _Atomic(ramify_fork **) *atomic_of(ramify_fork ***place)
{
    return (_Atomic(ramify_fork **) *)place;
}

/* While forks beyond the last slot are live, which ran at once, every join must look up. */
static void set_split(rmf_lane *lane, uint32_t split)
{
    lane->split = split;
    rmf_store_relaxed(atomic_of(&lane->open.split), lane->open.top > lane->end ? everywhere() : lane->slots + split);
}

void rmf_lane_set_top_owner(rmf_lane *lane, ramify_fork **head)
{
    bool was_over = lane->open.top > lane->end;
    rmf_store_relaxed(atomic_of(&lane->open.top), head);
    if (was_over != (head > lane->end))
        set_split(lane, lane->split);
}

void rmf_lane_init(rmf_lane *lane, ramify_fork **slots, uint32_t capacity)
{
    *lane          = (rmf_lane){ .slots = slots, .end = slots + capacity };
    lane->open.top = slots;
    rmf_store_relaxed(&lane->word, 0);
    set_split(lane, 0);
    rmf_lane_ask_any(lane);
}

bool rmf_lane_share_owner(rmf_lane *lane, ramify_fork **head)
{
    uint32_t position = rmf_lane_position(lane, head);
    if (position <= lane->split)
        return false;
    uint32_t more = position - lane->split;
    set_split(lane, position);
    /* order: publishes slots and forks to the claim in rmf_lane_steal_any (release), and comes before the owner's look
     * at the sleepers (seq_cst; pairs with rmf_lane_shared_any) */
    rmf_add_seq_cst(&lane->word, (uint64_t)more << 32);
    return true;
}

bool rmf_lane_take_back_owner(rmf_lane *lane, uint32_t position)
{
    uint64_t word = rmf_load_relaxed(&lane->word);
    uint32_t tail, split;
    do {
        tail = tail_of(word);
        if (tail > position)
            return false;
        split = tail + (position - tail) / 2; /* thieves keep the older half */
        /* order: relaxed; the owner wrote the slots itself */
    } while (!rmf_cas_relaxed(&lane->word, &word, pack(tail, split)));
    set_split(lane, split);
    return true;
}

void rmf_lane_restart_owner(rmf_lane *lane, uint32_t position)
{
    set_split(lane, position);
    /* order: nothing is shared, so no claim can succeed on the word, and what is read is what it stays; a swap keeps its
     * release sequence whole */
    if (rmf_load_relaxed(&lane->word) != pack(position, position))
        (void)rmf_swap_acq_rel(&lane->word, pack(position, position));
}

void rmf_lane_hide_owner(rmf_lane *lane, rmf_lane_mark *mark)
{
    mark->top       = lane->open.top;
    mark->split     = lane->split;
    uint32_t top    = rmf_lane_position(lane, mark->top);
    mark->is_hidden = top != lane->split || rmf_load_relaxed(&lane->word) != pack(top, top);
    if (!mark->is_hidden)
        return;
    set_split(lane, top);
    /* order: as in rmf_lane_restart_owner; the value tells what thieves had taken until now */
    mark->word = rmf_swap_acq_rel(&lane->word, pack(top, top));
}

void rmf_lane_show_owner(rmf_lane *lane, const rmf_lane_mark *mark)
{
    rmf_lane_set_top_owner(lane, mark->top);
    if (!mark->is_hidden)
        return;
    set_split(lane, mark->split);
    /* order: shows the older forks again (release); pairs with the claim in rmf_lane_steal_any */
    (void)rmf_swap_seq_cst(&lane->word, mark->word);
}

void rmf_lane_unask_owner(rmf_lane *lane)
{
    set_split(lane, lane->split);
    /* order: before the owner's look at who idles, so that a request made after that look stays; pairs with
     * rmf_lane_ask_any */
    rmf_store_seq_cst(atomic_of(&lane->open.limit), lane->end);
}

void rmf_lane_ask_any(rmf_lane *lane)
{
    /* order: after the asking worker announced that it idles; pairs with rmf_lane_unask_owner */
    if (rmf_load_seq_cst(atomic_of(&lane->open.limit)) != lane->slots)
        rmf_lane_ask_again_any(lane);
}

void rmf_lane_ask_again_any(rmf_lane *lane)
{
    if (rmf_lane_is_asked(lane) && rmf_load_relaxed(atomic_of(&lane->open.split)) == everywhere())
        return;
    rmf_store_relaxed(atomic_of(&lane->open.split), everywhere());
    /* order: as above */
    rmf_store_seq_cst(atomic_of(&lane->open.limit), lane->slots);
}

rmf_steal rmf_lane_steal_any(rmf_lane *lane, ramify_fork **forks, uint32_t most, uint32_t *count)
{
    uint64_t word = rmf_load_relaxed(&lane->word);
    uint32_t tail = tail_of(word), split = (uint32_t)(word >> 32);
    *count        = 0;
    if (split <= tail)
        return RMF_STEAL_EMPTY;
    uint32_t n = (split - tail + 1) / 2;
    n          = n < most ? n : most;
    /* order: acquires slots and forks; pairs with the share (all changes of the word are read-modify-writes, so any
     * value read belongs to the release sequence of the share that published these slots) */
    if (!rmf_cas_acquire(&lane->word, &word, pack(tail + n, split)))
        return RMF_STEAL_LOST;
    for (uint32_t i = 0; i < n; i++)
        forks[i] = lane->slots[tail + i];
    *count = n;
    return RMF_STEAL_TAKEN;
}

uint64_t rmf_lane_kept_owner(const rmf_lane *lane)
{
    uint64_t kept = 0;
    for (int i = 0; i < 8; i++)
        kept += lane->open.kept[i];
    return kept;
}
