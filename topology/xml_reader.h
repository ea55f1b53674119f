/* SPDX-License-Identifier: BSD-3-Clause */
/* A pull reader of well-formed XML, as far as topology files use it: elements, attributes, the five named entities and
 * numeric ones, comments, one declaration, one plain DOCTYPE. It changes nothing and allocates nothing. */
#ifndef RMF_TOPOLOGY_XML_READER_H
#define RMF_TOPOLOGY_XML_READER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct rmf_xml_reader {
    const char *text;
    size_t      length, at;
    bool        passed_text; /* something other than blanks stood before the last tag */
    const char *fault;       /* why reading stopped, a static phrase; NULL while all is well */
    bool        ended;       /* the fault is that the text ends too early */
} rmf_xml_reader;

/* Part of the text; not terminated. */
typedef struct rmf_xml_part {
    const char *bytes;
    size_t      length;
} rmf_xml_part;

typedef enum rmf_xml_event {
    RMF_XML_OPEN,   /* <name attributes> */
    RMF_XML_CLOSED, /* <name attributes/> */
    RMF_XML_CLOSE,  /* </name> */
    RMF_XML_END,    /* the text ended between elements */
    RMF_XML_FAULT,  /* see fault; at is where */
} rmf_xml_event;

typedef struct rmf_xml_tag {
    rmf_xml_part name;
    rmf_xml_part attributes; /* everything between name and end, already checked */
} rmf_xml_tag;

/* Starts reading a text of UTF-8. Passes over the declaration and the DOCTYPE. */
void rmf_xml_start(rmf_xml_reader *reader, const char *text, size_t length);

/* Moves to the next tag. Whether closing names match is the caller's to check. */
rmf_xml_event rmf_xml_next(rmf_xml_reader *reader, rmf_xml_tag *tag);

/* Finds an attribute's raw value (entities as they stand); false when the tag has none of that name. */
bool rmf_xml_attribute(const rmf_xml_tag *tag, const char *name, rmf_xml_part *value);

/* True when a part is exactly this word. */
bool rmf_xml_is(rmf_xml_part part, const char *word);

/* Line of the text a position is in, from 1. */
unsigned rmf_xml_line(const rmf_xml_reader *reader, size_t position);

#endif
