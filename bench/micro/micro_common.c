/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver of the micro benchmarks: command line, clock, percentiles, JSON.
 *
 *   micro-FORM MEASUREMENT [--workers N] [--count K] [--rate R] [--policy P]
 *   micro-FORM --list
 *
 * Exit status: 0; 2 for bad usage; 77 when this machine cannot do the measurement, with the reason on standard error.
 */
#include "micro.h"

#include <sched.h>
#include <string.h>

enum {
    WORK_STEPS      = 64, /* of a chain of six operations: 90 to 100 ns on the machines seen; printed as measured */
    CALIBRATION_NS  = 10000000, /* 10 ms of two clocks read within 50 ns: an error of 5 in a million */
    NS_PER_MS       = 1000000,
    PERCENTILE_LAST = 99,
};

static uint64_t  first_ticks, first_ns;
static cpu_set_t first_mask;

void micro_empty(void *unused)
{
    (void)unused;
}

void micro_work(uint64_t *state, long steps)
{
    uint64_t x = *state | 1;

    for (long i = 0; i < steps; i++) { /* xorshift: a dependent chain the compiler cannot shorten */
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    *state = x;
}

void micro_work_100ns(void *state)
{
    micro_work((uint64_t *)state, WORK_STEPS);
}

int micro_cpu(unsigned n)
{
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &first_mask) && n-- == 0)
            return cpu;
    return -1;
}

void micro_bind(int cpu)
{
    cpu_set_t mask;

    CPU_ZERO(&mask);
    CPU_SET(cpu, &mask);
    if (sched_setaffinity(0, sizeof mask, &mask))
        fprintf(stderr, "micro: could not bind to CPU %d\n", cpu);
}

double micro_ns_per_tick(void)
{
    while (micro_now_ns() - first_ns < CALIBRATION_NS)
        micro_relax();
    return (double)(micro_now_ns() - first_ns) / (double)(micro_ticks() - first_ticks);
}

static int compare_ticks(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

void micro_print_latency(uint64_t *ticks, long count, double ns_per_tick)
{
    qsort(ticks, (size_t)count, sizeof *ticks, compare_ticks);
    micro_field("count", (double)count);
    micro_field("min_ns", (double)ticks[0] * ns_per_tick);
    micro_field("p50_ns", (double)ticks[count / 2] * ns_per_tick);
    micro_field("p99_ns", (double)ticks[count * PERCENTILE_LAST / 100] * ns_per_tick);
    micro_field("max_ns", (double)ticks[count - 1] * ns_per_tick);
}

void micro_open(const char *bench, const micro_request *request)
{
    printf("{\"bench\": \"%s\", \"impl\": \"%s\", \"policy\": \"%s\", \"workers\": %u", bench, micro_form,
           request->policy ? request->policy : "", request->workers);
}

void micro_field(const char *name, double value)
{
    printf(", \"%s\": %.10g", name, value);
}

void micro_text(const char *name, const char *value)
{
    printf(", \"%s\": \"%s\"", name, value);
}

void micro_close(void)
{
    printf("}\n");
}

bool micro_loop_goes_on(long round, uint64_t begun_ns)
{
    return round < MICRO_LOOP_ROUNDS &&
           (round < MICRO_LOOP_ROUNDS_LEAST || micro_now_ns() - begun_ns < MICRO_LOOP_MS * 1000000ull);
}

void micro_print_loop(const char *bench, const micro_request *request, const char *how, uint64_t *round_ns, long rounds)
{
    uint64_t *kept = round_ns + rounds / 4;

    rounds -= rounds / 4;
    qsort(kept, (size_t)rounds, sizeof *kept, compare_ticks);
    micro_open(bench, request);
    micro_text("how", how);
    micro_field("count", (double)request->count);
    micro_field("ns_per_iteration", (double)kept[rounds / 2] / (double)request->count);
    micro_field("min_ns_per_iteration", (double)kept[0] / (double)request->count);
    micro_close();
}

void micro_gap_ns(uint64_t ns)
{
    uint64_t end = micro_now_ns() + ns;

    while (micro_now_ns() < end)
        micro_relax();
}

void micro_sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * NS_PER_MS };

    nanosleep(&t, NULL);
}

static void usage(void)
{
    fprintf(stderr, "usage: micro-%s MEASUREMENT [--workers N] [--count K] [--rate R] [--policy P] | --list\n",
            micro_form);
    exit(2);
}

static long number_of(const char *text)
{
    char *end;
    long  value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < 1) {
        fprintf(stderr, "micro: '%s' is not a number of at least 1\n", text);
        exit(2);
    }
    return value;
}

static micro_request parse(int argc, char **argv)
{
    micro_request request = { 1, 1000, 100000, NULL };

    for (int i = 2; i < argc; i += 2) {
        if (i + 1 == argc)
            usage();
        if (strcmp(argv[i], "--workers") == 0)
            request.workers = (unsigned)number_of(argv[i + 1]);
        else if (strcmp(argv[i], "--count") == 0)
            request.count = number_of(argv[i + 1]);
        else if (strcmp(argv[i], "--rate") == 0)
            request.rate_hz = number_of(argv[i + 1]);
        else if (strcmp(argv[i], "--policy") == 0)
            request.policy = argv[i + 1];
        else
            usage();
    }
    return request;
}

int main(int argc, char **argv)
{
    first_ticks = micro_ticks();
    first_ns    = micro_now_ns();
    sched_getaffinity(0, sizeof first_mask, &first_mask);
    if (argc < 2)
        usage();
    bool list = strcmp(argv[1], "--list") == 0;
    for (const micro_bench *b = micro_benches; b->name; b++) {
        if (list)
            printf("%s\n", b->name);
        else if (strcmp(b->name, argv[1]) == 0) {
            micro_request request = parse(argc, argv);
            b->run(&request);
            return 0;
        }
    }
    if (!list)
        usage();
    return 0;
}
