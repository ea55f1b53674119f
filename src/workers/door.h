/* SPDX-License-Identifier: BSD-3-Clause */
/* Work brought to the door of a worker that looks for some.
 *
 * Who searches finds work by looking at others, and the more of them there are the less often each may look: 64 workers
 * took 20 us to share out a loop of 10. So a worker that searches holds its door open, a line of its own that costs
 * nothing to look at, and who has a part for just this worker lays it there: two lines' ways instead of a search.
 *
 * The door is CLOSED, OPEN, or holds a fork. Only its worker opens and closes it, and takes what lies there; a giver
 * only puts a fork where it is OPEN, and whoever joins that fork may take it back, which leaves the door closed. So a
 * fork is run once: of the taker and the one who wants it back one finds the fork still there. A worker that found
 * something else as a fork arrived leaves it where it is: its giver takes it back in the join, or this worker finds it
 * in its next search. Nobody sleeps with a fork at the door. */
#ifndef RMF_WORKERS_DOOR_H
#define RMF_WORKERS_DOOR_H

#include "atomics.h"

#include <ramify/fork.h>

#include <stddef.h>

typedef struct rmf_door {
    _Alignas(RMF_PAIR_BYTES) _Atomic uintptr_t word;
} rmf_door;

#define RMF_DOOR_CLOSED ((uintptr_t)0)
#define RMF_DOOR_OPEN ((uintptr_t)1)

/* True when there is something to take. */
static inline bool rmf_door_has_owner(const rmf_door *door)
{
    return rmf_load_relaxed(&((rmf_door *)(uintptr_t)door)->word) > RMF_DOOR_OPEN;
}

/* True after something was taken. Its worker. */
static inline bool rmf_door_is_closed(const rmf_door *door)
{
    return rmf_load_relaxed(&((rmf_door *)(uintptr_t)door)->word) == RMF_DOOR_CLOSED;
}

/* Takes what lies there, and closes the door; NULL: nothing, and the door is open. Its worker. */
ramify_fork *rmf_door_take_owner(rmf_door *door);

/* Closes it; false: a fork lies there. Its worker. */
bool rmf_door_close_owner(rmf_door *door);

/* Lays a fork there if the door is open. Any thread. */
bool rmf_door_give_any(rmf_door *door, ramify_fork *fork);

/* Takes a fork back that is still there; false: the door's worker has it. Who gave it. */
bool rmf_door_return_any(rmf_door *door, const ramify_fork *fork);

#endif
