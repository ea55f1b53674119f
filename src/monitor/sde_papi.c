/* SPDX-License-Identifier: BSD-3-Clause */
/* The events by PAPI's libsde. They are registered once per process, and never taken back: PAPI may hold them.
 *
 * The lock here is taken within libsde's when an event is read, so nothing of libsde is called with it held. */
#include "metric_table.h"
#include "sde.h"

#include <sde_lib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the two below */
static rmf_sde_link   *links;
static double          gone[RMF_SDE_EVENTS_MAX]; /* of runtimes that have stopped */
static pthread_once_t  once = PTHREAD_ONCE_INIT;

static bool is_state(uint32_t metric)
{
    return rmf_metric_at(metric)->kind != RAMIFY_METRIC_COUNTER;
}

static long long read_event(void *metric_)
{
    uint32_t metric = (uint32_t)(uintptr_t)metric_;
    pthread_mutex_lock(&lock);
    double value = gone[metric];
    for (rmf_sde_link *link = links; link; link = link->next)
        value += rmf_sde_value(link, metric);
    pthread_mutex_unlock(&lock);
    return (long long)value;
}

static void register_all(const papi_sde_fptr_struct_t *sde, papi_handle_t handle)
{
    for (uint32_t i = 0; handle && rmf_metric_at(i); i++) {
        int mode = PAPI_SDE_RO | PAPI_SDE_INSTANT;
        if (!rmf_sde_has(i))
            continue;
        if (!is_state(i))
            mode = PAPI_SDE_RO | PAPI_SDE_DELTA;
        sde->register_counter_cb(handle, rmf_metric_at(i)->name, mode, PAPI_SDE_long_long, read_event,
                                 (void *)(uintptr_t)i);
    }
}

static void register_once(void)
{
    papi_sde_fptr_struct_t sde;
    POPULATE_SDE_FPTR_STRUCT(sde);
    register_all(&sde, sde.init("ramify"));
}

papi_handle_t papi_sde_hook_list_events(papi_sde_fptr_struct_t *sde);

/* PAPI's tools look for this name in a library, to list what it has. Weak: a program that is linked statically may have
 * one of its own. Descriptions are for the tools alone: libsde of PAPI 7.0.0 loses some memory with each, which would
 * show in every user's leak check. */
__attribute__((weak, visibility("default"))) papi_handle_t papi_sde_hook_list_events(papi_sde_fptr_struct_t *sde)
{
    papi_handle_t handle = sde->init("ramify");
    register_all(sde, handle);
    for (uint32_t i = 0; handle && rmf_metric_at(i); i++)
        if (rmf_sde_has(i))
            sde->describe_counter(handle, rmf_metric_at(i)->name, rmf_metric_at(i)->meaning);
    return handle;
}

void rmf_sde_add(rmf_sde_link *link, const rmf_watch *watch)
{
    pthread_once(&once, register_once);
    *link = (rmf_sde_link){ .watch = watch };
    pthread_mutex_lock(&lock);
    link->next = links;
    links      = link;
    pthread_mutex_unlock(&lock);
}

void rmf_sde_remove(rmf_sde_link *link)
{
    if (!link->watch)
        return;
    pthread_mutex_lock(&lock);
    rmf_sde_link **place = &links;
    while (*place != link)
        place = &(*place)->next;
    *place = link->next;
    for (uint32_t i = 0; rmf_metric_at(i); i++)
        if (rmf_sde_has(i) && !is_state(i))
            gone[i] += rmf_sde_value(link, i);
    pthread_mutex_unlock(&lock);
    link->watch = NULL;
}
