/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads the text between a rule's brackets: a list of words or numbers, with the position of what is wrong. */
#ifndef RMF_DISTRIBUTE_ARGUMENTS_H
#define RMF_DISTRIBUTE_ARGUMENTS_H

#include <ramify/status.h>
#include <stdbool.h>
#include <stdint.h>

/* One argument of a list, without the blanks around it. */
typedef struct rmf_argument {
    const char *text;
    size_t      at, length; /* bytes into the list */
} rmf_argument;

/* Blanks of the policy language. */
static inline bool rmf_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Number of arguments: commas + 1, or 0 for a list of blanks. */
uint32_t rmf_arguments_count(const char *list);

/* Steps through a list: *cursor starts at 0; false at the end. */
bool rmf_arguments_next(const char *list, size_t *cursor, rmf_argument *argument);

/* True when the argument is this word. */
bool rmf_argument_is(const rmf_argument *argument, const char *word);

/* Reads digits with at most one point among them: no sign, no exponent, and no locale. Errors: ERR_SYNTAX not a
 * number; ERR_RANGE above `most`; both with a position in the list. */
ramify_status rmf_argument_number(const rmf_argument *argument, double most, double *number,
                                  ramify_diagnosis *diagnosis);

/* Reads the only argument of a list, a whole number from least to most; an empty list leaves *number alone.
 * rule: its name, for the diagnosis. Errors: ERR_SYNTAX, ERR_RANGE. */
ramify_status rmf_arguments_one_whole(const char *list, const char *rule, uint32_t least, uint32_t most,
                                      uint32_t *number, ramify_diagnosis *diagnosis);

/* For rules without arguments: ERR_SYNTAX unless the list is empty. */
ramify_status rmf_arguments_none(const char *list, const char *rule, ramify_diagnosis *diagnosis);

#endif
