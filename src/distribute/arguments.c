/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of arguments. Numbers are read by hand because strtod follows the program's locale, and a decimal comma would
 * make weighted(1.5,2) mean something else in Leipzig than in Livermore. */
#include "arguments.h"

#include "log.h"

#include <string.h>

/* How much of a wrong word a diagnosis repeats: the rest of its sentence must still fit. */
enum { SHOWN_BYTES = 40 };

static int shown(const rmf_argument *argument)
{
    return argument->length < SHOWN_BYTES ? (int)argument->length : SHOWN_BYTES;
}

uint32_t rmf_arguments_count(const char *list)
{
    uint32_t commas = 0;
    bool     blank  = true;
    for (; *list; list++) {
        commas += *list == ',';
        blank = blank && rmf_is_blank(*list);
    }
    return blank ? 0 : commas + 1;
}

bool rmf_arguments_next(const char *list, size_t *cursor, rmf_argument *argument)
{
    if (*cursor == 0 ? rmf_arguments_count(list) == 0 : !list[*cursor - 1])
        return false;
    size_t at = *cursor, end = at + strcspn(list + at, ",");
    *cursor = end + 1; /* past the comma, or past the terminator: then the next step ends */
    while (at < end && rmf_is_blank(list[at]))
        at++;
    while (end > at && rmf_is_blank(list[end - 1]))
        end--;
    *argument = (rmf_argument){ list + at, at, end - at };
    return true;
}

bool rmf_argument_is(const rmf_argument *argument, const char *word)
{
    return argument->length == strlen(word) && memcmp(argument->text, word, argument->length) == 0;
}

ramify_status rmf_argument_number(const rmf_argument *argument, double most, double *number,
                                  ramify_diagnosis *diagnosis)
{
    double value = 0, unit = 1;
    size_t digits = 0, points = 0, i = 0;
    for (; i < argument->length; i++) {
        char c = argument->text[i];
        if (c == '.' && points == 0) {
            points = 1;
        } else if (c >= '0' && c <= '9') {
            digits++;
            unit  = points ? unit / 10 : 1;
            value = points ? value + (c - '0') * unit : value * 10 + (c - '0');
        } else {
            break;
        }
    }
    if (i < argument->length || digits == 0)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, argument->at + i, "'%.*s' is not a number", shown(argument),
                            argument->text);
    if (value > most)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, argument->at, "%.*s is too large: at most %.0f",
                            shown(argument), argument->text, most);
    *number = value;
    return RAMIFY_OK;
}

ramify_status rmf_arguments_one_whole(const char *list, const char *rule, uint32_t least, uint32_t most,
                                      uint32_t *number, ramify_diagnosis *diagnosis)
{
    rmf_argument argument, second;
    size_t       cursor = 0;
    double       value;
    if (!rmf_arguments_next(list, &cursor, &argument))
        return RAMIFY_OK;
    ramify_status status = rmf_argument_number(&argument, most, &value, diagnosis);
    if (status)
        return status;
    if (value < least)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, argument.at, "%s takes a number from %u to %u", rule, least,
                            most);
    if (value != (double)(uint32_t)value)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, argument.at, "%s takes a whole number", rule);
    if (rmf_arguments_next(list, &cursor, &second))
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, second.at, "%s takes one argument", rule);
    *number = (uint32_t)value;
    return RAMIFY_OK;
}

ramify_status rmf_arguments_none(const char *list, const char *rule, ramify_diagnosis *diagnosis)
{
    rmf_argument argument;
    size_t       cursor = 0;
    if (!rmf_arguments_next(list, &cursor, &argument))
        return RAMIFY_OK;
    return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, argument.at, "%s takes no argument", rule);
}
