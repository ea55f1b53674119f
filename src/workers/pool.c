/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting and stopping the workers; inboxes; the load that policies see. */
#include "depend_inside.h"
#include "graph_inside.h"
#include "replan.h"
#include "submit.h"
#include "worker.h"

#include "clock.h"
#include "stack.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Ring sizes: a leaf's 256 cells are 16 KiB, so that a worker at rest stays well below 64 KiB; an inner domain's 4096
 * absorb what one producer writes (20 ns each) while a sleeping worker wakes (22 us, PEERS.md). */
enum { LEAF_CELLS = 256, INNER_CELLS = 4096 };

/* A look costs 0.2 us, so this is 0.004 % of a worker's time, and no longer than a slice of the system's scheduler: what
 * runs on the wrong CPU in between is no more than what the system itself would have done. */
static const double BIND_CHECK_NS = 5e6;

/* Starting: every thread reports by rmf_pool_stand() and waits for the word of the thread that starts the pool. */
enum { GATE_CLOSED, GATE_GO, GATE_AWAY };

static uint32_t power_of_two_at_least(uint32_t n)
{
    uint32_t power = 2;
    while (power < n)
        power *= 2;
    return power;
}

rmf_inbox *rmf_pool_make_inbox(const rmf_pool *pool, uint32_t cells)
{
    rmf_inbox *inbox = aligned_alloc(RMF_PAIR_BYTES, sizeof *inbox);
    if (pool->queue_tasks)
        cells = power_of_two_at_least(pool->queue_tasks);
    if (inbox && rmf_inbox_init(inbox, cells, pool->queue_tasks)) {
        free(inbox);
        inbox = NULL;
    }
    return inbox;
}

rmf_inbox *rmf_pool_inbox(rmf_pool *pool, uint32_t domain, uint32_t kind)
{
    rmf_mail             *mail  = &pool->mail[domain];
    _Atomic(rmf_inbox *) *place = kind == RMF_MAIL_HOMED ? &mail->homed : kind ? &mail->strict : &mail->open;
    /* order: the inbox's contents; pairs with the store below */
    rmf_inbox *inbox = rmf_load_acquire(place);
    if (inbox)
        return inbox;
    pthread_mutex_lock(&pool->lock);
    inbox = rmf_load_relaxed(place);
    if (!inbox) {
        inbox = rmf_pool_make_inbox(pool, pool->domains[domain].child_count ? INNER_CELLS : LEAF_CELLS);
        /* order: publishes the inbox; seq_cst for the parking handshake: a sleeper that still finds none here has
         * announced itself before this store, which comes before every submitter's look at who sleeps, be it by the
         * acquire above. Pairs with the loads in fetch.c */
        rmf_store_seq_cst(place, inbox);
    }
    pthread_mutex_unlock(&pool->lock);
    return inbox;
}

void rmf_pool_drop_inbox(_Atomic(rmf_inbox *) *place)
{
    rmf_inbox *inbox = rmf_load_relaxed(place);
    if (!inbox)
        return;
    rmf_inbox_drop(inbox);
    free(inbox);
}

static double load_of_place(_Atomic(rmf_inbox *) *place)
{
    /* order: the inbox's contents; pairs with the store in rmf_pool_inbox() */
    rmf_inbox *inbox = rmf_load_acquire(place);
    return inbox ? rmf_inbox_load(inbox) : 0.0;
}

static double load_of_mail(const rmf_pool *pool, uint32_t domain)
{
    rmf_mail *mail = &pool->mail[domain];
    return load_of_place(&mail->open) + load_of_place(&mail->strict) + load_of_place(&mail->homed) +
           rmf_ranks_load(pool, domain);
}

double rmf_pool_load(const void *pool_, uint32_t domain)
{
    const rmf_pool      *pool = pool_;
    const ramify_domain *d    = &pool->domains[domain];
    double               load = d->child_count ? load_of_mail(pool, domain) : 0.0;
    for (uint32_t leaf = d->first_leaf; leaf < d->first_leaf + d->leaf_count; leaf++) {
        const rmf_worker *worker = pool->workers[leaf];
        load += load_of_mail(pool, worker->domain);
        load += rmf_deque_shared_any(&worker->deque) + rmf_load_relaxed(&worker->cell.running);
    }
    return load;
}

void rmf_pool_trace(rmf_pool *pool, rmf_trace_ring *rings)
{
    for (uint32_t w = 0; w < pool->worker_count; w++)
        if (pool->workers[w]) /* a lent pool may stand without some */
            /* order: publishes the ring's fields; pairs with the acquire in rmf_trace_of() */
            rmf_store_release(&pool->workers[w]->trace, rings ? &rings[w] : NULL);
}

void rmf_pool_count_classes(rmf_pool *pool, rmf_class_book *classes)
{
    /* order: publishes the book; pairs with the acquire in rmf_worker_classes() */
    rmf_store_release(&pool->classes, classes);
}

bool rmf_pool_stand(rmf_pool *pool, bool is_whole)
{
    if (!is_whole)
        rmf_add_relaxed(&pool->crippled, 1);
    /* order: releases pool->workers[number]; pairs with the acquire in await_workers() */
    rmf_add_acq_rel(&pool->standing, 1);
    rmf_futex_wake(&pool->standing, 1);
    uint32_t gate;
    /* order: acquires all workers' pointers; pairs with the release in open_gate() */
    while ((gate = rmf_load_acquire(&pool->gate)) == GATE_CLOSED)
        rmf_futex_wait(&pool->gate, GATE_CLOSED, 0);
    return gate == GATE_GO;
}

/* Waits until `count` threads stand. */
static void await_workers(rmf_pool *pool, uint32_t count)
{
    uint32_t standing;
    /* order: pairs with the release in rmf_pool_stand() */
    while ((standing = rmf_load_acquire(&pool->standing)) < count)
        rmf_futex_wait(&pool->standing, standing, 0);
}

static void open_gate(rmf_pool *pool, uint32_t gate)
{
    /* order: pairs with the acquire in rmf_pool_stand() */
    rmf_store_release(&pool->gate, gate);
    rmf_futex_wake(&pool->gate, INT_MAX);
}

/* The signals workers leave to the program's own threads: all but those that the thread itself causes, whose handlers
 * must run where the fault is, and SIGPROF, by which sampling profilers reach every thread. */
static void signals_of_others(sigset_t *set)
{
    static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF };
    sigfillset(set);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        sigdelset(set, own[i]);
}

/* Creates the threads; how many it could, and the pthread error of the one it could not. */
static uint32_t create_threads(rmf_pool *pool, int *error)
{
    pthread_attr_t attributes;
    uint32_t       w = 0;
    *error           = rmf_stack_attributes(&attributes, pool->stack_bytes);
    if (*error)
        return 0;
    for (; w < pool->worker_count; w++) {
        pool->starts[w] = (rmf_worker_start){ pool, w };
        *error          = pthread_create(&pool->threads[w], &attributes, rmf_worker_main, &pool->starts[w]);
        if (*error)
            break;
    }
    pthread_attr_destroy(&attributes);
    return w;
}

static ramify_status start_workers(rmf_pool *pool)
{
    sigset_t others, before;
    int      error = 0;
    signals_of_others(&others);
    pthread_sigmask(SIG_BLOCK, &others, &before); /* a thread inherits the mask: no moment without it */
    uint32_t created = create_threads(pool, &error);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    await_workers(pool, created);
    bool is_whole = !error && rmf_load_relaxed(&pool->crippled) == 0;
    open_gate(pool, is_whole ? GATE_GO : GATE_AWAY);
    if (is_whole)
        return RAMIFY_OK;
    for (uint32_t w = 0; w < created; w++)
        pthread_join(pool->threads[w], NULL);
    if (!error)
        return RAMIFY_ERR_NO_MEMORY;
    rmf_log_line(&pool->log, RAMIFY_LOG_ERROR, "pthread_create of worker %u of %u: %s", created, pool->worker_count,
                 strerror(error));
    return RAMIFY_ERR_SYSTEM;
}

/* Frees everything; the threads are gone. */
static void drop_pool(rmf_pool *pool)
{
    for (uint32_t w = 0; pool->workers && w < pool->worker_count; w++)
        rmf_worker_drop(pool->workers[w]);
    for (uint32_t d = 0; pool->mail && d < pool->domain_count; d++) {
        rmf_pool_drop_inbox(&pool->mail[d].open);
        rmf_pool_drop_inbox(&pool->mail[d].strict);
        rmf_pool_drop_inbox(&pool->mail[d].homed);
        rmf_ranks_drop(rmf_load_relaxed(&pool->mail[d].ranks));
    }
    for (ramify_group *g = pool->all_groups, *next; g; g = next) {
        next = g->next_all;
        rmf_scope_drop(rmf_load_relaxed(&g->scope));
        pthread_mutex_destroy(&g->lock);
        free(g);
    }
    rmf_remote_drop(&pool->remote);
    rmf_parking_drop(&pool->parking);
    while (pool->graphs)
        rmf_graph_drop(pool->graphs);
    rmf_depot_drop(&pool->depot);
    rmf_depot_drop(&pool->dependents);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool->mail);
    rmf_replan_drop(pool);
    free(pool->threads);
    free(pool->starts);
    free(pool);
}

static ramify_status allocate(rmf_pool *pool)
{
    pool->workers = calloc(pool->worker_count, sizeof *pool->workers);
    pool->mail    = calloc(pool->domain_count, sizeof *pool->mail);
    pool->threads = calloc(pool->worker_count, sizeof *pool->threads);
    pool->starts  = calloc(pool->worker_count, sizeof *pool->starts);
    if (!pool->workers || !pool->mail || !pool->threads || !pool->starts)
        return RAMIFY_ERR_NO_MEMORY;
    ramify_status status = rmf_remote_init(&pool->remote, pool->tree);
    return status ? status : rmf_parking_init(&pool->parking, pool->tree);
}

ramify_status rmf_pool_start(const rmf_pool_options *options, rmf_pool **result)
{
    rmf_pool *pool = aligned_alloc(RMF_PAIR_BYTES, sizeof *pool);
    if (!pool)
        return RAMIFY_ERR_NO_MEMORY;
    double ns_per_tick = rmf_clock_ns_per_tick();
    *pool = (rmf_pool){ .owner         = options->owner,
                        .tree          = options->tree,
                        .space         = options->space,
                        .domain_in     = options->domain_in,
                        .seed          = options->seed,
                        .serial        = rmf_clock_ns(),
                        .queue_tasks   = options->queue_tasks,
                        .full          = options->full,
                        .latency_every = options->latency_every,
                        .bind          = options->bind,
                        .lent          = options->lent,
                        .stack_bytes   = options->stack_bytes,
                        .log           = options->log,
                        .schedule      = options->schedule,
                        .ns_per_tick   = ns_per_tick,
                        .ticks_per_ns  = 1.0 / ns_per_tick,
                        .spin_ticks    = (uint64_t)(options->spin_us * 1e3 / ns_per_tick),
                        .bind_ticks    = (uint64_t)(BIND_CHECK_NS / ns_per_tick) };
    pool->worker_count = ramify_tree_leaf_count(pool->tree);
    pool->domains      = ramify_tree_domains(pool->tree, &pool->domain_count);
    rmf_newcomers_init(&pool->newcomers);
    pthread_mutex_init(&pool->lock, NULL);
    rmf_depot_init(&pool->depot, RMF_LINE_BYTES);
    rmf_depot_init(&pool->dependents, RMF_DEPEND_BYTES);
    ramify_status status = allocate(pool);
    if (!status)
        status = rmf_replan_init(pool, options->plan);
    if (!status && !pool->lent)
        status = start_workers(pool);
    if (status)
        drop_pool(pool);
    else
        *result = pool;
    return status;
}

/* Any group whose tasks are not done, for the stopping thread to wait for. */
static ramify_group *busy_group(rmf_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    ramify_group *group = pool->all_groups;
    while (group && !(group->live && !rmf_group_is_done(group)))
        group = group->next_all;
    pthread_mutex_unlock(&pool->lock);
    return group;
}

static void end_search(rmf_pool *pool)
{
    /* order: before the wakes' look at the bits; pairs with the load in rmf_goal_is_reached() */
    rmf_store_seq_cst(&pool->stopping, 1);
    for (uint32_t w = 0; w < pool->worker_count; w++)
        rmf_wake_worker(&pool->parking, w);
}

void rmf_pool_dismiss(rmf_pool *pool)
{
    ramify_group *group;
    while ((group = busy_group(pool)))
        (void)ramify_wait(group); /* as a worker: runs what is left; errors are the program's business */
    end_search(pool);
}

void rmf_pool_reopen(rmf_pool *pool)
{
    rmf_store_relaxed(&pool->stopping, 0);
}

void rmf_pool_drain(rmf_pool *pool)
{
    ramify_group *group;
    while ((group = busy_group(pool)))
        rmf_wait_outside(group); /* its error is the caller's business, and its parent: a task may give it back now */
}

void rmf_pool_stop(rmf_pool *pool)
{
    rmf_pool_drain(pool);
    end_search(pool);
    for (uint32_t w = 0; w < pool->worker_count && !pool->lent; w++)
        pthread_join(pool->threads[w], NULL);
    drop_pool(pool);
}
