/* SPDX-License-Identifier: BSD-3-Clause */
/* How many MPI ranks of this job run on this machine, and which one this process is, as its launcher tells it. */
#ifndef RMF_BASE_LOCAL_RANKS_H
#define RMF_BASE_LOCAL_RANKS_H

#include <stdint.h>

typedef struct rmf_local_ranks {
    uint32_t    rank, count; /* count 0: no launcher said anything */
    const char *variable;    /* static name of the one that told the rank */
} rmf_local_ranks;

/* Reads the environment: Open MPI, MPICH and its kin (Hydra), MVAPICH2, and steps of Slurm. Nothing that a batch script
 * has without a step counts, because a program started there is alone. */
rmf_local_ranks rmf_local_ranks_read(void);

/* The number of tasks on node `node` in Slurm's words, "4(x2),3"; 0: malformed, or no such node. */
uint32_t rmf_local_ranks_on_node(const char *tasks_per_node, uint32_t node);

#endif
