/* SPDX-License-Identifier: BSD-3-Clause */
/* The power of two choices (M. Mitzenmacher, IEEE TPDS 12, 2001): with two looks the most loaded of n candidates is
 * only ln ln n / ln 2 + O(1) tasks above the mean, however many tasks there are (Berenbrink, Czumaj, Steger, Vocking,
 * STOC 2000). Looks after the first follow by a random stride, which needs two draws for any number of looks and has
 * the same bound (M. Mitzenmacher, "Balanced allocations and double hashing", SPAA 2014). */
#include "least_loaded.h"

#include "rules.h"

void rmf_capacities_fill(rmf_capacities *capacities, const ramify_branch *branch, double *inverse)
{
    const ramify_domain *domains = ramify_tree_domains(branch->tree, NULL);
    for (uint32_t i = 0; i < branch->count; i++) {
        double capacity = domains[branch->domains[i]].capacity;
        inverse[i]      = capacity > 0 ? 1 / capacity : 1;
    }
    capacities->inverse = inverse;
}

static double finish_time(const rmf_capacities *capacities, const ramify_branch *branch, const ramify_pick *pick,
                          uint32_t candidate, double weight)
{
    return (pick->load(pick->load_self, branch->domains[candidate]) + weight) * capacities->inverse[candidate];
}

uint32_t rmf_least_loaded(const rmf_capacities *capacities, const ramify_branch *branch, const ramify_pick *pick,
                          uint32_t looks)
{
    uint32_t count  = branch->count;
    double   weight = pick->hint->weight > 0 ? pick->hint->weight : 1;
    uint32_t stride = 1;
    uint32_t look   = rmf_draw_below(pick->random, count);
    if (count <= looks || count <= RMF_LOOK_AT_ALL)
        looks = count;
    else
        stride = 1 + rmf_draw_below(pick->random, count - 1);

    uint32_t best      = look;
    double   best_time = finish_time(capacities, branch, pick, look, weight);
    for (uint32_t i = 1; i < looks; i++) {
        look        = look + stride < count ? look + stride : look + stride - count;
        double time = finish_time(capacities, branch, pick, look, weight);
        if (time < best_time) {
            best      = look;
            best_time = time;
        }
    }
    return best;
}
