/* SPDX-License-Identifier: BSD-3-Clause */
/* Lookups from several threads while regions come, go and grow in number: what is always there is always found, what
 * comes and goes is found right or not at all, and nobody waits. */
#include "check.h"
#include "atlas.h"

#include <pthread.h>
#include <stdio.h>

enum {
    READERS  = 3,
    ROUNDS   = 20000, /* rewrites; each reader makes some hundred lookups meanwhile */
    ENTRIES  = 400,   /* grows beyond the first three sizes of shelf */
    STEP     = 0x1000,
    BASE     = 0x100000,
    FIXED    = ENTRIES / 2, /* this entry is in every edition */
    CYCLE_AT = BASE + (ENTRIES + 1) * STEP,
    CYCLE    = 5,
};

typedef struct reader {
    const rmf_atlas *atlas;
    _Atomic bool    *stop;
    uint64_t         lookups, wrong;
    uint32_t         seed;
} reader;

/* Entry i, when it is there, answers i; the cycle of every second edition answers 1000 + turn. */
static bool is_right(uintptr_t at, uint32_t answer)
{
    if (at >= CYCLE_AT)
        return answer == RAMIFY_NONE || answer == 1000 + (at >> 12) % CYCLE;
    uint32_t i = (uint32_t)((at - BASE) / STEP);
    return answer == i || (i != FIXED && answer == RAMIFY_NONE);
}

static void *look(void *self)
{
    reader *r = self;
    /* order: relaxed: the flag orders nothing, the join does */
    while (!rmf_load_relaxed(r->stop)) {
        r->seed        = r->seed * 1664525u + 1013904223u;
        uint32_t pick  = (r->seed >> 8) % (ENTRIES + 20);
        uintptr_t at   = pick % 7 == 0 ? BASE + FIXED * STEP + pick : BASE + (uintptr_t)pick * STEP + pick;
        at             = pick > ENTRIES ? CYCLE_AT + (uintptr_t)pick * STEP : at;
        uint32_t found = rmf_atlas_find(r->atlas, at);
        r->wrong += !is_right(at, found);
        r->lookups++;
    }
    return NULL;
}

/* Edition n: every entry with a bit set in a hash of n and its number, the fixed one, and maybe the cycle. */
static void write_edition(rmf_atlas *atlas, uint32_t n)
{
    static const uint32_t domains[CYCLE] = { 1000, 1001, 1002, 1003, 1004 };
    uint32_t              entries        = n < ENTRIES ? n : ENTRIES;
    entries                              = entries > FIXED ? entries : FIXED + 1;
    rmf_atlas_begin(atlas);
    for (uint32_t i = 0; i < entries; i++)
        if (i == FIXED || ((n * 2654435761u) >> (i % 31) & 1))
            rmf_atlas_add(atlas, BASE + (uintptr_t)i * STEP, i);
        else
            rmf_atlas_add(atlas, BASE + (uintptr_t)i * STEP, RAMIFY_NONE);
    rmf_atlas_add(atlas, BASE + (uintptr_t)entries * STEP, RAMIFY_NONE);
    if (n % 2)
        rmf_atlas_add_cycle(atlas, CYCLE_AT, 12, domains, CYCLE);
    rmf_atlas_publish(atlas);
}

static void readers_see_whole_editions(void **state)
{
    (void)state;
    rmf_atlas atlas = { .current = NULL };
    _Atomic bool stop  = false;
    pthread_t    threads[READERS];
    reader       readers[READERS];
    assert_int_equal(rmf_atlas_reserve(&atlas, 2 * (FIXED + 2) + 2 + 1 + CYCLE), RAMIFY_OK);
    write_edition(&atlas, 0);
    for (uint32_t i = 0; i < READERS; i++) {
        readers[i] = (reader){ &atlas, &stop, 0, 0, i + 1 };
        assert_int_equal(pthread_create(&threads[i], NULL, look, &readers[i]), 0);
    }
    for (uint32_t n = 1; n < ROUNDS; n++) {
        uint32_t entries = n < ENTRIES ? n : ENTRIES;
        assert_int_equal(rmf_atlas_reserve(&atlas, 2 * (entries + FIXED + 4) + 1 + CYCLE), RAMIFY_OK);
        write_edition(&atlas, n);
    }
    rmf_store_relaxed(&stop, true);
    uint64_t lookups = 0;
    for (uint32_t i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readers[i].wrong, 0);
        assert_true(readers[i].lookups > 0);
        lookups += readers[i].lookups;
    }
    printf("%llu lookups beside %d rewrites\n", (unsigned long long)lookups, ROUNDS);
    rmf_atlas_drop(&atlas);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(readers_see_whole_editions) };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
