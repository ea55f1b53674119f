/* SPDX-License-Identifier: BSD-3-Clause */
/* A trace's file among several programs that were told the same name.
 *
 * A file from before this trace began is written over, as every run of a program does. One that was written since, or
 * is being written, is another's trace: this one goes beside it, with the process in its name. While a file is claimed,
 * its lock (flock) tells the others so; it ends with the process, whatever becomes of that. */
#include "trace_claim.h"

#include "trace_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 100 }; /* traces that one process may leave beside each other under one name */

struct timespec rmf_trace_file_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now); /* the clock that files are stamped by */
    return now;
}

static bool is_after(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* Locks the file, unless another trace has it. A file system without locks leaves the time of the file to go by. */
static bool lock_file(rmf_trace_claim *claim, int flags, struct timespec begun)
{
    struct stat about;
    claim->file = open(claim->path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
    if (claim->file < 0)
        return false;
    bool is_others = flock(claim->file, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
    is_others      = is_others || (!fstat(claim->file, &about) && about.st_size && is_after(about.st_mtim, begun));
    if (!is_others)
        return true;
    close(claim->file);
    claim->file = -1;
    errno       = EEXIST;
    return false;
}

/* The n-th name beside a path: trace.json becomes trace.4711.json, trace.4711-2.json, .. */
static void name_beside(const char *path, int n, char *beside)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    char        number[16] = "";
    int         stem       = (int)(dot ? (size_t)(dot - path) : strlen(path));
    if (n > 1)
        snprintf(number, sizeof number, "-%d", n);
    snprintf(beside, RMF_TRACE_PATH_BYTES, "%.*s.%d%s%s", stem, path, (int)getpid(), number, dot ? dot : "");
}

/* An archive is a folder, which is never written over. */
static bool take(rmf_trace_claim *claim, bool is_folder, int flags, struct timespec begun)
{
    if (!is_folder)
        return lock_file(claim, flags, begun);
    return access(claim->path, F_OK) != 0;
}

void rmf_trace_claim_make(const char *path, struct timespec begun, rmf_trace_claim *claim)
{
    struct stat about;
    bool        is_folder = rmf_trace_format_of(path) == RAMIFY_TRACE_OTF2;
    *claim                = (rmf_trace_claim){ .file = -1 };
    snprintf(claim->path, sizeof claim->path, "%s", path);
    if (!is_folder && stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return; /* a pipe or a device takes what it is given */
    errno          = EEXIST;
    claim->is_else = !take(claim, is_folder, 0, begun) && errno == EEXIST;
    for (int n = 1; claim->is_else && n <= TRIES; n++) {
        name_beside(path, n, claim->path);
        errno = EEXIST;
        if (take(claim, is_folder, O_EXCL, begun) || errno != EEXIST)
            return;
    }
}

void rmf_trace_claim_end(rmf_trace_claim *claim)
{
    struct stat about;
    if (claim->file < 0)
        return;
    if (fstat(claim->file, &about) == 0 && about.st_size == 0 && about.st_nlink)
        unlink(claim->path); /* nothing was written */
    close(claim->file);
}
