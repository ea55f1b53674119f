/* SPDX-License-Identifier: BSD-3-Clause */
/* Lookups beside rewrites of the atlas, in every order with a bounded number of preemptions: a reader gets the answer of
 * a whole edition that was current during its lookup, never a mixture, and never memory that was given back.
 *
 * Three editions answer three addresses in ways that share no answer, with a cycle in one of them; the second rewrite
 * uses again the shelf a late reader may still be on, and the third grows, so that both shelves are retired. Compiled
 * with EXPLORE_MUTANT against sources with a fault put in, it must find the fault. */
#include "atlas.h"
#include "explore_main.h"

#include "check.h"

enum { EDITIONS = 4, BASE = 0x10000, STEP = 0x1000, LOOKS = 2 };

static rmf_atlas atlas;
static uint32_t  written; /* editions whose publication has ended */
static bool      begun[EDITIONS];

/* What edition e says of the i-th address: 10 e + i; edition 2 by a cycle. */
static void write_edition(uint32_t e)
{
    static const uint32_t turns[] = { 20, 21 };
    begun[e]                      = true;
    if (rmf_atlas_reserve(&atlas, e == 3 ? 65 : 16))
        explore_fail("no memory for a shelf");
    rmf_atlas_begin(&atlas);
    if (e == 2)
        rmf_atlas_add_cycle(&atlas, BASE, 12, turns, 2);
    for (uint32_t i = 0; e != 2 && i < 2; i++)
        rmf_atlas_add(&atlas, BASE + (uintptr_t)i * STEP, 10 * e + i);
    rmf_atlas_add(&atlas, BASE + 2 * STEP, RAMIFY_NONE);
    rmf_atlas_publish(&atlas);
    written = e;
}

static void setup(void)
{
    atlas = (rmf_atlas){ .current = NULL };
    for (uint32_t e = 0; e < EDITIONS; e++)
        begun[e] = false;
    write_edition(0);
}

static void look_at(uint32_t i)
{
    uint32_t oldest = written;
    uint32_t answer = rmf_atlas_find(&atlas, BASE + (uintptr_t)i * STEP + 5);
    uint32_t e      = answer / 10;
    if (answer % 10 != i || e >= EDITIONS || !begun[e])
        explore_fail("a lookup got an answer that no edition has");
    if (e < oldest)
        explore_fail("a lookup got an answer older than its beginning");
}

static void reader(void)
{
    for (uint32_t look = 0; look < LOOKS; look++)
        look_at(1 - look % 2);
    if (rmf_atlas_find(&atlas, BASE + 2 * STEP) != RAMIFY_NONE)
        explore_fail("an address behind all regions was found in one");
}

static void writer(void)
{
    for (uint32_t e = 1; e < EDITIONS; e++)
        write_edition(e);
}

static const char *check(void)
{
    return written == EDITIONS - 1 ? NULL : "the writer did not end";
}

static void drop(void)
{
    rmf_atlas_drop(&atlas);
}

static const explore_case cases[] = {
    { "atlas: a reader beside a writer", 2, 3, 1000, setup, { writer, reader }, check, drop, 20000 },
    { "atlas: two readers beside a writer", 3, 1, 1000, setup, { writer, reader, reader }, check, drop, 20000 },
};

int main(void)
{
    return explore_main(cases, sizeof cases / sizeof cases[0]);
}
