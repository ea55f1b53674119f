/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of a runtime's policies by the number of the change: 0 is the one it started with. The newest are kept, so
 * that a program which changes its policy for days needs no more memory than one that never does. */
#ifndef RMF_MONITOR_PLAN_TEXTS_H
#define RMF_MONITOR_PLAN_TEXTS_H

#include <ramify/status.h>

#include <pthread.h>
#include <stdbool.h>

/* More changes than a person looks at in one trace. */
enum { RMF_PLAN_TEXTS = 64 };

typedef struct rmf_plan_texts {
    pthread_mutex_t lock; /* held for a copy, never while a file is written */
    uint64_t        newest;
    char           *text[RMF_PLAN_TEXTS]; /* of number n at n % RMF_PLAN_TEXTS */
} rmf_plan_texts;

void rmf_plan_texts_init(rmf_plan_texts *texts);
void rmf_plan_texts_drop(rmf_plan_texts *texts);

/* Keeps a copy of the text of number 0, before anything else. Errors: ERR_NO_MEMORY. */
ramify_status rmf_plan_texts_begin(rmf_plan_texts *texts, const char *first);

/* Adds a text and takes it over, to be freed with free(); gives its number. Any thread. */
uint64_t rmf_plan_texts_add(rmf_plan_texts *texts, char *text);

/* The number of the newest. Any thread. */
uint64_t rmf_plan_texts_number(rmf_plan_texts *texts);

/* Copies all to what was only initialised, for one thread. What there is no memory for is as if it were not kept. Any
 * thread. */
void rmf_plan_texts_copy(rmf_plan_texts *texts, rmf_plan_texts *copy);

/* The text of a number in a copy; NULL: not kept any more. */
const char *rmf_plan_text_of(const rmf_plan_texts *copy, uint64_t number);

/* A copy of the newest text, to be freed with free(); NULL: no memory. Any thread. */
char *rmf_plan_texts_copy_newest(rmf_plan_texts *texts);

#endif
