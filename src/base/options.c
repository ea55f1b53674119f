/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads the table of RAMIFY_* variables over a program's options; see options.h. */
#include "options.h"

#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Limits. 4096 workers: the largest cache-coherent machines sold have fewer PUs (HPE Superdome Flex: 1792 cores).
 * 10 s of spinning: more than that is a mistake in the unit. 2^24 tasks: 1 GiB of 64-byte cells per domain. */
enum { WORKERS_MAX = 4096, SPIN_US_MAX = 10000000, QUEUE_TASKS_MAX = 1 << 24, EVERY_MAX = 1 << 30 };

static const ramify_variable variables[] = {
    { "RAMIFY_TOPOLOGY", "path of an hwloc XML file, or a synthetic description, instead of this machine", "this machine" },
    { "RAMIFY_CPUS", "PU indexes that may be used, such as 0-3,8", "all allowed" },
    { "RAMIFY_WORKERS", "number of workers, 1..4096", "one per core" },
    { "RAMIFY_WORKERS_PER", "core or pu: what gets a worker each", "core" },
    { "RAMIFY_POLICY", "how tasks are placed (`ramify help policies`)", "work-stealing" },
    { "RAMIFY_SCHEDULE", "schedule of loops that name none, such as dynamic,16 (ramify_schedule_read)", "auto" },
    { "RAMIFY_SEED", "seed of every random choice, 0..2^64-1", "0" },
    { "RAMIFY_SPIN_US", "microseconds an idle worker searches before it sleeps, 1..10000000", "50" },
    { "RAMIFY_QUEUE_TASKS", "capacity of each domain's queue in tasks, 0 (unbounded)..16777216", "0" },
    { "RAMIFY_FULL", "block, fail or run: what a submission to a full queue does", "block" },
    { "RAMIFY_LATENCY_EVERY", "time every n-th submission, 1..2^30", "64" },
    { "RAMIFY_BIND", "yes or no: bind workers to their leaves", "yes" },
    { "RAMIFY_COUNTERS", "events or groups to count, such as cache,cycles (`ramify help counters`)", "none" },
    { "RAMIFY_TRACE", "file to write a trace to at the stop, for Perfetto or chrome://tracing", "none" },
};

const ramify_variable *ramify_variables(uint32_t *count)
{
    if (count)
        *count = sizeof variables / sizeof variables[0];
    return variables;
}

/* A variable that is set to the empty string counts as not set: that is how batch scripts clear one. */
static const char *value_of(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static ramify_status read_number(const char *name, uint64_t least, uint64_t most, uint64_t *number,
                                 ramify_diagnosis *diagnosis)
{
    const char *value = value_of(name);
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
    const char *value = value_of(name);
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
        status = read_u32("RAMIFY_QUEUE_TASKS", 0, QUEUE_TASKS_MAX, &o->queue_tasks, diagnosis);
    if (!status)
        status = read_u32("RAMIFY_LATENCY_EVERY", 1, EVERY_MAX, &o->latency_every, diagnosis);
    return status;
}

static ramify_status read_words(ramify_options *o, ramify_diagnosis *diagnosis)
{
    static const char *const per[]  = { "core", "pu", NULL };
    static const char *const full[] = { "block", "fail", "run", NULL };
    static const char *const bind[] = { "yes", "no", NULL };

    uint32_t      no_bind = o->no_bind;
    ramify_status status  = read_word("RAMIFY_WORKERS_PER", per, &o->workers_per, diagnosis);
    if (!status)
        status = read_word("RAMIFY_FULL", full, &o->full, diagnosis);
    if (!status)
        status = read_word("RAMIFY_BIND", bind, &no_bind, diagnosis);
    o->no_bind = no_bind != 0;
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
    if (o->queue_tasks > QUEUE_TASKS_MAX)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "queue_tasks is %u: at most %d", o->queue_tasks,
                            QUEUE_TASKS_MAX);
    if (o->full > RAMIFY_FULL_RUN)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "full is %u: no ramify_full", o->full);
    if (o->latency_every > EVERY_MAX)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "latency_every is %u: at most %d", o->latency_every,
                            EVERY_MAX);
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
    if (!status)
        status = check(&o, diagnosis);
    if (status)
        return status;

    const char *from = value_of("RAMIFY_TOPOLOGY"), *cpus = value_of("RAMIFY_CPUS"), *policy = value_of("RAMIFY_POLICY");
    const char *schedule = value_of("RAMIFY_SCHEDULE");
    const char *counters = value_of("RAMIFY_COUNTERS"), *trace = value_of("RAMIFY_TRACE");
    if (from) {
        o.from = from;
        o.tree = NULL; /* the variable asks for another machine than the one the program passed */
    }
    if (cpus || value_of("RAMIFY_WORKERS") || value_of("RAMIFY_WORKERS_PER"))
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
    fill_defaults(&o);
    *options = o;
    return RAMIFY_OK;
}

ramify_status ramify_tree_options_read(const ramify_tree_options *asked, ramify_tree_options *options)
{
    ramify_tree_options o     = asked ? *asked : (ramify_tree_options){ 0 };
    ramify_options      start = { .from = o.from, .cpus = o.cpus, .workers = o.workers, .workers_per = o.workers_per };

    ramify_status status = rmf_options_read(&start, &start, o.diagnosis);
    if (status)
        return status;
    o.from        = start.from;
    o.cpus        = start.cpus;
    o.workers     = start.workers;
    o.workers_per = start.workers_per;
    *options      = o;
    return RAMIFY_OK;
}
