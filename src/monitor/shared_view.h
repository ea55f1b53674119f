/* SPDX-License-Identifier: BSD-3-Clause */
/* The shared view: a file in shared memory that a runtime writes and other programs map to look on.
 *
 * It is a head that does not change and a frame: a whole snapshot as 64-bit words, rewritten every RMF_VIEW_PERIOD_NS
 * by a thread of the view's own, so that workers pay nothing and a program that hangs can still be looked at. `version`
 * is odd while the frame changes (a sequence lock, as in worker_time.h). The writer holds a lock (flock) on the file
 * for as long as it lives; the kernel drops it with the process, so whoever can take it has found a dead view. The file
 * gets its name when it is whole. A reader maps it for reading alone: no reader can hurt the program. */
#ifndef RMF_MONITOR_SHARED_VIEW_H
#define RMF_MONITOR_SHARED_VIEW_H

#include "log.h"
#include "snapshot.h"

/* 1: raised when the head or the order of the frame changes; what a frame is made of has a fingerprint beside it. */
enum { RMF_VIEW_LAYOUT = 1, RMF_VIEW_PROGRAM_BYTES = 32 };

/* 10 pictures a second: as fast as a terminal is read, and a copy of 20 KiB each. */
#define RMF_VIEW_PERIOD_NS 100000000u

#define RMF_VIEW_MAGIC "ramifyV"
#define RMF_VIEW_DIRECTORY "/dev/shm"
#define RMF_VIEW_PREFIX "ramify." /* then the user's number, the process's, and one that makes the name unique */

typedef struct rmf_view_head {
    char     magic[8];
    uint32_t layout, fingerprint;
    uint32_t workers, sites, words; /* words: of the frame */
    uint32_t pid;
    uint64_t serial;
    char     program[RMF_VIEW_PROGRAM_BYTES];          /* as the system shows it, terminated */
    _Alignas(RMF_LINE_BYTES) _Atomic uint64_t version; /* odd: the frame is being written; 0: not yet */
    _Atomic uint64_t ended;                            /* 1: the runtime has stopped, this is its last frame */
    _Alignas(RMF_LINE_BYTES) _Atomic uint64_t frame[];
} rmf_view_head;

/* Says what a frame holds: it differs when any counter, level or size does. */
uint32_t rmf_frame_fingerprint(void);

uint32_t rmf_frame_words(uint32_t workers, uint32_t sites);

/* Turns a snapshot into words and back. Rows are not part of it.
 * Errors of unpacking: ERR_NO_MEMORY; ERR_FORMAT the words are no frame. */
void          rmf_frame_pack(const ramify_snapshot *snapshot, uint64_t *words);
ramify_status rmf_frame_unpack(const uint64_t *words, uint32_t workers, uint32_t sites, ramify_snapshot **snapshot);

/* What a view shows: `take` makes a snapshot without rows whenever the view's thread asks. */
typedef struct rmf_view_source {
    void *self;
    ramify_status (*take)(void *self, ramify_snapshot **snapshot);
    uint32_t workers, sites;
    uint64_t serial;
} rmf_view_source;

typedef struct rmf_view_writer rmf_view_writer;

/* Makes the file in a directory, writes the first frame, and goes on in a thread of its own.
 * Errors: ERR_SYSTEM, ERR_NO_MEMORY (no room in the directory counts as this); why says more. */
ramify_status rmf_view_start(const rmf_view_source *source, const char *directory, rmf_view_writer **writer,
                             rmf_why *why);

/* Writes the last frame, ends the thread, removes the file's name. NULL is allowed. */
void rmf_view_stop(rmf_view_writer *writer);

const char *rmf_view_path(const rmf_view_writer *writer);

#endif
