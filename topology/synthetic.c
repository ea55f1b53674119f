/* SPDX-License-Identifier: BSD-3-Clause */
/* A reader of the outer form of synthetic descriptions: word, colon, count; attributes in brackets. */
#include "synthetic.h"
#include "bits.h"
#include "log.h"

#include <ctype.h>
#include <string.h>

bool rmf_synthetic_is_meant(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || strchr(text, '/') || (length > 4 && strcmp(text + length - 4, ".xml") == 0))
        return false;
    return strchr(text, ':') || text[strspn(text, "0123456789 ")] == '\0';
}

/* Moves behind a part in brackets; false when it is not closed. */
static bool skip_brackets(const char *text, size_t *position)
{
    char   close = text[*position] == '(' ? ')' : ']';
    size_t at    = *position + 1;
    while (text[at] && text[at] != close)
        at++;
    if (!text[at])
        return false;
    *position = at + 1;
    return true;
}

static bool read_word(const char *text, size_t *position, char *word, size_t bytes)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[*position + length]))
        length++;
    if (length >= bytes)
        return false;
    memcpy(word, text + *position, length);
    word[length] = '\0';
    *position += length;
    return true;
}

/* A count of at least 1; anything above RMF_BITS_MAX reads as RMF_BITS_MAX + 1. */
static bool read_count(const char *text, size_t *position, unsigned long *count)
{
    size_t        at    = *position;
    unsigned long value = 0;
    for (; isdigit((unsigned char)text[at]); at++) {
        value = value * 10 + (unsigned long)(text[at] - '0');
        if (value > RMF_BITS_MAX)
            value = RMF_BITS_MAX + 1;
    }
    if (value == 0)
        return false;
    *position = at;
    *count    = value;
    return true;
}

bool rmf_synthetic_next(const char *text, size_t *position, rmf_synthetic_item *item, ramify_status *status)
{
    *status = RAMIFY_OK;
    for (;;) {
        char c = text[*position];
        if (c == '\0')
            return false;
        if (c == ' ')
            ++*position;
        else if ((c != '(' && c != '[') || !skip_brackets(text, position))
            break;
    }
    *status        = RAMIFY_ERR_SYNTAX;
    item->position = *position;
    item->word[0]  = '\0';
    if (isalpha((unsigned char)text[*position])) {
        if (!read_word(text, position, item->word, sizeof item->word) || text[*position] != ':')
            return false;
        ++*position;
    }
    if (!read_count(text, position, &item->count))
        return false;
    char behind = text[*position];
    if (behind && behind != ' ' && behind != '(' && behind != '[')
        return false;
    *status = RAMIFY_OK;
    return true;
}

ramify_status rmf_synthetic_check(const char *text, ramify_diagnosis *diagnosis)
{
    size_t             position = 0, items = 0;
    unsigned long      pus = 1;
    ramify_status      status;
    rmf_synthetic_item item;
    for (; rmf_synthetic_next(text, &position, &item, &status); items++) {
        pus *= item.count; /* both factors are at most RMF_BITS_MAX + 1 */
        if (pus > RMF_BITS_MAX)
            return rmf_diagnose(diagnosis, RAMIFY_ERR_RANGE, item.position,
                                "\"%.120s\": more than %d PUs at character %zu", text, RMF_BITS_MAX, item.position + 1);
    }
    if (status || items == 0)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYNTAX, position,
                            "\"%.120s\": not understood at character %zu; a description looks like "
                            "\"pack:2 numa:2 core:4 pu:2\"",
                            text, position + 1);
    return RAMIFY_OK;
}
