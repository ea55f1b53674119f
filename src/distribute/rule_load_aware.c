/* SPDX-License-Identifier: BSD-3-Clause */
/* load-aware: the least loaded of a few candidates looked at by chance; load-aware(d) looks at d, 2 by default.
 *
 * Chance is what keeps many submitters, who all see the same slightly old loads, from running to the same place. */
#include "rules.h"

#include "arguments.h"
#include "least_loaded.h"

/* Two looks gain exponentially over one, each further look only a constant factor (Mitzenmacher 2001, section 1), while
 * each costs a cache miss: hence 2, and no more than 8. */
enum { LOOKS_DEFAULT = 2, LOOKS_LEAST = 2, LOOKS_MOST = 8 };

typedef struct load_aware {
    uint32_t       looks;
    rmf_capacities capacities;
    double         inverse[];
} load_aware;

static ramify_status load_aware_looks(const char *argument, uint32_t *looks, ramify_diagnosis *diagnosis)
{
    return rmf_arguments_one_whole(argument, "load-aware", LOOKS_LEAST, LOOKS_MOST, looks, diagnosis);
}

static ramify_status load_aware_check(const char *argument, ramify_diagnosis *diagnosis)
{
    uint32_t looks;
    return load_aware_looks(argument, &looks, diagnosis);
}

static ramify_status load_aware_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                       ramify_diagnosis *diagnosis)
{
    (void)seed;
    uint32_t      looks  = LOOKS_DEFAULT;
    ramify_status status = load_aware_looks(argument, &looks, diagnosis);
    if (status)
        return status;
    load_aware *made = rmf_state_new(sizeof *made + branch->count * sizeof *made->inverse);
    if (!made)
        return RAMIFY_ERR_NO_MEMORY;
    made->looks = looks;
    rmf_capacities_fill(&made->capacities, branch, made->inverse);
    *state = made;
    return RAMIFY_OK;
}

static uint32_t load_aware_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    const load_aware *rule = state;
    return rmf_least_loaded(&rule->capacities, branch, pick, rule->looks);
}

const rmf_rule rmf_rule_load_aware = {
    .ops = { "load-aware", "the least loaded of 2, or (d) of d, by load / capacity", load_aware_create, load_aware_pick,
             free },
    .check = load_aware_check,
};
