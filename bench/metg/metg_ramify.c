/* SPDX-License-Identifier: BSD-3-Clause */
/* By Ramify: recorded once and replayed, or, compiled with METG_DEPEND, submitted anew each time with the addresses
 * each task touches, by one task as OpenMP's `single` does it. */
#include "metg.h"

#include <ramify/ramify.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef METG_DEPEND
const char *const metg_form_name = "ramify-depend";
#else
const char *const    metg_form_name = "ramify-graph";
#endif

/* What a task is handed: the graph and its number. */
typedef struct job {
    metg_graph *graph;
    uint32_t    task;
} job;

static ramify_runtime *runtime;
static ramify_group   *group;
static job            *jobs;

static void must(ramify_status status, const char *what)
{
    if (status == RAMIFY_OK)
        return;
    fprintf(stderr, "metg: %s: %s\n", what, ramify_status_text(status));
    exit(2);
}

static void perform(void *argument)
{
    job *j = (job *)argument;

    metg_perform(j->graph, j->task);
}

static uint32_t accesses_of(const metg_graph *graph, uint32_t task, ramify_depend *on)
{
    const metg_task *t = &graph->task[task];

    for (uint32_t i = 0; i < t->count; i++)
        on[i] = (ramify_depend){ &graph->mark[t->deps[i]], RAMIFY_IN };
    on[t->count] = (ramify_depend){ &graph->mark[task], RAMIFY_OUT };
    return t->count + 1;
}

void metg_form_start(unsigned workers)
{
    const ramify_options options = { .workers = workers };

    must(ramify_start(&options, &runtime), "ramify_start");
    must(ramify_group_create(runtime, NULL, &group), "ramify_group_create");
}

static void make_jobs(metg_graph *graph)
{
    jobs = (job *)malloc(graph->tasks * sizeof *jobs);
    if (!jobs)
        exit(2);
    for (uint32_t t = 0; t < graph->tasks; t++)
        jobs[t] = (job){ graph, t };
}

#ifdef METG_DEPEND
static ramify_group *producer;

void metg_form_prepare(metg_graph *graph)
{
    make_jobs(graph);
    must(ramify_group_create(runtime, NULL, &producer), "ramify_group_create");
}

static void submit_all(void *argument)
{
    metg_graph   *graph = (metg_graph *)argument;
    ramify_depend on[METG_DEPS_MAX + 1];

    for (uint32_t t = 0; t < graph->tasks; t++) {
        uint32_t count = accesses_of(graph, t, on);
        must(ramify_submit_after(group, perform, &jobs[t], NULL, on, count), "ramify_submit_after");
    }
}

void metg_form_run(metg_graph *graph)
{
    must(ramify_submit(producer, submit_all, graph, NULL), "ramify_submit");
    must(ramify_wait(producer), "ramify_wait");
    must(ramify_wait(group), "ramify_wait");
}
#else
static ramify_graph *recorded;

void metg_form_prepare(metg_graph *graph)
{
    ramify_depend on[METG_DEPS_MAX + 1];

    make_jobs(graph);
    must(ramify_graph_create(runtime, &recorded), "ramify_graph_create");
    for (uint32_t t = 0; t < graph->tasks; t++) {
        uint32_t count = accesses_of(graph, t, on);
        must(ramify_graph_add(recorded, perform, &jobs[t], NULL, on, count, NULL), "ramify_graph_add");
    }
    must(ramify_graph_freeze(recorded, NULL), "ramify_graph_freeze");
}

void metg_form_run(metg_graph *graph)
{
    (void)graph;
    must(ramify_graph_run(recorded, group), "ramify_graph_run");
    must(ramify_wait(group), "ramify_wait");
}
#endif

void metg_form_forget(metg_graph *graph)
{
    (void)graph;
    free(jobs);
}

void metg_form_stop(void)
{
    must(ramify_stop(runtime), "ramify_stop");
}
