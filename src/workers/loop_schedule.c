/* SPDX-License-Identifier: BSD-3-Clause */
/* Schedules in words: RULE[,GRAIN], as OMP_SCHEDULE has them. */
#include "log.h"

#include <errno.h>
#include <ramify/loop.h>
#include <stdlib.h>
#include <string.h>

static const char *const rule_names[] = { [RAMIFY_RULE_DEFAULT] = "default",
#define RULE_NAME(name, text) [RAMIFY_RULE_##name] = (text),
                                          RAMIFY_RULE_TABLE(RULE_NAME)
#undef RULE_NAME
};

static ramify_status read_grain(const char *text, size_t at, uint64_t *grain, ramify_diagnosis *diagnosis)
{
    char *end;
    errno                = 0;
    unsigned long long n = strtoull(text + at, &end, 10);
    if (text[at] < '0' || text[at] > '9' || *end)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, at, "schedule \"%s\": the grain is not a whole number", text);
    if (errno == ERANGE || n < 1 || n > INT64_MAX)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, at, "schedule \"%s\": the grain must be 1 to 2^63 - 1", text);
    *grain = n;
    return RAMIFY_OK;
}

ramify_status ramify_schedule_read(const char *text, ramify_schedule *schedule, ramify_diagnosis *diagnosis)
{
    ramify_schedule read = { RAMIFY_RULE_DEFAULT, 0 };
    if (!text || !schedule)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0, "neither text nor schedule may be NULL");
    size_t length = strcspn(text, ",");
    for (uint32_t rule = RAMIFY_RULE_AUTO; rule < RAMIFY_RULE_COUNT; rule++)
        if (strlen(rule_names[rule]) == length && strncmp(text, rule_names[rule], length) == 0)
            read.rule = rule;
    if (read.rule == RAMIFY_RULE_DEFAULT)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, 0,
                            "no schedule is called \"%.*s\": there are auto, static, dynamic, guided, trapezoid, "
                            "factoring and awf",
                            (int)(length < 64 ? length : 64), text);
    ramify_status status = RAMIFY_OK;
    if (text[length] == ',')
        status = read_grain(text, length + 1, &read.grain, diagnosis);
    if (!status)
        *schedule = read;
    return status;
}
