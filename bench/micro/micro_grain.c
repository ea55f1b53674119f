/* SPDX-License-Identifier: BSD-3-Clause */
/* Efficiency over grain: the same total work cut into tasks from 10 ns to 100 us.
 *
 * Efficiency is the serial time over the workers' time: 1 is perfect, and below 1 / workers the serial program is
 * faster. The serial time is measured beside each point, so a machine that changes its speed changes both. */
#include "micro.h"

enum {
    GRAIN_LEAST_NS = 10,
    GRAIN_MOST_NS  = 100000,
    TASKS_LEAST    = 64,       /* enough to balance on two workers within 2 % */
    CALIBRATION    = 20000000, /* steps: some 30 ms */
    FIELD_BYTES    = 32,
};
static const double NS_PER_COUNT = 1000.0; /* --count is the work of a point in microseconds */

static double work_serially(micro_slice *slice)
{
    uint64_t begin = micro_now_ns();

    for (long i = 0; i < slice->count; i++)
        micro_work(&slice->words[i], slice->steps);
    return (double)(micro_now_ns() - begin);
}

static double ns_per_step(void)
{
    uint64_t    word  = 1;
    micro_slice slice = { &word, 1, CALIBRATION };

    return work_serially(&slice) / (double)CALIBRATION;
}

/* One point: the serial time before and after, so that a drift counts half. */
static double efficiency(const micro_request *request, micro_slice *slice, void (*run)(micro_slice *))
{
    run(slice); /* warms pools */
    double   serial = work_serially(slice);
    uint64_t begin  = micro_now_ns();
    run(slice);
    double spent = (double)(micro_now_ns() - begin);
    serial       = (serial + work_serially(slice)) / 2.0;
    return serial / (spent * request->workers);
}

void micro_grain(const char *bench, const micro_request *request, const char *how, void (*run)(micro_slice *slice))
{
    double    step_ns = ns_per_step(), work_ns = (double)request->count * NS_PER_COUNT;
    size_t    most       = (size_t)(work_ns / (double)GRAIN_LEAST_NS) + TASKS_LEAST;
    uint64_t *words      = (uint64_t *)calloc(most, sizeof *words);
    int       factors[3] = { 1, 2, 5 };

    if (!words)
        exit(2);
    micro_open(bench, request);
    micro_text("how", how);
    for (long decade = GRAIN_LEAST_NS; decade <= GRAIN_MOST_NS; decade *= 10)
        for (int f = 0; f < 3 && decade * factors[f] <= GRAIN_MOST_NS; f++) {
            char        name[FIELD_BYTES];
            double      grain_ns = (double)(decade * factors[f]);
            micro_slice slice    = { words, (long)(work_ns / grain_ns), (long)(grain_ns / step_ns) };
            if (slice.count < TASKS_LEAST)
                slice.count = TASKS_LEAST;
            snprintf(name, sizeof name, "grain_%ld", decade * factors[f]);
            micro_field(name, efficiency(request, &slice, run));
        }
    micro_close();
    free(words);
}
