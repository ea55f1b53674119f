/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking, queueing and passing; the argument is in baton.h. */
#include "baton.h"

static const uintptr_t FREE = 0, TAKEN = 1;

void rmf_baton_init(rmf_baton *baton)
{
    rmf_store_relaxed(&baton->word, FREE);
    baton->queue = NULL;
    rmf_store_relaxed(&baton->uses, 0);
}

/* True: taken. False: the bearer is on the stack, and another thread may already run it. */
static bool take_or_queue(rmf_baton *baton, rmf_bearer *bearer)
{
    uintptr_t word = rmf_load_relaxed(&baton->word);
    for (;;) {
        if (word == FREE) {
            /* order: acquires what the last one did with it; pairs with the release in rmf_baton_pass() */
            if (rmf_cas_acquire(&baton->word, &word, TAKEN))
                return true;
            continue;
        }
        bearer->next = word == TAKEN ? NULL : (rmf_bearer *)word;
        /* order: releases the bearer to whoever takes the stack; pairs with the swap in take_stack() */
        if (rmf_cas_acq_rel(&baton->word, &word, (uintptr_t)bearer))
            return false;
    }
}

bool rmf_bearer_take(rmf_bearer *bearer)
{
    while (bearer->held < bearer->count) {
        if (!take_or_queue(bearer->batons[bearer->held], bearer))
            return false;
        bearer->held++;
    }
    return true;
}

/* Moves the stack into the queue, oldest first. False: there was none, and the baton is free now. */
static bool take_stack(rmf_baton *baton)
{
    uintptr_t word = TAKEN;
    /* order: releases what was done with the baton; pairs with the acquire in take_or_queue() */
    if (rmf_cas_acq_rel(&baton->word, &word, FREE))
        return false;
    /* order: acquires the bearers; pairs with the release in take_or_queue() */
    word = rmf_swap_acq_rel(&baton->word, TAKEN);
    for (rmf_bearer *b = (rmf_bearer *)word, *below; b; b = below) {
        below        = b->next;
        b->next      = baton->queue;
        baton->queue = b;
    }
    return true;
}

rmf_bearer *rmf_baton_pass(rmf_baton *baton)
{
    if (!baton->queue && !take_stack(baton))
        return NULL;
    rmf_bearer *first = baton->queue;
    baton->queue      = first->next;
    first->held++;
    return first;
}

bool rmf_bearer_add(rmf_bearer *bearer, rmf_baton *baton)
{
    uint32_t at = bearer->count;
    for (uint32_t i = 0; i < bearer->count; i++)
        if (bearer->batons[i] == baton)
            return false;
    for (; at > 0 && (uintptr_t)bearer->batons[at - 1] > (uintptr_t)baton; at--)
        bearer->batons[at] = bearer->batons[at - 1];
    bearer->batons[at] = baton;
    bearer->count++;
    return true;
}
