/* SPDX-License-Identifier: BSD-3-Clause */
/* Task graphs that are recorded once and run many times.
 *
 * Recording names the tasks and who waits for whom, by edges, by the data they touch, or both. Freezing checks and
 * packs it. A run then costs no hashing, no allocation and no submission: a task that ends counts down those that wait
 * for it, and its worker goes on with the first that is ready. */
#ifndef RAMIFY_TASKGRAPH_H
#define RAMIFY_TASKGRAPH_H

#include <ramify/depend.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramify_graph ramify_graph;

/* A task of a graph; opaque, and of use with that graph only. */
typedef uint64_t ramify_vertex;

/* Makes an empty graph to record into.
 *
 * rt: where it will run. graph: out. Ownership: the caller's, until ramify_graph_free or ramify_stop.
 * Threads: any. Errors: ERR_INVALID a NULL argument; ERR_NO_MEMORY. Cost: O(1). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_graph_create(ramify_runtime *rt, ramify_graph **graph);

/* Records a task.
 *
 * fn, argument, hint: as in ramify_submit; argument must live as long as the graph runs. on: count of accesses, as in
 * ramify_submit_after, ordering it after tasks of this graph recorded before; NULL and 0 for none. vertex: out, may be
 * NULL. Threads: one at a time. Errors: ERR_INVALID a bad argument; ERR_RANGE too many accesses, or 2^31 - 2 tasks;
 * ERR_BUSY the graph is frozen; ERR_NO_MEMORY. The graph is as before. Cost: amortised O(tasks waited for). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_graph_add(ramify_graph *graph, ramify_task_fn fn, void *argument,
                                                           const ramify_hint *hint, const ramify_depend *on,
                                                           size_t count, ramify_vertex *vertex);

/* Records that one task starts after another has ended. before, after: of this graph, in any order of recording.
 * Threads: one at a time. Errors: ERR_INVALID a vertex is of another graph, or of none; ERR_RANGE too many edges;
 * ERR_BUSY the graph is frozen; ERR_NO_MEMORY. Cost: amortised O(1). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_graph_edge(ramify_graph *graph, ramify_vertex before,
                                                            ramify_vertex after);

/* Names a task, for messages. name: copied. Threads: one at a time. Errors: ERR_INVALID; ERR_BUSY the graph is frozen;
 * ERR_NO_MEMORY. Cost: O(length). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_graph_name(ramify_graph *graph, ramify_vertex vertex,
                                                            const char *name);

/* Ends recording: refuses cycles, drops edges recorded twice, and packs the graph. Places are chosen here, once: a task
 * with a hint, or under a policy that places tasks, has the same home in every run.
 *
 * diagnosis: out, may be NULL; names the tasks of a cycle in their order. Threads: one. Errors: ERR_INVALID a cycle
 * (recording may go on); ERR_BUSY frozen already; ERR_NO_MEMORY. Cost: O(tasks + edges). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_graph_freeze(ramify_graph *graph, ramify_diagnosis *diagnosis);

/* Runs a frozen graph as part of a group and returns at once; ramify_wait(group) waits for it.
 *
 * A worker that ends a task goes on with the first one it made ready and shares the rest with thieves. Commutative
 * accesses take turns in the run, in any order. When the group is cancelled, tasks that have not started are dropped,
 * and the graph can run again. Tasks see the group as theirs.
 *
 * Threads: any. A graph runs once at a time. Errors: ERR_INVALID not frozen, or the group is of another runtime;
 * ERR_BUSY it runs already; ERR_CANCELED; ERR_NOT_NOW the queue is full; ERR_NO_MEMORY: nothing was started.
 * Cost: one submission; then per task a call, one atomic operation per task that waits for it and for others, and a
 * push for each beyond the first made ready. */
RAMIFY_API ramify_status ramify_graph_run(ramify_graph *graph, ramify_group *group);

/* What a graph consists of. */
typedef struct ramify_graph_facts {
    uint32_t tasks;
    uint32_t edges;   /* as recorded; once frozen, without repetitions */
    uint32_t longest; /* tasks on the longest path; 0 before it is frozen */
} ramify_graph_facts;

/* Reads them. facts: out. Threads: any, not while one records. Errors: ERR_INVALID a NULL argument. Cost: O(1). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_graph_measure(const ramify_graph *graph, ramify_graph_facts *facts);

/* Gives a graph back. graph: NULL is allowed. Threads: one, with no other call on the graph under way, and before
 * ramify_stop, which frees those that are left. Errors: ERR_BUSY it runs (nothing is changed). Cost: O(tasks). */
RAMIFY_API ramify_status ramify_graph_free(ramify_graph *graph);

#ifdef __cplusplus
}
#endif
#endif
