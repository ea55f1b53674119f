/* SPDX-License-Identifier: BSD-3-Clause */
/* Results go to standard output or a file, complaints to standard error; a result that did not arrive is a failure. */
#include "commands.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int complain_usage(const char *about, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("ramify: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry `ramify help%s%s`.\n", about ? " " : "", about ? about : "");
    return EXIT_USAGE;
}

int complain(ramify_status status, const ramify_diagnosis *diagnosis)
{
    bool said = diagnosis && diagnosis->status == status && diagnosis->text[0];
    fprintf(stderr, "ramify: %s\n", said ? diagnosis->text : ramify_status_text(status));
    fprintf(stderr, "        %s (%s): %s.\n", ramify_status_text(status), ramify_status_name(status),
            ramify_status_advice(status));
    return EXIT_FAILED;
}

int write_result(const char *path, const char *text)
{
    bool  to_file = path && strcmp(path, "-") != 0;
    FILE *out     = to_file ? fopen(path, "w") : stdout;
    bool  written = out && fputs(text, out) != EOF && fflush(out) == 0;
    int   cause   = errno;
    if (to_file && out && fclose(out) != 0 && written) {
        written = false;
        cause   = errno;
    }
    if (written)
        return EXIT_DONE;
    fprintf(stderr, "ramify: %s: %s\n        The result was not written; check the path and the space left there.\n",
            to_file ? path : "standard output", strerror(cause));
    return EXIT_FAILED;
}
