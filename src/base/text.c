/* SPDX-License-Identifier: BSD-3-Clause */
/* The growing text: doubles its room, remembers a failure. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Room for `more` bytes and a terminator; false when there is no memory. */
static bool reserve(rmf_text *text, size_t more)
{
    if (text->failed)
        return false;
    size_t need = text->length + more + 1;
    if (need <= text->capacity)
        return true;
    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity < need)
        capacity *= 2;
    char *bytes = realloc(text->bytes, capacity);
    if (!bytes) {
        rmf_text_drop(text);
        text->failed = true;
        return false;
    }
    text->bytes    = bytes;
    text->capacity = capacity;
    return true;
}

void rmf_text_add(rmf_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0 && reserve(text, (size_t)length)) {
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

void rmf_text_add_json(rmf_text *text, const char *plain)
{
    for (; *plain; plain++) {
        unsigned char c = (unsigned char)*plain;
        if (c == '"' || c == '\\')
            rmf_text_add(text, "\\%c", c);
        else if (c < 0x20)
            rmf_text_add(text, "\\u%04x", c);
        else
            rmf_text_add(text, "%c", c);
    }
}

void rmf_text_add_xml(rmf_text *text, const char *plain)
{
    for (; *plain; plain++) {
        switch (*plain) {
        case '<': rmf_text_add(text, "&lt;"); break;
        case '>': rmf_text_add(text, "&gt;"); break;
        case '&': rmf_text_add(text, "&amp;"); break;
        case '"': rmf_text_add(text, "&quot;"); break;
        default: rmf_text_add(text, "%c", *plain);
        }
    }
}

void rmf_text_drop(rmf_text *text)
{
    free(text->bytes);
    text->bytes  = NULL;
    text->length = text->capacity = 0;
}
