/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of functions by their address, static ones included, as the program's own symbol tables have them. */
#ifndef RMF_MONITOR_TRACE_NAMES_H
#define RMF_MONITOR_TRACE_NAMES_H

#include <stdint.h>

typedef struct rmf_trace_names rmf_trace_names;

/* An empty memory of names; NULL without memory, which the rest understands. */
rmf_trace_names *rmf_trace_names_make(void);
void             rmf_trace_names_drop(rmf_trace_names *names);

/* "relax", or "program+0x11f0" where the program has no symbols. Valid until names are dropped. */
const char *rmf_trace_name_of(rmf_trace_names *names, uint64_t address);

#endif
