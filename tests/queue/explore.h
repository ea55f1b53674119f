/* SPDX-License-Identifier: BSD-3-Clause */
/* Controlled interleaving: runs two or three logical threads over the real sources in every order, or in every order
 * with a bounded number of preemptions, and says which order breaks an invariant.
 *
 * Stateless model checking: the threads are coroutines on one kernel thread; before every atomic operation, and after
 * every one that changed something conditionally, the running one asks the explorer who goes on. A run is a list of
 * answers; depth-first search over these lists visits all of them (Godefroid, POPL 1997). With more than two threads
 * the number of preemptions is bounded: nearly all known bugs need two or fewer (Musuvathi and Qadeer, PLDI 2007).
 * Cases of several hundred steps are visited in full with one preemption and sampled beyond that, from a fixed seed.
 * A futex and a mutex are states of the explorer, so a schedule that ends with everybody asleep is seen as one.
 *
 * What is explored is sequentially consistent: each atomic operation takes effect at once, in the schedule's order.
 * That the weaker orders the sources name are enough is argued in their `order:` comments and watched by
 * ThreadSanitizer in the stress tests, not shown here. */
#ifndef RMF_TESTS_EXPLORE_H
#define RMF_TESTS_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

enum { EXPLORE_THREADS_MAX = 4, EXPLORE_ALL = 1 << 20 };

typedef struct explore_case {
    const char *name;
    uint32_t    threads;
    uint32_t    preemptions; /* most per schedule; EXPLORE_ALL: every interleaving */
    uint64_t    least;       /* schedules it must visit: an explorer that explores nothing passes everything */
    void (*setup)(void);     /* before each schedule */
    void (*body[EXPLORE_THREADS_MAX])(void);
    const char *(*check)(void); /* after each schedule: NULL, or what is wrong */
    void (*teardown)(void);     /* after each schedule; may be NULL */
    uint64_t samples;           /* beyond that, so many schedules drawn at random with three preemptions more */
} explore_case;

typedef struct explore_result {
    uint64_t    schedules, samples;
    uint64_t    longest_steps;
    const char *violation;   /* NULL: none in any schedule */
    char        trace[2000]; /* the schedule that violates it, as one letter per step; ends with "..." when cut */
} explore_result;

/* Visits the schedules of a case until one violates something. Prints a line with the number visited. */
explore_result explore_run(const explore_case *c);

/* For cmocka: runs the case and asserts that nothing is violated and that enough was visited. */
void explore_assert_safe(const explore_case *c);

/* The same for sources with a fault put in: asserts that some schedule shows it. */
void explore_assert_caught(const explore_case *c);

/* Called in a logical thread: something is wrong; the schedule ends here. Elsewhere: remembered for the check. */
void explore_fail(const char *what);

/* Number of the running logical thread, UINT32_MAX outside of all. */
uint32_t explore_self(void);

/* A scheduling point: before an atomic operation; and after one whose success is given, if it succeeded. */
void explore_step(void);
bool explore_after(bool succeeded);

/* The thread cannot go on usefully until another one has made a step: the end of a round of a spin loop. */
int explore_pause(void);

/* What the explored sources call instead of the system's. */
int  explore_mutex_lock(void *mutex);
int  explore_mutex_unlock(void *mutex);
long explore_syscall(long number, ...); /* SYS_futex only */

#endif
