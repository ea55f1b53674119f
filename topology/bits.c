/* SPDX-License-Identifier: BSD-3-Clause */
/* Searching, reading and writing sets of indexes. */
#include "bits.h"

#include <stdio.h>

uint32_t rmf_bits_next(const uint64_t *set, uint32_t words, uint32_t from)
{
    uint32_t word = from / 64;
    if (word >= words)
        return RAMIFY_NONE;
    uint64_t rest = set[word] & (~0ull << (from % 64));
    while (!rest) {
        if (++word == words)
            return RAMIFY_NONE;
        rest = set[word];
    }
    return word * 64 + (uint32_t)__builtin_ctzll(rest);
}

void rmf_bits_clip(uint64_t *to, uint32_t words, ramify_bits from)
{
    for (uint32_t i = 0; i < words; i++)
        to[i] = i < from.word_count ? from.words[i] : 0;
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n')
        at++;
    return at;
}

/* Reads one index; returns the character behind it, NULL with *status set when there is none. */
static const char *read_index(const char *at, uint32_t *index, ramify_status *status)
{
    if (*at < '0' || *at > '9') {
        *status = RAMIFY_ERR_SYNTAX;
        return NULL;
    }
    uint32_t value = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (uint32_t)(*at - '0');
        if (value >= RMF_BITS_MAX) {
            *status = RAMIFY_ERR_RANGE;
            return NULL;
        }
    }
    *index = value;
    return at;
}

ramify_status rmf_bits_parse(const char *text, uint64_t *set, size_t *position)
{
    ramify_status status = RAMIFY_OK;
    const char   *at     = text, *item;
    do {
        uint32_t first, last;
        item            = skip_blanks(at);
        const char *end = read_index(item, &first, &status);
        if (!end)
            break;
        last = first;
        end  = skip_blanks(end);
        if (*end == '-') {
            item = skip_blanks(end + 1);
            end  = read_index(item, &last, &status);
            if (!end)
                break;
            end = skip_blanks(end);
        }
        if (last < first) {
            status = RAMIFY_ERR_RANGE;
            break;
        }
        for (uint32_t bit = first; bit <= last; bit++)
            rmf_bits_add(set, bit);
        item = at = end;
    } while (*at++ == ',');
    if (!status && *item)
        status = RAMIFY_ERR_SYNTAX;
    if (status && position)
        *position = (size_t)(item - text);
    return status;
}

/* Finds the next run of consecutive elements at or after *from; false when there is none. */
static bool next_run(const uint64_t *set, uint32_t words, uint32_t *from, uint32_t *last)
{
    uint32_t first = rmf_bits_next(set, words, *from);
    if (first == RAMIFY_NONE)
        return false;
    uint32_t end = first;
    while (end + 1 < words * 64 && rmf_bits_has(set, end + 1))
        end++;
    *from = first;
    *last = end;
    return true;
}

void rmf_text_add_bits(rmf_text *text, const uint64_t *set, uint32_t words)
{
    const char *comma = "";
    for (uint32_t first = 0, last; next_run(set, words, &first, &last); first = last + 1) {
        if (first == last)
            rmf_text_add(text, "%s%u", comma, first);
        else
            rmf_text_add(text, "%s%u-%u", comma, first, last);
        comma = ",";
    }
}

char *rmf_bits_list(const uint64_t *set, uint32_t words, char *buffer, size_t bytes)
{
    size_t      length = 0;
    const char *comma  = "";
    buffer[0]          = '\0';
    for (uint32_t first = 0, last; next_run(set, words, &first, &last); first = last + 1) {
        char run[32];
        int  n = first == last ? snprintf(run, sizeof run, "%s%u", comma, first)
                               : snprintf(run, sizeof run, "%s%u-%u", comma, first, last);
        if (length + (size_t)n + sizeof ",..." > bytes) {
            snprintf(buffer + length, bytes - length, "%s...", comma);
            break;
        }
        memcpy(buffer + length, run, (size_t)n + 1);
        length += (size_t)n;
        comma = ",";
    }
    return buffer;
}
