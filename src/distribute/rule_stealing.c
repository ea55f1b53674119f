/* SPDX-License-Identifier: BSD-3-Clause */
/* work-stealing: a worker keeps what it submits; everything else stays at the branch for whoever is idle first.
 *
 * The moving is done by the thieves (Blumofe, Leiserson, JACM 46, 1999); the rule only sees to it that a task is where
 * they look. */
#include "rules.h"

#include "arguments.h"
#include "homes.h"

static ramify_status stealing_check(const char *argument, ramify_diagnosis *diagnosis)
{
    return rmf_arguments_none(argument, "work-stealing", diagnosis);
}

static ramify_status stealing_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                     ramify_diagnosis *diagnosis)
{
    (void)seed;
    ramify_status status = stealing_check(argument, diagnosis);
    if (status)
        return status;
    rmf_homes *homes = rmf_state_new(sizeof *homes + rmf_homes_leaves(branch) * sizeof *homes->candidate);
    if (!homes)
        return RAMIFY_ERR_NO_MEMORY;
    rmf_homes_fill(homes, branch, (uint32_t *)(homes + 1));
    *state = homes;
    return RAMIFY_OK;
}

static uint32_t stealing_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    (void)branch;
    return rmf_homes_of(state, pick->from_leaf);
}

const rmf_rule rmf_rule_stealing = {
    .ops   = { "work-stealing", "a worker keeps its own; the rest waits for the first idle worker", stealing_create,
               stealing_pick, free },
    .check = stealing_check,
};
