/* SPDX-License-Identifier: BSD-3-Clause */
/* Loops between two workers, in all interleavings with two preemptions and many with more: lots are claimed, halves of
 * them and tickets given away as forks and taken back, chunks drawn from shelves. Every iteration runs exactly once,
 * its part of the reduction is there when the loop returns, and nobody is left asleep.
 *
 * Compiled with EXPLORE_MUTANT against sources with a fault put in, it must find the fault. */
#include "explore_pool.h"
#include "forks.h"
#include "loops.h"

#include "explore_main.h"

enum { MOST = 8 };

static int                ran[MOST], iterations, ends;
static int64_t            sum;
static ramify_for_options options;
static ramify_reduction   adding;
static int                stops_at;

static void zero(void *self, void *partial)
{
    (void)self;
    *(int64_t *)partial = 0;
}

static void add(void *self, void *to, const void *more)
{
    (void)self;
    *(int64_t *)to += *(const int64_t *)more;
}

static void count(void *self, const ramify_chunk *chunk)
{
    (void)self;
    for (int64_t i = chunk->range[0].begin; i < chunk->range[0].end; i++) {
        if (i < 0 || i >= iterations)
            explore_fail("an iteration that the loop does not have");
        if (ran[i]++)
            explore_fail("an iteration ran twice");
        if (chunk->partial)
            *(int64_t *)chunk->partial += 1 << i;
        if (i == stops_at)
            ramify_for_stop(chunk, 7);
    }
}

static void make(int n, uint32_t rule, uint64_t grain, bool reduces)
{
    explored_pool_make();
    for (int i = 0; i < MOST; i++)
        ran[i] = 0;
    iterations = n;
    ends       = 0;
    sum        = 0;
    stops_at   = -1;
    adding     = (ramify_reduction){ .size = sizeof sum, .identity = zero, .combine = add };
    options    = (ramify_for_options){ .schedule = { rule, grain } };
    if (reduces) {
        options.reduction = &adding;
        options.result    = &sum;
    }
}

static void setup_auto(void)
{
    make(4, RAMIFY_RULE_AUTO, 1, false);
}

static void setup_auto_sum(void)
{
    make(6, RAMIFY_RULE_AUTO, 1, true);
}

static void setup_static(void)
{
    make(4, RAMIFY_RULE_STATIC, 0, true);
}

static void setup_guided(void)
{
    make(5, RAMIFY_RULE_GUIDED, 1, true);
}

static void setup_dynamic(void)
{
    make(4, RAMIFY_RULE_DYNAMIC, 1, true);
}

static void setup_one(void)
{
    make(1, RAMIFY_RULE_AUTO, 1, true);
}

static void setup_stop(void)
{
    make(4, RAMIFY_RULE_AUTO, 1, false);
    stops_at = 1;
}

static void call(ramify_group *group)
{
    rmf_loop     loop;
    ramify_range range = { 0, iterations, 1 };
    if (rmf_loop_prepare(&loop, explored_pool, &range, 1, count, NULL, &options))
        explore_fail("a loop was refused");
    if (rmf_loop_call(&loop, group, &options) != (stops_at < 0 ? RAMIFY_OK : RAMIFY_ERR_TASK))
        explore_fail("a loop returned another status");
    ends++;
    explored_stop();
}

static void owner(void)
{
    explored_play(0);
    call(NULL);
}

/* Comes from outside, while both workers work. */
static void caller(void)
{
    call(explored_group(NULL));
}

static void first_worker(void)
{
    explored_work(0);
}

static void thief(void)
{
    explored_work(1);
}

/* Two holders of tickets whose own lot is the same: each of the two lots goes to one of them. */
static rmf_loop shared_lots;
static int      claims[EXPLORED_WORKERS];

static void setup_lots(void)
{
    ramify_range range = { 0, 2, 1 };
    make(2, RAMIFY_RULE_STATIC, 0, false);
    claims[0] = claims[1] = 0;
    if (rmf_loop_prepare(&shared_lots, explored_pool, &range, 1, count, NULL, NULL) || rmf_lots_open(&shared_lots) != 2)
        explore_fail("a loop was refused");
}

static void claimer(void)
{
    uint32_t lot = rmf_lot_claim(&shared_lots, &explored_pool->workers[0]->victims, 0);
    if (lot < EXPLORED_WORKERS)
        claims[lot]++;
}

static const char *check_lots(void)
{
    return claims[0] == 1 && claims[1] == 1 ? NULL : "a lot was claimed twice, or by nobody";
}

static const char *check(void)
{
    if (ends != 1)
        return "the loop did not end";
    for (int i = 0; i < iterations && stops_at < 0; i++)
        if (ran[i] != 1)
            return "an iteration is missing";
    if (options.reduction && sum != (1 << iterations) - 1)
        return "a part of the reduction is missing";
    return explored_fault();
}

static const explore_case cases[] = {
    { "loops: two lots", 2, 3, 10, setup_lots, { claimer, claimer }, check_lots, explored_pool_drop, 1000 },
    { "loops: one iteration", 2, 2, 500, setup_one, { owner, thief }, check, explored_pool_drop, 20000 },
    { "loops: auto", 2, 2, 1000, setup_auto, { owner, thief }, check, explored_pool_drop, 50000 },
    { "loops: auto, a sum", 2, 1, 200, setup_auto_sum, { owner, thief }, check, explored_pool_drop, 50000 },
    { "loops: static, a sum", 2, 2, 500, setup_static, { owner, thief }, check, explored_pool_drop, 50000 },
    { "loops: guided, a sum", 2, 2, 500, setup_guided, { owner, thief }, check, explored_pool_drop, 50000 },
    { "loops: dynamic, a sum", 2, 2, 500, setup_dynamic, { owner, thief }, check, explored_pool_drop, 50000 },
    { "loops: stopped", 2, 1, 150, setup_stop, { owner, thief }, check, explored_pool_drop, 50000 },
    { "loops: from outside", 3, 1, 500, setup_auto, { caller, first_worker, thief }, check, explored_pool_drop, 20000 },
};

int main(void)
{
    explored_pool_open();
    int status = explore_main(cases, sizeof cases / sizeof cases[0]);
    explored_pool_close();
    return status;
}
