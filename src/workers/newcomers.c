/* SPDX-License-Identifier: BSD-3-Clause */
/* Comparing a thread's mask with an earlier one; see newcomers.h. */
#include "newcomers.h"

#include <string.h>
#include <unistd.h>

static bool mask_of(int32_t thread, uint64_t *mask)
{
    memset(mask, 0, RMF_MASK_WORDS * sizeof *mask);
    return sched_getaffinity(thread, RMF_MASK_WORDS * sizeof *mask, (cpu_set_t *)(void *)mask) == 0;
}

void rmf_newcomers_init(rmf_newcomers *newcomers)
{
    newcomers->told   = 0;
    newcomers->thread = (int32_t)gettid();
    if (!mask_of(newcomers->thread, newcomers->before))
        newcomers->thread = 0;
}

uint32_t rmf_newcomers_count(const rmf_newcomers *newcomers)
{
    uint64_t now[RMF_MASK_WORDS];
    uint32_t count = 0;
    if (!newcomers->thread || !mask_of(newcomers->thread, now))
        return 0;
    for (uint32_t i = 0; i < RMF_MASK_WORDS; i++)
        count += (uint32_t)__builtin_popcountll(now[i] & ~newcomers->before[i]);
    return count;
}

void rmf_newcomers_tell(rmf_newcomers *newcomers, const rmf_log *log)
{
    uint32_t count = rmf_newcomers_count(newcomers);
    if (count > newcomers->told)
        rmf_log_line(log, RAMIFY_LOG_WARNING,
                     "%u CPU%s may be used that could not when the runtime started: ramify_restart takes them up",
                     count, count == 1 ? "" : "s");
    newcomers->told = count;
}
