/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics: what a runtime did, as rows of name, place, value and source.
 *
 * A snapshot is an immutable picture of everything that is counted, since the start of its runtime. The interval
 * between two snapshots is a snapshot, too. Each row is a measured value with its source, or unknown with the reason:
 * nothing here is estimated without a measurement behind it. A sampled row stands on a part of the events (one
 * submission in ramify_options.latency_every) and is scaled to all of them.
 *
 *     ramify_snapshot *before, *after, *during;
 *     ramify_snapshot_take(rt, &before);
 *     work();
 *     ramify_snapshot_take(rt, &after);
 *     ramify_snapshot_between(before, after, &during);
 *     ramify_metric imbalance;
 *     ramify_snapshot_find(during, "load_imbalance", RAMIFY_SCOPE_LEVEL, RAMIFY_LEVEL_NUMA, &imbalance, NULL);
 *
 * `ramify help metrics` lists every name. */
#ifndef RAMIFY_METRICS_H
#define RAMIFY_METRICS_H

#include <ramify/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramify_snapshot ramify_snapshot;

/* X(NAME, text): who measured a value. */
#define RAMIFY_SOURCE_TABLE(X) \
    X(UNKNOWN, "unknown")      \
    X(SOFTWARE, "software")    \
    X(PERF, "perf")            \
    X(PAPI, "papi")

typedef enum ramify_source {
#define RAMIFY_SOURCE_ENUM(name, text) RAMIFY_SOURCE_##name,
    RAMIFY_SOURCE_TABLE(RAMIFY_SOURCE_ENUM)
#undef RAMIFY_SOURCE_ENUM
        RAMIFY_SOURCE_COUNT
} ramify_source;

/* "papi" for RAMIFY_SOURCE_PAPI; NULL for a number that is no source.
 * Ownership: static text. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const char *ramify_source_name(int source);

/* X(NAME, text): what a row is about, and what its index means. */
#define RAMIFY_SCOPE_TABLE(X) \
    X(RUNTIME, "runtime")     \
    X(LEVEL, "level")         \
    X(DOMAIN, "domain")       \
    X(WORKER, "worker")       \
    X(THREAD, "thread")

/* THREAD: one outside the runtime, in the order in which they first began a region; only regions have such rows. */

typedef enum ramify_scope {
#define RAMIFY_SCOPE_ENUM(name, text) RAMIFY_SCOPE_##name,
    RAMIFY_SCOPE_TABLE(RAMIFY_SCOPE_ENUM)
#undef RAMIFY_SCOPE_ENUM
        RAMIFY_SCOPE_COUNT
} ramify_scope;

/* "worker" for RAMIFY_SCOPE_WORKER; NULL for a number that is no scope.
 * Ownership: static text. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const char *ramify_scope_name(int scope);

/* How a value behaves over time. */
typedef enum ramify_metric_kind {
    RAMIFY_METRIC_COUNTER, /* only grows; in an interval, the growth within it */
    RAMIFY_METRIC_GAUGE,   /* a state, or computed from the interval's counters */
} ramify_metric_kind;

/* One row. Texts are static or the snapshot's. */
typedef struct ramify_metric {
    const char *name;    /* "steal_success": lower case, with the unit where it has one */
    const char *unit;    /* "ns", "tasks", "1" for a ratio */
    const char *meaning; /* one line */
    const char *region;  /* the region the row is about (ramify/region.h), or the class of tasks, "relax()"; NULL: none */
    const char *reason;  /* unknown: why; known: NULL, or why no better source served */
    double      value;   /* not a number when unknown */
    uint32_t    scope;   /* ramify_scope */
    uint32_t    index;   /* ramify_level, domain or worker; 0 for the runtime */
    uint32_t    kind;    /* ramify_metric_kind */
    uint32_t    source;  /* ramify_source */
    bool        sampled; /* measured on a part of the events, scaled to all */
} ramify_metric;

/* Takes a snapshot in one pass over the workers' cells, without stopping anybody.
 *
 * rt: a started runtime. snapshot: out. Ownership: the caller's, until ramify_snapshot_free; it may outlive rt.
 * Threads: any, several at once; blocks only for another snapshot that reads hardware counters.
 * Errors: ERR_INVALID a NULL argument; ERR_NO_MEMORY.
 * Cost: O(workers + domains) and two histograms of 9 KiB per worker read; with counters a system call for each worker
 * (one for each event where events share counters). Workers are not slowed but for the cache lines that are read. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_snapshot_take(const ramify_runtime *rt, ramify_snapshot **snapshot);

/* What happened between two snapshots.
 *
 * older, newer: of the same runtime, in this order. interval: out. Ownership: the caller's, until ramify_snapshot_free.
 * Threads: any, never blocks. Errors: ERR_INVALID a NULL argument, different runtimes, or the wrong order;
 * ERR_NO_MEMORY. Cost: O(workers + domains + buckets). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_snapshot_between(const ramify_snapshot *older,
                                                                  const ramify_snapshot *newer,
                                                                  ramify_snapshot      **interval);

/* Frees a snapshot. snapshot: NULL is allowed. Threads: any. Cost: O(1) frees. */
RAMIFY_API void ramify_snapshot_free(ramify_snapshot *snapshot);

/* All rows: the runtime's, then by level, by domain, by worker. count: out, may be NULL.
 * Ownership: the snapshot's. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const ramify_metric *ramify_snapshot_metrics(const ramify_snapshot *snapshot, uint32_t *count);

/* A domain of the tree as a snapshot keeps it, so that it may outlive the tree, and its process. The meanings are those
 * of ramify_domain; a row of RAMIFY_SCOPE_DOMAIN has the domain's place in the array as its index. */
typedef struct ramify_site {
    uint32_t parent, depth, first_leaf, leaf_count;
    uint32_t level, level_mask, os_index, node;
} ramify_site;

/* All domains, [0] is the root. count: out, may be NULL.
 * Ownership: the snapshot's. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const ramify_site *ramify_snapshot_sites(const ramify_snapshot *snapshot, uint32_t *count);

/* The number of workers; 0 for NULL. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API uint32_t ramify_snapshot_workers(const ramify_snapshot *snapshot);

/* One row.
 *
 * name: as ramify_metric.name. scope, index: as there. metric: out. diagnosis: out, may be NULL; names what may have
 * been meant. Threads: any, never blocks. Errors: ERR_INVALID a NULL argument; ERR_NOT_FOUND no metric has this name,
 * or this one has no row for the scope and index. Cost: O(rows). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_snapshot_find(const ramify_snapshot *snapshot, const char *name,
                                                               uint32_t scope, uint32_t index, ramify_metric *metric,
                                                               ramify_diagnosis *diagnosis);

/* One row of a region (ramify/region.h).
 *
 * region: its name; NULL as in ramify_snapshot_find. name: "region_count", or of a counter. scope, index, metric,
 * diagnosis: as there. Threads: any, never blocks. Errors: as there. Cost: O(rows). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_snapshot_find_region(const ramify_snapshot *snapshot,
                                                                      const char *region, const char *name,
                                                                      uint32_t scope, uint32_t index,
                                                                      ramify_metric *metric,
                                                                      ramify_diagnosis *diagnosis);

/* What it costs on this machine to make an empty task and run it. */
typedef struct ramify_break_even {
    double fork_ns;   /* by fork and join, when nobody steals it */
    double submit_ns; /* submitted by a worker */
} ramify_break_even;

/* Measures it, for this runtime's snapshots: a task that runs shorter than this is below break-even, and its work is
 * better done without one. ramify_options.break_even and RAMIFY_BREAK_EVEN do the same at the start.
 *
 * rt: a started runtime; the measurement uses workers of its own on the same tree and counts nothing in rt; it is
 * disturbed by what runs meanwhile, and takes the least of several trials. cost: out, may be NULL.
 * Threads: any; blocks, and runs no other tasks. Errors: ERR_INVALID rt is NULL; ERR_NO_MEMORY; ERR_SYSTEM a thread
 * could not be made. Cost: a start of workers and about 10 ms. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_break_even_measure(ramify_runtime *rt, ramify_break_even *cost);

/* What a snapshot suggests to change in the program, as sentences; the numbers behind them are rows.
 * i: 0, 1, ..: NULL past the last. Ownership: static text. Threads: any, never blocks. Cost: O(rows). */
RAMIFY_API const char *ramify_snapshot_advice(const ramify_snapshot *snapshot, uint32_t i);

/* How to write a snapshot. */
typedef enum ramify_metrics_format {
    RAMIFY_METRICS_JSON,       /* schema in src/monitor/schema.json, its version in the field "schema" */
    RAMIFY_METRICS_CSV,        /* one line per row, RFC 4180, with a head line */
    RAMIFY_METRICS_PROMETHEUS, /* text exposition format 0.0.4; unknown rows become comments, nanoseconds seconds */
} ramify_metrics_format;

/* Renders a snapshot.
 *
 * format: ramify_metrics_format. text: out, terminated. Ownership: the caller's, to be freed with ramify_text_free.
 * Threads: any, never blocks. Errors: ERR_INVALID a NULL argument or unknown format; ERR_NO_MEMORY. Cost: O(rows). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_snapshot_render(const ramify_snapshot *snapshot,
                                                                 ramify_metrics_format format, char **text);

/* One metric there is, without a value: name, unit, meaning, kind.
 * i: 0, 1, ..; metric: out. Threads: any, never blocks. Errors: ERR_RANGE no i-th. Cost: O(1). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_metric_describe(uint32_t i, ramify_metric *metric);

/* Counts hardware or system events of each worker's thread from now on, until the runtime stops.
 *
 * rt: a started runtime. events: names of events and of groups, separated by commas or blanks: "cycles,instructions",
 * "memory"; ramify_event_describe lists them. The word "multiplex" among them lets events share counters where the
 * machine has too few; all values are then scaled and marked as sampled. diagnosis: out, may be NULL. What cannot be
 * counted is no error: its rows are unknown and say why. ramify_options.counters and RAMIFY_COUNTERS do the same at
 * the start.
 * Besides, each function that submitted tasks or those of graphs run is a class of tasks, with rows of its own, in which
 * ramify_metric.region is its name with "()": region_count, region_ns and the events, without what a task waits for.
 * They stand on one task in ramify_options.latency_every, each of which counts that often. From the 16th function on all
 * are "other functions". Forks and the pieces of loops are in the rows of their workers alone; a region names them.
 * Threads: any, one at a time per runtime. Errors: ERR_INVALID a NULL argument; ERR_NOT_FOUND an unknown name (the
 * diagnosis has the nearest ones and the position); ERR_RANGE over 16 events; ERR_BUSY it counts already;
 * ERR_NO_MEMORY. Cost: some system calls for each worker and event, and a trial of a few milliseconds that finds events
 * which read zero for ever. Workers pay what the system's bookkeeping costs at a context switch, and three readings of
 * the counters around a sampled task, a system call of some 0.5 us each. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_counters_start(ramify_runtime *rt, const char *events,
                                                                ramify_diagnosis *diagnosis);

/* An event or a group of events that can be named. */
typedef struct ramify_event {
    const char *name, *unit, *meaning;
    const char *formula; /* of a group's metric: "instructions / cycles"; NULL for an event */
    const char *group;   /* the group a formula belongs to; NULL for an event */
} ramify_event;

/* The i-th event or formula there is, whether or not this machine can count it.
 * i: 0, 1, ..; event: out. Threads: any, never blocks. Errors: ERR_RANGE no i-th. Cost: O(1). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_event_describe(uint32_t i, ramify_event *event);

/* Tries an event in the calling thread: who can count it here, and why nobody better.
 *
 * name: of an event. metric: out; value is what a trial of about a millisecond counted, or unknown.
 * Ownership: `reason` is valid until the thread's next call. Threads: any. Errors: ERR_INVALID a NULL argument;
 * ERR_NOT_FOUND an unknown name. Cost: some system calls and a millisecond. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_event_try(const char *name, ramify_metric *metric);

/* Load of a domain as the load monitor sees it. */
typedef struct ramify_load {
    double utilisation;      /* busy share of its workers' time, moving average, 0 to 1 */
    double queued_tasks;     /* moving average */
    double tasks_per_second; /* moving average */
    double window_utilisation, window_tasks_per_second; /* over the window, each update weighing by its time */
    bool   known;            /* false until the second update */
} ramify_load;

typedef struct ramify_load_monitor ramify_load_monitor;

/* Makes a load monitor: moving averages and a window over repeated snapshots.
 *
 * half_life_ns: an observation this old weighs half, at least 1. window_updates: 1 to 4096. monitor: out.
 * Ownership: the caller's, until ramify_load_monitor_free. Threads: any. Errors: ERR_INVALID a NULL argument; ERR_RANGE
 * a number; ERR_NO_MEMORY. Cost: window_updates x domains words. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_load_monitor_create(const ramify_runtime *rt, uint64_t half_life_ns,
                                                                     uint32_t              window_updates,
                                                                     ramify_load_monitor **monitor);

/* Takes a snapshot and moves averages and window on. Threads: one at a time per monitor, while the runtime stands.
 * Errors: ERR_INVALID monitor is NULL; ERR_NO_MEMORY (nothing has moved). Cost: that of ramify_snapshot_take. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_load_monitor_update(ramify_load_monitor *monitor);

/* Load of a domain at the last update. load: out. Threads: one at a time per monitor. Errors: ERR_INVALID a NULL
 * argument; ERR_RANGE no such domain. Cost: O(1). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_load_monitor_read(const ramify_load_monitor *monitor, uint32_t domain,
                                                                   ramify_load *load);

/* Frees a load monitor. monitor: NULL is allowed. Threads: any. Cost: O(1) frees. */
RAMIFY_API void ramify_load_monitor_free(ramify_load_monitor *monitor);

/* One run of the same work. */
typedef struct ramify_run {
    uint32_t workers;
    double   seconds;
} ramify_run;

/* How the work scales. Both laws are fitted so that the squares of the relative errors in time are least. */
typedef struct ramify_scaling {
    double base_seconds;    /* of one worker: measured where there is such a run, else by the Amdahl fit */
    bool   base_measured;
    double serial_fraction; /* Amdahl (AFIPS 1967): speed-up 1 / (s + (1 - s) / n), 0 to 1 */
    double amdahl_error;    /* root mean square of the relative error in time */
    double contention;      /* Gunther's USL (2007): speed-up n / (1 + a (n - 1) + b n (n - 1)) */
    double coherency;       /* b */
    double usl_error;       /* as amdahl_error */
    bool   usl_known;       /* false with fewer than three different numbers of workers */
    double best_workers;    /* where the USL's speed-up is largest; infinity when b is 0; not a number if unknown */
} ramify_scaling;

/* Fits scalability laws to runs at several numbers of workers.
 *
 * runs: count of them in any order, repetitions welcome (each weighs the same). scaling: out.
 * Threads: any, never blocks. Errors: ERR_INVALID a NULL argument, or fewer than two different numbers of workers;
 * ERR_RANGE no workers, or seconds that are not finite and positive. Cost: O(count). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_scaling_fit(const ramify_run *runs, uint32_t count,
                                                             ramify_scaling *scaling);

/* Speed-up and efficiency of a run by a fit's base: base_seconds / seconds, and that over workers.
 * Threads: any, never blocks. Cost: O(1). */
static inline double ramify_speed_up(const ramify_scaling *scaling, const ramify_run *run)
{
    return scaling->base_seconds / run->seconds;
}

static inline double ramify_efficiency(const ramify_scaling *scaling, const ramify_run *run)
{
    return ramify_speed_up(scaling, run) / run->workers;
}

#ifdef __cplusplus
}
#endif
#endif
