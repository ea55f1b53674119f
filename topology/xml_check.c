/* SPDX-License-Identifier: BSD-3-Clause */
/* The checks: a stack of open elements, and for objects with a cpuset, that set against its parent's and siblings'. */
#include "xml_check.h"
#include "bits.h"
#include "log.h"
#include "xml_reader.h"

#include <ctype.h>
#include <stdlib.h>

/* Deepest nesting. Recorded machines reach 20, PCI bridges within groups; hwloc reads objects by recursion. */
enum { DEPTH_MAX = 128 };

/* An open element. Sets are empty and has_cpus false for all but objects with a cpuset. */
typedef struct level {
    rmf_xml_part name;
    bool         is_object, is_normal, has_cpus, has_children;
    uint32_t     first;      /* lowest CPU, those off-line included; RAMIFY_NONE for none */
    uint32_t     last_first; /* that of the normal child before */
    uint64_t     cpus[RMF_BITS_MAX_WORDS], nodes[RMF_BITS_MAX_WORDS];
    uint64_t     taken[RMF_BITS_MAX_WORDS]; /* by children so far */
} level;

typedef struct checker {
    rmf_xml_reader    reader;
    const char       *file;
    ramify_diagnosis *diagnosis;
    unsigned          major; /* of the file's format */
    unsigned          depth;
    unsigned          objects;
    level            *stack; /* DEPTH_MAX of them */
    uint64_t          nodes_seen[RMF_BITS_MAX_WORDS];
} checker;

static ramify_status refuse(checker *c, const char *what)
{
    return rmf_diagnose(c->diagnosis, RAMIFY_ERR_FORMAT, c->reader.at, "%.120s: damaged topology: %s in line %u",
                        c->file, what, rmf_xml_line(&c->reader, c->reader.at));
}

/* A whole number below `limit`, nothing else. */
static bool read_number(rmf_xml_part part, uint64_t limit, uint64_t *number)
{
    uint64_t value = 0;
    if (!part.length)
        return false;
    for (size_t i = 0; i < part.length; i++) {
        if (!isdigit((unsigned char)part.bytes[i]))
            return false;
        value = value * 10 + (uint64_t)(part.bytes[i] - '0');
        if (value >= limit)
            return false;
    }
    *number = value;
    return true;
}

/* "2.0" and the like. A file of hwloc 1.x has no version. */
static bool read_version(rmf_xml_part part, unsigned *major)
{
    char *end, copy[16];
    if (part.length >= sizeof copy || !part.length || !isdigit((unsigned char)part.bytes[0]))
        return false;
    memcpy(copy, part.bytes, part.length);
    copy[part.length] = '\0';
    *major            = (unsigned)strtoul(copy, &end, 10);
    if (*end++ != '.' || !isdigit((unsigned char)*end))
        return false;
    strtoul(end, &end, 10);
    return *end == '\0';
}

/* hwloc writes sets as 32-bit words in hexadecimal, highest first: "0x000000ff,0xffffffff,,0x1". */
static ramify_status read_set(rmf_xml_part part, uint64_t *set)
{
    size_t   at    = part.length;
    uint32_t index = 0;
    do {
        uint64_t word = 0;
        unsigned bits = 0;
        while (at > 0 && isxdigit((unsigned char)part.bytes[at - 1])) {
            char     c = part.bytes[--at];
            uint64_t digit =
                isdigit((unsigned char)c) ? (uint64_t)(c - '0') : (uint64_t)(tolower((unsigned char)c) - 'a' + 10);
            if (bits >= 32 && digit)
                return RAMIFY_ERR_FORMAT;
            if (bits < 32)
                word |= digit << bits;
            bits += 4;
        }
        if (bits && (at < 2 || part.bytes[at - 1] != 'x' || part.bytes[at - 2] != '0'))
            return RAMIFY_ERR_FORMAT;
        at -= bits ? 2 : 0;
        if (word && index >= RMF_BITS_MAX / 32)
            return RAMIFY_ERR_RANGE;
        if (word)
            set[index / 2] |= word << (index % 2 * 32);
        index++;
    } while (at > 0 && part.bytes[--at] == ',');
    return at == 0 ? RAMIFY_OK : RAMIFY_ERR_FORMAT;
}

static bool is_one_of(rmf_xml_part type, const char *const *types)
{
    for (; *types; types++)
        if (rmf_xml_is(type, *types))
            return true;
    return false;
}

/* Memory hangs beside the CPUs in formats 2 and later, I/O and Misc have no CPUs; the rest nests. */
static bool is_normal(const checker *c, rmf_xml_part type)
{
    static const char *const special[] = { "Bridge", "PCIDev", "OSDev", "Misc", NULL };
    static const char *const memory[]  = { "NUMANode", "MemCache", NULL };
    return !is_one_of(type, special) && (c->major < 2 || !is_one_of(type, memory));
}

static bool is_only(const uint64_t *set, uint32_t index)
{
    return rmf_bits_has(set, index) && rmf_bits_count(set, RMF_BITS_MAX_WORDS) == 1;
}

/* What sets name must have the index the sets say, and each NUMA node its own. */
static ramify_status check_index(checker *c, const rmf_xml_tag *tag, rmf_xml_part type, const level *own)
{
    rmf_xml_part part;
    uint64_t     index;
    bool         is_pu = rmf_xml_is(type, "PU");
    if (!is_pu && !rmf_xml_is(type, "NUMANode"))
        return RAMIFY_OK;
    if (!rmf_xml_attribute(tag, "os_index", &part) || !read_number(part, RMF_BITS_MAX, &index))
        return refuse(c, "an os_index that cannot be");
    if (is_pu && !is_only(own->cpus, (uint32_t)index))
        return refuse(c, "a PU whose cpuset is not its os_index");
    if (is_pu || c->major < 2)
        return RAMIFY_OK;
    if (!is_only(own->nodes, (uint32_t)index))
        return refuse(c, "a NUMA node whose nodeset is not its os_index");
    if (rmf_bits_has(c->nodes_seen, (uint32_t)index))
        return refuse(c, "a NUMA node that stands twice");
    rmf_bits_add(c->nodes_seen, (uint32_t)index);
    return RAMIFY_OK;
}

/* A normal child lies within its parent, apart from its siblings and behind them. */
static ramify_status check_nesting(checker *c, level *up, const level *own)
{
    uint32_t words = RMF_BITS_MAX_WORDS;
    if (!up->is_object || !own->has_cpus)
        return RAMIFY_OK;
    if (!up->has_cpus || !rmf_bits_is_subset(own->cpus, up->cpus, words))
        return refuse(c, "an object with CPUs that its parent has not");
    if (!own->is_normal)
        return RAMIFY_OK;
    if (rmf_bits_intersects(own->cpus, up->taken, words))
        return refuse(c, "an object that shares CPUs with its sibling");
    if (own->first < up->last_first)
        return refuse(c, "an object out of order");
    up->last_first = own->first;
    rmf_bits_or(up->taken, own->cpus, words);
    return RAMIFY_OK;
}

enum { SET_CPUS, SET_COMPLETE, SET_NODES, SET_COMPLETE_NODES, SET_ALLOWED, SET_ALLOWED_NODES, SET_ONLINE, SETS };

/* Reads one set of an object into room of its own; *there is false when it has none of that name. */
static ramify_status read_one_set(checker *c, const rmf_xml_tag *tag, const char *name, uint64_t *set, bool *there)
{
    rmf_xml_part part;
    rmf_bits_clear(set, RMF_BITS_MAX_WORDS);
    *there = rmf_xml_attribute(tag, name, &part);
    if (!*there)
        return RAMIFY_OK;
    ramify_status status = read_set(part, set);
    if (status == RAMIFY_ERR_RANGE)
        return rmf_diagnose(c->diagnosis, status, c->reader.at,
                            "%.120s: line %u has an index above %d, the most this library handles", c->file,
                            rmf_xml_line(&c->reader, c->reader.at), RMF_BITS_MAX - 1);
    return status ? refuse(c, "a set of CPUs or nodes that is none") : RAMIFY_OK;
}

/* From format 2 on, an object has all of its four sets or none, and hwloc relies on it. */
static ramify_status read_sets(checker *c, const rmf_xml_tag *tag, level *own)
{
    static const char *const names[SETS] = { "cpuset",         "complete_cpuset", "nodeset",      "complete_nodeset",
                                             "allowed_cpuset", "allowed_nodeset", "online_cpuset" };

    uint64_t sets[SETS][RMF_BITS_MAX_WORDS];
    bool     there[SETS];
    for (int i = 0; i < SETS; i++) {
        ramify_status status = read_one_set(c, tag, names[i], sets[i], &there[i]);
        if (status)
            return status;
    }
    own->has_cpus = there[SET_CPUS];
    rmf_bits_copy(own->cpus, sets[SET_CPUS], RMF_BITS_MAX_WORDS);
    rmf_bits_copy(own->nodes, sets[SET_NODES], RMF_BITS_MAX_WORDS);
    own->first = rmf_bits_first(sets[there[SET_COMPLETE] ? SET_COMPLETE : SET_CPUS], RMF_BITS_MAX_WORDS);
    bool all   = there[SET_CPUS] && there[SET_COMPLETE] && there[SET_NODES] && there[SET_COMPLETE_NODES];
    bool none  = !there[SET_CPUS] && !there[SET_COMPLETE] && !there[SET_NODES] && !there[SET_COMPLETE_NODES];
    if (c->major >= 2 && !all && !none)
        return refuse(c, "an object without all of its sets of CPUs and nodes");
    if (all && (!rmf_bits_is_subset(sets[SET_CPUS], sets[SET_COMPLETE], RMF_BITS_MAX_WORDS) ||
                !rmf_bits_is_subset(sets[SET_NODES], sets[SET_COMPLETE_NODES], RMF_BITS_MAX_WORDS)))
        return refuse(c, "an object with a set that is not within its complete set");
    return RAMIFY_OK;
}

static ramify_status check_object(checker *c, const rmf_xml_tag *tag, level *own)
{
    level        *up = &c->stack[c->depth - 1];
    rmf_xml_part  type;
    ramify_status status;
    if (!rmf_xml_attribute(tag, "type", &type))
        return refuse(c, "an object without a type");
    own->is_object = true;
    own->is_normal = is_normal(c, type);
    if (up->is_object == rmf_xml_is(type, "Machine") && c->major >= 2)
        return refuse(c, "a machine within a machine, or none around the rest");
    if (c->objects++ == 0 ? c->depth != 1 : c->depth == 1)
        return refuse(c, "more than one machine");
    status = read_sets(c, tag, own);
    if (!status)
        status = check_index(c, tag, type, own);
    if (!status)
        status = check_nesting(c, up, own);
    return status;
}

/* hwloc makes room for count x count distances before it reads them. */
static ramify_status check_element(checker *c, const rmf_xml_tag *tag, level *own)
{
    rmf_xml_part part;
    uint64_t     number;
    if (rmf_xml_is(tag->name, "object"))
        return check_object(c, tag, own);
    if (rmf_xml_attribute(tag, "nbobjs", &part) && !read_number(part, RMF_BITS_MAX + 1, &number))
        return refuse(c, "a number of objects that cannot be");
    return RAMIFY_OK;
}

static ramify_status open_element(checker *c, const rmf_xml_tag *tag, bool stays_open)
{
    if (c->depth == DEPTH_MAX)
        return refuse(c, "elements that nest too deeply");
    if (c->reader.passed_text)
        return refuse(c, "text between elements");
    c->stack[c->depth - 1].has_children = true;
    level *own                          = &c->stack[c->depth];
    memset(own, 0, sizeof *own);
    own->name            = tag->name;
    ramify_status status = check_element(c, tag, own);
    if (!status && stays_open)
        c->depth++;
    return status;
}

static ramify_status close_element(checker *c, const rmf_xml_tag *tag)
{
    const level *own  = &c->stack[c->depth - 1];
    rmf_xml_part open = own->name;
    if (c->reader.passed_text && (own->is_object || own->has_children || c->depth == 1))
        return refuse(c, "text between elements");
    if (open.length != tag->name.length || memcmp(open.bytes, tag->name.bytes, open.length) != 0)
        return refuse(c, "an end tag that does not match");
    c->depth--;
    return RAMIFY_OK;
}

static ramify_status refuse_fault(checker *c)
{
    if (c->reader.ended)
        return rmf_diagnose(c->diagnosis, RAMIFY_ERR_FORMAT, c->reader.at,
                            "%.120s: truncated topology: it ends in line %u before </topology>", c->file,
                            rmf_xml_line(&c->reader, c->reader.at));
    return refuse(c, c->reader.fault);
}

/* The first element must be <topology>, in a version this hwloc reads. */
static ramify_status check_root(checker *c, const rmf_xml_tag *tag, unsigned hwloc_major)
{
    rmf_xml_part part;
    if (!rmf_xml_is(tag->name, "topology"))
        return rmf_diagnose(c->diagnosis, RAMIFY_ERR_FORMAT, 0, "%.120s: not a topology: its root element is <%.*s>",
                            c->file, (int)(tag->name.length < 40 ? tag->name.length : 40), tag->name.bytes);
    c->major = 1;
    if (rmf_xml_attribute(tag, "version", &part) && !read_version(part, &c->major))
        return refuse(c, "a version that is no number");
    if (c->major > hwloc_major)
        return rmf_diagnose(c->diagnosis, RAMIFY_ERR_FORMAT, 0,
                            "%.120s: topology of format version %u; this hwloc reads up to %u (export it with "
                            "lstopo --export-xml-flags v%u)",
                            c->file, c->major, hwloc_major, hwloc_major);
    if (c->major < 2 && hwloc_major > 2)
        return rmf_diagnose(c->diagnosis, RAMIFY_ERR_FORMAT, 0,
                            "%.120s: topology of format version 1, which hwloc %u no longer reads (convert it with an "
                            "hwloc 2 lstopo)",
                            c->file, hwloc_major);
    return RAMIFY_OK;
}

static ramify_status check_body(checker *c)
{
    rmf_xml_tag   tag;
    ramify_status status = RAMIFY_OK;
    while (!status && c->depth > 0)
        switch (rmf_xml_next(&c->reader, &tag)) {
        case RMF_XML_OPEN: status = open_element(c, &tag, true); break;
        case RMF_XML_CLOSED: status = open_element(c, &tag, false); break;
        case RMF_XML_CLOSE: status = close_element(c, &tag); break;
        case RMF_XML_END: c->reader.ended = true; /* fall through */
        case RMF_XML_FAULT: status = refuse_fault(c); break;
        }
    if (!status && c->objects == 0)
        status = refuse(c, "no machine");
    if (!status && c->major >= 2 && rmf_bits_is_empty(c->nodes_seen, RMF_BITS_MAX_WORDS))
        status = refuse(c, "no NUMA node, of which every machine has one");
    if (!status && (rmf_xml_next(&c->reader, &tag) != RMF_XML_END || c->reader.passed_text))
        status = refuse(c, "something behind </topology>");
    return status;
}

ramify_status rmf_xml_check(const char *name, const char *text, size_t length, unsigned hwloc_major,
                            ramify_diagnosis *diagnosis)
{
    checker     c = { .file = name, .diagnosis = diagnosis };
    rmf_xml_tag tag;
    if (length == 0)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_FORMAT, 0, "%.120s: empty, not a topology", name);
    rmf_xml_start(&c.reader, text, length);
    size_t first = strspn(text, " \t\r\n");
    if (text[first] != '<')
        return rmf_diagnose(diagnosis, RAMIFY_ERR_FORMAT, 0, "%.120s: not a topology: it is no XML", name);
    rmf_xml_event event = rmf_xml_next(&c.reader, &tag);
    if (event == RMF_XML_END)
        c.reader.ended = true;
    if (event < RMF_XML_END && c.reader.passed_text)
        return refuse(&c, "text before the first element");
    if (event != RMF_XML_OPEN && event != RMF_XML_CLOSED)
        return event == RMF_XML_CLOSE ? refuse(&c, "an end tag first") : refuse_fault(&c);

    ramify_status status = check_root(&c, &tag, hwloc_major);
    if (!status && event == RMF_XML_CLOSED)
        status = refuse(&c, "no machine");
    if (status)
        return status;
    c.stack = calloc(DEPTH_MAX, sizeof *c.stack);
    if (!c.stack)
        return RAMIFY_ERR_NO_MEMORY;
    c.stack[0].name = tag.name;
    c.depth         = 1;
    status          = check_body(&c);
    free(c.stack);
    return status;
}
