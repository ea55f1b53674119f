/* SPDX-License-Identifier: BSD-3-Clause */
/* A trace's file among several programs that were told the same name.
 *
 * A file that was there when this trace began, and is as it was, is written over, as every run of a program does. One
 * that was written since, or is being written, is another's trace: this one goes beside it, with the process in its
 * name. No clock is asked: file systems stamp by clocks of their own. While a file is claimed, its lock (flock) tells
 * the others so; it ends with the process, whatever becomes of that. */
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

void rmf_trace_look(const char *path, rmf_trace_earlier *earlier)
{
    earlier->is_there = stat(path, &earlier->about) == 0;
}

static bool is_as_it_was(const rmf_trace_earlier *earlier, const struct stat *now)
{
    const struct stat *then = &earlier->about;
    return earlier->is_there && then->st_dev == now->st_dev && then->st_ino == now->st_ino &&
           then->st_size == now->st_size && then->st_mtim.tv_sec == now->st_mtim.tv_sec &&
           then->st_mtim.tv_nsec == now->st_mtim.tv_nsec;
}

/* Locks the file, unless another trace has it. A file system without locks leaves the look of the file to go by. */
static bool lock_file(rmf_trace_claim *claim, int flags, const rmf_trace_earlier *earlier)
{
    struct stat about;
    claim->file = open(claim->path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
    if (claim->file < 0)
        return false;
    bool is_others = flock(claim->file, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
    is_others      = is_others || (!fstat(claim->file, &about) && about.st_size && !is_as_it_was(earlier, &about));
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
static bool take(rmf_trace_claim *claim, bool is_folder, int flags, const rmf_trace_earlier *earlier)
{
    if (!is_folder)
        return lock_file(claim, flags, earlier);
    return access(claim->path, F_OK) != 0;
}

void rmf_trace_claim_make(const char *path, const rmf_trace_earlier *earlier, rmf_trace_claim *claim)
{
    struct stat about;
    bool        is_folder = rmf_trace_format_of(path) == RAMIFY_TRACE_OTF2;
    *claim                = (rmf_trace_claim){ .file = -1 };
    snprintf(claim->path, sizeof claim->path, "%s", path);
    if (!is_folder && stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return; /* a pipe or a device takes what it is given */
    errno          = EEXIST;
    claim->is_else = !take(claim, is_folder, 0, earlier) && errno == EEXIST;
    for (int n = 1; claim->is_else && n <= TRIES; n++) {
        name_beside(path, n, claim->path);
        errno = EEXIST;
        if (take(claim, is_folder, O_EXCL, earlier) || errno != EEXIST)
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
