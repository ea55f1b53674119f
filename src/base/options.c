/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads the table of RAMIFY_* variables over a program's options; see options.h. */
#include "options.h"

#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Limits. 4096 workers: the largest cache-coherent machines sold have fewer PUs (HPE Superdome Flex: 1792 cores).
 * 10 s of spinning: more than that is a mistake in the unit. 2^24 tasks: 1 GiB of 64-byte cells per domain. */
enum { WORKERS_MAX = 4096, SPIN_US_MAX = 10000000, QUEUE_TASKS_MAX = 1 << 24, EVERY_MAX = 1 << 30 };

/* 64 KiB is what a worker and one small task need; 2^40: no more than 128 workers fit the address space. */
static const uint64_t STACK_BYTES_MIN = 65536, STACK_BYTES_MAX = 1ull << 40;

/* 256 events: a trace of less shows nothing. 2^24: 512 MiB per worker. */
enum { TRACE_EVENTS_MIN = 256, TRACE_EVENTS_MAX = 1 << 24 };

static const ramify_variable variables[] = {
    { "RAMIFY_TOPOLOGY", "path of an hwloc XML file, or a synthetic description, instead of this machine", "this machine" },
    { "RAMIFY_CPUS", "PU indexes that may be used, such as 0-3,8", "all allowed" },
    { "RAMIFY_WORKERS", "number of workers, 1..4096", "one per core" },
    { "RAMIFY_WORKERS_PER", "core or pu: what gets a worker each", "core" },
    { "RAMIFY_PLACES", "places as in OMP_PLACES, a worker each; or openmp: as OMP_PLACES, OMP_PROC_BIND and OMP_NUM_THREADS say",
      "none" },
    { "RAMIFY_RANKS", "yes or no: of MPI ranks that their launcher bound nowhere, each takes its part of the machine", "yes" },
    { "RAMIFY_POLICY", "how tasks are placed (`ramify help policies`)", "work-stealing" },
    { "RAMIFY_SCHEDULE", "schedule of loops that name none, such as dynamic,16 (ramify_schedule_read)", "auto" },
    { "RAMIFY_SEED", "seed of every random choice, 0..2^64-1", "0" },
    { "RAMIFY_SPIN_US", "microseconds an idle worker searches before it sleeps, up to 4 times that after long work, 1..10000000", "50" },
    { "RAMIFY_QUEUE_TASKS", "capacity of each domain's queue in tasks, 0 (unbounded)..16777216", "0" },
    { "RAMIFY_FULL", "block, fail or run: what a submission to a full queue does", "block" },
    { "RAMIFY_LATENCY_EVERY", "time every n-th submission, 1..2^30", "64" },
    { "RAMIFY_STACK", "stack of each worker in bytes, or with K, M or G behind, 64K..1024G", "as ulimit -s, if unlimited 8M" },
    { "RAMIFY_BIND", "yes or no: bind workers to their leaves", "yes" },
    { "RAMIFY_COUNTERS", "events or groups to count, such as cache,cycles (`ramify help counters`)", "none" },
    { "RAMIFY_BREAK_EVEN", "1 or 0: measure at the start what a task costs, for the metrics of small tasks", "0" },
    { "RAMIFY_VIEW", "1 or 0: keep a view in shared memory for `ramify top` and others", "0" },
    { "RAMIFY_TRACE", "file to write a trace to at the stop, .json, .paje or .otf2; %p in it: process, %h: host, %t: start of the runtime", "none" },
    { "RAMIFY_TRACE_WHILE", "file; the trace is recorded only while it exists, and written when it is removed", "none" },
    { "RAMIFY_TRACE_EVENTS", "events a trace keeps per worker, the newest ones, 256..16777216", "65536" },
};

const ramify_variable *ramify_variables(uint32_t *count)
{
    if (count)
        *count = sizeof variables / sizeof variables[0];
    return variables;
}

const char *rmf_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static ramify_status read_number(const char *name, uint64_t least, uint64_t most, uint64_t *number,
                                 ramify_diagnosis *diagnosis)
{
    const char *value = rmf_environment(name);
    if (!value)
        return RAMIFY_OK;
    char *end;
    errno                 = 0;
    unsigned long long n  = strtoull(value, &end, 0);
    size_t             at = (size_t)(end - value);
    if (*end || end == value || strchr(value, '-'))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, at, "%s=%s: not a whole number", name, value);
    if (errno == ERANGE || n < least || n > most)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "%s=%s: must be %llu to %llu", name, value,
                            (unsigned long long)least, (unsigned long long)most);
    *number = n;
    return RAMIFY_OK;
}

/* The shift that a letter after a number of bytes means; 0: it is none. */
static unsigned shift_of(char unit)
{
    static const char units[] = "KMG", small[] = "kmg";
    for (unsigned i = 0; units[i]; i++)
        if (unit == units[i] || unit == small[i])
            return 10 * (i + 1);
    return 0;
}

static ramify_status read_stack(uint64_t *bytes, ramify_diagnosis *diagnosis)
{
    const char *value = rmf_environment("RAMIFY_STACK");
    if (!value)
        return RAMIFY_OK;
    char *end;
    errno                = 0;
    unsigned long long n = strtoull(value, &end, 10);
    unsigned       shift = end == value ? 0 : shift_of(*end);
    const char    *rest  = shift ? end + 1 : end;
    if (*rest || end == value || strchr(value, '-'))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, (size_t)(rest - value),
                            "RAMIFY_STACK=%s: not a whole number of bytes, or one with K, M or G behind", value);
    if (errno == ERANGE || n > STACK_BYTES_MAX >> shift || n << shift < STACK_BYTES_MIN)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "RAMIFY_STACK=%s: must be 64K to 1024G", value);
    *bytes = n << shift;
    return RAMIFY_OK;
}

static ramify_status read_u32(const char *name, uint32_t least, uint32_t most, uint32_t *number,
                              ramify_diagnosis *diagnosis)
{
    uint64_t      wide   = *number;
    ramify_status status = read_number(name, least, most, &wide, diagnosis);
    if (!status)
        *number = (uint32_t)wide;
    return status;
}

/* Sets *choice to the index of the variable's value in words (NULL-terminated). */
static ramify_status read_word(const char *name, const char *const *words, uint32_t *choice,
                               ramify_diagnosis *diagnosis)
{
    const char *value = rmf_environment(name);
    if (!value)
        return RAMIFY_OK;
    for (uint32_t i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0) {
            *choice = i;
            return RAMIFY_OK;
        }
    return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, 0, "%s=%s: must be %s or %s%s%s", name, value, words[0], words[1],
                        words[2] ? " or " : "", words[2] ? words[2] : "");
}

static ramify_status read_numbers(ramify_options *o, ramify_diagnosis *diagnosis)
{
    ramify_status status = read_u32("RAMIFY_WORKERS", 1, WORKERS_MAX, &o->workers, diagnosis);
    if (!status)
        status = read_number("RAMIFY_SEED", 0, UINT64_MAX, &o->seed, diagnosis);
    if (!status)
        status = read_u32("RAMIFY_SPIN_US", 1, SPIN_US_MAX, &o->spin_us, diagnosis);
    if (!status)
        status = read_stack(&o->stack_bytes, diagnosis);
    if (!status)
        status = read_u32("RAMIFY_QUEUE_TASKS", 0, QUEUE_TASKS_MAX, &o->queue_tasks, diagnosis);
    if (!status)
        status = read_u32("RAMIFY_LATENCY_EVERY", 1, EVERY_MAX, &o->latency_every, diagnosis);
    if (!status)
        status = read_u32("RAMIFY_TRACE_EVENTS", TRACE_EVENTS_MIN, TRACE_EVENTS_MAX, &o->trace_events, diagnosis);
    return status;
}

static ramify_status read_words(ramify_options *o, ramify_diagnosis *diagnosis)
{
    static const char *const per[]  = { "core", "pu", NULL };
    static const char *const full[] = { "block", "fail", "run", NULL };
    static const char *const yes[]  = { "yes", "no", NULL };
    static const char *const one[]  = { "0", "1", NULL };

    uint32_t      no_bind = o->no_bind, no_ranks = o->no_ranks, has_view = o->view, has_cost = o->break_even;
    ramify_status status  = read_word("RAMIFY_WORKERS_PER", per, &o->workers_per, diagnosis);
    if (!status)
        status = read_word("RAMIFY_FULL", full, &o->full, diagnosis);
    if (!status)
        status = read_word("RAMIFY_BIND", yes, &no_bind, diagnosis);
    if (!status)
        status = read_word("RAMIFY_RANKS", yes, &no_ranks, diagnosis);
    if (!status)
        status = read_word("RAMIFY_VIEW", one, &has_view, diagnosis);
    if (!status)
        status = read_word("RAMIFY_BREAK_EVEN", one, &has_cost, diagnosis);
    o->no_bind    = no_bind != 0;
    o->no_ranks   = no_ranks != 0;
    o->view       = has_view != 0;
    o->break_even = has_cost != 0;
    return status;
}

/* What a program passed in its own fields is checked against the same limits as the variables. */
static ramify_status check(const ramify_options *o, ramify_diagnosis *diagnosis)
{
    if (o->workers > WORKERS_MAX)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "%u workers: at most %d", o->workers, WORKERS_MAX);
    if (o->workers_per > RAMIFY_PER_PU)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "workers_per is %u: no ramify_workers_per", o->workers_per);
    if (o->spin_us > SPIN_US_MAX)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "spin_us is %u: at most %d", o->spin_us, SPIN_US_MAX);
    if (o->stack_bytes && (o->stack_bytes < STACK_BYTES_MIN || o->stack_bytes > STACK_BYTES_MAX))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "stack_bytes is %llu: must be %llu to %llu",
                            (unsigned long long)o->stack_bytes, (unsigned long long)STACK_BYTES_MIN,
                            (unsigned long long)STACK_BYTES_MAX);
    if (o->queue_tasks > QUEUE_TASKS_MAX)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "queue_tasks is %u: at most %d", o->queue_tasks,
                            QUEUE_TASKS_MAX);
    if (o->trace_events && (o->trace_events < TRACE_EVENTS_MIN || o->trace_events > TRACE_EVENTS_MAX))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "trace_events is %u: must be %d to %d", o->trace_events,
                            TRACE_EVENTS_MIN, TRACE_EVENTS_MAX);
    if (o->full > RAMIFY_FULL_RUN)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "full is %u: no ramify_full", o->full);
    if (o->latency_every > EVERY_MAX)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "latency_every is %u: at most %d", o->latency_every,
                            EVERY_MAX);
    return RAMIFY_OK;
}

/* "openmp" as places: what OpenMP's own variables say, in the first item of each list. */
static ramify_status read_openmp_places(ramify_options *o, ramify_diagnosis *diagnosis)
{
    const char *bind = rmf_environment("OMP_PROC_BIND"), *threads = rmf_environment("OMP_NUM_THREADS");
    if (threads && !o->workers) {
        char         *end;
        unsigned long n = strtoul(threads, &end, 10);
        if (end == threads || (*end && *end != ',') || n < 1 || n > WORKERS_MAX)
            return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, 0, "OMP_NUM_THREADS=%.80s: must begin with 1 to %d", threads,
                                WORKERS_MAX);
        o->workers = (uint32_t)n;
    }
    o->places = rmf_environment("OMP_PLACES");
    if (bind && strncasecmp(bind, "false", 5) == 0) {
        o->no_bind = true;
        o->places  = NULL; /* OpenMP does not look at them either */
    } else if (bind && !o->places)
        o->places = "cores"; /* what LLVM's OpenMP takes; libgomp takes threads, which are more than cores need */
    o->close = o->close || (bind && strncasecmp(bind, "close", 5) == 0);
    return RAMIFY_OK;
}

/* 50 us of search: 1 to 3 times what a futex wake costs both ends (22 us P50, PEERS.md), the competitive ratio of
 * spin-then-block (Karlin, Li, Manasse, Owicki, SOSP 1991). Every 64th: one 9 ns stamp costs 0.15 ns per task. */
static void fill_defaults(ramify_options *o)
{
    if (!o->policy)
        o->policy = "work-stealing";
    if (!o->spin_us)
        o->spin_us = 50;
    if (!o->latency_every)
        o->latency_every = 64;
}

ramify_status rmf_options_read(const ramify_options *asked, ramify_options *options, ramify_diagnosis *diagnosis)
{
    ramify_options o = asked ? *asked : (ramify_options){ 0 };

    ramify_status status = read_numbers(&o, diagnosis);
    if (!status)
        status = read_words(&o, diagnosis);
    if (!status && rmf_environment("RAMIFY_PLACES"))
        o.places = rmf_environment("RAMIFY_PLACES");
    if (!status && o.places && strcmp(o.places, "openmp") == 0)
        status = read_openmp_places(&o, diagnosis);
    if (!status)
        status = check(&o, diagnosis);
    if (status)
        return status;

    const char *from = rmf_environment("RAMIFY_TOPOLOGY"), *cpus = rmf_environment("RAMIFY_CPUS"), *policy = rmf_environment("RAMIFY_POLICY");
    const char *counters = rmf_environment("RAMIFY_COUNTERS"), *trace = rmf_environment("RAMIFY_TRACE");
    const char *trace_while = rmf_environment("RAMIFY_TRACE_WHILE");
    const char *schedule = rmf_environment("RAMIFY_SCHEDULE");
    if (from) {
        o.from = from;
        o.tree = NULL; /* the variable asks for another machine than the one the program passed */
    }
    if (cpus || rmf_environment("RAMIFY_WORKERS") || rmf_environment("RAMIFY_WORKERS_PER") ||
        rmf_environment("RAMIFY_PLACES"))
        o.tree = NULL;
    if (cpus)
        o.cpus = cpus;
    if (policy)
        o.policy = policy;
    if (schedule)
        o.schedule = schedule;
    if (counters)
        o.counters = counters;
    if (trace)
        o.trace = trace;
    if (trace_while)
        o.trace_while = trace_while;
    fill_defaults(&o);
    *options = o;
    return RAMIFY_OK;
}

ramify_status ramify_tree_options_read(const ramify_tree_options *asked, ramify_tree_options *options)
{
    ramify_tree_options o     = asked ? *asked : (ramify_tree_options){ 0 };
    ramify_options      start = { .from        = o.from,
                                  .cpus        = o.cpus,
                                  .workers     = o.workers,
                                  .workers_per = o.workers_per,
                                  .places      = o.places,
                                  .close       = o.close,
                                  .no_ranks    = o.no_ranks };

    ramify_status status = rmf_options_read(&start, &start, o.diagnosis);
    if (status)
        return status;
    o.from        = start.from;
    o.cpus        = start.cpus;
    o.workers     = start.workers;
    o.workers_per = start.workers_per;
    o.places      = start.places;
    o.close       = start.close;
    o.no_ranks    = start.no_ranks;
    *options      = o;
    return RAMIFY_OK;
}
