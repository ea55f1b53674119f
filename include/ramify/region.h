/* SPDX-License-Identifier: BSD-3-Clause */
/* Named regions of a program's code: how often and how long, by thread, as rows of metrics and lanes of a trace.
 *
 *     static ramify_code_region *sweep;                       // once
 *     (void)ramify_region_define(rt, "sweep", &sweep);
 *     ...
 *     (void)ramify_region_begin(sweep);     // any thread: a task's, an OpenMP thread, main, one that calls MPI
 *     relax(block);
 *     (void)ramify_region_end(sweep);
 *
 * Where hardware counters are on (ramify_counters_start), they are counted by region, too, for the workers. Times are
 * inclusive: a region holds its inner ones, and what a task ran while it waited inside it. */
#ifndef RAMIFY_REGION_H
#define RAMIFY_REGION_H

#include <ramify/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramify_code_region ramify_code_region;

/* How many regions a runtime may have, how deep they may be nested in one thread, and how long a name may be. Threads
 * outside the runtime have rows of their own up to a number; those that come later share the last row. */
enum {
    RAMIFY_REGIONS_MAX        = 32,
    RAMIFY_REGION_DEPTH_MAX   = 16,
    RAMIFY_REGION_NAME_BYTES  = 47,
    RAMIFY_REGION_THREADS_MAX = 32,
};

/* Gets the region of a name, made if need be.
 *
 * name: 1 to 47 printable ASCII characters, copied; one name is one region. region: out.
 * Ownership: the runtime's, valid until it stops. Threads: any; blocks only for another definition. Errors: ERR_INVALID
 * a NULL argument; ERR_SYNTAX the name is empty, too long or has other characters; ERR_RANGE there are 32 regions
 * already; ERR_NO_MEMORY. Cost: an allocation of 192 bytes per worker and outside thread. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_region_define(ramify_runtime *rt, const char *name,
                                                               ramify_code_region **region);

/* Begins a region in the calling thread.
 *
 * Threads: any, also such as the runtime does not know; never blocks. Errors: ERR_INVALID region is NULL; ERR_RANGE 16
 * regions are open in this thread (this one is not begun, so leave out its end). Cost: a time stamp, 10 to 20 ns;
 * with counters, three reads of them in one of 32 regions of a worker. */
RAMIFY_API ramify_status ramify_region_begin(ramify_code_region *region);

/* Ends it.
 *
 * Threads: the one that began it; never blocks. Errors: ERR_INVALID region is NULL; ERR_NOT_FOUND it is not
 * open in this thread; ERR_BUSY another one was begun inside it and must be ended first; nothing is changed. Cost: as
 * ramify_region_begin.
 */
RAMIFY_API ramify_status ramify_region_end(ramify_code_region *region);

#ifdef __cplusplus
}
#endif
#endif
