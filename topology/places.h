/* SPDX-License-Identifier: BSD-3-Clause */
/* Places in the words of OMP_PLACES (OpenMP 5.2, section 21.1.6): "cores", "sockets(2)", "{0:4},{4:4}", "{0,1}:4:2",
 * "!{3}". */
#ifndef RMF_TOPOLOGY_PLACES_H
#define RMF_TOPOLOGY_PLACES_H

#include "machine.h"

/* True when the text names CPUs by number, so that it says itself what may be used. */
bool rmf_places_are_explicit(const char *text);

/* Reads places, cuts them to `usable` and drops those that become empty; then chooses as many as there are workers.
 *
 * workers: 0: all places. Fewer than places: with `close` the first ones, else evenly spaced ones, as OpenMP's
 * proc_bind(close) and (spread) choose from the first place on. set: out, machine->words words: the CPUs of the chosen
 * ones. count: out, how many were chosen; 0: nothing usable is in them.
 * Errors: ERR_SYNTAX, ERR_RANGE with the position in the diagnosis; ERR_NO_MEMORY. */
ramify_status rmf_places_choose(const char *text, const rmf_machine *machine, const uint64_t *usable, uint32_t workers,
                                bool close, uint64_t *set, uint32_t *count, ramify_diagnosis *diagnosis);

#endif
