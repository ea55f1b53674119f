/* SPDX-License-Identifier: BSD-3-Clause */
/* The record of a submitted task, as queues carry it: by value through rings, by pointer through deques.
 *
 * Queues never look inside; they only move records. */
#ifndef RMF_QUEUE_TASK_H
#define RMF_QUEUE_TASK_H

#include <stdint.h>

typedef struct rmf_task {
    void (*fn)(void *argument);
    void            *argument;
    void            *group;       /* its group; the queue room does not know what that is */
    uint64_t         stamp_ticks; /* when it was submitted; 0: not sampled */
    uint32_t         home;        /* domain the policy chose */
    float            weight;      /* relative cost, 1 is usual */
    struct rmf_task *next;        /* link while the record is free */
} rmf_task;

/* Copies a task that was just filled in, by loads no wider than the stores that did it: a wider one, as a plain
 * assignment makes, gets nothing from the store buffer and waits until that is empty, behind stores to lines that
 * another core has. volatile keeps the compiler from joining them. */
static inline void rmf_task_copy(rmf_task *to, const rmf_task *from)
{
    const volatile rmf_task *filled = from;
    to->fn                          = filled->fn;
    to->argument                    = filled->argument;
    to->group                       = filled->group;
    to->stamp_ticks                 = filled->stamp_ticks;
    to->home                        = filled->home;
    to->weight                      = filled->weight;
}

_Static_assert(sizeof(rmf_task) <= 56, "a ring cell is one cache line: a turn of 8 bytes and a task");

#endif
