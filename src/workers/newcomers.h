/* SPDX-License-Identifier: BSD-3-Clause */
/* CPUs that came after a pool was made: its cpuset grew, or a CPU went on-line that was not there before.
 *
 * The tree stays as it is, for homes, arrays and hints of the program name its domains; so what came is only counted
 * and told of, and the program takes it up at a moment of its own (ramify_restart). What the process may use is asked
 * of the thread that started the pool: the workers' own masks are their bindings. */
#ifndef RMF_WORKERS_NEWCOMERS_H
#define RMF_WORKERS_NEWCOMERS_H

#include "bind.h"

typedef struct rmf_newcomers {
    int32_t  thread; /* the system's number of the one asked; 0: nobody can be asked */
    uint32_t told;   /* how many the log was told of */
    uint64_t before[RMF_MASK_WORDS];
} rmf_newcomers;

/* Remembers what the calling thread may use. */
void rmf_newcomers_init(rmf_newcomers *newcomers);

/* How many that thread may use now and could not then; 0 once it is gone. One system call, 0.2 us. */
uint32_t rmf_newcomers_count(const rmf_newcomers *newcomers);

/* Tells the log when their number has changed. One thread. */
void rmf_newcomers_tell(rmf_newcomers *newcomers, const rmf_log *log);

#endif
