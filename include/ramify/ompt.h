/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenMP's parallel regions as regions of a runtime (ramify/region.h), by OpenMP's tool interface (OMPT, OpenMP 5.0,
 * section 4): rows of its metrics, and lanes of its trace, beside Ramify's own work.
 *
 * In a library of its own, libramify_ompt, because a tool is one for the whole process. A program that links it is
 * watched by LLVM's OpenMP from its first region on; libgomp has no tool interface. */
#ifndef RAMIFY_OMPT_H
#define RAMIFY_OMPT_H

#include <ramify/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From now on OpenMP's parallel regions are counted and timed as regions of rt, on the thread that opens them: one per
 * place in the code, named "omp FUNCTION+OFFSET", or "omp FILE+OFFSET" (for addr2line) where the function's name is not
 * exported. Places past the runtime's number of regions share "omp other".
 *
 * rt: NULL to end it, which must come before ramify_stop. Threads: one, with no parallel region under way.
 * Errors: ERR_NOT_FOUND the program's OpenMP has not loaded this tool: it is libgomp, or no parallel region was reached
 * yet, or OMP_TOOL=disabled (regions that come later are watched nevertheless). Cost: O(1). */
RAMIFY_API ramify_status ramify_ompt_observe(ramify_runtime *rt);

#ifdef __cplusplus
}
#endif
#endif
