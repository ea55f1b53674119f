/* SPDX-License-Identifier: BSD-3-Clause */
/* Is a text one JSON value (RFC 8259) and nothing else? Recursive descent, for tests; it keeps nothing. */
#ifndef RAMIFY_TESTS_JSON_CHECK_H
#define RAMIFY_TESTS_JSON_CHECK_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static inline const char *json_blanks(const char *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
        at++;
    return at;
}

static inline const char *json_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\' && !strchr("\"\\/bfnrtu", *++at))
            return NULL;
    }
    return at + 1;
}

static inline const char *json_number(const char *at)
{
    at += *at == '-';
    if (!isdigit((unsigned char)*at))
        return NULL;
    while (isdigit((unsigned char)*at))
        at++;
    if (*at == '.') {
        if (!isdigit((unsigned char)*++at))
            return NULL;
        while (isdigit((unsigned char)*at))
            at++;
    }
    return at;
}

static inline const char *json_value(const char *at);

/* The members of an array or object, behind its opening bracket. */
static inline const char *json_members(const char *at, char close)
{
    at = json_blanks(at);
    if (*at == close)
        return at + 1;
    for (;;) {
        if (close == '}') {
            at = json_string(json_blanks(at));
            if (!at || *(at = json_blanks(at)) != ':')
                return NULL;
            at++;
        }
        at = json_value(at);
        if (!at)
            return NULL;
        at = json_blanks(at);
        if (*at == close)
            return at + 1;
        if (*at++ != ',')
            return NULL;
    }
}

/* The character behind the value; NULL when it is none. */
static inline const char *json_value(const char *at)
{
    static const char *const words[] = { "true", "false", "null" };
    at                               = json_blanks(at);
    for (size_t i = 0; i < 3; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    switch (*at) {
    case '{': return json_members(at + 1, '}');
    case '[': return json_members(at + 1, ']');
    case '"': return json_string(at);
    default: return json_number(at);
    }
}

static inline bool json_is_valid(const char *text)
{
    const char *end = json_value(text);
    return end && *json_blanks(end) == '\0';
}

#endif
