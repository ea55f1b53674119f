/* SPDX-License-Identifier: BSD-3-Clause */
/* Time: nanoseconds of CLOCK_MONOTONIC, and the processor's own tick counter for the hot path.
 *
 * clock_gettime costs 21 ns and rdtsc 9 ns (PEERS.md's machine), so per-task stamps are ticks, turned into
 * nanoseconds by whoever reads them. Both counters run at a constant rate on every x86-64 and 64-bit Arm machine of the
 * last ten years (invariant TSC; the Arm generic timer). */
#ifndef RMF_BASE_CLOCK_H
#define RMF_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t rmf_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t rmf_clock_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    return rmf_clock_ns();
#endif
}

/* Nanoseconds per tick, measured once per process over a millisecond (x86-64), read from the timer's frequency
 * register (Arm), or 1. Cost: 1 ms the first time. */
double rmf_clock_ns_per_tick(void);

#endif
