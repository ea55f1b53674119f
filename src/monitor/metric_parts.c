/* SPDX-License-Identifier: BSD-3-Clause */
/* What several metrics are made of: overhead and its parts, utilisation, balance. */
#include "metric_table.h"

const char *const rmf_time_unreadable = "a worker's account of time could not be read while it changed";

static const char no_sample[] = "no sampled task was followed by another one; lower latency_every or run more tasks";
static const char bounded[]   = "submissions to bounded queues are not timed, they may wait or run other tasks";

/* From task to task within a worker's own queue: the samples' mean times the tasks that followed another one. */
static double handle_ns(const rmf_tally *t, const char **reason)
{
    uint64_t followed = t->tasks > t->searches ? t->tasks - t->searches : 0;
    if (!followed)
        return 0.0;
    if (!t->handle_samples) {
        *reason = no_sample;
        return 0.0;
    }
    return (double)t->handle_ns / (double)t->handle_samples * (double)followed;
}

/* Placing by the workers themselves is inside their busy time; placing by threads from outside is not. */
rmf_overhead rmf_overhead_of(const rmf_view *view)
{
    const rmf_tally *t = &view->sum;
    rmf_overhead     o = { 0 };
    if (t->time_unknown)
        o.reason = rmf_time_unreadable;
    else if (view->snapshot->bounded)
        o.reason = bounded;
    const rmf_tally *outside = &view->snapshot->outside;
    bool             all     = view->scope == RAMIFY_SCOPE_RUNTIME;
    double           by_outsiders = all ? (double)(outside->place_ns + outside->batch_ns) : 0.0;
    o.place_ns                    = (double)(t->place_ns + t->batch_ns);
    o.handle_ns                   = handle_ns(t, &o.reason);
    o.search_ns                   = (double)t->spent_ns[RMF_STATE_SEARCHING];
    o.task_ns = (double)t->spent_ns[RMF_STATE_BUSY] - (o.place_ns - by_outsiders) - o.handle_ns;
    if (!o.reason && o.task_ns <= 0.0)
        o.reason = "no time was spent in tasks that the samples could tell from time in the runtime";
    o.task_ns = o.task_ns > 0.0 ? o.task_ns : 0.0; /* estimates of empty tasks' handling may exceed the time there was */
    return o;
}

rmf_result rmf_utilisation(const ramify_snapshot *s, uint32_t first, uint32_t count)
{
    uint64_t busy = 0, all = 0;
    for (uint32_t w = first; w < first + count; w++) {
        if (s->tally[w].time_unknown)
            return (rmf_result){ .reason = rmf_time_unreadable };
        busy += s->tally[w].spent_ns[RMF_STATE_BUSY];
        for (int state = 0; state < RMF_STATE_COUNT; state++)
            all += s->tally[w].spent_ns[state];
    }
    if (!all)
        return (rmf_result){ .reason = "no time has passed" };
    return (rmf_result){ .value = (double)busy / (double)all };
}

static void add_utilisation(const ramify_snapshot *s, uint32_t first, uint32_t count, rmf_balance *b, double *squares)
{
    rmf_result u = rmf_utilisation(s, first, count);
    if (u.reason)
        b->reason = u.reason;
    b->mean += u.value;
    *squares += u.value * u.value;
    b->most = u.value > b->most ? u.value : b->most;
    b->count++;
}

rmf_balance rmf_balance_of(const rmf_view *view)
{
    const ramify_snapshot *s       = view->snapshot;
    rmf_balance            b       = { 0 };
    double                 squares = 0.0;
    if (view->scope == RAMIFY_SCOPE_RUNTIME)
        for (uint32_t w = 0; w < s->workers; w++)
            add_utilisation(s, w, 1, &b, &squares);
    else
        for (uint32_t d = 0; d < s->sites; d++)
            if (s->site[d].level_mask >> view->index & 1)
                add_utilisation(s, s->site[d].first_leaf, s->site[d].leaf_count, &b, &squares);
    if (!b.count)
        return b;
    b.mean /= b.count;
    b.variance = squares / b.count - b.mean * b.mean;
    b.variance = b.variance > 0.0 ? b.variance : 0.0; /* rounding may leave it just below */
    return b;
}
