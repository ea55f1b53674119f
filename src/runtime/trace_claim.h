/* SPDX-License-Identifier: BSD-3-Clause */
/* Which file a trace may be written to when other programs write traces of the same name. */
#ifndef RMF_RUNTIME_TRACE_CLAIM_H
#define RMF_RUNTIME_TRACE_CLAIM_H

#include <stdbool.h>
#include <sys/stat.h>

enum { RMF_TRACE_PATH_BYTES = 4096 };

typedef struct rmf_trace_claim {
    char path[RMF_TRACE_PATH_BYTES];
    bool is_else; /* path is not the one that was asked for */
    int  file;    /* locked; -1: none */
} rmf_trace_claim;

/* What lay at the path when a trace began. */
typedef struct rmf_trace_earlier {
    bool        is_there;
    struct stat about;
} rmf_trace_earlier;

void rmf_trace_look(const char *path, rmf_trace_earlier *earlier);

/* Finds the path to write to: the one asked for, or one beside it if another program wrote that since the look. What
 * cannot be opened stays as it is: who writes will say why. */
void rmf_trace_claim_make(const char *path, const rmf_trace_earlier *earlier, rmf_trace_claim *claim);

/* Lets it go; call it when the file is written or given up. */
void rmf_trace_claim_end(rmf_trace_claim *claim);

#endif
