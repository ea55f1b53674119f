/* SPDX-License-Identifier: BSD-3-Clause */
/* Task Bench's patterns and measure, written after Slaughter and others, "Task Bench: A Parameterized Benchmark for
 * Evaluating Parallel Runtime Performance", SC 2020, sections II and III.
 *
 * A graph is `steps` rows of up to `width` tasks; a task depends on tasks of the row above by its pattern, checks what
 * they left, computes for as long as the grain says, and leaves its own mark. Each task has a place of its own for that
 * mark, so the only dependencies are those of the pattern. A form runs such a graph by one runtime. */
#ifndef METG_H
#define METG_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { METG_DEPS_MAX = 5 }; /* radix of the random patterns, more than any other has */

/* What a task leaves: who it is, in which run. A line of its own, so that neighbours do not share one. */
typedef struct metg_mark {
    uint32_t step, point;
    uint64_t run;
    double   value;
    uint64_t pad[5];
} metg_mark;

/* One task; tasks are numbered row by row. */
typedef struct metg_task {
    uint32_t step, point;
    uint32_t count;
    uint32_t deps[METG_DEPS_MAX]; /* numbers of tasks */
} metg_task;

typedef struct metg_graph {
    uint32_t   width, steps, tasks, edges;
    metg_task *task;
    metg_mark *mark;       /* of each task */
    uint64_t   run;        /* number of the run */
    long       iterations; /* of the kernel in each task */
    bool       wrong;      /* some task found a mark that was not the one due */
} metg_graph;

/* Makes the graph of a pattern; NULL for an unknown one. Marks are aligned to lines. */
metg_graph *metg_graph_make(const char *pattern, uint32_t width, uint32_t steps);
void        metg_graph_free(metg_graph *graph);
const char *metg_pattern_name(int i); /* NULL behind the last */

/* The body of a task: check, compute, mark. */
void metg_perform(metg_graph *graph, uint32_t task);

/* The compute-bound kernel; its result, so that the work is not left out. */
double metg_kernel(long iterations);

/* What a form provides. Exits with a message when its runtime cannot start. */
extern const char *const metg_form_name;
void                     metg_form_start(unsigned workers);
void                     metg_form_prepare(metg_graph *graph); /* once per graph, not timed */
void metg_form_run(metg_graph *graph); /* timed: every task once, in the order of the dependencies */
void metg_form_forget(metg_graph *graph);
void metg_form_stop(void);

#ifdef __cplusplus
}
#endif
#endif
