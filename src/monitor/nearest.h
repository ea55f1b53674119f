/* SPDX-License-Identifier: BSD-3-Clause */
/* The name that was meant: nearest by edit distance (Levenshtein, 1966). */
#ifndef RMF_MONITOR_NEAREST_H
#define RMF_MONITOR_NEAREST_H

#include <stddef.h>
#include <stdint.h>

/* The i-th name of a list, NULL past its end. */
typedef const char *(*rmf_name_fn)(uint32_t i);

/* Writes up to three names that are nearest to a word (of `length` bytes), "a, b, c"; all that share the least distance
 * first. Returns text. */
const char *rmf_nearest(const char *word, size_t length, rmf_name_fn name, char *text, size_t bytes);

#endif
