/* SPDX-License-Identifier: BSD-3-Clause */
/* Mistakes of programs with forks and joins: found on the slow paths, kept per computation, told by ramify_fork_call
 * and ramify_fork_error. What they are is described at ramify_fork_error. */
#ifndef RMF_WORKERS_FORK_MISTAKES_H
#define RMF_WORKERS_FORK_MISTAKES_H

#include <ramify/fork.h>

/* Keeps the first mistake of the calling thread's computation and logs it. text: NULL: there is none. */
void rmf_fork_blame(ramify_status mistake, const char *text);

#endif
