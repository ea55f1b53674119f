/* SPDX-License-Identifier: BSD-3-Clause */
/* From the arguments of a loop to a description of it, or to a refusal in words. */
#include "loops.h"

#include "history.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>

static ramify_status refuse(const ramify_for_options *o, ramify_status status, const char *why)
{
    return rmf_diagnose(o->diagnosis, status, 0, "%s", why);
}

/* The number of indexes; begin and end may lie anywhere in 64 bits, so the distance is unsigned. */
static uint64_t indexes_of(const ramify_range *r)
{
    uint64_t begin = (uint64_t)r->begin, end = (uint64_t)r->end, step = (uint64_t)r->step;
    if (r->step > 0)
        return r->begin < r->end ? (end - begin - 1) / step + 1 : 0;
    return r->begin > r->end ? (begin - end - 1) / (0 - step) + 1 : 0;
}

static ramify_status count_iterations(rmf_loop *loop, const ramify_for_options *o)
{
    bool is_too_large = false, is_empty = false;
    loop->total = 1;
    for (int d = RAMIFY_DIMENSIONS_MAX - 1; d >= 0; d--) {
        if (loop->range[d].step == 0)
            return refuse(o, RAMIFY_ERR_INVALID, "a range has step 0");
        loop->count[d] = indexes_of(&loop->range[d]);
        loop->inner    = loop->total;
        is_empty |= loop->count[d] == 0;
        is_too_large |= __builtin_mul_overflow(loop->total, loop->count[d], &loop->total);
    }
    if (is_empty)
        loop->total = 0;
    else if (is_too_large || loop->total > INT64_MAX)
        return refuse(o, RAMIFY_ERR_RANGE, "more than 2^63 - 1 iterations");
    return RAMIFY_OK;
}

static ramify_status check_array(const rmf_loop *loop, const ramify_for_options *o)
{
    const ramify_range *r = &loop->range[0];
    uint32_t            homes;
    if (!o->array || !loop->total)
        return RAMIFY_OK;
    if (r->step != 1 || r->begin < 0 || (uint64_t)r->end > ramify_array_count(o->array))
        return refuse(o, RAMIFY_ERR_INVALID, "the first range must have step 1 and lie within the array");
    uint64_t all;
    if (__builtin_mul_overflow(ramify_array_count(o->array), loop->inner, &all) || all > INT64_MAX)
        return refuse(o, RAMIFY_ERR_RANGE, "more than 2^63 - 1 iterations over the whole array");
    const uint32_t *home = ramify_array_homes(o->array, &homes);
    for (uint32_t h = 0; h < homes; h++)
        if (home[h] >= loop->pool->domain_count)
            return refuse(o, RAMIFY_ERR_INVALID, "the array is of another tree than the runtime");
    return RAMIFY_OK;
}

static ramify_status check_reduction(const ramify_for_options *o)
{
    const ramify_reduction *r = o->reduction;
    if (!r)
        return o->deterministic ? refuse(o, RAMIFY_ERR_INVALID, "deterministic, but nothing to reduce") : RAMIFY_OK;
    if (!r->size || !r->identity || !r->combine || !o->result)
        return refuse(o, RAMIFY_ERR_INVALID, "a reduction needs a size, both functions and a result");
    if (r->size > RAMIFY_PARTIAL_BYTES_MAX)
        return refuse(o, RAMIFY_ERR_RANGE, "a partial result is too large: reduce a pointer to memory of your own");
    return RAMIFY_OK;
}

static ramify_status check_schedule(rmf_loop *loop, const ramify_for_options *o)
{
    loop->schedule = o->schedule;
    if (loop->schedule.rule >= RAMIFY_RULE_COUNT)
        return refuse(o, RAMIFY_ERR_INVALID, "no such schedule");
    if (loop->schedule.grain > INT64_MAX)
        return refuse(o, RAMIFY_ERR_RANGE, "a grain above 2^63 - 1");
    if (loop->schedule.rule == RAMIFY_RULE_DEFAULT) {
        uint64_t grain = loop->schedule.grain;
        loop->schedule = loop->pool->schedule;
        if (loop->schedule.rule == RAMIFY_RULE_DEFAULT)
            loop->schedule.rule = RAMIFY_RULE_AUTO;
        if (grain)
            loop->schedule.grain = grain;
    }
    return RAMIFY_OK;
}

static ramify_status check_owner(const rmf_loop *loop, const ramify_for_options *o)
{
    if (o->group && o->group->pool != loop->pool)
        return refuse(o, RAMIFY_ERR_INVALID, "the group is of another runtime");
    if (o->history && !rmf_history_fits(o->history, loop->pool))
        return refuse(o, RAMIFY_ERR_INVALID, "the history is of another runtime");
    if (o->group && rmf_group_is_cancelled(o->group))
        return refuse(o, RAMIFY_ERR_CANCELED, "the group is cancelled");
    return RAMIFY_OK;
}

ramify_status rmf_loop_prepare(rmf_loop *loop, rmf_pool *pool, const ramify_range *ranges, uint32_t dimensions,
                               ramify_for_fn body, void *self, const ramify_for_options *options)
{
    static const ramify_for_options none;
    const ramify_for_options       *o = options ? options : &none;
    if (!ranges || !body)
        return refuse(o, RAMIFY_ERR_INVALID, "neither ranges nor body may be NULL");
    if (dimensions < 1 || dimensions > RAMIFY_DIMENSIONS_MAX)
        return refuse(o, RAMIFY_ERR_INVALID, "a loop has 1 to 3 dimensions");
    loop->pool = pool;
    loop->body = body;
    loop->self = self;
    for (uint32_t d = 0; d < RAMIFY_DIMENSIONS_MAX; d++)
        loop->range[d] = d < dimensions ? ranges[d] : (ramify_range){ 0, 1, 1 };
    loop->array          = o->deterministic ? NULL : o->array;
    loop->group          = o->group;
    loop->history        = o->history;
    loop->reduction      = o->reduction;
    loop->shelves        = NULL;
    loop->shelf_count    = 0;
    loop->is_eager       = false;
    rmf_store_relaxed(&loop->least_tickets, 1);
    loop->is_line        = dimensions == 1 && !loop->array;
    rmf_store_relaxed(&loop->least_split, 0);
    ramify_status status = count_iterations(loop, o);
    if (!status)
        status = check_array(loop, o);
    if (!status)
        status = check_reduction(o);
    if (!status)
        status = check_schedule(loop, o);
    if (!status)
        status = check_owner(loop, o);
    loop->share       = loop->total / pool->worker_count;
    loop->shares_more = (uint32_t)(loop->total % pool->worker_count);
    return status;
}
