/* SPDX-License-Identifier: BSD-3-Clause */
/* Who counts hardware and system events: PAPI, perf_event_open, or nobody, behind one table of functions.
 *
 * A source resolves an event's name to a code, attaches a list of codes to a thread by its number, and reads them. All
 * calls of one counter set come from one thread at a time; threads that are counted take no part. */
#ifndef RMF_MONITOR_COUNTERS_H
#define RMF_MONITOR_COUNTERS_H

#include "counter_names.h"
#include "tally.h"

#include <ramify/metrics.h>

/* Why something cannot be counted, for people. */
typedef struct rmf_why {
    char text[200];
} rmf_why;

void rmf_why_set(rmf_why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An event as one source knows it. */
typedef struct rmf_code {
    uint32_t type;
    uint64_t config;
} rmf_code;

typedef struct rmf_reading {
    uint64_t value;   /* scaled to the whole time when it was counted for a part of it */
    bool     partial; /* it was */
    bool     lost;    /* it was, though it was not to share a counter: value is worth nothing */
} rmf_reading;

typedef struct rmf_counter_source {
    ramify_source id;

    /* Finds the code of an event. Errors: ERR_NOT_BUILT; ERR_NOT_FOUND no such event here; ERR_NOT_ALLOWED; ERR_SYSTEM;
     * why says more. */
    ramify_status (*resolve)(const rmf_event *event, rmf_code *code, rmf_why *why);

    /* Counts `count` codes (1 to RMF_COUNTERS_MAX) in the thread `tid` of this process from now on.
     * multiplex: they may share counters. Errors: as resolve; ERR_NOT_NOW not so many at once; ERR_NO_MEMORY. */
    ramify_status (*attach)(const rmf_code *codes, uint32_t count, int32_t tid, bool multiplex, void **counting,
                            rmf_why *why);

    /* Reads all, in the order of the codes. Errors: ERR_SYSTEM; the thread's end is none, the last values stay. */
    ramify_status (*read)(void *counting, rmf_reading *readings, rmf_why *why);

    /* Stops and frees. */
    void (*detach)(void *counting);
} rmf_counter_source;

extern const rmf_counter_source rmf_counters_papi, rmf_counters_perf, rmf_counters_none;

/* All sources, best first; the last one is rmf_counters_none. NULL past the end. */
const rmf_counter_source *rmf_counter_source_at(uint32_t i);

/* Tries one source on one event in the calling thread: attaches, makes a load that must raise it, reads.
 * Errors: as resolve and attach; ERR_NOT_FOUND also when it reads zero in spite of the load. */
ramify_status rmf_counter_try(const rmf_counter_source *source, const rmf_event *event, rmf_code *code, uint64_t *value,
                              rmf_why *why);

/* The best source for an event, by trial, with what was wrong with better ones in why (empty: nothing). */
const rmf_counter_source *rmf_counter_choose(const rmf_event *event, rmf_code *code, uint64_t *value, rmf_why *why);

/* Makes the load of a trial: cycles, instructions, branches hard to predict, misses of every cache, fresh pages, a sleep.
 * About a millisecond. */
void rmf_counter_load(void);

/* One event of a set. */
typedef struct rmf_counter {
    const rmf_event          *event;
    const rmf_counter_source *source;
    rmf_code                  code;
    rmf_why                   why; /* unknown: why; known: why no better source serves, or empty */
} rmf_counter;

/* What is counted in every worker of a runtime. */
typedef struct rmf_counter_set rmf_counter_set;

/* Parses names, chooses sources, attaches to every thread. tids: of the workers.
 * Errors: those of ramify_counters_start but ERR_BUSY. */
ramify_status rmf_counter_set_open(const char *names, const int32_t *tids, uint32_t workers, rmf_counter_set **set,
                                   ramify_diagnosis *diagnosis);
void          rmf_counter_set_close(rmf_counter_set *set);

uint32_t           rmf_counter_set_size(const rmf_counter_set *set);
const rmf_counter *rmf_counter_set_at(const rmf_counter_set *set, uint32_t i);

/* Reads a worker's counters. known: bit i is set when values[i] is; partial: bit i when it is scaled. */
void rmf_counter_set_read(rmf_counter_set *set, uint32_t worker, uint64_t *values, uint32_t *known, uint32_t *partial);

/* Another thread has taken a worker's place: it is counted from now on. By that thread, while nobody else reads the set;
 * the end of the one before is no matter. */
void rmf_counter_set_follow(rmf_counter_set *set, uint32_t worker, int32_t tid);

/* What a list of names asks for. */
typedef struct rmf_wanted {
    const rmf_event *events[RMF_COUNTERS_MAX];
    uint32_t         count;
    bool             multiplex;
} rmf_wanted;

/* Splits a list of names into events, those of groups included, each once. Errors: ERR_NOT_FOUND, ERR_RANGE. */
ramify_status rmf_counter_parse(const char *names, rmf_wanted *wanted, ramify_diagnosis *diagnosis);

#endif
