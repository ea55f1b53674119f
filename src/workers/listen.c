/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a worker listens; the reasons are in listen.h. */
#include "listen.h"

#include "fetch.h"
#include "forks.h"

/* Looks at the door with pauses of 24 ns between: 1.5 us after something came to it, up to 12 us when that is when the
 * next ones come, and none after other work was found instead. */
enum { LOOKS_LEAST = 64, LOOKS_MOST = 512, LOOKS_PER_QUEUE = 8 };

/* What a search costs those who work, for each who searches: a line or two of theirs, half of a hand-off. */
static const double SEARCH_COSTS_NS = 50.0;

static uint32_t longer(uint32_t looks)
{
    uint32_t twice = 2 * looks;
    return twice < LOOKS_LEAST ? LOOKS_LEAST : twice < LOOKS_MOST ? twice : LOOKS_MOST;
}

bool rmf_listen_at_door(rmf_worker *worker, rmf_task *task)
{
    ramify_fork *fork = rmf_door_take_owner(&worker->door);
    if (!fork)
        return false;
    rmf_fork_take(worker, fork);
    *task = (rmf_task){ .fn = NULL, .argument = fork };
    return true;
}

void rmf_listen_expect(rmf_worker *worker)
{
    if (worker->listens < LOOKS_LEAST)
        worker->listens = LOOKS_LEAST;
}

bool rmf_listen(rmf_worker *worker, rmf_task *task, const rmf_goal *goal)
{
    uint32_t looks = worker->listens > worker->holds_off ? worker->listens : worker->holds_off;
    if (looks)
        rmf_worker_settle(worker); /* who waits for a group need not wait for this */
    for (uint32_t i = 0; i < looks; i++) {
        if (rmf_listen_at_door(worker, task) || (i % LOOKS_PER_QUEUE == 0 && rmf_fetch_own(worker, task)))
            return true;
        if (rmf_goal_is_reached(worker->pool, goal))
            return false;
        rmf_relax();
    }
    return false;
}

/* Tasks are not forks: whoever found one does not want the next to wait. */
void rmf_listen_learn(rmf_worker *worker, const rmf_task *task, bool at_door)
{
    worker->listens = at_door ? longer(worker->listens) : 0;
    if (task->fn)
        worker->holds_off = 0;
}

/* A search takes lines from those who work, the more so the more others search. Who found less work by it than that
 * lets others be for some time before it searches again, each time longer: 64 thieves at a row of forks of 100 ns had
 * one of them at a time, and all of it took 1.6 times as long as on one worker. */
void rmf_listen_weigh(rmf_worker *worker, uint64_t now)
{
    if (!worker->found_ticks)
        return;
    double worked_ns = (double)(now - worker->found_ticks) * worker->pool->ns_per_tick;
    if (worked_ns > SEARCH_COSTS_NS * worker->rivals)
        worker->holds_off /= 2;
    else
        worker->holds_off = longer(worker->holds_off);
}
