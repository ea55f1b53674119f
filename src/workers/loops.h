/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of loops.
 *
 * A loop lies on the stack of the call that runs it. Its iterations are cut into one lot per leaf (auto, static) or
 * into shelves that several workers draw chunks from (the other rules). Who takes part holds tickets: as many as there
 * are lots, or workers. A ticket is the right to claim one lot, the own one if it is still there, else the nearest;
 * whoever holds several gives half of them away, as forks on its lane, when a worker is hungry, and uses up the rest
 * itself. One who has no tickets left gives away half of the lot it works on. So a loop is a fork-join computation: it
 * ends when its forks are joined, thieves find it nearest first, and there is no barrier.
 *
 * Tickets never outnumber unclaimed lots, and a claimed lot is never free again: a scan for one always succeeds. */
#ifndef RMF_WORKERS_LOOPS_H
#define RMF_WORKERS_LOOPS_H

#include "chunks.h"
#include "pool.h"

#include <ramify/loop.h>

/* The library's limit of workers (options.c), and shelves: on the caller's stack, 8 KiB of them. */
enum { RMF_LEAVES_MAX = 4096, RMF_SHELVES_MAX = 64 };

/* What a number of leaves, or homes of an array, draws from. */
typedef struct rmf_shelf {
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t next; /* state of its chunks, see rmf_chunk_at() */
    rmf_chunks chunks;
    uint64_t   base; /* its first iteration, without an array */
    uint32_t   first_leaf, end_leaf;
    uint32_t   first_home, end_home; /* with an array */
} rmf_shelf;

typedef struct rmf_loop {
    /* What a thief of a loop of one dimension reads, in two lines: each costs it a transfer. */
    _Alignas(RMF_PAIR_BYTES) rmf_pool *pool;
    ramify_for_fn           body;
    void                   *self;
    uint64_t                share; /* of a leaf: total / leaves, */
    uint64_t                total;
    uint32_t                shares_more; /* and how many get one more */
    uint32_t                shelf_count;
    bool                    is_eager;      /* whoever holds tickets gives half of them away at once */
    bool                    is_line;       /* one dimension, no array: a lot is a run of iterations */
    _Atomic uint16_t        least_tickets; /* worth being given away, a power of two; 1 when the loop takes longer */
    _Atomic uint32_t        stopped;
    _Atomic uint64_t        least_split; /* iterations worth being given away, about; 0 when the loop takes longer */
    ramify_schedule         schedule;
    const ramify_reduction *reduction;
    ramify_history         *history;
    ramify_group           *group;
    ramify_range            range[RAMIFY_DIMENSIONS_MAX]; /* the first lies in the two lines */
    uint64_t                count[RAMIFY_DIMENSIONS_MAX];
    uint64_t                inner; /* iterations of all dimensions but the outermost */
    const ramify_array     *array;
    rmf_shelf              *shelves;
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t claimed[RMF_LEAVES_MAX / 64]; /* by leaf: and others, which they write */
    _Atomic int      error;
    _Atomic uint32_t missed; /* 1: nobody was at the door for some part */
} rmf_loop;

_Static_assert(offsetof(rmf_loop, range[1]) <= 2 * RMF_LINE_BYTES, "a loop of one dimension is two lines");

/* A run of iterations behind local numbers of a lot or shelf. */
typedef struct rmf_run {
    uint64_t first, count; /* iterations; count may be 0 */
    uint64_t taken;        /* local numbers they stand for, at least 1 */
} rmf_run;

/* Checks the arguments of a loop and fills what does not depend on who runs it. diagnosis: of the options. Nothing is
 * made. The loop's claims and shelves are set when it starts. */
ramify_status rmf_loop_prepare(rmf_loop *loop, rmf_pool *pool, const ramify_range *ranges, uint32_t dimensions,
                               ramify_for_fn body, void *self, const ramify_for_options *options);

/* Runs a prepared loop on a worker of its pool. result: of its reduction, overwritten if it was not stopped. */
ramify_status rmf_loop_run(rmf_loop *loop, ramify_context context, void *result);

/* The same for a deterministic reduction. */
ramify_status rmf_loop_run_fixed(rmf_loop *loop, ramify_context context, void *result);

/* Runs a loop from any thread: here on a worker of the pool, otherwise as a task of `group` (NULL on a worker). */
ramify_status rmf_loop_call(rmf_loop *loop, ramify_group *group, const ramify_for_options *options);

/* Makes shelves for the rule; at most RMF_SHELVES_MAX. */
void rmf_loop_fill_shelves(rmf_loop *loop, rmf_shelf *shelves);

/* Calls the body for iterations [first, first + count), one box at a time. chunk: all but the box is set. */
void rmf_loop_boxes(const rmf_loop *loop, ramify_chunk *chunk, uint64_t first, uint64_t count);

/* Size of a leaf's lot, and the run behind its local number `at`, at most `most` iterations long. */
uint64_t rmf_lot_size(const rmf_loop *loop, uint32_t leaf);
rmf_run  rmf_lot_run(const rmf_loop *loop, uint32_t leaf, uint64_t at, uint64_t most);

/* The same for a shelf with an array. */
uint64_t rmf_shelf_size(const rmf_loop *loop, const rmf_shelf *shelf);
rmf_run  rmf_shelf_run(const rmf_loop *loop, const rmf_shelf *shelf, uint64_t at, uint64_t most);

/* Sets the claims for a start, and returns the number of lots: empty ones are claimed already. */
uint32_t rmf_lots_open(rmf_loop *loop);

/* All lots are claimed, for whoever starts the loop; returns their number. Those of [first, end) are free again. */
uint32_t rmf_lots_close(rmf_loop *loop);
void     rmf_lots_unclaim(rmf_loop *loop, uint32_t first, uint32_t end);

/* Claims the own lot of a worker, or else the nearest by its victims; RAMIFY_NONE when there is none. */
uint32_t rmf_lot_claim(rmf_loop *loop, const rmf_victims *near, uint32_t leaf);

/* First iteration of a leaf's even share, without an array; also for leaf = number of leaves. */
static inline uint64_t rmf_share_begin(const rmf_loop *loop, uint32_t leaf)
{
    return loop->share * leaf + (leaf < loop->shares_more ? leaf : loop->shares_more);
}

/* Work between two looks at who is hungry. A hand-off is 0.1 to 0.3 us (PEERS.md) and a chunk's clock 10 ns, so 4 us
 * lose less than 0.5 % to clock and call, and a hungry worker waits less than a wake-up takes (6.5 us). Of 1, 2, 4 and
 * 8 us it is the fastest for 10^6 empty iterations on two workers: 0.128, 0.122, 0.118 and 0.118 ns each. */
static const double RMF_CHUNK_NS = 4000.0;

static inline uint64_t rmf_chunk_ticks(const rmf_loop *loop)
{
    return (uint64_t)(RMF_CHUNK_NS * loop->pool->ticks_per_ns);
}

static inline bool rmf_loop_is_stopped(const rmf_loop *loop)
{
    return rmf_load_relaxed(&((rmf_loop *)(uintptr_t)loop)->stopped) ||
           (loop->group && rmf_group_is_cancelled(loop->group));
}

#endif
