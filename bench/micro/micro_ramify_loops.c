/* SPDX-License-Identifier: BSD-3-Clause */
/* Loops that do nothing, in Ramify. They are run by a task, as an OpenMP program's are by a thread of the team. */
#include "micro_ramify.h"

static void iterate(void *unused, const ramify_chunk *chunk)
{
    (void)unused;
    for (int64_t i = chunk->range[0].begin; i < chunk->range[0].end; i++)
        micro_iterate();
}

/* A loop to be timed, and where its times go. */
typedef struct timed_loop {
    ramify_runtime    *runtime;
    ramify_for_options options;
    ramify_range       range;
    long               rounds;   /* to be done, or done */
    bool               is_timed; /* as many rounds as micro_loop_goes_on() says */
    uint64_t          *spent;
    uint64_t (*now)(void);
} timed_loop;

static void time_rounds(void *argument)
{
    timed_loop *t     = argument;
    uint64_t    begun = micro_now_ns();
    long        round = 0;

    for (; t->is_timed ? micro_loop_goes_on(round, begun) : round < t->rounds; round++) {
        uint64_t begin = t->now();
        micro_demand(ramify_for(t->runtime, &t->range, 1, iterate, NULL, &t->options), "ramify_for");
        t->spent[round] = t->now() - begin;
    }
    t->rounds = round;
}

static void run_timed(const micro_request *request, timed_loop *t, const char *schedule)
{
    ramify_options options = { .workers = request->workers };
    ramify_group  *group;

    micro_demand(ramify_schedule_read(schedule, &t->options.schedule, NULL), "ramify_schedule_read");
    t->runtime = micro_start(request, options, &group);
    micro_demand(ramify_submit(group, time_rounds, t, NULL), "ramify_submit");
    micro_demand(ramify_wait(group), "ramify_wait");
    micro_demand(ramify_stop(t->runtime), "ramify_stop");
}

static void loop_bench(const char *bench, const micro_request *request, const char *schedule, const char *how)
{
    uint64_t   round_ns[MICRO_LOOP_ROUNDS];
    timed_loop t = { .range = { 0, request->count, 1 }, .is_timed = true, .spent = round_ns, .now = micro_now_ns };

    run_timed(request, &t, schedule);
    micro_print_loop(bench, request, how, round_ns, t.rounds);
}

void micro_loop_grain1(const micro_request *request)
{
    loop_bench("loop-grain1", request, "auto,1", "ramify_for, auto, one iteration per call of the body");
}

void micro_loop_dynamic(const micro_request *request)
{
    loop_bench("loop-tasks", request, "dynamic,1", "ramify_for, dynamic,1");
}

void micro_loop_auto(const micro_request *request)
{
    loop_bench("loop-auto", request, "auto", "ramify_for, auto");
}

void micro_loop_guided(const micro_request *request)
{
    loop_bench("loop-guided", request, "guided", "ramify_for, guided");
}

static void empty_bench(const char *bench, const micro_request *request, long iterations, const char *schedule,
                        const char *how)
{
    uint64_t  *ticks = calloc((size_t)request->count, sizeof *ticks);
    timed_loop t     = { .range = { 0, iterations, 1 }, .rounds = request->count, .spent = ticks, .now = micro_ticks };

    run_timed(request, &t, schedule);
    micro_open(bench, request);
    micro_text("how", how);
    micro_print_latency(ticks, request->count, micro_ns_per_tick());
    micro_close();
    free(ticks);
}

/* An iteration for each worker, offered to the others as a static schedule of OpenMP deals them out. */
void micro_loop_empty(const micro_request *request)
{
    empty_bench("loop-empty", request, request->workers, "static", "ramify_for, static, an iteration per worker");
}

/* So many iterations that it need not be shared at once, and so little work that it never is. */
void micro_loop_small(const micro_request *request)
{
    empty_bench("loop-small", request, 100, "auto", "ramify_for, auto, 100 empty iterations");
}
