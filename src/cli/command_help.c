/* SPDX-License-Identifier: BSD-3-Clause */
/* `ramify help`: the subcommands, one of them in detail, the variables of the environment, or the policies. */
#include "commands.h"

#include <stdio.h>
#include <string.h>

static void list_commands(void)
{
    puts("Ramify places and balances parallel work on NUMA machines.\n\nUsage: ramify SUBCOMMAND [ARGUMENT ...]\n");
    for (const command *const *c = commands; *c; c++)
        printf("  %-10s %s\n", (*c)->name, (*c)->summary);
    puts("\n`ramify help SUBCOMMAND` says more about one, `ramify help env` lists the RAMIFY_* variables,\n"
         "`ramify help policies` the rules by which tasks are placed, `ramify help metrics` what is measured, and\n"
         "`ramify help counters` which events of the hardware can be counted, here and elsewhere.\n"
         "Exit status: 0 done, 1 it could not be done, 2 the command line is wrong.");
}

static void list_variables(void)
{
    uint32_t               count;
    const ramify_variable *variables = ramify_variables(&count);
    puts("Variables of the environment. One that is set overrides what a program asked for; an empty one counts as\n"
         "not set. Options of this command override both.\n");
    for (uint32_t i = 0; i < count; i++)
        printf("%s\n    %s\n    default: %s\n", variables[i].name, variables[i].meaning, variables[i].initial);
}

static void list_policies(void)
{
    uint32_t                        count;
    const ramify_policy_ops *const *policies = ramify_policies(&count);
    puts("A policy is one rule over all workers, or one rule for each level:\n\n"
         "  round-robin\n"
         "  numa:affinity, l3:load-aware, core:steal\n\n"
         "A level this machine does not have is passed over, one that is not named steals. The rules:\n");
    for (uint32_t i = 0; i < count; i++)
        printf("  %-14s %s\n", policies[i]->name, policies[i]->summary);
    puts("\n`ramify policy 'TEXT'` checks one and shows where it sends tasks.");
}

/* A row's source is the library itself, unless it comes from counters. */
static void list_metrics(void)
{
    ramify_metric m;
    puts("What ramify_snapshot_take() measures, with its unit. All of these are counted by Ramify itself (source:\n"
         "software); a metric that a machine or a run cannot tell is unknown, with the reason. A snapshot says of each "
         "row\n"
         "whether it was measured on a part of the events and scaled to all (sampled).\n");
    for (uint32_t i = 0; ramify_metric_describe(i, &m) == RAMIFY_OK; i++)
        printf("  %-24s %-9s %-8s %s\n", m.name, m.unit, m.kind == RAMIFY_METRIC_COUNTER ? "counter" : "gauge",
               m.meaning);
    puts("\nWith counters (`ramify help counters`) there are rows for each event, too, from PAPI or perf.");
}

static void list_event(const ramify_event *e)
{
    ramify_metric m;
    if (ramify_event_try(e->name, &m))
        return;
    printf("  %-18s %-11s %-9s %s\n", e->name, e->unit, ramify_source_name((int)m.source), e->meaning);
    if (m.reason)
        printf("  %-18s %-11s   %s\n", "", "", m.reason);
}

static void list_counters(void)
{
    ramify_event e;
    puts("Events that RAMIFY_COUNTERS or ramify_counters_start() count for each worker, their unit, who counts them "
         "here,\n"
         "and why nobody better does:\n");
    for (uint32_t i = 0; ramify_event_describe(i, &e) == RAMIFY_OK; i++)
        if (!e.formula)
            list_event(&e);
    puts("\nGroups of events, and what is computed from them:\n");
    for (uint32_t i = 0; ramify_event_describe(i, &e) == RAMIFY_OK; i++)
        if (e.formula)
            printf("  %-8s %-28s %-12s %s\n", e.group, e.name, e.unit, e.formula);
    puts("\nThe word multiplex among the names lets events share the processor's counters; values are then scaled.\n"
         "Besides workers, each region has rows of them (ramify_region_begin), and each function that tasks run.");
}

static void describe(const command *c)
{
    printf("Usage: ramify %s%s%s\n\n%s%s%s\n", c->name, *c->usage ? " " : "", c->usage, c->summary,
           *c->details ? ".\n\n" : ".", c->details);
}

static int run(int argc, char **argv)
{
    if (argc > 2)
        return complain_usage(NULL, "help takes one argument, but \"%s\" is a second one", argv[2]);
    const command *about = argc == 2 ? find_command(argv[1]) : NULL;
    if (argc < 2)
        list_commands();
    else if (strcmp(argv[1], "env") == 0)
        list_variables();
    else if (strcmp(argv[1], "policies") == 0)
        list_policies();
    else if (strcmp(argv[1], "metrics") == 0)
        list_metrics();
    else if (strcmp(argv[1], "counters") == 0)
        list_counters();
    else if (about)
        describe(about);
    else
        return complain_usage(NULL, "there is no help about \"%s\"", argv[1]);
    return write_result(NULL, "");
}

const command command_help = { "help", "[SUBCOMMAND | env | policies | metrics | counters]",
                               "say how this command is used", "", run };
