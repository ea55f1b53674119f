/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that leaves traces, for check_trace.py: nested tasks, stolen tasks and forks, and sleeps.
 *
 *     trace_demo run          works once; the trace comes from the environment
 *     trace_demo loop         works until its standard input ends
 *     trace_demo plans        changes the policy from outside and in a task, 70 times more, and counts the changes
 *     trace_demo api PATH     records by the API with the smallest rings, writes PATH while it records
 *     trace_demo cost         prints what an event costs: tasks with a trace against tasks without, one worker
 * What the library logs goes to standard error. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <ramify/ramify.h>

static ramify_runtime     *rt;
static ramify_code_region *in_leaf, *in_main;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool has_stolen(bool forks)
{
    ramify_counts counts = { 0 };
    if (ramify_runtime_counts(rt, RAMIFY_NONE, &counts))
        return true;
    return forks ? counts.forks_stolen > 0 : counts.steals > 0;
}

/* Gives the other worker up to ten seconds to steal something. */
static void demo_leaf(void *unused)
{
    (void)unused;
    ramify_region_begin(in_leaf);
    for (double start = now_s(); !has_stolen(false) && now_s() - start < 10;)
        usleep(100);
    ramify_region_end(in_leaf);
}

static void demo_parent(void *unused)
{
    ramify_group *group;
    (void)unused;
    if (ramify_group_create(rt, &(ramify_group_options){ .parent = NULL }, &group))
        return;
    for (int i = 0; i < 16; i++)
        (void)ramify_submit(group, demo_leaf, NULL, NULL);
    ramify_wait(group);
    ramify_group_free(group);
}

static void demo_fork(ramify_context context, ramify_fork *fork)
{
    (void)context, (void)fork;
}

/* Forks until one of them is stolen. */
static void demo_root(ramify_context c, ramify_fork *unused)
{
    (void)unused;
    for (double start = now_s(); !has_stolen(true) && now_s() - start < 10;) {
        ramify_fork forks[4] = { 0 };
        for (int i = 0; i < 4; i++)
            c = ramify_fork_push(c, &forks[i], demo_fork);
        usleep(100);
        for (int i = 4; i-- > 0;)
            (void)ramify_fork_join(&c, &forks[i]);
    }
}

static int work(void)
{
    ramify_group *group;
    ramify_fork   root = { 0 };
    if (ramify_group_create(rt, NULL, &group) || ramify_region_begin(in_main))
        return 1;
    for (int i = 0; i < 4; i++) /* one after the other: somebody is idle and can steal */
        if (ramify_submit(group, demo_parent, NULL, NULL) || ramify_wait(group))
            return 1;
    int failed = ramify_fork_call(rt, &root, demo_root) != RAMIFY_OK;
    usleep(20000); /* the workers go to sleep */
    failed |= ramify_region_end(in_main) != RAMIFY_OK;
    return failed || ramify_group_free(group);
}

static int by_api(const char *path)
{
    ramify_trace_counts  counts;
    ramify_diagnosis     why      = { 0 };
    ramify_trace_options smallest = { .events_per_worker = 256 };
    if (ramify_trace_start(rt, &smallest, &why) || ramify_trace_start(rt, NULL, &why) != RAMIFY_ERR_BUSY)
        return 1;
    for (int i = 0; i < 20; i++)
        if (work())
            return 1;
    if (ramify_trace_write(rt, path, RAMIFY_TRACE_BY_NAME, &why)) {
        fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    if (ramify_trace_count(rt, &counts) || !counts.recording || ramify_trace_stop(rt))
        return 1;
    printf("%llu events, %llu lost\n", (unsigned long long)counts.events, (unsigned long long)counts.lost);
    return ramify_trace_stop(rt) != RAMIFY_ERR_NOT_NOW;
}

static void demo_change(void *policy)
{
    (void)!ramify_policy_set(rt, policy, NULL, NULL);
}

/* Says what the metrics count. */
static int plans(void)
{
    ramify_group    *group;
    ramify_snapshot *snapshot;
    ramify_metric    changes = { 0 };
    if (ramify_group_create(rt, NULL, &group) || ramify_policy_set(rt, "round-robin", NULL, NULL) ||
        ramify_submit(group, demo_change, "weighted(3, 1)", NULL) || ramify_wait(group))
        return 1;
    for (int i = 0; i < 70; i++)
        if (ramify_policy_set(rt, i % 2 ? "random" : "affinity(64)", NULL, NULL))
            return 1;
    if (ramify_snapshot_take(rt, &snapshot))
        return 1;
    int failed = ramify_snapshot_find(snapshot, "plan_changes", RAMIFY_SCOPE_RUNTIME, 0, &changes, NULL) != RAMIFY_OK;
    ramify_snapshot_free(snapshot);
    printf("%.0f changes\n", changes.value);
    return failed;
}

static void nothing(void *unused)
{
    (void)unused;
}

/* A million empty tasks, submitted by a task: nanoseconds for each. */
static void empty_tasks(void *ns)
{
    ramify_group *group;
    double        start = now_s();
    if (ramify_group_create(rt, NULL, &group))
        return;
    for (int round = 0; round < 1000; round++) {
        for (int i = 0; i < 1000; i++)
            (void)ramify_submit(group, nothing, NULL, NULL);
        ramify_wait(group);
    }
    ramify_group_free(group);
    *(double *)ns = (now_s() - start) * 1e3; /* of 10^6 tasks */
}

static int once(double *ns)
{
    ramify_group *group;
    if (ramify_group_create(rt, NULL, &group) || ramify_submit(group, empty_tasks, ns, NULL) || ramify_wait(group))
        return 1;
    return ramify_group_free(group) != RAMIFY_OK;
}

static int cost(void)
{
    double off, on, least_off = 1e9, least_on = 1e9;
    for (int i = 0; i < 5; i++) {
        if (once(&off) || ramify_trace_start(rt, NULL, NULL) || once(&on) || ramify_trace_stop(rt))
            return 1;
        least_off = off < least_off ? off : least_off;
        least_on  = on < least_on ? on : least_on;
    }
    printf("a task: %.1f ns, with its two events %.1f ns: %.1f ns an event (least of 5)\n", least_off, least_on,
           (least_on - least_off) / 2);
    return 0;
}

static bool input_ended(void)
{
    char          byte;
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
    return poll(&in, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static void print_log(void *unused, ramify_log_level level, const char *line)
{
    (void)unused;
    fprintf(stderr, "log %d: %s\n", (int)level, line);
}

int main(int argc, char **argv)
{
    uint32_t workers = argc > 1 && strcmp(argv[1], "cost") == 0 ? 1 : 2;
    if (argc < 2 || ramify_start(&(ramify_options){ .workers = workers, .no_bind = true, .log = print_log }, &rt))
        return 2;
    int failed = 2;
    if (ramify_region_define(rt, "demo leaf", &in_leaf) || ramify_region_define(rt, "demo work", &in_main))
        return 2;
    if (strcmp(argv[1], "run") == 0)
        failed = work();
    else if (strcmp(argv[1], "plans") == 0)
        failed = plans();
    else if (strcmp(argv[1], "loop") == 0) {
        failed = 0;
        while (!failed && !input_ended())
            failed = work();
    } else if (strcmp(argv[1], "cost") == 0)
        failed = cost();
    else if (strcmp(argv[1], "api") == 0 && argc == 3)
        failed = by_api(argv[2]);
    return ramify_stop(rt) ? 1 : failed;
}
