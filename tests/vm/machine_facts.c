/* SPDX-License-Identifier: BSD-3-Clause */
/* One table entry per machine; see machine_facts.h. */
#include "machine_facts.h"

#include <string.h>

/* CPUs first .. last. */
#define CPUS(first, last) ((~(guest_cpus)0 >> (63 - (last))) & (~(guest_cpus)0 << (first)))

/* A node with CPUs and DDR. */
#define DDR(first, last)                                                                                               \
    {                                                                                                                  \
        .near = CPUS(first, last), .kind = RAMIFY_MEMORY_DRAM, .has_cpus = true                                        \
    }

static const uint8_t dies_distances[] = { 10, 12, 32, 32, 12, 10, 32, 32, 32, 32, 10, 12, 32, 32, 12, 10 };

static const uint8_t hbm_distances[] = { 10, 21, 13, 23, 40, 21, 10, 23, 13, 30, 13, 23, 10,
                                         25, 45, 23, 13, 25, 10, 45, 40, 30, 45, 45, 10 };

static const uint8_t memoryless_distances[] = { 10, 20, 20, 20, 20, 10, 12, 20, 20, 12, 10, 20, 20, 20, 20, 10 };

/* Linux scales the device tree's capacities so that the largest is 1024. */
static const double kinds_capacity[] = { 400.0 / 1024, 400.0 / 1024, 1, 1 };

/* 1 GB/s is 1024 MB/s in QEMU's words, and a MB/s of the HMAT is what hwloc calls a MiB/s. */
enum { GB = 1024 };

static const machine_facts machines[] = {
    { .name       = "n4",
      .pus        = 8,
      .cores      = 8,
      .node_count = 4,
      .levels     = { { RAMIFY_LEVEL_PACKAGE, 4 }, { RAMIFY_LEVEL_NUMA, 4 }, { RAMIFY_LEVEL_L3, 4 } },
      .nodes      = { DDR(0, 1), DDR(2, 3), DDR(4, 5), DDR(6, 7) },
      .nearest    = "00112233" },
    { .name       = "dies",
      .pus        = 16,
      .cores      = 8,
      .node_count = 4,
      .levels     = { { RAMIFY_LEVEL_PACKAGE, 2 },
                      { RAMIFY_LEVEL_DIE, 4 },
                      { RAMIFY_LEVEL_NUMA, 4 },
                      { RAMIFY_LEVEL_L3, 4 } },
      .nodes      = { DDR(0, 3), DDR(4, 7), DDR(8, 11), DDR(12, 15) },
      .nearest    = "0000111122223333",
      .distances  = dies_distances },
    { .name       = "hbm",
      .pus        = 8,
      .cores      = 8,
      .node_count = 5,
      .levels     = { { RAMIFY_LEVEL_PACKAGE, 2 }, { RAMIFY_LEVEL_NUMA, 2 }, { RAMIFY_LEVEL_L3, 2 } },
      .nodes      = { { CPUS(0, 3), RAMIFY_MEMORY_DRAM, true, false, 80, 100 * GB },
                      { CPUS(4, 7), RAMIFY_MEMORY_DRAM, true, false, 80, 100 * GB },
                      { CPUS(0, 3), RAMIFY_MEMORY_HBM, false, false, 95, 400 * GB },
                      { CPUS(4, 7), RAMIFY_MEMORY_HBM, false, false, 95, 400 * GB },
                      { CPUS(4, 7), RAMIFY_MEMORY_FAR, false, false, 280, 25 * GB } },
      .nearest    = "00001111",
      .distances  = hbm_distances },
    { .name       = "memoryless",
      .pus        = 8,
      .cores      = 8,
      .node_count = 4,
      .levels     = { { RAMIFY_LEVEL_PACKAGE, 1 }, { RAMIFY_LEVEL_NUMA, 3 } },
      .nodes      = { DDR(0, 3),
                      { .near = CPUS(4, 5), .kind = RAMIFY_MEMORY_DRAM, .has_cpus = true, .is_empty = true },
                      DDR(6, 7),
                      { .near = 0, .kind = RAMIFY_MEMORY_DRAM } }, /* as far from all: any domain will do */
      .nearest    = "00002222",
      .distances  = memoryless_distances },
    { .name       = "snc8",
      .pus        = 32,
      .cores      = 16,
      .node_count = 8,
      .levels     = { { RAMIFY_LEVEL_PACKAGE, 2 },
                      { RAMIFY_LEVEL_DIE, 8 },
                      { RAMIFY_LEVEL_NUMA, 8 },
                      { RAMIFY_LEVEL_L3, 8 } },
      .nodes   = { DDR(0, 3), DDR(4, 7), DDR(8, 11), DDR(12, 15), DDR(16, 19), DDR(20, 23), DDR(24, 27), DDR(28, 31) },
      .nearest = "00001111222233334444555566667777" },
    { .name       = "kinds",
      .pus        = 4,
      .cores      = 4,
      .node_count = 1,
      .levels     = { { RAMIFY_LEVEL_PACKAGE, 1 }, { RAMIFY_LEVEL_NUMA, 1 } },
      .nodes      = { DDR(0, 3) },
      .nearest    = "0000",
      .capacity   = kinds_capacity },
    { .name       = "arm4",
      .pus        = 8,
      .cores      = 8,
      .node_count = 4,
      .levels     = { { RAMIFY_LEVEL_PACKAGE, 4 }, { RAMIFY_LEVEL_NUMA, 4 } },
      .nodes      = { DDR(0, 1), DDR(2, 3), DDR(4, 5), DDR(6, 7) },
      .nearest    = "00112233" },
};

const machine_facts *machine_facts_here(void)
{
    const char *name = guest_machine();
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        if (strcmp(machines[i].name, name) == 0)
            return &machines[i];
    fail_msg("no facts are known of the machine %s", name);
    return NULL;
}
