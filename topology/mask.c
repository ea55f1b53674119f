/* SPDX-License-Identifier: BSD-3-Clause */
/* sched_getaffinity and sched_setaffinity on sets of bits. */
#include "mask.h"

#include <sched.h>

enum { BYTES = RMF_BITS_MAX_WORDS * sizeof(uint64_t) };

bool rmf_mask_read(uint64_t *mask)
{
    rmf_bits_clear(mask, RMF_BITS_MAX_WORDS);
    if (sched_getaffinity(0, BYTES, (cpu_set_t *)(void *)mask) == 0)
        return true;
    rmf_bits_clear(mask, RMF_BITS_MAX_WORDS);
    return false;
}

bool rmf_mask_set(const uint64_t *mask)
{
    return sched_setaffinity(0, BYTES, (const cpu_set_t *)(const void *)mask) == 0;
}
