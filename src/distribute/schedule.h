/* SPDX-License-Identifier: BSD-3-Clause */
/* A fair order of turns: candidate i gets counts[i] of every `period` turns, spread as evenly as whole turns can be. */
#ifndef RMF_DISTRIBUTE_SCHEDULE_H
#define RMF_DISTRIBUTE_SCHEDULE_H

#include <ramify/status.h>
#include <stdint.h>

/* Fills turns[0 .. period - 1], where period is the sum of counts. After every t turns each candidate has had its
 * share t * counts[i] / period to less than one turn. count: 1 .. 65536. Errors: ERR_NO_MEMORY.
 * Cost: O(period * log count). */
ramify_status rmf_schedule_fill(const uint32_t *counts, uint32_t count, uint16_t *turns, uint32_t period);

#endif
