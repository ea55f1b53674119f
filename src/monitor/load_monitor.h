/* SPDX-License-Identifier: BSD-3-Clause */
/* The load monitor without a runtime: averages and a window over intervals that somebody hands it. Pure but for memory. */
#ifndef RMF_MONITOR_LOAD_MONITOR_H
#define RMF_MONITOR_LOAD_MONITOR_H

#include "snapshot.h"

/* Errors: ERR_RANGE half_life_ns or window_updates; ERR_NO_MEMORY. watch: NULL when only observe is used. */
ramify_status rmf_load_monitor_make(const rmf_watch *watch, uint32_t domains, uint64_t half_life_ns,
                                    uint32_t window_updates, ramify_load_monitor **monitor);

/* Moves averages and window on by an interval of the monitor's number of domains. */
void rmf_load_monitor_observe(ramify_load_monitor *monitor, const ramify_snapshot *interval);

#endif
