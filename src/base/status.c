/* SPDX-License-Identifier: BSD-3-Clause */
/* Status texts, made from the one table in ramify/status.h, and the version. */
#include <stdlib.h>
#include <ramify/status.h>
#include <ramify/tree.h>

struct entry {
    int         status;
    const char *name, *text, *advice;
};

static const struct entry table[] = {
#define ENTRY(name, code, text, advice) { code, "RAMIFY_" #name, text, advice },
    RAMIFY_STATUS_TABLE(ENTRY)
#undef ENTRY
};

static const struct entry unknown = { 1, "RAMIFY_ERR_UNKNOWN", "unknown status",
                                      "the number is none of this library's" };

static const struct entry *entry_of(int status)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].status == status)
            return &table[i];
    return &unknown;
}

const char *ramify_status_name(int status)
{
    return entry_of(status)->name;
}

const char *ramify_status_text(int status)
{
    return entry_of(status)->text;
}

const char *ramify_status_advice(int status)
{
    return entry_of(status)->advice;
}

const char *ramify_version(void)
{
    return RMF_VERSION;
}

void ramify_text_free(char *text)
{
    free(text);
}
