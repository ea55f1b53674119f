/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine itself does to programs: page migration, frequencies, counters, huge pages, the clock, the
 * hypervisor. */
#include "commands.h"
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_numa_balancing(doctor *d)
{
    long long on    = number_fact(d, -1, "/proc/sys/kernel/numa_balancing");
    uint32_t  nodes = count_nodes(d);
    bool      hurts = on > 0 && nodes > 1;
    finding  *f     = add_finding(d, "numa-balancing", on < 0 && nodes > 1 ? UNKNOWN : hurts ? WARNING : FINE);
    if (on < 0)
        say(f->what, sizeof f->what, "this kernel does not say whether it balances NUMA memory");
    else if (hurts) {
        say(f->what, sizeof f->what, "automatic NUMA balancing is on, and memory has %u nodes", nodes);
        say(f->why, sizeof f->why,
            "the kernel takes pages away to see who touches them, and moves those that were placed on purpose");
        say(f->todo, sizeof f->todo, "sysctl kernel.numa_balancing=0 (root), or start programs with numactl --membind");
    }
}

/* Governors that leave the choice of the frequency to the processor itself. */
static bool chooses_itself(const char *governor, const char *driver)
{
    return strcmp(governor, "performance") == 0 || strcmp(driver, "intel_pstate") == 0 ||
           strcmp(driver, "amd-pstate-epp") == 0;
}

static void check_governor(doctor *d)
{
    cpu_set  allowed;
    char     governor[64], driver[64], slow[64] = "";
    uint32_t slow_cpus = 0, known = 0;
    allowed_cpus(d, &allowed);
    for (uint32_t cpu = 0; cpu < CPUS_MAX; cpu++) {
        if (!has_cpu(&allowed, cpu) ||
            !read_fact(d, governor, sizeof governor, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", cpu))
            continue;
        read_fact(d, driver, sizeof driver, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_driver", cpu);
        known++;
        if (!chooses_itself(governor, driver)) {
            memcpy(slow, governor, sizeof slow);
            slow_cpus++;
        }
    }
    finding *f = add_finding(d, "frequency-governor", !known ? UNKNOWN : slow_cpus ? WARNING : FINE);
    if (!known)
        say(f->what, sizeof f->what, "frequencies are not ours to see here (no cpufreq, as in most virtual machines)");
    else if (slow_cpus) {
        say(f->what, sizeof f->what, "the frequency governor of %u of %u CPUs is \"%s\"", slow_cpus, known, slow);
        say(f->why, sizeof f->why, "a core that was idle starts slow: short tasks and first measurements suffer");
        say(f->todo, sizeof f->todo, "cpupower frequency-set -g performance (root)");
    }
}

/* Who counts here, and why nobody better; false: nobody counts cycles. */
static bool say_counted(finding *f, const ramify_metric *cycles)
{
    if (cycles->source == RAMIFY_SOURCE_UNKNOWN)
        return false;
    say(f->what, sizeof f->what, "hardware counters: %s%s%s", ramify_source_name((int)cycles->source),
        cycles->reason ? ", not " : "", cycles->reason ? cycles->reason : "");
    return true;
}

/* What is counted where the processor's events are not. */
static void say_rest(finding *f, bool tried)
{
    ramify_metric switches;
    bool          counted = tried && ramify_event_try("context_switches", &switches) == RAMIFY_OK && switches.source;
    say(f->why, sizeof f->why, "cache misses and cycles per task stay unknown; times, queues%s%s are measured anyway",
        counted ? ", faults and context switches by " : "", counted ? ramify_source_name((int)switches.source) : "");
}

/* The kernel's permission, by number: Documentation/admin-guide/sysctl/kernel.rst. From 2 on only the program's own
 * code is counted; from 3 on (Debian, Android) nothing. A trial knows better, where it may be made. */
static void check_counters(doctor *d)
{
    long long     level = number_fact(d, -100, "/proc/sys/kernel/perf_event_paranoid");
    ramify_metric cycles;
    bool          tried = !*d->root && ramify_event_try("cycles", &cycles) == RAMIFY_OK;
    finding      *f     = add_finding(d, "counters", FINE);
    if (tried && say_counted(f, &cycles))
        return;
    if (level == -100) {
        f->severity = UNKNOWN;
        say(f->what, sizeof f->what, "this kernel has no perf events: no hardware counters");
    } else if (level > 2) {
        f->severity = WARNING;
        say(f->what, sizeof f->what, "hardware counters are forbidden: kernel.perf_event_paranoid is %lld", level);
        say_rest(f, tried);
        say(f->todo, sizeof f->todo,
            "sysctl kernel.perf_event_paranoid=2 (root) lets programs count themselves; setcap cap_perfmon+ep PROGRAM "
            "one");
    } else if (tried) {
        f->severity = NOTE;
        say(f->what, sizeof f->what, "no hardware counters, though kernel.perf_event_paranoid is %lld: %s", level,
            cycles.reason ? cycles.reason : "no reason is known");
        say_rest(f, tried);
        say(f->todo, sizeof f->todo, "on a virtual machine, the host must offer a virtual PMU; else measure elsewhere");
    }
}

static void check_huge_pages(doctor *d)
{
    char     enabled[128], meminfo[8192], text[32];
    bool     known = read_fact(d, enabled, sizeof enabled, "/sys/kernel/mm/transparent_hugepage/enabled");
    bool     never = strstr(enabled, "[never]") != NULL;
    finding *f     = add_finding(d, "huge-pages", !known ? UNKNOWN : never ? WARNING : FINE);
    if (!known)
        say(f->what, sizeof f->what, "this kernel has no transparent huge pages");
    else if (never) {
        say(f->what, sizeof f->what, "transparent huge pages are off (enabled: %s)", enabled);
        say(f->why, sizeof f->why,
            "each 4 KiB of a large array needs a translation: irregular access waits for page walks");
        say(f->todo, sizeof f->todo, "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled (root)");
    }
    if (!read_fact(d, meminfo, sizeof meminfo, "/proc/meminfo"))
        return;
    long long free_pages = field_of(meminfo, "HugePages_Free", text, sizeof text) ? atoll(text) : 0;
    long long page_kib   = field_of(meminfo, "Hugepagesize", text, sizeof text) ? atoll(text) : 0;
    long long total_kib  = field_of(meminfo, "MemTotal", text, sizeof text) ? atoll(text) : 0;
    if (free_pages > 0 && total_kib > 0 && free_pages * page_kib > total_kib / 10) {
        f = add_finding(d, "reserved-huge-pages", WARNING);
        say(f->what, sizeof f->what, "%lld huge pages are reserved and unused, %lld MiB of %lld MiB", free_pages,
            free_pages * page_kib / 1024, total_kib / 1024);
        say(f->why, sizeof f->why, "this memory serves only programs that ask for it by mmap(MAP_HUGETLB)");
        say(f->todo, sizeof f->todo, "sysctl vm.nr_hugepages=0 (root), unless such a program is to start");
    }
}

static void check_clock(doctor *d)
{
    char source[64];
    bool known =
        read_fact(d, source, sizeof source, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    bool     slow = strcmp(source, "hpet") == 0 || strcmp(source, "acpi_pm") == 0 || strcmp(source, "jiffies") == 0;
    finding *f    = add_finding(d, "clock", !known ? UNKNOWN : slow ? WARNING : FINE);
    if (!known)
        say(f->what, sizeof f->what, "the clock source of the kernel is not to be seen");
    else if (slow) {
        say(f->what, sizeof f->what, "the clock source is %s", source);
        say(f->why, sizeof f->why,
            "asking for the time is a system call of a microsecond; the tick counter was found unsteady");
        say(f->todo, sizeof f->todo,
            "look for \"clocksource\" and \"tsc\" in dmesg; the firmware's settings are often why");
    }
}

/* Time that a hypervisor gave to others, of all time since the start. */
static void check_stolen_time(doctor *d)
{
    char               stat[4096];
    unsigned long long t[8]  = { 0 };
    bool               known = read_fact(d, stat, sizeof stat, "/proc/stat") &&
                 sscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3], &t[4], &t[5],
                        &t[6], &t[7]) == 8;
    unsigned long long busy  = t[0] + t[1] + t[2] + t[7];
    double             share = busy ? 100.0 * (double)t[7] / (double)busy : 0.0;
    finding           *f     = add_finding(d, "stolen-time", !known ? UNKNOWN : share >= 1.0 ? WARNING : FINE);
    if (!known)
        say(f->what, sizeof f->what, "the kernel does not tell how CPU time was spent");
    else if (share >= 1.0) {
        say(f->what, sizeof f->what, "the hypervisor gave %.1f %% of the time this machine wanted to others", share);
        say(f->why, sizeof f->why, "a worker stands still without knowing it, and whoever waits for it does too");
        say(f->todo, sizeof f->todo, "dedicated CPUs for this virtual machine, or fewer workers than CPUs");
    }
}

void check_machine(doctor *d)
{
    check_numa_balancing(d);
    check_governor(d);
    check_counters(d);
    check_huge_pages(d);
    check_clock(d);
    check_stolen_time(d);
}
