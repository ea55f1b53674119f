/* SPDX-License-Identifier: BSD-3-Clause */
/* Changing the plan of a pool while threads place tasks by it.
 *
 * The control plane publishes a plan, then the number of its edition. Who places reads the edition, stores it in a mark
 * of its own, loads the plan, and clears the mark when it is done. An old plan is given back once every mark is clear
 * or of the new edition: who has read that reads the new plan, too. This is epoch-based reclamation (Fraser, "Practical
 * lock-freedom", UCAM-CL-TR-579, 2004, section 5.2.3) with one difference: there a fence stands between the mark and
 * the load; here whoever changes the plan pays for it, by an asymmetric barrier (barrier.h), and a task costs two plain
 * stores. Work-stealing alone costs nothing: the edition says so, and nobody need look into the plan.
 *
 * The atlas of src/memory, which has editions too, cannot serve: its readers look at memory that is never given back
 * and throw away what they found when it changed meanwhile. A rule counts and remembers in its state, a user's rule does
 * there what it likes, and destroy() takes it away: no rule may be entered on a guess.
 *
 * Where the system has no such barrier, marks are set with sequentially consistent stores. Threads from outside that
 * find no mark free are counted instead, with an atomic addition before and after. */
#ifndef RMF_WORKERS_REPLAN_H
#define RMF_WORKERS_REPLAN_H

#include "pool.h"

#include "barrier.h"

/* An edition is a number, in steps, and whether the plan need not be asked: rmf_plan_is_stealing(). */
enum { RMF_EDITION_STEALS = 1, RMF_EDITION_STEP = 2 };

/* Gives a pool its first plan and marks for threads from outside. Errors: ERR_NO_MEMORY. */
ramify_status rmf_replan_init(rmf_pool *pool, rmf_plan *plan);
void          rmf_replan_drop(rmf_pool *pool); /* the plan stays */

/* What is needed once per process before the first change. Errors: ERR_SYSTEM; errno says why. */
ramify_status rmf_replan_prepare(const rmf_pool *pool);

/* Tasks are placed by this plan from now on; the one before. One thread at a time. */
rmf_plan *rmf_replan_publish(rmf_pool *pool, rmf_plan *plan);

/* Waits until nobody places by any plan but the last published. One thread at a time; not in a rule's pick(). */
void rmf_replan_await(rmf_pool *pool);

/* The times a plan was published after the first. */
static inline uint64_t rmf_replan_changes(const rmf_pool *pool)
{
    return rmf_load_relaxed(&((rmf_pool *)(uintptr_t)pool)->edition) / RMF_EDITION_STEP - 1;
}

/* Gives whoever places its mark, to be set the usual way, with a fence, or not at all. own: a worker's; NULL: one for a
 * thread from outside, found by an address that no other thread has. */
void rmf_replan_equip(rmf_pool *pool, rmf_sender *sender, _Atomic uint64_t *own, const void *thread);

/* The edition in force. */
static inline uint64_t rmf_edition(rmf_pool *pool)
{
    /* order: whoever sees an edition sees its plan; pairs with the store in rmf_replan_publish() */
    return rmf_load_acquire(&pool->edition);
}

/* The plan, until it is let go: as long as placing one task takes. edition: rmf_edition()'s answer just now. mark: the
 * sender's, not NULL. */
static inline rmf_plan *rmf_plan_hold(rmf_pool *pool, _Atomic uint64_t *mark, uint64_t edition)
{
    /* order: before the load of the plan by the asymmetric barrier in rmf_replan_await(): if that does not see this
     * mark, the load sees what was published before. Release, because a new edition also says that all placing by older
     * ones is over; pairs with the load in is_past() */
    rmf_store_release(mark, edition);
    rmf_barrier_here();
    /* order: what the plan is made of; pairs with the store in rmf_replan_publish() */
    return rmf_load_acquire(&pool->plan);
}

static inline void rmf_plan_let_go(_Atomic uint64_t *mark)
{
    /* order: after all that was read and written of the plan; pairs with the load in is_past() */
    rmf_store_release(mark, 0);
}

/* Holds the plan, places by it, and lets it go, for a sender whose mark is NULL; fenced: as it has it. */
uint32_t rmf_plan_place_fenced(rmf_pool *pool, _Atomic uint64_t *fenced, uint32_t from, const ramify_pick *pick);

#endif
