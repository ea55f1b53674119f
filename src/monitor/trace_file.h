/* SPDX-License-Identifier: BSD-3-Clause */
/* The file a trace is written to: an error is kept until the end, and no signal of the file reaches the program. */
#ifndef RMF_MONITOR_TRACE_FILE_H
#define RMF_MONITOR_TRACE_FILE_H

#include <ramify/status.h>
#include <signal.h>
#include <stdio.h>

typedef struct rmf_trace_file {
    FILE       *out;
    const char *path;
    sigset_t    before; /* the thread's mask */
    sigset_t    guarded;
} rmf_trace_file;

/* Opens the file for writing; a pipe without a reader is an error, not a wait. Errors: ERR_SYSTEM, with the reason. */
ramify_status rmf_trace_file_open(rmf_trace_file *file, const char *path, ramify_diagnosis *diagnosis);

/* Closes it. Unless status is 0 and everything was written, what is there of a regular file is taken away. Returns
 * status, or ERR_SYSTEM when writing failed. */
ramify_status rmf_trace_file_close(rmf_trace_file *file, ramify_status status, ramify_diagnosis *diagnosis);

/* Writes the inside of a JSON string. */
void rmf_trace_file_json(rmf_trace_file *file, const char *plain);

/* Writes nanoseconds as microseconds with three decimals, whatever the locale. */
void rmf_trace_file_us(rmf_trace_file *file, uint64_t ns);

#endif
