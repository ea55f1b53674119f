/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading files, variables and CPU lists; a fact that is not there is an ordinary answer. */
#include "doctor.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_path(const doctor *d, char *text, size_t bytes, const char *format, va_list arguments)
{
    char   path[4096];
    size_t used = (size_t)snprintf(path, sizeof path, "%s", d->root), got = 0;
    *text = '\0';
    if (used >= sizeof path)
        return false;
    vsnprintf(path + used, sizeof path - used, format, arguments);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return false;
    ssize_t n;
    while (got + 1 < bytes && (n = read(file, text + got, bytes - 1 - got)) > 0)
        got += (size_t)n;
    close(file);
    while (got && isspace((unsigned char)text[got - 1]))
        got--;
    text[got] = '\0';
    return got > 0;
}

bool read_fact(const doctor *d, char *text, size_t bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool there = read_path(d, text, bytes, format, arguments);
    va_end(arguments);
    return there;
}

long long number_fact(const doctor *d, long long otherwise, const char *format, ...)
{
    char    text[64], *end;
    va_list arguments;
    va_start(arguments, format);
    bool there = read_path(d, text, sizeof text, format, arguments);
    va_end(arguments);
    errno            = 0;
    long long number = strtoll(text, &end, 10);
    return there && end != text && !errno ? number : otherwise;
}

const char *variable_of(const doctor *d, const char *name)
{
    const char *value  = NULL;
    size_t      length = strlen(name);
    if (!d->environment)
        value = getenv(name);
    else
        for (size_t at = 0; at < d->environment_bytes; at += strlen(d->environment + at) + 1)
            if (strncmp(d->environment + at, name, length) == 0 && d->environment[at + length] == '=')
                value = d->environment + at + length + 1;
    return value && *value ? value : NULL;
}

bool field_of(const char *text, const char *key, char *value, size_t bytes)
{
    size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, key, length) == 0 && line[length] == ':') {
            const char *from = line + length + 1 + strspn(line + length + 1, " \t");
            snprintf(value, bytes, "%.*s", (int)strcspn(from, "\n"), from);
            return true;
        }
    return false;
}

void parse_cpus(const char *list, cpu_set *set)
{
    memset(set, 0, sizeof *set);
    for (const char *at = list; isdigit((unsigned char)*at);) {
        char         *end;
        unsigned long first = strtoul(at, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        for (unsigned long cpu = first; cpu <= last && cpu < CPUS_MAX; cpu++)
            set->words[cpu / 64] |= 1ull << cpu % 64;
        at = *end == ',' ? end + 1 : end;
    }
}

uint32_t count_cpus(const cpu_set *set)
{
    uint32_t count = 0;
    for (size_t i = 0; i < CPUS_MAX / 64; i++)
        count += (uint32_t)__builtin_popcountll(set->words[i]);
    return count;
}

bool has_cpu(const cpu_set *set, uint32_t cpu)
{
    return set->words[cpu / 64] >> cpu % 64 & 1;
}

void common_cpus(const cpu_set *a, const cpu_set *b, cpu_set *both)
{
    for (size_t i = 0; i < CPUS_MAX / 64; i++)
        both->words[i] = a->words[i] & b->words[i];
}

void print_cpus(const cpu_set *set, char *text, size_t bytes)
{
    size_t used = 0;
    *text       = '\0';
    for (uint32_t cpu = 0; cpu < CPUS_MAX && used + 24 < bytes; cpu++) {
        uint32_t last = cpu;
        if (!has_cpu(set, cpu))
            continue;
        while (last + 1 < CPUS_MAX && has_cpu(set, last + 1))
            last++;
        used +=
            (size_t)snprintf(text + used, bytes - used, last > cpu ? "%s%u-%u" : "%s%u", used ? "," : "", cpu, last);
        cpu = last;
    }
}

void online_cpus(const doctor *d, cpu_set *set)
{
    char list[1024];
    if (!read_fact(d, list, sizeof list, "/sys/devices/system/cpu/online"))
        read_fact(d, list, sizeof list, "/sys/devices/system/cpu/present");
    parse_cpus(list, set);
}

void allowed_cpus(const doctor *d, cpu_set *set)
{
    char status[8192], list[4096], process[16] = "self";
    if (d->pid)
        snprintf(process, sizeof process, "%u", d->pid);
    if (read_fact(d, status, sizeof status, "/proc/%s/status", process) &&
        field_of(status, "Cpus_allowed_list", list, sizeof list))
        parse_cpus(list, set);
    else
        online_cpus(d, set);
}

uint32_t count_nodes(const doctor *d)
{
    char    list[256];
    cpu_set nodes;
    if (!read_fact(d, list, sizeof list, "/sys/devices/system/node/has_memory") &&
        !read_fact(d, list, sizeof list, "/sys/devices/system/node/online"))
        return 1;
    parse_cpus(list, &nodes);
    uint32_t count = count_cpus(&nodes);
    return count ? count : 1;
}

finding *add_finding(doctor *d, const char *id, severity how_bad)
{
    finding *f = &d->findings[d->count < FINDINGS_MAX ? d->count++ : FINDINGS_MAX - 1];
    *f         = (finding){ .id = id, .severity = how_bad };
    return f;
}

void say(char *text, size_t bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, bytes, format, arguments);
    va_end(arguments);
}
