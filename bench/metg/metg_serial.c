/* SPDX-License-Identifier: BSD-3-Clause */
/* The graph without a runtime: row by row in one loop. */
#include "metg.h"

const char *const metg_form_name = "serial";

void metg_form_start(unsigned workers)
{
    (void)workers;
}

void metg_form_prepare(metg_graph *graph)
{
    (void)graph;
}

void metg_form_run(metg_graph *graph)
{
    for (uint32_t t = 0; t < graph->tasks; t++)
        metg_perform(graph, t);
}

void metg_form_forget(metg_graph *graph)
{
    (void)graph;
}

void metg_form_stop(void)
{
}
