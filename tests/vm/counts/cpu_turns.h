/* SPDX-License-Identifier: BSD-3-Clause */
/* Turns: one CPU at a time, for a number of accesses, in the order of their numbers. So CPUs that work advance alike,
 * however the host runs their threads, and what they do in turn needs no other lock.
 *
 * A CPU that has the turn and does not use it, because it is in the guest's kernel, loses it after a while to one that
 * waits; one that idles gives it up at once. */
#ifndef RAMIFY_TESTS_VM_TURNS_H
#define RAMIFY_TESTS_VM_TURNS_H

enum { TURNS_CPUS = 64 };

/* accesses: the length of a turn, 1 at least. */
void turns_init(unsigned accesses);

/* One access by a CPU, on its own thread: waits for its turn; turns_end() before anything that may block. */
void turns_begin(unsigned cpu);
void turns_end(unsigned cpu);

/* The CPU has nothing to do now: its turn is over. */
void turns_yield(unsigned cpu);

#endif
