/* SPDX-License-Identifier: BSD-3-Clause */
/* affinity: a key goes back to where it was before; a new key goes to the less loaded of two and is remembered.
 * affinity(n) remembers n keys per branch, 4096 by default. Without a key, a worker keeps its own task, and one from
 * elsewhere goes to the less loaded of two.
 *
 * The table is bounded, so keys may be forgotten (the next task of that key chooses anew) but never confused: a slot is
 * one word that holds the key's every bit beside its candidate. That works because the key is first mixed one-to-one:
 * the low bits are the number of its set and need not be stored, and there are at least as many of them as the
 * candidate and the mark take up. A word changes by one compare-and-swap, so there is nothing to tear and nothing to
 * wait for. */
#include "rules.h"

#include "arguments.h"
#include "homes.h"
#include "least_loaded.h"

/* Eight ways of 8 bytes are one cache line. 4096 keys: 32 KiB, what a first-level cache holds. 2^20 keys: 8 MiB per
 * branch; who has more keys has no use for a table (hash needs none). New keys: two looks, as in load-aware. */
enum { WAYS = RMF_LINE_BYTES / 8, KEYS_DEFAULT = 4096, KEYS_LEAST = 64, KEYS_MOST = 1 << 20, LOOKS = 2 };

typedef struct affinity {
    uint32_t          value_bits; /* of a word: candidate + 1, 0 while empty; above it the mark, then the tag */
    uint32_t          set_bits;   /* of the mixed key: the set; the rest is the tag */
    rmf_homes         homes;
    rmf_capacities    capacities;
    _Atomic uint64_t *slots; /* [set][way], aligned to a line; the only thing picks write */
} affinity;

static ramify_status affinity_keys(const char *argument, uint32_t *keys, ramify_diagnosis *diagnosis)
{
    return rmf_arguments_one_whole(argument, "affinity", KEYS_LEAST, KEYS_MOST, keys, diagnosis);
}

static ramify_status affinity_check(const char *argument, ramify_diagnosis *diagnosis)
{
    uint32_t keys;
    return affinity_keys(argument, &keys, diagnosis);
}

static void affinity_destroy(void *state)
{
    affinity *rule = state;
    free(rule->homes.candidate);
    free(rule->capacities.inverse);
    free(rule->slots);
    free(rule);
}

/* Rounds the number of keys up to a power of two of sets, and to what the whole key needs. */
static void size_table(affinity *rule, uint32_t candidates, uint32_t keys)
{
    rule->value_bits = 32 - (uint32_t)__builtin_clz(candidates);
    rule->set_bits   = rule->value_bits + 1;
    while ((uint64_t)WAYS << rule->set_bits < keys)
        rule->set_bits++;
}

static ramify_status affinity_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                     ramify_diagnosis *diagnosis)
{
    (void)seed;
    uint32_t      keys   = KEYS_DEFAULT;
    ramify_status status = affinity_keys(argument, &keys, diagnosis);
    if (status)
        return status;
    affinity *rule = rmf_state_new(sizeof *rule);
    if (!rule)
        return RAMIFY_ERR_NO_MEMORY;
    size_table(rule, branch->count, keys);
    rule->slots         = rmf_state_new((sizeof *rule->slots * WAYS) << rule->set_bits);
    uint32_t *candidate = malloc(rmf_homes_leaves(branch) * sizeof *candidate);
    double   *inverse   = malloc(branch->count * sizeof *inverse);
    if (!rule->slots || !candidate || !inverse) {
        free(candidate);
        free(inverse);
        affinity_destroy(rule);
        return RAMIFY_ERR_NO_MEMORY;
    }
    rmf_homes_fill(&rule->homes, branch, candidate);
    rmf_capacities_fill(&rule->capacities, branch, inverse);
    *state = rule;
    return RAMIFY_OK;
}

/* What one pass over a key's set found. */
typedef struct found {
    uint32_t candidate; /* RAMIFY_PICK_STAY: not there */
    uint32_t victim;    /* then: the way to use instead, */
    uint64_t word;      /* and what it held */
} found;

/* The set was full of marked words: all lose their mark, and one of them its place. Marks lost to others' changes
 * meanwhile only make the choice of victims less good. */
static void clear_marks(_Atomic uint64_t *set, uint64_t mark)
{
    for (uint32_t way = 0; way < WAYS; way++) {
        uint64_t word = rmf_load_relaxed(&set[way]);
        /* order: none needed with look_up: a word is complete in itself, no other memory is published with it */
        rmf_cas_relaxed(&set[way], &word, word & ~mark);
    }
}

/* Looks for the tag, reading each way once. Otherwise the victim is the first empty way, so that two threads with one
 * new key meet at the same word; or else an unmarked one, from `start` round. */
static found look_up(const affinity *rule, _Atomic uint64_t *set, uint64_t tag, uint32_t start)
{
    uint64_t mark = (uint64_t)1 << rule->value_bits;
    found    f    = { RAMIFY_PICK_STAY, WAYS, 0 };
    uint64_t words[WAYS];
    for (uint32_t way = 0; way < WAYS; way++) {
        /* order: none needed with pick_keyed: a word is complete in itself */
        uint64_t word = words[way] = rmf_load_relaxed(&set[way]);
        if (word == 0) {
            f.victim = way; /* ways fill from the first on and never empty: the tag is not behind */
            return f;
        }
        if (word >> (rule->value_bits + 1) == tag) {
            f.candidate = (uint32_t)(word & (mark - 1)) - 1;
            if (!(word & mark)) {
                /* order: none needed with clear_marks: a mark says only "used again", and losing one is harmless */
                rmf_cas_relaxed(&set[way], &word, word | mark);
            }
            return f;
        }
    }
    for (uint32_t i = 0; i < WAYS && f.victim == WAYS; i++)
        if (!(words[(start + i) % WAYS] & mark))
            f.victim = (start + i) % WAYS;
    if (f.victim == WAYS) {
        clear_marks(set, mark);
        f.victim        = start;
        words[f.victim] = words[f.victim] & ~mark;
    }
    f.word = words[f.victim];
    return f;
}

static uint32_t pick_keyed(affinity *rule, const ramify_branch *branch, const ramify_pick *pick)
{
    uint64_t          mixed = rmf_mix64(pick->hint->key), tag = mixed >> rule->set_bits;
    _Atomic uint64_t *set = &rule->slots[(mixed & (((uint64_t)1 << rule->set_bits) - 1)) * WAYS];

    found f = look_up(rule, set, tag, 0);
    if (f.candidate != RAMIFY_PICK_STAY)
        return f.candidate;
    uint32_t start     = (uint32_t)ramify_random(pick->random) % WAYS;
    uint32_t candidate = rmf_least_loaded(&rule->capacities, branch, pick, LOOKS);
    uint64_t word      = tag << (rule->value_bits + 1) | (candidate + 1);
    /* As many tries as others can fill ways at the same time; whoever loses them all has an unremembered key. */
    for (uint32_t tries = 0; tries < WAYS; tries++) {
        f = look_up(rule, set, tag, start);
        if (f.candidate != RAMIFY_PICK_STAY)
            return f.candidate;
        /* order: none needed with look_up: a word is complete in itself, no other memory is published with it */
        if (rmf_cas_relaxed(&set[f.victim], &f.word, word))
            break;
    }
    return candidate;
}

static uint32_t affinity_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    affinity *rule = state;
    if (pick->hint->has_key)
        return pick_keyed(rule, branch, pick);
    uint32_t own = rmf_homes_of(&rule->homes, pick->from_leaf);
    return own != RAMIFY_PICK_STAY ? own : rmf_least_loaded(&rule->capacities, branch, pick, LOOKS);
}

const rmf_rule rmf_rule_affinity = {
    .ops   = { "affinity", "a key returns to where it was; new ones to the less loaded of two", affinity_create,
               affinity_pick, affinity_destroy },
    .check = affinity_check,
};
