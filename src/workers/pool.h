/* SPDX-License-Identifier: BSD-3-Clause */
/* A pool: the workers of one runtime, the inboxes of its domains, and what they share. */
#ifndef RMF_WORKERS_POOL_H
#define RMF_WORKERS_POOL_H

#include "bind.h"
#include "cell.h"
#include "class_book.h"
#include "deque.h"
#include "door.h"
#include "group.h"
#include "inbox.h"
#include "lane.h"
#include "log.h"
#include "newcomers.h"
#include "parking.h"
#include "plan.h"
#include "ranks.h"
#include "remote.h"
#include "space.h"
#include "stock.h"
#include "trace_ring.h"
#include "victims.h"

#include <ramify/loop.h>
#include <ramify/runtime.h>

typedef struct rmf_pool   rmf_pool;
typedef struct rmf_worker rmf_worker;
typedef struct rmf_mark   rmf_mark;

/* What a worker's thread is handed. */
typedef struct rmf_worker_start {
    rmf_pool *pool;
    uint32_t  number;
} rmf_worker_start;

/* Whoever submits: state of its own for random choices and for sampling. */
typedef struct rmf_sender {
    uint64_t random;
    uint32_t until_stamp; /* submissions until the next one is timed */
    uint32_t turn;        /* where the interval between timed ones stands in its variation */
    uint32_t stands_for;  /* submissions that one is a sample of, itself included */
    uint32_t until_ready; /* vertices that become ready until the next one is timed */
    _Atomic uint64_t *mark;   /* replan.h; NULL: it is not set the usual way */
    _Atomic uint64_t *fenced; /* the mark in that case; NULL: there was none free */
} rmf_sender;

/* A task that runs on this worker, innermost first. */
typedef struct rmf_frame {
    struct rmf_frame *outer;
    ramify_group     *group;
    uint32_t          home;
    uint64_t          start_ticks; /* 0: not sampled; moved on by what the task spent waiting */
} rmf_frame;

/* The work of the last loop with some body that this worker began, as far as it did it itself: what the next one is
 * expected to be. */
enum { RMF_PAST_LOOPS = 8 };
typedef struct rmf_past {
    ramify_for_fn body;
    uint64_t      iterations, ticks;
    uint16_t      least_tickets; /* of loops.h; 0: it was not shared at once */
} rmf_past;

/* Of so many tasks a worker looks around after one: at the time for its binding's sake, for which 9 ns for a stamp are
 * 0.14 ns for each, and at what waits while its deque is not empty. */
enum { RMF_TASKS_PER_LOOK = 64 };

/* Fields stand together by who writes them: what a thief reads lies on no line that the owner keeps writing, which
 * would cost the owner a line's way to the other core and back for every steal, more than many a task. */
struct rmf_worker {
    rmf_deque        deque; /* its first line is the owner's, its second the thieves' */
    rmf_lane         lane;
    rmf_door         door;
    rmf_monitor_cell cell;
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t run_ticks; /* sliding mean of its tasks; 0: none yet */

    /* Anybody's to read, for nobody writes here while tasks run. */
    _Alignas(RMF_PAIR_BYTES) rmf_pool *pool;
    uint32_t                  number; /* also its leaf */
    uint32_t                  domain; /* its leaf's domain */
    int32_t                   tid;    /* the system's number of its thread */
    const uint8_t            *remote; /* price of its taking a task, by home; NULL: the tree has one node */
    _Atomic(rmf_trace_ring *) trace;  /* NULL: off; written by rmf_pool_trace() */
    rmf_victims               victims;

    /* The worker's own. */
    _Alignas(RMF_PAIR_BYTES) uint64_t handle_from_ticks; /* end of a sampled task, nothing has followed yet; 0: none */
    uint64_t      busy_from_ticks;                       /* when it last found work, 0: it waits in a task */
    uint64_t      tasks_before;                          /* it had run then */
    rmf_stock     stock, dependents;
    rmf_frame    *frame;
    ramify_group *credit_group; /* group whose credits it holds, NULL: none */
    uint64_t      credits;
    rmf_sender    sender;
    _Atomic uint64_t mark;                 /* edition it places by, 0: it does not; replan.h */
    uint32_t      unlooked_tasks;         /* run since it looked around, at most RMF_TASKS_PER_LOOK */
    uint32_t      nested;                 /* joins it waits in, one on top of the other */
    ramify_status mistake;                /* with forks, of the computation on top: the first */
    ramify_fork   stand_in;               /* for a fork that is NULL */
    uint64_t      stack_low, stack_bytes; /* its thread's stack; 0: not known */
    bool          told_of_stack;          /* that little of it is left */
    rmf_binding   binding;
    bool          joins_loop;  /* the next join is of a loop's part */
    bool          insists;     /* has searched for some time: repeats requests that seem to wait */
    bool          is_met;      /* the last loop part it brought to a door found that open */
    uint32_t      misses;      /* loop parts brought to nobody's door since it woke somebody for them */
    ramify_fork  *awaits;      /* fork it searches beside; NULL: none */
    uint32_t      listens;     /* looks at its door before those elsewhere: loop parts came there, the next one may */
    uint32_t      rivals;      /* workers that search, as far as it knows, itself among them */
    uint32_t      batch;       /* forks it takes from a near worker at once */
    uint32_t      answers;     /* requests of others for forks answered since the last time all had been */
    uint32_t      holds_off;   /* looks at its door before those elsewhere: it found little there of late */
    uint64_t      found_ticks; /* when its last search ended with forks of others; 0: with something else */
    uint64_t      busy_before; /* ticks it had worked when it last slept */
    rmf_past      past_loops[RMF_PAST_LOOPS]; /* by a hash of their body */
    double          way_ns; /* what it takes to have half of a loop done by another; 0: not learnt yet (loop_past.h) */

    rmf_class_probe *probe; /* of the innermost task whose counters are read; NULL: none */
};

/* The queues of one domain; inner ones, and those that are not open, are made when first used. */
typedef struct rmf_mail {
    _Atomic(rmf_inbox *) open;   /* any worker may fetch from it */
    _Atomic(rmf_inbox *) strict; /* only workers below the domain */
    _Atomic(rmf_inbox *) homed;  /* workers below the domain, others by the rule of remote.h; used with several nodes */
    _Atomic(rmf_ranks *) ranks;  /* tasks with a priority; NULL until there was one */
} rmf_mail;

/* Which of the inboxes. */
typedef enum rmf_mail_kind { RMF_MAIL_OPEN, RMF_MAIL_STRICT, RMF_MAIL_HOMED } rmf_mail_kind;

/* As in a worker: what every task reads is apart from what is written. */
struct rmf_pool {
    /* Not written once the workers work, but for a bit of ranks_in_use when a rank is first used, and plan and edition
     * when the policy is changed. */
    _Alignas(RMF_PAIR_BYTES) ramify_runtime *owner; /* only handed back to the program by ramify_here() */
    const ramify_tree   *tree;
    const ramify_domain *domains;
    uint32_t             domain_count, worker_count;
    rmf_worker         **workers; /* each touched first by its own thread */
    rmf_mail            *mail;    /* by domain */
    _Atomic(rmf_plan *)  plan;    /* replan.h */
    _Atomic uint64_t     edition; /* of the plan */
    uint32_t             queue_tasks, full, latency_every;
    _Atomic uint32_t     ranks_in_use; /* bit r: a task of rank r was submitted once; never of the usual rank */
    rmf_remote           remote;
    bool                 bind, lent;
    uint64_t             stack_bytes; /* of each worker; 0: the default */
    const ramify_space  *space;       /* where addresses lie; NULL: nowhere */
    const uint32_t      *domain_in;   /* from the space's domains to the tree's; NULL: they are the same */
    rmf_log              log;
    double               ns_per_tick, ticks_per_ns;
    uint64_t             spin_ticks;
    uint64_t             bind_ticks; /* between two looks of a worker at its binding */
    uint64_t             seed;
    uint64_t             serial;   /* start time, ns: tells pools apart whose memory is the same */
    ramify_schedule      schedule; /* of loops that name none */
    rmf_mark            *marks;    /* of threads from outside */
    uint32_t             mark_count;
    bool                 fenced;   /* marks are set with a fence */
    pthread_t           *threads;
    rmf_worker_start    *starts;
    rmf_newcomers        newcomers; /* `told` is worker 0's */

    _Atomic(rmf_class_book *) classes; /* NULL: counters are off; written by rmf_pool_count_classes() */

    rmf_parking parking;                           /* two counts, each apart, then constants */
    _Alignas(RMF_PAIR_BYTES) rmf_depot depot;      /* records of tasks */
    _Alignas(RMF_PAIR_BYTES) rmf_depot dependents; /* and of those with dependencies */

    _Alignas(RMF_PAIR_BYTES) pthread_mutex_t lock; /* guards groups, graphs and the making of inboxes */
    ramify_group        *free_groups, *all_groups;
    struct ramify_graph *graphs; /* all there are */
    uint64_t             graphs_made;

    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t wakers; /* wakers.h */

    _Alignas(RMF_PAIR_BYTES) _Atomic uint32_t stopping; /* read in every search */
    _Atomic uint32_t claimers;                          /* threads that wait for workers to sleep */
    _Atomic uint32_t standing;                          /* workers that are ready, or failed to get ready */
    _Atomic uint32_t crippled;                          /* of those, without memory */
    _Atomic uint32_t gate;                              /* futex word: whether they go to work */

    /* Counts of threads that have no cell. */
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t outside_senders; /* that have submitted: seeds their random states */
    _Atomic uint64_t unmarked; /* threads without a mark that place */
    _Atomic uint64_t outside_wakes, outside_inline_runs;
    _Atomic uint64_t near_unknown; /* hints whose address lies in no region: rare, so nobody's cell */
    _Atomic uint64_t outside_place_ticks, outside_batch_ticks; /* as in cells */
};

/* `first` and what follows it share no pair of lines with what stands before. */
#define RMF_APART(type, first)                                                                                         \
    _Static_assert(offsetof(type, first) % RMF_PAIR_BYTES == 0, #first " begins a pair of lines")

RMF_APART(rmf_worker, pool);
RMF_APART(rmf_worker, handle_from_ticks);
RMF_APART(rmf_pool, parking);
RMF_APART(rmf_pool, depot);
RMF_APART(rmf_pool, dependents);
RMF_APART(rmf_pool, lock);
RMF_APART(rmf_pool, wakers);
RMF_APART(rmf_pool, stopping);
RMF_APART(rmf_pool, outside_senders);
_Static_assert(offsetof(rmf_pool, ranks_in_use) < RMF_LINE_BYTES + 16, "what a submission reads is two lines");
_Static_assert(offsetof(rmf_parking, bits) % RMF_PAIR_BYTES == 0, "constants of parking begin a pair of lines");

/* What a pool is made of. tree must outlive it, and each plan until it is replaced. */
typedef struct rmf_pool_options {
    ramify_runtime     *owner;
    const ramify_tree  *tree;
    rmf_plan           *plan;
    const ramify_space *space; /* may be NULL */
    const uint32_t     *domain_in;
    uint64_t            seed;
    uint32_t            spin_us, queue_tasks, full, latency_every;
    ramify_schedule     schedule;
    bool                bind;
    bool                lent;        /* makes no threads: the program's own come and go by rmf_worker_enter() */
    uint64_t            stack_bytes; /* of each worker's thread; 0: the default */
    rmf_log             log;
} rmf_pool_options;

/* Makes the pool and starts its workers. Errors: ERR_NO_MEMORY; ERR_SYSTEM a thread could not be made. */
ramify_status rmf_pool_start(const rmf_pool_options *options, rmf_pool **pool);

/* Waits until every group is done. */
void rmf_pool_drain(rmf_pool *pool);

/* Ends the workers once every group is done, and frees all. */
void rmf_pool_stop(rmf_pool *pool);

/* Sends home the workers of a pool whose threads are lent, once every group is done; called by one of them. The others
 * see it as the end of rmf_worker_serve(). rmf_pool_reopen() lets them come again, when all have left. */
void rmf_pool_dismiss(rmf_pool *pool);
void rmf_pool_reopen(rmf_pool *pool);

/* A worker's thread reports that it has its memory, or that it has not, and waits for the others. False: the start is
 * called off. */
bool rmf_pool_stand(rmf_pool *pool, bool is_whole);

/* The inbox of a domain, made if need be; NULL when there is no memory. kind: rmf_mail_kind. */
rmf_inbox *rmf_pool_inbox(rmf_pool *pool, uint32_t domain, uint32_t kind);

/* Makes an inbox with at least `cells` in its ring, as the pool's bound wants it; NULL when there is no memory. Frees
 * what is at a place. */
rmf_inbox *rmf_pool_make_inbox(const rmf_pool *pool, uint32_t cells);
void       rmf_pool_drop_inbox(_Atomic(rmf_inbox *) *place);

/* Load of a domain, as policies see it: tasks queued below it (with weights) and running. pool: an rmf_pool. */
double rmf_pool_load(const void *pool, uint32_t domain);

/* The worker whose lane it is. */
static inline rmf_worker *rmf_worker_of_lane(ramify_lane *lane)
{
    return (rmf_worker *)((char *)lane - offsetof(rmf_worker, lane.open));
}

/* Switches tracing on, each worker into the ring of its number, or off (rings NULL). The rings live until the pool
 * ends: a task that runs now still notes its end. */
void rmf_pool_trace(rmf_pool *pool, rmf_trace_ring *rings);

/* Has sampled tasks counted by class from now on; the book must outlive the pool. */
void rmf_pool_count_classes(rmf_pool *pool, rmf_class_book *classes);

/* The ring a worker writes to, NULL while tracing is off. */
static inline rmf_trace_ring *rmf_trace_of(rmf_worker *worker)
{
    /* order: the ring's fields; pairs with the release in rmf_pool_trace() */
    return rmf_load_acquire(&worker->trace);
}

/* The calling thread's worker, NULL outside. */
rmf_worker *rmf_worker_self(void);

#endif
