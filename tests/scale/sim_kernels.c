/* SPDX-License-Identifier: BSD-3-Clause */
/* Running a kernel. */
#include "sim_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* No run takes as long; one that does never ends. */
enum { SECONDS_MAX = 120 };

uint64_t sim_kernel_done;

const sim_kernel *sim_kernel_named(const char *name)
{
    for (uint32_t i = 0; i < sim_fork_kernel_count; i++)
        if (!strcmp(sim_fork_kernels[i].name, name))
            return &sim_fork_kernels[i];
    for (uint32_t i = 0; i < sim_loop_kernel_count; i++)
        if (!strcmp(sim_loop_kernels[i].name, name))
            return &sim_loop_kernels[i];
    return NULL;
}

/* In the child: runs it and writes what it came to. */
static __attribute__((noreturn)) void run_and_end(const sim_kernel *kernel, const sim_setup *setup, uint32_t tell,
                                                  int to)
{
    sim_outcome outcome;
    alarm(SECONDS_MAX);
    sim_pool_run(setup, &outcome);
    if (tell)
        sim_pool_tell(tell);
    fflush(stdout);
    bool is_right = sim_kernel_done == setup->calls * kernel->wanted(kernel);
    _exit(is_right && write(to, &outcome, sizeof outcome) == (ssize_t)sizeof outcome ? 0 : 1);
}

bool sim_kernel_run(const sim_kernel *kernel, uint32_t workers, bool is_outside, uint32_t calls, uint32_t tell,
                    sim_outcome *outcome)
{
    const sim_setup setup = { .workers    = workers,
                              .calls      = calls,
                              .is_outside = is_outside,
                              .call       = kernel->call,
                              .self       = (void *)(uintptr_t)kernel };
    int             ends[2], status;
    fflush(stdout);
    if (pipe(ends))
        return false;
    pid_t child = fork();
    if (child == 0)
        run_and_end(kernel, &setup, tell, ends[1]);
    close(ends[1]);
    bool is_whole = child > 0 && read(ends[0], outcome, sizeof *outcome) == (ssize_t)sizeof *outcome;
    close(ends[0]);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 && is_whole;
}
