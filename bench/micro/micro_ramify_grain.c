/* SPDX-License-Identifier: BSD-3-Clause */
/* Efficiency over grain in Ramify: tasks submitted one by one, as an `omp task` per item; forks by
 * halving; and a loop whose grain the library finds. */
#include "micro_ramify.h"

static ramify_runtime *the_runtime; /* of the measurement, whose callback takes the slice alone */
static ramify_group   *the_root, *the_tasks;
static long            the_steps;

static void start(const micro_request *request)
{
    ramify_options none = { 0 };

    the_runtime = micro_start(request, none, &the_root);
    micro_demand(ramify_group_create(the_runtime, NULL, &the_tasks), "ramify_group_create");
}

static void work_on(void *word)
{
    micro_work(word, the_steps);
}

static void submit_all(void *argument)
{
    const micro_slice *slice = argument;

    for (long i = 0; i < slice->count; i++)
        micro_demand(ramify_submit(the_tasks, work_on, &slice->words[i], NULL), "ramify_submit");
    micro_demand(ramify_wait(the_tasks), "ramify_wait");
}

static void slice_of_tasks(micro_slice *slice)
{
    the_steps = slice->steps;
    micro_demand(ramify_submit(the_root, submit_all, slice, NULL), "ramify_submit");
    micro_demand(ramify_wait(the_root), "ramify_wait");
}

void micro_grain_task(const micro_request *request)
{
    start(request);
    micro_grain("grain-task", request, "ramify_submit in a task", slice_of_tasks);
    micro_demand(ramify_stop(the_runtime), "ramify_stop");
}

typedef struct piece {
    ramify_fork fork;
    uint64_t   *words;
    long        count;
} piece;

static void work_piece(ramify_context context, ramify_fork *fork)
{
    piece *all = (piece *)fork;

    if (all->count == 1) {
        micro_work(all->words, the_steps);
        return;
    }
    piece low  = { .words = all->words, .count = all->count / 2 };
    piece high = { .words = all->words + low.count, .count = all->count - low.count };
    context    = ramify_fork_push(context, &high.fork, work_piece);
    work_piece(context, &low.fork);
    if (ramify_fork_join(&context, &high.fork))
        work_piece(context, &high.fork);
}

static void slice_of_forks(micro_slice *slice)
{
    piece all = { .words = slice->words, .count = slice->count };

    the_steps = slice->steps;
    micro_demand(ramify_fork_call(the_runtime, &all.fork, work_piece), "ramify_fork_call");
}

void micro_grain_fork(const micro_request *request)
{
    start(request);
    micro_grain("grain-fork", request, "ramify_fork_push by halving, a leaf per item", slice_of_forks);
    micro_demand(ramify_stop(the_runtime), "ramify_stop");
}

static void work_chunk(void *self, const ramify_chunk *chunk)
{
    uint64_t *words = self;

    for (int64_t i = chunk->range[0].begin; i < chunk->range[0].end; i++)
        micro_work(&words[i], the_steps);
}

static void slice_of_loop(micro_slice *slice)
{
    const ramify_range all = { 0, slice->count, 1 };

    the_steps = slice->steps;
    micro_demand(ramify_for(the_runtime, &all, 1, work_chunk, slice->words, NULL), "ramify_for");
}

void micro_grain_loop(const micro_request *request)
{
    start(request);
    micro_grain("grain-loop", request, "ramify_for, schedule auto", slice_of_loop);
    micro_demand(ramify_stop(the_runtime), "ramify_stop");
}
