/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking at a running program from outside: a shared view that one process writes and others map.
 *
 * A program started with RAMIFY_VIEW=1 (or ramify_options.view) keeps a picture of each of its runtimes in shared
 * memory, ten times a second, in a file of its user's: /dev/shm/ramify.USER.PROCESS.N. Any program of that user reads
 * it, without ptrace and without rights; what it gets is a snapshot like any other (ramify/metrics.h):
 *
 *     ramify_view_entry first;
 *     uint32_t          count;
 *     ramify_view      *view;
 *     if (ramify_view_list(&first, 1, &count) == RAMIFY_OK && count && ramify_view_open(first.path, &view, NULL) ==
 * RAMIFY_OK) ramify_view_snapshot(view, &snapshot);
 *
 * Who looks does not slow the program down, and cannot hurt it. */
#ifndef RAMIFY_VIEW_H
#define RAMIFY_VIEW_H

#include <ramify/metrics.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramify_view ramify_view;

/* What a view is of. */
typedef struct ramify_view_entry {
    char     path[128];
    char     program[32]; /* as the system names the process */
    uint32_t pid;         /* in the namespace of the program */
    uint32_t workers;
} ramify_view_entry;

/* Lists the views of the calling user, and removes what processes that were killed have left behind.
 *
 * entries: room for `most`; may be NULL when most is 0. count: out, the number of views there are, which may be more.
 * Threads: any, never blocks. Errors: ERR_INVALID a NULL argument; ERR_SYSTEM there is no /dev/shm.
 * Cost: some system calls per view. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_view_list(ramify_view_entry *entries, uint32_t most, uint32_t *count);

/* Opens a view. path: as listed. view: out. diagnosis: out, may be NULL.
 * Ownership: the caller's, until ramify_view_close. Threads: any. Errors: ERR_INVALID a NULL argument; ERR_NOT_FOUND no
 * such file; ERR_NOT_ALLOWED it is another user's; ERR_FORMAT it is no view, or one of another version of this library;
 * ERR_NO_MEMORY; ERR_SYSTEM. Cost: some system calls. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_view_open(const char *path, ramify_view **view,
                                                           ramify_diagnosis *diagnosis);

/* Closes it. view: NULL is allowed. Threads: one, with no other call on it under way. Cost: some system calls. */
RAMIFY_API void ramify_view_close(ramify_view *view);

/* What it is of. Ownership: the view's. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const ramify_view_entry *ramify_view_about(const ramify_view *view);

/* The newest picture. Two of the same view have an interval (ramify_snapshot_between); two that are equally old are the
 * same picture.
 *
 * snapshot: out. Ownership: the caller's, until ramify_snapshot_free. Threads: any; waits for a picture that is just
 * being written, not longer than some milliseconds. Errors: ERR_INVALID a NULL argument; ERR_NOT_NOW the program died,
 * or was stopped, while it wrote one; ERR_FORMAT the file is damaged; ERR_NO_MEMORY. Cost: a copy of about 20 KiB and
 * more with the number of workers. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_view_snapshot(const ramify_view *view, ramify_snapshot **snapshot);

/* How the program behind a view is. */
typedef enum ramify_view_state {
    RAMIFY_VIEW_LIVE,
    RAMIFY_VIEW_ENDED, /* its runtime was stopped: the last picture stays */
    RAMIFY_VIEW_DEAD,  /* the process is gone without having stopped it */
} ramify_view_state;

/* Asks. Threads: any, never blocks. Cost: two system calls. */
RAMIFY_API ramify_view_state ramify_view_state_of(const ramify_view *view);

/* The file of a runtime's own view; NULL when it has none: not asked for, or the log said why not.
 * Ownership: the runtime's. Threads: any. Cost: O(1). */
RAMIFY_API const char *ramify_runtime_view(const ramify_runtime *rt);

#ifdef __cplusplus
}
#endif
#endif
