/* SPDX-License-Identifier: BSD-3-Clause */
/* What the explorations have in common: all cases are safe, or, compiled with EXPLORE_MUTANT against sources with a
 * fault put in, some case shows the fault. */
#ifndef EXPLORE_MAIN_H
#define EXPLORE_MAIN_H

#include "explore.h"

#include <stddef.h>

/* Runs the cases as one cmocka test; what main() returns. */
int explore_main(const explore_case *cases, size_t count);

#endif
