/* SPDX-License-Identifier: BSD-3-Clause */
/* The composition root: options, tree, plan and pool become a runtime; its counters become the public ones. */
#include "runtime_handle.h"

#include "options.h"
#include "space_match.h"

#include <stdlib.h>
#include <string.h>

ramify_status rmf_runtime_discover(const ramify_options *o, ramify_tree **tree)
{
    const ramify_tree_options how = { .from        = o->from,
                                      .cpus        = o->cpus,
                                      .workers     = o->workers,
                                      .workers_per = o->workers_per,
                                      .places      = o->places,
                                      .close       = o->close,
                                      .no_ranks    = o->no_ranks,
                                      .log         = o->log,
                                      .log_self    = o->log_self,
                                      .diagnosis   = o->diagnosis };
    return ramify_tree_open(&how, tree);
}

static ramify_status open_tree(const ramify_options *o, ramify_runtime *rt)
{
    if (o->tree) {
        rt->tree = o->tree;
        return RAMIFY_OK;
    }
    bool is_asked = o->from || o->cpus || o->workers || o->workers_per || o->places;
    if (o->space && !is_asked) {
        rt->tree = rmf_space_tree(o->space);
        return RAMIFY_OK;
    }
    ramify_status status = rmf_runtime_discover(o, &rt->own_tree);
    rt->tree             = rt->own_tree;
    return status;
}

static ramify_status open_space(const ramify_options *o, ramify_runtime *rt)
{
    const ramify_space_options how    = { .log = o->log, .log_self = o->log_self };
    ramify_status              status = RAMIFY_OK;
    if (!o->space)
        status = ramify_space_open(rt->tree, &how, &rt->own_space);
    else if (rmf_space_tree(o->space) != rt->tree)
        status = rmf_space_match(rmf_space_tree(o->space), rt->tree, &rt->domain_in);
    rt->space = o->space ? o->space : rt->own_space;
    return status;
}

static ramify_status start_pool(const ramify_options *o, bool lent, ramify_runtime *rt)
{
    ramify_schedule schedule = { RAMIFY_RULE_AUTO, 0 };
    ramify_status   status   = o->schedule ? ramify_schedule_read(o->schedule, &schedule, o->diagnosis) : RAMIFY_OK;
    if (status)
        return status;
    const rmf_pool_options how = { .owner         = rt,
                                   .tree          = rt->tree,
                                   .plan          = rt->plan,
                                   .space         = rt->space,
                                   .domain_in     = rt->domain_in,
                                   .seed          = o->seed,
                                   .spin_us       = o->spin_us,
                                   .queue_tasks   = o->queue_tasks,
                                   .full          = o->full,
                                   .latency_every = o->latency_every,
                                   .schedule      = schedule,
                                   /* a tree of another machine says nothing about the PUs of this one */
                                   .bind        = !lent && !o->no_bind && ramify_tree_is_this_machine(rt->tree),
                                   .lent        = lent,
                                   .stack_bytes = o->stack_bytes,
                                   .log         = { o->log, o->log_self } };
    return rmf_pool_start(&how, &rt->pool);
}

static void drop(ramify_runtime *rt)
{
    rmf_tracing_drop(&rt->tracing);
    rmf_region_book_drop(&rt->regions);
    rmf_class_book_drop(rt->watch.classes);
    rmf_counter_set_close(rt->counters);
    pthread_mutex_destroy(&rt->counter_lock);
    pthread_mutex_destroy(&rt->plan_lock);
    rmf_plan_texts_drop(&rt->plan_texts);
    rmf_plan_free(rt->plan);
    ramify_space_free(rt->own_space);
    free(rt->domain_in);
    ramify_tree_free(rt->space_tree);
    ramify_tree_free(rt->own_tree);
    free(rt->asked);
    free(rt);
}

ramify_status rmf_runtime_open(const ramify_options *o, bool lent, ramify_runtime **result)
{
    ramify_runtime *rt = calloc(1, sizeof *rt);
    if (!rt)
        return RAMIFY_ERR_NO_MEMORY;
    pthread_mutex_init(&rt->counter_lock, NULL);
    pthread_mutex_init(&rt->plan_lock, NULL);
    rmf_plan_texts_init(&rt->plan_texts);
    rmf_tracing_init(&rt->tracing);
    ramify_status status = open_tree(o, rt);
    if (!status)
        status = rmf_plan_create(rt->tree, o->policy, o->policies, o->seed, o->diagnosis, &rt->plan);
    if (!status)
        status = rmf_plan_texts_begin(&rt->plan_texts, rmf_plan_text(rt->plan));
    if (!status)
        status = open_space(o, rt);
    if (!status)
        status = start_pool(o, lent, rt);
    if (!status) {
        status = rmf_watch_init(rt);
        if (!status && !lent) /* a team does it once its threads are there */
            status = rmf_watch_start(rt, o);
        if (status)
            rmf_pool_stop(rt->pool);
    }
    if (status)
        drop(rt);
    else
        *result = rt;
    return status;
}

ramify_status ramify_start(const ramify_options *options, ramify_runtime **result)
{
    ramify_options o;
    if (!result)
        return RAMIFY_ERR_INVALID;
    ramify_status status = rmf_options_read(options, &o, options ? options->diagnosis : NULL);
    if (status)
        return status;
    ramify_options *asked = rmf_options_keep(&o);
    status                = asked ? rmf_runtime_open(&o, false, result) : RAMIFY_ERR_NO_MEMORY;
    if (status)
        free(asked);
    else
        (*result)->asked = asked;
    return status;
}

ramify_status ramify_stop(ramify_runtime *rt)
{
    if (!rt)
        return RAMIFY_OK;
    if (rmf_own_worker(rt->pool))
        return RAMIFY_ERR_BUSY;
    rmf_tracing_finish(rt);
    rmf_sde_remove(&rt->sde);
    rmf_view_stop(rt->view);
    rmf_pool_stop(rt->pool);
    drop(rt);
    return RAMIFY_OK;
}

const ramify_tree *ramify_runtime_tree(const ramify_runtime *rt)
{
    return rt->tree;
}

ramify_space *ramify_runtime_space(const ramify_runtime *rt)
{
    return rt->space;
}

uint32_t ramify_runtime_workers(const ramify_runtime *rt)
{
    return rt->pool->worker_count;
}

ramify_status ramify_runtime_counts(const ramify_runtime *rt, uint32_t worker, ramify_counts *counts)
{
    const rmf_pool *pool = rt->pool;
    if (!counts)
        return RAMIFY_ERR_INVALID;
    if (worker != RAMIFY_NONE && worker >= pool->worker_count)
        return RAMIFY_ERR_RANGE;
    ramify_counts sum = { 0 };
    if (worker != RAMIFY_NONE)
        rmf_cell_sum(&pool->workers[worker]->cell, &sum);
    else {
        for (uint32_t w = 0; w < pool->worker_count; w++)
            rmf_cell_sum(&pool->workers[w]->cell, &sum);
        sum.wakes += rmf_load_relaxed(&pool->outside_wakes);
        sum.inline_runs += rmf_load_relaxed(&pool->outside_inline_runs);
        sum.near_unknown = rmf_load_relaxed(&pool->near_unknown);
    }
    *counts = sum;
    return RAMIFY_OK;
}

ramify_status ramify_runtime_latency(const ramify_runtime *rt, ramify_latency *latency)
{
    if (!latency)
        return RAMIFY_ERR_INVALID;
    rmf_histogram *sum = calloc(1, sizeof *sum);
    if (!sum)
        return RAMIFY_ERR_NO_MEMORY;
    for (uint32_t w = 0; w < rt->pool->worker_count; w++)
        rmf_histogram_merge(sum, &rt->pool->workers[w]->cell.latency);
    rmf_histogram_summary(sum, latency);
    free(sum);
    return RAMIFY_OK;
}

ramify_place ramify_here(void)
{
    rmf_worker      *worker = rmf_worker_self();
    const rmf_frame *frame  = *rmf_frames_of(worker);
    ramify_place     place  = { NULL, NULL, RAMIFY_NONE, RAMIFY_NONE };
    if (worker) {
        place.runtime = worker->pool->owner;
        place.worker  = worker->number;
    }
    if (frame) {
        place.group = frame->group;
        place.home  = frame->home;
    }
    return place;
}
