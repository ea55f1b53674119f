/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of operating-system indexes (PUs, NUMA nodes) as arrays of 64-bit words, bit i of words[i / 64].
 *
 * Within one machine every set has the same number of words, so most operations take it as one argument. Sets that come
 * from elsewhere (affinity mask, cgroup) may be longer or shorter; rmf_bits_clip brings them to size. */
#ifndef RMF_TOPOLOGY_BITS_H
#define RMF_TOPOLOGY_BITS_H

#include "text.h"

#include <string.h>
#include <ramify/tree.h>

/* Largest index a set may hold, plus one: Linux is never built for more CPUs (NR_CPUS of MAXSMP: 8192), and a file that
 * names a higher one is damaged. */
enum { RMF_BITS_MAX = 8192, RMF_BITS_MAX_WORDS = RMF_BITS_MAX / 64 };

static inline uint32_t rmf_bits_words_for(uint32_t bits)
{
    return (bits + 63) / 64;
}

static inline bool rmf_bits_has(const uint64_t *set, uint32_t bit)
{
    return set[bit / 64] >> (bit % 64) & 1;
}

static inline void rmf_bits_add(uint64_t *set, uint32_t bit)
{
    set[bit / 64] |= 1ull << (bit % 64);
}

static inline void rmf_bits_clear(uint64_t *set, uint32_t words)
{
    memset(set, 0, words * sizeof *set);
}

static inline void rmf_bits_copy(uint64_t *to, const uint64_t *from, uint32_t words)
{
    memcpy(to, from, words * sizeof *to);
}

static inline void rmf_bits_or(uint64_t *to, const uint64_t *from, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        to[i] |= from[i];
}

static inline void rmf_bits_and(uint64_t *to, const uint64_t *from, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        to[i] &= from[i];
}

/* Number of elements. */
static inline uint32_t rmf_bits_count(const uint64_t *set, uint32_t words)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < words; i++)
        count += (uint32_t)__builtin_popcountll(set[i]);
    return count;
}

/* Number of elements two sets share. */
static inline uint32_t rmf_bits_count_common(const uint64_t *a, const uint64_t *b, uint32_t words)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < words; i++)
        count += (uint32_t)__builtin_popcountll(a[i] & b[i]);
    return count;
}

static inline bool rmf_bits_is_empty(const uint64_t *set, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        if (set[i])
            return false;
    return true;
}

static inline bool rmf_bits_is_equal(const uint64_t *a, const uint64_t *b, uint32_t words)
{
    return memcmp(a, b, words * sizeof *a) == 0;
}

/* True when every element of `inner` is in `outer`. */
static inline bool rmf_bits_is_subset(const uint64_t *inner, const uint64_t *outer, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        if (inner[i] & ~outer[i])
            return false;
    return true;
}

static inline bool rmf_bits_intersects(const uint64_t *a, const uint64_t *b, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        if (a[i] & b[i])
            return true;
    return false;
}

/* The first element not below `from`; RAMIFY_NONE when there is none. */
uint32_t rmf_bits_next(const uint64_t *set, uint32_t words, uint32_t from);

static inline uint32_t rmf_bits_first(const uint64_t *set, uint32_t words)
{
    return rmf_bits_next(set, words, 0);
}

/* Loop over the elements of a set in ascending order. */
#define RMF_BITS_FOREACH(bit, set, words)                                                                              \
    for (uint32_t bit = rmf_bits_first((set), (words)); bit != RAMIFY_NONE;                                            \
         bit          = rmf_bits_next((set), (words), bit + 1))

/* Copies a set of another length, dropping what does not fit. */
void rmf_bits_clip(uint64_t *to, uint32_t words, ramify_bits from);

/* Adds the elements of a list such as "0-3,8" (blanks are free; an empty list is an error) to set[RMF_BITS_MAX_WORDS].
 * position: out, bytes into text where it went wrong; may be NULL.
 * Errors: ERR_SYNTAX malformed, ERR_RANGE an index of RMF_BITS_MAX or more, or a range that runs backwards. */
ramify_status rmf_bits_parse(const char *text, uint64_t *set, size_t *position);

/* Appends a set as a list, "0-3,8"; nothing for the empty set. */
void rmf_text_add_bits(rmf_text *text, const uint64_t *set, uint32_t words);

/* Writes a set as a list into a buffer; a list that does not fit ends in "...". Returns buffer. */
char *rmf_bits_list(const uint64_t *set, uint32_t words, char *buffer, size_t bytes);

#endif
