/* SPDX-License-Identifier: BSD-3-Clause */
/* Ramify's counters as software-defined events of PAPI: any program or tool that reads PAPI reads sde:::ramify::steals.
 *
 * PAPI knows one library of a name per process, so an event is the sum over the runtimes there are and have been. */
#ifndef RMF_MONITOR_SDE_H
#define RMF_MONITOR_SDE_H

#include "snapshot.h"

enum { RMF_SDE_EVENTS_MAX = 128 };

/* A runtime among those that are read. */
typedef struct rmf_sde_link {
    const rmf_watch     *watch;
    struct rmf_sde_link *next;
    double               last[RMF_SDE_EVENTS_MAX]; /* what is unknown for a moment stays as it was */
} rmf_sde_link;

/* From now on a runtime's counts are in the events. link: lives until rmf_sde_remove. */
void rmf_sde_add(rmf_sde_link *link, const rmf_watch *watch);

/* Its counts stay in the events as they are now. A link that was never added is allowed. */
void rmf_sde_remove(rmf_sde_link *link);

/* The value of a metric of which rmf_sde_has is true, without a snapshot. One thread at a time per link. */
double rmf_sde_value(rmf_sde_link *link, uint32_t metric);

/* True for metrics that are events. */
bool rmf_sde_has(uint32_t metric);

#endif
