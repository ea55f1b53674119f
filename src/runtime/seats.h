/* SPDX-License-Identifier: BSD-3-Clause */
/* Seats: which thread of a team works as which leaf of the tree that is made for it. */
#ifndef RMF_RUNTIME_SEATS_H
#define RMF_RUNTIME_SEATS_H

#include "atomics.h"
#include "bits.h"
#include "log.h"

#include <ramify/runtime.h>

typedef struct rmf_seat {
    uint64_t         mask[RMF_BITS_MAX_WORDS];  /* of the thread in this run; empty: it could not be read */
    uint64_t         shown[RMF_BITS_MAX_WORDS]; /* of the run the tree was made for */
    uint32_t         worker;                    /* leaf and worker of this thread */
    bool             narrow;                    /* bound to its leaf while it works */
    bool             bound;                     /* it is now, and gets `mask` back */
    _Atomic uint32_t taken;                     /* 1 while a thread sits here */
} rmf_seat;

/* Reads the calling thread's mask. */
void rmf_seat_show(rmf_seat *seat);

/* The CPUs of all masks as a list for ramify_tree_options.cpus, the caller's to free; NULL, with ERR_OK, when no mask
 * could be read. Errors: ERR_NO_MEMORY. */
ramify_status rmf_seats_cpus(const rmf_seat *seats, uint32_t count, char **cpus);

/* Gives every thread a leaf of a tree with as many leaves: those with the fewest CPUs choose first, each the first free
 * leaf within its mask, or else one that touches it, or else any. */
void rmf_seats_take(rmf_seat *seats, uint32_t count, const ramify_tree *tree, bool no_bind, const rmf_log *log);

/* True when every thread is bound as it was when the seats were taken. */
bool rmf_seats_unchanged(const rmf_seat *seats, uint32_t count);

/* Binds the calling thread to its leaf if its mask is wider; and back. */
void rmf_seat_bind(rmf_seat *seat, const ramify_tree *tree);
void rmf_seat_unbind(rmf_seat *seat);

#endif
