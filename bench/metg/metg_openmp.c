/* SPDX-License-Identifier: BSD-3-Clause */
/* By OpenMP: tasks with `depend`, made by one thread of the team, as the publication's OpenMP form does it; METG_NAME
 * says whose runtime. */
#include "metg.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

const char *const metg_form_name = METG_NAME;

static unsigned team;

void metg_form_start(unsigned workers)
{
    team = workers;
    omp_set_dynamic(0);
    omp_set_num_threads((int)workers);
#pragma omp parallel
    {
#pragma omp single
        if (omp_get_num_threads() != (int)team) {
            fprintf(stderr, "metg: %d threads instead of %u\n", omp_get_num_threads(), team);
            exit(2);
        }
    }
}

void metg_form_prepare(metg_graph *graph)
{
    (void)graph;
}

/* A construct has as many dependencies as are written in it: one for each count. */
static void make_task(metg_graph *graph, uint32_t n)
{
    const uint32_t *d = graph->task[n].deps;
    metg_mark      *m = graph->mark;

    (void)m; /* gcc does not count a use in `depend` */

    switch (graph->task[n].count) {
    case 0:
#pragma omp task firstprivate(graph, n) depend(out : m[n])
        metg_perform(graph, n);
        break;
    case 1:
#pragma omp task firstprivate(graph, n) depend(in : m[d[0]]) depend(out : m[n])
        metg_perform(graph, n);
        break;
    case 2:
#pragma omp task firstprivate(graph, n) depend(in : m[d[0]], m[d[1]]) depend(out : m[n])
        metg_perform(graph, n);
        break;
    case 3:
#pragma omp task firstprivate(graph, n) depend(in : m[d[0]], m[d[1]], m[d[2]]) depend(out : m[n])
        metg_perform(graph, n);
        break;
    case 4:
#pragma omp task firstprivate(graph, n) depend(in : m[d[0]], m[d[1]], m[d[2]], m[d[3]]) depend(out : m[n])
        metg_perform(graph, n);
        break;
    default:
#pragma omp task firstprivate(graph, n) depend(in : m[d[0]], m[d[1]], m[d[2]], m[d[3]], m[d[4]]) depend(out : m[n])
        metg_perform(graph, n);
        break;
    }
}

void metg_form_run(metg_graph *graph)
{
#pragma omp parallel
#pragma omp single
    for (uint32_t t = 0; t < graph->tasks; t++)
        make_task(graph, t);
}

void metg_form_forget(metg_graph *graph)
{
    (void)graph;
}

void metg_form_stop(void)
{
}
