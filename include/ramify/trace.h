/* SPDX-License-Identifier: BSD-3-Clause */
/* Traces: when which worker ran what, whom it stole from, and when it slept.
 *
 * Each worker writes into a ring of its own, of fixed size: the newest events win, those that were overwritten are
 * counted. Off, a trace costs a load and a branch per submitted task and nothing per fork; on, an event takes under 30
 * ns. Recorded are tasks, forks that were stolen, steals, searches, sleeps, regions (ramify/region.h; threads from
 * outside have lanes for theirs), changes of the policy (in the lane of who changed it; the texts of the newest 64),
 * and samples of load, idle workers and (in JSON) the counters of ramify_counters_start.
 *
 * The shortest way is the environment: RAMIFY_TRACE=FILE writes a trace when the runtime stops; with
 * RAMIFY_TRACE_WHILE=FLAG it is recorded only while a file FLAG exists, and written when FLAG is removed:
 *
 *     RAMIFY_TRACE=trace.json RAMIFY_TRACE_WHILE=/tmp/flag ./program &
 *     touch /tmp/flag; sleep 2; rm /tmp/flag
 *
 * In FILE, %p stands for the number of the process, %h for the name of the host, %t for the start of the runtime, %%
 * for a percent sign. A file from before is written over; where several programs were told one name, the first to
 * end gets it, and the others write beside it: trace.json, trace.4711.json. A program that ends without ramify_stop
 * leaves no trace but those that RAMIFY_TRACE_WHILE or ramify_trace_write have written. Perfetto (ui.perfetto.dev) and
 * chrome://tracing open the JSON; `ramify report` makes a page of it. */
#ifndef RAMIFY_TRACE_H
#define RAMIFY_TRACE_H

#include <ramify/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How to trace. Zero-initialised means: the defaults. */
typedef struct ramify_trace_options {
    uint32_t events_per_worker; /* kept at least, 256 to 2^24, of 32 bytes each; 0: 65536, 2 MiB */
    uint32_t sample_us;         /* time between samples of load and idle workers, 100 to 10^6; 0: 1000 */
    uint64_t reserved[3];
} ramify_trace_options;

/* Starts recording, anew if a trace was recorded before.
 *
 * options: NULL for the defaults; events_per_worker counts only the first time in a runtime. diagnosis: out, may be
 * NULL. Threads: any, one at a time per runtime. Errors: ERR_INVALID rt is NULL; ERR_RANGE a number is out of range;
 * ERR_BUSY it records already; ERR_NO_MEMORY; ERR_SYSTEM the sampling thread could not be made. Cost: an allocation per
 * worker the first time; a thread that wakes every sample_us. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_trace_start(ramify_runtime *rt, const ramify_trace_options *options,
                                                             ramify_diagnosis *diagnosis);

/* Stops recording; what was recorded can be written until the next start. Tasks that run now still note their end.
 * Threads: any, one at a time per runtime. Errors: ERR_INVALID rt is NULL; ERR_NOT_NOW it does not record. Cost:
 * O(workers). */
RAMIFY_API ramify_status ramify_trace_stop(ramify_runtime *rt);

/* The form of a trace file. */
typedef enum ramify_trace_format {
    RAMIFY_TRACE_BY_NAME, /* by the ending: .paje or .otf2, else JSON */
    RAMIFY_TRACE_JSON,    /* Chrome's trace events, for Perfetto, chrome://tracing and `ramify report` */
    RAMIFY_TRACE_PAJE,    /* Paje's text, for ViTE and pj_dump */
    RAMIFY_TRACE_OTF2,    /* a folder with an OTF2 archive, for Vampir and otf2-print */
} ramify_trace_format;

/* Writes what the rings hold, also while it records.
 *
 * path: as RAMIFY_TRACE, with %p, %h and %t; an existing file is written over. format: ramify_trace_format.
 * diagnosis: out, may be NULL. Threads: any, one at a time per runtime; blocks on the file, never the workers.
 * Errors: ERR_INVALID a NULL argument or unknown format; ERR_NOT_NOW nothing was ever recorded; ERR_SYSTEM the file
 * could not be opened or written (the diagnosis says why; no part of it stays); ERR_NOT_BUILT OTF2 is not built in;
 * ERR_NO_MEMORY. Cost: a copy of the rings, and the file. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_trace_write(ramify_runtime *rt, const char *path,
                                                             ramify_trace_format format, ramify_diagnosis *diagnosis);

/* How much was recorded. */
typedef struct ramify_trace_counts {
    uint64_t events; /* since the start of the trace */
    uint64_t lost;   /* of those, overwritten by newer ones */
    bool     recording;
} ramify_trace_counts;

/* Tells how much was recorded; all 0 when nothing was. counts: out. Threads: any; not beside a start or stop.
 * Errors: ERR_INVALID a NULL argument. Cost: O(workers). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_trace_count(const ramify_runtime *rt, ramify_trace_counts *counts);

#ifdef __cplusplus
}
#endif
#endif
