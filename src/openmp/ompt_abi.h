/* SPDX-License-Identifier: BSD-3-Clause */
/* The few names of OpenMP's tool interface that are used here, after the OpenMP 5.0 specification, sections 4.2 to 4.5:
 * its header comes with some compilers only. */
#ifndef RMF_OPENMP_OMPT_ABI_H
#define RMF_OPENMP_OMPT_ABI_H

#include <stdint.h>

typedef union ompt_data_t {
    uint64_t value;
    void    *ptr;
} ompt_data_t;

typedef void (*ompt_callback_t)(void);
typedef ompt_callback_t (*ompt_function_lookup_t)(const char *name);
typedef int (*ompt_set_callback_t)(int event, ompt_callback_t callback);

typedef struct ompt_start_tool_result_t {
    int (*initialize)(ompt_function_lookup_t lookup, int initial_device, ompt_data_t *tool_data);
    void (*finalize)(ompt_data_t *tool_data);
    ompt_data_t tool_data;
} ompt_start_tool_result_t;

enum { OMPT_CALLBACK_PARALLEL_BEGIN = 3, OMPT_CALLBACK_PARALLEL_END = 4 };

/* What the runtime looks for in the process. */
ompt_start_tool_result_t *ompt_start_tool(unsigned version, const char *runtime);

#endif
