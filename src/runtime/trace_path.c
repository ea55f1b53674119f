/* SPDX-License-Identifier: BSD-3-Clause */
/* The name of a trace file: each process of a job needs one of its own. */
#include "tracing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ramify_status rmf_trace_path(const char *pattern, uint64_t serial, char path[RMF_TRACE_PATH_BYTES],
                             ramify_diagnosis *diagnosis)
{
    char   host[256] = "", part[256];
    size_t used      = 0;
    gethostname(host, sizeof host - 1);
    for (const char *at = pattern; *at; at++) {
        snprintf(part, sizeof part, "%c", *at);
        if (*at == '%') {
            switch (*++at) {
            case 'p': snprintf(part, sizeof part, "%d", (int)getpid()); break;
            case 'h': snprintf(part, sizeof part, "%s", host); break;
            case 't': snprintf(part, sizeof part, "%" PRIu64, serial); break;
            case '%': break;
            default:
                return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, (size_t)(at - pattern),
                                    "%s: after %% stands p (process), h (host), t (start of the runtime) or %%",
                                    pattern);
            }
        }
        size_t bytes = strlen(part);
        if (used + bytes >= RMF_TRACE_PATH_BYTES)
            return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, 0, "the path of the trace is over %d bytes",
                                RMF_TRACE_PATH_BYTES - 1);
        memcpy(path + used, part, bytes);
        used += bytes;
    }
    path[used] = '\0';
    return RAMIFY_OK;
}

const char *rmf_trace_path_trouble(const char *path)
{
    char        folder[RMF_TRACE_PATH_BYTES];
    struct stat about;
    if (stat(path, &about) == 0) {
        if (S_ISDIR(about.st_mode))
            return rmf_trace_format_of(path) == RAMIFY_TRACE_OTF2 ? NULL : "it is a folder";
        return access(path, W_OK) ? strerror(errno) : NULL;
    }
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == folder)
        folder[1] = '\0';
    else if (slash)
        *slash = '\0';
    else
        strcpy(folder, ".");
    return access(folder, W_OK) ? strerror(errno) : NULL;
}
