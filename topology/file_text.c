/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading files without stdio: /proc reports a size of 0, so the buffer grows until read() says end. */
#include "file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static ramify_status status_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG: return RAMIFY_ERR_NOT_FOUND;
    case EACCES:
    case EPERM: return RAMIFY_ERR_NOT_ALLOWED;
    case EISDIR: return RAMIFY_ERR_FORMAT;
    default: return RAMIFY_ERR_SYSTEM;
    }
}

/* Makes room for more in a buffer that is full, up to most_bytes and a terminator. */
static ramify_status grow(char **buffer, size_t *room, size_t most_bytes)
{
    if (*room > most_bytes)
        return RAMIFY_ERR_RANGE;
    size_t more = *room ? *room * 2 : 4096;
    if (more > most_bytes + 1)
        more = most_bytes + 1;
    char *bigger = realloc(*buffer, more);
    if (!bigger)
        return RAMIFY_ERR_NO_MEMORY;
    *buffer = bigger;
    *room   = more;
    return RAMIFY_OK;
}

static ramify_status read_all(int file, size_t most_bytes, char **text, size_t *length, int *cause)
{
    char         *buffer = NULL;
    size_t        room = 0, used = 0;
    ramify_status status = RAMIFY_OK;
    for (;;) {
        if (used + 1 >= room && (status = grow(&buffer, &room, most_bytes)))
            break;
        ssize_t got = read(file, buffer + used, room - used - 1);
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            *cause = errno;
            status = status_of(errno);
            break;
        }
        used += (size_t)got;
    }
    if (status) {
        free(buffer);
        return status;
    }
    buffer[used] = '\0';
    *text        = buffer;
    if (length)
        *length = used;
    return RAMIFY_OK;
}

ramify_status rmf_file_read(const char *path, size_t most_bytes, char **text, size_t *length, int *cause)
{
    int ignored;
    if (!cause)
        cause = &ignored;
    *cause   = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO without a writer must not hang the caller */
    if (file < 0) {
        *cause = errno;
        return status_of(errno);
    }
    ramify_status status = read_all(file, most_bytes, text, length, cause);
    close(file);
    return status;
}
