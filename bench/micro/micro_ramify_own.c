/* SPDX-License-Identifier: BSD-3-Clause */
/* Measurements no peer is asked for: latency at a given rate, start and stop, memory over many tasks, idle CPU time. */
#include "micro_ramify.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    BATCH_ITEMS    = 256,    /* ramify_submit_batch's own batch size */
    ROUND_TASKS    = 100000, /* tasks between two waits of the memory measurement */
    WARM_ROUNDS    = 10,     /* after a million tasks every queue and pool has its size */
    SETTLE_MS      = 100,    /* an idle worker has parked long before: its spin time is 50 us */
    IDLE_MS        = 1000,
    IDLE_TASKS     = 1000,
    NS_PER_S       = 1000000000,
    US_PER_S       = 1000000,
    NS_PER_US      = 1000,
    KIB            = 1024,
    CPU_LIST_BYTES = 32768, /* 4096 numbers of up to six digits and a comma */
};

/* A task of the paced stream. Latency counts from when it was due, so a producer that falls behind does not hide it. */
typedef struct paced_task {
    uint64_t due_ns, waited_ns;
} paced_task;

static void take_paced(void *argument)
{
    paced_task *task = argument;
    uint64_t    now  = micro_now_ns();

    task->waited_ns = now > task->due_ns ? now - task->due_ns : 0;
}

/* A stream of tasks submitted one by one at a fixed rate by whoever calls produce_paced. */
typedef struct paced_stream {
    ramify_group *group;
    paced_task   *tasks;
    long          count;
    uint64_t      rate_hz, spent_ns;
} paced_stream;

static void produce_paced(void *argument)
{
    paced_stream *s     = argument;
    uint64_t      begin = micro_now_ns();

    for (long i = 0; i < s->count; i++) {
        s->tasks[i].due_ns = begin + (uint64_t)i * NS_PER_S / s->rate_hz;
        while (micro_now_ns() < s->tasks[i].due_ns)
            micro_relax();
        micro_demand(ramify_submit(s->group, take_paced, &s->tasks[i], NULL), "ramify_submit");
    }
    s->spent_ns = micro_now_ns() - begin;
}

static void print_paced(const char *bench, const micro_request *request, const char *how, const paced_stream *s,
                        ramify_runtime *runtime)
{
    uint64_t      *waits = calloc((size_t)s->count, sizeof *waits);
    ramify_latency latency;

    micro_demand(waits ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY, "calloc");
    micro_demand(ramify_runtime_latency(runtime, &latency), "ramify_runtime_latency");
    for (long i = 0; i < s->count; i++)
        waits[i] = s->tasks[i].waited_ns;
    micro_open(bench, request);
    micro_text("how", how);
    micro_field("rate_hz", (double)s->rate_hz);
    micro_field("reached_hz", (double)s->count * NS_PER_S / (double)s->spent_ns);
    micro_print_latency(waits, s->count, 1.0);
    micro_field("own_p99_ns", (double)latency.p99_ns); /* the library's own histogram: from submit, not from due */
    micro_close();
    free(waits);
}

/* Runs a stream in a runtime of its own; the producer is a task in the pool, or this thread, bound once the workers
 * stand: before, it would shrink what they may use. */
static void run_paced(const char *bench, const micro_request *request, const char *how, ramify_options options,
                      bool inside)
{
    paced_stream    s = { NULL, calloc((size_t)request->count, sizeof(paced_task)), request->count,
                          (uint64_t)request->rate_hz, 0 };
    ramify_group   *outer;
    ramify_runtime *runtime = micro_start(request, options, &s.group);

    micro_demand(s.tasks ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY, "calloc");
    micro_demand(ramify_group_create(runtime, NULL, &outer), "ramify_group_create");
    if (inside) {
        micro_demand(ramify_submit(outer, produce_paced, &s, NULL), "ramify_submit");
        micro_demand(ramify_wait(outer), "ramify_wait");
    } else {
        micro_bind(micro_cpu(request->workers - 1));
        produce_paced(&s);
    }
    micro_demand(ramify_wait(s.group), "ramify_wait");
    print_paced(bench, request, how, &s, runtime);
    micro_demand(ramify_stop(runtime), "ramify_stop");
    free(s.tasks);
}

static void need_cpus(unsigned count)
{
    if (micro_cpu(count - 1) >= 0)
        return;
    fprintf(stderr, "micro: this measurement needs %u CPUs\n", count);
    exit(MICRO_SKIP);
}

/* The producer is a task: it keeps one worker busy, the others run what it makes. */
void micro_paced_inside(const micro_request *request)
{
    ramify_options options = { .latency_every = 1 };

    need_cpus(2);
    run_paced("paced-inside", request, "one worker produces, the others run", options, true);
}

/* The producer is a thread outside the pool with the last CPU to itself; one worker fewer than asked for. */
void micro_paced_outside(const micro_request *request)
{
    char           cpus[CPU_LIST_BYTES];
    size_t         used    = 0;
    ramify_options options = { .latency_every = 1, .cpus = cpus, .workers = request->workers - 1 };

    need_cpus(2);
    need_cpus(request->workers);
    for (unsigned w = 0; w + 1 < request->workers; w++)
        used += (size_t)snprintf(cpus + used, sizeof cpus - used, "%s%d", w ? "," : "", micro_cpu(w));
    run_paced("paced-outside", request, "the producer outside on a core of its own, one worker fewer", options, false);
}

static void *nothing(void *unused)
{
    return unused;
}

/* The floor: as many threads made and joined as the runtime makes. */
static void make_and_join_threads(unsigned count)
{
    pthread_t *threads = calloc(count, sizeof *threads);

    micro_demand(threads ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY, "calloc");
    for (unsigned i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, nothing, NULL))
            micro_demand(RAMIFY_ERR_SYSTEM, "pthread_create");
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

static void start_and_stop(const micro_request *request, const ramify_tree *tree)
{
    ramify_options  options = { .tree = tree };
    ramify_group   *group;
    ramify_runtime *runtime = micro_start(request, options, &group);

    micro_demand(ramify_stop(runtime), "ramify_stop");
}

/* Interleaved: threads alone, a runtime that discovers, a runtime on a shared tree; the mean of each in microseconds.
 */
void micro_start_stop(const micro_request *request)
{
    ramify_tree_options options  = { .workers = request->workers };
    uint64_t            spent[3] = { 0, 0, 0 };
    ramify_tree        *tree;

    micro_demand(ramify_tree_open(&options, &tree), "ramify_tree_open");
    for (long i = 0; i < request->count; i++) {
        uint64_t begin = micro_now_ns();
        make_and_join_threads(request->workers);
        uint64_t threads = micro_now_ns();
        start_and_stop(request, NULL);
        uint64_t discovered = micro_now_ns();
        start_and_stop(request, tree);
        uint64_t shared = micro_now_ns();
        spent[0] += threads - begin;
        spent[1] += discovered - threads;
        spent[2] += shared - discovered;
    }
    ramify_tree_free(tree);
    micro_open("start-stop", request);
    micro_text("how", "ramify_start and ramify_stop, workers bound");
    micro_field("count", (double)request->count);
    micro_field("threads_us", (double)spent[0] / (double)request->count / NS_PER_US);
    micro_field("discover_us", (double)spent[1] / (double)request->count / NS_PER_US);
    micro_field("shared_tree_us", (double)spent[2] / (double)request->count / NS_PER_US);
    micro_close();
}

/* Resident memory of the process now, in KiB; 0 where /proc does not tell. */
static double resident_kib(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    long  pages = 0;

    if (!statm)
        return 0.0;
    if (fscanf(statm, "%*d %ld", &pages) != 1)
        pages = 0;
    fclose(statm);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / KIB;
}

static void run_round(ramify_group *group)
{
    ramify_item items[BATCH_ITEMS];

    memset(items, 0, sizeof items);
    for (int i = 0; i < BATCH_ITEMS; i++)
        items[i].fn = micro_empty;
    for (long i = 0; i < ROUND_TASKS; i += BATCH_ITEMS) {
        long part = ROUND_TASKS - i < BATCH_ITEMS ? ROUND_TASKS - i : BATCH_ITEMS;
        micro_demand(ramify_submit_batch(group, items, (size_t)part, NULL), "ramify_submit_batch");
    }
    micro_demand(ramify_wait(group), "ramify_wait");
}

/* `count` empty tasks in rounds; resident memory before (after a warm-up), at most, and after. */
void micro_memory(const micro_request *request)
{
    ramify_options  none = { 0 };
    ramify_group   *group;
    ramify_runtime *runtime = micro_start(request, none, &group);
    long            rounds  = (request->count + ROUND_TASKS - 1) / ROUND_TASKS;

    for (int i = 0; i < WARM_ROUNDS; i++)
        run_round(group);
    double   before = resident_kib(), most = before;
    uint64_t begin = micro_now_ns();
    for (long i = 0; i < rounds; i++) {
        run_round(group);
        double now = resident_kib();
        most       = now > most ? now : most;
    }
    double spent_ns = (double)(micro_now_ns() - begin);
    micro_open("memory", request);
    micro_text("how", "batches of 256 from outside, waited for every 100000 tasks");
    micro_field("count", (double)rounds * ROUND_TASKS);
    micro_field("before_kib", before);
    micro_field("most_kib", most);
    micro_field("after_kib", resident_kib());
    micro_field("ns_per_task", spent_ns / ((double)rounds * ROUND_TASKS));
    micro_close();
    micro_demand(ramify_stop(runtime), "ramify_stop");
}

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / US_PER_S;
}

/* CPU time a runtime with nothing to do takes in a second of the clock. */
void micro_idle(const micro_request *request)
{
    ramify_options  none = { 0 };
    ramify_group   *group;
    ramify_runtime *runtime = micro_start(request, none, &group);

    for (int i = 0; i < IDLE_TASKS; i++)
        micro_demand(ramify_submit(group, micro_empty, NULL, NULL), "ramify_submit");
    micro_demand(ramify_wait(group), "ramify_wait");
    micro_sleep_ms(SETTLE_MS);
    double before = cpu_seconds();
    micro_sleep_ms(IDLE_MS);
    double spent = cpu_seconds() - before;
    micro_open("idle", request);
    micro_text("how", "CPU time of the whole process over one second after its last task");
    micro_field("cpu_ms_per_s", spent * 1000.0 * 1000.0 / IDLE_MS);
    micro_close();
    micro_demand(ramify_stop(runtime), "ramify_stop");
}
