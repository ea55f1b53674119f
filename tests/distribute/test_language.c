/* SPDX-License-Identifier: BSD-3-Clause */
/* The policy language: what it accepts, and for every kind of mistake the character it points at and what it says. */
#include "check.h"
#include "language.h"
#include "maketree.h"

#include <stdio.h>
#include <string.h>

static void accepts(void **state)
{
    (void)state;
    static const char        every_level[] = "cluster:random, node:random, package:random, group:random, die:random, "
                                             "numa:random, l3:random, l2:random, core:random, pu:random";
    static const char *const right[]       = {
              "round-robin",
              "random",
              "hash",
              "weighted",
              "load-aware",
              "work-stealing",
              "steal",
              "hierarchical",
              "affinity",
              "hash(key)",
              " hash ( key ) ",
              "weighted(capacity)",
              "weighted(3,1,2)",
              "weighted( 0.5 , 2. ,.25)",
              "load-aware(8)",
              "affinity(1048576)",
              "numa:affinity, l3:load-aware, core:steal",
              "numa:affinity,l3:load-aware,core:steal",
              "\tnuma :\naffinity\r",
              "core:steal, numa:affinity",
              every_level,
              "numa:hierarchical",
              "numa:weighted(3,1), core:round-robin",
    };
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        ramify_diagnosis why = { RAMIFY_OK, 77, "kept" };
        if (ramify_policy_check(right[i], &why))
            fail_msg("'%s' at %zu: %s", right[i], why.position, why.text);
        assert_int_equal(why.position, 77); /* a call that succeeds leaves the diagnosis alone */
        assert_int_equal(ramify_policy_check(right[i], NULL), RAMIFY_OK);
    }
}

typedef struct mistake {
    const char   *text;
    size_t        position;
    ramify_status status;
    const char   *says;
} mistake;

#define SYNTAX RAMIFY_ERR_SYNTAX
#define RANGE RAMIFY_ERR_RANGE

static const mistake mistakes[] = {
    /* nothing, or not the start of anything */
    { "", 0, SYNTAX, "ends where a policy" },
    { "   ", 3, SYNTAX, "ends where a policy" },
    { "  (key)", 2, SYNTAX, "'(' where a policy" },
    { ":hash", 0, SYNTAX, "':' where a policy" },
    { "\x01", 0, SYNTAX, "byte 0x01" },
    { "hash\xc3\xa9", 4, SYNTAX, "byte 0xc3" },
    /* unknown names, and what may have been meant */
    { "round-robbin", 0, SYNTAX, "did you mean 'round-robin'" },
    { "roundrobin", 0, SYNTAX, "did you mean 'round-robin'" },
    { "Random", 0, SYNTAX, "did you mean 'random'" },
    { "load_aware", 0, SYNTAX, "did you mean 'load-aware'" },
    { "steel", 0, SYNTAX, "did you mean 'steal'" },
    { "  best", 2, SYNTAX, "there are round-robin, random, hash" },
    { "numa:afinity", 5, SYNTAX, "did you mean 'affinity'" },
    { "numa:affinity, l3:loadaware", 18, SYNTAX, "did you mean 'load-aware'" },
    { "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", 0, SYNTAX, "unknown policy" },
    { "socket:hash", 0, SYNTAX, "there are cluster, node, package" },
    { "nume:hash", 0, SYNTAX, "did you mean 'numa'" },
    { "numa:hash, l4:random", 11, SYNTAX, "did you mean 'l3'" },
    { "numa:hash, Core:random", 11, SYNTAX, "did you mean 'core'" },
    /* levels and rules mixed up */
    { "numa", 0, SYNTAX, "'numa' is a level: write numa:policy" },
    { "numa:core", 5, SYNTAX, "'core' is a level" },
    { "steal:numa", 0, SYNTAX, "'steal' is a policy" },
    { "numa:hash, steal", 11, SYNTAX, "'steal' is a policy: write level:steal" },
    { "numa:hash, core", 15, SYNTAX, "ends where ':'" },
    { "numa:hash, core=steal", 15, SYNTAX, "'=' where ':'" },
    { "numa:", 5, SYNTAX, "the name of a policy" },
    { "numa: ,core:steal", 6, SYNTAX, "',' where the name of a policy" },
    { "numa:hash,", 10, SYNTAX, "the name of a level" },
    { "numa:hash, ", 11, SYNTAX, "the name of a level" },
    { "numa:hash,,core:steal", 10, SYNTAX, "',' where the name of a level" },
    { "numa:hash, core:steal, numa:random", 23, SYNTAX, "'numa' is named twice" },
    /* text behind the end */
    { "hash hash", 5, SYNTAX, "'h' where the end" },
    { "hash, random", 4, SYNTAX, "a flat policy is one rule" },
    { "hash)", 4, SYNTAX, "')' where the end" },
    { "hash(key))", 9, SYNTAX, "')' where the end" },
    { "hash(key) x", 10, SYNTAX, "'x' where the end" },
    { "numa:hash:core", 9, SYNTAX, "':' where ',' or the end" },
    { "numa:hash core:steal", 10, SYNTAX, "'c' where ',' or the end" },
    { "numa:hash; core:steal", 9, SYNTAX, "';' where" },
    /* brackets */
    { "hash(key", 4, SYNTAX, "never closed" },
    { "hash(", 4, SYNTAX, "never closed" },
    { "numa:weighted(3,1, core:steal", 13, SYNTAX, "never closed" },
    { "hash()", 5, SYNTAX, "')' where an argument" },
    { "hash( )", 6, SYNTAX, "')' where an argument" },
    { "weighted(1,,2)", 11, SYNTAX, "',' where an argument" },
    { "weighted(,1)", 9, SYNTAX, "',' where an argument" },
    { "weighted(1,2,)", 13, SYNTAX, "')' where an argument" },
    { "weighted((1))", 9, SYNTAX, "'(' where an argument" },
    /* arguments, with the position in the whole text */
    { "round-robin(2)", 12, SYNTAX, "round-robin takes no argument" },
    { "random( 2)", 8, SYNTAX, "random takes no argument" },
    { "steal(half)", 6, SYNTAX, "work-stealing takes no argument" },
    { "hierarchical(2)", 13, SYNTAX, "hierarchical takes no argument" },
    { "hash(address)", 5, SYNTAX, "write hash(key)" },
    { "hash(key, 3)", 10, SYNTAX, "hash takes one argument" },
    { "weighted(speed)", 9, SYNTAX, "not a number" },
    { "weighted(3, 1x)", 13, SYNTAX, "not a number" },
    { "weighted(3,-1)", 11, SYNTAX, "not a number" },
    { "weighted(1e3)", 10, SYNTAX, "not a number" },
    { "weighted(1.2.3)", 12, SYNTAX, "not a number" },
    { "weighted(.)", 10, SYNTAX, "not a number" },
    { "weighted(capacity, 2)", 9, SYNTAX, "stands alone" },
    { "weighted(0, 0)", 9, RANGE, "above zero" },
    { "weighted(1, 1000000001)", 12, RANGE, "too large" },
    { "load-aware(1)", 11, RANGE, "from 2 to 8" },
    { "load-aware(9)", 11, RANGE, "at most 8" },
    { "load-aware(2.5)", 11, SYNTAX, "whole number" },
    { "load-aware(2, 3)", 14, SYNTAX, "one argument" },
    { "numa:hash, core:load-aware(x)", 27, SYNTAX, "not a number" },
    { "affinity(63)", 9, RANGE, "from 64" },
    { "affinity(99999999999999999999)", 9, RANGE, "too large" },
    { "l3:affinity( many )", 13, SYNTAX, "not a number" },
};

static void points_at_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const mistake   *m   = &mistakes[i];
        ramify_diagnosis why = { RAMIFY_OK, 0, "" };
        ramify_status    got = ramify_policy_check(m->text, &why);
        if (got != m->status || why.status != m->status || why.position != m->position || !strstr(why.text, m->says))
            fail_msg("'%s': %s at %zu: %s; expected at %zu: %s", m->text, ramify_status_name(got), why.position,
                     why.text, m->position, m->says);
        assert_int_equal(ramify_policy_check(m->text, NULL), m->status);
    }
    assert_int_equal(ramify_policy_check(NULL, NULL), RAMIFY_ERR_INVALID);
}

static ramify_status no_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **rule,
                               ramify_diagnosis *diagnosis)
{
    (void)branch;
    (void)argument;
    (void)seed;
    (void)diagnosis;
    *rule = NULL;
    return RAMIFY_OK;
}

static uint32_t no_pick(void *rule, const ramify_branch *branch, const ramify_pick *pick)
{
    (void)rule;
    (void)branch;
    (void)pick;
    return 0;
}

static void knows_the_callers_policies(void **state)
{
    (void)state;
    static const ramify_policy_ops first   = { "first", "", no_create, no_pick, NULL },
                                   mine    = { "hash", "hides the library's", no_create, no_pick, NULL };
    const ramify_policy_ops *const extra[] = { &first, &mine, NULL };
    rmf_policy_text                text;
    ramify_diagnosis               why;
    assert_int_equal(rmf_policy_text_read("numa:first(any, thing), core:hash", extra, NULL, &text), RAMIFY_OK);
    assert_ptr_equal(text.by_level[RAMIFY_LEVEL_NUMA].ops, &first);
    assert_ptr_equal(text.by_level[RAMIFY_LEVEL_CORE].ops, &mine);
    assert_string_equal(text.by_level[RAMIFY_LEVEL_NUMA].argument, "any, thing");
    assert_int_equal(text.by_level[RAMIFY_LEVEL_NUMA].argument_at, 11);
    rmf_policy_text_drop(&text);
    assert_int_equal(rmf_policy_text_read("frist", extra, &why, &text), RAMIFY_ERR_SYNTAX);
    assert_non_null(strstr(why.text, "did you mean 'first'"));
}

static void refuses_broken_tables(void **state)
{
    (void)state;
    static const ramify_policy_ops broken[] = {
        { NULL, "", no_create, no_pick, NULL },   { "", "", no_create, no_pick, NULL },
        { "Mine", "", no_create, no_pick, NULL }, { "my own", "", no_create, no_pick, NULL },
        { "mine", "", NULL, no_pick, NULL },      { "mine", "", no_create, NULL, NULL },
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const ramify_policy_ops *const extra[] = { &broken[i], NULL };
        rmf_policy_text                text;
        ramify_diagnosis               why;
        assert_int_equal(rmf_policy_text_read("random", extra, &why, &text), RAMIFY_ERR_INVALID);
        assert_int_equal(why.status, RAMIFY_ERR_INVALID);
    }
}

static void lists_eight_policies(void **state)
{
    (void)state;
    uint32_t                        count;
    const ramify_policy_ops *const *policies = ramify_policies(&count);
    assert_int_equal(count, 8);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(ramify_policy_check(policies[i]->name, NULL), RAMIFY_OK);
        assert_true(strlen(policies[i]->summary) > 0);
    }
}

/* Texts glued together from pieces of the language: whatever comes, the position lies within the text. */
static void survives_anything(void **state)
{
    (void)state;
    static const char *const pieces[] = { "numa", "l3",       "core", ":", ",", "(",     ")",    " ",        "hash",
                                          "key",  "weighted", "3",    ".", "-", "steal", "\xff", "affinity", "random" };
    uint64_t                 random   = 20240601;
    uint32_t                 wrong = 0, right = 0;
    for (int round = 0; round < 20000; round++) {
        char             text[200] = "";
        ramify_diagnosis why       = { RAMIFY_OK, 0, "" };
        for (uint64_t n = ramify_random(&random) % 12; n > 0; n--)
            strcat(text, pieces[ramify_random(&random) % (sizeof pieces / sizeof pieces[0])]);
        if (ramify_policy_check(text, &why)) {
            assert_true(why.position <= strlen(text));
            assert_true(strlen(why.text) > 0);
            wrong++;
        } else {
            right++;
        }
    }
    assert_true(wrong > 1000 && right > 100); /* both sides were reached */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(points_at_mistakes),
        cmocka_unit_test(knows_the_callers_policies),
        cmocka_unit_test(refuses_broken_tables),
        cmocka_unit_test(lists_eight_policies),
        cmocka_unit_test(survives_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
