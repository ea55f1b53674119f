/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine without hwloc: all on-line PUs side by side, each a core of its own, one NUMA node without a name.
 *
 * The on-line CPUs are read from sysfs; where that is not mounted, they are counted with sysconf and taken to be
 * numbered from 0. Nothing is guessed about cores, caches or memory. */
#include "source.h"
#include "file_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The kernel prints a list of at most NR_CPUS ranges: 8192 x "8191," is 40 KiB. */
enum { LIST_BYTES = 1 << 16 };

static ramify_status online_from_sysfs(uint64_t *online)
{
    char         *text;
    ramify_status status = rmf_file_read("/sys/devices/system/cpu/online", LIST_BYTES, &text, NULL, NULL);
    if (status)
        return status;
    status = rmf_bits_parse(text, online, NULL);
    free(text);
    return status;
}

static ramify_status find_online(uint64_t *online)
{
    ramify_status status = online_from_sysfs(online);
    if (!status || status == RAMIFY_ERR_NO_MEMORY)
        return status;
    rmf_bits_clear(online, RMF_BITS_MAX_WORDS);
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    for (long pu = 0; pu < count && pu < RMF_BITS_MAX; pu++)
        rmf_bits_add(online, (uint32_t)pu);
    return count > 0 ? RAMIFY_OK : RAMIFY_ERR_NOT_FOUND;
}

/* Highest element plus one. */
static uint32_t limit_of(const uint64_t *set)
{
    uint32_t limit = 0;
    RMF_BITS_FOREACH(bit, set, RMF_BITS_MAX_WORDS)
    limit = bit + 1;
    return limit;
}

static ramify_status discover(const rmf_source_request *request, rmf_machine **machine)
{
    if (request->origin != RMF_ORIGIN_THIS_MACHINE)
        return rmf_diagnose(request->diagnosis, RAMIFY_ERR_NOT_BUILT, 0, "%s: only hwloc can read this", request->text);
    uint64_t      online[RMF_BITS_MAX_WORDS] = { 0 };
    rmf_machine  *m                          = NULL;
    ramify_status status                     = find_online(online);
    if (!status)
        status = rmf_machine_create(0, 0, limit_of(online), &m);
    if (status)
        return rmf_diagnose(request->diagnosis, status, 0, "this machine: no on-line CPU could be found");

    rmf_bits_copy(m->online, online, m->words);
    rmf_bits_copy(m->allowed, online, m->words);
    m->this_machine = true;
    snprintf(m->speed_source, sizeof m->speed_source, "unknown: without hwloc, kinds of core are not told apart");
    snprintf(m->source, sizeof m->source, "flat: this machine");
    rmf_machine_settle(m);
    *machine = m;
    return RAMIFY_OK;
}

const rmf_source rmf_source_flat = { "flat", discover };
