/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of one kernel in one form, as a process of its own; one line of JSON on standard output.
 *
 *   bench-FORM KERNEL [--workers N] [--size S] [--seed X] [--policy P] [--style S] [--repeat R] [--input F]
 *   bench-FORM --list
 *
 * Style: forked (a recursive kernel's own; others have one style), or detached where the kernel has that too, or
 * phased: an ordered kernel without its dependencies. Exit status: 0, 1 when a check fails against a known result, 2
 * for bad usage or no memory. */
#include "kernel.h"

#include <sys/resource.h>
#include <time.h>

const char *bench_input;
bool        bench_phased;

static const bench_kernel *const kernels[] = {
    &bench_fib,       &bench_fib_cut,     &bench_tree,     &bench_uts_t1,     &bench_uts_t3,    &bench_uts_t3l,
    &bench_queens,    &bench_queens_fine, &bench_msort,    &bench_msort_fine, &bench_strassen,  &bench_strassen_fine,
    &bench_fft,       &bench_fft_fine,    &bench_health,   &bench_health_cut, &bench_floorplan, &bench_floorplan_cut,
    &bench_sparselu,  &bench_cholesky,    &bench_requests, &bench_alignment,  &bench_spmv,      &bench_bfs,
    &bench_triangles, &bench_barneshut,   &bench_jacobi,   &bench_zipf,       &bench_join,      &bench_histogram,
    &bench_kmeans,    &bench_frames,      &bench_game,
};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

typedef struct request_line {
    const bench_kernel *kernel;
    bench_setup         setup;
    long                size, repeat;
    uint64_t            seed;
    bool                detached;
} request_line;

/* One repetition: what prepare and run share. */
typedef struct repetition {
    const request_line *line;
    void               *state;
} repetition;

static void usage(void)
{
    fputs("usage: bench-" BENCH_NAME " KERNEL [--workers N] [--size S] [--seed X] [--policy P]\n"
          "       [--style forked|detached|phased] [--repeat R] [--input FILE (spmv, bfs, triangles)]\n"
          "       bench-" BENCH_NAME " --list\n",
          stderr);
    exit(2);
}

static void list_flag(const char *name, bool value)
{
    printf(", \"%s\": %s", name, value ? "true" : "false");
}

static void list_kernels(void)
{
    printf("[");
    for (int i = 0; i < KERNELS; i++) {
        const bench_kernel *k = kernels[i];
        printf("%s\n {\"name\": \"%s\", \"summary\": \"%s\", \"size_is\": \"%s\", \"tiny\": %ld, \"quick\": %ld, "
               "\"full\": %ld, \"most\": %ld, \"seed\": %ld",
               i ? "," : "", k->name, k->summary, k->size_is, k->tiny, k->quick, k->full, k->most, k->seed);
        list_flag("loops", k->loops);
        list_flag("detached", k->run_detached != NULL);
        list_flag("ordered", k->ordered);
        list_flag("reads_input", k->reads_input);
        list_flag("linear", k->linear);
        list_flag("submits", k->submits);
        printf("}");
    }
    printf("\n]\n");
}

static long number_of(const char *text, long least)
{
    char *end;
    long  value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < least) {
        fprintf(stderr, "bench: '%s' is not a number of at least %ld\n", text, least);
        exit(2);
    }
    return value;
}

static long size_of(const char *text, const bench_kernel *kernel)
{
    long size = number_of(text, 1);

    if (size > kernel->most) {
        fprintf(stderr, "bench: %s takes at most %ld (%s)\n", kernel->name, kernel->most, kernel->size_is);
        exit(2);
    }
    return size;
}

static const bench_kernel *kernel_named(const char *name)
{
    for (int i = 0; i < KERNELS; i++)
        if (strcmp(kernels[i]->name, name) == 0)
            return kernels[i];
    fprintf(stderr, "bench: no kernel '%s'; --list shows them\n", name);
    exit(2);
}

static bool is_detached(const char *style, const bench_kernel *kernel)
{
    bench_phased = kernel->ordered && strcmp(style, "phased") == 0;
    if (bench_phased)
        return false;
    if (strcmp(style, "detached") == 0 && kernel->run_detached)
        return true;
    if (strcmp(style, "forked") != 0) {
        fprintf(stderr, "bench: no style '%s' of %s\n", style, kernel->name);
        exit(2);
    }
    return false;
}

static request_line parse(int argc, char **argv)
{
    request_line line = { kernel_named(argv[1]), { 1, NULL, false }, 0, 1, 0, false };

    line.size          = line.kernel->tiny;
    line.setup.streams = line.kernel->submits;
    for (int i = 2; i < argc; i += 2) {
        if (i + 1 == argc)
            usage();
        if (strcmp(argv[i], "--workers") == 0)
            line.setup.workers = (unsigned)number_of(argv[i + 1], 1);
        else if (strcmp(argv[i], "--size") == 0)
            line.size = size_of(argv[i + 1], line.kernel);
        else if (strcmp(argv[i], "--seed") == 0)
            line.seed = (uint64_t)number_of(argv[i + 1], 0);
        else if (strcmp(argv[i], "--policy") == 0)
            line.setup.policy = argv[i + 1];
        else if (strcmp(argv[i], "--input") == 0 && line.kernel->reads_input)
            bench_input = argv[i + 1];
        else if (strcmp(argv[i], "--style") == 0)
            line.detached = is_detached(argv[i + 1], line.kernel);
        else if (strcmp(argv[i], "--repeat") == 0)
            line.repeat = number_of(argv[i + 1], 1);
        else
            usage();
    }
    return line;
}

static void prepare_root(void *argument)
{
    repetition *r = (repetition *)argument;

    r->state = r->line->kernel->prepare(r->line->size, r->line->seed);
}

static double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The most memory the process has held so far, in KiB. */
static long most_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Runs once and prints; false when a known result was missed. The line's order of fields is the harness's contract. */
static bool run_once(const request_line *line)
{
    repetition r = { line, NULL };
    uint64_t   expected;

    bench_layer_enter(prepare_root, &r);
    double begin = seconds_now();
    bench_layer_enter(line->detached ? line->kernel->run_detached : line->kernel->run, r.state);
    double        seconds = seconds_now() - begin;
    bench_outcome outcome = line->kernel->finish(r.state);
    bool          known   = line->kernel->known && line->kernel->known(line->size, line->seed, &expected);
    bool          right   = !known || outcome.check == expected;

    printf("{\"kernel\": \"%s\", \"impl\": \"" BENCH_NAME
           "\", \"policy\": \"%s\", \"style\": \"%s\", \"workers\": %u, \"size\": %ld, "
           "\"seed\": %llu, \"seconds\": %.9f, \"check\": \"%016llx\", \"known\": %s, \"right\": %s, \"tasks\": %llu",
           line->kernel->name, line->setup.policy ? line->setup.policy : "",
           line->detached ? "detached"
           : bench_phased ? "phased"
                          : "forked",
           line->setup.workers, line->size, (unsigned long long)line->seed, seconds, (unsigned long long)outcome.check,
           known ? "true" : "false", right ? "true" : "false", (unsigned long long)outcome.tasks);
    bench_layer_report(stdout);
    printf(", \"most_kib\": %ld", most_kib());
    printf("}\n");
    return right;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list_kernels();
        return 0;
    }
    if (argc < 2 || argv[1][0] == '-')
        usage();
    request_line line  = parse(argc, argv);
    bool         right = true;

    bench_layer_start(&line.setup);
    for (long i = 0; i < line.repeat; i++)
        right = run_once(&line) && right;
    bench_layer_stop();
    return right ? 0 : 1;
}
