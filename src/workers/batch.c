/* SPDX-License-Identifier: BSD-3-Clause */
/* Batches: tasks are sorted by target in chunks, so that each target's queue sees one atomic operation per chunk. */
#include "submit.h"

#include "clock.h"
#include "worker.h"

/* 256 tasks of 48 bytes, twice, are 24 KiB of the caller's stack; a larger chunk would save nothing: the atomic
 * operation is down to 0.02 ns per task. */
enum { CHUNK_TASKS = 256, BUCKETS = 2 * CHUNK_TASKS };

typedef struct chunk {
    uint32_t count;
    rmf_task tasks[CHUNK_TASKS];
    rmf_way  way[CHUNK_TASKS];
    bool     mixed; /* not all have one target */
} chunk;

static bool same_target(const chunk *c, uint32_t a, uint32_t b)
{
    return c->tasks[a].home == c->tasks[b].home && c->way[a].word == c->way[b].word;
}

/* Stable counting sort by target, through a hash table from target to its first task; `from` and `to` differ. */
static void gather(const chunk *from, chunk *to)
{
    uint16_t first[BUCKETS], total[BUCKETS], bucket_of[CHUNK_TASKS], order[CHUNK_TASKS], at[BUCKETS];
    uint32_t targets = 0;
    for (uint32_t b = 0; b < BUCKETS; b++)
        total[b] = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        uint32_t b = (from->tasks[i].home * 2654435761u + from->way[i].word) % BUCKETS; /* Knuth, TAOCP 3, 6.4 */
        while (total[b] && !same_target(from, first[b], i))
            b = (b + 1) % BUCKETS;
        if (total[b]++ == 0) {
            first[b]         = (uint16_t)i;
            order[targets++] = (uint16_t)b;
        }
        bucket_of[i] = (uint16_t)b;
    }
    uint32_t n = 0;
    for (uint32_t t = 0; t < targets; t++) {
        at[order[t]] = (uint16_t)n;
        n += total[order[t]];
    }
    for (uint32_t i = 0; i < from->count; i++) {
        uint32_t to_at   = at[bucket_of[i]]++;
        to->tasks[to_at] = from->tasks[i];
        to->way[to_at]   = from->way[i];
    }
    to->count = from->count;
}

/* Delivers each run of tasks with one target at once; what a queue has no room for goes one by one, so that the
 * caller's choice holds for it. Returns how many were taken, always the first ones. */
static uint32_t deliver_runs(rmf_pool *pool, rmf_worker *worker, const chunk *c, ramify_status *status)
{
    uint32_t at = 0;
    while (at < c->count) {
        uint32_t end = at + 1;
        while (end < c->count && same_target(c, at, end))
            end++;
        at += rmf_deliver(pool, worker, c->tasks[at].home, c->way[at], &c->tasks[at], end - at);
        if (at == end)
            continue;
        *status = rmf_deliver_one(pool, worker, &c->tasks[at], c->way[at]);
        if (*status)
            return at;
        at++;
    }
    return at;
}

/* Items until the chunk is full or one is wrong. */
static ramify_status fill(rmf_pool *pool, rmf_worker *worker, ramify_group *group, const ramify_item *items,
                          size_t count, chunk *c)
{
    rmf_sender *sender = rmf_sender_of(pool, worker);
    c->mixed           = false;
    for (c->count = 0; c->count < CHUNK_TASKS && c->count < count; c->count++) {
        const ramify_item *item = &items[c->count];
        if (!item->fn || !rmf_hint_is_valid(pool, &item->hint))
            return RAMIFY_ERR_INVALID;
        rmf_task *task   = &c->tasks[c->count];
        *task            = (rmf_task){ .fn = item->fn, .argument = item->argument, .group = group };
        c->way[c->count] = rmf_task_prepare(pool, worker, sender, &item->hint, task);
        c->mixed |= !same_target(c, 0, c->count);
    }
    return RAMIFY_OK;
}

/* One chunk; how many tasks of it were taken. Bounded queues keep the order, because there a task may be refused. */
static uint32_t submit_chunk(rmf_pool *pool, rmf_worker *worker, ramify_group *group, chunk *c, ramify_status *status)
{
    chunk sorted;
    if (c->count == 0) /* nothing to charge: an empty group's parent would be charged for it, and never be done */
        return 0;
    rmf_group_add(group, c->count);
    uint32_t taken;
    if (pool->queue_tasks || !c->mixed)
        taken = deliver_runs(pool, worker, c, status);
    else {
        gather(c, &sorted);
        taken = deliver_runs(pool, worker, &sorted, status);
    }
    if (taken < c->count)
        rmf_uncharge(worker, group, c->count - taken);
    return taken;
}

/* Two stamps for up to 256 tasks: all batches are timed. Behind a bound they may have waited, or run other tasks. */
static void count_batch(rmf_pool *pool, rmf_worker *worker, uint64_t start_ticks)
{
    uint64_t ticks = rmf_clock_ticks() - start_ticks;
    if (pool->queue_tasks)
        return;
    if (worker)
        rmf_count(&worker->cell.counts.batch_ticks, ticks);
    else
        rmf_add_relaxed(&pool->outside_batch_ticks, ticks);
}

ramify_status ramify_submit_batch(ramify_group *group, const ramify_item *items, size_t count, size_t *taken)
{
    size_t        done   = 0;
    ramify_status status = !group || (!items && count) ? RAMIFY_ERR_INVALID : RAMIFY_OK;
    chunk         c;
    while (!status && done < count) {
        rmf_pool   *pool   = group->pool;
        rmf_worker *worker = rmf_own_worker(pool);
        if (rmf_group_is_cancelled(group)) {
            status = RAMIFY_ERR_CANCELED;
            break;
        }
        uint64_t      start = rmf_clock_ticks();
        ramify_status wrong = fill(pool, worker, group, items + done, count - done, &c);
        done += submit_chunk(pool, worker, group, &c, &status);
        status = status ? status : wrong;
        count_batch(pool, worker, start);
    }
    if (taken)
        *taken = done;
    return status;
}
