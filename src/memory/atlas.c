/* SPDX-License-Identifier: BSD-3-Clause */
/* Searching and rewriting the atlas; atlas.h has the argument. */
#include "atlas.h"

#include <stdlib.h>

/* A shelf's words: entries from the front, two words each (start, answer), cycles from the back, a word of shift and
 * count before the domains. An answer is a domain, or with CYCLE the place of its cycle. */
#define CYCLE ((uint64_t)1 << 32)

struct rmf_shelf {
    _Atomic uint64_t version; /* odd while the writer fills it */
    _Atomic uint64_t entries; /* never more than fit */
    uint64_t         words;   /* set once */
    rmf_shelf       *next;    /* writer only: the list of retired ones */
    _Atomic uint64_t word[];
};

/* A page's domain in the cycle at `place`. Whatever is read while the writer is at work stays within the shelf; the
 * version tells afterwards that it was worthless. */
static uint32_t find_in_cycle(const rmf_shelf *s, uint64_t place, uintptr_t address)
{
    if (place >= s->words)
        return RAMIFY_NONE;
    /* order: acquire pairs with the release in put, so a word of a later filling brings its version along */
    uint64_t head  = rmf_load_acquire(&s->word[place]);
    uint64_t count = head & UINT32_MAX, shift = head >> 32;
    if (!count || count > s->words - place - 1 || shift > 63)
        return RAMIFY_NONE;
    /* order: as above */
    return (uint32_t)rmf_load_acquire(&s->word[place + 1 + ((uint64_t)address >> shift) % count]);
}

/* Last entry that starts at or before the address; the loop has no branch but its end, which depends on the number of
 * entries alone. */
static uint32_t find_on(const rmf_shelf *s, uintptr_t address)
{
    /* order: acquire pairs with the release in rmf_atlas_publish and put, so that a late count brings its version */
    uint64_t left = rmf_load_acquire(&s->entries), low = 0;
    if (!left)
        return RAMIFY_NONE;
    while (left > 1) {
        uint64_t half = left / 2;
        /* order: acquire pairs with the release in put */
        low = rmf_load_acquire(&s->word[RMF_ATLAS_ENTRY_WORDS * (low + half)]) <= address ? low + half : low;
        left -= half;
    }
    /* order: acquire pairs with the release in put */
    if (rmf_load_acquire(&s->word[RMF_ATLAS_ENTRY_WORDS * low]) > address)
        return RAMIFY_NONE;
    /* order: acquire pairs with the release in put */
    uint64_t answer = rmf_load_acquire(&s->word[RMF_ATLAS_ENTRY_WORDS * low + 1]);
    return answer & CYCLE ? find_in_cycle(s, answer & UINT32_MAX, address) : (uint32_t)answer;
}

uint32_t rmf_atlas_find(const rmf_atlas *atlas, uintptr_t address)
{
    for (;;) {
        /* order: acquire pairs with the release in rmf_atlas_publish: the shelf's size is seen */
        const rmf_shelf *s = rmf_load_acquire(&atlas->current);
        if (!s)
            return RAMIFY_NONE;
        /* order: acquire pairs with the release of the version in rmf_atlas_publish: the filling is seen */
        uint64_t version = rmf_load_acquire(&s->version);
        uint32_t domain  = find_on(s, address);
        /* order: relaxed suffices: a word read from a later filling was released after that filling's odd version, and
         * the acquire that read it keeps this load behind */
        if (!(version & 1) && rmf_load_relaxed(&s->version) == version)
            return domain;
        rmf_relax();
    }
}

static rmf_shelf *make_shelf(uint64_t words)
{
    rmf_shelf *s = calloc(1, sizeof *s + words * sizeof s->word[0]);
    if (s)
        s->words = words;
    return s;
}

static void retire(rmf_atlas *atlas, rmf_shelf *shelf)
{
    if (!shelf)
        return;
    shelf->next    = atlas->retired;
    atlas->retired = shelf;
}

/* Makes the new current shelf say what the old one said, so that a reserve alone changes no answer. */
static void copy_shelf(rmf_shelf *to, const rmf_shelf *from)
{
    uint64_t entries = rmf_load_relaxed(&from->entries), shift = to->words - from->words;
    for (uint64_t i = 0; i < from->words; i++) {
        uint64_t word      = rmf_load_relaxed(&from->word[i]);
        bool     is_answer = i < RMF_ATLAS_ENTRY_WORDS * entries && i % RMF_ATLAS_ENTRY_WORDS == 1;
        if (i < RMF_ATLAS_ENTRY_WORDS * entries)
            rmf_store_relaxed(&to->word[i], is_answer && word & CYCLE ? word + shift : word);
        else
            rmf_store_relaxed(&to->word[i + shift], word);
    }
    rmf_store_relaxed(&to->entries, entries);
}

ramify_status rmf_atlas_reserve(rmf_atlas *atlas, uint64_t words)
{
    rmf_shelf *old = rmf_load_relaxed(&atlas->current);
    if (old && old->words >= words)
        return RAMIFY_OK;
    /* 64 words to begin with: a page of them holds the regions of most programs. */
    uint64_t size = old ? old->words : 64;
    while (size < words)
        size *= 2;
    if (size > UINT32_MAX) /* an answer has 32 bits for the place of a cycle */
        return RAMIFY_ERR_NO_MEMORY;
    rmf_shelf *first = make_shelf(size), *second = make_shelf(size);
    if (!first || !second) {
        free(first);
        free(second);
        return RAMIFY_ERR_NO_MEMORY;
    }
    if (old)
        copy_shelf(first, old);
    /* order: release pairs with the acquire in rmf_atlas_find: the copy is seen */
    rmf_store_release(&atlas->current, first);
    retire(atlas, old);
    retire(atlas, atlas->spare);
    atlas->spare = second;
    return RAMIFY_OK;
}

static void put(rmf_shelf *s, uint64_t at, uint64_t word)
{
    /* order: release pairs with the acquires of find_on: who reads this word sees that the version is odd or later */
    rmf_store_release(&s->word[at], word);
}

void rmf_atlas_begin(rmf_atlas *atlas)
{
    rmf_shelf *s = atlas->spare;
    /* order: relaxed: each word stored below is a release, so no reader sees a word without this */
    rmf_store_relaxed(&s->version, rmf_load_relaxed(&s->version) + 1);
    atlas->low  = 0;
    atlas->high = s->words;
}

void rmf_atlas_add(rmf_atlas *atlas, uintptr_t start, uint32_t domain)
{
    put(atlas->spare, atlas->low, start);
    put(atlas->spare, atlas->low + 1, domain);
    atlas->low += RMF_ATLAS_ENTRY_WORDS;
}

void rmf_atlas_add_cycle(rmf_atlas *atlas, uintptr_t start, uint32_t shift, const uint32_t *domains, uint32_t count)
{
    atlas->high -= count + RMF_ATLAS_CYCLE_WORDS;
    put(atlas->spare, atlas->high, (uint64_t)shift << 32 | count);
    for (uint32_t i = 0; i < count; i++)
        put(atlas->spare, atlas->high + RMF_ATLAS_CYCLE_WORDS + i, domains[i]);
    put(atlas->spare, atlas->low, start);
    put(atlas->spare, atlas->low + 1, CYCLE | atlas->high);
    atlas->low += RMF_ATLAS_ENTRY_WORDS;
}

void rmf_atlas_publish(rmf_atlas *atlas)
{
    rmf_shelf *filled = atlas->spare, *before = rmf_load_relaxed(&atlas->current);
    /* order: release pairs with the acquire in find_on */
    rmf_store_release(&filled->entries, atlas->low / RMF_ATLAS_ENTRY_WORDS);
    /* order: release pairs with the acquire of the version in rmf_atlas_find */
    rmf_store_release(&filled->version, rmf_load_relaxed(&filled->version) + 1);
    /* order: release pairs with the acquire of current in rmf_atlas_find */
    rmf_store_release(&atlas->current, filled);
    atlas->spare = before;
}

void rmf_atlas_drop(rmf_atlas *atlas)
{
    retire(atlas, rmf_load_relaxed(&atlas->current));
    retire(atlas, atlas->spare);
    while (atlas->retired) {
        rmf_shelf *next = atlas->retired->next;
        free(atlas->retired);
        atlas->retired = next;
    }
    rmf_store_relaxed(&atlas->current, NULL);
    atlas->spare = NULL;
}
