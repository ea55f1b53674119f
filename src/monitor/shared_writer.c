/* SPDX-License-Identifier: BSD-3-Clause */
/* The writing side of a shared view. */
#include "shared_view.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Views of one process: more runtimes than this at a time make a name no longer than any other, but no use. */
enum { NAMES_MAX = 10000 };

struct rmf_view_writer {
    rmf_view_source source;
    rmf_view_head  *head;
    size_t          bytes;
    int             file;
    char            path[128];
    uint64_t       *words; /* a frame at rest */
    pthread_t       thread;
    pthread_mutex_t lock;
    pthread_cond_t  bell; /* rung to stop */
    bool            is_stopping;
};

static ramify_status failed(const char *doing, rmf_why *why)
{
    rmf_why_set(why, "%s: %s", doing, strerror(errno));
    return errno == ENOSPC || errno == ENOMEM ? RAMIFY_ERR_NO_MEMORY : RAMIFY_ERR_SYSTEM;
}

/* A snapshot that cannot be had leaves the last frame where it is. */
static void write_frame(rmf_view_writer *v)
{
    ramify_snapshot *s;
    rmf_view_head   *head = v->head;
    if (v->source.take(v->source.self, &s))
        return;
    rmf_frame_pack(s, v->words);
    ramify_snapshot_free(s);
    uint64_t version = rmf_load_relaxed(&head->version);
    rmf_store_relaxed(&head->version, version + 1);
    for (uint32_t i = 0; i < head->words; i++)
        /* order: who sees one of these sees the odd version; pairs with the acquires in copy_frame() */
        rmf_store_release(&head->frame[i], v->words[i]);
    /* order: the frame is whole; pairs with the first acquire in copy_frame() */
    rmf_store_release(&head->version, version + 2);
}

static void *keep_writing(void *view)
{
    rmf_view_writer *v = view;
    pthread_setname_np(pthread_self(), "ramify-view");
    pthread_mutex_lock(&v->lock);
    while (!v->is_stopping) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        uint64_t ns = (uint64_t)until.tv_nsec + RMF_VIEW_PERIOD_NS;
        until.tv_sec += (time_t)(ns / 1000000000u);
        until.tv_nsec = (long)(ns % 1000000000u);
        pthread_cond_timedwait(&v->bell, &v->lock, &until);
        write_frame(v);
    }
    pthread_mutex_unlock(&v->lock);
    return NULL;
}

static void program_name(char name[RMF_VIEW_PROGRAM_BYTES])
{
    int     file = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
    ssize_t got  = file < 0 ? 0 : read(file, name, RMF_VIEW_PROGRAM_BYTES - 1);
    if (file >= 0)
        close(file);
    name[got > 0 ? got : 0]   = '\0';
    name[strcspn(name, "\n")] = '\0';
}

/* A file without a name, locked, of full size: a disk that is full shows here, not as a signal at the first write. */
static ramify_status make_file(rmf_view_writer *v, const char *directory, rmf_why *why)
{
    v->file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (v->file < 0)
        return failed(directory, why);
    if (flock(v->file, LOCK_SH | LOCK_NB))
        return failed("flock", why);
    errno = posix_fallocate(v->file, 0, (off_t)v->bytes);
    if (errno)
        return failed("no room for the view in the shared memory's file system", why);
    void *memory = mmap(NULL, v->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->file, 0);
    if (memory == MAP_FAILED)
        return failed("mmap", why);
    v->head = memory;
    return RAMIFY_OK;
}

static void fill_head(const rmf_view_writer *v)
{
    rmf_view_head *head = v->head;
    memcpy(head->magic, RMF_VIEW_MAGIC, sizeof head->magic);
    head->layout      = RMF_VIEW_LAYOUT;
    head->fingerprint = rmf_frame_fingerprint();
    head->workers     = v->source.workers;
    head->sites       = v->source.sites;
    head->words       = rmf_frame_words(v->source.workers, v->source.sites);
    head->pid         = (uint32_t)getpid();
    head->serial      = v->source.serial;
    program_name(head->program);
}

/* Two runtimes, or a process that got a dead one's number, find the first name taken and go on to the next. */
static ramify_status give_name(rmf_view_writer *v, const char *directory, rmf_why *why)
{
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", v->file);
    for (int n = 0; n < NAMES_MAX; n++) {
        snprintf(v->path, sizeof v->path, "%s/" RMF_VIEW_PREFIX "%u.%u.%d", directory, (unsigned)getuid(),
                 (unsigned)getpid(), n);
        if (linkat(AT_FDCWD, self, AT_FDCWD, v->path, AT_SYMLINK_FOLLOW) == 0)
            return RAMIFY_OK;
        if (errno != EEXIST)
            break;
    }
    ramify_status status = failed("giving the view its name", why);
    v->path[0]           = '\0';
    return status;
}

static void drop(rmf_view_writer *v)
{
    if (v->path[0])
        unlink(v->path);
    if (v->head)
        munmap(v->head, v->bytes);
    if (v->file >= 0)
        close(v->file);
    free(v->words);
    free(v);
}

static ramify_status start_thread(rmf_view_writer *v, rmf_why *why)
{
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&v->lock, NULL);
    pthread_cond_init(&v->bell, &clock);
    pthread_condattr_destroy(&clock);
    errno = pthread_create(&v->thread, NULL, keep_writing, v);
    if (!errno)
        return RAMIFY_OK;
    pthread_cond_destroy(&v->bell);
    pthread_mutex_destroy(&v->lock);
    return failed("pthread_create", why);
}

ramify_status rmf_view_start(const rmf_view_source *source, const char *directory, rmf_view_writer **writer,
                             rmf_why *why)
{
    rmf_view_writer *v = calloc(1, sizeof *v);
    rmf_why_set(why, "out of memory");
    if (!v)
        return RAMIFY_ERR_NO_MEMORY;
    uint32_t words = rmf_frame_words(source->workers, source->sites);
    v->source      = *source;
    v->file        = -1;
    v->bytes       = sizeof *v->head + words * sizeof(uint64_t);
    v->words       = calloc(words, sizeof *v->words);

    ramify_status status = v->words ? make_file(v, directory, why) : RAMIFY_ERR_NO_MEMORY;
    if (!status) {
        fill_head(v);
        write_frame(v);
        status = give_name(v, directory, why);
    }
    if (!status)
        status = start_thread(v, why);
    if (status)
        drop(v);
    else
        *writer = v;
    return status;
}

void rmf_view_stop(rmf_view_writer *v)
{
    if (!v)
        return;
    pthread_mutex_lock(&v->lock);
    v->is_stopping = true;
    pthread_cond_signal(&v->bell);
    pthread_mutex_unlock(&v->lock);
    pthread_join(v->thread, NULL);
    /* order: the last frame before the word that it is; pairs with the acquire in ramify_view_state() */
    rmf_store_release(&v->head->ended, 1);
    pthread_cond_destroy(&v->bell);
    pthread_mutex_destroy(&v->lock);
    drop(v);
}

const char *rmf_view_path(const rmf_view_writer *v)
{
    return v->path;
}
