/* SPDX-License-Identifier: BSD-3-Clause */
/* Masks of threads against leaves of a tree. */
#include "seats.h"

#include "mask.h"
#include "text.h"

#include <stdlib.h>

enum { WORDS = RMF_BITS_MAX_WORDS };

void rmf_seat_show(rmf_seat *seat)
{
    (void)rmf_mask_read(seat->mask);
}

ramify_status rmf_seats_cpus(const rmf_seat *seats, uint32_t count, char **cpus)
{
    uint64_t all[WORDS] = { 0 };
    for (uint32_t i = 0; i < count; i++)
        rmf_bits_or(all, seats[i].mask, WORDS);
    *cpus = NULL;
    if (rmf_bits_is_empty(all, WORDS))
        return RAMIFY_OK;
    rmf_text text = { 0 };
    rmf_text_add_bits(&text, all, WORDS);
    *cpus = text.bytes;
    return text.failed ? RAMIFY_ERR_NO_MEMORY : RAMIFY_OK;
}

/* How well a leaf suits a mask: 2 it lies within, 1 they touch, 0 neither. */
static int fit(const ramify_domain *leaf, const uint64_t *mask)
{
    uint64_t cpus[WORDS];
    rmf_bits_clip(cpus, WORDS, leaf->cpus);
    if (rmf_bits_is_subset(cpus, mask, WORDS))
        return 2;
    return rmf_bits_intersects(cpus, mask, WORDS);
}

/* The best free leaf, the first of equals. */
static uint32_t best_leaf(const ramify_tree *tree, const bool *used, const uint64_t *mask, int *best)
{
    uint32_t found = RAMIFY_NONE;
    *best          = -1;
    for (uint32_t leaf = 0; leaf < ramify_tree_leaf_count(tree) && *best < 2; leaf++) {
        int fits = used[leaf] ? -1 : fit(ramify_tree_leaf(tree, leaf), mask);
        if (fits > *best) {
            *best = fits;
            found = leaf;
        }
    }
    return found;
}

static void take_leaf(rmf_seat *seat, uint32_t number, const ramify_tree *tree, bool *used, const rmf_log *log)
{
    int fits;
    seat->worker       = best_leaf(tree, used, seat->mask, &fits);
    used[seat->worker] = true;
    if (fits == 0 && !rmf_bits_is_empty(seat->mask, WORDS)) {
        char list[80];
        rmf_log_line(log, RAMIFY_LOG_WARNING,
                     "thread %u of the team is bound to CPUs %s and works as leaf %u elsewhere", number,
                     rmf_bits_list(seat->mask, WORDS, list, sizeof list), seat->worker);
    }
}

void rmf_seats_take(rmf_seat *seats, uint32_t count, const ramify_tree *tree, bool no_bind, const rmf_log *log)
{
    bool     used[4096] = { false }; /* the most leaves a tree may have */
    uint32_t next       = 0;
    for (uint32_t size = 0; next != RAMIFY_NONE; size = next) { /* masks by number of CPUs, ascending */
        next = RAMIFY_NONE;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t cpus = rmf_bits_count(seats[i].mask, WORDS);
            if (cpus == size)
                take_leaf(&seats[i], i, tree, used, log);
            else if (cpus > size && cpus < next)
                next = cpus;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        int fits        = fit(ramify_tree_leaf(tree, seats[i].worker), seats[i].mask);
        seats[i].narrow = !no_bind && fits == 2;
        rmf_bits_copy(seats[i].shown, seats[i].mask, WORDS);
    }
}

bool rmf_seats_unchanged(const rmf_seat *seats, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!rmf_bits_is_equal(seats[i].mask, seats[i].shown, WORDS))
            return false;
    return true;
}

void rmf_seat_bind(rmf_seat *seat, const ramify_tree *tree)
{
    uint64_t cpus[WORDS];
    rmf_bits_clip(cpus, WORDS, ramify_tree_leaf(tree, seat->worker)->cpus);
    seat->bound = seat->narrow && !rmf_bits_is_equal(cpus, seat->mask, WORDS) && rmf_mask_set(cpus);
}

void rmf_seat_unbind(rmf_seat *seat)
{
    if (seat->bound)
        (void)rmf_mask_set(
            seat->mask); /* what the thread had a moment ago is allowed, or the kernel has moved it already */
    seat->bound = false;
}
