/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenMP loops: a `parallel for` per bench_each, as most OpenMP programs are written. Blocks that are the same data
 * each time take the static schedule, which keeps them on their thread; the others take dynamic,1, which balances. */
#include "layer.h"

#include <omp.h>

unsigned bench_team;

void bench_layer_start(const bench_setup *setup)
{
    bench_team = setup->workers;
    omp_set_dynamic(0);
}

void bench_layer_enter(void (*fn)(void *), void *argument)
{
    fn(argument);
}

void bench_each(const bench_blocks *blocks)
{
    char *item = (char *)blocks->items;

    omp_set_schedule(blocks->keyed ? omp_sched_static : omp_sched_dynamic, blocks->keyed ? 0 : 1);
#pragma omp parallel for schedule(runtime) num_threads(bench_team)
    for (size_t i = 0; i < (size_t)blocks->count; i++)
        blocks->fn(item + i * blocks->item_bytes);
}

unsigned bench_self(void)
{
    return (unsigned)omp_get_thread_num();
}

void bench_layer_report(FILE *out)
{
    (void)out;
}

void bench_layer_stop(void)
{
}
