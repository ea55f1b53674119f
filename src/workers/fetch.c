/* SPDX-License-Identifier: BSD-3-Clause */
/* The search order of a worker, one function per kind of place. */
#include "fetch.h"

#include "clock.h"
#include "forks.h"
#include "vertex.h"
#include "worker.h"

#include <stdlib.h>

/* Most tasks moved at once: half a magazine, so that the records for them are at hand, and one round trip of 80-120 ns
 * (PEERS.md, lever 2) costs 3-4 ns per task. */
enum { MOVE_MAX = RMF_MAGAZINE_TASKS / 2 };

/* Slots of a deque at most, 8 MiB of pointers to 64 MiB of records; what is more goes to the inbox. */
enum { DEQUE_MAX = 1 << 20 };

static rmf_inbox *inbox_of(_Atomic(rmf_inbox *) *place)
{
    /* order: the inbox's contents; seq_cst for a sleeper's look; pairs with the store in rmf_pool_inbox() */
    return rmf_load_seq_cst(place);
}

/* Deques carry forks too, those a thief took along: their pointers have the lowest bit set. */
static void *pack_fork(ramify_fork *fork)
{
    return (char *)fork + 1;
}

static void fork_task(ramify_fork *fork, rmf_task *task)
{
    *task = (rmf_task){ .fn = NULL, .argument = fork };
}

/* And vertices, which need no record either: with the next bit set. */
static void vertex_task(rmf_vertex *vertex, rmf_task *task)
{
    *task =
        (rmf_task){ .fn = rmf_vertex_enter, .argument = vertex, .group = vertex->flow->counted, .home = vertex->home };
}

static void unpack_marked(char *item, rmf_task *task)
{
    if ((uintptr_t)item & 1)
        fork_task((ramify_fork *)(item - 1), task);
    else
        vertex_task((rmf_vertex *)(item - 2), task);
}

/* Copies a record out and frees it. */
static void unpack(rmf_worker *worker, void *item, rmf_task *task)
{
    rmf_task *record = item;
    if ((uintptr_t)item & 3) {
        unpack_marked(item, task);
        return;
    }
    *task = *record;
    rmf_stock_put(&worker->stock, record);
}

/* Puts a record on the deque, in an array of twice the size if need be. */
static bool push_growing(rmf_worker *worker, void *record)
{
    rmf_deque *deque = &worker->deque;
    if (rmf_deque_push_owner(deque, record))
        return true;
    uint32_t capacity = 2 * deque->capacity;
    void   **slots    = capacity <= DEQUE_MAX ? malloc(capacity * sizeof *slots) : NULL;
    if (!slots)
        return false;
    void **old = rmf_deque_grow_owner(deque, slots, capacity);
    free(old ? old : slots);
    return rmf_deque_push_owner(deque, record);
}

bool rmf_deque_push_vertex(rmf_worker *worker, rmf_vertex *vertex)
{
    return push_growing(worker, (char *)vertex + 2);
}

uint32_t rmf_deque_submit(rmf_worker *worker, const rmf_task *tasks, uint32_t count, uint32_t limit)
{
    uint32_t n = 0, held = limit == UINT32_MAX ? 0 : rmf_deque_shared_any(&worker->deque);
    while (n < count && held + n < limit) {
        rmf_task *record = rmf_stock_take(&worker->stock);
        if (!record)
            break;
        rmf_task_copy(record, &tasks[n]);
        if (!push_growing(worker, record)) {
            rmf_stock_put(&worker->stock, record);
            break;
        }
        n++;
    }
    rmf_deque_share_owner(&worker->deque);
    return n;
}

/* How many tasks may be moved here now beyond the one that is run at once: records and slots at hand. */
static uint32_t room_for_more(rmf_worker *worker, bool needs_records)
{
    uint32_t room = worker->deque.capacity - worker->deque.head;
    if (needs_records) {
        if (worker->stock.count == 0 && !rmf_stock_refill(&worker->stock))
            return 0;
        room = room < worker->stock.count ? room : worker->stock.count;
    }
    return room < MOVE_MAX - 1 ? room : MOVE_MAX - 1;
}

/* Runs first what came first; the rest goes to the own deque so that the oldest is popped next. */
static void keep_rest(rmf_worker *worker, const rmf_task *tasks, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        rmf_task *record = rmf_stock_take(&worker->stock);
        *record          = tasks[i];
        rmf_deque_push_owner(&worker->deque, record);
    }
    rmf_deque_share_owner(&worker->deque);
}

/* Takes the share of one of `sharers` of up to MOVE_MAX tasks from an inbox. */
static bool from_inbox(rmf_worker *worker, rmf_inbox *inbox, uint32_t sharers, rmf_task *task)
{
    rmf_task tasks[MOVE_MAX];
    uint32_t count = rmf_inbox_pop_mc(inbox, tasks, room_for_more(worker, true) + 1, sharers);
    if (count == 0)
        return false;
    *task = tasks[0];
    if (count > 1)
        keep_rest(worker, tasks + 1, count - 1);
    return true;
}

/* One task only: it must not become stealable by workers outside the domain. */
static bool from_strict(rmf_mail *mail, rmf_task *task)
{
    rmf_inbox *strict = inbox_of(&mail->strict);
    return strict && rmf_inbox_pop_mc(strict, task, 1, 1) == 1;
}

/* Likewise: in a deque it would be anybody's. What the rule of remote.h knows of the queue and of its tasks is noted
 * with one look at the clock. */
static bool from_home(rmf_worker *worker, rmf_mail *mail, rmf_task *task)
{
    rmf_inbox *homed = inbox_of(&mail->homed);
    if (!homed || rmf_inbox_pop_mc(homed, task, 1, 1) == 0)
        return false;
    uint64_t now = rmf_clock_ticks();
    rmf_store_relaxed(&homed->taken_ticks, now);
    rmf_worker_note_busy_time(worker, now);
    return true;
}

/* A hint: whoever sleeps looks again. */
static bool has_ranks(const rmf_worker *worker)
{
    return rmf_load_relaxed(&worker->pool->ranks_in_use) != 0;
}

/* One task that waits in an inbox of the worker's own domains. Chains of tasks that submit the next one keep a deque
 * from ever being empty, and what only this worker may run would wait for their end; so it looks there first after
 * every RMF_TASKS_PER_LOOK tasks, as Go's scheduler looks at its global queue after every 61 (proc.go, findRunnable).
 */
static __attribute__((noinline)) bool from_waiting(rmf_worker *worker, rmf_task *task)
{
    rmf_mail *mail = &worker->pool->mail[worker->domain];
    if (from_strict(mail, task) || from_home(worker, mail, task) ||
        rmf_inbox_pop_mc(inbox_of(&mail->open), task, 1, 1) == 1)
        return true;
    for (uint32_t i = 0; i < worker->victims.steps; i++) {
        mail            = &worker->pool->mail[worker->victims.step[i].domain];
        rmf_inbox *open = inbox_of(&mail->open);
        if (from_strict(mail, task) || from_home(worker, mail, task) ||
            (open && rmf_inbox_pop_mc(open, task, 1, 1) == 1))
            return true;
    }
    return false;
}

bool rmf_fetch_own(rmf_worker *worker, rmf_task *task)
{
    if (has_ranks(worker) && rmf_ranks_fetch_high(worker, task))
        return true;
    if (worker->unlooked_tasks == 0 && from_waiting(worker, task))
        return true;
    void *item = rmf_deque_pop_owner(&worker->deque);
    if (item) {
        unpack(worker, item, task);
        return true;
    }
    rmf_mail *mail = &worker->pool->mail[worker->domain];
    return from_strict(mail, task) || from_home(worker, mail, task) ||
           rmf_inbox_pop_mc(inbox_of(&mail->open), task, 1, 1) == 1;
}

static bool from_ancestors(rmf_worker *worker, rmf_task *task)
{
    rmf_pool *pool = worker->pool;
    for (uint32_t i = 0; i < worker->victims.steps; i++) {
        const rmf_step *step = &worker->victims.step[i];
        rmf_mail       *mail = &pool->mail[step->domain];
        rmf_inbox      *open = inbox_of(&mail->open);
        if (from_strict(mail, task) || from_home(worker, mail, task) ||
            (open && from_inbox(worker, open, step->end - step->first, task)))
            return true;
    }
    return false;
}

/* Counts a look at a victim that took `count` tasks, 0 for none. index: the victim, for RMF_LOOT_INBOX its domain. */
static void note_steal(rmf_worker *worker, uint32_t level, uint32_t count, rmf_trace_loot loot, uint32_t index)
{
    rmf_trace_ring *trace = rmf_trace_of(worker);
    rmf_cell_steal(&worker->cell, level, count);
    if (trace && count)
        rmf_trace_point(trace, RMF_TRACE_STEAL, (uint16_t)level, index, count, loot);
}

void rmf_fetch_note_brought(rmf_worker *worker, uint32_t giver)
{
    note_steal(worker, rmf_victims_level(&worker->victims, giver), 1, RMF_LOOT_FORKS, giver);
}

/* A fork's owner must know who has it now. */
static void tell_owner(const rmf_worker *worker, void *item)
{
    if ((uintptr_t)item & 1)
        rmf_fork_take(worker, (ramify_fork *)((char *)item - 1));
}

static bool from_deque(rmf_worker *worker, rmf_worker *victim, uint32_t level, rmf_task *task)
{
    void    *items[MOVE_MAX];
    uint32_t count;
    if (rmf_deque_shared_any(&victim->deque) == 0)
        return false;
    if (rmf_deque_steal_any(&victim->deque, items, room_for_more(worker, false) + 1, &count) != RMF_STEAL_TAKEN) {
        note_steal(worker, level, 0, RMF_LOOT_TASKS, victim->number);
        return false;
    }
    note_steal(worker, level, count, RMF_LOOT_TASKS, victim->number);
    for (uint32_t i = count; i-- > 0;) {
        tell_owner(worker, items[i]);
        if (i > 0)
            rmf_deque_push_owner(&worker->deque, items[i]);
    }
    if (count > 1)
        rmf_deque_share_owner(&worker->deque);
    unpack(worker, items[0], task);
    return true;
}

/* Whoever takes a fork wakes another for what is left, as long as fewer are on their way than work: others who search
 * do not count, because where work is found within a microsecond there are always some, and the rest would sleep on. */
static void wake_more(rmf_worker *worker, rmf_worker *victim)
{
    rmf_parking *parking  = &worker->pool->parking;
    uint64_t     sleeping = rmf_parking_sleeping(parking);
    if (!rmf_parking_may_wake(parking, sleeping))
        return;
    if (rmf_lane_shared_any(&victim->lane) || rmf_lane_has_private_any(&victim->lane))
        rmf_count(&worker->cell.counts.wakes, rmf_wake_another(parking, victim->domain));
}

/* Forks: as many as the thief has learnt to take from a near worker, half of what a far one shares; asks for work when
 * there is none. */
static bool from_lane(rmf_worker *worker, rmf_worker *victim, uint32_t level, uint32_t most, rmf_task *task)
{
    ramify_fork *forks[MOVE_MAX];
    uint32_t     count, room = room_for_more(worker, false) + 1;
    if (rmf_lane_shared_any(&victim->lane) == 0) {
        if (worker->insists)
            rmf_lane_ask_again_any(&victim->lane);
        else
            rmf_lane_ask_any(&victim->lane);
        return false;
    }
    if (rmf_lane_steal_any(&victim->lane, forks, most < room ? most : room, &count) != RMF_STEAL_TAKEN) {
        note_steal(worker, level, 0, RMF_LOOT_FORKS, victim->number);
        return false;
    }
    wake_more(worker, victim);
    note_steal(worker, level, count, RMF_LOOT_FORKS, victim->number);
    for (uint32_t i = count; i-- > 0;) {
        rmf_fork_take(worker, forks[i]);
        if (i > 0)
            rmf_deque_push_owner(&worker->deque, pack_fork(forks[i]));
    }
    if (count > 1)
        rmf_deque_share_owner(&worker->deque);
    fork_task(forks[0], task);
    return true;
}

bool rmf_fetch_from(rmf_worker *worker, uint32_t victim_number, bool asks, rmf_task *task)
{
    rmf_worker *victim = worker->pool->workers[victim_number];
    if (victim == worker)
        return false;
    uint32_t level = rmf_victims_level(&worker->victims, victim_number);
    if ((asks || rmf_lane_shared_any(&victim->lane)) && from_lane(worker, victim, level, 1, task))
        return true;
    return from_deque(worker, victim, level, task);
}

/* Mean run time of tasks at a home, by those of its workers that know theirs; where none does, the thief's own; at the
 * very start what a searcher spends before it sleeps. */
static uint64_t run_ticks_at(const rmf_worker *thief, const ramify_domain *home)
{
    uint64_t sum = 0, known = 0, own = rmf_load_relaxed(&thief->run_ticks);
    for (uint32_t leaf = home->first_leaf; leaf < home->first_leaf + home->leaf_count; leaf++) {
        uint64_t ticks = rmf_load_relaxed(&thief->pool->workers[leaf]->run_ticks);
        sum += ticks;
        known += ticks != 0;
    }
    return known ? sum / known : own ? own : thief->pool->spin_ticks;
}

/* Ticks until a worker may take from the tasks kept for a domain that it is not below; 0: now. homed: not empty. */
static uint64_t wait_for_home(const rmf_worker *worker, uint32_t domain, const rmf_inbox *homed, uint64_t tasks)
{
    const ramify_domain *home = &worker->pool->domains[domain];
    if (!worker->remote || !worker->remote[domain])
        return 0;
    const rmf_home_state state = { .tasks        = tasks,
                                   .workers      = home->leaf_count,
                                   .filled_ticks = rmf_load_relaxed(&homed->filled_ticks),
                                   .taken_ticks  = rmf_load_relaxed(&homed->taken_ticks),
                                   .run_ticks    = run_ticks_at(worker, home) };
    return rmf_remote_wait(&state, worker->remote[domain], rmf_clock_ticks());
}

static bool from_foreign_home(rmf_worker *worker, uint32_t domain, uint32_t level, rmf_task *task)
{
    rmf_mail  *mail  = &worker->pool->mail[domain];
    rmf_inbox *homed = inbox_of(&mail->homed);
    uint64_t   tasks = homed ? rmf_inbox_size(homed) : 0;
    if (!tasks || wait_for_home(worker, domain, homed, tasks))
        return false;
    bool taken = from_home(worker, mail, task);
    rmf_cell_steal(&worker->cell, level, taken);
    return taken;
}

bool rmf_fetch_fork(rmf_worker *worker, uint32_t holder_number, ramify_fork *fork, rmf_task *task)
{
    rmf_worker *holder = worker->pool->workers[holder_number];
    void       *item;
    uint32_t    count;
    for (uint32_t tries = rmf_deque_shared_any(&holder->deque); tries > 0; tries--) {
        if (rmf_deque_steal_any(&holder->deque, &item, 1, &count) != RMF_STEAL_TAKEN)
            return false;
        tell_owner(worker, item);
        if (item == pack_fork(fork) || !push_growing(worker, item)) {
            unpack(worker, item, task);
            return true;
        }
        rmf_deque_share_owner(&worker->deque);
    }
    return false;
}

/* Half of what another worker has been sent and not fetched, or one that has its home there. */
static bool from_foreign_inbox(rmf_worker *worker, uint32_t domain, uint32_t level, rmf_task *task)
{
    rmf_inbox *open   = inbox_of(&worker->pool->mail[domain].open);
    uint32_t   before = worker->deque.head;
    if (from_foreign_home(worker, domain, level, task))
        return true;
    if (!open || !from_inbox(worker, open, 2, task))
        return false;
    note_steal(worker, level, worker->deque.head - before + 1, RMF_LOOT_INBOX, domain);
    return true;
}

/* Inboxes of inner domains below this step's ancestor that are not on the worker's own way up. */
static bool from_side_domains(rmf_worker *worker, const rmf_step *step, rmf_task *task)
{
    const rmf_pool *pool = worker->pool;
    for (uint32_t d = 0; d < pool->domain_count; d++) {
        const ramify_domain *domain = &pool->domains[d];
        bool below = domain->first_leaf >= step->first && domain->first_leaf < step->end && domain->child_count &&
                     domain->index != step->domain;
        bool asked = domain->first_leaf >= step->inner_first && domain->first_leaf < step->inner_end;
        if (below && !asked && from_foreign_inbox(worker, d, step->level, task))
            return true;
    }
    return false;
}

/* What it looks for need not be found any more: something lies at its door, or the fork it waits for is done. */
static bool is_called(const rmf_worker *worker)
{
    return rmf_door_has_owner(&worker->door) || (worker->awaits && rmf_fork_is_done(worker->awaits));
}

/* The victims of a step, from a random one on, so that thieves of one level spread out; of many thieves each visits as
 * large a part of them. When 64 workers look at all the others between two pauses, the lines on which they find nothing
 * are what those who work wait for. */
static bool from_step(rmf_worker *worker, const rmf_step *step, rmf_task *task)
{
    rmf_pool *pool       = worker->pool;
    uint32_t  count      = rmf_step_count(step);
    uint32_t  most_forks = step == &worker->victims.step[0] ? worker->batch : MOVE_MAX;
    uint32_t  start      = count ? (uint32_t)(((ramify_random(&worker->sender.random) >> 32) * count) >> 32) : 0;
    uint32_t  visits     = (count + worker->rivals - 1) / worker->rivals;
    for (uint32_t i = 0; i < visits && !is_called(worker); i++) {
        uint32_t    at     = start + i < count ? start + i : start + i - count;
        rmf_worker *victim = pool->workers[rmf_step_victim(step, at)];
        if (from_lane(worker, victim, step->level, most_forks, task) || from_deque(worker, victim, step->level, task) ||
            from_foreign_inbox(worker, victim->domain, step->level, task))
            return true;
    }
    return false;
}

bool rmf_fetch_far(rmf_worker *worker, rmf_task *task)
{
    if (has_ranks(worker) && rmf_ranks_steal_high(worker, task))
        return true;
    if (from_ancestors(worker, task))
        return true;
    for (uint32_t i = 0; i < worker->victims.steps; i++) {
        const rmf_step *step = &worker->victims.step[i];
        if (from_step(worker, step, task) || from_side_domains(worker, step, task))
            return true;
    }
    return has_ranks(worker) && rmf_ranks_fetch_low(worker, task);
}

static uint64_t tasks_in(_Atomic(rmf_inbox *) *place)
{
    rmf_inbox *inbox = inbox_of(place);
    return inbox ? rmf_inbox_size(inbox) : 0;
}

static bool is_below(const ramify_domain *leaf, const ramify_domain *domain)
{
    return leaf->first_leaf - domain->first_leaf < domain->leaf_count;
}

/* True when the worker may take from a domain's queues now; else *wait_ticks falls to the time until it may. */
static bool may_take_from(const rmf_worker *worker, uint32_t domain, uint64_t *wait_ticks)
{
    const rmf_pool *pool     = worker->pool;
    rmf_mail       *mail     = &pool->mail[domain];
    bool            is_home  = is_below(&pool->domains[worker->domain], &pool->domains[domain]);
    uint64_t        kept     = tasks_in(&mail->homed);
    uint64_t        for_home = kept && !is_home ? wait_for_home(worker, domain, inbox_of(&mail->homed), kept) : 0;
    if (for_home && (!*wait_ticks || for_home < *wait_ticks))
        *wait_ticks = for_home;
    return tasks_in(&mail->open) || (kept && !for_home) || (is_home && tasks_in(&mail->strict)) ||
           rmf_ranks_hold(pool, domain, true, is_home);
}

bool rmf_fetch_any_left(const rmf_worker *worker, uint64_t *wait_ticks)
{
    const rmf_pool *pool = worker->pool;
    *wait_ticks          = 0;
    for (uint32_t d = 0; d < pool->domain_count; d++)
        if (may_take_from(worker, d, wait_ticks))
            return true;
    for (uint32_t w = 0; w < pool->worker_count; w++) {
        rmf_worker *other = pool->workers[w];
        if (rmf_deque_shared_any(&other->deque) || rmf_lane_shared_any(&other->lane))
            return true;
        rmf_lane_ask_again_any(&other->lane);
    }
    return false;
}

uint32_t rmf_fetch_where_left(const rmf_pool *pool)
{
    for (uint32_t d = 0; d < pool->domain_count; d++)
        if (tasks_in(&pool->mail[d].open) || tasks_in(&pool->mail[d].homed) || rmf_ranks_hold(pool, d, true, false))
            return d;
    for (uint32_t w = 0; w < pool->worker_count; w++) {
        const rmf_worker *worker = pool->workers[w];
        if (rmf_deque_shared_any(&worker->deque) || rmf_lane_shared_any(&worker->lane) ||
            rmf_lane_has_private_any(&worker->lane))
            return worker->domain;
    }
    return RAMIFY_NONE;
}

uint32_t rmf_fetch_kept_left(const rmf_worker *worker)
{
    for (uint32_t i = 0; i < worker->victims.steps; i++) {
        uint32_t  domain = worker->victims.step[i].domain;
        rmf_mail *mail   = &worker->pool->mail[domain];
        if (tasks_in(&mail->strict) || tasks_in(&mail->homed) || rmf_ranks_hold(worker->pool, domain, false, true))
            return domain;
    }
    return RAMIFY_NONE;
}
