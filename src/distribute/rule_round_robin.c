/* SPDX-License-Identifier: BSD-3-Clause */
/* round-robin: candidates in turn, by one relaxed fetch-and-add per task.
 *
 * Even to one task at any moment, however many threads submit: every ticket is given once, and any run of n tickets
 * names each of n candidates once. */
#include "rules.h"

#include "arguments.h"

static ramify_status round_robin_check(const char *argument, ramify_diagnosis *diagnosis)
{
    return rmf_arguments_none(argument, "round-robin", diagnosis);
}

static ramify_status round_robin_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                        ramify_diagnosis *diagnosis)
{
    (void)branch;
    (void)seed;
    ramify_status status = round_robin_check(argument, diagnosis);
    if (status)
        return status;
    _Atomic uint64_t *tickets = rmf_state_new(sizeof *tickets);
    if (!tickets)
        return RAMIFY_ERR_NO_MEMORY;
    *state = tickets;
    return RAMIFY_OK;
}

static uint32_t round_robin_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    (void)pick;
    return rmf_turn(state, branch->count);
}

const rmf_rule rmf_rule_round_robin = {
    .ops   = { "round-robin", "each in turn; even to one task", round_robin_create, round_robin_pick, free },
    .check = round_robin_check,
};
