/* SPDX-License-Identifier: BSD-3-Clause */
/* `ramify scaling`: speed-up, efficiency and the serial part of a program, from runs on several numbers of workers,
 * which it makes, or from times that a file has. */
#include "commands.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

/* 13 numbers of workers reach 4096 by doubling; the rest is for lists by hand and for repetitions. */
enum { COUNTS_MAX = 64, RUNS_MAX = 4096, WORKERS_MAX = 4096, REPEAT_MAX = RUNS_MAX / COUNTS_MAX };

typedef struct scaling {
    uint32_t   counts[COUNTS_MAX], count, repeat;
    ramify_run runs[RUNS_MAX];
    uint32_t   run_count;
} scaling;

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of the runs on so many workers. */
static ramify_run typical(const scaling *s, uint32_t workers)
{
    static double seconds[RUNS_MAX];
    uint32_t      n = 0;
    for (uint32_t i = 0; i < s->run_count; i++)
        if (s->runs[i].workers == workers)
            seconds[n++] = s->runs[i].seconds;
    qsort(seconds, n, sizeof *seconds, ascending);
    return (ramify_run){ workers, (seconds[(n - 1) / 2] + seconds[n / 2]) / 2.0 };
}

static void print_laws(const ramify_scaling *fit)
{
    if (!fit->base_measured)
        printf("one worker was not run: its %.4g s are what the fit says\n", fit->base_seconds);
    printf("serial part  %.2f %% (Amdahl's law; the fit is off by %.1f %% of the time)\n", 100.0 * fit->serial_fraction,
           100.0 * fit->amdahl_error);
    if (!fit->usl_known) {
        printf(
            "contention   unknown, because it takes three numbers of workers to tell it from waiting for each other\n");
        return;
    }
    printf("contention   %.2f %%, coherency %.4f %% (Gunther's law; off by %.1f %%)\n", 100.0 * fit->contention,
           100.0 * fit->coherency, 100.0 * fit->usl_error);
    if (isfinite(fit->best_workers))
        printf("fastest      on %.0f workers, by that law\n", fit->best_workers);
}

static int print(const scaling *s)
{
    ramify_scaling fit;
    ramify_status  status = ramify_scaling_fit(s->runs, s->run_count, &fit);
    if (status == RAMIFY_ERR_INVALID) {
        fprintf(stderr, "ramify: runs on one number of workers say nothing about scaling; give two or more\n");
        return EXIT_FAILED;
    }
    if (status)
        return complain(status, NULL);
    printf("workers    seconds  speed-up  efficiency\n");
    for (uint32_t workers = 1; workers <= WORKERS_MAX; workers++)
        for (uint32_t i = 0; i < s->run_count; i++) {
            if (s->runs[i].workers != workers)
                continue;
            ramify_run run = typical(s, workers);
            printf("%7u %10.4g %9.2f %9.1f %%\n", workers, run.seconds, ramify_speed_up(&fit, &run),
                   100.0 * ramify_efficiency(&fit, &run));
            break;
        }
    print_laws(&fit);
    return write_result(NULL, "");
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* One run of the program; what it prints goes nowhere, so that the table stands alone. */
static int run_once(char **argv, uint32_t workers, double *seconds)
{
    char                       number[16];
    pid_t                      child;
    int                        how;
    posix_spawn_file_actions_t files;
    snprintf(number, sizeof number, "%u", workers);
    setenv("RAMIFY_WORKERS", number, 1);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", 1 /* O_WRONLY */, 0);
    double begin = now_s();
    int    error = posix_spawnp(&child, argv[0], &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    if (error) {
        fprintf(stderr, "ramify: %s: %s\n", argv[0], strerror(error));
        return EXIT_FAILED;
    }
    while (waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    *seconds = now_s() - begin;
    if (how == 0)
        return EXIT_DONE;
    fprintf(stderr, "ramify: %s with RAMIFY_WORKERS=%u ended with %s %d: its time says nothing\n", argv[0], workers,
            WIFSIGNALED(how) ? "signal" : "status", WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how));
    return EXIT_FAILED;
}

/* All numbers of workers in turn, as often as asked, so that a machine that changes its speed changes all alike. */
static int run_all(scaling *s, char **argv)
{
    for (uint32_t r = 0; r < s->repeat; r++)
        for (uint32_t c = 0; c < s->count; c++) {
            ramify_run *run    = &s->runs[s->run_count++];
            int         result = run_once(argv, run->workers = s->counts[c], &run->seconds);
            if (result)
                return result;
        }
    return EXIT_DONE;
}

/* Lines of a number of workers and seconds; # begins a comment. */
static int read_file(scaling *s, const char *path)
{
    char  line[256];
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!in) {
        fprintf(stderr, "ramify: %s: %s\n", path, strerror(errno));
        return EXIT_FAILED;
    }
    int result = EXIT_DONE;
    for (uint32_t number = 1; !result && fgets(line, sizeof line, in); number++) {
        ramify_run run;
        char       rest[2];
        line[strcspn(line, "#")] = '\0';
        if (line[strspn(line, " \t\r\n")] == '\0')
            continue;
        bool good = s->run_count < RUNS_MAX && sscanf(line, "%u %lf %1s", &run.workers, &run.seconds, rest) == 2 &&
                    run.workers >= 1 && run.workers <= WORKERS_MAX && isfinite(run.seconds) && run.seconds > 0.0;
        if (good)
            s->runs[s->run_count++] = run;
        else {
            fprintf(stderr,
                    "ramify: %s: line %u: must be a number of workers, 1 to %d, and seconds; at most %d lines\n", path,
                    number, WORKERS_MAX, RUNS_MAX);
            result = EXIT_FAILED;
        }
    }
    if (in != stdin)
        fclose(in);
    return result;
}

/* 1, 2, 4 and so on, and as many as there are cores to use. */
static int double_up(scaling *s)
{
    ramify_diagnosis diagnosis;
    ramify_tree     *tree;
    ramify_status    status = ramify_tree_open(&(ramify_tree_options){ .diagnosis = &diagnosis }, &tree);
    if (status)
        return complain(status, &diagnosis);
    uint32_t most = ramify_tree_leaf_count(tree);
    ramify_tree_free(tree);
    for (uint32_t n = 1; n < most; n *= 2)
        s->counts[s->count++] = n;
    s->counts[s->count++] = most;
    return EXIT_DONE;
}

static bool read_list(const char *text, scaling *s)
{
    for (char *end = NULL;; text = end + 1) {
        unsigned long n = strtoul(text, &end, 10);
        if (end == text || n < 1 || n > WORKERS_MAX || (*end && *end != ',') || s->count == COUNTS_MAX)
            return false;
        s->counts[s->count++] = (uint32_t)n;
        if (!*end)
            return true;
    }
}

static int read_options(int argc, char **argv, scaling *s)
{
    static const struct option known[] = { { "workers", required_argument, NULL, 'w' },
                                           { "repeat", required_argument, NULL, 'r' },
                                           { NULL, 0, NULL, 0 } };
    opterr                             = 0;
    optind                             = 1;
    for (int option; (option = getopt_long(argc, argv, "+:", known, NULL)) != -1;) {
        char *end = NULL;
        if (option == ':')
            return complain_usage("scaling", "%s needs a value", argv[optind - 1]);
        if (option == '?')
            return complain_usage("scaling", "there is no option %s", argv[optind - 1]);
        if (option == 'w' && !read_list(optarg, s))
            return complain_usage("scaling", "--workers %s: must be numbers of workers, such as 1,2,4", optarg);
        if (option == 'r' && ((s->repeat = (uint32_t)strtoul(optarg, &end, 10)) < 1 || s->repeat > REPEAT_MAX || *end))
            return complain_usage("scaling", "--repeat %s: must be 1 to %d", optarg, REPEAT_MAX);
    }
    return optind < argc ? EXIT_DONE : complain_usage("scaling", "neither a program nor a file is named");
}

static int run(int argc, char **argv)
{
    scaling *s = calloc(1, sizeof *s);
    if (!s)
        return complain(RAMIFY_ERR_NO_MEMORY, NULL);
    s->repeat       = 3;
    int  result     = read_options(argc, argv, s);
    bool is_program = !result && strcmp(argv[optind - 1], "--") == 0;
    if (!result && !is_program && optind + 1 != argc)
        result = complain_usage("scaling", "one file, or -- and a program");
    if (!result && is_program && !s->count)
        result = double_up(s);
    if (!result)
        result = is_program ? run_all(s, argv + optind) : read_file(s, argv[optind]);
    if (!result)
        result = print(s);
    free(s);
    return result;
}

const command command_scaling = {
    "scaling",
    "[--workers LIST] [--repeat N] -- PROGRAM [ARGUMENTS] | FILE",
    "speed-up, efficiency and the serial part of a program",
    "  -- PROGRAM      run it with RAMIFY_WORKERS set to each number, and take the time of the whole\n"
    "  FILE            or: lines of a number of workers and seconds, - for standard input\n"
    "  --workers LIST  1,2,4 and so on to the number of cores by default\n"
    "  --repeat N      runs on each number, 1 to 64; 3 by default, the table has their median\n"
    "\n"
    "The serial part is fitted by Amdahl's law; with three numbers of workers or more, contention and\n"
    "coherency by Gunther's (ramify_scaling_fit). A short program's start is in its time.",
    run,
};
