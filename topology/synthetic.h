/* SPDX-License-Identifier: BSD-3-Clause */
/* Synthetic descriptions such as "pack:2 [numa] l3:4(size=32MB) core:8 pu:2", looked at before hwloc gets them: hwloc
 * says only yes or no, and would try to make four thousand million PUs when asked to. */
#ifndef RMF_TOPOLOGY_SYNTHETIC_H
#define RMF_TOPOLOGY_SYNTHETIC_H

#include <stdbool.h>
#include <ramify/status.h>

/* One level of a description: a word and its count. Parts in brackets are skipped over. */
typedef struct rmf_synthetic_item {
    size_t        position; /* of the word, or of the number where there is no word */
    char          word[24]; /* "" when only a number stands there */
    unsigned long count;
} rmf_synthetic_item;

/* True when a text that is no file's name reads like a description rather than like a path. */
bool rmf_synthetic_is_meant(const char *text);

/* Reads the next item at *position and moves *position behind it. False at the end, or with *status set.
 * The status is ERR_SYNTAX, and *position then points at the offending character. */
bool rmf_synthetic_next(const char *text, size_t *position, rmf_synthetic_item *item, ramify_status *status);

/* Checks the form of a description and the number of PUs it makes.
 * Errors: ERR_SYNTAX malformed, ERR_RANGE more PUs than this library handles; the diagnosis has the position. */
ramify_status rmf_synthetic_check(const char *text, ramify_diagnosis *diagnosis);

#endif
