/* SPDX-License-Identifier: BSD-3-Clause */
/* Tracing as a runtime does it: switched on and off, sampled, and written to a file.
 *
 * A thread of its own samples load and idle workers while a trace is recorded, and looks every 100 ms whether the file
 * that switches tracing is there. A trace that cannot be made or written is logged and lost; the program goes on. */
#ifndef RMF_RUNTIME_TRACING_H
#define RMF_RUNTIME_TRACING_H

#include "region_book.h"
#include "trace_claim.h"
#include "trace_inside.h"

#include <pthread.h>

/* What counters had reached at the last sample; ns 0: none yet. */
typedef struct rmf_track_base {
    uint64_t ns, sums[RMF_COUNTERS_MAX];
    uint32_t known; /* a bit for each */
} rmf_track_base;

typedef struct rmf_tracing {
    pthread_mutex_t     lock; /* guards what follows */
    pthread_cond_t      tick; /* the sampler shall look */
    pthread_t           sampler;
    bool                has_sampler, ending, recording;
    rmf_trace          *trace; /* NULL until something is recorded */
    rmf_region_listener listener;
    rmf_track_base      base;
    rmf_trace_earlier   earlier; /* what lay at the path when recording began */
    uint64_t            sample_ns;
    uint32_t            events;
    char               *path, *flag; /* RAMIFY_TRACE, RAMIFY_TRACE_WHILE; NULL: none */
} rmf_tracing;

void rmf_tracing_init(rmf_tracing *tracing);
void rmf_tracing_drop(rmf_tracing *tracing);

/* What a runtime's options ask for, once its pool stands. */
void rmf_tracing_start(ramify_runtime *rt, const ramify_options *options);

/* Ends the sampler and writes the trace that is due. The pool still stands. */
void rmf_tracing_finish(ramify_runtime *rt);

/* Notes in the calling thread's ring that another policy is in force, if a trace is recorded. number: of its text. Takes
 * no lock. */
void rmf_tracing_note_plan(ramify_runtime *rt, uint64_t number);

/* Notes how fast counters grow, if it is time to. Under the lock, while it records. */
void rmf_tracing_sample_counters(ramify_runtime *rt);

/* Fills in %p, %h, %t and %%. Errors: ERR_SYNTAX something else after a %; ERR_RANGE over 4095 bytes. */
ramify_status rmf_trace_path(const char *pattern, uint64_t serial, char path[RMF_TRACE_PATH_BYTES],
                             ramify_diagnosis *diagnosis);

/* Says what stands against writing there, as far as it can be known beforehand; NULL: nothing. */
const char *rmf_trace_path_trouble(const char *path);

#endif
