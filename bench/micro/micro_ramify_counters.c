/* SPDX-License-Identifier: BSD-3-Clause */
/* What counting costs tasks of 10 us: four runtimes side by side, a worker of each at a time, in turn, so that a
 * machine that changes its speed changes all alike. */
#include "micro_ramify.h"

enum {
    TASK_NS     = 10000,
    ROUNDS      = 201,      /* many short ones: of 7 long ones the median still moved by 2 % */
    CALIBRATION = 20000000, /* steps: some 30 ms */
};

/* Events that every Linux counts; a processor's own cost the same system call. */
static const char EVENTS[] = "task_clock_ns,context_switches,migrations,page_faults";

typedef struct way {
    const char         *counters;
    bool                in_regions;
    ramify_runtime     *runtime;
    ramify_group       *group;
    ramify_code_region *region;
    long                count, steps;
    double              ns_per_task;
} way;

static way ways[] = {
    { .counters = NULL, .in_regions = false },
    { .counters = EVENTS, .in_regions = false },
    { .counters = NULL, .in_regions = true },
    { .counters = EVENTS, .in_regions = true },
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static void work(void *way_)
{
    way     *w    = way_;
    uint64_t word = 1;

    if (w->in_regions)
        micro_demand(ramify_region_begin(w->region), "ramify_region_begin");
    micro_work(&word, w->steps);
    if (w->in_regions)
        micro_demand(ramify_region_end(w->region), "ramify_region_end");
}

/* Submits and waits as a task: the time is that of the one worker. */
static void produce(void *way_)
{
    way          *w = way_;
    ramify_group *group;

    micro_demand(ramify_group_create(w->runtime, NULL, &group), "ramify_group_create");
    uint64_t begin = micro_now_ns();
    for (long i = 0; i < w->count; i++)
        micro_demand(ramify_submit(group, work, w, NULL), "ramify_submit");
    micro_demand(ramify_wait(group), "ramify_wait");
    w->ns_per_task = (double)(micro_now_ns() - begin) / (double)w->count;
    micro_demand(ramify_group_free(group), "ramify_group_free");
}

static void run_way(way *w)
{
    micro_demand(ramify_submit(w->group, produce, w, NULL), "ramify_submit");
    micro_demand(ramify_wait(w->group), "ramify_wait");
}

static double ns_per_step(void)
{
    uint64_t word = 1, begin = micro_now_ns();

    micro_work(&word, CALIBRATION);
    return (double)(micro_now_ns() - begin) / CALIBRATION;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

/* Events that really count here. */
static double counting(const way *w)
{
    ramify_snapshot *s;
    uint32_t         rows;
    double           known = 0.0;

    micro_demand(ramify_snapshot_take(w->runtime, &s), "ramify_snapshot_take");
    const ramify_metric *row = ramify_snapshot_metrics(s, &rows);
    for (uint32_t i = 0; i < rows; i++)
        known += row[i].scope == RAMIFY_SCOPE_RUNTIME && !row[i].region &&
                 (row[i].source == RAMIFY_SOURCE_PERF || row[i].source == RAMIFY_SOURCE_PAPI);
    ramify_snapshot_free(s);
    return known;
}

/* The first round warms caches and pools. Each second one goes the other way, so that none always comes first. */
static void measure(double ns[], double excess[][ROUNDS])
{
    for (int round = -1; round < ROUNDS; round++) {
        for (int i = 0; i < WAYS; i++)
            run_way(&ways[round & 1 ? WAYS - 1 - i : i]);
        for (int i = 0; round >= 0 && i < WAYS; i++)
            excess[i][round] = 100.0 * (ways[i].ns_per_task / ways[0].ns_per_task - 1.0);
        if (round >= 0)
            ns[round] = ways[0].ns_per_task;
    }
}

void micro_counters_cost(const micro_request *request)
{
    micro_request one   = *request;
    long          steps = (long)(TASK_NS / ns_per_step());
    double        ns[ROUNDS], excess[WAYS][ROUNDS];

    one.workers = 1;
    for (int i = 0; i < WAYS; i++) {
        ramify_options options = { .counters = ways[i].counters };
        ways[i].runtime        = micro_start(&one, options, &ways[i].group);
        ways[i].count          = request->count;
        ways[i].steps          = steps;
        micro_demand(ramify_region_define(ways[i].runtime, "work", &ways[i].region), "ramify_region_define");
    }
    measure(ns, excess);
    micro_open("counters-cost", &one);
    micro_text("how", "tasks of 10 us submitted by a task; median of 201 interleaved, per cent above off");
    micro_text("events", EVENTS);
    micro_field("counted_rows", counting(&ways[1]));
    micro_field("off_ns_per_task", median(ns));
    micro_field("on_percent", median(excess[1]));
    micro_field("region_percent", median(excess[2]));
    micro_field("counted_region_percent", median(excess[3]));
    micro_close();
    for (int i = 0; i < WAYS; i++)
        micro_demand(ramify_stop(ways[i].runtime), "ramify_stop");
}
