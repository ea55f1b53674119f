/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting by PAPI: one event set per thread, attached by the thread's number.
 *
 * What PAPI 7.0.0 asks for, each seen to go wrong without: the domain is set to all, or context switches read zero; names
 * are resolved under one lock, or threads that do it at once get failures that are none; events that can be added and
 * started may still read zero for ever, which the caller's trial finds out. */
#include "counters.h"

#include <papi.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct counting {
    int      set;
    uint32_t count;
    bool     multiplex;
} counting;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* PAPI is one per process, and so is what guards it */
static pthread_once_t  once = PTHREAD_ONCE_INIT;
static int             ready; /* PAPI_OK, or why PAPI cannot be used; written once */

static unsigned long thread_number(void)
{
    return (unsigned long)gettid();
}

static void initialise(void)
{
    int version = PAPI_library_init(PAPI_VER_CURRENT);
    ready       = version == PAPI_VER_CURRENT ? PAPI_OK : version < 0 ? version : PAPI_EINVAL;
    if (ready == PAPI_OK) {
        (void)PAPI_thread_init(thread_number); /* refused when the program did it already, which serves as well */
        (void)PAPI_multiplex_init();
    }
}

/* Why the component that counts processor events is off, when PAPI knows. */
static const char *reason_disabled(void)
{
    for (int i = 0; i < PAPI_num_components(); i++) {
        const PAPI_component_info_t *info = PAPI_get_component_info(i);
        if (info && info->disabled && strcmp(info->short_name, "perf") == 0 && info->disabled_reason[0])
            return info->disabled_reason;
    }
    return NULL;
}

static ramify_status explain(int error, const char *doing, rmf_why *why)
{
    const char *disabled = reason_disabled();
    if (disabled)
        rmf_why_set(why, "PAPI: %s", disabled);
    else
        rmf_why_set(why, "PAPI: %s: %s", doing, PAPI_strerror(error));
    switch (error) {
    case PAPI_ENOMEM: return RAMIFY_ERR_NO_MEMORY;
    case PAPI_EPERM: return RAMIFY_ERR_NOT_ALLOWED;
    case PAPI_ECNFLCT: return RAMIFY_ERR_NOT_NOW;
    case PAPI_ENOEVNT:
    case PAPI_ECMP:
    case PAPI_ECMP_DISABLED:
    case PAPI_ENOTPRESET: return RAMIFY_ERR_NOT_FOUND;
    default: return RAMIFY_ERR_SYSTEM;
    }
}

static ramify_status resolve(const rmf_event *event, rmf_code *code, rmf_why *why)
{
    int number = 0;
    pthread_once(&once, initialise);
    if (ready != PAPI_OK) {
        rmf_why_set(why, "PAPI could not be initialised: %s", PAPI_strerror(ready));
        return RAMIFY_ERR_SYSTEM;
    }
    if (!event->papi) {
        rmf_why_set(why, "PAPI has no portable name for it");
        return RAMIFY_ERR_NOT_FOUND;
    }
    pthread_mutex_lock(&lock);
    int error = PAPI_event_name_to_code(event->papi, &number);
    if (error == PAPI_OK)
        error = PAPI_query_event(number);
    ramify_status status = error == PAPI_OK ? RAMIFY_OK : explain(error, event->papi, why);
    pthread_mutex_unlock(&lock);
    if (!status)
        *code = (rmf_code){ 0, (uint64_t)(uint32_t)number };
    return status;
}

/* The set is bound to the component of its first event, as domain, multiplexing and attachment demand. */
static int prepare(counting *c, int first_event, int32_t tid)
{
    int component = PAPI_get_event_component(first_event);
    int error     = component < 0 ? component : PAPI_assign_eventset_component(c->set, component);

    PAPI_option_t domain = { .domain = { .eventset = c->set, .domain = PAPI_DOM_ALL } };
    if (error == PAPI_OK)
        error = PAPI_attach(c->set, (unsigned long)tid);
    if (error == PAPI_OK)
        error = PAPI_set_opt(PAPI_DOMAIN, &domain);
    if (error == PAPI_OK && c->multiplex)
        error = PAPI_set_multiplex(c->set);
    return error;
}

static void detach(void *counting_)
{
    counting *c = counting_;
    pthread_mutex_lock(&lock);
    if (c->set != PAPI_NULL) {
        (void)PAPI_stop(c->set, NULL);
        (void)PAPI_cleanup_eventset(c->set);
        (void)PAPI_destroy_eventset(&c->set);
    }
    pthread_mutex_unlock(&lock);
    free(c);
}

static ramify_status attach(const rmf_code *codes, uint32_t count, int32_t tid, bool multiplex, void **result,
                            rmf_why *why)
{
    counting *c = calloc(1, sizeof *c);
    if (!c)
        return RAMIFY_ERR_NO_MEMORY;
    *c = (counting){ PAPI_NULL, count, multiplex };
    pthread_mutex_lock(&lock);
    const char *doing = "PAPI_create_eventset";
    int         error = PAPI_create_eventset(&c->set);
    if (error == PAPI_OK) {
        doing = "attaching to a thread";
        error = prepare(c, (int)codes[0].config, tid);
    }
    for (uint32_t i = 0; error == PAPI_OK && i < count; i++) {
        doing = "PAPI_add_event";
        error = PAPI_add_event(c->set, (int)codes[i].config);
    }
    if (error == PAPI_OK) {
        doing = "PAPI_start";
        error = PAPI_start(c->set);
    }
    ramify_status status = error == PAPI_OK ? RAMIFY_OK : explain(error, doing, why);
    pthread_mutex_unlock(&lock);
    if (status)
        detach(c);
    else
        *result = c;
    return status;
}

static ramify_status read_all(void *counting_, rmf_reading *readings, rmf_why *why)
{
    counting *c                         = counting_;
    long long values[RMF_COUNTERS_MAX] = { 0 };
    pthread_mutex_lock(&lock); /* a worker may read its own while a snapshot does */
    int error = PAPI_read(c->set, values);
    pthread_mutex_unlock(&lock);
    if (error != PAPI_OK)
        return explain(error, "PAPI_read", why);
    for (uint32_t i = 0; i < c->count; i++)
        readings[i] = (rmf_reading){ values[i] > 0 ? (uint64_t)values[i] : 0, c->multiplex, false };
    return RAMIFY_OK;
}

const rmf_counter_source rmf_counters_papi = { RAMIFY_SOURCE_PAPI, resolve, attach, read_all, detach };
