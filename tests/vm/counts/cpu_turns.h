/* SPDX-License-Identifier: BSD-3-Clause */
/* Turns: one CPU at a time accesses memory, for a number of accesses, then the one that has had the fewest. So CPUs
 * that work advance alike, however the host runs their threads, and what they do in turn needs no other lock
 * (start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996, with an access as the unit of time).
 *
 * A CPU that does not use its turn, because it is in the guest's kernel or its thread does not run, loses it after a
 * while to one that waits, and catches up later. One that idled goes on from where the others are. */
#ifndef RAMIFY_TESTS_VM_TURNS_H
#define RAMIFY_TESTS_VM_TURNS_H

#include <stdint.h>

enum { TURNS_CPUS = 64 };

/* accesses: the length of a turn, 1 at least. */
void turns_init(uint64_t accesses);

/* One access by a CPU, on its own thread: begin waits for its turn. */
void turns_begin(unsigned cpu);
void turns_end(unsigned cpu);

/* The CPU waits in a loop, or has nothing to do: its turn is over. */
void turns_pause(unsigned cpu);
void turns_idle(unsigned cpu);

#endif
