/* SPDX-License-Identifier: BSD-3-Clause */
/* Switching traces on and off, sampling, and the public calls. */
#include "runtime_handle.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A millisecond between samples is the grain in which a person sees load come and go, and under 0.1 % of a core for
 * some dozens of queues. The file that switches is looked for ten times a second: one system call. */
enum { EVENTS_DEFAULT = 65536, SAMPLE_US_DEFAULT = 1000, FLAG_MS = 100 };

/* The domains whose load is sampled: the root and its children, as long as they are few enough to look at. */
enum { SAMPLED_MAX = 17 };

void rmf_tracing_init(rmf_tracing *t)
{
    pthread_condattr_t monotonic;
    *t = (rmf_tracing){ .sample_ns = SAMPLE_US_DEFAULT * 1000u, .events = EVENTS_DEFAULT };
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->tick, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void rmf_tracing_drop(rmf_tracing *t)
{
    rmf_trace_free(t->trace);
    free(t->path);
    free(t->flag);
    pthread_cond_destroy(&t->tick);
    pthread_mutex_destroy(&t->lock);
}

/* The ring of the calling thread: a worker's, or that of a slot for threads from outside; NULL for latecomers, who
 * share the last slot. */
static rmf_trace_ring *ring_here(ramify_runtime *rt)
{
    const rmf_worker *worker = rmf_own_worker(rt->pool);
    uint32_t          slot   = worker ? worker->number : rmf_region_outside_slot(&rt->regions, (uint32_t)gettid());
    return slot + 1 < rt->regions.slots ? &rt->tracing.trace->rings[slot] : NULL;
}

static void note_region(ramify_runtime *rt, uint32_t region, rmf_trace_phase phase, uint64_t now_ticks)
{
    rmf_trace_ring *ring = ring_here(rt);
    uint64_t        name = (uint64_t)(uintptr_t)rt->regions.region[region]->name;
    if (ring)
        rmf_trace_put(ring, &(rmf_trace_event){ now_ticks, RMF_TRACE_REGION, (uint8_t)phase, 0, region, name, 0 });
}

static void region_began(void *rt, uint32_t region, uint64_t now_ticks)
{
    note_region(rt, region, RMF_TRACE_BEGIN, now_ticks);
}

static void region_ended(void *rt, uint32_t region, uint64_t now_ticks)
{
    note_region(rt, region, RMF_TRACE_END, now_ticks);
}

void rmf_tracing_note_plan(ramify_runtime *rt, uint64_t number)
{
    /* order: the rings behind the listener; pairs with the release in begin() */
    rmf_trace_ring *ring = rmf_load_acquire(&rt->regions.listener) ? ring_here(rt) : NULL;
    if (ring)
        rmf_trace_point(ring, RMF_TRACE_PLAN, 0, 0, number, 0);
}

/* Under the lock from here on. */
static void take_samples(ramify_runtime *rt)
{
    rmf_tracing    *t     = &rt->tracing;
    rmf_trace_ring *ring  = &t->trace->rings[t->trace->lanes - 1];
    uint64_t        parked = rmf_parked_of(rmf_load_relaxed(&rt->pool->parking.sleeping));
    uint32_t        count = 1 + rt->pool->domains[0].child_count;
    rmf_trace_point(ring, RMF_TRACE_IDLE, 0, 0, rmf_parking_count_searching(&rt->pool->parking), parked);
    for (uint32_t d = 0; d < (count <= SAMPLED_MAX ? count : 1); d++)
        rmf_trace_point(ring, RMF_TRACE_LOAD, 0, d, (uint64_t)(rmf_pool_load(rt->pool, d) + 0.5), 0);
    rmf_tracing_sample_counters(rt);
}

static void look_at_path(ramify_runtime *rt)
{
    rmf_tracing     *t   = &rt->tracing;
    ramify_diagnosis why = { 0 };
    char             path[RMF_TRACE_PATH_BYTES];
    t->earlier = (rmf_trace_earlier){ 0 };
    if (t->path && !rmf_trace_path(t->path, rt->pool->serial, path, &why))
        rmf_trace_look(path, &t->earlier);
}

static ramify_status begin(ramify_runtime *rt)
{
    rmf_tracing  *t      = &rt->tracing;
    ramify_status status = RAMIFY_OK;
    if (!t->trace) /* set once: a thread that is in a region may still look at the listener of the last trace */
        t->listener = (rmf_region_listener){ rt, region_began, region_ended };
    if (!t->trace)
        status = rmf_trace_make(rt->tree, RAMIFY_REGION_THREADS_MAX - 1, t->events, rt->pool->ns_per_tick, &t->trace);
    if (status)
        return status;
    look_at_path(rt);
    t->base = (rmf_track_base){ 0 };
    rmf_trace_begin(t->trace, rmf_plan_texts_number(&rt->plan_texts));
    rmf_tracing_sample_counters(rt);
    rmf_pool_trace(rt->pool, t->trace->rings);
    /* order: publishes the listener and the rings; pairs with the acquire of whoever is in a region */
    rmf_store_release(&rt->regions.listener, &t->listener);
    t->recording = true;
    return RAMIFY_OK;
}

static void end(ramify_runtime *rt)
{
    take_samples(rt);
    rmf_pool_trace(rt->pool, NULL);
    rmf_store_relaxed(&rt->regions.listener, NULL);
    rt->tracing.recording = false;
}

static ramify_status write_view(const rmf_trace_view *view, const char *path, ramify_trace_format format,
                                ramify_diagnosis *diagnosis)
{
    if (format == RAMIFY_TRACE_BY_NAME)
        format = rmf_trace_format_of(path);
    if (format == RAMIFY_TRACE_PAJE)
        return rmf_trace_write_paje(view, path, diagnosis);
    if (format == RAMIFY_TRACE_OTF2)
        return rmf_trace_write_otf2(view, path, diagnosis);
    return rmf_trace_write_json(view, path, diagnosis);
}

/* A worker that slept all the time has written nothing: its lane begins to sleep with the trace. */
static void note_sleepers(const rmf_pool *pool, rmf_trace_view *view)
{
    for (uint32_t w = 0; w < pool->worker_count; w++) {
        rmf_trace_lane *lane = &view->lanes[w];
        if (pool->workers[w] && !lane->count &&
            rmf_load_relaxed(&pool->workers[w]->cell.time.state) == RMF_STATE_PARKED)
            lane->events[lane->count++] =
                (rmf_trace_event){ view->from_ticks, RMF_TRACE_PARK, RMF_TRACE_BEGIN, 0, w, 0, 0 };
    }
}

/* The metrics so far, as JSON; NULL without memory. */
static char *metrics_of(const ramify_runtime *rt)
{
    ramify_snapshot *snapshot = NULL;
    char            *text     = NULL;
    if (ramify_snapshot_take(rt, &snapshot) || ramify_snapshot_render(snapshot, RAMIFY_METRICS_JSON, &text))
        text = NULL;
    ramify_snapshot_free(snapshot);
    return text;
}

static ramify_status write_trace(ramify_runtime *rt, const char *path, ramify_trace_format format,
                                 ramify_diagnosis *diagnosis)
{
    rmf_trace_view view;
    ramify_status  status = rmf_trace_view_make(rt->tracing.trace, &rt->plan_texts, &view);
    if (status)
        return status;
    note_sleepers(rt->pool, &view);
    char *metrics = metrics_of(rt);
    view.metrics  = metrics;
    status        = write_view(&view, path, format, diagnosis);
    ramify_text_free(metrics);

    rmf_trace_view_drop(&view);
    return status;
}

static void tell_of_loss(const ramify_runtime *rt, const ramify_diagnosis *why, ramify_status status)
{
    rmf_log_line(&rt->pool->log, RAMIFY_LOG_WARNING, "the trace is lost: %s (%s: %s)",
                 why->text[0] ? why->text : rt->tracing.path, ramify_status_name(status), ramify_status_advice(status));
}

/* Writes the trace the options asked for; failing that, the trace is lost, and the log says so. */
static void deliver(ramify_runtime *rt)
{
    rmf_tracing     *t   = &rt->tracing;
    ramify_diagnosis why = { 0 };
    char             path[RMF_TRACE_PATH_BYTES];
    rmf_trace_claim  claim;
    ramify_status    status = rmf_trace_path(t->path, rt->pool->serial, path, &why);
    if (status) {
        tell_of_loss(rt, &why, status);
        return;
    }
    rmf_trace_claim_make(path, &t->earlier, &claim);
    status = write_trace(rt, claim.path, RAMIFY_TRACE_BY_NAME, &why);
    rmf_trace_claim_end(&claim);
    if (status) {
        tell_of_loss(rt, &why, status);
        return;
    }
    ramify_trace_counts counts = rmf_trace_count(t->trace);
    rmf_log_line(&rt->pool->log, RAMIFY_LOG_INFO,
                 "trace written to %s: %" PRIu64 " events, %" PRIu64 " older ones lost%s%s", claim.path,
                 counts.events - counts.lost, counts.lost, counts.lost ? "; RAMIFY_TRACE_EVENTS keeps more" : "",
                 claim.is_else ? "; the name without the process holds another's trace" : "");
}

static void look_for_flag(ramify_runtime *rt)
{
    rmf_tracing *t       = &rt->tracing;
    bool         present = access(t->flag, F_OK) == 0;
    if (present && !t->recording) {
        ramify_status status = begin(rt);
        rmf_log_line(&rt->pool->log, status ? RAMIFY_LOG_WARNING : RAMIFY_LOG_INFO, "trace: %s exists: %s", t->flag,
                     status ? ramify_status_text(status) : "recording");
        if (status) { /* not again ten times a second */
            free(t->flag);
            t->flag = NULL;
        }
    } else if (!present && t->recording) {
        end(rt);
        deliver(rt);
    }
}

static void *sampler_main(void *rt_)
{
    ramify_runtime *rt   = rt_;
    rmf_tracing    *t    = &rt->tracing;
    uint64_t        look = 0; /* when to look for the flag, ns */
    pthread_setname_np(pthread_self(), "ramify-trace");
    pthread_mutex_lock(&t->lock);
    while (!t->ending) {
        uint64_t now = rmf_clock_ns();
        if (t->flag && now >= look) {
            look_for_flag(rt);
            look = now + FLAG_MS * 1000000u;
        }
        if (t->recording)
            take_samples(rt);
        uint64_t        until = now + (t->recording ? t->sample_ns : FLAG_MS * 1000000u);
        struct timespec limit = { (time_t)(until / 1000000000u), (long)(until % 1000000000u) };
        if (t->recording || t->flag)
            pthread_cond_timedwait(&t->tick, &t->lock, &limit);
        else
            pthread_cond_wait(&t->tick, &t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* Signals are for the program's own threads. */
static ramify_status need_sampler(ramify_runtime *rt)
{
    rmf_tracing *t = &rt->tracing;
    sigset_t     all, before;
    if (t->has_sampler)
        return RAMIFY_OK;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    t->has_sampler = pthread_create(&t->sampler, NULL, sampler_main, rt) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return t->has_sampler ? RAMIFY_OK : RAMIFY_ERR_SYSTEM;
}

static void warn_of_path(ramify_runtime *rt)
{
    char             path[RMF_TRACE_PATH_BYTES];
    ramify_diagnosis why     = { 0 };
    ramify_status    status  = rmf_trace_path(rt->tracing.path, rt->pool->serial, path, &why);
    const char      *trouble = status ? why.text : rmf_trace_path_trouble(path);
    if (trouble)
        rmf_log_line(&rt->pool->log, RAMIFY_LOG_WARNING, "the trace will be lost: %s: %s", rt->tracing.path, trouble);
}

void rmf_tracing_start(ramify_runtime *rt, const ramify_options *o)
{
    rmf_tracing  *t      = &rt->tracing;
    ramify_status status = RAMIFY_OK;
    t->events            = o->trace_events ? o->trace_events : EVENTS_DEFAULT;
    if (!o->trace) {
        if (o->trace_while)
            rmf_log_line(&rt->pool->log, RAMIFY_LOG_WARNING, "no trace is recorded: RAMIFY_TRACE names no file for it");
        return;
    }
    pthread_mutex_lock(&t->lock);
    t->path = strdup(o->trace);
    t->flag = o->trace_while ? strdup(o->trace_while) : NULL;
    if (!t->path || (o->trace_while && !t->flag))
        status = RAMIFY_ERR_NO_MEMORY;
    if (t->path)
        warn_of_path(rt);
    if (!status && !t->flag)
        status = begin(rt);
    if (!status)
        status = need_sampler(rt);
    if (status)
        rmf_log_line(&rt->pool->log, RAMIFY_LOG_WARNING, "no trace is recorded: %s", ramify_status_text(status));
    pthread_mutex_unlock(&t->lock);
}

void rmf_tracing_finish(ramify_runtime *rt)
{
    rmf_tracing *t = &rt->tracing;
    if (t->has_sampler)
        rmf_pool_drain(rt->pool); /* what still runs belongs to the trace */
    pthread_mutex_lock(&t->lock);
    t->ending = true;
    pthread_cond_signal(&t->tick);
    bool is_due = t->recording && t->path;
    if (t->recording)
        end(rt);
    if (is_due)
        deliver(rt);
    pthread_mutex_unlock(&t->lock);
    if (t->has_sampler)
        pthread_join(t->sampler, NULL);
}

static ramify_status check_options(const ramify_trace_options *o, ramify_diagnosis *diagnosis)
{
    if (o->events_per_worker && (o->events_per_worker < 256 || o->events_per_worker > 1 << 24))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "events_per_worker is %u: must be 256 to 2^24",
                            o->events_per_worker);
    if (o->sample_us && (o->sample_us < 100 || o->sample_us > 1000000))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "sample_us is %u: must be 100 to 10^6", o->sample_us);
    return RAMIFY_OK;
}

ramify_status ramify_trace_start(ramify_runtime *rt, const ramify_trace_options *options, ramify_diagnosis *diagnosis)
{
    ramify_trace_options o = options ? *options : (ramify_trace_options){ 0 };
    if (!rt)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0, "the runtime is NULL");
    ramify_status status = check_options(&o, diagnosis);
    if (status)
        return status;
    rmf_tracing *t = &rt->tracing;
    pthread_mutex_lock(&t->lock);
    if (t->recording)
        status = rmf_diagnose(diagnosis, RAMIFY_ERR_BUSY, 0, "the runtime records a trace already");
    if (!status) {
        t->events    = o.events_per_worker ? o.events_per_worker : t->events;
        t->sample_ns = (o.sample_us ? o.sample_us : SAMPLE_US_DEFAULT) * 1000ull;
        status       = need_sampler(rt);
    }
    if (!status)
        status = begin(rt);
    pthread_cond_signal(&t->tick);
    pthread_mutex_unlock(&t->lock);
    return status;
}

ramify_status ramify_trace_stop(ramify_runtime *rt)
{
    if (!rt)
        return RAMIFY_ERR_INVALID;
    ramify_status status = RAMIFY_ERR_NOT_NOW;
    pthread_mutex_lock(&rt->tracing.lock);
    if (rt->tracing.recording) {
        end(rt);
        status = RAMIFY_OK;
    }
    pthread_mutex_unlock(&rt->tracing.lock);
    return status;
}

ramify_status ramify_trace_write(ramify_runtime *rt, const char *path, ramify_trace_format format,
                                 ramify_diagnosis *diagnosis)
{
    if (!rt || !path || (unsigned)format > RAMIFY_TRACE_OTF2)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0, "runtime or path is NULL, or the format is none");
    char          resolved[RMF_TRACE_PATH_BYTES];
    ramify_status status = rmf_trace_path(path, rt->pool->serial, resolved, diagnosis);
    pthread_mutex_lock(&rt->tracing.lock);
    if (!status && rt->tracing.trace)
        status = write_trace(rt, resolved, format, diagnosis);
    else if (!status)
        status = rmf_diagnose(diagnosis, RAMIFY_ERR_NOT_NOW, 0, "nothing was recorded: ramify_trace_start() begins it");
    pthread_mutex_unlock(&rt->tracing.lock);
    return status;
}

ramify_status ramify_trace_count(const ramify_runtime *rt_, ramify_trace_counts *counts)
{
    ramify_runtime *rt = (ramify_runtime *)(uintptr_t)rt_; /* the lock is the one thing that changes */
    if (!rt || !counts)
        return RAMIFY_ERR_INVALID;
    pthread_mutex_lock(&rt->tracing.lock);
    *counts           = rt->tracing.trace ? rmf_trace_count(rt->tracing.trace) : (ramify_trace_counts){ 0, 0, false };
    counts->recording = rt->tracing.recording;
    pthread_mutex_unlock(&rt->tracing.lock);
    return RAMIFY_OK;
}
