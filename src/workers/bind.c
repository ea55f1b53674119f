/* SPDX-License-Identifier: BSD-3-Clause */
/* sched_setaffinity with a mask of any length: machines past 1024 PUs need more than a cpu_set_t. */
#include "bind.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

bool rmf_bind_self(const ramify_domain *domain, const rmf_log *log)
{
    uint32_t   pus = domain->cpus.word_count * 64;
    cpu_set_t *set = CPU_ALLOC(pus);
    size_t     set_bytes = CPU_ALLOC_SIZE(pus);
    bool       is_bound  = false;
    if (set) {
        CPU_ZERO_S(set_bytes, set);
        for (uint32_t pu = 0; pu < pus; pu++)
            if (domain->cpus.words[pu / 64] >> (pu % 64) & 1)
                CPU_SET_S(pu, set_bytes, set);
        is_bound = sched_setaffinity(0, set_bytes, set) == 0;
        CPU_FREE(set);
    }
    if (!is_bound)
        rmf_log_line(log, RAMIFY_LOG_WARNING, "worker of domain %u stays unbound: sched_setaffinity: %s",
                     domain->index, strerror(errno));
    return is_bound;
}
