/* SPDX-License-Identifier: BSD-3-Clause */
/* The reading side of shared views: finding, opening and copying them out. Nothing in a file is believed before it is
 * checked. */
#include "shared_reader.h"

#include "shared_view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Most workers a runtime has (options.c) and domains of a tree over them: every inner one has two children at least. */
enum { WORKERS_MAX = 4096, SITES_MAX = 2 * WORKERS_MAX };

/* A frame is written in some 10 us; a writer that lost its core gets it back within some milliseconds of yielding. */
enum { LOOKS_MAX = 20000 };

struct ramify_view {
    int                  file;
    const rmf_view_head *head;
    size_t               bytes;
    uint32_t             sites; /* as checked: the file is not asked again */
    ramify_view_entry    about;
};

static rmf_view_head *shared(const rmf_view_head *head)
{
    return (rmf_view_head *)(uintptr_t)head; /* C11's atomic loads want a pointer to what is not const */
}

/* Whoever writes a view holds a lock on its file while the process lives. */
static bool is_abandoned(int file)
{
    if (flock(file, LOCK_EX | LOCK_NB))
        return false;
    flock(file, LOCK_UN);
    return true;
}

static bool is_head(const rmf_view_head *head, size_t bytes)
{
    return bytes >= sizeof *head && memcmp(head->magic, RMF_VIEW_MAGIC, sizeof head->magic) == 0;
}

static bool is_ours(const rmf_view_head *head, size_t bytes)
{
    return head->layout == RMF_VIEW_LAYOUT && head->fingerprint == rmf_frame_fingerprint() && head->workers > 0 &&
           head->workers <= WORKERS_MAX && head->sites > 0 && head->sites <= SITES_MAX &&
           head->words == rmf_frame_words(head->workers, head->sites) &&
           bytes >= sizeof *head + head->words * sizeof(uint64_t);
}

static void describe(ramify_view *v, const char *path)
{
    snprintf(v->about.path, sizeof v->about.path, "%s", path);
    memcpy(v->about.program, v->head->program, sizeof v->about.program);
    v->about.program[sizeof v->about.program - 1] = '\0';
    v->about.pid                                  = v->head->pid;
    v->about.workers                              = v->head->workers;
    v->sites                                      = v->head->sites;
}

static ramify_status open_file(const char *path, ramify_view *v, ramify_diagnosis *diagnosis)
{
    struct stat about;
    v->file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (v->file < 0)
        return rmf_diagnose(diagnosis,
                            errno == EACCES   ? RAMIFY_ERR_NOT_ALLOWED
                            : errno == ENOENT ? RAMIFY_ERR_NOT_FOUND
                            : errno == ELOOP  ? RAMIFY_ERR_FORMAT
                                              : RAMIFY_ERR_SYSTEM,
                            0, "%s: %s", path, strerror(errno));
    if (fstat(v->file, &about) || !S_ISREG(about.st_mode) || about.st_size < (off_t)sizeof *v->head)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_FORMAT, 0, "%s: no view", path);
    if (about.st_uid != getuid() && getuid() != 0)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_NOT_ALLOWED, 0, "%s: is another user's", path);
    v->bytes     = (size_t)about.st_size;
    void *memory = mmap(NULL, v->bytes, PROT_READ, MAP_SHARED, v->file, 0);
    if (memory == MAP_FAILED)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYSTEM, 0, "%s: mmap: %s", path, strerror(errno));
    v->head = memory;
    return RAMIFY_OK;
}

ramify_status ramify_view_open(const char *path, ramify_view **view, ramify_diagnosis *diagnosis)
{
    if (!path || !view)
        return RAMIFY_ERR_INVALID;
    ramify_view *v = calloc(1, sizeof *v);
    if (!v)
        return RAMIFY_ERR_NO_MEMORY;
    ramify_status status = open_file(path, v, diagnosis);
    if (!status && !is_head(v->head, v->bytes))
        status = rmf_diagnose(diagnosis, RAMIFY_ERR_FORMAT, 0, "%s: no view", path);
    else if (!status && !is_ours(v->head, v->bytes))
        status = rmf_diagnose(diagnosis, RAMIFY_ERR_FORMAT, 0,
                              "%s: was made by another version of Ramify: use the reader that came with it", path);
    if (status) {
        ramify_view_close(v);
        return status;
    }
    describe(v, path);
    *view = v;
    return RAMIFY_OK;
}

void ramify_view_close(ramify_view *v)
{
    if (!v)
        return;
    if (v->head)
        munmap(shared(v->head), v->bytes);
    if (v->file >= 0)
        close(v->file);
    free(v);
}

const ramify_view_entry *ramify_view_about(const ramify_view *v)
{
    return &v->about;
}

/* False: the frame changed meanwhile, or there is none yet. */
static bool copy_frame(const rmf_view_head *head_, uint64_t *words, uint32_t count)
{
    rmf_view_head *head = shared(head_);
    /* order: the frame that belongs to this version; pairs with the last release in write_frame() */
    uint64_t version = rmf_load_acquire(&head->version);
    if (version == 0 || version % 2)
        return false;
    for (uint32_t i = 0; i < count; i++)
        /* order: a word of a frame under way brings its odd version; pairs with the releases in write_frame() */
        words[i] = rmf_load_acquire(&head->frame[i]);
    return rmf_load_relaxed(&head->version) == version;
}

ramify_status ramify_view_snapshot(const ramify_view *v, ramify_snapshot **snapshot)
{
    if (!v || !snapshot)
        return RAMIFY_ERR_INVALID;
    uint32_t         count  = rmf_frame_words(v->about.workers, v->sites);
    uint64_t        *words  = malloc(count * sizeof *words);
    ramify_status    status = words ? RAMIFY_ERR_NOT_NOW : RAMIFY_ERR_NO_MEMORY;
    ramify_snapshot *s      = NULL;
    for (int look = 0; words && status == RAMIFY_ERR_NOT_NOW && look < LOOKS_MAX; look++)
        if (copy_frame(v->head, words, count))
            status = RAMIFY_OK;
        else
            sched_yield();
    if (!status)
        status = rmf_frame_unpack(words, v->about.workers, v->sites, &s);
    free(words);
    if (!status)
        status = rmf_snapshot_fill_rows(s);
    if (status)
        ramify_snapshot_free(s);
    else
        *snapshot = s;
    return status;
}

ramify_view_state ramify_view_state_of(const ramify_view *v)
{
    /* order: pairs with the release in rmf_view_stop() */
    if (rmf_load_acquire(&shared(v->head)->ended))
        return RAMIFY_VIEW_ENDED;
    return is_abandoned(v->file) ? RAMIFY_VIEW_DEAD : RAMIFY_VIEW_LIVE;
}

/* True: a view of a process that lives, described in *entry. A dead one's file is removed, whichever version made it.
 */
static bool look_at(const char *path, ramify_view_entry *entry)
{
    ramify_view *v = calloc(1, sizeof *v);
    if (!v)
        return false;
    bool is_view = open_file(path, v, NULL) == RAMIFY_OK && is_head(v->head, v->bytes);
    bool is_dead = is_view && is_abandoned(v->file);
    if (is_dead)
        unlink(path);
    if (is_view && !is_dead) {
        describe(v, path);
        *entry = v->about;
    }
    ramify_view_close(v);
    return is_view && !is_dead;
}

ramify_status rmf_view_list(const char *directory, ramify_view_entry *entries, uint32_t most, uint32_t *count)
{
    char           prefix[32];
    struct dirent *file;
    uint32_t       found = 0;
    DIR           *open  = opendir(directory);
    if (!open)
        return RAMIFY_ERR_SYSTEM;
    int length = snprintf(prefix, sizeof prefix, RMF_VIEW_PREFIX "%u.", (unsigned)getuid());
    while ((file = readdir(open))) {
        char              path[sizeof entries->path];
        ramify_view_entry entry;
        if (strncmp(file->d_name, prefix, (size_t)length) != 0 ||
            (size_t)snprintf(path, sizeof path, "%s/%s", directory, file->d_name) >= sizeof path ||
            !look_at(path, &entry))
            continue;
        if (found < most)
            entries[found] = entry;
        found++;
    }
    closedir(open);
    *count = found;
    return RAMIFY_OK;
}

ramify_status ramify_view_list(ramify_view_entry *entries, uint32_t most, uint32_t *count)
{
    if (!count || (!entries && most))
        return RAMIFY_ERR_INVALID;
    return rmf_view_list(RMF_VIEW_DIRECTORY, entries, most, count);
}
