/* SPDX-License-Identifier: BSD-3-Clause */
/* The RAMIFY_* variables: one table gives names, meanings and defaults, and this is the only place that reads the
 * environment. A variable overrides what the program asked for. */
#ifndef RMF_BASE_OPTIONS_H
#define RMF_BASE_OPTIONS_H

#include <ramify/runtime.h>

/* Copies `asked` (NULL: all defaults) to *options, puts the variables that are set on top, and checks every number.
 * The strings stay the caller's or the environment's: they must not outlive the call that uses them.
 * Errors: ERR_SYNTAX a variable is malformed, ERR_RANGE a number is out of range; *options is then untouched. */
ramify_status rmf_options_read(const ramify_options *asked, ramify_options *options, ramify_diagnosis *diagnosis);

/* A variable that is not one of ours: OpenMP's, or a launcher's. NULL when it is not set, or set to the empty string,
 * which is how batch scripts clear one. */
const char *rmf_environment(const char *name);

#endif
