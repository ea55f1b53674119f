/* SPDX-License-Identifier: BSD-3-Clause */
/* A growing text for renderers: append without counting bytes, check for failure once at the end. */
#ifndef RMF_BASE_TEXT_H
#define RMF_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct rmf_text {
    char  *bytes; /* terminated; NULL while empty */
    size_t length, capacity;
    bool   failed; /* an append found no memory; bytes are freed */
} rmf_text;

/* Appends formatted text; after a failure it does nothing. */
void rmf_text_add(rmf_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a string as the inside of a JSON string (quotes and control characters escaped). */
void rmf_text_add_json(rmf_text *text, const char *plain);

/* Appends a string with the XML-special characters escaped. */
void rmf_text_add_xml(rmf_text *text, const char *plain);

/* Frees what it holds. */
void rmf_text_drop(rmf_text *text);

#endif
