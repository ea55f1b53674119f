/* SPDX-License-Identifier: BSD-3-Clause */
/* The system call behind barrier.h. */
#include "barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool rmf_barrier_is_there(void)
{
    const long needed = MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    long       known  = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0);
    return known > 0 && (known & needed) == needed;
}

ramify_status rmf_barrier_prepare(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0) ? RAMIFY_ERR_SYSTEM : RAMIFY_OK;
}

void rmf_barrier_others(void)
{
    (void)syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0); /* cannot fail once prepared */
}
