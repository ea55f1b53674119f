/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of events and formulas. */
#include "counter_names.h"

#include <linux/perf_event.h>
#include <string.h>

#define HW(config) PERF_TYPE_HARDWARE, PERF_COUNT_HW_##config
#define SW(config) PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##config
#define CACHE(cache, result) \
    PERF_TYPE_HW_CACHE,      \
        PERF_COUNT_HW_CACHE_##cache | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_##result << 16
#define NO_PERF RMF_PERF_NONE, 0

static const rmf_event events[] = {
    { "cycles", "cycles", "processor cycles", "PAPI_TOT_CYC", HW(CPU_CYCLES), true },
    { "instructions", "instructions", "instructions retired", "PAPI_TOT_INS", HW(INSTRUCTIONS), true },
    { "branches", "branches", "branches retired", "PAPI_BR_INS", HW(BRANCH_INSTRUCTIONS), true },
    { "branch_misses", "branches", "branches mispredicted", "PAPI_BR_MSP", HW(BRANCH_MISSES), true },
    { "l1d_misses", "lines", "misses of the first data cache", "PAPI_L1_DCM", CACHE(L1D, MISS), true },
    { "l2_misses", "lines", "misses of the second cache", "PAPI_L2_TCM", NO_PERF, true },
    { "l3_accesses", "lines", "requests to the last cache", "PAPI_L3_TCA", HW(CACHE_REFERENCES), true },
    { "l3_misses", "lines", "misses of the last cache", "PAPI_L3_TCM", HW(CACHE_MISSES), true },
    { "node_misses", "lines", "reads that another NUMA node's memory served", NULL, CACHE(NODE, MISS), false },
    { "dtlb_misses", "misses", "misses of the data TLB", "PAPI_TLB_DM", CACHE(DTLB, MISS), true },
    { "stalled_cycles", "cycles", "cycles without an instruction issued", "PAPI_RES_STL", HW(STALLED_CYCLES_BACKEND),
      true },
    { "memory_stalls", "cycles", "cycles that waited for memory", "PAPI_MEM_SCY", NO_PERF, true },
    { "task_clock_ns", "ns", "time on a processor", "perf::TASK-CLOCK", SW(TASK_CLOCK), true },
    { "context_switches", "switches", "times the thread left its processor", "perf::CONTEXT-SWITCHES",
      SW(CONTEXT_SWITCHES), true },
    { "migrations", "migrations", "times the thread changed its processor", "perf::CPU-MIGRATIONS", SW(CPU_MIGRATIONS),
      false },
    { "page_faults", "faults", "page faults", "perf::PAGE-FAULTS", SW(PAGE_FAULTS), true },
    { "minor_faults", "faults", "page faults without input", "perf::MINOR-FAULTS", SW(PAGE_FAULTS_MIN), true },
    { "major_faults", "faults", "page faults that read a device", "perf::MAJOR-FAULTS", SW(PAGE_FAULTS_MAJ), false },
};

#define RATIO(group, name, unit, meaning, numerator, denominator) \
    { group, name, unit, meaning, numerator " / " denominator, numerator, denominator, 1.0 }
#define SCALED(group, name, unit, meaning, scale, numerator, denominator) \
    { group, name, unit, meaning, #scale " * " numerator " / " denominator, numerator, denominator, scale }

/* 64: bytes of a cache line on every machine the events exist for. */
static const rmf_formula formulas[] = {
    RATIO("work", "instructions_per_cycle", "1", "work done per cycle", "instructions", "cycles"),
    RATIO("work", "instructions_per_task", "instructions", "size of a task", "instructions", RMF_PER_TASK),
    SCALED("work", "core_hz", "Hz", "cycles per second on a processor", 1e9, "cycles", "task_clock_ns"),
    RATIO("cache", "l1d_misses_per_task", "lines", "first data cache", "l1d_misses", RMF_PER_TASK),
    RATIO("cache", "l2_misses_per_task", "lines", "second cache", "l2_misses", RMF_PER_TASK),
    RATIO("cache", "l3_misses_per_task", "lines", "last cache", "l3_misses", RMF_PER_TASK),
    RATIO("cache", "l3_miss_share", "1", "requests to the last cache that miss it", "l3_misses", "l3_accesses"),
    SCALED("memory", "memory_bandwidth", "bytes/s", "lines fetched from memory", 64, "l3_misses", RMF_PER_SECOND),
    RATIO("memory", "remote_share", "1", "misses of the last cache served by another node", "node_misses", "l3_misses"),
    RATIO("memory", "dtlb_misses_per_task", "misses", "data TLB", "dtlb_misses", RMF_PER_TASK),
    RATIO("stall", "stalled_share", "1", "cycles without an instruction issued", "stalled_cycles", "cycles"),
    RATIO("stall", "memory_stall_share", "1", "cycles that waited for memory", "memory_stalls", "cycles"),
    RATIO("branch", "branch_miss_share", "1", "branches mispredicted", "branch_misses", "branches"),
    RATIO("system", "context_switches_per_second", "1/s", "leaving the processor", "context_switches", RMF_PER_SECOND),
    RATIO("system", "migrations_per_second", "1/s", "changing the processor", "migrations", RMF_PER_SECOND),
    RATIO("system", "page_faults_per_task", "faults", "memory touched for the first time, or moved", "page_faults",
          RMF_PER_TASK),
};

enum { EVENTS = sizeof events / sizeof events[0], FORMULAS = sizeof formulas / sizeof formulas[0] };

const rmf_event *rmf_event_at(uint32_t i)
{
    return i < EVENTS ? &events[i] : NULL;
}

const rmf_formula *rmf_formula_at(uint32_t i)
{
    return i < FORMULAS ? &formulas[i] : NULL;
}

const rmf_event *rmf_event_named(const char *name, uint32_t length)
{
    for (uint32_t i = 0; i < EVENTS; i++)
        if (strlen(events[i].name) == length && memcmp(events[i].name, name, length) == 0)
            return &events[i];
    return NULL;
}

const char *rmf_counter_name(uint32_t i)
{
    if (i < EVENTS)
        return events[i].name;
    i -= EVENTS;
    for (uint32_t f = 0; f < FORMULAS; f++) {
        bool is_first = f == 0 || strcmp(formulas[f].group, formulas[f - 1].group) != 0;
        if (is_first && i-- == 0)
            return formulas[f].group;
    }
    return NULL;
}
