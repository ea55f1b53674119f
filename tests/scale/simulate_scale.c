/* SPDX-License-Identifier: BSD-3-Clause */
/* How the scheduler would scale on a machine of 128 cores: the real sources on simulated workers, kernel by kernel.
 *
 *     simulate_scale [--json] [--outside] [--calls N] [--workers 1,2,4] [--lines N] [KERNEL ...]
 *
 * For each kernel and number of workers: the time of the first call, which finds all workers asleep, and of those after
 * it; the speed-up of both over one worker, beside the most there could be, min(P, work / span); how the workers' time
 * is divided; and for the largest number where it went. Times are virtual. With --json one array with an object for
 * each kernel and number of workers. A kernel is meant by the beginning of its name. */
#include "sim_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTS_MAX = 16 };

static struct {
    uint32_t    workers[COUNTS_MAX], worker_counts, calls, lines;
    bool        is_outside, is_json;
    const char *kernels[COUNTS_MAX];
    uint32_t    kernel_count;
} wish = { .workers = { 1, 2, 4, 8, 16, 32, 64, 128 }, .worker_counts = 8, .calls = 4, .lines = 8 };

static void read_workers(char *text)
{
    wish.worker_counts = 0;
    for (char *at = strtok(text, ","); at && wish.worker_counts < COUNTS_MAX; at = strtok(NULL, ","))
        wish.workers[wish.worker_counts++] = (uint32_t)strtoul(at, NULL, 10);
}

static bool read_arguments(int count, char **argument)
{
    for (int i = 1; i < count; i++) {
        const char *what = argument[i];
        bool        more = i + 1 < count;
        if (!strcmp(what, "--outside"))
            wish.is_outside = true;
        else if (!strcmp(what, "--json"))
            wish.is_json = true;
        else if (!strcmp(what, "--calls") && more)
            wish.calls = (uint32_t)strtoul(argument[++i], NULL, 10);
        else if (!strcmp(what, "--lines") && more)
            wish.lines = (uint32_t)strtoul(argument[++i], NULL, 10);
        else if (!strcmp(what, "--workers") && more)
            read_workers(argument[++i]);
        else if (what[0] == '-' || wish.kernel_count == COUNTS_MAX)
            return false;
        else
            wish.kernels[wish.kernel_count++] = what;
    }
    return wish.calls > 0;
}

static bool is_wanted(const sim_kernel *kernel)
{
    bool found = wish.kernel_count == 0;
    for (uint32_t i = 0; i < wish.kernel_count; i++)
        found = found || !strncmp(kernel->name, wish.kernels[i], strlen(wish.kernels[i]));
    return found;
}

static double share(double part, double whole)
{
    return 100.0 * part / whole;
}

static void tell_row(uint32_t workers, const sim_outcome *o, const sim_outcome *one, double bound)
{
    double all = o->total_ns;
    printf("%7u %11.2f %7.2f %11.2f %7.2f %7.2f  %6.1f %6.1f %6.1f %6.1f %8llu %8llu %6llu %6llu %5u\n", workers,
           o->first_ns / 1e3, one->first_ns / o->first_ns, o->mean_ns / 1e3, one->mean_ns / o->mean_ns,
           bound < workers ? bound : workers, share(o->work_ns, all),
           share(all - o->work_ns - o->search_ns - o->asleep_ns, all), share(o->search_ns, all),
           share(o->asleep_ns, all), (unsigned long long)o->counts.steals, (unsigned long long)o->counts.stolen_tasks,
           (unsigned long long)o->counts.parks, (unsigned long long)o->counts.wakes, o->idle_workers);
}

/* Numbers are finite, names plain ASCII. */
static void tell_object(const sim_kernel *kernel, uint32_t workers, const sim_outcome *o, const sim_outcome *one,
                        double bound)
{
    static bool follows;
    printf("%s{\"kernel\": \"%s\", \"meaning\": \"%s\", \"outside\": %s, \"workers\": %u, \"first_ns\": %.1f, "
           "\"later_ns\": %.1f, \"first_speed_up\": %.3f, \"later_speed_up\": %.3f, \"bound\": %.3f, ",
           follows ? ",\n" : "[\n", kernel->name, kernel->meaning, wish.is_outside ? "true" : "false", workers,
           o->first_ns, o->mean_ns, one->first_ns / o->first_ns, one->mean_ns / o->mean_ns,
           bound < workers ? bound : workers);
    printf("\"work\": %.4f, \"search\": %.4f, \"asleep\": %.4f, \"steals\": %llu, \"stolen\": %llu, \"parks\": "
           "%llu, \"wakes\": %llu}",
           o->work_ns / o->total_ns, o->search_ns / o->total_ns, o->asleep_ns / o->total_ns,
           (unsigned long long)o->counts.steals, (unsigned long long)o->counts.stolen_tasks,
           (unsigned long long)o->counts.parks, (unsigned long long)o->counts.wakes);
    follows = true;
}

static void tell_head(const sim_kernel *kernel, double work_ns, double span_ns)
{
    printf("\n%s: %s; work %.1f us, span %.3f us\n", kernel->name, kernel->meaning, work_ns / 1e3, span_ns / 1e3);
    printf("%7s %11s %7s %11s %7s %7s  %6s %6s %6s %6s %8s %8s %6s %6s %5s\n", "workers", "first us", "speed",
           "later us", "speed", "bound", "work%", "over%", "search", "sleep%", "steals", "stolen", "parks", "wakes",
           "idle");
}

/* Speed-ups are over the first number of workers. */
static void show_kernel(const sim_kernel *kernel)
{
    double      work_ns, span_ns;
    sim_outcome one = { 0 }, now;
    kernel->bounds(kernel, &work_ns, &span_ns);
    if (!wish.is_json)
        tell_head(kernel, work_ns, span_ns);
    for (uint32_t i = 0; i < wish.worker_counts; i++) {
        if (!sim_kernel_run(kernel, wish.workers[i], wish.is_outside, wish.calls, 0, &now)) {
            fprintf(stderr, "simulate_scale: %s on %u workers went wrong\n", kernel->name, wish.workers[i]);
            exit(1);
        }
        if (i == 0)
            one = now;
        if (wish.is_json)
            tell_object(kernel, wish.workers[i], &now, &one, work_ns / span_ns);
        else
            tell_row(wish.workers[i], &now, &one, work_ns / span_ns);
    }
    if (wish.lines && !wish.is_json)
        (void)sim_kernel_run(kernel, wish.workers[wish.worker_counts - 1], wish.is_outside, wish.calls, wish.lines,
                             &now);
}

int main(int count, char **argument)
{
    if (!read_arguments(count, argument) || !wish.worker_counts) {
        fprintf(stderr,
                "usage: simulate_scale [--json] [--outside] [--calls N] [--workers 1,2,4] [--lines N] [KERNEL ...]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (uint32_t i = 0; i < sim_fork_kernel_count; i++)
        if (is_wanted(&sim_fork_kernels[i]))
            show_kernel(&sim_fork_kernels[i]);
    for (uint32_t i = 0; i < sim_loop_kernel_count; i++)
        if (is_wanted(&sim_loop_kernels[i]))
            show_kernel(&sim_loop_kernels[i]);
    if (wish.is_json)
        printf("\n]\n");
    return 0;
}
