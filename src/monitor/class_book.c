/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a worker's counters around a task, and adding them to its class. */
#include "class_book.h"

#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

rmf_class_book *rmf_class_book_make(uint32_t workers, rmf_counter_set *counters)
{
    size_t          bytes = sizeof(rmf_class_book) + (size_t)RMF_CLASSES_MAX * workers * sizeof(rmf_class_cell);
    rmf_class_book *book  = aligned_alloc(RMF_LINE_BYTES, bytes);
    if (!book)
        return NULL;
    memset(book, 0, bytes);
    book->workers  = workers;
    book->counters = counters;
    book->names    = rmf_trace_names_make();
    return book;
}

void rmf_class_book_drop(rmf_class_book *book)
{
    if (book)
        rmf_trace_names_drop(book->names);
    free(book);
}

void rmf_class_begin(rmf_class_book *book, uint32_t worker, rmf_class_probe *probe)
{
    uint64_t before[RMF_COUNTERS_MAX];
    uint32_t known, partial;
    probe->book   = book;
    probe->worker = worker;
    probe->ticks  = 0;
    rmf_counter_set_read(book->counters, worker, before, &known, &partial);
    rmf_counter_set_read(book->counters, worker, probe->since, &probe->known, &partial);
    probe->known &= known;
    for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++) {
        probe->sum[i]     = 0;
        probe->reading[i] = probe->known >> i & 1 ? probe->since[i] - before[i] : 0;
    }
    probe->since_ticks = rmf_clock_ticks();
}

void rmf_class_pause(rmf_class_probe *probe)
{
    uint64_t now[RMF_COUNTERS_MAX];
    uint32_t known, partial;
    probe->ticks += rmf_clock_ticks() - probe->since_ticks;
    rmf_counter_set_read(probe->book->counters, probe->worker, now, &known, &partial);
    probe->known &= known;
    for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
        if (probe->known >> i & 1 && now[i] > probe->since[i] + probe->reading[i])
            probe->sum[i] += now[i] - probe->since[i] - probe->reading[i];
}

void rmf_class_resume(rmf_class_probe *probe)
{
    uint32_t known, partial;
    rmf_counter_set_read(probe->book->counters, probe->worker, probe->since, &known, &partial);
    probe->known &= known;
    probe->since_ticks = rmf_clock_ticks();
}

static uint32_t class_of(rmf_class_book *book, uint64_t function)
{
    for (uint32_t i = 0; i < RMF_CLASS_OTHERS; i++) {
        uint64_t there = rmf_load_relaxed(&book->function[i]);
        if (there == function)
            return i;
        /* order: relaxed; the address alone is what is entered, the cells behind it are counters */
        if (!there && (rmf_cas_relaxed(&book->function[i], &there, function) || there == function))
            return i;
    }
    return RMF_CLASS_OTHERS;
}

void rmf_class_end(rmf_class_probe *probe, uint64_t function)
{
    rmf_class_pause(probe);
    rmf_class_book *book = probe->book;
    rmf_class_cell *cell = &book->cell[(size_t)class_of(book, function) * book->workers + probe->worker];
    rmf_count(&cell->samples, 1);
    rmf_count(&cell->ticks, probe->ticks);
    for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
        if (probe->known >> i & 1)
            rmf_count(&cell->counters[i], probe->sum[i]);
}

bool rmf_class_name(rmf_class_book *book, uint32_t at, char *name, uint32_t bytes)
{
    uint64_t function = at < RMF_CLASS_OTHERS ? rmf_load_relaxed(&book->function[at]) : 0;
    if (at == RMF_CLASS_OTHERS)
        snprintf(name, bytes, "other functions");
    else if (function)
        snprintf(name, bytes, "%.*s()", (int)bytes - 3, rmf_trace_name_of(book->names, function));
    return function || at == RMF_CLASS_OTHERS;
}
