/* SPDX-License-Identifier: BSD-3-Clause */
/* The command `ramify`: picks a subcommand from the table and runs it. */
#include "commands.h"

#include <string.h>

const command *const commands[] = { &command_tree,    &command_policy, &command_top,  &command_report,
                                    &command_scaling, &command_doctor, &command_help, &command_version,
                                    NULL };

const command *find_command(const char *name)
{
    for (const command *const *c = commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        command_help.run(1, argv);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    const command *found = find_command(name);
    if (!found)
        return complain_usage(NULL, "there is no subcommand \"%s\"", name);
    if (argc == 3 && strcmp(argv[2], "--help") == 0)
        return command_help.run(2, (char *[]){ argv[0], argv[1], NULL });
    return found->run(argc - 1, argv + 1);
}
