/* SPDX-License-Identifier: BSD-3-Clause */
/* `ramify report` without a reader of JSON. */
#include "commands.h"
#include "report.h"

int report_read(report *r, const char *path)
{
    (void)r;
    fprintf(stderr,
            "ramify: %s: not read: this command was built without jansson\n"
            "        Install libjansson-dev (spack install jansson) and configure Ramify with -DRAMIFY_JANSSON=ON;\n"
            "        ui.perfetto.dev opens a trace in a browser meanwhile.\n",
            path);
    return EXIT_FAILED;
}
