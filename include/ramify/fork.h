/* SPDX-License-Identifier: BSD-3-Clause */
/* Fork and join: tasks on the caller's stack, at the cost of a few plain stores.
 *
 * A function that forks takes a context, forks with it, goes on, and joins in the opposite order:
 *
 *     typedef struct fib_job { ramify_fork fork; long n, value; } fib_job;
 *
 *     static long fib(ramify_context c, long n);
 *     static inline void fib_run(ramify_context c, fib_job *job) { job->value = fib(c, job->n); }
 *     RAMIFY_FORKED(fib_run, fib_job, fork)
 *
 *     static long fib(ramify_context c, long n)
 *     {
 *         if (n < 2)
 *             return n;
 *         fib_job left = { .n = n - 1 };
 *         RAMIFY_FORK(c, fib_run, &left);  // from here on another worker may run fib_run(its context, &left)
 *         long right = fib(c, n - 2);
 *         RAMIFY_JOIN(c, fib_run, &left);  // nobody did: it is called here, directly
 *         return left.value + right;
 *     }
 *
 * RAMIFY_CALL(rt, fib_run, &root) enters from any thread. The macros stand for ramify_fork_push, ramify_fork_join and
 * ramify_fork_call below. The fastest form ends the block of the fork before the direct call, which gcc then turns into
 * a loop (1.2 instead of 1.5 ns per fork and join):
 *
 *     long right;
 *     {
 *         fib_job left = { .n = n - 1 };
 *         RAMIFY_FORK(c, fib_run, &left);
 *         right = fib(c, n - 2);
 *         if (!ramify_fork_join(&c, &left.fork))
 *             return left.value + right;
 *     }
 *     return right + fib(c, n - 1);
 *
 * The context is two words that travel in registers: the worker's lane and its head. The fast paths have no fence, no
 * atomic read-modify-write and no allocation; the scheme is Lace's split deque (van Dijk and van de Pol, MuCoCoS 2014),
 * with the head in a register instead of memory. */
#ifndef RAMIFY_FORK_H
#define RAMIFY_FORK_H

#include <ramify/runtime.h>

/* Checked forks and joins are four times as long, so optimised programs ask for them by -DRAMIFY_ASSERTIONS; those that
 * are compiled for debugging have them, unless they define NDEBUG. */
#if defined(RAMIFY_ASSERTIONS) || \
    (!defined(NDEBUG) && !defined(__OPTIMIZE__) && !defined(RAMIFY_NO_ASSERTIONS))
#include <assert.h>
#define RAMIFY_FORK_ASSERTIONS 1
#else
#define RAMIFY_FORK_ASSERTIONS 0
#endif

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

/* Member of the caller's own struct, which holds arguments and results. Lives until its join. */
struct ramify_fork {
    ramify_fork_fn run;
    uint64_t       state; /* 0: nobody took it; else who did, who waits, or that it is done */
};

/* The part of a worker's lane that the inline functions use; the library owns the rest behind it. */
struct ramify_lane {
    ramify_fork **top; /* where the last fork left the head: never below the live ones */
    uint64_t kept[8];  /* joins whose fork nobody took, by slot: one counter would make each join wait for the last */
    uint64_t own_line[7];
    ramify_fork **split; /* slots from here on are private; set to the highest address to make the next join look up */
    ramify_fork **limit; /* end of the slots; set to their beginning to make the next fork look up */
    uint64_t      asking_line[14];
};

/* The head after a fork. clang would keep the head before it in a second register until the join (56 instead of 52
 * instructions for a fork and join of fib, and one more to save in every call), so it may not see what the two have to
 * do with each other; gcc makes the best of the plain sum. */
#ifdef __clang__
#define RAMIFY_FORK_NEXT(head, next) (next)
static inline ramify_fork **ramify_fork_next(ramify_fork **head)
{
    head++;
    __asm__("" : "+r"(head));
    return head;
}
#else
#define RAMIFY_FORK_NEXT(head, next) ((void)(next), (head) + 1)
#define ramify_fork_next(head) (head)
#endif

/* What ramify_fork_join_slow tells. */
enum {
    RAMIFY_JOIN_DONE,    /* a thief has run it */
    RAMIFY_JOIN_KEPT,    /* nobody took it: the caller does the work */
    RAMIFY_JOIN_REFUSED, /* a mistake of the caller: nothing was joined, the context stays */
};

/* The path of a fork when somebody asks for work, the lane is full, or the call is a mistake. Not for direct use. */
RAMIFY_API RAMIFY_COLD void ramify_fork_push_slow(ramify_lane *lane, ramify_fork **head, ramify_fork *fork,
                                                  ramify_fork_fn run);

/* The path of a join when the fork was visible to others, or is not the newest. head: one past the fork's slot.
 * Not for direct use. */
RAMIFY_API RAMIFY_COLD int ramify_fork_join_slow(ramify_lane *lane, ramify_fork **head, ramify_fork *fork);

/* Forks: from now on another worker may run it.
 *
 * context: the caller's. fork: in the caller's frame, arguments set. run: for a thief.
 * Returns the context for everything up to the join. Ownership: fork stays the caller's and must stay where it is
 * until it is joined. Threads: the worker the context belongs to. May run the fork at once when the lane is full.
 * Errors: see ramify_fork_error; the join that belongs to it is due all the same.
 * Cost: five stores; a share (one atomic operation) when another worker asks for work. */
static inline ramify_context ramify_fork_push(ramify_context context, ramify_fork *fork, ramify_fork_fn run)
{
    ramify_lane  *lane = context.lane; /* by parts: gcc 12 keeps a struct that is passed on whole in memory */
    ramify_fork **head = context.head, **next = ramify_fork_next(head);
    /* order: relaxed; a request is a hint, and the share it causes has orders of its own */
    if (__builtin_expect(!lane || !fork || !run || head >= __atomic_load_n(&lane->limit, __ATOMIC_RELAXED), 0))
        ramify_fork_push_slow(lane, head, fork, run);
    else {
        fork->run = run;
        /* order: relaxed; a thief sees both through the release of the share that shows it the slot */
        __atomic_store_n(&fork->state, (uint64_t)0, __ATOMIC_RELAXED);
        *head = fork;
        /* order: relaxed; others only guess from it whether there is something to ask for */
        __atomic_store_n(&lane->top, RAMIFY_FORK_NEXT(head, next), __ATOMIC_RELAXED);
    }
    context.head = RAMIFY_FORK_NEXT(head, next);
    return context;
}

/* Joins the newest fork that is not joined yet.
 *
 * context: in: that of the fork or a later one of the same function; out: as before the fork.
 * Returns true when nobody took the fork: the caller does the work now, by calling the function itself. False: it has
 * been done, and its results are visible. Threads: the forking worker; runs other tasks while a thief is not done.
 * Errors: see ramify_fork_error; false is returned and the context stays.
 * Cost: two loads and comparisons and a count; when it was shared, one atomic operation per half of what was. */
static inline bool ramify_fork_join(ramify_context *context, ramify_fork *fork)
{
    if (__builtin_expect(!context, 0)) {
        (void)ramify_fork_join_slow(NULL, NULL, NULL);
        return false;
    }
    ramify_lane  *lane = context->lane;
    ramify_fork **head = context->head;
    /* order: relaxed; only the owner lowers it, and a request is a hint */
    if (__builtin_expect(!lane || head <= __atomic_load_n(&lane->split, __ATOMIC_RELAXED) || head[-1] != fork, 0)) {
        int way = ramify_fork_join_slow(lane, head, fork);
        if (way != RAMIFY_JOIN_REFUSED)
            context->head = head - 1;
        return way == RAMIFY_JOIN_KEPT;
    }
    head--;
    /* Hides that this is the head of before the fork: gcc 12 would otherwise copy that context as a whole, 16 bytes
     * just written as twice 8, and wait for both stores (0.86 instead of 0.20 s for 10^8 forks). */
    __asm__("" : "+r"(head));
    context->head = head;
    lane->kept[(uintptr_t)head / sizeof(ramify_fork *) % 8]++;
    return true;
}

/* Runs a fork as the root of a fork-join computation and waits for it.
 *
 * rt: where it runs. fork: arguments set; run: the function. Threads: any; on a worker of rt it is a call, from
 * another thread it is a submission and a wait. Inside a function that has a context, pass that on instead: forks
 * below this call cannot be taken while it lasts. Errors: ERR_INVALID a NULL argument; ERR_ORDER, ERR_INVALID the
 * computation forked or joined wrongly (ramify_fork_error); those of ramify_group_create and ramify_submit from
 * outside. Cost: a call, or a submission. */
RAMIFY_API ramify_status ramify_fork_call(ramify_runtime *rt, ramify_fork *fork, ramify_fork_fn run);

/* Makes an overflow of a worker's stack say so: in the runtimes started from now on, the first one writes a sentence to
 * standard error (which worker, its stack, what to set), and then the signal does what it did before this call: by
 * default, it ends the program. Without this call the library installs no handler, and an overflow is a bare SIGSEGV.
 *
 * What is promised about stacks. A join whose fork was taken runs other work on top of itself meanwhile: the thief's
 * own forks while an eighth of the stack is free; anything while half of it is free and at most 32 joins wait so on top
 * of one another; so at most 33 computations of unrelated work share a stack. Where less is free it runs only the fork
 * it waits for, which needs no more stack than if nobody had taken it, or sleeps; the log hook is told once per worker.
 * So a recursion that needs at most an eighth of the stack when it runs alone, with 1 KiB more per level that others
 * took, never overflows it. One that needs more may, as it may when it runs serially: stacks are made larger by
 * ramify_options.stack_bytes or RAMIFY_STACK. ramify_wait inside a task runs others on top without this bound, and a
 * function whose frame is larger than the guard of 1 MiB may step over it: then nothing is said.
 *
 * Ownership: the handlers of SIGSEGV and SIGBUS are the process's, and stay. Threads: any. Threads lent to a runtime
 * are not watched. Errors: ERR_SYSTEM sigaction failed (errno tells why). Cost: two system calls; 32 KiB of each
 * worker's stack. */
RAMIFY_API ramify_status ramify_explain_overflow(void);

/* The first mistake with forks of the calling thread's computation, which is forgotten by this; RAMIFY_OK: none.
 * ramify_fork_call returns it too, whichever worker it happened on.
 *
 * Errors: ERR_ORDER a join of a fork that is not the newest unjoined one of its context: joined before, out of order,
 * or another's; nothing was joined, the context stays, the join returns false. ERR_INVALID a NULL argument (its join
 * is due all the same), or a context of no runtime: nothing is forked, and the join says that the caller does the work,
 * so that a context of zeros makes a serial run. A context of another worker, or of a runtime that has ended, is
 * noticed (ERR_INVALID) only while somebody asks for work; else it is a use of memory that is not the caller's.
 * A program compiled without optimisation and NDEBUG, or with RAMIFY_ASSERTIONS, checks all of these before each fork
 * and join, some 3 ns each, and fails an assertion that names the caller's file and line. Threads: any. Cost: O(1). */
RAMIFY_API ramify_status ramify_fork_error(void);

/* What is wrong with a fork about to be made, in a sentence; NULL: nothing. For the assertions.
 *
 * The arguments are those of ramify_fork_push, looked at and not changed. Ownership: static text. Threads: any.
 * Cost: O(1). */
RAMIFY_API const char *ramify_fork_push_wrong(ramify_context context, ramify_fork *fork, ramify_fork_fn run);

/* The same for a join: the arguments are those of ramify_fork_join. Ownership: static text. Threads: any.
 * Cost: O(1). */
RAMIFY_API const char *ramify_fork_join_wrong(ramify_context *context, ramify_fork *fork);

#if RAMIFY_FORK_ASSERTIONS
static inline ramify_context ramify_fork_push_at(ramify_context context, ramify_fork *fork, ramify_fork_fn run,
                                                 const char *file, unsigned line)
{
    const char *wrong = ramify_fork_push_wrong(context, fork, run);
    if (wrong)
        __assert_fail(wrong, file, line, "ramify_fork_push");
    return ramify_fork_push(context, fork, run);
}

static inline bool ramify_fork_join_at(ramify_context *context, ramify_fork *fork, const char *file, unsigned line)
{
    const char *wrong = ramify_fork_join_wrong(context, fork);
    if (wrong)
        __assert_fail(wrong, file, line, "ramify_fork_join");
    return ramify_fork_join(context, fork);
}
#define ramify_fork_push(context, fork, run) ramify_fork_push_at(context, fork, run, __FILE__, __LINE__)
#define ramify_fork_join(context, fork) ramify_fork_join_at(context, fork, __FILE__, __LINE__)
#endif

/* Makes `void function(ramify_context, type *)` forkable. type: a struct with a member of type ramify_fork.
 * Defines function_forked, what a thief runs, and function_fork, which checks the type of a job. */
#define RAMIFY_FORKED(function, type, member)                                                                          \
    __attribute__((unused)) static void function##_forked(ramify_context ramify_c, ramify_fork *ramify_f)              \
    {                                                                                                                  \
        function(ramify_c, (type *)(void *)((char *)ramify_f - offsetof(type, member)));                               \
    }                                                                                                                  \
    __attribute__((unused)) static inline ramify_fork *function##_fork(type *ramify_j)                                 \
    {                                                                                                                  \
        return &ramify_j->member;                                                                                      \
    }

/* Forks function(job). context: the caller's variable, moved on. Of two halves of an array fork the second and call the
 * first: where nobody takes the fork, memory is then gone through upwards, as by a serial program (a tenth of the time
 * of a fine Fourier transform). */
#define RAMIFY_FORK(context, function, job)                                                                            \
    ((void)((context) = ramify_fork_push((context), function##_fork(job), function##_forked)))

/* Joins function(job), and calls it here if nobody took it. context, job: evaluated twice. */
#define RAMIFY_JOIN(context, function, job)                                                                            \
    (ramify_fork_join(&(context), function##_fork(job)) ? function((context), (job)) : (void)0)

/* Runs function(job) as a root, as ramify_fork_call does; its status. */
#define RAMIFY_CALL(rt, function, job) ramify_fork_call((rt), function##_fork(job), function##_forked)

#ifdef __cplusplus
}
#endif
#endif
