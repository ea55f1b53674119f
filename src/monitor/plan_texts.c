/* SPDX-License-Identifier: BSD-3-Clause */
/* A ring of texts under a lock. */
#include "plan_texts.h"

#include <stdlib.h>
#include <string.h>

void rmf_plan_texts_init(rmf_plan_texts *texts)
{
    *texts = (rmf_plan_texts){ .newest = 0 };
    pthread_mutex_init(&texts->lock, NULL);
}

ramify_status rmf_plan_texts_begin(rmf_plan_texts *texts, const char *first)
{
    texts->text[0] = strdup(first);
    return texts->text[0] ? RAMIFY_OK : RAMIFY_ERR_NO_MEMORY;
}

void rmf_plan_texts_drop(rmf_plan_texts *texts)
{
    for (uint32_t i = 0; i < RMF_PLAN_TEXTS; i++)
        free(texts->text[i]);
    pthread_mutex_destroy(&texts->lock);
}

uint64_t rmf_plan_texts_add(rmf_plan_texts *texts, char *text)
{
    pthread_mutex_lock(&texts->lock);
    uint64_t number = ++texts->newest;
    char   **place = &texts->text[number % RMF_PLAN_TEXTS], *before = *place;
    *place = text;
    pthread_mutex_unlock(&texts->lock);
    free(before);
    return number;
}

uint64_t rmf_plan_texts_number(rmf_plan_texts *texts)
{
    pthread_mutex_lock(&texts->lock);
    uint64_t number = texts->newest;
    pthread_mutex_unlock(&texts->lock);
    return number;
}

void rmf_plan_texts_copy(rmf_plan_texts *texts, rmf_plan_texts *copy)
{
    pthread_mutex_lock(&texts->lock);
    copy->newest = texts->newest;
    for (uint32_t i = 0; i < RMF_PLAN_TEXTS; i++)
        copy->text[i] = texts->text[i] ? strdup(texts->text[i]) : NULL;
    pthread_mutex_unlock(&texts->lock);
}

const char *rmf_plan_text_of(const rmf_plan_texts *copy, uint64_t number)
{
    bool is_kept = number <= copy->newest && copy->newest - number < RMF_PLAN_TEXTS;
    return is_kept ? copy->text[number % RMF_PLAN_TEXTS] : NULL;
}

char *rmf_plan_texts_copy_newest(rmf_plan_texts *texts)
{
    pthread_mutex_lock(&texts->lock);
    char *copy = strdup(texts->text[texts->newest % RMF_PLAN_TEXTS]);
    pthread_mutex_unlock(&texts->lock);
    return copy;
}
