/* SPDX-License-Identifier: BSD-3-Clause */
/* A baton: who bears it may run. Those that find it taken are queued and go on when it is passed to them; no thread
 * ever waits.
 *
 * One word: FREE, TAKEN, or the newest of a stack of bearers that want it, while somebody else has it. Only the one who
 * has it takes from that stack, all at once, so nothing is ever reused under a compare-and-swap. A bearer that needs
 * several takes them in the order of their addresses and keeps what it has: a cycle of waits would need a baton above
 * itself (Havender, IBM Systems Journal 7, 1968). */
#ifndef RMF_WORKERS_BATON_H
#define RMF_WORKERS_BATON_H

#include "atomics.h"

#include <stddef.h>

struct rmf_vertex;
typedef struct rmf_bearer rmf_bearer;

typedef struct rmf_baton {
    _Atomic uintptr_t word;
    rmf_bearer       *queue; /* taken from the stack, oldest first; only the one who bears the baton looks */
    _Atomic uint32_t  uses;  /* whoever may still need it; the owner's count */
} rmf_baton;

/* A task and the batons it needs, in ascending order of address. */
struct rmf_bearer {
    rmf_bearer        *next; /* in the queue of the one it waits for */
    struct rmf_vertex *vertex;
    uint32_t           count, held;
    rmf_baton         *batons[];
};

void rmf_baton_init(rmf_baton *baton);

/* Takes what is still missing. True: the bearer has all. False: it is queued, and may be running already. */
bool rmf_bearer_take(rmf_bearer *bearer);

/* Gives up the baton; returns who has it now and must go on with rmf_bearer_take(), NULL for nobody. */
rmf_bearer *rmf_baton_pass(rmf_baton *baton);

/* Adds a baton in its place, once. The caller has seen to the room. False: it was there. */
bool rmf_bearer_add(rmf_bearer *bearer, rmf_baton *baton);

#endif
