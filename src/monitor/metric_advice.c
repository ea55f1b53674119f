/* SPDX-License-Identifier: BSD-3-Clause */
/* From rows to advice: a sentence each where a number says that the program can be changed for the better. */
#include "snapshot.h"

#include <string.h>

/* A piece of advice holds when its metric of the whole runtime is known and above a number. */
typedef struct advice {
    const char *metric;
    double      above;
    const char *text;
} advice;

/* A tenth: what is lost on tasks below break-even is at least as much again as their time, so this is 10 % of a run. */
static const advice pieces[] = {
    { "small_tasks_time_share", 0.1,
      "More than a tenth of the time in tasks is in tasks that run shorter than they cost (break_even_submit_ns): put "
      "more "
      "work into each, loop with ramify_for, or fork them (ramify/fork.h), which costs break_even_fork_ns." },
};

static bool holds(const ramify_snapshot *s, const advice *a)
{
    ramify_metric row;
    return ramify_snapshot_find(s, a->metric, RAMIFY_SCOPE_RUNTIME, 0, &row, NULL) == RAMIFY_OK && row.source &&
           row.value > a->above;
}

const char *ramify_snapshot_advice(const ramify_snapshot *snapshot, uint32_t i)
{
    for (size_t k = 0; snapshot && k < sizeof pieces / sizeof pieces[0]; k++)
        if (holds(snapshot, &pieces[k]) && i-- == 0)
            return pieces[k].text;
    return NULL;
}
