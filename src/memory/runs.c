/* SPDX-License-Identifier: BSD-3-Clause */
/* Adding to, searching and repainting runs. */
#include "runs.h"

#include <stdlib.h>

ramify_status rmf_runs_reserve(rmf_runs *runs, uint64_t room)
{
    if (room <= runs->room)
        return RAMIFY_OK;
    uint64_t more = runs->room ? runs->room : 4;
    while (more < room)
        more *= 2;
    if (more > UINT32_MAX)
        return RAMIFY_ERR_NO_MEMORY;
    rmf_run *run = realloc(runs->run, more * sizeof *run);
    if (!run)
        return RAMIFY_ERR_NO_MEMORY;
    runs->run  = run;
    runs->room = (uint32_t)more;
    return RAMIFY_OK;
}

ramify_status rmf_runs_add(rmf_runs *runs, uintptr_t start, uint32_t node, uint32_t domain)
{
    if (runs->count && runs->run[runs->count - 1].start == start)
        runs->count--;
    const rmf_run *last = runs->count ? &runs->run[runs->count - 1] : NULL;
    if (last && last->node == node && last->domain == domain)
        return RAMIFY_OK;
    ramify_status status = rmf_runs_reserve(runs, (uint64_t)runs->count + 1);
    if (!status)
        runs->run[runs->count++] = (rmf_run){ start, node, domain };
    return status;
}

uint32_t rmf_runs_find(const rmf_runs *runs, uintptr_t address)
{
    uint32_t low = 0, left = runs->count;
    while (left > 1) {
        uint32_t half = left / 2;
        if (runs->run[low + half].start <= address)
            low += half;
        left -= half;
    }
    return low;
}

ramify_status rmf_runs_paint(const rmf_runs *from, uintptr_t start, uintptr_t end, uintptr_t whole_end, uint32_t node,
                             uint32_t domain, rmf_runs *to)
{
    const rmf_run after  = from->run[rmf_runs_find(from, end - 1)];
    ramify_status status = RAMIFY_OK;
    for (uint32_t i = 0; !status && i < from->count && from->run[i].start < start; i++)
        status = rmf_runs_add(to, from->run[i].start, from->run[i].node, from->run[i].domain);
    if (!status)
        status = rmf_runs_add(to, start, node, domain);
    if (!status && end < whole_end)
        status = rmf_runs_add(to, end, after.node, after.domain);
    for (uint32_t i = 0; !status && i < from->count; i++)
        if (from->run[i].start >= end)
            status = rmf_runs_add(to, from->run[i].start, from->run[i].node, from->run[i].domain);
    if (status)
        rmf_runs_drop(to);
    return status;
}

void rmf_runs_cut(rmf_runs *runs, uintptr_t end)
{
    while (runs->count && runs->run[runs->count - 1].start >= end)
        runs->count--;
}

void rmf_runs_drop(rmf_runs *runs)
{
    free(runs->run);
    *runs = (rmf_runs){ 0 };
}
