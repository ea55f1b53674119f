/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of a running runtime share: starting one without the user's variables in the way, checks that tasks make
 * and the main thread asserts, and reading /proc about oneself. */
#ifndef RMF_TESTS_STARTED_H
#define RMF_TESTS_STARTED_H

#include "check.h"
#include "queue/scale.h"

#include <ramify/ramify.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static inline int clear_environment(void **state)
{
    (void)state;
    uint32_t               count;
    const ramify_variable *variables = ramify_variables(&count);
    for (uint32_t i = 0; i < count; i++)
        unsetenv(variables[i].name);
    return 0;
}

/* cmocka asserts only on the main thread: a task notes the line of its first failed check. */
static _Atomic int noted_line;

#define NOTE(condition) ((condition) ? (void)0 : (void)note_failure(__LINE__))

static inline void note_failure(int line)
{
    int none = 0;
    atomic_compare_exchange_strong(&noted_line, &none, line);
}

static inline void assert_nothing_noted(void)
{
    int line = atomic_exchange(&noted_line, 0);
    if (line)
        fail_msg("a check in a task failed at line %d", line);
}

static inline ramify_runtime *started(const ramify_options *options)
{
    ramify_runtime *rt     = NULL;
    ramify_status   status = ramify_start(options, &rt);
    if (status == RAMIFY_ERR_NOT_BUILT && options->from) {
        print_message("skipped: the machine \"%s\" needs hwloc, which is not built in\n", options->from);
        skip();
    }
    assert_int_equal(status, RAMIFY_OK);
    assert_non_null(rt);
    return rt;
}

/* Workers enough to steal from each other, unbound: more than a small machine has cores for. */
static inline ramify_runtime *started_with(uint32_t workers)
{
    return started(&(ramify_options){ .workers = workers, .no_bind = true });
}

static inline ramify_group *new_group(ramify_runtime *rt, ramify_group *parent)
{
    ramify_group *group = NULL;
    assert_int_equal(ramify_group_create(rt, &(ramify_group_options){ .parent = parent }, &group), RAMIFY_OK);
    return group;
}

static inline ramify_counts counts_of(const ramify_runtime *rt)
{
    ramify_counts counts;
    assert_int_equal(ramify_runtime_counts(rt, RAMIFY_NONE, &counts), RAMIFY_OK);
    return counts;
}

static inline void sleep_us(long us)
{
    nanosleep(&(struct timespec){ us / 1000000, us % 1000000 * 1000 }, NULL);
}

/* Waits, at most 20 s, until *word is at least `value`; for tasks and the main thread. */
static inline bool reaches(_Atomic int *word, int value)
{
    for (int i = 0; i < 200000; i++) {
        if (atomic_load(word) >= value)
            return true;
        sleep_us(i < 1000 ? 20 : 100);
    }
    return false;
}

/* A number from a line of /proc/self/status, such as "VmRSS:" in kB or "Threads:"; -1 when it is not there. */
static inline long own_status(const char *field)
{
    char  line[256];
    long  value = -1;
    FILE *file  = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            value = strtol(line + strlen(field), NULL, 10);
    if (file)
        fclose(file);
    return value;
}

/* A gate that holds tasks until it is opened, and counts who stands before it. */
typedef struct gate {
    _Atomic int standing, open;
} gate;

static inline void gate_task(void *argument)
{
    gate *g = argument;
    atomic_fetch_add(&g->standing, 1);
    NOTE(reaches(&g->open, 1));
}

static inline void count_task(void *argument)
{
    atomic_fetch_add((_Atomic int *)argument, 1);
}

#endif
