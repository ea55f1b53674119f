/* SPDX-License-Identifier: BSD-3-Clause */
/* In the place of PAPI in a library that was built without it. */
#include "counters.h"

static ramify_status resolve(const rmf_event *event, rmf_code *code, rmf_why *why)
{
    (void)event, (void)code;
    rmf_why_set(why, "PAPI is not built into this library (RAMIFY_PAPI)");
    return RAMIFY_ERR_NOT_BUILT;
}

static ramify_status attach(const rmf_code *codes, uint32_t count, int32_t tid, bool multiplex, void **counting,
                            rmf_why *why)
{
    (void)codes, (void)count, (void)tid, (void)multiplex, (void)counting;
    rmf_why_set(why, "PAPI is not built into this library (RAMIFY_PAPI)");
    return RAMIFY_ERR_NOT_BUILT;
}

static ramify_status read_none(void *counting, rmf_reading *readings, rmf_why *why)
{
    (void)counting, (void)readings;
    rmf_why_set(why, "PAPI is not built into this library (RAMIFY_PAPI)");
    return RAMIFY_ERR_NOT_BUILT;
}

static void detach(void *counting)
{
    (void)counting;
}

const rmf_counter_source rmf_counters_papi = { RAMIFY_SOURCE_PAPI, resolve, attach, read_none, detach };
