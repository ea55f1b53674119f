/* SPDX-License-Identifier: BSD-3-Clause */
/* The serial form's functions: calls in order, on the calling thread. */
#include "layer.h"

void bench_layer_start(const bench_setup *setup)
{
    (void)setup;
}

void bench_layer_enter(void (*fn)(void *), void *argument)
{
    fn(argument);
}

void bench_each(const bench_blocks *blocks)
{
    char *item = (char *)blocks->items;

    for (long i = 0; i < blocks->count; i++)
        blocks->fn(item + (size_t)i * blocks->item_bytes);
}

unsigned bench_self(void)
{
    return 0;
}

void bench_layer_report(FILE *out)
{
    (void)out;
}

void bench_layer_stop(void)
{
}
