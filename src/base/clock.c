/* SPDX-License-Identifier: BSD-3-Clause */
/* Calibration of the tick counter against CLOCK_MONOTONIC. */
#include "clock.h"

#include "atomics.h"

#if defined(__x86_64__)
static double measure(void)
{
    /* 1 ms against an error of ~50 ns at either end: 1 in 10^4. */
    const uint64_t span_ns  = 1000000;
    uint64_t       start_ns = rmf_clock_ns(), start = rmf_clock_ticks(), now_ns;
    do
        now_ns = rmf_clock_ns();
    while (now_ns - start_ns < span_ns);
    uint64_t ticks = rmf_clock_ticks() - start;
    return ticks ? (double)(now_ns - start_ns) / (double)ticks : 1.0;
}
#endif

double rmf_clock_ns_per_tick(void)
{
#if defined(__x86_64__)
    static _Atomic double known; /* a property of the machine: measured once, twice at worst */
    double                ns_per_tick = rmf_load_relaxed(&known);
    if (ns_per_tick == 0.0) {
        ns_per_tick = measure();
        rmf_store_relaxed(&known, ns_per_tick);
    }
    return ns_per_tick;
#elif defined(__aarch64__)
    uint64_t hz;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    return hz ? 1e9 / (double)hz : 1.0;
#else
    return 1.0;
#endif
}
