/* SPDX-License-Identifier: BSD-3-Clause */
/* The sweep: one pattern by one form, the grain halved in steps until the efficiency is below one half.
 *
 *   metg-FORM PATTERN [--workers N] [--per-worker C] [--steps S] [--rounds R] [--iterations I]
 *   metg-FORM --list
 *
 * Efficiency is the rate of kernel iterations beside the peak rate: that of the same kernel in as many bare threads,
 * measured before and after the sweep, the better of the two. Granularity is the run's time times the workers over its
 * tasks. METG(50%) is the smallest granularity with an efficiency of at least one half, interpolated between the two
 * points around it, linearly in the efficiency and in the logarithm of the granularity. A point is the median of R
 * runs; recording a graph, starting the runtime and the first run are outside. With --iterations there is one point.
 *
 * One line of JSON per point, then one with the METG and all points by the better peak. Exit status 1: a task found a
 * wrong mark. */
#include "metg.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS_MAX = 31, POINTS_MAX = 64 };

/* So many points in a row below one half end the sweep: half the grain and less; one alone may be noise. */
enum { FAILURES = 6 };

/* From 50 us down, by the fourth root of one half each: 4 points per halving bound the error of interpolation. */
static const double GRAIN_FIRST_NS = 50000, GRAIN_FACTOR = 0.8409;
static const double PEAK_NS = 3e7;

typedef struct request {
    const char *pattern;
    unsigned    workers;
    long        per_worker, steps, rounds, iterations;
} request;

typedef struct point {
    double granularity_ns, efficiency;
} point;

static void usage(void)
{
    fprintf(stderr,
            "usage: metg-%s PATTERN [--workers N] [--per-worker C] [--steps S] [--rounds R] [--iterations I]\n"
            "       metg-%s --list\n",
            metg_form_name, metg_form_name);
    exit(2);
}

static long number_of(const char *text, long least, long most)
{
    char *end;
    long  value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "metg: '%s' is not a number from %ld to %ld\n", text, least, most);
        exit(2);
    }
    return value;
}

static request parse(int argc, char **argv)
{
    request q = { argv[1], 1, 8, 200, 5, 0 };

    for (int i = 2; i < argc; i += 2) {
        if (i + 1 == argc)
            usage();
        if (strcmp(argv[i], "--workers") == 0)
            q.workers = (unsigned)number_of(argv[i + 1], 1, 1024);
        else if (strcmp(argv[i], "--per-worker") == 0)
            q.per_worker = number_of(argv[i + 1], 1, 1024);
        else if (strcmp(argv[i], "--steps") == 0)
            q.steps = number_of(argv[i + 1], 1, 1000000);
        else if (strcmp(argv[i], "--rounds") == 0)
            q.rounds = number_of(argv[i + 1], 1, ROUNDS_MAX);
        else if (strcmp(argv[i], "--iterations") == 0)
            q.iterations = number_of(argv[i + 1], 1, 1000000000);
        else
            usage();
    }
    return q;
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A thread of the peak's measurement: bound like the n-th worker, it runs the kernel from one barrier to the next. */
typedef struct bare {
    pthread_t          thread;
    pthread_barrier_t *barrier;
    unsigned           number;
    long               iterations;
    double             value;
} bare;

static void bind_to_nth(unsigned n)
{
    cpu_set_t all, one;

    if (sched_getaffinity(0, sizeof all, &all))
        return;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && n-- == 0)
            CPU_SET(cpu, &one);
    if (CPU_COUNT(&one))
        (void)sched_setaffinity(0, sizeof one, &one);
}

static void *bare_main(void *argument)
{
    bare *b = (bare *)argument;

    bind_to_nth(b->number);
    pthread_barrier_wait(b->barrier);
    b->value = metg_kernel(b->iterations);
    pthread_barrier_wait(b->barrier);
    return NULL;
}

/* Nanoseconds until all threads have done so many iterations each. */
static double bare_run(unsigned threads, long iterations)
{
    bare             *b = (bare *)calloc(threads, sizeof *b);
    pthread_barrier_t barrier;

    if (!b)
        abort();
    pthread_barrier_init(&barrier, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        b[i] = (bare){ 0, &barrier, i, iterations, 0.0 };
        if (pthread_create(&b[i].thread, NULL, bare_main, &b[i]))
            abort();
    }
    pthread_barrier_wait(&barrier);
    double begin = now_ns();
    pthread_barrier_wait(&barrier);
    double ns = now_ns() - begin;
    for (unsigned i = 0; i < threads; i++)
        pthread_join(b[i].thread, NULL);
    pthread_barrier_destroy(&barrier);
    free(b);
    return ns;
}

/* Iterations per nanosecond, all threads together: the best of five. */
static double peak_rate(unsigned threads)
{
    long   iterations = 1000000;
    double best       = 0.0;

    iterations = (long)((double)iterations * PEAK_NS / bare_run(threads, iterations));
    for (int i = 0; i < 5; i++) {
        double rate = (double)iterations * threads / bare_run(threads, iterations);
        best        = rate > best ? rate : best;
    }
    return best;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double run_once(metg_graph *graph)
{
    graph->run++;
    double begin = now_ns();
    metg_form_run(graph);
    double ns = now_ns() - begin;
    for (uint32_t t = 0; t < graph->tasks; t++)
        if (graph->mark[t].run != graph->run)
            graph->wrong = true;
    return ns;
}

static double median_run(metg_graph *graph, long iterations, long rounds)
{
    double ns[ROUNDS_MAX];

    graph->iterations = iterations;
    (void)run_once(graph);
    for (long r = 0; r < rounds; r++)
        ns[r] = run_once(graph);
    qsort(ns, (size_t)rounds, sizeof ns[0], by_size);
    return ns[rounds / 2];
}

static void print_head(const request *q, const metg_graph *graph)
{
    printf(
        "{\"bench\": \"metg\", \"pattern\": \"%s\", \"impl\": \"%s\", \"workers\": %u, \"width\": %u, \"steps\": %u, "
        "\"tasks\": %u, \"edges\": %u, ",
        q->pattern, metg_form_name, q->workers, graph->width, graph->steps, graph->tasks, graph->edges);
}

static point measure(const request *q, metg_graph *graph, long iterations, double peak)
{
    double ns = median_run(graph, iterations, q->rounds);
    point  p  = { ns * q->workers / graph->tasks, (double)iterations * graph->tasks / ns / peak };

    print_head(q, graph);
    printf("\"iterations\": %ld, \"granularity_ns\": %.1f, \"efficiency\": %.4f, \"right\": %s}\n", iterations,
           p.granularity_ns, p.efficiency, graph->wrong ? "false" : "true");
    return p;
}

/* The finest point with at least one half, and the next finer one. */
static double metg_of(const point *points, int count, double scale, const char **bound)
{
    int i = count - 1;

    while (i >= 0 && points[i].efficiency * scale < 0.5)
        i--;
    *bound = i < 0 ? "above" : i == count - 1 ? "below" : "exact";
    if (i < 0 || i == count - 1)
        return points[i < 0 ? 0 : i].granularity_ns;
    double e = points[i].efficiency * scale, finer = points[i + 1].efficiency * scale;
    double share = (e - 0.5) / (e - finer);
    return exp(log(points[i].granularity_ns) * (1 - share) + log(points[i + 1].granularity_ns) * share);
}

static int sweep(const request *q, metg_graph *graph, double peak, point *points)
{
    double grain = GRAIN_FIRST_NS;
    long   last  = 0;
    int    count = 0, below = 0;

    for (; count < POINTS_MAX && below < FAILURES && last != 1; grain *= GRAIN_FACTOR) {
        long iterations = (long)(grain * peak / q->workers);
        iterations      = iterations < 1 ? 1 : iterations;
        if (iterations == last)
            continue;
        points[count] = measure(q, graph, iterations, peak);
        below         = points[count++].efficiency < 0.5 ? below + 1 : 0;
        last          = iterations;
    }
    return count;
}

static void run_sweep(const request *q, metg_graph *graph)
{
    point       points[POINTS_MAX];
    const char *bound;
    double      peak  = peak_rate(q->workers);
    int         count = sweep(q, graph, peak, points);
    double      again = peak_rate(q->workers), better = again > peak ? again : peak;
    double      metg = metg_of(points, count, peak / better, &bound);

    print_head(q, graph);
    printf("\"metg_ns\": %.1f, \"metg_is\": \"%s\", \"peak_iterations_per_us\": %.2f, \"peak_changed\": %.3f, "
           "\"points\": [",
           metg, bound, better * 1e3, again / peak);
    for (int i = 0; i < count; i++)
        printf("%s[%.1f, %.4f]", i ? ", " : "", points[i].granularity_ns, points[i].efficiency * peak / better);
    printf("], \"right\": %s}\n", graph->wrong ? "false" : "true");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (int i = 0; metg_pattern_name(i); i++)
            puts(metg_pattern_name(i));
        return 0;
    }
    if (argc < 2 || argv[1][0] == '-')
        usage();
    request     q     = parse(argc, argv);
    metg_graph *graph = metg_graph_make(q.pattern, (uint32_t)(q.workers * q.per_worker), (uint32_t)q.steps);
    if (!graph) {
        fprintf(stderr, "metg: no pattern '%s'; --list shows them\n", q.pattern);
        return 2;
    }
    metg_form_start(q.workers);
    metg_form_prepare(graph);
    if (q.iterations)
        (void)measure(&q, graph, q.iterations, peak_rate(q.workers));
    else
        run_sweep(&q, graph);
    metg_form_forget(graph);
    metg_form_stop();
    bool wrong = graph->wrong;
    metg_graph_free(graph);
    return wrong;
}
