/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting by perf_event_open: the events of a thread are groups, and a group is read at once, with the times it was
 * wanted and had counters. One group holds all events where that many fit together; what does not fit begins another,
 * and where events may share counters each is a group of its own, so that each gets its turn.
 *
 * The processor's own instruction for reading counters is not used: it reads those of the calling thread alone, and a
 * snapshot reads everybody's; a group costs one system call however many events it has.
 *
 * Kernel and user mode are counted where that is allowed; a system that allows user mode only (perf_event_paranoid 2
 * without the right CAP_PERFMON) gets that, which for context switches means zero: the trial finds out. */
#include "counters.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct counting {
    uint32_t count;
    bool     multiplex;
    int      file[RMF_COUNTERS_MAX];
    uint32_t leader[RMF_COUNTERS_MAX]; /* the first event of the group of each; groups lie one after the other */
} counting;

/* The level in the system's file; -100 when it cannot be read (no perf in this kernel). */
static int paranoid_level(void)
{
    char text[16] = { 0 };
    int  file     = open("/proc/sys/kernel/perf_event_paranoid", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -100;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    return got > 0 ? atoi(text) : -100;
}

static ramify_status explain(int error, rmf_why *why)
{
    switch (error) {
    case EACCES:
    case EPERM:
        rmf_why_set(why, "perf_event_paranoid is %d; -1 to 1, or the right CAP_PERFMON, allows it", paranoid_level());
        return RAMIFY_ERR_NOT_ALLOWED;
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
        rmf_why_set(why, "perf knows no such event on this processor (no PMU, or a virtual machine without one)");
        return RAMIFY_ERR_NOT_FOUND;
    case ENOSYS:
        rmf_why_set(why, "this kernel has no perf_event_open, or a seccomp filter hides it");
        return RAMIFY_ERR_NOT_FOUND;
    case EMFILE:
    case ENFILE: rmf_why_set(why, "no file descriptor is free: raise ulimit -n"); return RAMIFY_ERR_NOT_NOW;
    default: rmf_why_set(why, "perf_event_open: %s", strerror(error)); return RAMIFY_ERR_SYSTEM;
    }
}

static int open_as(rmf_code code, int32_t tid, int leader, bool user_only)
{
    struct perf_event_attr event;
    memset(&event, 0, sizeof event);
    event.size           = sizeof event;
    event.type           = code.type;
    event.config         = code.config;
    event.exclude_kernel = user_only;
    event.exclude_hv     = user_only;
    event.read_format    = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    return (int)syscall(SYS_perf_event_open, &event, tid, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

static int open_event(rmf_code code, int32_t tid, int leader)
{
    int file = open_as(code, tid, leader, false);
    if (file < 0 && (errno == EACCES || errno == EPERM))
        file = open_as(code, tid, leader, true);
    return file;
}

/* Opens the next event: in the group of the one before, or as the first of another. */
static int open_next(counting *c, rmf_code code, int32_t tid)
{
    uint32_t i = c->count;
    if (i > 0 && !c->multiplex) {
        c->leader[i] = c->leader[i - 1];
        c->file[i]   = open_event(code, tid, c->file[c->leader[i]]);
        if (c->file[i] >= 0 || errno == EMFILE || errno == ENFILE)
            return c->file[i];
    }
    c->leader[i] = i;
    c->file[i]   = open_event(code, tid, -1);
    return c->file[i];
}

static ramify_status resolve(const rmf_event *event, rmf_code *code, rmf_why *why)
{
    if (event->perf_type == RMF_PERF_NONE) {
        rmf_why_set(why, "perf has no portable name for it");
        return RAMIFY_ERR_NOT_FOUND;
    }
    *code = (rmf_code){ event->perf_type, event->perf_config };
    return RAMIFY_OK;
}

static void detach(void *counting_)
{
    counting *c = counting_;
    for (uint32_t i = 0; i < c->count; i++)
        close(c->file[i]);
    free(c);
}

static ramify_status attach(const rmf_code *codes, uint32_t count, int32_t tid, bool multiplex, void **result,
                            rmf_why *why)
{
    counting *c = calloc(1, sizeof *c);
    if (!c)
        return RAMIFY_ERR_NO_MEMORY;
    c->multiplex = multiplex;
    for (; c->count < count; c->count++) {
        if (open_next(c, codes[c->count], tid) < 0) {
            ramify_status status = explain(errno, why);
            detach(c);
            return status;
        }
    }
    *result = c;
    return RAMIFY_OK;
}

/* Reads the group that begins with an event; returns the event after its last one, 0 when it could not be read. */
static uint32_t read_group(const counting *c, uint32_t first, rmf_reading *readings)
{
    struct {
        uint64_t count, wanted_ns, counted_ns, value[RMF_COUNTERS_MAX];
    } now;
    uint32_t end = first + 1;
    while (end < c->count && c->leader[end] == first)
        end++;
    ssize_t bytes = (ssize_t)((3 + end - first) * sizeof(uint64_t));
    if (read(c->file[first], &now, sizeof now) != bytes)
        return 0;
    bool partial = now.counted_ns < now.wanted_ns;
    for (uint32_t i = first; i < end; i++) {
        uint64_t value = now.value[i - first];
        if (partial && now.counted_ns)
            value = (uint64_t)((double)value * (double)now.wanted_ns / (double)now.counted_ns);
        readings[i] = (rmf_reading){ value, partial, partial && !c->multiplex };
    }
    return end;
}

static ramify_status read_all(void *counting_, rmf_reading *readings, rmf_why *why)
{
    counting *c = counting_;
    for (uint32_t i = 0; i < c->count;) {
        i = read_group(c, i, readings);
        if (!i) {
            rmf_why_set(why, "perf: read: %s", strerror(errno));
            return RAMIFY_ERR_SYSTEM;
        }
    }
    return RAMIFY_OK;
}

const rmf_counter_source rmf_counters_perf = { RAMIFY_SOURCE_PERF, resolve, attach, read_all, detach };
