/* SPDX-License-Identifier: BSD-3-Clause */
/* Runtimes, groups and tasks: start workers on a tree, submit work, wait for it.
 *
 * A runtime is a value: any number may live in a process. A task is a function, its argument and a hint; every task
 * belongs to a group, and a group is what one waits for. */
#ifndef RAMIFY_RUNTIME_H
#define RAMIFY_RUNTIME_H

#include <ramify/memory.h>
#include <ramify/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramify_runtime ramify_runtime;
typedef struct ramify_group   ramify_group;

/* The work itself. Runs once, on a worker of the group's runtime; may submit, wait and create groups; must return. */
typedef void (*ramify_task_fn)(void *argument);

/* What a submission does that finds its queue full (only with ramify_options.queue_tasks). */
typedef enum ramify_full {
    RAMIFY_FULL_BLOCK, /* wait for room; a worker runs other tasks meanwhile */
    RAMIFY_FULL_FAIL,  /* return RAMIFY_ERR_NOT_NOW; the task was not taken */
    RAMIFY_FULL_RUN,   /* run the task at once in the calling thread */
} ramify_full;

/* How to start a runtime. Zero-initialised means: the machine as it is, a bound worker on each core we may use.
 * A RAMIFY_* variable of the environment overrides the field it names (`ramify help env` lists them). */
typedef struct ramify_options {
    const ramify_tree              *tree;         /* NULL: discover; else shared, must outlive the runtime */
    const char                     *from;         /* as in ramify_tree_options, used when tree is NULL */
    const char                     *cpus;         /* likewise */
    uint32_t                        workers;      /* likewise */
    uint32_t                        workers_per;  /* likewise: ramify_workers_per */
    const char                     *places;       /* likewise; or "openmp": OMP_PLACES, OMP_PROC_BIND, OMP_NUM_THREADS */
    bool                            close;        /* likewise */
    bool                            no_ranks;     /* likewise */
    const char                     *policy;       /* NULL: "work-stealing" */
    const ramify_policy_ops *const *policies;     /* the caller's own policies, NULL-terminated; NULL: none */
    uint64_t                        seed;         /* for policies and victim choice; 0 is a seed like any other */
    uint32_t                        spin_us;      /* an idle worker searches so long before it parks, after long work 4 times; 0: 50 */
    uint32_t                        queue_tasks;  /* capacity of each domain's queue; 0: unbounded */
    uint32_t                        full;         /* ramify_full, for bounded queues */
    uint32_t                        latency_every; /* time every n-th submission; 0: 64; 1: every one */
    bool                            no_bind;      /* leave the workers unbound */
    bool                            view;         /* let other programs look on (ramify/view.h) */
    bool                            break_even;   /* measure first what a task costs (ramify/metrics.h) */
    ramify_log_fn                   log;          /* NULL: silent */
    void                           *log_self;
    ramify_diagnosis               *diagnosis; /* NULL: not wanted */
    const char                     *counters;  /* events to count, as in ramify_counters_start; NULL: none */
    const char                     *trace;     /* file to write a trace to when the runtime stops; NULL: none (trace.h) */
    const char                     *trace_while;  /* record it only while this file exists; NULL: all the time */
    uint32_t                        trace_events; /* kept per worker, 256 to 2^24; 0: 65536 */
    ramify_space                   *space;     /* where hint.near looks; shared, must outlive it; NULL: one of its own */
    const char                     *schedule;  /* of loops that name none, as in ramify_schedule_read; NULL: auto */
    uint64_t                        stack_bytes; /* of each worker, 64 KiB to 1 TiB; 0: as `ulimit -s`, if unlimited 8 MiB */
    uint64_t                        reserved[1];
} ramify_options;

/* Starts a runtime: discovers the tree unless one is given, makes a worker per leaf and binds it there.
 *
 * options: NULL for the defaults. A space over another tree than the runtime's serves as far as both are of this
 * machine: its domains stand for those of the runtime that hold their CPUs; and if `tree` and what it is discovered by
 * are not given, the space's tree is the runtime's. rt: out, untouched on failure. Ownership: the caller's, until
 * ramify_stop. Threads: any; blocks until every worker stands. Errors: those of ramify_tree_open; ERR_SYNTAX in
 * `policy` or in a variable (the diagnosis says where); ERR_RANGE a number is out of range; ERR_NO_MEMORY; ERR_SYSTEM a
 * thread could not be made. A binding the system refuses is logged and counted, not an error. One that it takes away
 * later (a CPU goes off-line, a cpuset changes) is made again when a worker next looks for work, or after 64 tasks of
 * its own, at most every 5 ms: to the leaf, or while that has no CPU left, to the nearest domain above it that has;
 * CPUs that come back are taken back. The tree stays, and no task is lost. CPUs that were not there when it was made
 * are told to the log, counted by ramify_runtime_new_cpus, and taken up by ramify_restart. A worker's stack bounds the
 * depth of a recursion; ramify/fork.h says what is promised about it, and ramify_explain_overflow makes an overflow say
 * what to do.
 * Cost: a thread creation per worker; discovery only when no tree is given. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_start(const ramify_options *options, ramify_runtime **rt);

/* Stops a runtime: waits for every group's tasks, then ends the workers and frees all, groups included.
 *
 * rt: NULL is allowed. Threads: one, not a worker of rt, with no other call on rt under way.
 * Errors: ERR_BUSY when called from a worker of rt (nothing is changed). Cost: a thread join per worker. */
RAMIFY_API ramify_status ramify_stop(ramify_runtime *rt);

/* Starts a runtime anew on the machine as it is now: a new tree, a worker for each of its leaves.
 *
 * For a program whose cpuset, quota or CPUs have changed (ramify_runtime_new_cpus), at a moment of its own: between two
 * phases, say. The new runtime has the options of the first start, variables included, but the policy that is in force
 * now, which must be one for the new tree, too. It stands before the old one ends as in ramify_stop: every task of it
 * is run; its handle, groups, graphs, regions, monitors and counts end with it. Its space goes over: memory, arrays and
 * registered regions stay where and what they are, and their domains stand for those of the new tree that hold their
 * CPUs. A trace that is due is written, and the new runtime's beside it.
 *
 * runtime: in and out; on failure it is untouched and the runtime goes on. diagnosis: out, may be NULL. Ownership: the
 * caller's, until ramify_stop. Threads: one, not a worker of it, with no other call on it under way. Errors:
 * ERR_INVALID runtime is NULL, a team's, or one whose tree the program gave; ERR_BUSY called from a worker of it;
 * otherwise those of ramify_start. Cost: a start and a stop. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_restart(ramify_runtime **runtime, ramify_diagnosis *diagnosis);

/* How many CPUs may be used now that could not when the runtime started, because a cpuset grew or a CPU went on-line.
 * It is the thread that started the runtime whose mask is asked; 0 once that is gone. rt: NULL gives 0. Threads: any.
 * Cost: one system call. */
RAMIFY_API uint32_t ramify_runtime_new_cpus(const ramify_runtime *rt);

/* The tree a runtime works on. Ownership: the runtime's (or the caller's who gave it). Threads: any. Cost: O(1). */
RAMIFY_API const ramify_tree *ramify_runtime_tree(const ramify_runtime *rt);

/* The space a runtime looks up hint.near in: the caller's, or its own over its tree. Ownership: the runtime's (or the
 * caller's who gave it), until ramify_stop, which frees all that was allocated in its own. Threads: any. Cost: O(1). */
RAMIFY_API ramify_space *ramify_runtime_space(const ramify_runtime *rt);

/* Changes the policy of a runtime while it works.
 *
 * The policy is read and made aside. What is wrong with it is told as at the start, and the old one stays; otherwise
 * whatever is submitted after the call has returned is placed by the new one, and what was submitted before stays where
 * it is and is stolen as before. A graph that was frozen keeps its places. Nothing is carried over: turns begin anew,
 * and keys that affinity remembers are forgotten. When the call returns, nobody uses the old policy any more and its
 * rules' states are destroyed, so policies of the program's that only it named may go. A team whose threads have moved
 * makes its runtime anew, with the policy of its options.
 *
 * text: a policy, as in ramify_options.policy; RAMIFY_POLICY is about the start and does not stand against it.
 * policies: the program's own that the text may name, NULL-terminated; NULL: none. The tables it names must live until
 * another policy takes its place or the runtime stops. diagnosis: out, may be NULL.
 * Threads: any, tasks included, several at once: the last wins. Waits for others that change it, and for those who
 * place a task at this moment by the old one: as long as a rule's pick() takes, or the system keeps a thread from its
 * core in the middle of one; their submissions wait for nothing.
 * Errors: ERR_INVALID rt or text is NULL, or a policy of the program's has no name, create or pick; ERR_SYNTAX,
 * ERR_RANGE as at the start, with a position in the text; ERR_BUSY called by a rule's pick(); ERR_NO_MEMORY; ERR_SYSTEM
 * the system has membarrier(2) and refuses it; what a rule's create() returns.
 * Cost: making the plan (microseconds per inner domain, milliseconds with hash over many leaves), O(workers), two
 * system calls; the first call in a process with threads some 10 ms more. A submission is none the longer for this call
 * with work-stealing, with any other policy by two plain stores and some loads; where the system has no membarrier(2),
 * by a fence; and from a thread outside that came after as many others as there are workers and 16 more, by two atomic
 * additions.
 * Source: epoch-based reclamation (Fraser, "Practical lock-freedom", UCAM-CL-TR-579, 2004, section 5.2.3), with the
 * readers' fence on the other side (Desnoyers et al., "User-Level Implementations of Read-Copy Update", IEEE TPDS 23,
 * 2012). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_policy_set(ramify_runtime *rt, const char *text,
                                                            const ramify_policy_ops *const *policies,
                                                            ramify_diagnosis *diagnosis);

/* Tells the policy in force, written out for the runtime's tree: "numa:affinity, core:steal". With the same policies of
 * the program's it can be set again.
 *
 * text: out, untouched on failure. Ownership: the caller's, to be freed with ramify_text_free. Threads: any, also while
 * the policy is changed. Errors: ERR_INVALID a NULL argument; ERR_NO_MEMORY. Cost: a copy of the text. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_policy_get(const ramify_runtime *rt, char **text);

/* The number of workers; worker i is bound to leaf i of the tree. Threads: any. Cost: O(1). */
RAMIFY_API uint32_t ramify_runtime_workers(const ramify_runtime *rt);

/* How to make a group. Zero-initialised: of its own. */
typedef struct ramify_group_options {
    ramify_group *parent; /* waits for this one too, passes its cancellation on, gets its error; NULL: none */
    uint64_t      reserved[3];
} ramify_group_options;

/* Makes an empty group.
 *
 * options: NULL for the defaults. group: out. Ownership: the caller's, until ramify_group_free or ramify_stop.
 * Threads: any. Errors: ERR_INVALID the parent is of another runtime; ERR_NO_MEMORY. Cost: O(1), pooled. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_group_create(ramify_runtime *rt, const ramify_group_options *options,
                                                              ramify_group **group);

/* Gives a group back. group: NULL is allowed.
 * Threads: one, with no other call on the group under way. Errors: ERR_BUSY tasks or child groups remain (nothing is
 * changed). Cost: O(1). */
RAMIFY_API ramify_status ramify_group_free(ramify_group *group);

/* Submits a task.
 *
 * group: the group it belongs to. fn: not NULL. argument: passed on; must live until the task has run.
 * hint: NULL for none; copied. Threads: any, workers included; blocks only when the queue is bounded, full, and
 * RAMIFY_FULL_BLOCK was chosen; runs other tasks only then or with RAMIFY_FULL_RUN.
 * Errors: ERR_INVALID fn is NULL, hint->domain is not of this tree, a weight or priority is out of range; ERR_NOT_NOW
 * the queue is full; ERR_CANCELED the group is cancelled; ERR_NO_MEMORY. The task was not taken. Cost: O(depth of the
 * policy), no system call unless a worker must be woken, no allocation in the steady state. */
RAMIFY_API ramify_status ramify_submit(ramify_group *group, ramify_task_fn fn, void *argument,
                                       const ramify_hint *hint);

/* One task of a batch. */
typedef struct ramify_item {
    ramify_task_fn fn;
    void          *argument;
    ramify_hint    hint;
} ramify_item;

/* Submits many tasks at once: one atomic operation per target instead of one per task.
 *
 * items: count of them, copied. taken: out, may be NULL: how many were taken, in order of the array, also on failure.
 * Otherwise as ramify_submit. Cost: O(count), batches of 256. */
RAMIFY_API ramify_status ramify_submit_batch(ramify_group *group, const ramify_item *items, size_t count,
                                             size_t *taken);

/* Waits until every task of the group, and of its child groups, has run or was dropped.
 *
 * Threads: any; several may wait at once. A worker runs other tasks meanwhile; another thread spins briefly, then
 * sleeps. The group may be used again afterwards: the error and the cancellation are kept until ramify_group_reset.
 * Errors: ERR_TASK a task called ramify_group_fail; ERR_CANCELED it was cancelled; ERR_BUSY called from a task of
 * this very group (it could never end). Cost: O(1) beside the waiting. */
RAMIFY_API ramify_status ramify_wait(ramify_group *group);

/* Reports an error from a task. group: usually ramify_here().group. code: not 0; the first one stays.
 * Threads: any. Errors: ERR_INVALID code is 0. Cost: O(depth of parents). */
RAMIFY_API ramify_status ramify_group_fail(ramify_group *group, int code);

/* The first code given to ramify_group_fail, 0 if none. Threads: any. Cost: O(1). */
RAMIFY_API int ramify_group_error(const ramify_group *group);

/* Cancels: tasks that have not started are dropped, new ones are refused; running ones may look at
 * ramify_group_cancelled. Threads: any. Cost: O(1). */
RAMIFY_API void ramify_group_cancel(ramify_group *group);

/* True once the group, or a parent of it, was cancelled. Threads: any. Cost: O(depth of parents). */
RAMIFY_API bool ramify_group_cancelled(const ramify_group *group);

/* Forgets a group's error and cancellation so that it can be used afresh.
 * Threads: one, while no task of it remains. Errors: ERR_BUSY tasks remain. Cost: O(1). */
RAMIFY_API ramify_status ramify_group_reset(ramify_group *group);

/* Where the calling code runs. */
typedef struct ramify_place {
    ramify_runtime *runtime; /* NULL outside of any worker */
    ramify_group   *group;   /* group of the running task, NULL outside of a task */
    uint32_t        worker;  /* number of worker and leaf, or RAMIFY_NONE */
    uint32_t        home;    /* domain the policy chose for the running task, or RAMIFY_NONE */
} ramify_place;

/* Tells a task where it runs. Threads: any, never blocks. Cost: O(1), one thread-local load. */
RAMIFY_API ramify_place ramify_here(void);

/* Counters, summed over workers unless it says otherwise. All are measured; nothing is estimated. */
typedef struct ramify_counts {
    uint64_t tasks;          /* run by workers */
    uint64_t tasks_at_home;  /* of those, by a worker below the domain the policy chose */
    uint64_t dropped;        /* cancelled before they started */
    uint64_t forks;          /* joined where they were made, published when a computation ends or a thief asks */
    uint64_t forks_stolen;   /* run by a thief */
    uint64_t forks_at_once;  /* run where they were made, because the lane was full */
    uint64_t inline_runs;    /* run by a submitter because of RAMIFY_FULL_RUN, not in `tasks` */
    uint64_t steal_attempts; /* looks at a victim that had or might have had work */
    uint64_t steals;         /* of those, successful */
    uint64_t stolen_tasks;   /* tasks moved by them */
    uint64_t parks;          /* a worker went to sleep */
    uint64_t parks_aborted;  /* it was about to, then saw work */
    uint64_t wakes;          /* a sleeping worker was woken for work */
    uint64_t loops;          /* run by workers, or begun by them for another thread */
    uint64_t loop_chunks;    /* parts of loops a worker ran without looking up */
    uint64_t loop_splits;    /* times one gave half of its part to another that was hungry */
    uint64_t loop_iterations;         /* blocks of a deterministic loop count as one */
    uint64_t loop_iterations_at_home; /* of those, by the worker, or below the domain, whose share they were */
    uint64_t dependent_tasks; /* of `tasks`, those submitted with dependencies */
    uint64_t graph_tasks;     /* of `tasks`, those of recorded graphs */
    uint64_t graph_runs;      /* of recorded graphs, begun */
    uint64_t bind_failures;  /* workers the system did not let us bind */
    uint64_t rebinds;        /* times a worker found that it was elsewhere than it was bound, or could come home */
    uint64_t near_unknown;   /* hints whose address no region knows, placed by the policy instead; in the sum only */
} ramify_counts;

/* Reads the counters.
 *
 * worker: its number, or RAMIFY_NONE for the sum. counts: out.
 * Threads: any; the picture is of no single instant while tasks run. Errors: ERR_RANGE. Cost: O(workers). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_runtime_counts(const ramify_runtime *rt, uint32_t worker,
                                                                ramify_counts *counts);

/* Distribution latency, submit to start, in nanoseconds, of the sampled tasks (ramify_options.latency_every). */
typedef struct ramify_latency {
    uint64_t samples;
    uint64_t min_ns, p50_ns, p90_ns, p99_ns, p999_ns, p9999_ns, max_ns; /* within 1/32 of the value */
    double   mean_ns;
} ramify_latency;

/* Reads the latency histogram, merged over workers. latency: out; all 0 without samples.
 * Threads: any. Errors: ERR_NO_MEMORY. Cost: O(workers x buckets). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_runtime_latency(const ramify_runtime *rt, ramify_latency *latency);

/* One RAMIFY_* variable. */
typedef struct ramify_variable {
    const char *name;    /* "RAMIFY_WORKERS" */
    const char *meaning; /* one line, with unit and range */
    const char *initial; /* what holds when it is not set */
} ramify_variable;

/* The one table of environment variables. count: out. Ownership: static. Threads: any. Cost: O(1). */
RAMIFY_API const ramify_variable *ramify_variables(uint32_t *count);

#ifdef __cplusplus
}
#endif
#endif
