/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that reads Ramify through PAPI, as it would read any counter: `sde_demo EVENT ...` runs 5000 tasks and
 * prints what PAPI says each event grew by; `sde_demo high-level` leaves it to PAPI's high-level interface, which takes
 * the events from PAPI_EVENTS and writes a file. check_sde.py judges both. */
#include <papi.h>
#include <stdio.h>
#include <string.h>
#include <ramify/ramify.h>

enum { TASKS = 5000, EVENTS_MAX = 64 };

static void nothing(void *unused)
{
    (void)unused;
}

static int run_tasks(ramify_runtime *rt)
{
    ramify_group *group;
    if (ramify_group_create(rt, NULL, &group))
        return 1;
    for (int i = 0; i < TASKS; i++)
        if (ramify_submit(group, nothing, NULL, NULL))
            return 1;
    return ramify_wait(group) != RAMIFY_OK || ramify_group_free(group) != RAMIFY_OK;
}

static int complain(const char *what, int error)
{
    fprintf(stderr, "%s: %s\n", what, PAPI_strerror(error));
    return 1;
}

static int high_level(ramify_runtime *rt)
{
    int error = PAPI_hl_region_begin("demo");
    if (error != PAPI_OK || run_tasks(rt))
        return complain("PAPI_hl_region_begin", error);
    error = PAPI_hl_region_end("demo");
    return error != PAPI_OK ? complain("PAPI_hl_region_end", error) : ramify_stop(rt) != RAMIFY_OK;
}

int main(int argc, char **argv)
{
    const ramify_options how = { .workers = 2, .no_bind = true };
    ramify_runtime      *rt, *second;
    long long            values[EVENTS_MAX] = { 0 };
    int                  set = PAPI_NULL, error = PAPI_library_init(PAPI_VER_CURRENT);
    if (error != PAPI_VER_CURRENT || argc > EVENTS_MAX || ramify_start(&how, &rt) || run_tasks(rt))
        return complain("start", error);
    if (argc == 2 && strcmp(argv[1], "high-level") == 0)
        return high_level(rt);
    if ((error = PAPI_create_eventset(&set)) != PAPI_OK)
        return complain("PAPI_create_eventset", error);
    for (int i = 1; i < argc; i++)
        if ((error = PAPI_add_named_event(set, argv[i])) != PAPI_OK)
            return complain(argv[i], error);
    if ((error = PAPI_start(set)) != PAPI_OK)
        return complain("PAPI_start", error);
    /* A second runtime comes and goes: its tasks are in the events, too. */
    if (run_tasks(rt) || ramify_start(&how, &second) || run_tasks(second) || ramify_stop(second))
        return 1;
    if ((error = PAPI_stop(set, values)) != PAPI_OK)
        return complain("PAPI_stop", error);
    for (int i = 1; i < argc; i++)
        printf("%s %lld\n", argv[i], values[i - 1]);
    return ramify_stop(rt) != RAMIFY_OK;
}
