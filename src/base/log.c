/* SPDX-License-Identifier: BSD-3-Clause */
/* Formatting for the log hook and for diagnoses. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

void rmf_log_line(const rmf_log *log, ramify_log_level level, const char *format, ...)
{
    if (!log || !log->fn)
        return;
    char    line[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log->fn(log->self, level, line);
}

ramify_status rmf_diagnose(ramify_diagnosis *diagnosis, ramify_status status, size_t position, const char *format, ...)
{
    if (!diagnosis)
        return status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(diagnosis->text, sizeof diagnosis->text, format, arguments);
    va_end(arguments);
    diagnosis->status   = status;
    diagnosis->position = position;
    return status;
}
