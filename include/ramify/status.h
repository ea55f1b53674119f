/* SPDX-License-Identifier: BSD-3-Clause */
/* Status codes: what every fallible call returns, and what to do about each.
 *
 * One table holds code, name, text and advice; everything else is made from it. */
#ifndef RAMIFY_STATUS_H
#define RAMIFY_STATUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RAMIFY_API       __attribute__((visibility("default")))
#define RAMIFY_NODISCARD __attribute__((warn_unused_result))
#define RAMIFY_COLD      __attribute__((cold, noinline))
#else
#define RAMIFY_API
#define RAMIFY_NODISCARD
#define RAMIFY_COLD
#endif

/* X(name, code, text, advice) */
#define RAMIFY_STATUS_TABLE(X)                                                                       \
    X(OK, 0, "success", "nothing to do")                                                             \
    X(ERR_INVALID, -1, "bad argument", "check the argument against the function's description")      \
    X(ERR_NO_MEMORY, -2, "out of memory", "free memory or ask for less; nothing was changed")        \
    X(ERR_NOT_BUILT, -3, "not built into this library", "rebuild Ramify with the optional part")     \
    X(ERR_NOT_FOUND, -4, "not there", "check the name, the path or the index")                       \
    X(ERR_NOT_ALLOWED, -5, "not allowed", "ask for the right, or leave the feature out")             \
    X(ERR_NOT_NOW, -6, "not now", "try again later, or choose another RAMIFY_FULL_ behaviour")       \
    X(ERR_SYNTAX, -7, "text could not be parsed", "look at the character the diagnosis points at")   \
    X(ERR_FORMAT, -8, "file is not what it should be", "check the file, its version and its length") \
    X(ERR_CANCELED, -9, "cancelled", "the group was cancelled before all its tasks ran")             \
    X(ERR_TASK, -10, "a task reported an error", "ramify_group_error() gives the task's code")       \
    X(ERR_BUSY, -11, "still in use", "wait for the work to finish first")                            \
    X(ERR_RANGE, -12, "out of range", "the value, or a size made from it, does not fit")             \
    X(ERR_SYSTEM, -13, "a system call failed", "the log hook got the call and its errno")            \
    X(ERR_ORDER, -14, "joined out of turn", "join each fork once, in its function, the newest first")

/* Zero is success, every error is negative. Codes never change their number. */
typedef enum ramify_status {
#define RAMIFY_STATUS_ENUM(name, code, text, advice) RAMIFY_##name = (code),
    RAMIFY_STATUS_TABLE(RAMIFY_STATUS_ENUM)
#undef RAMIFY_STATUS_ENUM
} ramify_status;

/* Names a status: "RAMIFY_ERR_INVALID".
 *
 * status: any int; an unknown one gives "RAMIFY_ERR_UNKNOWN".
 * Ownership: static text. Threads: any, never blocks. Cost: O(number of codes). */
RAMIFY_API const char *ramify_status_name(int status);

/* Says in a few words what a status means.
 *
 * status: any int. Ownership: static text. Threads: any, never blocks. Cost: O(number of codes). */
RAMIFY_API const char *ramify_status_text(int status);

/* Says what a user can do about a status.
 *
 * status: any int. Ownership: static text. Threads: any, never blocks. Cost: O(number of codes). */
RAMIFY_API const char *ramify_status_advice(int status);

/* What went wrong, in a sentence, for calls that read text or files. The caller owns it; a call that fails fills
 * it, a call that succeeds leaves it alone. */
typedef struct ramify_diagnosis {
    ramify_status status;
    size_t        position;  /* bytes into the text, 0-based, where the text has one */
    char          text[240]; /* always terminated */
} ramify_diagnosis;

/* Severity of a log line. */
typedef enum ramify_log_level {
    RAMIFY_LOG_ERROR,
    RAMIFY_LOG_WARNING,
    RAMIFY_LOG_INFO,
} ramify_log_level;

/* Receives the library's messages; may be called from any thread, one line without a newline at a time. */
typedef void (*ramify_log_fn)(void *self, ramify_log_level level, const char *line);

/* The library's version, "major.minor.patch".
 *
 * Ownership: static text. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const char *ramify_version(void);

#ifdef __cplusplus
}
#endif
#endif
