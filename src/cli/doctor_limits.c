/* SPDX-License-Identifier: BSD-3-Clause */
/* What the program may use: CPUs, quota, hardware threads; and whether OpenMP, MPI and Ramify ask for more than that.
 */
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cores among the CPUs, and how many of them are shared with hardware threads that are not in the set. */
typedef struct cores {
    uint32_t count, split;
    bool     known;
} cores;

static cores count_cores(const doctor *d, const cpu_set *allowed)
{
    cores found = { 0, 0, false };
    for (uint32_t cpu = 0; cpu < CPUS_MAX; cpu++) {
        char    list[256];
        cpu_set siblings, ours;
        if (!has_cpu(allowed, cpu))
            continue;
        if (!read_fact(d, list, sizeof list, "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", cpu)) {
            found.count++;
            continue;
        }
        found.known = true;
        parse_cpus(list, &siblings);
        common_cpus(&siblings, allowed, &ours);
        uint32_t first = 0;
        while (!has_cpu(&ours, first))
            first++;
        if (cpu != first) /* its core is counted already */
            continue;
        found.count++;
        found.split += count_cpus(&ours) < count_cpus(&siblings);
    }
    return found;
}

static void check_cpuset(doctor *d, const cpu_set *allowed, const cpu_set *online)
{
    char     list[160];
    uint32_t mine = count_cpus(allowed), all = count_cpus(online);
    finding *f = add_finding(d, "cpuset", !mine ? UNKNOWN : mine < all ? NOTE : FINE);
    print_cpus(allowed, list, sizeof list);
    if (!mine)
        say(f->what, sizeof f->what, "which CPUs may be used is not to be seen");
    else if (mine < all) {
        say(f->what, sizeof f->what, "%u of %u CPUs may be used: %s", mine, all, list);
        say(f->why, sizeof f->why,
            "Ramify makes its tree of these alone; programs that count all CPUs start too many threads");
        say(f->todo, sizeof f->todo, "nothing, if the batch system or a container meant it so");
    }
}

/* What a variable asks for against what there is. The first number of OMP_NUM_THREADS is the outermost team. */
static void check_team(doctor *d, const char *variable, const char *id, uint32_t cpus, const cores *c)
{
    const char *value = variable_of(d, variable);
    long        asked = value ? strtol(value, NULL, 10) : 0;
    severity    bad   = asked > (long)cpus ? PROBLEM : c->known && asked > (long)c->count ? NOTE : FINE;
    finding    *f     = add_finding(d, id, cpus ? bad : UNKNOWN);
    if (!cpus)
        say(f->what, sizeof f->what, "which CPUs may be used is not to be seen");
    else if (bad == PROBLEM) {
        say(f->what, sizeof f->what, "%s=%s, but only %u CPU%s may be used", variable, value, cpus,
            cpus == 1 ? "" : "s");
        say(f->why, sizeof f->why,
            "threads take turns on a CPU: whoever waits for one that is not running waits milliseconds");
        say(f->todo, sizeof f->todo, "%s=%u, or more CPUs from the batch system", variable, c->known ? c->count : cpus);
    } else if (bad == NOTE) {
        say(f->what, sizeof f->what, "%s=%s on %u cores: hardware threads share a core", variable, value, c->count);
        say(f->why, sizeof f->why,
            "two threads of a core share its caches and units; numerical code seldom gains from it");
        say(f->todo, sizeof f->todo, "measure with %s=%u, too", variable, c->count);
    }
}

static void check_openmp_binding(doctor *d)
{
    const char *threads = variable_of(d, "OMP_NUM_THREADS"), *bind = variable_of(d, "OMP_PROC_BIND");
    const char *places = variable_of(d, "OMP_PLACES"), *gnu = variable_of(d, "GOMP_CPU_AFFINITY");
    bool        pinned = (bind && strcmp(bind, "false") != 0 && strcmp(bind, "FALSE") != 0) || places || gnu;
    uint32_t    nodes  = count_nodes(d);
    bool        hurts  = threads && !pinned && nodes > 1;
    finding    *f      = add_finding(d, "openmp-binding", hurts ? WARNING : FINE);
    if (!hurts)
        return;
    say(f->what, sizeof f->what,
        "OpenMP is used (OMP_NUM_THREADS=%s) and its threads are not bound; memory has %u nodes", threads, nodes);
    say(f->why, sizeof f->why, "the system moves threads away from the memory that they touched first");
    say(f->todo, sizeof f->todo, "OMP_PROC_BIND=close OMP_PLACES=cores");
}

static void check_sharing(doctor *d, const cores *c)
{
    finding *f = add_finding(d, "shared-cores", !c->known ? UNKNOWN : c->split ? WARNING : FINE);
    if (!c->known)
        say(f->what, sizeof f->what, "which CPUs share a core is not to be seen");
    else if (c->split) {
        say(f->what, sizeof f->what,
            "of %u core%s that may be used, %u only in part: the other hardware threads are not ours", c->count,
            c->count == 1 ? "" : "s", c->split);
        say(f->why, sizeof f->why,
            "whoever has the other thread of a core takes up to half of its speed, unpredictably");
        say(f->todo, sizeof f->todo, "whole cores from the batch system (Slurm: --exclusive, or --hint=nomultithread)");
    }
}

/* The program's group in the hierarchy that has a controller, or in the unified one ("", Linux' cgroups(7)); "" for the
 * root, which is also what a container sees of its own. */
static void group_of(const char *groups, const char *controller, char *group, size_t bytes)
{
    *group = '\0';
    for (const char *line = groups; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *names = line + strcspn(line, ":\n");
        if (*names++ != ':')
            continue;
        for (const char *name = names; name == names || name[-1] == ','; name += strcspn(name, ",:\n") + 1) {
            size_t length = strcspn(name, ",:\n"), all = strcspn(names, ":\n");
            if (length != strlen(controller) || memcmp(name, controller, length) != 0 || names[all] != ':')
                continue;
            snprintf(group, bytes, "%.*s", (int)strcspn(names + all + 1, "\n"), names + all + 1);
            if (strcmp(group, "/") == 0)
                *group = '\0';
            return;
        }
    }
}

/* What one group may use, in CPUs; 0: all. */
static double quota_in(const doctor *d, const char *folder, bool is_unified)
{
    char   max[64];
    double quota = -1.0, period = 100000.0;
    if (is_unified && read_fact(d, max, sizeof max, "%s/cpu.max", folder) &&
        sscanf(max, "%lf %lf", &quota, &period) != 2)
        return 0.0;
    if (!is_unified && read_fact(d, max, sizeof max, "%s/cpu.cfs_quota_us", folder))
        quota = strtod(max, NULL);
    if (!is_unified && read_fact(d, max, sizeof max, "%s/cpu.cfs_period_us", folder))
        period = strtod(max, NULL);
    return quota > 0.0 && period > 0.0 ? quota / period : 0.0;
}

/* The tightest quota on the way from the program's group to the root, in both kinds of hierarchy, in CPUs; 0: none. */
static double quota_of(const doctor *d, char *path, size_t bytes)
{
    char   groups[4096] = "", group[4000], folder[4096], process[16] = "self";
    double least = 0.0;
    if (d->pid)
        snprintf(process, sizeof process, "%u", d->pid);
    read_fact(d, groups, sizeof groups, "/proc/%s/cgroup", process);
    for (int unified = 0; unified < 2; unified++) {
        group_of(groups, unified ? "" : "cpu", group, sizeof group);
        for (char *end = group + strlen(group); end; end = strrchr(group, '/')) {
            *end = '\0';
            snprintf(folder, sizeof folder, "/sys/fs/cgroup%s%s", unified ? "" : "/cpu", group);
            double quota = quota_in(d, folder, unified);
            if (quota > 0.0 && (least == 0.0 || quota < least)) {
                least = quota;
                snprintf(path, bytes, "%s", folder);
            }
        }
    }
    return least;
}

static void check_quota(doctor *d, uint32_t cpus)
{
    char     path[4096] = "", stat[2048], throttled[32] = "0";
    double   quota = quota_of(d, path, sizeof path);
    bool     hurts = quota > 0.0 && quota < cpus;
    finding *f     = add_finding(d, "quota", hurts ? WARNING : FINE);
    if (!hurts)
        return;
    if (read_fact(d, stat, sizeof stat, "%s/cpu.stat", path)) {
        const char *at = strstr(stat, "nr_throttled ");
        if (at)
            snprintf(throttled, sizeof throttled, "%.*s", (int)strcspn(at + 13, "\n"), at + 13);
    }
    f->severity = atoll(throttled) > 0 ? PROBLEM : WARNING;
    say(f->what, sizeof f->what, "the control group may use %.2f CPUs' time of the %u it sees; it was stopped %s times",
        quota, cpus, throttled);
    say(f->why, sizeof f->why,
        "when the quota of 100 ms is used up, all threads stand still until the next: spinning uses it up");
    say(f->todo, sizeof f->todo,
        "as many workers as the quota allows (Ramify does so by itself), or whole CPUs instead of a "
        "quota (Kubernetes: static CPU manager)");
}

/* How many ranks of an MPI program are on this node, 0: no MPI is seen. */
static long local_ranks(const doctor *d, const char **by)
{
    static const char *const variables[] = { "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "PMIX_LOCAL_SIZE",
                                             "SLURM_NTASKS_PER_NODE", "SLURM_TASKS_PER_NODE" };
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = variable_of(d, variables[i]);
        if (value) {
            *by = variables[i];
            return strtol(value, NULL, 10);
        }
    }
    return 0;
}

static void check_ranks(doctor *d, const cpu_set *allowed, const cpu_set *online)
{
    const char *by    = "";
    long        ranks = local_ranks(d, &by);
    uint32_t    mine = count_cpus(allowed), all = count_cpus(online);
    bool        hurts = ranks > 1 && all > 1 && mine == all;
    finding    *f     = add_finding(d, "mpi-binding", hurts ? PROBLEM : FINE);
    if (!hurts)
        return;
    say(f->what, sizeof f->what, "%ld MPI ranks on this node (%s) are not pinned: each may use all %u CPUs", ranks, by,
        all);
    say(f->why, sizeof f->why, "every rank starts a worker for each core, and they bind one on top of the other");
    say(f->todo, sizeof f->todo,
        "Open MPI: mpirun --map-by ppr:%ld:node:PE=%ld --bind-to core; MPICH: -bind-to core:%ld; Slurm: srun "
        "--cpus-per-task=%ld --cpu-bind=cores",
        ranks, all / ranks > 0 ? all / ranks : 1, all / ranks > 0 ? all / ranks : 1, all / ranks > 0 ? all / ranks : 1);
}

void check_limits(doctor *d)
{
    cpu_set allowed, online;
    allowed_cpus(d, &allowed);
    online_cpus(d, &online);
    cores    c    = count_cores(d, &allowed);
    uint32_t cpus = count_cpus(&allowed);
    check_cpuset(d, &allowed, &online);
    check_team(d, "OMP_NUM_THREADS", "openmp-threads", cpus, &c);
    check_team(d, "RAMIFY_WORKERS", "ramify-workers", cpus, &c);
    check_openmp_binding(d);
    check_sharing(d, &c);
    check_quota(d, cpus);
    check_ranks(d, &allowed, &online);
}
