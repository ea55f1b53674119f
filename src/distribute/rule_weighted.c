/* SPDX-License-Identifier: BSD-3-Clause */
/* weighted: candidates get tasks in proportion to their capacity, or to weights given as weighted(3,1,2).
 *
 * A ticket walks through a precomputed fair order of turns, so the shares hold to one task at any moment, not only in
 * the long run as drawing by chance would have it (the aim of stride scheduling; C. Waldspurger, MIT/LCS/TR-667, 1995).
 *
 * A list has one weight per candidate, or, where the candidates are leaves, one per leaf of the tree. */
#include "rules.h"

#include "arguments.h"
#include "log.h"
#include "schedule.h"

/* TURNS_MAX: shares down to 1 / 1300 come out within 1 % (half a turn in 65536 / 1300); 128 KiB per branch at worst,
 * while capacities in small whole ratios, the usual case, need a handful of turns. TOLERANCE: a tenth of that 1 %.
 * WEIGHT_MAX: the largest whole number a reader still counts the digits of. */
enum { TURNS_MAX = 65536, WEIGHT_MAX = 1000000000 };
static const double TOLERANCE = 0.001;

typedef struct weighted {
    _Atomic uint64_t tickets; /* every submitter writes */
    char             pad[RMF_PAIR_BYTES - sizeof(uint64_t)];
    uint32_t         period; /* read only from here on */
    uint16_t         turns[];
} weighted;

static bool is_capacity(const char *argument)
{
    rmf_argument only;
    size_t       cursor = 0;
    uint32_t     count  = rmf_arguments_count(argument);
    return count == 0 ||
           (count == 1 && rmf_arguments_next(argument, &cursor, &only) && rmf_argument_is(&only, "capacity"));
}

/* Reads the list into weights (NULL: only check it). */
static ramify_status read_weights(const char *argument, double *weights, ramify_diagnosis *diagnosis)
{
    rmf_argument word;
    size_t       cursor = 0;
    double       sum    = 0, weight;
    for (uint32_t i = 0; rmf_arguments_next(argument, &cursor, &word); i++) {
        if (rmf_argument_is(&word, "capacity"))
            return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, word.at, "capacity stands alone: no weights beside it");
        ramify_status status = rmf_argument_number(&word, WEIGHT_MAX, &weight, diagnosis);
        if (status)
            return status;
        sum += weight;
        if (weights)
            weights[i] = weight;
    }
    if (!(sum > 0))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "weighted needs a weight above zero");
    return RAMIFY_OK;
}

static ramify_status weighted_check(const char *argument, ramify_diagnosis *diagnosis)
{
    return is_capacity(argument) ? RAMIFY_OK : read_weights(argument, NULL, diagnosis);
}

/* Weights by capacity; all one where no capacity is known. */
static void weigh_capacities(const ramify_branch *branch, double *weights)
{
    const ramify_domain *domains = ramify_tree_domains(branch->tree, NULL);
    double               sum     = 0;
    for (uint32_t i = 0; i < branch->count; i++)
        sum += weights[i] = domains[branch->domains[i]].capacity > 0 ? domains[branch->domains[i]].capacity : 0;
    for (uint32_t i = 0; i < branch->count && !(sum > 0); i++)
        weights[i] = 1;
}

/* Takes the listed weights of the branch's own leaves out of a list for all leaves of the tree. */
static ramify_status select_weights(const ramify_branch *branch, uint32_t listed, double *weights,
                                    ramify_diagnosis *diagnosis)
{
    const ramify_domain *domains = ramify_tree_domains(branch->tree, NULL);
    bool                 leaves  = listed == ramify_tree_leaf_count(branch->tree);
    double               sum     = 0;
    for (uint32_t i = 0; i < branch->count; i++)
        leaves = leaves && domains[branch->domains[i]].child_count == 0;
    if (listed != branch->count && !leaves)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, 0, "%u weights for %u candidates", listed, branch->count);
    for (uint32_t i = 0; i < branch->count && listed != branch->count; i++)
        weights[i] = weights[domains[branch->domains[i]].first_leaf]; /* first_leaf >= i: leaves are in order */
    for (uint32_t i = 0; i < branch->count; i++)
        sum += weights[i];
    for (uint32_t i = 0; i < branch->count && !(sum > 0); i++)
        weights[i] = 1; /* a branch of zeros is reached only by a hint that asks for it */
    return RAMIFY_OK;
}

/* Turns for a period of about `period`; false when one is off by more than the tolerance. */
static bool round_turns(const double *weights, double sum, uint32_t count, uint32_t period, uint32_t *turns)
{
    for (uint32_t i = 0; i < count; i++) {
        double exact = weights[i] / sum * period;
        turns[i]     = (uint32_t)(exact + 0.5);
        double error = turns[i] > exact ? turns[i] - exact : exact - turns[i];
        if (error > TOLERANCE * exact)
            return false;
    }
    return true;
}

/* Sets turns to the smallest whole numbers in proportion to the weights; returns their sum. */
static uint32_t apportion(const double *weights, uint32_t count, uint32_t *turns)
{
    double   sum    = 0;
    uint32_t period = 1, total = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += weights[i];
    while (period < TURNS_MAX && !round_turns(weights, sum, count, period, turns))
        period++;
    for (uint32_t i = 0; i < count; i++) {
        if (period == TURNS_MAX) /* no period is exact enough: the longest, and nobody with a weight left out */
            turns[i] = (uint32_t)(weights[i] / sum * period + 0.5);
        if (turns[i] == 0 && weights[i] > 0)
            turns[i] = 1;
        total += turns[i];
    }
    return total;
}

static ramify_status make_state(const ramify_branch *branch, const double *weights, void **state)
{
    uint32_t *turns = malloc(branch->count * sizeof *turns);
    if (!turns)
        return RAMIFY_ERR_NO_MEMORY;
    ramify_status status = RAMIFY_ERR_NO_MEMORY;
    uint32_t      period = apportion(weights, branch->count, turns);
    weighted     *made   = rmf_state_new(sizeof *made + period * sizeof *made->turns);
    if (made)
        status = rmf_schedule_fill(turns, branch->count, made->turns, period);
    free(turns);
    if (status) {
        free(made);
        return status;
    }
    made->period = period;
    *state       = made;
    return RAMIFY_OK;
}

static ramify_status weighted_create(const ramify_branch *branch, const char *argument, uint64_t seed, void **state,
                                     ramify_diagnosis *diagnosis)
{
    (void)seed;
    if (branch->count > UINT16_MAX)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "weighted takes at most %u candidates", UINT16_MAX);
    bool          capacity = is_capacity(argument);
    uint32_t      listed   = capacity ? branch->count : rmf_arguments_count(argument);
    ramify_status status   = RAMIFY_OK;
    double       *weights  = malloc((listed > branch->count ? listed : branch->count) * sizeof *weights);
    if (!weights)
        return RAMIFY_ERR_NO_MEMORY;
    if (capacity)
        weigh_capacities(branch, weights);
    else if (!(status = read_weights(argument, weights, diagnosis)))
        status = select_weights(branch, listed, weights, diagnosis);
    if (!status)
        status = make_state(branch, weights, state);
    free(weights);
    return status;
}

static uint32_t weighted_pick(void *state, const ramify_branch *branch, const ramify_pick *pick)
{
    (void)branch;
    (void)pick;
    weighted *rule = state;
    return rule->turns[rmf_turn(&rule->tickets, rule->period)];
}

const rmf_rule rmf_rule_weighted = {
    .ops = { "weighted", "in proportion to capacity, or to the weights (3,1,2)", weighted_create, weighted_pick, free },
    .check = weighted_check,
};
