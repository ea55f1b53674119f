/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules that go by the key: hash keeps a key at its leaf and moves only what must move when a leaf comes or goes;
 * affinity returns a key to where it was, gives new ones to the less loaded, and forgets rather than grows. */
#include "check.h"
#include "maketree.h"
#include "rules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KEYS = 20000 };

/* The PU of the leaf a key goes to: what a leaf is called while others come and go. */
static uint32_t pu_of(const ramify_tree *tree, rmf_plan *plan, submitter *s, uint64_t key)
{
    s->hint                = ramify_keyed(key);
    const ramify_domain *d = &ramify_tree_domains(tree, NULL)[rmf_plan_place(plan, 0, &s->pick)];
    assert_int_equal(d->child_count, 0);
    for (uint32_t w = 0;; w++)
        if (d->cpus.words[w])
            return w * 64 + (uint32_t)__builtin_ctzll(d->cpus.words[w]);
}

static void map_keys(const ramify_tree *tree, const char *policy, uint32_t *pu)
{
    rmf_plan *plan = plan_of(tree, policy);
    submitter s;
    submitter_make(&s, tree, 1);
    for (uint32_t k = 0; k < KEYS; k++)
        pu[k] = pu_of(tree, plan, &s, k * 64); /* keys are often addresses of lines */
    for (uint32_t k = 0; k < KEYS; k += 97)
        assert_int_equal(pu_of(tree, plan, &s, k * 64), pu[k]);
    submitter_drop(&s);
    rmf_plan_free(plan);
}

/* Any one leaf goes: its keys and no others find a new leaf. Read backwards, the same is a leaf that comes. */
static void hash_moves_only_the_keys_of_the_lost_leaf(void **state)
{
    (void)state;
    static const uint32_t sizes[] = { 2, 5, 8, 9, 16, 17, 64, 100 };
    static uint32_t       before[KEYS], after[KEYS];
    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        char levels[32];
        snprintf(levels, sizeof levels, "core:%u", sizes[n]);
        ramify_tree *whole = tree_regular(levels, RAMIFY_NONE);
        map_keys(whole, "hash", before);
        for (uint32_t lost = 0; lost < sizes[n]; lost += 1 + sizes[n] / 4) {
            ramify_tree *rest  = tree_regular(levels, lost);
            uint32_t     moved = 0;
            if (ramify_tree_leaf_count(rest) > 1)
                map_keys(rest, "hash", after);
            for (uint32_t k = 0; k < KEYS && ramify_tree_leaf_count(rest) > 1; k++) {
                assert_true(after[k] != lost);
                assert_true(after[k] == before[k] || before[k] == lost);
                moved += after[k] != before[k];
            }
            assert_true(moved < 1.35 * KEYS / sizes[n]); /* about 1 / n */
            tree_drop(rest);
        }
        tree_drop(whole);
    }
}

static void hash_by_level_keeps_keys_in_their_domain(void **state)
{
    (void)state;
    static uint32_t before[KEYS], after[KEYS];
    ramify_tree    *whole = tree_regular("numa:4 core:12", RAMIFY_NONE), *rest = tree_regular("numa:4 core:12", 12);
    map_keys(whole, "numa:hash, core:hash(key)", before);
    map_keys(rest, "numa:hash, core:hash(key)", after);
    for (uint32_t k = 0; k < KEYS; k++) {
        assert_true(after[k] == before[k] || before[k] == 12);
        assert_int_equal(after[k] / 12, before[k] / 12); /* a NUMA node that loses its first PU is the same node */
    }
    tree_drop(whole);
    tree_drop(rest);
}

/* Shares vary by the slots, sqrt(n / 65536), and by the keys themselves, sqrt(n / KEYS): five of these are allowed. */
static void hash_is_even(void **state)
{
    (void)state;
    static const uint32_t sizes[] = { 2, 7, 16, 64 };
    static uint32_t       pu[KEYS];
    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        char     levels[32];
        uint32_t had[64] = { 0 };
        snprintf(levels, sizeof levels, "core:%u", sizes[n]);
        ramify_tree *tree = tree_regular(levels, RAMIFY_NONE);
        map_keys(tree, "hash", pu);
        for (uint32_t k = 0; k < KEYS; k++)
            had[pu[k]]++;
        double slack = 5 * (sqrt(sizes[n] / 65536.0) + sqrt(sizes[n] / (double)KEYS));
        for (uint32_t i = 0; i < sizes[n]; i++)
            assert_true(fabs(had[i] * (double)sizes[n] / KEYS - 1) < slack);
        tree_drop(tree);
    }
}

static void hash_takes_turns_without_keys_and_needs_no_seed(void **state)
{
    (void)state;
    ramify_tree *tree = tree_regular("core:12", RAMIFY_NONE);
    rmf_plan    *plan = NULL, *other = NULL;
    submitter    s;
    submitter_make(&s, tree, 1);
    assert_int_equal(rmf_plan_create(tree, "hash", NULL, 1, NULL, &plan), RAMIFY_OK);
    assert_int_equal(rmf_plan_create(tree, "hash", NULL, 2, NULL, &other), RAMIFY_OK);
    for (uint32_t t = 0; t < 24; t++)
        assert_int_equal(submitter_place(&s, plan, 0), 1 + t % 12);
    for (uint64_t key = 0; key < 1000; key++)
        assert_int_equal(pu_of(tree, plan, &s, key), pu_of(tree, other, &s, key));
    submitter_drop(&s);
    rmf_plan_free(plan);
    rmf_plan_free(other);
    tree_drop(tree);
}

static void affinity_returns_keys(void **state)
{
    (void)state;
    ramify_tree *tree = tree_regular("numa:4 core:4", RAMIFY_NONE);
    rmf_plan    *plan = plan_of(tree, "affinity");
    uint32_t     place[1000];
    submitter    s;
    submitter_make(&s, tree, 1);
    for (uint32_t k = 0; k < 1000; k++) {
        s.hint   = ramify_keyed(k * 4096);
        place[k] = submitter_place(&s, plan, 0);
    }
    for (uint32_t k = 0; k < 1000; k++) {
        s.hint = ramify_keyed(k * 4096);
        s.load[place[k]] += 1e6; /* however loaded the place has become, and whoever asks */
        s.pick.from_leaf = k % 16;
        assert_int_equal(submitter_place(&s, plan, 0), place[k]);
    }
    submitter_drop(&s);
    rmf_plan_free(plan);
    tree_drop(tree);
}

/* Undoes rmf_mix64: shifts are undone by repeating them, products by the factors' inverses modulo 2^64. */
static uint64_t unmix64(uint64_t mixed)
{
    mixed ^= mixed >> 31 ^ mixed >> 62;
    mixed *= 0x319642B2D24D8EC3u;
    mixed ^= mixed >> 27 ^ mixed >> 54;
    mixed *= 0x96DE1B173F119089u;
    return mixed ^ mixed >> 30 ^ mixed >> 60;
}

/* Two keys, one after the other; the first one's place is then loaded, so that the second goes elsewhere unless it is
 * taken for the first. */
static void check_told_apart(submitter *s, rmf_plan *plan, uint64_t key, uint64_t twin)
{
    s->hint        = ramify_keyed(key);
    uint32_t place = rmf_plan_place(plan, 0, &s->pick);
    s->load[place] = 1e9;
    s->hint        = ramify_keyed(twin);
    assert_int_not_equal(rmf_plan_place(plan, 0, &s->pick), place);
    s->load[place] = 0;
}

/* Keys that differ in a single bit, before or after they are mixed, are different keys: no bit is left out, in the
 * smallest table the rule allows for few candidates and for many. */
static void affinity_confuses_no_keys(void **state)
{
    (void)state;
    static const char *const trees[] = { "core:2", "core:3", "core:100", "core:128" };
    for (size_t k = 0; k < sizeof trees / sizeof trees[0]; k++) {
        ramify_tree *tree = tree_regular(trees[k], RAMIFY_NONE);
        rmf_plan    *plan = plan_of(tree, "affinity(64)");
        submitter    s;
        submitter_make(&s, tree, 1);
        for (uint32_t n = 0; n < 8 * 64; n++) {
            uint64_t key = 0x0123456789ABCDEFu * (n + 1), flip = (uint64_t)1 << n % 64;
            assert_true(unmix64(rmf_mix64(key)) == key);
            check_told_apart(&s, plan, key, key ^ flip);
            check_told_apart(&s, plan, key, unmix64(rmf_mix64(key) ^ flip));
        }
        submitter_drop(&s);
        rmf_plan_free(plan);
        tree_drop(tree);
    }
}

static void affinity_sends_new_keys_to_the_less_loaded(void **state)
{
    (void)state;
    ramify_tree *tree = tree_regular("core:16", RAMIFY_NONE);
    rmf_plan    *plan = plan_of(tree, "affinity");
    double       most = 0;
    submitter    s;
    submitter_make(&s, tree, 1);
    for (uint64_t key = 0; key < 1600; key++) {
        s.hint = ramify_keyed(key);
        submitter_place(&s, plan, 0);
    }
    for (uint32_t i = 1; i <= 16; i++)
        most = fmax(most, s.load[i]);
    assert_true(most <= 100 + log(log(16)) / log(2) + 2); /* two choices; chance alone is some 20 above the mean */
    for (uint32_t i = 1; i <= 16; i++)
        s.load[i] = i == 7 ? 0 : 1e9;
    uint32_t to_idle = 0;
    for (uint64_t key = 5000; key < 5800; key++) {
        s.hint = ramify_keyed(key);
        to_idle += rmf_plan_place(plan, 0, &s.pick) == 7;
    }
    assert_true(to_idle > 60 && to_idle < 140); /* one of two looks finds it 1 in 8 times: 100 of 800, sd 9.4 */
    submitter_drop(&s);
    rmf_plan_free(plan);
    tree_drop(tree);
}

/* Many more keys than slots: memory does not grow (there is nothing to grow), the newest used keys are still known,
 * and the old ones are forgotten, that is, placed anew within the branch. */
static void affinity_forgets_rather_than_grows(void **state)
{
    (void)state;
    ramify_tree    *tree = tree_regular("core:4", RAMIFY_NONE);
    rmf_plan       *plan = plan_of(tree, "affinity(256)");
    uint32_t        kept = 0, hot = 0;
    static uint32_t place[100000];
    submitter       s;
    submitter_make(&s, tree, 1);
    for (uint32_t k = 0; k < 100000; k++) {
        s.hint   = ramify_keyed(k);
        place[k] = submitter_place(&s, plan, 0);
        assert_true(place[k] >= 1 && place[k] <= 4);
        if (k % 16 == 0) { /* a few keys used all the time survive the stream of others */
            s.hint              = ramify_keyed(UINT64_MAX - k / 16 % 16);
            uint32_t        now = rmf_plan_place(plan, 0, &s.pick);
            static uint32_t hot_place[16];
            hot += hot_place[k / 16 % 16] == now;
            hot_place[k / 16 % 16] = now;
        }
    }
    for (uint32_t k = 0; k < 99000; k++) {
        s.load[place[k]] = 1e9; /* a forgotten key avoids its old place: the least loaded of four is another */
        s.hint           = ramify_keyed(k);
        kept += rmf_plan_place(plan, 0, &s.pick) == place[k];
        s.load[place[k]] = 0;
        if (k == 100)
            k = 98000; /* the first hundred and the last thousand are enough */
    }
    assert_true(kept < 20);
    assert_true(hot > 6250 * 9 / 10);
    submitter_drop(&s);
    rmf_plan_free(plan);
    tree_drop(tree);
}

static void affinity_without_a_key_stays_with_the_worker(void **state)
{
    (void)state;
    ramify_tree *tree = tree_regular("numa:2 core:4", RAMIFY_NONE);
    rmf_plan    *flat = plan_of(tree, "affinity"), *level = plan_of(tree, "numa:affinity");
    submitter    s;
    submitter_make(&s, tree, 1);
    for (uint32_t leaf = 0; leaf < 8; leaf++) {
        s.pick.from_leaf = leaf;
        assert_int_equal(rmf_plan_place(flat, 0, &s.pick), ramify_tree_leaf(tree, leaf)->index);
        assert_int_equal(rmf_plan_place(level, 0, &s.pick), ramify_tree_leaf(tree, leaf)->index);
    }
    s.pick.from_leaf = RAMIFY_NONE;
    s.load[1]        = 10;
    assert_int_equal(rmf_plan_place(level, 0, &s.pick), 2); /* the less loaded node, and there it stays */
    s.pick.from_leaf = 1;
    assert_true(rmf_plan_place(flat, 2, &s.pick) >= 7); /* asked to the other node: one of its leaves */
    submitter_drop(&s);
    rmf_plan_free(flat);
    rmf_plan_free(level);
    tree_drop(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_moves_only_the_keys_of_the_lost_leaf),
        cmocka_unit_test(hash_by_level_keeps_keys_in_their_domain),
        cmocka_unit_test(hash_is_even),
        cmocka_unit_test(hash_takes_turns_without_keys_and_needs_no_seed),
        cmocka_unit_test(affinity_returns_keys),
        cmocka_unit_test(affinity_confuses_no_keys),
        cmocka_unit_test(affinity_sends_new_keys_to_the_less_loaded),
        cmocka_unit_test(affinity_forgets_rather_than_grows),
        cmocka_unit_test(affinity_without_a_key_stays_with_the_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
