/* SPDX-License-Identifier: BSD-3-Clause */
/* The micro benchmarks in Ramify: what a peer has too, under any policy. What only Ramify is asked for (paced latency,
 * start and stop, memory, idle) is in micro_ramify_own.c. */
#include "micro_ramify.h"

#include <pthread.h>
#include <string.h>

enum {
    GAP_NS       = 1000,    /* between hand-offs: the worker has left the last task and looks for the next */
    PARK_MS      = 5,       /* longer than the spin time below */
    SPIN_LONG_US = 1000000, /* a worker that never parks during the measurement */
    SPIN_WAS_US  = 50,      /* the library's own default */
    BATCH_ITEMS  = 256,     /* ramify_submit_batch's own batch size */
    NS_PER_S     = 1000000000,
    PRODUCERS    = 2, /* of external-many, as for the peers */
};

const char *const micro_form = "ramify";

void micro_demand(ramify_status status, const char *call)
{
    if (status == RAMIFY_OK)
        return;
    fprintf(stderr, "micro: %s: %s: %s\n", call, ramify_status_name(status), ramify_status_text(status));
    exit(2);
}

ramify_runtime *micro_start(const micro_request *request, ramify_options options, ramify_group **group)
{
    ramify_diagnosis diagnosis = { .text = "" };
    ramify_runtime  *runtime;

    if (!options.workers)
        options.workers = request->workers;
    options.policy       = request->policy;
    options.diagnosis    = &diagnosis;
    ramify_status status = ramify_start(&options, &runtime);
    if (status != RAMIFY_OK && diagnosis.text[0])
        fprintf(stderr, "micro: %s\n", diagnosis.text);
    micro_demand(status, "ramify_start");
    micro_demand(ramify_group_create(runtime, NULL, group), "ramify_group_create");
    return runtime;
}

static void take_slot(void *slot)
{
    micro_slot_take(slot);
}

/* One worker, bound to the second CPU; the submitter on the first. */
static void handoff(const char *bench, const micro_request *request, bool parked)
{
    uint64_t      *ticks = calloc((size_t)request->count, sizeof *ticks);
    micro_slot     slot  = { 0 };
    char           cpu[16];
    ramify_options options = { .workers = 1, .cpus = cpu, .spin_us = parked ? SPIN_WAS_US : SPIN_LONG_US };
    ramify_group  *group;

    if (micro_cpu(1) < 0) {
        fputs("micro: a hand-off needs two CPUs\n", stderr);
        exit(MICRO_SKIP);
    }
    snprintf(cpu, sizeof cpu, "%d", micro_cpu(1));
    ramify_runtime *runtime = micro_start(request, options, &group);
    micro_bind(micro_cpu(0));
    for (long i = 0; i < request->count; i++) {
        if (parked)
            micro_sleep_ms(PARK_MS);
        else
            micro_gap_ns(GAP_NS);
        slot.begin_ticks = micro_ticks();
        micro_demand(ramify_submit(group, take_slot, &slot, NULL), "ramify_submit");
        micro_slot_wait(&slot);
        ticks[i] = slot.end_ticks - slot.begin_ticks;
    }
    micro_demand(ramify_wait(group), "ramify_wait");
    micro_open(bench, request);
    micro_text("how", "ramify_submit from outside, one worker");
    micro_print_latency(ticks, request->count, micro_ns_per_tick());
    micro_close();
    micro_demand(ramify_stop(runtime), "ramify_stop");
    free(ticks);
}

static void handoff_spin(const micro_request *request)
{
    handoff("handoff-spin", request, false);
}

static void handoff_parked(const micro_request *request)
{
    handoff("handoff-parked", request, true);
}

/* What a producer does: `count` tasks on `words`, an empty one for each, or 100 ns of work. */
typedef struct production {
    ramify_group  *group;
    ramify_task_fn fn;
    uint64_t      *words; /* one per task; NULL: no argument */
    long           count;
} production;

static void produce_single(void *argument)
{
    const production *p = argument;

    for (long i = 0; i < p->count; i++)
        micro_demand(ramify_submit(p->group, p->fn, p->words ? &p->words[i] : NULL, NULL), "ramify_submit");
}

static void produce_batches(void *argument)
{
    const production *p = argument;
    ramify_item       items[BATCH_ITEMS];

    memset(items, 0, sizeof items);
    for (long i = 0; i < p->count; i += BATCH_ITEMS) {
        long part = p->count - i < BATCH_ITEMS ? p->count - i : BATCH_ITEMS;
        for (long k = 0; k < part; k++) {
            items[k].fn       = p->fn;
            items[k].argument = p->words ? &p->words[i + k] : NULL;
        }
        micro_demand(ramify_submit_batch(p->group, items, (size_t)part, NULL), "ramify_submit_batch");
    }
}

/* Several producers, each a thread outside the pool. */
static void *produce_in_thread(void *argument)
{
    produce_single(argument);
    return NULL;
}

static void produce_many(void *argument)
{
    const production *p = argument;
    production        part[PRODUCERS];
    pthread_t         threads[PRODUCERS];

    for (int i = 0; i < PRODUCERS; i++) {
        part[i]       = *p;
        part[i].count = p->count / PRODUCERS;
        if (pthread_create(&threads[i], NULL, produce_in_thread, &part[i]))
            micro_demand(RAMIFY_ERR_SYSTEM, "pthread_create");
    }
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
}

/* Every worker produces: a task at each leaf, each making its share. */
static void produce_everywhere(void *argument)
{
    const production  *p       = argument;
    const ramify_place here    = ramify_here();
    uint32_t           workers = ramify_runtime_workers(here.runtime);
    production        *part    = calloc(workers, sizeof *part);
    ramify_group      *group;

    micro_demand(part ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY, "calloc");
    micro_demand(ramify_group_create(here.runtime, NULL, &group), "ramify_group_create");
    for (uint32_t w = 0; w < workers; w++) {
        part[w]       = *p;
        part[w].count = p->count / workers;
        micro_demand(ramify_submit(group, produce_single, &part[w], NULL), "ramify_submit");
    }
    micro_demand(ramify_wait(group), "ramify_wait");
    micro_demand(ramify_group_free(group), "ramify_group_free");
    free(part);
}

/* Runs a producer twice, the first time to warm the queues; returns the second's time to the last task's end. */
static uint64_t timed(const micro_request *request, void (*producer)(void *), production *p, bool inside)
{
    ramify_group   *outer;
    ramify_options  none    = { 0 };
    ramify_runtime *runtime = micro_start(request, none, &p->group);
    uint64_t        begin   = 0;

    micro_demand(ramify_group_create(runtime, NULL, &outer), "ramify_group_create");
    for (int round = 0; round < 2; round++) {
        begin = micro_now_ns();
        if (inside) {
            micro_demand(ramify_submit(outer, producer, p, NULL), "ramify_submit");
            micro_demand(ramify_wait(outer), "ramify_wait");
        } else {
            producer(p);
        }
        micro_demand(ramify_wait(p->group), "ramify_wait");
    }
    uint64_t spent_ns = micro_now_ns() - begin;
    micro_demand(ramify_stop(runtime), "ramify_stop");
    return spent_ns;
}

static void empty_tasks(const char *bench, const micro_request *request, const char *how, void (*producer)(void *),
                        bool inside)
{
    production p        = { NULL, micro_empty, NULL, request->count };
    uint64_t   spent_ns = timed(request, producer, &p, inside);

    micro_open(bench, request);
    micro_text("how", how);
    micro_field("count", (double)request->count);
    micro_field("ns_per_task", (double)spent_ns / (double)request->count);
    micro_field("tasks_per_s", (double)request->count * NS_PER_S / (double)spent_ns);
    micro_close();
}

static void work_tasks(const char *bench, const micro_request *request, const char *how, void (*producer)(void *),
                       bool inside)
{
    uint64_t  *words = calloc((size_t)request->count, sizeof *words);
    production p     = { NULL, micro_work_100ns, words, request->count };
    uint64_t   begin = micro_now_ns();

    for (long i = 0; i < request->count; i++)
        micro_work_100ns(&words[i]);
    uint64_t serial_ns = micro_now_ns() - begin;
    uint64_t spent_ns  = timed(request, producer, &p, inside);
    micro_open(bench, request);
    micro_text("how", how);
    micro_field("count", (double)request->count);
    micro_field("serial_ns_per_task", (double)serial_ns / (double)request->count);
    micro_field("ns_per_task", (double)spent_ns / (double)request->count);
    micro_close();
    free(words);
}

static void external_single(const micro_request *request)
{
    empty_tasks("external-single", request, "ramify_submit from outside", produce_single, false);
}

static void external_batch(const micro_request *request)
{
    empty_tasks("external-batch", request, "ramify_submit_batch of 256 from outside", produce_batches, false);
}

static void external_many(const micro_request *request)
{
    empty_tasks("external-many", request, "ramify_submit from two threads outside", produce_many, false);
}

static void inside_single(const micro_request *request)
{
    empty_tasks("inside-single", request, "ramify_submit in a task", produce_single, true);
}

static void inside_batch(const micro_request *request)
{
    empty_tasks("inside-batch", request, "ramify_submit_batch of 256 in a task", produce_batches, true);
}

static void inside_many(const micro_request *request)
{
    empty_tasks("inside-many", request, "ramify_submit from a task per worker", produce_everywhere, true);
}

static void flat_100ns(const micro_request *request)
{
    work_tasks("flat-100ns", request, "ramify_submit_batch of 256 in a task", produce_batches, true);
}

static void external_100ns(const micro_request *request)
{
    work_tasks("external-100ns", request, "ramify_submit_batch of 256 from outside", produce_batches, false);
}

static const micro_bench benches[] = {
    { "grain-task", micro_grain_task },
    { "grain-fork", micro_grain_fork },
    { "grain-loop", micro_grain_loop },
    { "handoff-spin", handoff_spin },
    { "handoff-parked", handoff_parked },
    { "external-single", external_single },
    { "external-batch", external_batch },
    { "external-many", external_many },
    { "external-100ns", external_100ns },
    { "inside-single", inside_single },
    { "inside-batch", inside_batch },
    { "inside-many", inside_many },
    { "flat-100ns", flat_100ns },
    { "paced-inside", micro_paced_inside },
    { "paced-outside", micro_paced_outside },
    { "start-stop", micro_start_stop },
    { "memory", micro_memory },
    { "idle", micro_idle },
    { "loop-grain1", micro_loop_grain1 },
    { "loop-tasks", micro_loop_dynamic },
    { "loop-auto", micro_loop_auto },
    { "loop-guided", micro_loop_guided },
    { "loop-empty", micro_loop_empty },
    { "loop-small", micro_loop_small },
    { "counters-cost", micro_counters_cost },
    { NULL, NULL },
};
const micro_bench *const micro_benches = benches;
