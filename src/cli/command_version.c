/* SPDX-License-Identifier: BSD-3-Clause */
/* `ramify version`. */
#include "commands.h"

#include <stdio.h>

static int run(int argc, char **argv)
{
    if (argc > 1)
        return complain_usage("version", "version takes no argument, but \"%s\" was given", argv[1]);
    char line[64];
    snprintf(line, sizeof line, "ramify %s\n", ramify_version());
    return write_result(NULL, line);
}

const command command_version = { "version", "", "print the version of the library", "", run };
