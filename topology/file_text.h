/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a whole small file, from /proc or disk, whose size may not be known beforehand. */
#ifndef RMF_TOPOLOGY_FILE_TEXT_H
#define RMF_TOPOLOGY_FILE_TEXT_H

#include <stddef.h>
#include <ramify/status.h>

/* Reads the file at path, at most most_bytes of it, into a terminated text for the caller to free.
 * length: out, may be NULL; without the terminator. cause: out, may be NULL: the errno behind a failure, 0 without one.
 * Errors: ERR_NOT_FOUND no such file, ERR_NOT_ALLOWED no right to read it, ERR_FORMAT a directory, ERR_RANGE it is
 * longer than most_bytes, ERR_SYSTEM any other failing call, ERR_NO_MEMORY. */
ramify_status rmf_file_read(const char *path, size_t most_bytes, char **text, size_t *length, int *cause);

#endif
