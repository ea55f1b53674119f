/* SPDX-License-Identifier: BSD-3-Clause */
/* `ramify tree`: shows a machine as a distribution tree. The RAMIFY_* variables that steer a runtime steer it too, and
 * options override them. */
#include "commands.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

typedef struct request {
    ramify_tree_options options;
    ramify_format       format;
    const char         *output;
} request;

/* Index of a word in a NULL-terminated list, -1 when it is not there. */
static int index_of(const char *word, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

static int read_workers(const char *text, uint32_t *workers)
{
    char         *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end || end == text || *text == '-' || number == 0 || number > 4096)
        return complain_usage("tree", "--workers %s: must be a whole number from 1 to 4096", text);
    *workers = (uint32_t)number;
    return EXIT_DONE;
}

static int read_option(int option, const char *value, request *r)
{
    static const char *const formats[] = { "text", "json", "svg", NULL };
    static const char *const per[]     = { "core", "pu", NULL };

    int index;
    switch (option) {
    case 'f': r->options.from = value; return EXIT_DONE;
    case 'c': r->options.cpus = value; return EXIT_DONE;
    case 'o': r->output = value; return EXIT_DONE;
    case 'w': return read_workers(value, &r->options.workers);
    case 'p':
        index = index_of(value, per);
        if (index < 0)
            return complain_usage("tree", "--workers-per %s: must be core or pu", value);
        r->options.workers_per = (uint32_t)index;
        return EXIT_DONE;
    case 'F':
        index = index_of(value, formats);
        if (index < 0)
            return complain_usage("tree", "--format %s: must be text, json or svg", value);
        r->format = (ramify_format)index;
        return EXIT_DONE;
    default: return EXIT_USAGE;
    }
}

static int read_command_line(int argc, char **argv, request *r)
{
    static const struct option options[] = {
        { "from", required_argument, NULL, 'f' },
        { "cpus", required_argument, NULL, 'c' },
        { "workers", required_argument, NULL, 'w' },
        { "format", required_argument, NULL, 'F' },
        { "workers-per", required_argument, NULL, 'p' },
        { "output", required_argument, NULL, 'o' },
        { NULL, 0, NULL, 0 },
    };
    opterr = 0; /* the complaint is ours to make */
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":o:", options, NULL)) != -1;) {
        if (option == ':')
            return complain_usage("tree", "%s needs a value", argv[optind - 1]);
        if (option == '?')
            return complain_usage("tree", "there is no option %s", argv[optind - 1]);
        int status = read_option(option, optarg, r);
        if (status)
            return status;
    }
    if (optind < argc)
        return complain_usage("tree", "\"%s\" is no option; a machine is named by --from", argv[optind]);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    ramify_diagnosis why  = { 0 };
    request          r    = { .options.diagnosis = &why };
    ramify_tree     *tree = NULL;
    char            *text = NULL;

    ramify_status status = ramify_tree_options_read(&r.options, &r.options);
    if (status)
        return complain(status, &why);
    int result = read_command_line(argc, argv, &r);
    if (result)
        return result;
    status = ramify_tree_open(&r.options, &tree);
    if (!status)
        status = ramify_tree_render(tree, r.format, &text);
    result = status ? complain(status, &why) : write_result(r.output, text);
    ramify_text_free(text);
    ramify_tree_free(tree);
    return result;
}

const command command_tree = {
    "tree",
    "[--from FILE|DESCRIPTION] [--cpus LIST] [--workers N] [--workers-per core|pu]\n"
    "                   [--format text|json|svg] [--output FILE]",
    "show a machine as the distribution tree work is placed on",
    "  --from FILE|DESCRIPTION  an hwloc XML file, or a description such as\n"
    "                           \"pack:2 numa:2 core:4 pu:2\", instead of this machine\n"
    "  --cpus LIST              use only these CPUs, such as 0-3,8\n"
    "  --workers N              so many workers, 1 to 4096, instead of one for each core\n"
    "  --workers-per core|pu    one for each core (default) or for each hardware thread\n"
    "  --format text|json|svg   text is the default\n"
    "  --output FILE            write there instead of to standard output\n"
    "\n"
    "The second line of the text says what limited the number of workers: the machine,\n"
    "the cpuset, the affinity mask, the CPU quota, or a request.",
    run,
};
