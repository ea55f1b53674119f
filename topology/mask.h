/* SPDX-License-Identifier: BSD-3-Clause */
/* The affinity mask of the calling thread as a set of RMF_BITS_MAX_WORDS words. The kernel refuses a buffer shorter than
 * its own masks, so full-size ones are used: 1 KiB, on any machine. */
#ifndef RMF_TOPOLOGY_MASK_H
#define RMF_TOPOLOGY_MASK_H

#include "bits.h"

#include <stdbool.h>

/* Reads it; false, and an empty set, when the system refuses. */
bool rmf_mask_read(uint64_t *mask);

/* Sets it; false when the system refuses, an empty one for instance. */
bool rmf_mask_set(const uint64_t *mask);

#endif
