/* SPDX-License-Identifier: BSD-3-Clause */
/* The variables of launchers. */
#include "local_ranks.h"

#include "options.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A whole number below 2^20; false when the text is none. */
static bool read_number(const char *text, uint32_t *number, const char **end)
{
    char *stop;
    if (!text || *text < '0' || *text > '9')
        return false;
    unsigned long value = strtoul(text, &stop, 10);
    if (value >= 1u << 20 || (!end && *stop))
        return false;
    *number = (uint32_t)value;
    if (end)
        *end = stop;
    return true;
}

uint32_t rmf_local_ranks_on_node(const char *text, uint32_t node)
{
    uint32_t tasks, times;
    while (read_number(text, &tasks, &text)) {
        times = 1;
        if (strncmp(text, "(x", 2) == 0 && (!read_number(text + 2, &times, &text) || *text++ != ')'))
            return 0;
        if (node < times)
            return tasks;
        node -= times;
        if (*text++ != ',')
            return 0;
    }
    return 0;
}

static bool of_slurm(rmf_local_ranks *ranks)
{
    uint32_t    node;
    const char *tasks = rmf_environment("SLURM_STEP_TASKS_PER_NODE");
    if (!tasks || !read_number(rmf_environment("SLURM_NODEID"), &node, NULL) ||
        !read_number(rmf_environment("SLURM_LOCALID"), &ranks->rank, NULL))
        return false;
    ranks->count    = rmf_local_ranks_on_node(tasks, node);
    ranks->variable = "SLURM_LOCALID";
    return true;
}

rmf_local_ranks rmf_local_ranks_read(void)
{
    static const char *const variables[][2] = {
        { "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE" },
        { "MPI_LOCALRANKID", "MPI_LOCALNRANKS" },
        { "MV2_COMM_WORLD_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_SIZE" },
    };
    const rmf_local_ranks none  = { 0, 0, NULL };
    rmf_local_ranks       ranks = none;
    bool                  found = false;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0] && !found; i++) {
        found = read_number(rmf_environment(variables[i][0]), &ranks.rank, NULL) &&
                read_number(rmf_environment(variables[i][1]), &ranks.count, NULL);
        ranks.variable = variables[i][0];
    }
    if (!found)
        found = of_slurm(&ranks);
    return found && ranks.rank < ranks.count ? ranks : none;
}
