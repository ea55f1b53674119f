/* SPDX-License-Identifier: BSD-3-Clause */
/* Tasks ordered by the data they touch, as OpenMP's `depend` orders tasks.
 *
 * A task names addresses and what it does there; the order of submission then decides who waits for whom. */
#ifndef RAMIFY_DEPEND_H
#define RAMIFY_DEPEND_H

#include <ramify/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a task does at an address. 0 is no access, so that a forgotten one is refused. */
typedef enum ramify_access {
    RAMIFY_IN = 1,      /* reads: after the tasks that last wrote, beside other readers */
    RAMIFY_OUT,         /* writes: after all that touched it before */
    RAMIFY_INOUT,       /* the same */
    RAMIFY_COMMUTATIVE, /* changes it in any order with its like, one at a time; OpenMP's mutexinoutset */
} ramify_access;

/* One address and what is done there. Only the address itself counts: two that differ never depend on each other. */
typedef struct ramify_depend {
    const void *address;
    uint32_t    access; /* ramify_access */
} ramify_depend;

/* Dependencies of one task at most, and of those, commutative ones. */
#define RAMIFY_DEPEND_MAX 65536
#define RAMIFY_COMMUTATIVE_MAX 28

/* Submits a task that starts once all tasks of the same group have ended that were submitted before it and whose
 * accesses conflict with its own: as OpenMP 5.2, section 15.9.5, with the group in the place of the parent task.
 *
 * group, fn, argument, hint: as in ramify_submit. on: count of them, copied; NULL when count is 0. An address may come
 * twice: the stronger access holds. Tasks without dependencies, and those of other groups, are not ordered.
 *
 * Place: with a hint, or under a policy that places tasks, it is chosen now; else the task runs where the last task it
 * waited for ended, whose data are in that worker's caches, unless an idle worker steals it.
 *
 * Threads: any, workers included; submissions to one group from several threads are ordered one after another, by a
 * lock held for that time, in an order only the program's own synchronisation decides. May block, and then run other
 * tasks, when queues are bounded: a task whose turn has come is not refused, whatever `full` says.
 * Errors: ERR_INVALID a bad argument, an unknown access, a NULL address; ERR_RANGE more than RAMIFY_DEPEND_MAX, or
 * than RAMIFY_COMMUTATIVE_MAX commutative ones; ERR_CANCELED; ERR_NO_MEMORY. The task was not taken and orders nothing.
 * A cancelled group drops the tasks that have not started, in the order of their dependencies.
 * Cost: a hash look-up per address and one atomic operation per task waited for; no lock when a task ends; no
 * allocation in the steady state. The table of addresses holds those of tasks that have not ended, and at most three
 * times as many more. */
RAMIFY_API ramify_status ramify_submit_after(ramify_group *group, ramify_task_fn fn, void *argument,
                                             const ramify_hint *hint, const ramify_depend *on, size_t count);

#ifdef __cplusplus
}
#endif
#endif
