/* SPDX-License-Identifier: BSD-3-Clause */
/* Edit distance, one row of the table at a time. */
#include "nearest.h"

#include <stdio.h>
#include <string.h>

/* Longer words than this are compared by their beginning; no name here comes near. */
enum { WORD_MAX = 63, NAMES_MAX = 3 };

static uint32_t least_of(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

static uint32_t distance(const char *word, size_t length, const char *name)
{
    uint32_t row[WORD_MAX + 1];
    length = length < WORD_MAX ? length : WORD_MAX;
    for (uint32_t i = 0; i <= length; i++)
        row[i] = i;
    for (uint32_t j = 1; name[j - 1]; j++) {
        uint32_t diagonal = row[0];
        row[0]            = j;
        for (uint32_t i = 1; i <= length; i++) {
            uint32_t above = row[i];
            row[i]         = least_of(above + 1, row[i - 1] + 1, diagonal + (word[i - 1] != name[j - 1]));
            diagonal       = above;
        }
    }
    return row[length];
}

const char *rmf_nearest(const char *word, size_t length, rmf_name_fn name, char *text, size_t bytes)
{
    const char *best[NAMES_MAX]           = { NULL };
    uint32_t    best_distance[NAMES_MAX] = { 0 };
    for (uint32_t i = 0; name(i); i++) {
        uint32_t d = distance(word, length, name(i)), at = NAMES_MAX;
        while (at > 0 && (!best[at - 1] || d < best_distance[at - 1]))
            at--;
        for (uint32_t k = NAMES_MAX; at < NAMES_MAX && k-- > at + 1;) {
            best[k]          = best[k - 1];
            best_distance[k] = best_distance[k - 1];
        }
        if (at < NAMES_MAX) {
            best[at]          = name(i);
            best_distance[at] = d;
        }
    }
    size_t used = 0;
    text[0]     = '\0';
    for (uint32_t k = 0; k < NAMES_MAX && best[k] && used < bytes; k++)
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", k ? ", " : "", best[k]);
    return text;
}
