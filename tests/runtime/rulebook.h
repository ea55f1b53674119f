/* SPDX-License-Identifier: BSD-3-Clause */
/* A rule of the test's own that knows when it must not be asked: "probe(n)" places at candidate n, and notes when
 * somebody is in it whose state was destroyed. */
#ifndef RMF_TESTS_RULEBOOK_H
#define RMF_TESTS_RULEBOOK_H

#include "started.h"

#include <sched.h>

/* States of rules: alive now, and most at once. */
static _Atomic int probes_alive, probes_most;
static _Atomic int probes_slow; /* picks offer their core to others meanwhile */

typedef struct probe_state {
    _Atomic uint32_t alive; /* a word no live state has otherwise */
    uint32_t         candidate;
} probe_state;

enum { PROBE_ALIVE = 0x5AFE };

static ramify_status probe_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                  ramify_diagnosis *diagnosis)
{
    (void)seed;
    if (strcmp(argument, "broken") == 0) {
        *diagnosis = (ramify_diagnosis){ RAMIFY_ERR_RANGE, 3, "a probe is broken" };
        return RAMIFY_ERR_RANGE;
    }
    probe_state *made = malloc(sizeof *made);
    if (!made)
        return RAMIFY_ERR_NO_MEMORY;
    *made     = (probe_state){ PROBE_ALIVE, (uint32_t)strtoul(argument, NULL, 10) % branch->count };
    *state    = made;
    int alive = atomic_fetch_add(&probes_alive, 1) + 1, most = atomic_load(&probes_most);
    while (alive > most && !atomic_compare_exchange_weak(&probes_most, &most, alive)) {
    }
    return RAMIFY_OK;
}

static uint32_t probe_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    probe_state *s = state;
    (void)branch, (void)pick;
    NOTE(atomic_load_explicit(&s->alive, memory_order_relaxed) == PROBE_ALIVE);
    if (atomic_load_explicit(&probes_slow, memory_order_relaxed))
        sched_yield();
    NOTE(atomic_load_explicit(&s->alive, memory_order_relaxed) == PROBE_ALIVE);
    return s->candidate;
}

static void probe_destroy(void *state)
{
    atomic_store_explicit(&((probe_state *)state)->alive, 0, memory_order_relaxed);
    atomic_fetch_sub(&probes_alive, 1);
    free(state);
}

static const ramify_policy_ops probe_ops = { "probe", "where it is told", probe_create, probe_pick, probe_destroy };
static const ramify_policy_ops *const probes[] = { &probe_ops, NULL };

/* The policy in force is this one, written out. */
static inline void assert_policy(const ramify_runtime *rt, const char *expected)
{
    char *text = NULL;
    assert_int_equal(ramify_policy_get(rt, &text), RAMIFY_OK);
    assert_string_equal(text, expected);
    ramify_text_free(text);
}

static inline void set_policy(ramify_runtime *rt, const char *text)
{
    ramify_diagnosis why = { 0 };
    if (ramify_policy_set(rt, text, probes, &why))
        fail_msg("%s: %s", text, why.text);
}

#endif
