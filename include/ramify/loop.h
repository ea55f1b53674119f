/* SPDX-License-Identifier: BSD-3-Clause */
/* Parallel loops over one to three dimensions, their schedules and reductions.
 *
 *     static void scale(void *self, const ramify_chunk *c)
 *     {
 *         double *x = self;
 *         for (int64_t i = c->range[0].begin; i < c->range[0].end; i++)  // a plain loop: the compiler vectorises it
 *             x[i] *= 2.0;
 *     }
 *     ...
 *     ramify_range all = { 0, n, 1 };
 *     status = ramify_for(rt, &all, 1, scale, x, NULL);
 *
 * Every iteration has a home, the worker whose share it would be in an even split, or with an array the domain that
 * holds its element; the homes of a range are the same from call to call. Only the runtime's workers run bodies, so
 * loops inside loops, in tasks, and from several threads at once use no more processors than one. */
#ifndef RAMIFY_LOOP_H
#define RAMIFY_LOOP_H

#include <ramify/array.h>
#include <ramify/fork.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Most dimensions of a loop. */
#define RAMIFY_DIMENSIONS_MAX 3

/* The indexes begin, begin + step, ... before end. step: not 0; negative ones count down. */
typedef struct ramify_range {
    int64_t begin, end, step;
} ramify_range;

/* What a body is called with: a part of the loop. All of it is read only, and lives as long as the call. */
typedef struct ramify_chunk {
    /* The part in each dimension, outermost first; dimensions the loop does not have are { 0, 1, 1 }. `end` lies behind
     * the last index and never beyond the loop's own end. */
    ramify_range   range[RAMIFY_DIMENSIONS_MAX];
    uint64_t       count[RAMIFY_DIMENSIONS_MAX]; /* of indexes in it */
    uint64_t       first;      /* number of its first iteration; they count from 0, the last dimension fastest */
    uint64_t       iterations; /* product of the counts, at least 1 */
    void          *partial;    /* this worker's part of the reduction, to be added to; NULL without one */
    uint32_t       worker;     /* who runs it */
    ramify_context context;    /* for forks and loops inside the body */
    void          *loop;       /* for ramify_for_stop; the library's */
} ramify_chunk;

/* The body of a loop; runs on a worker. It does every iteration of the chunk, may fork, submit and run loops, and must
 * not wait for another chunk of the same loop: nobody promises that two run at the same time. */
typedef void (*ramify_for_fn)(void *self, const ramify_chunk *chunk);

/* X(name, text): how iterations are handed out. P: workers of a domain, R: iterations of it not handed out yet.
 * auto: each worker takes its own share, in chunks of about 4 us by the measured cost of an iteration; gives half of
 *   the rest away only when another worker is hungry (lazy splitting: Tzannes, Caragea, Barua, Vishkin, PPoPP 2010).
 *   Shared from its beginning when the last loop with this body was work enough for the way to another worker, which
 *   is measured; else its first worker begins alone.
 * static: each worker takes its own share, whole; another one only if it comes before.
 * dynamic: chunks of `grain`, of the own share first, then of the nearest that has some.
 * guided: ceil(R / P) at a time (Polychronopoulos and Kuck, IEEE ToC 1987).
 * trapezoid: from ceil(N / 2P) down to `grain` in equal steps (Tzen and Ni, IEEE TPDS 1993).
 * factoring: P chunks of ceil(R / 2P), then anew (FAC2: Hummel, Schonberg, Flynn, CACM 1992).
 * awf: the same in proportion to each worker's speed, measured from sweep to sweep in a ramify_history (Banicescu,
 *   Velusamy, Devaprasad, Cluster Computing 2003); the first sweep takes the leaves' capacity. */
#define RAMIFY_RULE_TABLE(X)                                                                                           \
    X(AUTO, "auto")                                                                                                    \
    X(STATIC, "static")                                                                                                \
    X(DYNAMIC, "dynamic")                                                                                              \
    X(GUIDED, "guided")                                                                                                \
    X(TRAPEZOID, "trapezoid")                                                                                          \
    X(FACTORING, "factoring")                                                                                          \
    X(AWF, "awf")

typedef enum ramify_rule {
    RAMIFY_RULE_DEFAULT, /* the runtime's: ramify_options.schedule or RAMIFY_SCHEDULE, else auto */
#define RAMIFY_RULE_ENUM(name, text) RAMIFY_RULE_##name,
    RAMIFY_RULE_TABLE(RAMIFY_RULE_ENUM)
#undef RAMIFY_RULE_ENUM
        RAMIFY_RULE_COUNT
} ramify_rule;

/* A schedule. Zero-initialised: the runtime's default. */
typedef struct ramify_schedule {
    uint32_t rule;  /* ramify_rule */
    uint64_t grain; /* iterations. auto and static: most in one chunk, 0: as measured, or all; dynamic: in each chunk,
                       0: 1; the others: fewest in a chunk, 0: 1 */
} ramify_schedule;

/* Reads a schedule from text: a rule and, after a comma, a grain: "auto", "dynamic,16", "factoring,4".
 *
 * text: not NULL. schedule: out, untouched on failure. diagnosis: out, may be NULL. Threads: any, never blocks.
 * Errors: ERR_INVALID text or schedule is NULL; ERR_SYNTAX no such rule, or the grain is no number; ERR_RANGE the grain
 * is 0 or above 2^63 - 1. Cost: O(length). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_schedule_read(const char *text, ramify_schedule *schedule,
                                                               ramify_diagnosis *diagnosis);

/* A reduction: a value of `size` bytes, at most RAMIFY_PARTIAL_BYTES_MAX. `combine` must be associative as far as the
 * program cares, and commutative unless the loop is deterministic. Both functions run on workers, several at a time. */
typedef struct ramify_reduction {
    size_t size;
    void (*identity)(void *self, void *partial);               /* writes the value of no iterations */
    void (*combine)(void *self, void *into, const void *from); /* into = into (+) from */
    void *self;
} ramify_reduction;

/* Workers keep partial results on their stacks; a larger value is reduced by a pointer to memory of its own. */
#define RAMIFY_PARTIAL_BYTES_MAX 4096

typedef enum ramify_operation {
    RAMIFY_SUM,
    RAMIFY_PRODUCT,
    RAMIFY_MIN, /* of no iterations: the largest value, for floating point infinity */
    RAMIFY_MAX, /* likewise the smallest */
    RAMIFY_AND, /* bitwise, of integers, as the next two */
    RAMIFY_OR,
    RAMIFY_XOR,
} ramify_operation;

typedef enum ramify_type { RAMIFY_INT64, RAMIFY_UINT64, RAMIFY_DOUBLE, RAMIFY_FLOAT } ramify_type;

/* A built-in reduction. Integer sums and products wrap around.
 *
 * Returns NULL when there is none: bitwise operations of floating point. Ownership: static. Threads: any, never blocks.
 * Cost: O(1). */
RAMIFY_API const ramify_reduction *ramify_reduction_of(ramify_type type, ramify_operation operation);

/* What a loop learns from sweep to sweep: the cost of an iteration, the speed of each worker. */
typedef struct ramify_history ramify_history;

/* Makes an empty history for loops of one runtime.
 *
 * history: out, untouched on failure. Ownership: the caller's, until ramify_history_free; before ramify_stop or after.
 * Threads: any. Errors: ERR_INVALID an argument is NULL; ERR_NO_MEMORY. Cost: one allocation, 128 bytes per worker. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_history_create(const ramify_runtime *rt, ramify_history **history);

/* Frees a history. history: NULL is allowed. Threads: one, with no loop that uses it under way. Cost: one free. */
RAMIFY_API void ramify_history_free(ramify_history *history);

/* The weight of a worker for awf: its speed over the mean of all; 1 when nothing is known; 0 for no such worker.
 * Threads: any, never blocks. Cost: O(1). */
RAMIFY_API double ramify_history_weight(const ramify_history *history, uint32_t worker);

/* How to run a loop. Zero-initialised, and a NULL pointer to it, mean: the runtime's schedule, nothing to reduce. */
typedef struct ramify_for_options {
    ramify_schedule     schedule;
    const ramify_array *array;         /* indexes of the first dimension are its elements, whose homes count; its step
                                          must be 1 and its range within the array. NULL: none */
    ramify_group           *group;     /* its cancellation stops the loop, an error of the loop is reported to it */
    ramify_history         *history;   /* learns from this loop; of one loop at a time. NULL: none */
    const ramify_reduction *reduction; /* NULL: none */
    void                   *result;    /* where the reduction goes; untouched unless the loop returns RAMIFY_OK */
    bool              deterministic;   /* the reduction gives the same bits for any number of workers and schedule */
    ramify_diagnosis *diagnosis;       /* NULL: not wanted */
    uint64_t          reserved[4];
} ramify_for_options;

/* Runs a loop and waits for it.
 *
 * rt: whose workers run it. ranges: `dimensions` of them (1 to 3), outermost first; copied; may be empty. body: not
 * NULL. self: passed on. options: NULL for the defaults; copied. With `deterministic` the loop is cut into the same at
 * most 1024 blocks (of `schedule.grain` iterations if that is given, and then as many as it takes) whatever runs them,
 * each block is one call of the body per box it covers, and partial results are combined by one binary tree; an array
 * then gives no homes.
 * Threads: any. A worker of rt takes part, and may run other tasks while others finish their chunks; below this call
 * it hides the forks that the caller has not joined, where ramify_for_in does not. Another thread waits.
 * Errors: before anything ran: ERR_INVALID a NULL argument, dimensions, step 0, an unknown rule, a reduction without
 * its functions or with a size of 0 or no result, an object of another runtime, the array's conditions; ERR_RANGE more
 * than 2^63 - 1 iterations, a grain above that, a partial result too large; ERR_NO_MEMORY; ERR_CANCELED the group is
 * cancelled; those of ramify_submit. Afterwards: ERR_CANCELED a body or the group stopped it; ERR_TASK a body gave a
 * code. Cost: about 30 ns and a call of the body when nobody is idle, no allocation from inside but for deterministic
 * reductions whose partial results take more than 8 KiB; a hand-off per worker that helps. From outside of rt a
 * submission more. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_for(ramify_runtime *rt, const ramify_range *ranges,
                                                     uint32_t dimensions, ramify_for_fn body, void *self,
                                                     const ramify_for_options *options);

/* The same from a function that has a context: a fork-join function, or the body of a loop (ramify_chunk.context). The
 * caller's forks stay visible to others while the loop runs.
 *
 * context: the caller's; it stays as it is. Otherwise as ramify_for.
 * Threads: the worker the context belongs to. Errors: as ramify_for; ERR_INVALID the context is empty. Cost: as
 * ramify_for from inside. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_for_in(ramify_context context, const ramify_range *ranges,
                                                        uint32_t dimensions, ramify_for_fn body, void *self,
                                                        const ramify_for_options *options);

/* Stops the loop: chunks that have not started are dropped, running ones may ask ramify_for_stopped.
 *
 * chunk: the body's. code: 0: the loop returns ERR_CANCELED; else it returns ERR_TASK, and the first code goes to
 * ramify_for_options.group if there is one. Threads: any that holds the chunk. Cost: O(1). */
RAMIFY_API void ramify_for_stop(const ramify_chunk *chunk, int code);

/* True once the loop was stopped or its group cancelled. Threads: any that holds the chunk. Cost: O(1), and O(depth of
 * parents) with a group. */
RAMIFY_API bool ramify_for_stopped(const ramify_chunk *chunk);

#ifdef __cplusplus
}
#endif
#endif
