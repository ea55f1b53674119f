/* SPDX-License-Identifier: BSD-3-Clause */
/* An asymmetric barrier: one side, which runs often, pays nothing; the other, which runs rarely, pays for both.
 *
 * A thread that stores A and then loads B, and one that stores B, calls rmf_barrier_others() and loads A, cannot both
 * miss the other's store, as if there were a full fence between the first one's store and load (membarrier(2),
 * MEMBARRIER_CMD_PRIVATE_EXPEDITED, Linux 4.14; Desnoyers et al., "User-Level Implementations of Read-Copy Update",
 * IEEE TPDS 23(2), 2012, does the same with signals). */
#ifndef RMF_BASE_BARRIER_H
#define RMF_BASE_BARRIER_H

#include <ramify/status.h>
#include <stdbool.h>

/* The cheap side, between the store and the load: keeps the compiler from exchanging them, and is no instruction. */
#define rmf_barrier_here() __asm__ volatile("" ::: "memory")

/* True when this system has the other side; where it has not, the cheap side needs an order of its own. One system
 * call. */
bool rmf_barrier_is_there(void);

/* Makes the process ready for rmf_barrier_others(): milliseconds the first time in a process with threads, then one
 * short system call. Errors: ERR_SYSTEM the system refuses; errno says why. */
ramify_status rmf_barrier_prepare(void);

/* The dear side: returns when every running thread of the process has passed a full barrier. A microsecond or two. */
void rmf_barrier_others(void);

#endif
