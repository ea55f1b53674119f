/* SPDX-License-Identifier: BSD-3-Clause */
/* The tool: a region of the observed runtime for each place in the code that opens a parallel region.
 *
 * Places are found in a small table by the address that OpenMP passes; a new one takes a lock, a known one none. Only
 * the thread that opens a region is timed: LLVM's OpenMP tells the end of a worker's part no sooner than its next one.
 */
#include "ompt_abi.h"

#include <ramify/ompt.h>
#include <ramify/region.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PLACES = 64 }; /* twice the regions that a runtime may have */

typedef struct place {
    const void         *code; /* published last; NULL: free */
    ramify_code_region *region;
} place;

static struct {
    ramify_runtime     *rt; /* NULL: nothing is observed */
    ramify_code_region *other;
    bool                is_loaded; /* OpenMP has called initialize() */
    place               places[PLACES];
    pthread_mutex_t     lock;
} tool = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* "omp main+0x1f2", or "omp a.out+0x11c2" for a function whose name nobody exports; what is no printable ASCII, and
 * what is too long, gives way to the address. */
static void name_of(const void *code, char *name)
{
    Dl_info     info = { 0 };
    const char *base = NULL;
    if (dladdr(code, &info)) {
        base = info.dli_sname;
        if (!base && info.dli_fname) {
            base = strrchr(info.dli_fname, '/');
            base = base ? base + 1 : info.dli_fname;
        }
    }
    const char *from = info.dli_sname ? info.dli_saddr : info.dli_fbase;
    bool        fits = base && strlen(base) + 24 < RAMIFY_REGION_NAME_BYTES;
    for (const char *c = base; fits && *c; c++)
        fits = *c > ' ' && *c < 127;
    if (fits)
        snprintf(name, RAMIFY_REGION_NAME_BYTES + 1, "omp %s+%#zx", base, (size_t)((const char *)code - from));
    else
        snprintf(name, RAMIFY_REGION_NAME_BYTES + 1, "omp %p", code);
}

/* A region for a new place; "omp other" when there is no room for one. */
static ramify_code_region *define(const void *code)
{
    char                name[RAMIFY_REGION_NAME_BYTES + 1];
    ramify_code_region *region;
    name_of(code, name);
    return ramify_region_define(tool.rt, name, &region) ? tool.other : region;
}

static ramify_code_region *region_of(const void *code)
{
    size_t at = ((uintptr_t)code >> 2) * 0x9E3779B97F4A7C15u >> 58; /* Knuth, TAOCP 3, 6.4; the top 6 bits: 64 places */
    for (int probe = 0; probe < PLACES; probe++, at = (at + 1) % PLACES) {
        place *p = &tool.places[at];
        /* order: acquires the region; pairs with the release below */
        const void *there = __atomic_load_n(&p->code, __ATOMIC_ACQUIRE);
        if (there == code)
            return p->region;
        if (there)
            continue;
        pthread_mutex_lock(&tool.lock);
        if (!p->code) {
            p->region = define(code);
            /* order: publishes the region; pairs with the acquire above */
            __atomic_store_n(&p->code, code, __ATOMIC_RELEASE);
        }
        pthread_mutex_unlock(&tool.lock);
        if (p->code == code)
            return p->region;
    }
    return tool.other;
}

static void on_parallel_begin(ompt_data_t *task, const void *frame, ompt_data_t *parallel, unsigned requested,
                              int flags, const void *code)
{
    (void)task, (void)frame, (void)requested, (void)flags;
    ramify_code_region *region = tool.rt ? region_of(code) : NULL;
    parallel->ptr              = region && !ramify_region_begin(region) ? region : NULL;
}

static void on_parallel_end(ompt_data_t *parallel, ompt_data_t *task, int flags, const void *code)
{
    (void)task, (void)flags, (void)code;
    if (parallel->ptr)
        (void)ramify_region_end(parallel->ptr);
}

static int initialize(ompt_function_lookup_t lookup, int initial_device, ompt_data_t *tool_data)
{
    (void)initial_device, (void)tool_data;
    ompt_set_callback_t set = (ompt_set_callback_t)lookup("ompt_set_callback");
    if (!set)
        return 0;
    set(OMPT_CALLBACK_PARALLEL_BEGIN, (ompt_callback_t)on_parallel_begin);
    set(OMPT_CALLBACK_PARALLEL_END, (ompt_callback_t)on_parallel_end);
    tool.is_loaded = true;
    return 1;
}

static void finalize(ompt_data_t *tool_data)
{
    (void)tool_data;
    tool.rt = NULL;
}

__attribute__((visibility("default"))) ompt_start_tool_result_t *ompt_start_tool(unsigned version, const char *runtime)
{
    static ompt_start_tool_result_t result = { initialize, finalize, { 0 } };
    (void)version, (void)runtime;
    return &result;
}

ramify_status ramify_ompt_observe(ramify_runtime *rt)
{
    ramify_code_region *other = NULL;
    if (rt) {
        ramify_status status = ramify_region_define(rt, "omp other", &other);
        if (status)
            return status;
    }
    memset(tool.places, 0, sizeof tool.places);
    tool.other = other;
    tool.rt    = rt;
    return tool.is_loaded || !rt ? RAMIFY_OK : RAMIFY_ERR_NOT_FOUND;
}
