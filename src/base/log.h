/* SPDX-License-Identifier: BSD-3-Clause */
/* The one way the library speaks: a hook the caller gives, silent without one; and diagnoses filled in one place. */
#ifndef RMF_BASE_LOG_H
#define RMF_BASE_LOG_H

#include <ramify/status.h>

typedef struct rmf_log {
    ramify_log_fn fn; /* NULL: silent */
    void         *self;
} rmf_log;

/* Formats one line and hands it to the hook. Lines over 400 bytes are cut. */
void rmf_log_line(const rmf_log *log, ramify_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fills a diagnosis (NULL is allowed) and returns its status, so that `return rmf_diagnose(...)` is a whole sentence.
 * position: bytes into the text, 0 where there is none. */
ramify_status rmf_diagnose(ramify_diagnosis *diagnosis, ramify_status status, size_t position, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
