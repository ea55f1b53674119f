/* SPDX-License-Identifier: BSD-3-Clause */
/* Trying an event before it is believed: a source that accepts an event and then reads zero for ever is caught by a load
 * that must raise it. */
#include "counters.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* 1 MiB is past every private cache's first level and its TLB reach (64 pages of 4 KiB); flushed lines miss all levels. */
enum { LOAD_BYTES = 1 << 20, LINE_BYTES = 64, BRANCHES = 20000 };

void rmf_why_set(rmf_why *why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
}

static void flush_line(const volatile char *line)
{
#if defined(__x86_64__)
    __builtin_ia32_clflush((const void *)(uintptr_t)line);
#elif defined(__aarch64__)
    __asm__ volatile("dc civac, %0" ::"r"(line) : "memory");
#else
    (void)line;
#endif
}

/* Touches fresh pages, then reads their lines from memory in an order that no prefetcher follows (a full-period linear
 * congruence modulo 2^14: Hull and Dobell, SIAM Review 4, 1962). */
static unsigned touch_memory(void)
{
    volatile char *memory = mmap(NULL, LOAD_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned       sum    = 0;
    if (memory == MAP_FAILED)
        return 0;
    for (uint32_t at = 0; at < LOAD_BYTES; at += LINE_BYTES)
        memory[at] = (char)at;
    for (uint32_t at = 0; at < LOAD_BYTES; at += LINE_BYTES)
        flush_line(&memory[at]);
    for (uint32_t i = 0, line = 1; i < LOAD_BYTES / LINE_BYTES; i++) {
        line = (line * 4093 + 4095) % (LOAD_BYTES / LINE_BYTES);
        sum += (unsigned)memory[line * LINE_BYTES];
    }
    munmap((void *)(uintptr_t)memory, LOAD_BYTES);
    return sum;
}

static unsigned branch_at_random(void)
{
    uint64_t random = 1;
    unsigned sum    = 0;
    for (int i = 0; i < BRANCHES; i++) {
        volatile unsigned *way = &sum;
        if (ramify_random(&random) & 1)
            *way += 3;
        else
            *way ^= 5;
    }
    return sum;
}

void rmf_counter_load(void)
{
    volatile unsigned sink = touch_memory();
    sink += branch_at_random();
    (void)sink;
    struct timespec moment = { 0, 1000 }; /* any sleep leaves the processor */
    nanosleep(&moment, NULL);
}

ramify_status rmf_counter_try(const rmf_counter_source *source, const rmf_event *event, rmf_code *code, uint64_t *value,
                              rmf_why *why)
{
    void         *counting;
    rmf_reading   reading = { 0 };
    ramify_status status  = source->resolve(event, code, why);
    if (!status)
        status = source->attach(code, 1, gettid(), false, &counting, why);
    if (status)
        return status;
    rmf_counter_load();
    status = source->read(counting, &reading, why);
    source->detach(counting);
    if (!status && reading.lost) {
        rmf_why_set(why, "somebody else holds the processor's counters");
        return RAMIFY_ERR_NOT_NOW;
    }
    if (!status && event->must_count && reading.value == 0) {
        rmf_why_set(why, "accepted, but reads zero under a load that must raise it");
        return RAMIFY_ERR_NOT_FOUND;
    }
    *value = reading.value;
    return status;
}

const rmf_counter_source *rmf_counter_source_at(uint32_t i)
{
    static const rmf_counter_source *const sources[] = { &rmf_counters_papi, &rmf_counters_perf, &rmf_counters_none };
    return i < sizeof sources / sizeof sources[0] ? sources[i] : NULL;
}

const rmf_counter_source *rmf_counter_choose(const rmf_event *event, rmf_code *code, uint64_t *value, rmf_why *why)
{
    size_t used  = 0;
    why->text[0] = '\0';
    for (uint32_t i = 0; rmf_counter_source_at(i) != &rmf_counters_none; i++) {
        const rmf_counter_source *source = rmf_counter_source_at(i);
        rmf_why                   wrong  = { "out of memory" };
        if (rmf_counter_try(source, event, code, value, &wrong) == RAMIFY_OK)
            return source;
        if (used < sizeof why->text)
            used += (size_t)snprintf(why->text + used, sizeof why->text - used, "%s%s: %s", used ? "; " : "",
                                     ramify_source_name((int)source->id), wrong.text);
    }
    return &rmf_counters_none;
}

ramify_status ramify_event_try(const char *name, ramify_metric *metric)
{
    static _Thread_local rmf_why why;
    if (!name || !metric)
        return RAMIFY_ERR_INVALID;
    const rmf_event *event = rmf_event_named(name, (uint32_t)strlen(name));
    if (!event)
        return RAMIFY_ERR_NOT_FOUND;
    rmf_code                  code;
    uint64_t                  value  = 0;
    const rmf_counter_source *source = rmf_counter_choose(event, &code, &value, &why);
    *metric = (ramify_metric){ .name    = event->name,
                               .unit    = event->unit,
                               .meaning = event->meaning,
                               .reason  = why.text[0] ? why.text : NULL,
                               .value   = source->id ? (double)value : NAN,
                               .kind    = RAMIFY_METRIC_COUNTER,
                               .source  = source->id };
    return RAMIFY_OK;
}
