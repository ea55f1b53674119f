/* SPDX-License-Identifier: BSD-3-Clause */
/* The null source: it counts nothing and says so, which ends the search for a better one. */
#include "counters.h"

static ramify_status resolve(const rmf_event *event, rmf_code *code, rmf_why *why)
{
    (void)code;
    rmf_why_set(why, "no source on this machine counts %s", event->name);
    return RAMIFY_ERR_NOT_FOUND;
}

static ramify_status attach(const rmf_code *codes, uint32_t count, int32_t tid, bool multiplex, void **counting,
                            rmf_why *why)
{
    (void)codes, (void)count, (void)tid, (void)multiplex, (void)counting;
    rmf_why_set(why, "there is nothing to attach");
    return RAMIFY_ERR_NOT_FOUND;
}

static ramify_status read_none(void *counting, rmf_reading *readings, rmf_why *why)
{
    (void)counting, (void)readings;
    rmf_why_set(why, "there is nothing to read");
    return RAMIFY_ERR_NOT_FOUND;
}

static void detach(void *counting)
{
    (void)counting;
}

const rmf_counter_source rmf_counters_none = { RAMIFY_SOURCE_UNKNOWN, resolve, attach, read_none, detach };
