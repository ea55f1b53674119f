/* SPDX-License-Identifier: BSD-3-Clause */
/* A trace: a ring for each worker, for threads from outside that enter regions, and for the sampler; and what a writer
 * of files needs to make sense of them.
 *
 * Rings are made once and stay until the runtime ends, because a worker that read the pointer may still write after
 * tracing was switched off. A trace that is begun anew ignores what the rings held before. */
#ifndef RMF_MONITOR_TRACE_INSIDE_H
#define RMF_MONITOR_TRACE_INSIDE_H

#include "log.h"
#include "plan_texts.h"
#include "trace_ring.h"

#include <ramify/trace.h>

typedef struct rmf_trace {
    const ramify_tree *tree;
    double             ns_per_tick;
    uint32_t           workers;
    uint32_t           lanes; /* workers, threads from outside, the sampler */
    rmf_trace_ring    *rings; /* [lane] */
    uint64_t          *first; /* [lane] number of the first event of this trace */
    uint64_t           from_ticks;
    uint64_t           first_plan; /* number of the policy it began with */
} rmf_trace;

/* Makes the rings, each with room for at least `events`; their memory is touched first by whoever writes it. outsiders:
 * threads from outside that may have one.
 * Errors: ERR_NO_MEMORY. */
ramify_status rmf_trace_make(const ramify_tree *tree, uint32_t outsiders, uint32_t events, double ns_per_tick,
                             rmf_trace **trace);
void          rmf_trace_free(rmf_trace *trace);

/* What comes from now on is of this trace. plan: the number of the policy in force. */
void rmf_trace_begin(rmf_trace *trace, uint64_t plan);

/* Events of this trace, and how many of them newer ones have overwritten. Any thread. */
ramify_trace_counts rmf_trace_count(const rmf_trace *trace);

/* One thread's part of a copied trace, oldest event first. */
typedef struct rmf_trace_lane {
    rmf_trace_event *events;
    uint64_t         count, lost;
} rmf_trace_lane;

/* A copied trace and the words around it; texts are the caller's. */
typedef struct rmf_trace_view {
    const rmf_trace *trace;
    rmf_trace_lane  *lanes; /* [trace->lanes] */
    uint64_t         from_ticks, until_ticks;
    rmf_plan_texts   plans;
    const char      *metrics; /* a snapshot as JSON, NULL: none */
} rmf_trace_view;

/* Copies rings and texts. Errors: ERR_NO_MEMORY. */
ramify_status rmf_trace_view_make(const rmf_trace *trace, rmf_plan_texts *plans, rmf_trace_view *view);
void          rmf_trace_view_drop(rmf_trace_view *view);

/* One step of a walk. */
typedef struct rmf_trace_step {
    uint32_t               lane;
    rmf_trace_phase        phase;
    uint64_t               ns; /* since the trace began */
    const rmf_trace_event *event;
} rmf_trace_step;

typedef void (*rmf_trace_step_fn)(void *self, const rmf_trace_step *step);

/* Hands out all events in the order of time, well formed: on each lane every end has its begin and every begin its end,
 * properly nested, also where the ring has lost one of them or something is still under way. Errors: ERR_NO_MEMORY. */
ramify_status rmf_trace_walk(const rmf_trace_view *view, rmf_trace_step_fn fn, void *self);

/* "numa 1 / core 5" for a domain; empty for the root. */
void rmf_trace_place(const ramify_tree *tree, uint32_t domain, char *text, size_t bytes);

/* "numa 1 / core 5: worker 5", "thread 0 from outside", "samples". */
void rmf_trace_lane_name(const rmf_trace *trace, uint32_t lane, char *text, size_t bytes);

/* False for the lane of a thread from outside that there never was. */
bool rmf_trace_has_lane(const rmf_trace_view *view, uint32_t lane);

/* The text of the policy of a number, or that it is not kept any more. */
const char *rmf_trace_plan(const rmf_trace_view *view, uint64_t number);

/* "task", "search", .. */
const char *rmf_trace_kind_name(rmf_trace_kind kind);

/* Writes a view to a file. The format is one of those but RAMIFY_TRACE_BY_NAME.
 * Errors: ERR_SYSTEM the file could not be opened or written; ERR_NO_MEMORY; ERR_NOT_BUILT. What was written of a file
 * that did not get whole is taken away again. */
ramify_status rmf_trace_write_json(const rmf_trace_view *view, const char *path, ramify_diagnosis *diagnosis);
ramify_status rmf_trace_write_paje(const rmf_trace_view *view, const char *path, ramify_diagnosis *diagnosis);
ramify_status rmf_trace_write_otf2(const rmf_trace_view *view, const char *path, ramify_diagnosis *diagnosis);

/* Finds out by the ending of a path: .paje or .otf2; everything else is JSON. */
ramify_trace_format rmf_trace_format_of(const char *path);

#endif
