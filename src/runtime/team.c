/* SPDX-License-Identifier: BSD-3-Clause */
/* Teams: a runtime whose workers are threads that the program lends.
 *
 * A run has three gates, each a barrier of all its threads: everybody has said where it may run (the last to come makes
 * the runtime, unless that of the run before fits), everybody is a worker (then fn runs), everybody has left (the last
 * one frees the team for its next run). A thread that waits at a gate spins briefly, then sleeps. */
#include "seats.h"

#include "clock.h"
#include "options.h"
#include "runtime_handle.h"
#include "worker.h"

#include <ramify/team.h>

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 4096 }; /* as many as a tree may have leaves */

/* Threads of a team come within microseconds of each other; the wait is worth what waking a sleeper costs (22 us,
 * PEERS.md). */
static const uint64_t SPIN_NS = 20000;

struct ramify_team {
    ramify_options   options;
    ramify_runtime  *rt; /* NULL: none yet, or the last one did not fit */
    rmf_seat        *seats;
    uint32_t         seat_room, seated; /* seats allocated; how many the runtime was made for */
    ramify_options   read;              /* the options with the variables of the environment on top */
    bool             is_watched;        /* what they ask for has been started */
    ramify_status    status;            /* of this run; written before a gate, read behind it */
    _Atomic uint32_t threads;           /* of the run under way, 0: none */
    _Atomic uint32_t crippled;          /* threads of this run that found no memory for their worker */
    _Atomic uint32_t come, round;       /* of the gate; `round` is the futex word */
};

/* True for the last thread to come: it does what is to be done, then opens the gate. The others are let through. */
static bool come_last(ramify_team *team, uint32_t threads)
{
    uint32_t round = rmf_load_relaxed(&team->round); /* cannot change before this thread has come */
    /* order: releases what this thread wrote to the last one, which acquires it all */
    if (rmf_add_acq_rel(&team->come, 1) == threads - 1)
        return true;
    uint64_t start = rmf_clock_ns();
    /* order: pairs with the release in open_gate() */
    while (rmf_load_acquire(&team->round) == round)
        if (rmf_clock_ns() - start > SPIN_NS)
            rmf_futex_wait(&team->round, round, 0);
        else
            sched_yield(); /* a thread that is to come may stand on this very core */
    return false;
}

static void open_gate(ramify_team *team)
{
    rmf_store_relaxed(&team->come, 0);
    /* order: publishes what every thread wrote before the gate; pairs with the acquire in come_last() */
    rmf_store_release(&team->round, rmf_load_relaxed(&team->round) + 1);
    rmf_futex_wake(&team->round, INT_MAX);
}

static void drop_runtime(ramify_team *team)
{
    if (team->rt)
        (void)ramify_stop(team->rt); /* no worker of it is left */
    team->rt     = NULL;
    team->seated = 0;
}

/* Makes the runtime for the masks that the threads have shown. */
static ramify_status make_runtime(ramify_team *team, uint32_t threads)
{
    rmf_log        log  = { team->options.log, team->options.log_self };
    char          *cpus = NULL;
    ramify_tree   *tree = NULL;
    ramify_options o;
    ramify_status  status = rmf_options_read(&team->options, &o, team->options.diagnosis);
    if (!status)
        status = rmf_seats_cpus(team->seats, threads, &cpus);
    if (!status) {
        const ramify_tree_options how = { .cpus        = cpus,
                                          .workers     = threads,
                                          .beyond_mask = true,
                                          .log         = o.log,
                                          .log_self    = o.log_self,
                                          .diagnosis   = o.diagnosis };
        status                        = ramify_tree_open(&how, &tree);
    }
    if (!status) {
        rmf_seats_take(team->seats, threads, tree, o.no_bind, &log);
        o.tree = tree;
        status = rmf_runtime_open(&o, true, &team->rt);
    }
    if (status)
        ramify_tree_free(tree);
    else {
        team->rt->own_tree = tree;
        team->read         = o;
        team->is_watched   = false;
    }
    free(cpus);
    return status;
}

/* Sees to it that there is a runtime for this run. */
static ramify_status settle(ramify_team *team, uint32_t threads)
{
    if (team->rt && team->seated == threads && rmf_seats_unchanged(team->seats, threads)) {
        rmf_pool_reopen(team->rt->pool);
        return RAMIFY_OK;
    }
    drop_runtime(team);
    ramify_status status = make_runtime(team, threads);
    if (!status)
        team->seated = threads;
    return status;
}

/* The part of a run between the second gate and the third. */
static void work(ramify_team *team, uint32_t number, rmf_worker *worker, ramify_team_fn fn, void *argument)
{
    rmf_worker *before = rmf_worker_enter(worker);
    rmf_watch_follow(team->rt, worker->number);
    if (number == 0) {
        if (!team->is_watched) /* what cannot be counted is in the diagnosis; the work goes on */
            (void)!rmf_watch_start(team->rt, &team->read);
        team->is_watched = true;
        fn(team->rt, argument);
        rmf_pool_dismiss(team->rt->pool);
    } else
        rmf_worker_serve(worker);
    rmf_worker_leave(worker, before);
}

static ramify_status run(ramify_team *team, uint32_t number, uint32_t threads, ramify_team_fn fn, void *argument)
{
    rmf_seat *seat = &team->seats[number];
    rmf_seat_show(seat);
    if (come_last(team, threads)) {
        rmf_store_relaxed(&team->crippled, 0);
        team->status = settle(team, threads);
        open_gate(team);
    }
    ramify_status status = team->status;
    if (!status) {
        rmf_seat_bind(seat, team->rt->tree);
        rmf_worker *worker = rmf_worker_lend(team->rt->pool, seat->worker);
        if (!worker)
            rmf_add_relaxed(&team->crippled, 1);
        if (come_last(team, threads))
            open_gate(team);
        if (rmf_load_relaxed(&team->crippled))
            status = RAMIFY_ERR_NO_MEMORY;
        else
            work(team, number, worker, fn, argument);
        rmf_seat_unbind(seat);
    }
    rmf_store_relaxed(&seat->taken, 0);
    if (come_last(team, threads)) {
        if (status) /* what is half made must not serve the next run */
            drop_runtime(team);
        rmf_store_relaxed(&team->threads, 0);
        open_gate(team);
    }
    return status;
}

ramify_status ramify_team_create(const ramify_options *options, ramify_team **result)
{
    if (!result)
        return RAMIFY_ERR_INVALID;
    ramify_team *team = calloc(1, sizeof *team);
    if (!team)
        return RAMIFY_ERR_NO_MEMORY;
    if (options)
        team->options = *options;
    *result = team;
    return RAMIFY_OK;
}

/* Room for the threads of the next run; the runtime of the last one goes with its seats. */
static ramify_status make_room(ramify_team *team, uint32_t threads)
{
    if (threads <= team->seat_room)
        return RAMIFY_OK;
    rmf_seat *seats = calloc(threads, sizeof *seats);
    if (!seats)
        return RAMIFY_ERR_NO_MEMORY;
    drop_runtime(team);
    free(team->seats);
    team->seats     = seats;
    team->seat_room = threads;
    return RAMIFY_OK;
}

ramify_status ramify_team_claim(ramify_team *team, uint32_t threads)
{
    uint32_t none = 0;
    if (!team)
        return RAMIFY_ERR_INVALID;
    if (threads == 0 || threads > THREADS_MAX)
        return RAMIFY_ERR_RANGE;
    /* order: acquires what the last run left behind; pairs with the gate its threads left by */
    if (!rmf_cas_acquire(&team->threads, &none, threads))
        return RAMIFY_ERR_BUSY;
    ramify_status status = make_room(team, threads);
    if (status)
        rmf_store_relaxed(&team->threads, 0);
    return status;
}

ramify_status ramify_team_run(ramify_team *team, uint32_t number, ramify_team_fn fn, void *argument)
{
    uint32_t threads = team ? rmf_load_relaxed(&team->threads) : 0, free_seat = 0;
    if (!threads || !fn)
        return RAMIFY_ERR_INVALID;
    if (number >= threads)
        return RAMIFY_ERR_RANGE;
    /* order: relaxed; only tells two threads with one number apart */
    if (!rmf_cas_relaxed(&team->seats[number].taken, &free_seat, 1))
        return RAMIFY_ERR_BUSY;
    return run(team, number, threads, fn, argument);
}

ramify_status ramify_team_free(ramify_team *team)
{
    if (!team)
        return RAMIFY_OK;
    if (rmf_load_relaxed(&team->threads))
        return RAMIFY_ERR_BUSY;
    drop_runtime(team);
    free(team->seats);
    free(team);
    return RAMIFY_OK;
}
