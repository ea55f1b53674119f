/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening, guarding and giving up a trace file. */
#include "trace_file.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A reader that goes away and a limit on file sizes speak by signals that end a program: they wait while we write. */
static void guard(rmf_trace_file *file)
{
    sigset_t pending;
    sigemptyset(&file->guarded);
    sigpending(&pending);
    if (!sigismember(&pending, SIGPIPE))
        sigaddset(&file->guarded, SIGPIPE);
    if (!sigismember(&pending, SIGXFSZ))
        sigaddset(&file->guarded, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &file->guarded, &file->before);
}

static void unguard(rmf_trace_file *file)
{
    const struct timespec none = { 0, 0 };
    while (sigtimedwait(&file->guarded, NULL, &none) > 0) /* ours: there was none before */
        continue;
    pthread_sigmask(SIG_SETMASK, &file->before, NULL);
}

ramify_status rmf_trace_file_open(rmf_trace_file *file, const char *path, ramify_diagnosis *diagnosis)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
    if (descriptor >= 0)
        fcntl(descriptor, F_SETFL, 0);
    file->path = path;
    file->out  = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (!file->out) {
        int cause = errno;
        if (descriptor >= 0)
            close(descriptor);
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYSTEM, 0, "%s: the trace could not be opened: %s", path,
                            cause == ENXIO ? "nobody reads this pipe" : strerror(cause));
    }
    guard(file);
    return RAMIFY_OK;
}

ramify_status rmf_trace_file_close(rmf_trace_file *file, ramify_status status, ramify_diagnosis *diagnosis)
{
    struct stat about;
    errno           = 0;
    bool is_regular = fstat(fileno(file->out), &about) == 0 && S_ISREG(about.st_mode);
    bool failed     = fflush(file->out) != 0 || ferror(file->out);
    int  cause      = errno;
    if (fclose(file->out) != 0 && !failed) {
        failed = true;
        cause  = errno;
    }
    if ((failed || status) && is_regular)
        unlink(file->path);
    unguard(file);
    if (failed && !status)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYSTEM, 0, "%s: the trace could not be written: %s", file->path,
                            cause ? strerror(cause) : "the device took no more");
    return status;
}

void rmf_trace_file_json(rmf_trace_file *file, const char *plain)
{
    for (const char *at = plain; *at; at++)
        if ((unsigned char)*at < 0x20)
            fprintf(file->out, "\\u%04x", (unsigned)*at);
        else {
            if (*at == '"' || *at == '\\')
                fputc('\\', file->out);
            fputc(*at, file->out);
        }
}

void rmf_trace_file_us(rmf_trace_file *file, uint64_t ns)
{
    fprintf(file->out, "%" PRIu64 ".%03u", ns / 1000, (unsigned)(ns % 1000));
}
