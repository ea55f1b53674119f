/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of the command's subcommands, and what they share: one way to complain, one way to write a result. */
#ifndef RAMIFY_CLI_COMMANDS_H
#define RAMIFY_CLI_COMMANDS_H

#include <ramify/ramify.h>

/* Exit statuses: done; it could not be done; the command line is wrong. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct command {
    const char *name;
    const char *usage;                 /* what follows the name, "" for nothing */
    const char *summary;               /* one line for `ramify help` */
    const char *details;               /* the rest of `ramify help NAME`, "" for nothing */
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name; returns an exit status */
} command;

extern const command command_tree, command_policy, command_doctor, command_report, command_scaling, command_top,
    command_help, command_version;

/* All subcommands, NULL-terminated. */
extern const command *const commands[];

/* The subcommand of a name, NULL when there is none. */
const command *find_command(const char *name);

/* Prints "ramify: ..." and a line of advice to standard error; returns EXIT_USAGE. */
int complain_usage(const char *about, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints what a library call said went wrong, and what to do about it; returns EXIT_FAILED. */
int complain(ramify_status status, const ramify_diagnosis *diagnosis);

/* Writes a text to a file, or to standard output when path is NULL or "-". Returns an exit status, having complained.
 */
int write_result(const char *path, const char *text);

#endif
