/* SPDX-License-Identifier: BSD-3-Clause */
/* Where pool and monitor meet: the pool's cells and queues as the monitor reads them, and the calls that need both. */
#include "runtime_handle.h"

#include "load_monitor.h"
#include "replan.h"

#include <ramify/view.h>

#include <stdlib.h>

static const rmf_monitor_cell *cell_of(const void *pool, uint32_t worker)
{
    return &((const rmf_pool *)pool)->workers[worker]->cell;
}

static uint64_t wake_ticks_of(const void *pool, uint32_t worker)
{
    return rmf_load_relaxed(&((const rmf_pool *)pool)->parking.beds[worker].wake_ticks);
}

static void outside_of(const void *pool_, double ns_per_tick, rmf_tally *tally)
{
    const rmf_pool *pool = pool_;
    tally->wakes         = rmf_load_relaxed(&pool->outside_wakes);
    tally->inline_runs   = rmf_load_relaxed(&pool->outside_inline_runs);
    tally->near_unknown  = rmf_load_relaxed(&pool->near_unknown);
    tally->plan_changes  = rmf_replan_changes(pool);
    tally->place_ns      = (uint64_t)((double)rmf_load_relaxed(&pool->outside_place_ticks) * ns_per_tick);
    tally->batch_ns      = (uint64_t)((double)rmf_load_relaxed(&pool->outside_batch_ticks) * ns_per_tick);
}

ramify_status rmf_watch_init(ramify_runtime *rt)
{
    const rmf_pool *pool = rt->pool;
    rt->watch            = (rmf_watch){ .tree         = rt->tree,
                                        .workers      = pool->worker_count,
                                        .ns_per_tick  = pool->ns_per_tick,
                                        .serial       = pool->serial,
                                        .started_ns   = pool->serial,
                                        .bounded      = pool->queue_tasks != 0,
                                        .regions      = &rt->regions,
                                        .cost         = &rt->cost,
                                        .sample_every = pool->latency_every,
                                        .pool         = pool,
                                        .cell         = cell_of,
                                        .wake_ticks   = wake_ticks_of,
                                        .queued       = rmf_pool_load,
                                        .outside      = outside_of };
    return rmf_region_book_init(&rt->regions, rt, pool->serial, pool->worker_count);
}

/* Everything but the rows. */
static ramify_status read_all(void *runtime, ramify_snapshot **snapshot)
{
    ramify_runtime *rt = runtime;
    pthread_mutex_lock(&rt->counter_lock);
    ramify_status status = rmf_snapshot_read(&rt->watch, rt->counters, snapshot);
    pthread_mutex_unlock(&rt->counter_lock);
    return status;
}

static void share(ramify_runtime *rt)
{
    rmf_why               why;
    const rmf_view_source source = { rt, read_all, rt->watch.workers, rt->pool->domain_count, rt->watch.serial };
    if (rmf_view_start(&source, RMF_VIEW_DIRECTORY, &rt->view, &why))
        rmf_log_line(&rt->pool->log, RAMIFY_LOG_WARNING, "no view for other programs: %s", why.text);
}

ramify_status rmf_watch_start(ramify_runtime *rt, const ramify_options *o)
{
    ramify_status status = o->counters ? ramify_counters_start(rt, o->counters, o->diagnosis) : RAMIFY_OK;
    if (!status && o->break_even)
        status = ramify_break_even_measure(rt, NULL);
    if (!status && o->view)
        share(rt);
    if (!status) {
        rmf_tracing_start(rt, o);
        rmf_sde_add(&rt->sde, &rt->watch);
    }
    return status;
}

const char *ramify_runtime_view(const ramify_runtime *rt)
{
    return rt && rt->view ? rmf_view_path(rt->view) : NULL;
}

ramify_status ramify_snapshot_take(const ramify_runtime *rt_, ramify_snapshot **snapshot)
{
    ramify_runtime  *rt = (ramify_runtime *)(uintptr_t)rt_; /* the lock is the one thing that changes */
    ramify_snapshot *s;
    if (!rt || !snapshot)
        return RAMIFY_ERR_INVALID;
    ramify_status status = read_all(rt, &s);
    if (status)
        return status;
    status = rmf_snapshot_fill_rows(s);
    if (status)
        ramify_snapshot_free(s);
    else
        *snapshot = s;
    return status;
}

ramify_status ramify_counters_start(ramify_runtime *rt, const char *events, ramify_diagnosis *diagnosis)
{
    if (!rt || !events)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0, "neither runtime nor events may be NULL");
    uint32_t         workers = rt->pool->worker_count;
    int32_t         *tids    = malloc(workers * sizeof *tids);
    rmf_counter_set *set     = NULL;
    if (!tids)
        return RAMIFY_ERR_NO_MEMORY;
    for (uint32_t w = 0; w < workers; w++)
        tids[w] = rt->pool->workers[w]->tid;
    ramify_status status = RAMIFY_ERR_BUSY;
    pthread_mutex_lock(&rt->counter_lock);
    if (!rt->counters)
        status = rmf_counter_set_open(events, tids, workers, &set, diagnosis);
    rmf_class_book *classes = !status ? rmf_class_book_make(workers, set) : NULL;
    if (!status && !classes) {
        rmf_counter_set_close(set);
        status = RAMIFY_ERR_NO_MEMORY;
    }
    if (!status) {
        rt->counters      = set;
        rt->watch.classes = classes;
        rmf_pool_count_classes(rt->pool, classes);
        /* order: the set before its pointer; pairs with the acquire in counters_of() */
        rmf_store_release(&rt->regions.counters, set);
    }
    pthread_mutex_unlock(&rt->counter_lock);
    free(tids);
    if (status == RAMIFY_ERR_BUSY)
        return rmf_diagnose(diagnosis, status, 0, "the runtime counts events already");
    return status;
}

void rmf_watch_follow(ramify_runtime *rt, uint32_t worker)
{
    /* order: only whether there are any; the set itself is read under the lock */
    if (!rmf_load_relaxed(&rt->regions.counters))
        return;
    pthread_mutex_lock(&rt->counter_lock);
    rmf_counter_set_follow(rt->counters, worker, rt->pool->workers[worker]->tid);
    pthread_mutex_unlock(&rt->counter_lock);
}

ramify_status ramify_load_monitor_create(const ramify_runtime *rt, uint64_t half_life_ns, uint32_t window_updates,
                                         ramify_load_monitor **monitor)
{
    if (!rt || !monitor)
        return RAMIFY_ERR_INVALID;
    return rmf_load_monitor_make(&rt->watch, rt->pool->domain_count, half_life_ns, window_updates, monitor);
}
