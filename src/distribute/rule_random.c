/* SPDX-License-Identifier: BSD-3-Clause */
/* random: every candidate equally likely, drawn from the submitter's own generator.
 *
 * No shared word is written, so it is the rule that scales best with submitters; the same seed and the same order of
 * submissions give the same places. */
#include "rules.h"

#include "arguments.h"

static ramify_status random_check(const char *argument, ramify_diagnosis *diagnosis)
{
    return rmf_arguments_none(argument, "random", diagnosis);
}

static ramify_status random_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                   ramify_diagnosis *diagnosis)
{
    (void)branch;
    (void)seed;
    ramify_status status = random_check(argument, diagnosis);
    if (!status)
        *state = NULL;
    return status;
}

static uint32_t random_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    (void)state;
    return rmf_draw_below(pick->random, branch->count);
}

const rmf_rule rmf_rule_random = {
    .ops   = { "random", "each equally likely; reproducible from the seed", random_create, random_pick, NULL },
    .check = random_check,
};
