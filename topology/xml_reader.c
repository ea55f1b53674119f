/* SPDX-License-Identifier: BSD-3-Clause */
/* The pull reader; the grammar is that of XML 1.0 (fifth edition), cut down to what topology files contain. */
#include "xml_reader.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static bool fail(rmf_xml_reader *r, const char *fault)
{
    r->fault = r->at >= r->length ? "it ends too early" : fault;
    r->ended = r->at >= r->length;
    return false;
}

static bool starts(const rmf_xml_reader *r, const char *word)
{
    size_t length = strlen(word);
    return r->length - r->at >= length && memcmp(r->text + r->at, word, length) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(rmf_xml_reader *r)
{
    while (r->at < r->length && is_blank(r->text[r->at]))
        r->at++;
}

/* Length of the UTF-8 character at `at`, 0 for bytes that are none (or a control character XML forbids). Overlong forms
 * and surrogates are no characters (RFC 3629). */
static size_t character(const rmf_xml_reader *r)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t      least;
    } forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

    const unsigned char *byte = (const unsigned char *)r->text + r->at;
    for (size_t more = 0; more < 4; more++) {
        if ((byte[0] & forms[more].mask) != forms[more].lead)
            continue;
        uint32_t value = byte[0] & (unsigned char)~forms[more].mask;
        if (more >= r->length - r->at)
            return 0;
        for (size_t i = 1; i <= more; i++) {
            if ((byte[i] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | (byte[i] & 0x3f);
        }
        bool allowed = value >= forms[more].least && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff) &&
                       (value >= 0x20 || value == '\t' || value == '\n' || value == '\r') && value != 0xfffe &&
                       value != 0xffff;
        return allowed ? more + 1 : 0;
    }
    return 0;
}

/* Moves behind the next occurrence of a word. */
static bool skip_past(rmf_xml_reader *r, const char *word)
{
    while (r->at < r->length && !starts(r, word)) {
        size_t length = character(r);
        if (!length)
            return fail(r, "a byte that is no character");
        r->at += length;
    }
    if (r->at >= r->length)
        return fail(r, "");
    r->at += strlen(word);
    return true;
}

/* Moves behind a reference to a character: &amp; &lt; &gt; &quot; &apos; &#N; with N of ordinary text. */
static bool skip_entity(rmf_xml_reader *r)
{
    static const char *const names[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#9;", "&#10;", "&#13;" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (starts(r, names[i])) {
            r->at += strlen(names[i]);
            return true;
        }
    if (r->length - r->at < 7)
        r->at = r->length; /* cut off within the longest name */
    return fail(r, "an unknown entity");
}

static bool read_name(rmf_xml_reader *r, rmf_xml_part *name)
{
    size_t start = r->at;
    while (r->at < r->length && (isalpha((unsigned char)r->text[r->at]) || r->text[r->at] == '_' ||
                                 (r->at > start && (isdigit((unsigned char)r->text[r->at]) || r->text[r->at] == '-'))))
        r->at++;
    *name = (rmf_xml_part){ r->text + start, r->at - start };
    return name->length ? true : fail(r, "no name where one must be");
}

static bool read_value(rmf_xml_reader *r, rmf_xml_part *value)
{
    if (r->at >= r->length || (r->text[r->at] != '"' && r->text[r->at] != '\''))
        return fail(r, "an attribute without quotes");
    char   quote = r->text[r->at++];
    size_t start = r->at;
    while (r->at < r->length && r->text[r->at] != quote) {
        if (r->text[r->at] == '<')
            return fail(r, "'<' within an attribute");
        if (r->text[r->at] == '&') {
            if (!skip_entity(r))
                return false;
            continue;
        }
        size_t length = character(r);
        if (!length)
            return fail(r, "a byte that is no character");
        r->at += length;
    }
    if (r->at >= r->length)
        return fail(r, "");
    *value = (rmf_xml_part){ r->text + start, r->at++ - start };
    return true;
}

static bool same(rmf_xml_part a, rmf_xml_part b)
{
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* Reads the attributes of a tag up to its end; a name may stand only once. */
static bool read_attributes(rmf_xml_reader *r, rmf_xml_part *attributes)
{
    enum { MOST = 64 }; /* hwloc writes at most 20 */
    rmf_xml_part seen[MOST], value;
    size_t       start = r->at, count = 0;
    for (;;) {
        size_t before = r->at;
        skip_blanks(r);
        if (r->at >= r->length)
            return fail(r, "");
        if (r->text[r->at] == '>' || r->text[r->at] == '/')
            break;
        if (r->at == before)
            return fail(r, "no blank before an attribute");
        if (count == MOST)
            return fail(r, "too many attributes");
        if (!read_name(r, &seen[count]))
            return false;
        if (r->at >= r->length || r->text[r->at] != '=')
            return fail(r, "an attribute without '='");
        r->at++;
        if (!read_value(r, &value))
            return false;
        for (size_t i = 0; i < count; i++)
            if (same(seen[i], seen[count]))
                return fail(r, "an attribute that stands twice");
        count++;
    }
    *attributes = (rmf_xml_part){ r->text + start, r->at - start };
    return true;
}

static bool skip_comment(rmf_xml_reader *r)
{
    r->at += strlen("<!--");
    if (!skip_past(r, "--"))
        return false;
    if (r->at >= r->length || r->text[r->at] != '>')
        return fail(r, "'--' within a comment");
    r->at++;
    return true;
}

/* Passes over text and comments up to the next tag; false at the end as well, then without a fault. */
static bool skip_text(rmf_xml_reader *r)
{
    r->passed_text = false;
    while (r->at < r->length) {
        r->passed_text = r->passed_text || (r->text[r->at] != '<' && !is_blank(r->text[r->at]));
        if (starts(r, "<!--")) {
            if (!skip_comment(r))
                return false;
        } else if (r->text[r->at] == '<') {
            return true;
        } else if (r->text[r->at] == '&') {
            if (!skip_entity(r))
                return false;
        } else {
            size_t length = character(r);
            if (!length || starts(r, "]]>"))
                return fail(r, "a byte that is no character");
            r->at += length;
        }
    }
    return false;
}

rmf_xml_event rmf_xml_next(rmf_xml_reader *r, rmf_xml_tag *tag)
{
    rmf_xml_event event = RMF_XML_OPEN;
    if (r->fault)
        return RMF_XML_FAULT;
    if (!skip_text(r))
        return r->fault ? RMF_XML_FAULT : RMF_XML_END;
    r->at++;
    if (r->at < r->length && r->text[r->at] == '/') {
        event = RMF_XML_CLOSE;
        r->at++;
    }
    if (!read_name(r, &tag->name))
        return RMF_XML_FAULT;
    if (event == RMF_XML_CLOSE)
        skip_blanks(r);
    else if (!read_attributes(r, &tag->attributes))
        return RMF_XML_FAULT;
    if (event == RMF_XML_OPEN && r->text[r->at] == '/') {
        event = RMF_XML_CLOSED;
        r->at++;
    }
    if (r->at >= r->length || r->text[r->at] != '>') {
        fail(r, "a tag that does not end");
        return RMF_XML_FAULT;
    }
    r->at++;
    return event;
}

bool rmf_xml_attribute(const rmf_xml_tag *tag, const char *name, rmf_xml_part *value)
{
    rmf_xml_reader r = { .text = tag->attributes.bytes, .length = tag->attributes.length };
    rmf_xml_part   found;
    for (;;) {
        skip_blanks(&r);
        if (r.at >= r.length || !read_name(&r, &found))
            return false;
        r.at++; /* '=', checked before */
        if (!read_value(&r, value))
            return false;
        if (rmf_xml_is(found, name))
            return true;
    }
}

bool rmf_xml_is(rmf_xml_part part, const char *word)
{
    return part.length == strlen(word) && memcmp(part.bytes, word, part.length) == 0;
}

unsigned rmf_xml_line(const rmf_xml_reader *r, size_t position)
{
    unsigned line = 1;
    for (size_t i = 0; i < position && i < r->length; i++)
        line += r->text[i] == '\n';
    return line;
}

static bool is_word_of_any_case(rmf_xml_part part, const char *word)
{
    return part.length == strlen(word) && strncasecmp(part.bytes, word, part.length) == 0;
}

/* One `name="value"` of the declaration, if it stands next; *there says whether it did. */
static bool read_declared(rmf_xml_reader *r, const char *name, bool *there, rmf_xml_part *value)
{
    size_t before = r->at;
    skip_blanks(r);
    *there =
        r->at > before && starts(r, name) && r->at + strlen(name) < r->length && r->text[r->at + strlen(name)] == '=';
    if (!*there)
        return true;
    r->at += strlen(name) + 1;
    return read_value(r, value);
}

/* <?xml version="1.0" encoding="UTF-8" standalone="no"?>, in this order, the last two if wanted. Another encoding would
 * mean other characters. */
static bool skip_declaration(rmf_xml_reader *r)
{
    rmf_xml_part value;
    bool         there;
    if (!starts(r, "<?"))
        return true;
    if (!starts(r, "<?xml "))
        return fail(r, "a processing instruction");
    r->at += strlen("<?xml");
    if (!read_declared(r, "version", &there, &value))
        return false;
    if (!there || !rmf_xml_is(value, "1.0"))
        return fail(r, "no version 1.0 of XML");
    if (!read_declared(r, "encoding", &there, &value))
        return false;
    if (there && !is_word_of_any_case(value, "UTF-8") && !is_word_of_any_case(value, "US-ASCII"))
        return fail(r, "an encoding other than UTF-8");
    if (!read_declared(r, "standalone", &there, &value))
        return false;
    if (there && !rmf_xml_is(value, "yes") && !rmf_xml_is(value, "no"))
        return fail(r, "a declaration that is none");
    skip_blanks(r);
    if (!starts(r, "?>"))
        return fail(r, "a declaration that does not end");
    r->at += 2;
    return true;
}

/* <!DOCTYPE topology SYSTEM "hwloc2.dtd">, without a subset of its own. */
static bool skip_doctype(rmf_xml_reader *r)
{
    rmf_xml_part part;
    skip_blanks(r);
    if (!starts(r, "<!DOCTYPE "))
        return true;
    r->at += strlen("<!DOCTYPE ");
    if (!read_name(r, &part))
        return false;
    skip_blanks(r);
    if (starts(r, "SYSTEM ")) {
        r->at += strlen("SYSTEM ");
        if (!read_value(r, &part))
            return false;
        skip_blanks(r);
    }
    if (r->at >= r->length || r->text[r->at] != '>')
        return fail(r, "a DOCTYPE with more than a name and a file");
    r->at++;
    return true;
}

void rmf_xml_start(rmf_xml_reader *r, const char *text, size_t length)
{
    *r = (rmf_xml_reader){ .text = text, .length = length };
    if (skip_declaration(r))
        skip_doctype(r);
}
