/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of metrics and the functions that compute one each. */
#include "metric_table.h"

#include <string.h>

enum {
    R  = 1 << RAMIFY_SCOPE_RUNTIME,
    L  = 1 << RAMIFY_SCOPE_LEVEL,
    D  = 1 << RAMIFY_SCOPE_DOMAIN,
    W  = 1 << RAMIFY_SCOPE_WORKER,
    RW = R | W,
};

static rmf_result known(double value)
{
    return (rmf_result){ .value = value };
}

static rmf_result unknown(const char *reason)
{
    return (rmf_result){ .reason = reason };
}

static rmf_result ratio(double numerator, double denominator, const char *without)
{
    return denominator > 0.0 ? known(numerator / denominator) : unknown(without);
}

static const char no_tasks[]    = "no task was run";
static const char no_attempts[] = "no steal was attempted";
static const char no_steals[]   = "no steal succeeded";
static const char no_loops[]    = "no iteration of a loop was run";
static const char no_samples[]  = "no task was timed";

#define COUNT_OF(field)                                         \
    static rmf_result compute_##field(const rmf_view *view)     \
    {                                                           \
        return known((double)view->sum.field);                  \
    }
COUNT_OF(tasks)
COUNT_OF(tasks_at_home)
COUNT_OF(tasks_on_node)
COUNT_OF(dropped)
COUNT_OF(forks)
COUNT_OF(forks_stolen)
COUNT_OF(forks_at_once)
COUNT_OF(loops)
COUNT_OF(loop_chunks)
COUNT_OF(loop_splits)
COUNT_OF(loop_iterations)
COUNT_OF(loop_iterations_at_home)
COUNT_OF(dependent_tasks)
COUNT_OF(graph_tasks)
COUNT_OF(graph_runs)
COUNT_OF(inline_runs)
COUNT_OF(near_unknown)
COUNT_OF(plan_changes)
COUNT_OF(rebinds)
COUNT_OF(parks)
COUNT_OF(parks_aborted)
COUNT_OF(wakes)
COUNT_OF(bind_failures)
COUNT_OF(searches)
COUNT_OF(wake_ns)

static double seconds(const rmf_view *view)
{
    return (double)(view->snapshot->taken_ns - view->snapshot->from_ns) * 1e-9;
}

static rmf_result interval_ns(const rmf_view *view)
{
    return known((double)(view->snapshot->taken_ns - view->snapshot->from_ns));
}

static rmf_result workers(const rmf_view *view)
{
    return known(view->count);
}

static rmf_result tasks_per_second(const rmf_view *view)
{
    return ratio((double)view->sum.tasks, seconds(view), "no time has passed");
}

static rmf_result queued_tasks(const rmf_view *view)
{
    return known(view->snapshot->queued[view->scope == RAMIFY_SCOPE_RUNTIME ? 0 : view->index]);
}

/* Times and shares of the three states. */
static rmf_result spent(const rmf_view *view, rmf_state state)
{
    return view->sum.time_unknown ? unknown(rmf_time_unreadable) : known((double)view->sum.spent_ns[state]);
}

static rmf_result busy_ns(const rmf_view *view)
{
    return spent(view, RMF_STATE_BUSY);
}

static rmf_result search_ns(const rmf_view *view)
{
    return spent(view, RMF_STATE_SEARCHING);
}

static rmf_result parked_ns(const rmf_view *view)
{
    return spent(view, RMF_STATE_PARKED);
}

static rmf_result starved_ns(const rmf_view *view)
{
    rmf_result search = search_ns(view), parked = parked_ns(view);
    search.value += parked.value;
    return search;
}

static rmf_result utilisation(const rmf_view *view)
{
    return rmf_utilisation(view->snapshot, view->first, view->count);
}

static rmf_result load_variance(const rmf_view *view)
{
    rmf_balance b = rmf_balance_of(view);
    return b.reason ? unknown(b.reason) : known(b.variance);
}

static rmf_result load_imbalance(const rmf_view *view)
{
    rmf_balance b = rmf_balance_of(view);
    return b.reason ? unknown(b.reason) : ratio(b.most - b.mean, b.mean, "nobody was busy");
}

/* Distribution latency. */
static ramify_latency latency_of(const rmf_view *view)
{
    ramify_latency latency;
    rmf_spread_summary(&view->snapshot->latency, &latency);
    return latency;
}

#define LATENCY_OF(field)                                                                            \
    static rmf_result latency_##field(const rmf_view *view)                                         \
    {                                                                                               \
        ramify_latency latency = latency_of(view);                                                  \
        return latency.samples ? (rmf_result){ (double)latency.field, NULL, true } : unknown(no_samples); \
    }
LATENCY_OF(mean_ns)
LATENCY_OF(min_ns)
LATENCY_OF(p50_ns)
LATENCY_OF(p90_ns)
LATENCY_OF(p99_ns)
LATENCY_OF(p999_ns)
LATENCY_OF(p9999_ns)
LATENCY_OF(max_ns)

static rmf_result latency_samples(const rmf_view *view)
{
    return known((double)latency_of(view).samples);
}

/* Coordination overhead. */
#define OVERHEAD(name, numerator)                                              \
    static rmf_result name(const rmf_view *view)                               \
    {                                                                          \
        rmf_overhead o = rmf_overhead_of(view);                                \
        rmf_result   r = o.reason ? unknown(o.reason) : known((numerator) / o.task_ns); \
        r.sampled      = true;                                                 \
        return r;                                                              \
    }
OVERHEAD(overhead, o.place_ns + o.handle_ns + o.search_ns)
OVERHEAD(overhead_placing, o.place_ns)
OVERHEAD(overhead_handling, o.handle_ns)
OVERHEAD(overhead_searching, o.search_ns)
OVERHEAD(overhead_parking, (double)view->sum.spent_ns[RMF_STATE_PARKED])
OVERHEAD(overhead_waking, (double)view->sum.wake_ns)

#define OVERHEAD_NS(field)                                               \
    static rmf_result field(const rmf_view *view)                        \
    {                                                                    \
        rmf_overhead o = rmf_overhead_of(view);                          \
        return (rmf_result){ o.field, o.reason, .sampled = true };       \
    }
OVERHEAD_NS(task_ns)
OVERHEAD_NS(place_ns)
OVERHEAD_NS(handle_ns)

static rmf_result run_mean_ns(const rmf_view *view)
{
    rmf_result r = ratio((double)view->sum.run_ns, (double)view->sum.run_samples, no_samples);
    r.sampled    = true;
    return r;
}

static rmf_result cost_per_task_ns(const rmf_view *view)
{
    rmf_overhead o = rmf_overhead_of(view);
    rmf_result   r = o.reason ? unknown(o.reason) : ratio(o.place_ns + o.handle_ns, (double)view->sum.tasks, no_tasks);
    r.sampled      = true;
    return r;
}

/* A task that runs shorter than it costs to make and run an empty one is below break-even. */
static const char not_measured[] = "not measured: ramify_break_even_measure() or RAMIFY_BREAK_EVEN=1 does";

static rmf_result break_even_fork_ns(const rmf_view *view)
{
    uint64_t ps = view->snapshot->cost.fork_ps;
    return ps ? known((double)ps * 1e-3) : unknown(not_measured);
}

static rmf_result break_even_submit_ns(const rmf_view *view)
{
    uint64_t ps = view->snapshot->cost.submit_ps;
    return ps ? known((double)ps * 1e-3) : unknown(not_measured);
}

/* Of the sampled tasks, those below break-even: their number, or their time. */
static rmf_result small_share(const rmf_view *view, bool of_time)
{
    rmf_result r = break_even_submit_ns(view);
    if (r.reason)
        return r;
    if (!view->sum.run_samples)
        return unknown(no_samples);
    return (rmf_result){ rmf_spread_share_below(&view->snapshot->run, r.value, of_time), .sampled = true };
}

static rmf_result small_tasks_share(const rmf_view *view)
{
    return small_share(view, false);
}

static rmf_result small_tasks_time_share(const rmf_view *view)
{
    return small_share(view, true);
}

static rmf_result small_tasks_ns(const rmf_view *view)
{
    rmf_result share = small_share(view, true), mean = run_mean_ns(view);
    if (!share.reason)
        share.value *= mean.value * (double)view->sum.tasks;
    return share;
}

/* Stealing: at one level, or at all. */
static double stealing(const rmf_view *view, int which)
{
    double sum = 0.0;
    for (uint32_t level = 0; level < RAMIFY_LEVEL_COUNT; level++)
        if (view->scope != RAMIFY_SCOPE_LEVEL || level == view->index)
            sum += (double)view->sum.stealing[level][which];
    return sum;
}

enum { ATTEMPTS, STEALS, STOLEN }; /* in the order of RMF_STEAL_COUNTERS */

static rmf_result steal_attempts(const rmf_view *view)
{
    return known(stealing(view, ATTEMPTS));
}

static rmf_result steals(const rmf_view *view)
{
    return known(stealing(view, STEALS));
}

static rmf_result stolen_tasks(const rmf_view *view)
{
    return known(stealing(view, STOLEN));
}

static rmf_result steal_success(const rmf_view *view)
{
    return ratio(stealing(view, STEALS), stealing(view, ATTEMPTS), no_attempts);
}

static rmf_result tasks_per_steal(const rmf_view *view)
{
    return ratio(stealing(view, STOLEN), stealing(view, STEALS), no_steals);
}

/* Locality. */
static rmf_result home_share(const rmf_view *view)
{
    return ratio((double)view->sum.tasks_at_home, (double)view->sum.tasks, no_tasks);
}

static rmf_result node_share(const rmf_view *view)
{
    return ratio((double)(view->sum.tasks_at_home + view->sum.tasks_on_node), (double)view->sum.tasks, no_tasks);
}

/* Loops. */
static rmf_result loop_iterations_per_chunk(const rmf_view *view)
{
    return ratio((double)view->sum.loop_iterations, (double)view->sum.loop_chunks, no_loops);
}

static rmf_result loop_home_share(const rmf_view *view)
{
    return ratio((double)view->sum.loop_iterations_at_home, (double)view->sum.loop_iterations, no_loops);
}

const char rmf_region_count[] = "region_count", rmf_region_ns[] = "region_ns",
           rmf_region_imbalance[] = "region_imbalance";

/* In which order metrics stand in every rendering. */
#define COUNTER(name, unit, scopes, compute, meaning) { name, unit, meaning, RAMIFY_METRIC_COUNTER, scopes, compute },
#define GAUGE(name, unit, scopes, compute, meaning)   { name, unit, meaning, RAMIFY_METRIC_GAUGE, scopes, compute },
static const rmf_metric_entry entries[] = {
    COUNTER("interval_ns", "ns", R, interval_ns, "time since the start of the runtime, or between two snapshots")
    GAUGE("workers", "workers", R, workers, "number of workers")
    COUNTER("tasks", "tasks", R | D | W, compute_tasks, "run by workers")
    COUNTER("forks", "forks", RW, compute_forks, "run by their own worker, as of its last look up from fork-join")
    COUNTER("forks_stolen", "forks", RW, compute_forks_stolen, "run by a thief")
    COUNTER("forks_at_once", "forks", RW, compute_forks_at_once, "run by the fork itself, because the lane was full")
    COUNTER("loops", "loops", RW, compute_loops, "run by workers, or begun by them for another thread")
    COUNTER("loop_iterations", "iterations", RW, compute_loop_iterations, "of loops; blocks of a deterministic one count as one")
    COUNTER("loop_chunks", "chunks", RW, compute_loop_chunks, "parts of loops run without looking up")
    COUNTER("loop_splits", "splits", RW, compute_loop_splits, "half of a part was given to another worker that was hungry")
    GAUGE("loop_iterations_per_chunk", "iterations", RW, loop_iterations_per_chunk, "run without looking up")
    COUNTER("loop_iterations_at_home", "iterations", RW, compute_loop_iterations_at_home, "run by the worker, or below the domain, whose share they were")
    GAUGE("loop_home_share", "1", RW, loop_home_share, "iterations run by the worker, or below the domain, whose share they were")
    COUNTER("dependent_tasks", "tasks", RW, compute_dependent_tasks, "of the tasks, those submitted with dependencies")
    COUNTER("graph_tasks", "tasks", RW, compute_graph_tasks, "of the tasks, those of recorded graphs")
    COUNTER("graph_runs", "runs", RW, compute_graph_runs, "of recorded graphs, begun")
    GAUGE("tasks_per_second", "tasks/s", R | D | W, tasks_per_second, "throughput")
    GAUGE("queued_tasks", "tasks", R | D, queued_tasks, "weight queued or running below a domain, at the end")
    COUNTER("dropped", "tasks", RW, compute_dropped, "cancelled before they started")
    COUNTER("inline_runs", "tasks", RW, compute_inline_runs, "run by a submitter that found a queue full")
    GAUGE("latency_samples", "tasks", R, latency_samples, "tasks timed from submission, or from the end of the last one they waited for, to start")
    GAUGE("latency_mean_ns", "ns", R, latency_mean_ns, "submission to start, mean")
    GAUGE("latency_min_ns", "ns", R, latency_min_ns, "submission to start, least")
    GAUGE("latency_p50_ns", "ns", R, latency_p50_ns, "submission to start, median")
    GAUGE("latency_p90_ns", "ns", R, latency_p90_ns, "submission to start, 90 % are below")
    GAUGE("latency_p99_ns", "ns", R, latency_p99_ns, "submission to start, 99 % are below")
    GAUGE("latency_p999_ns", "ns", R, latency_p999_ns, "submission to start, 99.9 % are below")
    GAUGE("latency_p9999_ns", "ns", R, latency_p9999_ns, "submission to start, 99.99 % are below")
    GAUGE("latency_max_ns", "ns", R, latency_max_ns, "submission to start, most")
    GAUGE("utilisation", "1", R | D | W, utilisation, "busy share of the workers' time")
    GAUGE("load_variance", "1", R | L, load_variance, "variance of utilisation over workers, or a level's domains")
    GAUGE("load_imbalance", "1", R | L, load_imbalance, "largest over mean utilisation, minus one")
    COUNTER("busy_ns", "ns", R | D | W, busy_ns, "running tasks and taking the next one from the own queue")
    COUNTER("search_ns", "ns", R | D | W, search_ns, "looking for work elsewhere")
    COUNTER("parked_ns", "ns", R | D | W, parked_ns, "asleep")
    COUNTER("wake_ns", "ns", RW, compute_wake_ns, "spent by others on waking, within placing and searching")
    COUNTER("task_ns", "ns", RW, task_ns, "busy less placing and handling")
    COUNTER("place_ns", "ns", RW, place_ns, "in submissions")
    COUNTER("handle_ns", "ns", RW, handle_ns, "from the end of a task to the start of the next of the own queue")
    GAUGE("overhead", "1", RW, overhead, "placing, handling and searching over time in tasks")
    GAUGE("overhead_placing", "1", RW, overhead_placing, "placing over time in tasks")
    GAUGE("overhead_handling", "1", RW, overhead_handling, "handling over time in tasks")
    GAUGE("overhead_searching", "1", RW, overhead_searching, "searching over time in tasks")
    GAUGE("overhead_waking", "1", RW, overhead_waking, "waking over time in tasks; a part of placing and searching")
    GAUGE("overhead_parking", "1", RW, overhead_parking, "time asleep over time in tasks; not in overhead")
    GAUGE("run_mean_ns", "ns", RW, run_mean_ns, "of a task, its waiting left out")
    GAUGE("cost_per_task_ns", "ns", R, cost_per_task_ns, "placing and handling, per task")
    GAUGE("break_even_fork_ns", "ns", R, break_even_fork_ns, "making and running an empty task by fork and join here")
    GAUGE("break_even_submit_ns", "ns", R, break_even_submit_ns, "making and running an empty submitted task here")
    GAUGE("small_tasks_share", "1", R, small_tasks_share, "of submitted tasks, those that run shorter than break_even_submit_ns; forks not timed")
    GAUGE("small_tasks_ns", "ns", R, small_tasks_ns, "time in tasks that are shorter than that")
    GAUGE("small_tasks_time_share", "1", R, small_tasks_time_share, "of the time in tasks, that in such tasks")
    COUNTER("steal_attempts", "looks", R | L | W, steal_attempts, "looks at a victim that had or might have had work")
    COUNTER("steals", "steals", R | L | W, steals, "of those, successful")
    COUNTER("stolen_tasks", "tasks", R | L | W, stolen_tasks, "moved by them")
    GAUGE("steal_success", "1", R | L | W, steal_success, "successful share of the attempts")
    GAUGE("tasks_per_steal", "tasks", R | L | W, tasks_per_steal, "moved at once")
    COUNTER("starved_ns", "ns", R | D | W, starved_ns, "without work: searching or asleep")
    COUNTER("tasks_at_home", "tasks", R | D | W, compute_tasks_at_home, "run below the domain the policy chose")
    COUNTER("tasks_on_node", "tasks", R | D | W, compute_tasks_on_node, "run elsewhere on that domain's NUMA node")
    GAUGE("home_share", "1", R | D | W, home_share, "tasks run below the domain the policy chose")
    GAUGE("node_share", "1", R | D | W, node_share, "tasks run on the NUMA node of the domain the policy chose")
    COUNTER("searches", "searches", RW, compute_searches, "times a worker's own queue was found empty")
    COUNTER("parks", "sleeps", RW, compute_parks, "a worker went to sleep")
    COUNTER("parks_aborted", "sleeps", RW, compute_parks_aborted, "it was about to, then saw work")
    COUNTER("wakes", "wakes", RW, compute_wakes, "a sleeping worker was woken for work")
    { rmf_region_count, "times", "a region was ended, by thread; or tasks of a function", RAMIFY_METRIC_COUNTER, 0,
      NULL },
    { rmf_region_ns, "ns", "time in a region, its inner ones included; or in those tasks", RAMIFY_METRIC_COUNTER, 0,
      NULL },
    { rmf_region_imbalance, "1", "largest over mean time of the threads that were in a region, minus one",
      RAMIFY_METRIC_GAUGE, 0, NULL },
    COUNTER("rebinds", "times", RW, compute_rebinds, "a worker was elsewhere than it was bound, or could come home")
    COUNTER("near_unknown", "hints", R, compute_near_unknown, "hints with an address that no region of memory knows")
    COUNTER("plan_changes", "changes", R, compute_plan_changes, "times the policy was changed (ramify_policy_set)")
    COUNTER("bind_failures", "workers", RW, compute_bind_failures, "workers the system did not let us bind")
};

const rmf_metric_entry *rmf_metric_at(uint32_t i)
{
    return i < sizeof entries / sizeof entries[0] ? &entries[i] : NULL;
}

const char *rmf_metric_name(uint32_t i)
{
    uint32_t metrics = sizeof entries / sizeof entries[0], events = 0;
    while (rmf_event_at(events))
        events++;
    if (i < metrics)
        return entries[i].name;
    if (i < metrics + events)
        return rmf_event_at(i - metrics)->name;
    const rmf_formula *formula = rmf_formula_at(i - metrics - events);
    return formula ? formula->name : NULL;
}
