/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenMP tasks: one parallel region per bench_layer_enter, its `single` runs the kernel's root, the barrier at the end
 * of the region waits for detached tasks. Binding comes from OMP_PLACES and OMP_PROC_BIND, which the harness sets. */
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
#pragma omp parallel num_threads(bench_team)
#pragma omp          single
    fn(argument);
}

/* A task per block, as `taskloop` makes them; grainsize(1) because the kernels already chose their blocks. */
void bench_each(const bench_blocks *blocks)
{
    char *item = (char *)blocks->items;

#pragma omp taskloop grainsize(1) default(none) firstprivate(blocks, item)
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
