/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocked, cyclic, weighted and free cuts; see cut.h. */
#include "cut.h"

#include <math.h>
#include <stdlib.h>

/* Each cut lies at the nearest element to its share, so a part is within one element of it. long double has 64 bits of
 * mantissa on x86-64 and more on 64-bit Arm, enough for any count. */
static ramify_status cut_by_weights(const double *weights, rmf_cut *cut)
{
    long double total = 0, before = 0;
    for (uint32_t h = 0; h < cut->homes; h++) {
        if (!(weights[h] >= 0) || isinf(weights[h]))
            return RAMIFY_ERR_INVALID;
        total += weights[h];
    }
    if (!(total > 0))
        return RAMIFY_ERR_INVALID;
    for (uint32_t h = 0; h < cut->homes; h++) {
        uint64_t at    = (uint64_t)(before / total * (long double)cut->count + 0.5L);
        cut->starts[h] = at < cut->count ? at : cut->count;
        before += weights[h];
    }
    return RAMIFY_OK;
}

static ramify_status cut_at_points(const uint64_t *points, rmf_cut *cut)
{
    if (!points && cut->homes > 1)
        return RAMIFY_ERR_INVALID;
    for (uint32_t h = 1; h < cut->homes; h++) {
        cut->starts[h] = points[h - 1];
        if (cut->starts[h] < cut->starts[h - 1] || cut->starts[h] > cut->count)
            return RAMIFY_ERR_INVALID;
    }
    return RAMIFY_OK;
}

ramify_status rmf_cut_make(const ramify_cut *asked, uint64_t count, uint32_t homes, const double *weights, rmf_cut *cut)
{
    rmf_cut       c = { .rule = asked->rule, .homes = homes, .count = count, .parts = homes, .block = asked->block };
    ramify_status status = RAMIFY_OK;
    if (c.rule == RAMIFY_CUT_CYCLIC) {
        if (!c.block)
            return RAMIFY_ERR_INVALID;
        c.parts = count / c.block + (count % c.block != 0);
    } else if (c.rule == RAMIFY_CUT_WEIGHTED || c.rule == RAMIFY_CUT_POINTS) {
        c.starts = calloc(homes + 1u, sizeof *c.starts);
        if (!c.starts)
            return RAMIFY_ERR_NO_MEMORY;
        c.starts[homes] = count;
        status = c.rule == RAMIFY_CUT_WEIGHTED ? cut_by_weights(weights, &c) : cut_at_points(asked->points, &c);
    } else if (c.rule != RAMIFY_CUT_BLOCKED) {
        status = RAMIFY_ERR_INVALID;
    }
    if (status)
        rmf_cut_drop(&c);
    else
        *cut = c;
    return status;
}

uint64_t rmf_cut_first(const rmf_cut *c, uint64_t part)
{
    if (c->starts)
        return c->starts[part];
    if (c->rule == RAMIFY_CUT_CYCLIC)
        return part < c->parts ? part * c->block : c->count;
    /* The first count % homes parts have one element more. */
    uint64_t even = c->count / c->homes, more = c->count % c->homes;
    return part * even + (part < more ? part : more);
}

uint64_t rmf_cut_part_of(const rmf_cut *c, uint64_t element)
{
    if (c->rule == RAMIFY_CUT_CYCLIC)
        return element / c->block;
    if (c->starts) {
        /* The last part that starts at or before the element: empty ones before it start there too. */
        uint64_t low = 0, left = c->homes;
        while (left > 1) {
            uint64_t half = left / 2;
            low           = c->starts[low + half] <= element ? low + half : low;
            left -= half;
        }
        return low;
    }
    uint64_t even = c->count / c->homes, more = c->count % c->homes, longer = more * (even + 1);
    return element < longer ? element / (even + 1) : more + (element - longer) / even;
}

void rmf_cut_drop(rmf_cut *cut)
{
    free(cut->starts);
    cut->starts = NULL;
}
