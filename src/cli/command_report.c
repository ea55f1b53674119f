/* SPDX-License-Identifier: BSD-3-Clause */
/* `ramify report`: one page with plots of a trace, or of metrics. */
#include "commands.h"
#include "report.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static int write_page(const report *r, const char *path)
{
    bool  to_file = strcmp(path, "-") != 0;
    FILE *out     = to_file ? fopen(path, "w") : stdout;
    if (out)
        report_write_page(r, out);
    bool written = out && fflush(out) == 0 && !ferror(out);
    int  cause   = errno;
    if (to_file && out)
        written &= fclose(out) == 0;
    if (written) {
        if (to_file)
            printf("%s\n", path);
        return write_result(NULL, "");
    }
    fprintf(stderr, "ramify: %s: %s\n        The page was not written; check the path and the space left there.\n",
            path, strerror(cause));
    return EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    static const struct option known[] = { { "output", required_argument, NULL, 'o' }, { NULL, 0, NULL, 0 } };
    const char                *output  = NULL;
    char                       beside[4096];
    opterr = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":o:", known, NULL)) != -1;) {
        if (option == ':')
            return complain_usage("report", "%s needs a value", argv[optind - 1]);
        if (option == '?')
            return complain_usage("report", "there is no option %s", argv[optind - 1]);
        output = optarg;
    }
    if (optind + 1 != argc)
        return complain_usage("report", "report takes one file, but %d were given", argc - optind);
    const char *input = argv[optind], *ending = strrchr(input, '.');
    int         stem = ending && strcmp(ending, ".json") == 0 ? (int)(ending - input) : (int)strlen(input);
    snprintf(beside, sizeof beside, "%.*s.html", stem, input);

    report *r = calloc(1, sizeof *r);
    if (!r)
        return complain(RAMIFY_ERR_NO_MEMORY, NULL);
    r->input   = input;
    int result = report_read(r, input);
    if (!result)
        result = write_page(r, output ? output : beside);
    report_drop(r);
    free(r);
    return result;
}

const command command_report = {
    "report",
    "FILE [--output PAGE]",
    "make a page with plots of a trace or of metrics",
    "  FILE           a trace in JSON (RAMIFY_TRACE=FILE program), or metrics in JSON\n"
    "                 (ramify_snapshot_render, ramify top --format json)\n"
    "  --output PAGE  write there, - for standard output, instead of FILE with the ending .html\n"
    "\n"
    "The page is one file that any browser opens: timeline, utilisation over time, the longest times\n"
    "without work, functions by time, steals by level and between domains, latency and run times.",
    run,
};
