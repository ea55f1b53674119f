/* SPDX-License-Identifier: BSD-3-Clause */
/* Who else wants the CPUs: threads of other programs that are bound to some of them and run, and the load as a whole.
 *
 * Threads of the kernel (they have no memory) and threads that may run anywhere are no conflict: the system moves the
 * latter. A thread that sleeps now but used a tenth of its life is one that comes back. */
#include "doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What one other program has bound to CPUs that the program may use. */
typedef struct rival {
    uint32_t pid, threads;
    char     name[32];
    cpu_set  cpus;
} rival;

/* Enough to say who; the count goes on. */
enum { RIVALS_MAX = 24 };

typedef struct search {
    doctor  *d;
    cpu_set  allowed, online;
    rival    rivals[RIVALS_MAX];
    uint32_t count;
    double   uptime_s;
} search;

/* True when a thread runs, or used a tenth of the time since it began. */
static bool is_busy(const search *s, const char *state, uint32_t pid, uint32_t tid)
{
    char               stat[1024];
    unsigned long long user, system, start;
    double             hz = (double)sysconf(_SC_CLK_TCK);
    if (*state == 'R')
        return true;
    if (!read_fact(s->d, stat, sizeof stat, "/proc/%u/task/%u/stat", pid, tid) || !strrchr(stat, ')'))
        return false;
    if (sscanf(strrchr(stat, ')') + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %llu", &user, &system,
               &start) != 3)
        return false;
    double life_s = s->uptime_s - (double)start / hz;
    return life_s > 0.0 && (double)(user + system) / hz > life_s / 10.0;
}

static void look_at_thread(search *s, rival *r, uint32_t tid)
{
    char    status[8192], list[2048], state[32], memory[32];
    cpu_set cpus, both;
    if (!read_fact(s->d, status, sizeof status, "/proc/%u/task/%u/status", r->pid, tid) ||
        !field_of(status, "VmSize", memory, sizeof memory) ||
        !field_of(status, "Cpus_allowed_list", list, sizeof list) || !field_of(status, "State", state, sizeof state))
        return;
    parse_cpus(list, &cpus);
    common_cpus(&cpus, &s->online, &cpus);
    common_cpus(&cpus, &s->allowed, &both);
    if (count_cpus(&cpus) == count_cpus(&s->online) || count_cpus(&both) == 0 || !is_busy(s, state, r->pid, tid))
        return;
    r->threads++;
    for (size_t i = 0; i < CPUS_MAX / 64; i++)
        r->cpus.words[i] |= both.words[i];
}

static void each_number(const doctor *d, const char *folder, search *s, rival *r,
                        void (*each)(search *, rival *, uint32_t))
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s", d->root, folder);
    DIR *open_folder = opendir(path);
    if (!open_folder)
        return;
    for (struct dirent *entry; (entry = readdir(open_folder));)
        if (isdigit((unsigned char)entry->d_name[0]))
            each(s, r, (uint32_t)strtoul(entry->d_name, NULL, 10));
    closedir(open_folder);
}

static void look_at_process(search *s, rival *unused, uint32_t pid)
{
    rival r = { .pid = pid };
    char  folder[64];
    (void)unused;
    if (pid == (s->d->pid ? s->d->pid : (uint32_t)getpid()))
        return;
    snprintf(folder, sizeof folder, "/proc/%u/task", pid);
    each_number(s->d, folder, s, &r, look_at_thread);
    if (!r.threads)
        return;
    if (!read_fact(s->d, r.name, sizeof r.name, "/proc/%u/comm", pid))
        snprintf(r.name, sizeof r.name, "?");
    if (s->count < RIVALS_MAX)
        s->rivals[s->count] = r;
    s->count++;
}

static void check_rivals(doctor *d)
{
    search s = { .d = d };
    char   uptime[64], list[64];
    allowed_cpus(d, &s.allowed);
    online_cpus(d, &s.online);
    bool known = read_fact(d, uptime, sizeof uptime, "/proc/uptime");
    s.uptime_s = known ? strtod(uptime, NULL) : 0.0;
    each_number(d, "/proc", &s, NULL, look_at_process);
    if (!s.count) {
        finding *f = add_finding(d, "binding-conflict", known ? FINE : UNKNOWN);
        say(f->what, sizeof f->what, "%s", known ? "" : "other processes are not to be seen");
    }
    for (uint32_t i = 0; i < s.count && i < RIVALS_MAX; i++) {
        const rival *r = &s.rivals[i];
        finding     *f = add_finding(d, "binding-conflict", PROBLEM);
        print_cpus(&r->cpus, list, sizeof list);
        say(f->what, sizeof f->what,
            "process %u (%s) has %u busy thread%s bound to CPU%s %s, which this one may use, too", r->pid, r->name,
            r->threads, r->threads == 1 ? "" : "s", count_cpus(&r->cpus) == 1 ? "" : "s", list);
        say(f->why, sizeof f->why,
            "neither can move away: the two take turns, and everybody waits for the slower half");
        say(f->todo, sizeof f->todo,
            "give each its own CPUs: RAMIFY_CPUS=..., taskset -c ..., or RAMIFY_BIND=no for one");
    }
}

static void check_load(doctor *d)
{
    char     text[128];
    cpu_set  online;
    bool     known = read_fact(d, text, sizeof text, "/proc/loadavg");
    double   load  = strtod(text, NULL);
    uint32_t cpus  = (online_cpus(d, &online), count_cpus(&online));
    bool     hurts = known && cpus && load > 1.5 * cpus;
    finding *f     = add_finding(d, "load", !known ? UNKNOWN : hurts ? WARNING : FINE);
    if (!known)
        say(f->what, sizeof f->what, "the load of this machine is not to be seen");
    else if (hurts) {
        say(f->what, sizeof f->what, "%.1f threads wanted to run in the last minute, on %u CPUs", load, cpus);
        say(f->why, sizeof f->why,
            "measurements are of the neighbours, too; bound workers cannot move out of their way");
        say(f->todo, sizeof f->todo, "wait, or look with top who it is");
    }
}

void check_company(doctor *d)
{
    check_rivals(d);
    check_load(d);
}
