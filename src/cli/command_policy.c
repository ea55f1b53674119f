/* SPDX-License-Identifier: BSD-3-Clause */
/* `ramify policy`: checks the text of a policy, and shows where it sends tasks by sending some: a runtime is started on
 * the tree and each task notes the domain that was chosen for it. */
#include "commands.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough that an uneven policy shows, few enough that a page of counts is exact and quick. */
enum { TASKS = 1000 };

static int complain_policy(ramify_status status, const char *text, const ramify_diagnosis *why)
{
    if (status == RAMIFY_ERR_SYNTAX && why->position <= strlen(text))
        fprintf(stderr, "    %s\n    %*s^\n", text, (int)why->position, "");
    return complain(status, why);
}

/* The environment has been read into the tree; what it says about policies would hide the one to be shown. */
static void forget_environment(void)
{
    uint32_t               count;
    const ramify_variable *variables = ramify_variables(&count);
    for (uint32_t i = 0; i < count; i++)
        unsetenv(variables[i].name);
}

static void note_home(void *home)
{
    *(uint32_t *)home = ramify_here().home;
}

/* Sends tasks with the keys 0 to TASKS - 1, one after another, and waits for them. */
static ramify_status send_tasks(ramify_runtime *rt, uint32_t *homes)
{
    ramify_group *group;
    ramify_status status = ramify_group_create(rt, NULL, &group);
    if (status)
        return status;
    for (uint32_t key = 0; key < TASKS && !status; key++) {
        ramify_hint hint = ramify_keyed(key);
        status           = ramify_submit(group, note_home, &homes[key], &hint);
    }
    ramify_status waited = ramify_wait(group);
    return status ? status : waited;
}

static void add_line(FILE *out, const ramify_domain *d, uint32_t tasks)
{
    char name[64];
    if (d->child_count == 0)
        snprintf(name, sizeof name, "leaf %u", d->first_leaf);
    else if (d->os_index == RAMIFY_NONE)
        snprintf(name, sizeof name, "%s, leaves %u-%u", ramify_level_name((int)d->level), d->first_leaf,
                 d->first_leaf + d->leaf_count - 1);
    else
        snprintf(name, sizeof name, "%s %u, leaves %u-%u", ramify_level_name((int)d->level), d->os_index, d->first_leaf,
                 d->first_leaf + d->leaf_count - 1);
    fprintf(out, "%-36s %6u\n", name, tasks);
}

/* A task that stays above the leaves is left to whoever below is idle first. */
static void show(FILE *out, const char *text, const ramify_tree *tree, const uint32_t *homes, uint32_t *tasks)
{
    uint32_t             count;
    const ramify_domain *domains = ramify_tree_domains(tree, &count);
    memset(tasks, 0, count * sizeof *tasks);
    for (uint32_t key = 0; key < TASKS; key++)
        if (homes[key] < count)
            tasks[homes[key]]++;
    fprintf(out, "policy    %s\nsource    %s\nworkers   %s\n\n", text, ramify_tree_source(tree),
            ramify_tree_reason(tree));
    fprintf(out, "%-36s %6s\n", "domain", "tasks");
    bool above = false;
    for (uint32_t i = 0; i < count; i++)
        if (domains[i].child_count && tasks[i]) {
            add_line(out, &domains[i], tasks[i]);
            above = true;
        }
    for (uint32_t leaf = 0; leaf < ramify_tree_leaf_count(tree); leaf++) {
        const ramify_domain *d = ramify_tree_leaf(tree, leaf);
        if (d->child_count == 0 && tasks[d->index])
            add_line(out, d, tasks[d->index]);
    }
    fprintf(out, "\nWhere %d tasks from outside, with the keys 0 to %d, were sent.%s\n", TASKS, TASKS - 1,
            above ? " A task that stays above the\nleaves is taken by whoever below is idle first." : "");
}

static int try_policy(const char *text, const ramify_tree *tree)
{
    ramify_diagnosis why = { 0 };
    ramify_options   o   = {
            .tree = tree, .policy = text, .no_bind = !ramify_tree_is_this_machine(tree), .diagnosis = &why
    };
    ramify_runtime *rt = NULL;
    uint32_t        count, homes[TASKS];
    ramify_tree_domains(tree, &count);
    uint32_t *tasks = calloc(count, sizeof *tasks);
    if (!tasks)
        return complain(RAMIFY_ERR_NO_MEMORY, NULL);
    for (uint32_t i = 0; i < TASKS; i++)
        homes[i] = RAMIFY_NONE;
    forget_environment();
    ramify_status status = ramify_start(&o, &rt);
    int           result = status ? complain_policy(status, text, &why) : EXIT_DONE;
    if (!status && (status = send_tasks(rt, homes)))
        result = complain(status, NULL);
    ramify_stop(rt);
    if (!status) {
        show(stdout, text, tree, homes, tasks);
        result = write_result(NULL, "");
    }
    free(tasks);
    return result;
}

static int read_command_line(int argc, char **argv, ramify_tree_options *options, const char **text)
{
    static const struct option known[] = { { "from", required_argument, NULL, 'f' }, { NULL, 0, NULL, 0 } };
    opterr                             = 0;
    optind                             = 1;
    for (int option; (option = getopt_long(argc, argv, ":", known, NULL)) != -1;) {
        if (option == ':')
            return complain_usage("policy", "%s needs a value", argv[optind - 1]);
        if (option == '?')
            return complain_usage("policy", "there is no option %s", argv[optind - 1]);
        options->from = optarg;
    }
    if (optind + 1 != argc)
        return complain_usage("policy", "policy takes one text, but %d were given; put it in quotes", argc - optind);
    *text = argv[optind];
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    ramify_diagnosis    why     = { 0 };
    ramify_tree_options options = { .diagnosis = &why };
    ramify_tree        *tree    = NULL;
    const char         *text    = NULL;

    ramify_status status = ramify_tree_options_read(&options, &options);
    if (status)
        return complain(status, &why);
    int result = read_command_line(argc, argv, &options, &text);
    if (result)
        return result;
    status = ramify_policy_check(text, &why);
    if (status)
        return complain_policy(status, text, &why);
    status = ramify_tree_open(&options, &tree);
    if (status)
        return complain(status, &why);
    result = try_policy(text, tree);
    ramify_tree_free(tree);
    return result;
}

const command command_policy = {
    "policy",
    "'TEXT' [--from FILE|DESCRIPTION]",
    "check a policy and show where it sends tasks",
    "  TEXT                     such as round-robin, or 'numa:affinity, core:steal';\n"
    "                           `ramify help policies` lists the rules\n"
    "  --from FILE|DESCRIPTION  on that machine instead of this one\n"
    "\n"
    "A runtime is started with the policy, and 1000 tasks are submitted from outside of it.\n"
    "A mistake in the text is pointed at.",
    run,
};
