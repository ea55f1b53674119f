/* SPDX-License-Identifier: BSD-3-Clause */
/* Binding a worker's thread to its leaf, and keeping it there: the one place that sets affinity masks.
 *
 * Linux takes a binding away when the last CPU of a thread's mask goes off-line, and when its cpuset changes, and gives
 * it back in neither case (before 6.2). So a worker looks at its mask now and then. The tree stays as it is, and with
 * it queues, homes and plans: what changes is which CPUs stand for a leaf. Those are the leaf's own as far as the
 * system lets us have them, else those of the smallest domain above it of which any are left: the nearest ones, most
 * often of the same node. A leaf whose CPUs come back gets them back. */
#ifndef RMF_WORKERS_BIND_H
#define RMF_WORKERS_BIND_H

#include "log.h"

#include <sched.h>
#include <stdbool.h>
#include <ramify/tree.h>

/* Linux is never built for more CPUs (NR_CPUS of MAXSMP: 8192), and refuses to fill a mask shorter than it has. */
enum { RMF_MASK_WORDS = 8192 / 64 };

typedef struct rmf_binding {
    const ramify_domain *domains;
    uint32_t             worker, leaf; /* its number, and its leaf's domain */
    uint32_t             at;           /* domain whose CPUs it has now; RAMIFY_NONE: unbound */
    cpu_set_t           *asked, *have; /* scratch, and the mask the system made of the last binding */
    uint64_t             checked_ticks;
} rmf_binding;

/* Binds the calling thread to a leaf's PUs. False, and a line in the log, when the system refuses; the thread's mask is
 * then unchanged. */
bool rmf_binding_make(rmf_binding *binding, const ramify_tree *tree, uint32_t leaf, const rmf_log *log);
void rmf_binding_drop(rmf_binding *binding);

/* Looks at the calling thread's mask, binds again what was lost, and a displaced worker to its leaf once that can be
 * had. True, and a line in the log, when anything changed. One system call, 0.2 us, when nothing did. */
bool rmf_binding_check(rmf_binding *binding, const rmf_log *log);

#endif
