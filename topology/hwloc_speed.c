/* SPDX-License-Identifier: BSD-3-Clause */
/* Kinds of CPU to relative speed.
 *
 * hwloc ranks kinds but does not say by how much they differ. In order of trust: the capacity Linux computes for
 * scheduling (instructions per cycle included), the highest frequency, the base frequency; each only if every kind has
 * it. Where kinds are ranked and nothing is measured, the order is kept with a nominal step. */
#include "hwloc_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <hwloc/cpukinds.h>

/* Efficiency cores of Intel's hybrids run at 3.9 GHz where performance cores reach 5.2 (i9-12900K, i7-1370P data
 * sheets), 4.3 of 5.8 (i9-13900K), 4.4 of 6.0 (i9-14900K): three quarters. */
static const double nominal_step = 0.75;

/* The value of one info attribute, 0 when it is not there or no number. */
static double info_of(hwloc_topology_t topology, unsigned kind, const char *name)
{
#if HWLOC_API_VERSION >= 0x00030000
    struct hwloc_infos_s *infos = NULL;
    if (hwloc_cpukinds_get_info(topology, kind, NULL, NULL, &infos, 0) != 0 || !infos)
        return 0;
    const struct hwloc_info_s *list  = infos->array;
    unsigned                   count = infos->count;
#else
    struct hwloc_info_s *list  = NULL;
    unsigned             count = 0;
    if (hwloc_cpukinds_get_info(topology, kind, NULL, NULL, &count, &list, 0) != 0)
        return 0;
#endif
    for (unsigned i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0) {
            double value = strtod(list[i].value, NULL);
            return value > 0 && value < 1e9 ? value : 0; /* also turns away nan and inf */
        }
    return 0;
}

static int efficiency_of(hwloc_topology_t topology, unsigned kind, hwloc_bitmap_t cpus)
{
    int efficiency = -1;
#if HWLOC_API_VERSION >= 0x00030000
    int failed = hwloc_cpukinds_get_info(topology, kind, cpus, &efficiency, NULL, 0);
#else
    int failed = hwloc_cpukinds_get_info(topology, kind, cpus, &efficiency, NULL, NULL, 0);
#endif
    return failed ? -1 : efficiency;
}

/* Fills ratio[] from the first attribute that every kind has; NULL when there is none. */
static const char *ratios_by_info(hwloc_topology_t topology, unsigned kinds, double *ratio)
{
    static const char *const names[] = { "LinuxCapacity", "FrequencyMaxMHz", "FrequencyBaseMHz" };
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        double   fastest = 0;
        unsigned known   = 0;
        for (unsigned kind = 0; kind < kinds; kind++) {
            ratio[kind] = info_of(topology, kind, names[n]);
            known += ratio[kind] > 0;
            if (ratio[kind] > fastest)
                fastest = ratio[kind];
        }
        if (known < kinds)
            continue;
        for (unsigned kind = 0; kind < kinds; kind++)
            ratio[kind] /= fastest;
        return names[n];
    }
    return NULL;
}

/* Fills ratio[] from the ranks 0 .. kinds - 1; false when hwloc cannot rank them. */
static bool ratios_by_rank(hwloc_topology_t topology, unsigned kinds, hwloc_bitmap_t cpus, double *ratio)
{
    for (unsigned kind = 0; kind < kinds; kind++) {
        int rank = efficiency_of(topology, kind, cpus);
        if (rank < 0 || rank >= (int)kinds)
            return false;
        ratio[kind] = 1.0;
        for (int step = rank; step + 1 < (int)kinds; step++)
            ratio[kind] *= nominal_step;
    }
    return true;
}

static void apply(hwloc_topology_t topology, unsigned kinds, hwloc_bitmap_t cpus, const double *ratio, rmf_machine *m)
{
    for (unsigned kind = 0; kind < kinds; kind++) {
        efficiency_of(topology, kind, cpus); /* only for its cpus */
        for (int pu = hwloc_bitmap_first(cpus); pu >= 0 && pu < (int)m->words * 64; pu = hwloc_bitmap_next(cpus, pu))
            m->speed[pu] = ratio[kind];
    }
}

ramify_status rmf_hwloc_read_speed(hwloc_topology_t topology, rmf_machine *m)
{
    int kinds = hwloc_cpukinds_get_nr(topology, 0);
    if (kinds <= 1) {
        snprintf(m->speed_source, sizeof m->speed_source, "%s",
                 kinds == 1 ? "one kind of core" : "unknown: no kinds of core are recorded");
        return RAMIFY_OK;
    }
    double        *ratio  = calloc((size_t)kinds, sizeof *ratio);
    hwloc_bitmap_t cpus   = hwloc_bitmap_alloc();
    ramify_status  status = ratio && cpus ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY;
    if (!status) {
        const char *name = ratios_by_info(topology, (unsigned)kinds, ratio);
        bool        rank = !name && ratios_by_rank(topology, (unsigned)kinds, cpus, ratio);
        if (name || rank)
            apply(topology, (unsigned)kinds, cpus, ratio, m);
        if (name)
            snprintf(m->speed_source, sizeof m->speed_source, "%s of %d kinds of core", name, kinds);
        else if (rank)
            snprintf(m->speed_source, sizeof m->speed_source,
                     "nominal: %d kinds of core are ranked, their speeds are not recorded; three quarters per rank",
                     kinds);
        else
            snprintf(m->speed_source, sizeof m->speed_source,
                     "unknown: %d kinds of core, neither ranked nor with a speed on record", kinds);
    }
    hwloc_bitmap_free(cpus);
    free(ratio);
    return status;
}
