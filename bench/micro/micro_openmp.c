/* SPDX-License-Identifier: BSD-3-Clause */
/* The micro benchmarks in OpenMP. An OpenMP team has no producer outside of it, so those measurements are absent. */
#include "micro.h"

#include <omp.h>

#ifndef BENCH_NAME
#error "the build names the OpenMP runtime: -DBENCH_NAME=..."
#endif

enum {
    GAP_NS   = 1000, /* between hand-offs: the worker has left the last task and looks for the next */
    PARK_MS  = 2,    /* longer than any runtime's spinning with OMP_WAIT_POLICY=passive */
    NS_PER_S = 1000000000,
};

const char *const micro_form = BENCH_NAME;

static void need_two_threads(const micro_request *request)
{
    if (request->workers >= 2 && omp_get_num_procs() >= 2) /* libgomp has bound this thread already: ask it */
        return;
    fputs("micro: a hand-off needs two CPUs\n", stderr);
    exit(MICRO_SKIP);
}

/* One thread makes tasks and never runs them; the other waits in the region's barrier, where tasks are executed. */
static void handoff_spin(const micro_request *request)
{
    uint64_t  *ticks = (uint64_t *)calloc((size_t)request->count, sizeof *ticks);
    micro_slot slot  = { 0 };

    need_two_threads(request);
#pragma omp parallel num_threads(2)
    if (omp_get_thread_num() == 0) {
        for (long i = 0; i < request->count; i++) {
            micro_gap_ns(GAP_NS);
            slot.begin_ticks = micro_ticks();
#pragma omp task shared(slot)
            micro_slot_take(&slot);
            micro_slot_wait(&slot);
            ticks[i] = slot.end_ticks - slot.begin_ticks;
        }
    }
    micro_open("handoff-spin", request);
    micro_text("how", "omp task, the other thread in the barrier");
    micro_print_latency(ticks, request->count, micro_ns_per_tick());
    micro_close();
    free(ticks);
}

/* A team asleep is woken by the next region. */
static void handoff_parked(const micro_request *request)
{
    uint64_t  *ticks = (uint64_t *)calloc((size_t)request->count, sizeof *ticks);
    micro_slot slot  = { 0 };

    need_two_threads(request);
    for (long i = 0; i < request->count; i++) {
        micro_sleep_ms(PARK_MS);
        slot.begin_ticks = micro_ticks();
#pragma omp parallel num_threads(2) shared(slot)
        if (omp_get_thread_num() == 1)
            slot.end_ticks = micro_ticks();
        ticks[i] = slot.end_ticks - slot.begin_ticks;
    }
    micro_open("handoff-parked", request);
    micro_text("how", "start of a parallel region after a pause");
    micro_print_latency(ticks, request->count, micro_ns_per_tick());
    micro_close();
    free(ticks);
}

static void print_rate(const char *bench, const micro_request *request, const char *how, uint64_t spent_ns)
{
    micro_open(bench, request);
    micro_text("how", how);
    micro_field("count", (double)request->count);
    micro_field("ns_per_task", (double)spent_ns / (double)request->count);
    micro_field("tasks_per_s", (double)request->count * NS_PER_S / (double)spent_ns);
    micro_close();
}

static void inside_single(const micro_request *request)
{
    uint64_t begin = 0;

    for (int round = 0; round < 2; round++) { /* the first one warms the pools */
        begin = micro_now_ns();
#pragma omp parallel num_threads(request->workers)
#pragma omp          single
        for (long i = 0; i < request->count; i++) {
#pragma omp task
            micro_empty(NULL);
        }
    }
    print_rate("inside-single", request, "omp task in a single", micro_now_ns() - begin);
}

static void inside_batch(const micro_request *request)
{
    uint64_t begin = 0;

    for (int round = 0; round < 2; round++) {
        begin = micro_now_ns();
#pragma omp parallel num_threads(request->workers)
#pragma omp          single
#pragma omp taskloop grainsize(1)
        for (size_t i = 0; i < (size_t)request->count; i++)
            micro_empty(NULL);
    }
    print_rate("inside-batch", request, "omp taskloop grainsize(1)", micro_now_ns() - begin);
}

static void inside_many(const micro_request *request)
{
    uint64_t begin = 0;

    for (int round = 0; round < 2; round++) {
        begin = micro_now_ns();
#pragma omp parallel for num_threads(request->workers) schedule(static)
        for (long i = 0; i < request->count; i++) {
#pragma omp task
            micro_empty(NULL);
        }
    }
    print_rate("inside-many", request, "omp task from every thread", micro_now_ns() - begin);
}

static void flat_100ns(const micro_request *request)
{
    uint64_t *words = (uint64_t *)calloc((size_t)request->count, sizeof *words);
    uint64_t  begin = micro_now_ns();

    for (long i = 0; i < request->count; i++)
        micro_work_100ns(&words[i]);
    uint64_t serial_ns = micro_now_ns() - begin;
    for (int round = 0; round < 2; round++) {
        begin = micro_now_ns();
#pragma omp parallel num_threads(request->workers)
#pragma omp          single
        for (long i = 0; i < request->count; i++) {
#pragma omp task
            micro_work_100ns(&words[i]);
        }
    }
    uint64_t spent_ns = micro_now_ns() - begin;
    micro_open("flat-100ns", request);
    micro_text("how", "omp task in a single");
    micro_field("count", (double)request->count);
    micro_field("serial_ns_per_task", (double)serial_ns / (double)request->count);
    micro_field("ns_per_task", (double)spent_ns / (double)request->count);
    micro_close();
    free(words);
}

/* STATEMENT runs the loop once, inside or with its own parallel region. */
#define LOOP_BENCH(function, bench, how, STATEMENT)                                                                    \
    static void function(const micro_request *request)                                                                 \
    {                                                                                                                  \
        uint64_t round_ns[MICRO_LOOP_ROUNDS], begun = micro_now_ns();                                                  \
        size_t   count = (size_t)request->count;                                                                       \
        long     round = 0;                                                                                            \
        for (; micro_loop_goes_on(round, begun); round++) {                                                            \
            uint64_t begin = micro_now_ns();                                                                           \
            STATEMENT                                                                                                  \
            round_ns[round] = micro_now_ns() - begin;                                                                  \
        }                                                                                                              \
        micro_print_loop(bench, request, how, round_ns, round);                                                        \
    }

#define FOR_EACH                                                                                                       \
    for (size_t i = 0; i < count; i++)                                                                                 \
        micro_iterate();

LOOP_BENCH(loop_grain1, "loop-grain1", "omp parallel for schedule(dynamic,1)",
           _Pragma("omp parallel for num_threads(request->workers) schedule(dynamic, 1)") FOR_EACH)
LOOP_BENCH(loop_auto, "loop-auto", "omp parallel for schedule(static)",
           _Pragma("omp parallel for num_threads(request->workers) schedule(static)") FOR_EACH)
LOOP_BENCH(loop_guided, "loop-guided", "omp parallel for schedule(guided)",
           _Pragma("omp parallel for num_threads(request->workers) schedule(guided)") FOR_EACH)
LOOP_BENCH(loop_tasks, "loop-tasks", "omp taskloop grainsize(1)",
           _Pragma("omp parallel num_threads(request->workers)") _Pragma("omp single")
               _Pragma("omp taskloop grainsize(1)") FOR_EACH)

/* An iteration for each thread: what a loop costs that has next to nothing to do. */
static void loop_empty(const micro_request *request)
{
    uint64_t *ticks   = (uint64_t *)calloc((size_t)request->count, sizeof *ticks);
    long      threads = request->workers;

    for (long round = 0; round < request->count; round++) {
        uint64_t begin = micro_ticks();
#pragma omp parallel for num_threads(request->workers) schedule(static)
        for (long i = 0; i < threads; i++)
            micro_iterate();
        ticks[round] = micro_ticks() - begin;
    }
    micro_open("loop-empty", request);
    micro_text("how", "omp parallel for schedule(static), an iteration per thread");
    micro_print_latency(ticks, request->count, micro_ns_per_tick());
    micro_close();
    free(ticks);
}

static unsigned team_size; /* of the grain measurements, whose callback takes the slice alone */

static void slice_of_tasks(micro_slice *slice)
{
#pragma omp parallel num_threads(team_size)
#pragma omp          single
    for (long i = 0; i < slice->count; i++) {
#pragma omp task firstprivate(i)
        micro_work(&slice->words[i], slice->steps);
    }
}

static void slice_of_loop(micro_slice *slice)
{
#pragma omp parallel for schedule(dynamic, 1) num_threads(team_size)
    for (long i = 0; i < slice->count; i++)
        micro_work(&slice->words[i], slice->steps);
}

static void grain_task(const micro_request *request)
{
    team_size = request->workers;
    micro_grain("grain-task", request, "omp task in a single", slice_of_tasks);
}

static void grain_loop(const micro_request *request)
{
    team_size = request->workers;
    micro_grain("grain-loop", request, "omp parallel for schedule(dynamic, 1)", slice_of_loop);
}

static const micro_bench benches[] = {
    { "loop-grain1", loop_grain1 },       { "loop-tasks", loop_tasks },
    { "loop-auto", loop_auto },           { "loop-guided", loop_guided },
    { "loop-empty", loop_empty },         { "grain-task", grain_task },
    { "grain-loop", grain_loop },         { "handoff-spin", handoff_spin },
    { "handoff-parked", handoff_parked }, { "inside-single", inside_single },
    { "inside-batch", inside_batch },     { "inside-many", inside_many },
    { "flat-100ns", flat_100ns },         { NULL, NULL },
};
const micro_bench *const micro_benches = benches;
