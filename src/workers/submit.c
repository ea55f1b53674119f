/* SPDX-License-Identifier: BSD-3-Clause */
/* Submission: charge the group, choose a domain, put the task into its queue, wake somebody if nobody searches. */
#include "submit.h"

#include "clock.h"
#include "replan.h"
#include "worker.h"

/* State of a thread that is no worker of the pool it submits to; refreshed when the pool is another one. */
typedef struct outsider {
    const rmf_pool *pool;
    uint64_t        pool_serial;
    rmf_sender      sender;
} outsider;

static _Thread_local outsider outside __attribute__((tls_model("initial-exec")));

/* The n-th thread to submit from outside gets the n-th stream: one thread is reproducible from the seed. */
static __attribute__((noinline)) void come_from_outside(rmf_pool *pool)
{
    uint64_t nth = rmf_add_relaxed(&pool->outside_senders, 1);
    outside      = (outsider){ .pool        = pool,
                               .pool_serial = pool->serial,
                               .sender      = { .random      = pool->seed + pool->worker_count + nth,
                                                .until_stamp = 1,
                                                .stands_for  = 1,
                                                .until_ready = 1 } };
    rmf_replan_equip(pool, &outside.sender, NULL, &outside);
}

rmf_sender *rmf_sender_of(rmf_pool *pool, rmf_worker *worker)
{
    if (worker)
        return &worker->sender;
    if (outside.pool != pool || outside.pool_serial != pool->serial)
        come_from_outside(pool);
    return &outside.sender;
}

rmf_frame **rmf_frames_of(rmf_worker *worker)
{
    static _Thread_local rmf_frame *frames __attribute__((tls_model("initial-exec")));
    return worker ? &worker->frame : &frames;
}

rmf_worker *rmf_own_worker(const rmf_pool *pool)
{
    rmf_worker *worker = rmf_worker_self();
    return worker && worker->pool == pool ? worker : NULL;
}

bool rmf_is_placing(const rmf_pool *pool)
{
    rmf_worker       *worker = rmf_own_worker(pool);
    bool              knows  = worker || (outside.pool == pool && outside.pool_serial == pool->serial);
    rmf_sender       *sender = worker ? &worker->sender : &outside.sender;
    _Atomic uint64_t *mark   = sender->mark ? sender->mark : sender->fenced;
    return knows && mark && rmf_load_relaxed(mark);
}

void rmf_charge(rmf_worker *worker, ramify_group *group)
{
    if (worker)
        rmf_worker_charge(worker, group);
    else
        rmf_group_add(group, 1);
}

/* The first submission stands for itself, each later sample for all since the one before. The interval varies by 3 up
 * and down, so that tasks submitted in turns are not always met at the same one: by steps of the golden section, which
 * fill the range evenly (Knuth, TAOCP 3, 6.4). */
static uint64_t stamp(const rmf_pool *pool, rmf_sender *sender)
{
    if (--sender->until_stamp)
        return 0;
    sender->turn += 0x9e3779b9u;
    uint32_t vary       = pool->latency_every < 8 ? 3 : (uint32_t)((uint64_t)sender->turn * 7 >> 32);
    sender->until_stamp = pool->latency_every + vary - 3;
    return rmf_clock_ticks();
}

void rmf_count_placing(rmf_pool *pool, rmf_worker *worker, uint32_t stands_for, uint64_t stamp_ticks)
{
    if (!stamp_ticks)
        return;
    uint64_t ticks = (rmf_clock_ticks() - stamp_ticks) * stands_for;
    if (worker)
        rmf_count(&worker->cell.counts.place_ticks, ticks);
    else
        rmf_add_relaxed(&pool->outside_place_ticks, ticks);
}

/* Domain of the tree that holds the data at an address, RAMIFY_NONE if none is known to. */
static uint32_t domain_near(rmf_pool *pool, const void *address)
{
    uint32_t domain = rmf_space_locate(pool->space, address);
    if (domain != RAMIFY_NONE && pool->domain_in)
        domain = pool->domain_in[domain];
    if (domain == RAMIFY_NONE)
        rmf_add_relaxed(&pool->near_unknown, 1);
    return domain;
}

/* Domain a task goes to, from one it is not to leave. Stealing needs no plan: a worker keeps it, others leave it where
 * they were told to; and what was told to a few of several nodes stays there, too. */
static inline __attribute__((always_inline)) uint32_t place(rmf_pool *pool, rmf_worker *worker, rmf_sender *sender,
                                                            const ramify_hint *hint, uint32_t from)
{
    uint64_t edition = rmf_edition(pool);
    if (edition & RMF_EDITION_STEALS) {
        if (from == 0)
            return worker ? worker->domain : 0;
        const ramify_domain *d    = &pool->domains[from];
        bool                 keep = worker && worker->number - d->first_leaf < d->leaf_count;
        return keep && !rmf_remote_is_far(&pool->remote, from) ? worker->domain : from;
    }
    const ramify_pick pick = { .hint      = hint,
                               .from_leaf = worker ? worker->number : RAMIFY_NONE,
                               .random    = &sender->random,
                               .load      = rmf_pool_load,
                               .load_self = pool };
    _Atomic uint64_t *mark = sender->mark;
    if (__builtin_expect(!mark, 0))
        return rmf_plan_place_fenced(pool, sender->fenced, from, &pick);
    rmf_plan *plan = rmf_plan_hold(pool, mark, edition);
    uint32_t  goal = rmf_plan_place(plan, from, &pick);
    rmf_plan_let_go(mark);
    return goal;
}

bool rmf_hint_is_valid(const rmf_pool *pool, const ramify_hint *hint)
{
    return hint->domain <= pool->domain_count && hint->weight >= 0.0 && /* not a number is refused, too */
           hint->priority >= RAMIFY_PRIORITY_MIN && hint->priority <= RAMIFY_PRIORITY_MAX;
}

/* Weights are summed as integers in 1/256: 2^30 of them in a full queue of 2^24 tasks stay below 2^63. */
static const double WEIGHT_MAX = 1 << 30;

static float weight_of(const ramify_hint *hint)
{
    if (!(hint->weight > 0.0))
        return 1.0f;
    return (float)(hint->weight < WEIGHT_MAX ? hint->weight : WEIGHT_MAX);
}

/* Of a task that names its data. The data's domain is all that an address says: who below it gets to the task first is
 * as near as the others. *is_known: an address gave the task its domain. */
static __attribute__((noinline)) uint32_t place_near(rmf_pool *pool, rmf_worker *worker, rmf_sender *sender,
                                                     const ramify_hint *hint, bool *is_known)
{
    uint32_t near = domain_near(pool, hint->near);
    *is_known     = near != RAMIFY_NONE;
    if (*is_known && !hint->has_key)
        return near;
    return place(pool, worker, sender, hint, *is_known ? near : 0);
}

/* Where a hint leads; way: out. */
static inline uint32_t place_hinted(rmf_pool *pool, rmf_worker *worker, rmf_sender *sender, const ramify_hint *hint,
                                    rmf_way *way)
{
    bool     has_home = hint->domain != 0;
    uint32_t home;
    *way = rmf_way_of(hint);
    if (hint->near && !has_home)
        home = place_near(pool, worker, sender, hint, &has_home);
    else
        home = place(pool, worker, sender, hint, has_home ? hint->domain - 1 : 0);
    if (pool->remote.is_far) { /* several nodes: a key gives a home, too, where the policy heeds it */
        has_home = has_home || (hint->has_key && !(rmf_edition(pool) & RMF_EDITION_STEALS));
        if (has_home && rmf_way_is_usual(*way) && rmf_remote_is_far(&pool->remote, home))
            way->word |= RMF_WAY_HOMED;
    }
    return home;
}

/* In line, since a single submission is paid for it: 30 instructions. */
static inline __attribute__((always_inline)) rmf_way prepare(rmf_pool *pool, rmf_worker *worker, rmf_sender *sender,
                                                             const ramify_hint *hint, rmf_task *task)
{
    rmf_way way;
    task->stamp_ticks = stamp(pool, sender);
    task->weight      = weight_of(hint);
    task->home        = place_hinted(pool, worker, sender, hint, &way);
    return way;
}

rmf_way rmf_task_prepare(rmf_pool *pool, rmf_worker *worker, rmf_sender *sender, const ramify_hint *hint,
                         rmf_task *task)
{
    return prepare(pool, worker, sender, hint, task);
}

uint32_t rmf_task_place_later(rmf_pool *pool, rmf_worker *worker, const ramify_hint *hint, rmf_way *way)
{
    rmf_sender *sender      = rmf_sender_of(pool, worker);
    bool        is_stealing = rmf_edition(pool) & RMF_EDITION_STEALS;
    /* Stealing alone has no wishes, and keeps nothing for the worker that happens to submit. */
    uint32_t home = place_hinted(pool, is_stealing ? NULL : worker, sender, hint, way);
    return is_stealing && home == 0 && !hint->strict ? RAMIFY_NONE : home;
}

static const ramify_hint no_hint;

/* What a worker submits without wishes is its own under work-stealing, as place() says: whether its deque is full can
 * be asked before anything else is. */
static inline bool is_its_own(rmf_pool *pool, const rmf_worker *worker, const ramify_hint *hint)
{
    return worker && rmf_edition(pool) & RMF_EDITION_STEALS && !hint->domain && !hint->near &&
           rmf_way_is_usual(rmf_way_of(hint));
}

ramify_status ramify_submit(ramify_group *group, ramify_task_fn fn, void *argument, const ramify_hint *hint)
{
    if (!group || !fn)
        return RAMIFY_ERR_INVALID;
    rmf_pool *pool = group->pool;
    hint           = hint ? hint : &no_hint;
    if (!rmf_hint_is_valid(pool, hint))
        return RAMIFY_ERR_INVALID;
    if (rmf_group_is_cancelled(group))
        return RAMIFY_ERR_CANCELED;

    rmf_worker *worker = rmf_own_worker(pool);
    bool        is_own = pool->queue_tasks && is_its_own(pool, worker, hint);
    if (is_own && rmf_runs_at_once(pool, worker)) {
        rmf_run_at_once(worker, group, fn, argument);
        return RAMIFY_OK;
    }
    rmf_task    task   = { .fn = fn, .argument = argument, .group = group };
    rmf_sender *sender = rmf_sender_of(pool, worker);
    rmf_way     way    = prepare(pool, worker, sender, hint, &task);
    if (pool->queue_tasks && !is_own && rmf_run_if_full(pool, worker, &task, way))
        return RAMIFY_OK;
    rmf_charge(worker, group);
    ramify_status status = rmf_deliver_one(pool, worker, &task, way);
    if (task.stamp_ticks && !pool->queue_tasks) { /* behind a bound it may have waited, or run other tasks */
        rmf_count_placing(pool, worker, sender->stands_for, task.stamp_ticks);
        sender->stands_for = sender->until_stamp;
    }
    if (status)
        rmf_uncharge(worker, group, 1);
    return status;
}
