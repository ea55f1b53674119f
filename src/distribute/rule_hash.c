/* SPDX-License-Identifier: BSD-3-Clause */
/* hash: a key always goes to the same candidate, in every thread, run and process; tasks without a key take turns.
 *
 * A key falls into one of 65536 slots, and a slot belongs to the candidate with the highest score(slot, candidate)
 * (rendezvous hashing; Thaler, Ravishankar, IEEE/ACM ToN 6, 1998). A score depends on nothing but the two, so when a
 * candidate goes, its own slots find a new owner and no other slot moves, whichever candidate it was; jump hashing and
 * plain tables have that only at the end. For that the candidates' identities are the operating system's numbers, not
 * their place in the tree, and the seed plays no part.
 *
 * Few candidates are scored at every pick; for many the owners of all slots are worked out once. */
#include "rules.h"

#include "arguments.h"
#include "log.h"

/* SLOT_BITS: with 2^16 slots the share of one of n candidates varies by sqrt(n / 65536) (3 % at 64), as much as 65536
 * distinct keys would by chance anyway. SCORED_MOST: eight scores take about the time of one look into a 128 KiB
 * table that has left the first-level cache. */
enum { SLOT_BITS = 16, SLOTS = 1 << SLOT_BITS, SCORED_MOST = 8 };

typedef struct hash_rule {
    _Atomic uint64_t tickets; /* tasks without a key */
    char             pad[RMF_PAIR_BYTES - sizeof(uint64_t)];
    uint16_t        *owners;     /* [slot], NULL with few candidates; read only from here on */
    uint32_t         identity[]; /* [candidate], mixed */
} hash_rule;

/* Mixes 32 bits one-to-one (the finaliser of MurmurHash3; A. Appleby, 2011). */
static uint32_t mix32(uint32_t x)
{
    x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
    x = (x ^ (x >> 13)) * 0xC2B2AE35u;
    return x ^ (x >> 16);
}

static uint32_t slot_word(uint32_t slot)
{
    return (uint32_t)rmf_mix64(slot + 1);
}

static uint32_t lowest_cpu(const ramify_domain *domain)
{
    for (uint32_t i = 0; i < domain->cpus.word_count; i++)
        if (domain->cpus.words[i])
            return i * 64 + (uint32_t)__builtin_ctzll(domain->cpus.words[i]);
    return domain->first_leaf;
}

/* A number that stays the same while other domains come and go. Leaves: the first PU, which no two share. Packages and
 * NUMA nodes above leaves: their own number, which outlives the loss of their first PU; numbers of dies, caches and
 * cores are not unique over a machine, so those too go by the first PU. */
static uint32_t stable_number(const ramify_domain *domain, bool all_leaves)
{
    bool numbered = domain->level == RAMIFY_LEVEL_PACKAGE || domain->level == RAMIFY_LEVEL_NUMA;
    if (!all_leaves && numbered && domain->os_index != RAMIFY_NONE)
        return domain->level << 24 | (domain->os_index & 0xFFFFFF);
    return lowest_cpu(domain);
}

static void fill_identities(hash_rule *rule, const ramify_branch *branch)
{
    const ramify_domain *domains    = ramify_tree_domains(branch->tree, NULL);
    bool                 all_leaves = true;
    for (uint32_t i = 0; i < branch->count; i++)
        all_leaves = all_leaves && domains[branch->domains[i]].child_count == 0;
    for (uint32_t i = 0; i < branch->count; i++)
        rule->identity[i] = mix32(stable_number(&domains[branch->domains[i]], all_leaves));
}

/* Candidate by candidate over all slots: the inner loop has no branch and the compiler makes vectors of it. */
static ramify_status fill_owners(hash_rule *rule, uint32_t count)
{
    uint32_t     *words  = malloc(SLOTS * sizeof *words);
    uint32_t     *best   = malloc(SLOTS * sizeof *best);
    ramify_status status = RAMIFY_ERR_NO_MEMORY;
    rule->owners         = malloc(SLOTS * sizeof *rule->owners);
    if (words && best && rule->owners) {
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            words[slot]        = slot_word(slot);
            best[slot]         = mix32(words[slot] ^ rule->identity[0]);
            rule->owners[slot] = 0;
        }
        for (uint32_t i = 1; i < count; i++)
            for (uint32_t slot = 0; slot < SLOTS; slot++) {
                uint32_t score     = mix32(words[slot] ^ rule->identity[i]);
                bool     wins      = score > best[slot];
                rule->owners[slot] = wins ? (uint16_t)i : rule->owners[slot];
                best[slot]         = wins ? score : best[slot];
            }
        status = RAMIFY_OK;
    }
    free(words);
    free(best);
    return status;
}

static ramify_status hash_check(const char *argument, ramify_diagnosis *diagnosis)
{
    rmf_argument word;
    size_t       cursor = 0;
    if (!rmf_arguments_next(argument, &cursor, &word))
        return RAMIFY_OK;
    if (!rmf_argument_is(&word, "key"))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, word.at, "hash goes by the hint's key: write hash(key)");
    if (rmf_arguments_next(argument, &cursor, &word))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, word.at, "hash takes one argument");
    return RAMIFY_OK;
}

static void hash_destroy(void *state)
{
    hash_rule *rule = state;
    free(rule->owners);
    free(rule);
}

static ramify_status hash_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                 ramify_diagnosis *diagnosis)
{
    (void)seed;
    ramify_status status = hash_check(argument, diagnosis);
    if (status)
        return status;
    if (branch->count > UINT16_MAX)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "hash takes at most %u candidates", UINT16_MAX);
    hash_rule *rule = rmf_state_new(sizeof *rule + branch->count * sizeof *rule->identity);
    if (!rule)
        return RAMIFY_ERR_NO_MEMORY;
    fill_identities(rule, branch);
    if (branch->count > SCORED_MOST)
        status = fill_owners(rule, branch->count);
    if (status) {
        hash_destroy(rule);
        return status;
    }
    *state = rule;
    return RAMIFY_OK;
}

static uint32_t hash_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    hash_rule *rule = state;
    if (!pick->hint->has_key)
        return rmf_turn(&rule->tickets, branch->count);
    uint32_t slot = (uint32_t)(rmf_mix64(pick->hint->key) >> (64 - SLOT_BITS));
    if (rule->owners)
        return rule->owners[slot];
    uint32_t word = slot_word(slot), owner = 0, best = mix32(word ^ rule->identity[0]);
    for (uint32_t i = 1; i < branch->count; i++) {
        uint32_t score = mix32(word ^ rule->identity[i]);
        owner          = score > best ? i : owner;
        best           = score > best ? score : best;
    }
    return owner;
}

const rmf_rule rmf_rule_hash = {
    .ops   = { "hash", "a key keeps its place; without a key, in turn", hash_create, hash_pick, hash_destroy },
    .check = hash_check,
};
