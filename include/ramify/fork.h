/* SPDX-License-Identifier: BSD-3-Clause */
/* Fork and join: tasks on the caller's stack, at the cost of a few plain stores.
 *
 * A function that forks takes a context, forks with it, goes on, and joins in the opposite order:
 *
 *     typedef struct fib_fork { ramify_fork fork; long n, value; } fib_fork;
 *
 *     static long fib(ramify_context c, long n);
 *     static void fib_stolen(ramify_context c, ramify_fork *fork)
 *     {
 *         fib_fork *left = (fib_fork *)fork;
 *         left->value = fib(c, left->n);
 *     }
 *     static inline long fib(ramify_context c, long n)  // inline: the compiler then opens the leaf calls
 *     {
 *         if (n < 2)
 *             return n;
 *         fib_fork left = { .n = n - 1 };
 *         c = ramify_fork_push(c, &left.fork, fib_stolen);
 *         long right = fib(c, n - 2);
 *         if (ramify_fork_join(&c, &left.fork))  // nobody took it: call it here, directly
 *             left.value = fib(c, left.n);
 *         return left.value + right;
 *     }
 *
 * ramify_fork_call() enters from any thread. The context is two words that travel in registers: the worker's lane and
 * its head. The fast paths have no fence, no atomic read-modify-write and no allocation; the scheme is Lace's split
 * deque (van Dijk and van de Pol, MuCoCoS 2014), with the head in a register instead of memory. */
#ifndef RAMIFY_FORK_H
#define RAMIFY_FORK_H

#include <ramify/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramify_fork ramify_fork;
typedef struct ramify_lane ramify_lane;

/* Where a function stands in its worker's lane. Pass it on by value; never keep it beyond the function. */
typedef struct ramify_context {
    ramify_lane  *lane;
    ramify_fork **head; /* next free slot */
} ramify_context;

/* Runs a fork on the worker that stole it: does what the forking function would do after a join that returned true. */
typedef void (*ramify_fork_fn)(ramify_context context, ramify_fork *fork);

/* First member of the caller's own struct, which holds arguments and results. Lives until its join. */
struct ramify_fork {
    ramify_fork_fn run;
    uint64_t       state; /* 0: nobody took it; else who did, who waits, or that it is done */
};

/* The part of a worker's lane that the inline functions use; the library owns the rest behind it. */
struct ramify_lane {
    ramify_fork **top;     /* where the last fork left the head: never below the live ones */
    uint64_t      kept[8]; /* joins whose fork nobody took, by slot: one counter would make each join wait for the last */
    uint64_t      own_line[7];
    ramify_fork **split; /* slots from here on are private; set to the highest address to make the next join look up */
    ramify_fork **limit; /* end of the slots; set to their beginning to make the next fork look up */
    uint64_t      asking_line[14];
};

/* The path of a fork when somebody asks for work, or the lane is full. Not for direct use. */
RAMIFY_API RAMIFY_COLD void ramify_fork_push_slow(ramify_lane *lane, ramify_fork **head, ramify_fork *fork);

/* The path of a join when the fork was visible to others. Not for direct use. */
RAMIFY_API RAMIFY_COLD bool ramify_fork_join_slow(ramify_lane *lane, ramify_fork **head, ramify_fork *fork);

/* Forks: from now on another worker may run it.
 *
 * context: the caller's. fork: in the caller's frame, arguments set. run: for a thief.
 * Returns the context for everything up to the join. Ownership: fork stays the caller's and must stay where it is
 * until it is joined. Threads: the worker the context belongs to. May run the fork at once when the lane is full.
 * Cost: five stores; a share (one atomic operation) when another worker asks for work. */
static inline ramify_context ramify_fork_push(ramify_context context, ramify_fork *fork, ramify_fork_fn run)
{
    ramify_lane  *lane = context.lane; /* by parts: gcc 12 keeps a struct that is passed on whole in memory */
    ramify_fork **head = context.head;
    fork->run          = run;
    /* order: relaxed; a thief sees both through the release of the share that shows it the slot */
    __atomic_store_n(&fork->state, (uint64_t)0, __ATOMIC_RELAXED);
    /* order: relaxed; a request is a hint, and the share it causes has orders of its own */
    if (__builtin_expect(head >= __atomic_load_n(&lane->limit, __ATOMIC_RELAXED), 0))
        ramify_fork_push_slow(lane, head, fork);
    else {
        *head = fork;
        /* order: relaxed; others only guess from it whether there is something to ask for */
        __atomic_store_n(&lane->top, head + 1, __ATOMIC_RELAXED);
    }
    context.head = head + 1;
    return context;
}

/* Joins the newest fork that is not joined yet.
 *
 * context: in: that of the fork or a later one of the same function; out: as before the fork.
 * Returns true when nobody took the fork: the caller does the work now, by calling the function itself. False: it has
 * been done, and its results are visible. Threads: the forking worker; runs other tasks while a thief is not done.
 * Cost: a load, a comparison and a count; when it was shared, one atomic operation per half of what was. */
static inline bool ramify_fork_join(ramify_context *context, ramify_fork *fork)
{
    ramify_lane  *lane = context->lane;
    ramify_fork **head = context->head - 1;
    context->head      = head;
    /* order: relaxed; only the owner lowers it, and a request is a hint */
    if (__builtin_expect(head < __atomic_load_n(&lane->split, __ATOMIC_RELAXED), 0))
        return ramify_fork_join_slow(lane, head, fork);
    lane->kept[(uintptr_t)head / sizeof(ramify_fork *) % 8]++;
    return true;
}

/* Runs a fork as the root of a fork-join computation and waits for it.
 *
 * rt: where it runs. fork: arguments set; run: the function. Threads: any; on a worker of rt it is a call, from
 * another thread it is a submission and a wait. Inside a function that has a context, pass that on instead: forks
 * below this call cannot be taken while it lasts. Errors: ERR_INVALID a NULL argument; those of ramify_group_create and ramify_submit from
 * outside. Cost: a call, or a submission. */
RAMIFY_API ramify_status ramify_fork_call(ramify_runtime *rt, ramify_fork *fork, ramify_fork_fn run);

#ifdef __cplusplus
}
#endif
#endif
