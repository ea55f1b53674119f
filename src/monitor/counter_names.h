/* SPDX-License-Identifier: BSD-3-Clause */
/* The events that can be asked for by name, how each source spells them, and groups of formulas over them: all data.
 *
 * The groups follow LIKWID's (Treibig, Hager, Wellein, PSTI 2010): a name, a unit and a formula. Every formula here has
 * one shape, scale * numerator / denominator, so that it is data, too. */
#ifndef RMF_MONITOR_COUNTER_NAMES_H
#define RMF_MONITOR_COUNTER_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* perf_event_open's type and config; type RMF_PERF_NONE: perf has no portable name for it. */
enum { RMF_PERF_NONE = UINT32_MAX };

typedef struct rmf_event {
    const char *name, *unit, *meaning;
    const char *papi; /* preset or native name */
    uint32_t    perf_type;
    uint64_t    perf_config;
    bool        must_count; /* the trial's load raises it for certain: zero means that it does not count */
} rmf_event;

/* Denominators that are no events. */
#define RMF_PER_TASK   "tasks"
#define RMF_PER_SECOND "seconds"

typedef struct rmf_formula {
    const char *group, *name, *unit, *meaning;
    const char *text; /* the formula as it is shown */
    const char *numerator, *denominator;
    double      scale;
} rmf_formula;

/* NULL past the end. */
const rmf_event   *rmf_event_at(uint32_t i);
const rmf_formula *rmf_formula_at(uint32_t i);

/* NULL when there is none of this name. length: of name, in bytes. */
const rmf_event *rmf_event_named(const char *name, uint32_t length);

/* The i-th name of an event or group, NULL past the end; groups once each. */
const char *rmf_counter_name(uint32_t i);

#endif
