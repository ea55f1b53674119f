/* SPDX-License-Identifier: BSD-3-Clause */
/* A reader for OMP_PLACES: a list of places, each a set of CPUs with repetition and exclusion, or one word. */
#include "places.h"

#include "log.h"

#include <ctype.h>
#include <stdlib.h>

enum { WORDS = RMF_BITS_MAX_WORDS, PLACES_MAX = RMF_BITS_MAX };

/* Reading: the text, and what went wrong with it. */
typedef struct reader {
    const char   *text, *at;
    ramify_status status; /* once it is not OK nothing more is read */
    uint32_t      count, room;
    uint64_t     *sets; /* count sets of WORDS words */
} reader;

static void fail(reader *r, ramify_status status)
{
    if (!r->status)
        r->status = status;
}

static char peek(reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
    return r->status ? '\0' : *r->at;
}

static bool take(reader *r, char c)
{
    if (peek(r) != c)
        return false;
    r->at++;
    return true;
}

/* A whole number; negative only where a stride stands. */
static long number(reader *r, long least)
{
    long value = 0;
    bool minus = least < 0 && take(r, '-');
    if (!isdigit((unsigned char)peek(r)))
        fail(r, RAMIFY_ERR_SYNTAX);
    while (!r->status && isdigit((unsigned char)*r->at) && value < RMF_BITS_MAX)
        value = value * 10 + (*r->at++ - '0');
    value = minus ? -value : value;
    if (value >= RMF_BITS_MAX || value <= -RMF_BITS_MAX || value < least)
        fail(r, RAMIFY_ERR_RANGE);
    return r->status ? 0 : value;
}

/* ":length:stride", both optional. */
static void interval(reader *r, long *length, long *stride)
{
    *length = *stride = 1;
    if (!take(r, ':'))
        return;
    *length = number(r, 1);
    if (take(r, ':'))
        *stride = number(r, -RMF_BITS_MAX + 1);
}

static void add_cpu(reader *r, uint64_t *set, long cpu)
{
    if (cpu < 0 || cpu >= RMF_BITS_MAX)
        fail(r, RAMIFY_ERR_RANGE);
    else
        rmf_bits_add(set, (uint32_t)cpu);
}

/* "{0:4, !2}": what follows '!' is taken out again, wherever it stands. */
static void place(reader *r, uint64_t *set)
{
    uint64_t out[WORDS] = { 0 };
    rmf_bits_clear(set, WORDS);
    if (!take(r, '{'))
        fail(r, RAMIFY_ERR_SYNTAX);
    do {
        long length, stride;
        bool without = take(r, '!');
        long first   = number(r, 0);
        interval(r, &length, &stride);
        for (long i = 0; i < length && !r->status; i++)
            add_cpu(r, without ? out : set, first + i * stride);
    } while (take(r, ','));
    if (!take(r, '}'))
        fail(r, RAMIFY_ERR_SYNTAX);
    for (uint32_t w = 0; w < WORDS; w++)
        set[w] &= ~out[w];
}

static uint64_t *add_place(reader *r)
{
    if (r->count == r->room && !r->status) {
        uint32_t  room = r->room ? 2 * r->room : 16;
        uint64_t *sets = r->room < PLACES_MAX ? realloc(r->sets, (size_t)room * WORDS * sizeof *sets) : NULL;
        if (sets) {
            r->sets = sets;
            r->room = room;
        } else
            fail(r, r->room < PLACES_MAX ? RAMIFY_ERR_NO_MEMORY : RAMIFY_ERR_RANGE);
    }
    return r->status ? NULL : r->sets + (size_t)r->count++ * WORDS;
}

/* The set with every element moved by `by`. */
static void add_shifted(reader *r, const uint64_t *set, long by)
{
    uint64_t *to = add_place(r);
    if (!to)
        return;
    rmf_bits_clear(to, WORDS);
    RMF_BITS_FOREACH(cpu, set, WORDS)
    add_cpu(r, to, (long)cpu + by);
}

static void drop_place(reader *r, const uint64_t *set)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < r->count; i++)
        if (!rmf_bits_is_equal(r->sets + (size_t)i * WORDS, set, WORDS))
            rmf_bits_copy(r->sets + (size_t)kept++ * WORDS, r->sets + (size_t)i * WORDS, WORDS);
    r->count = kept;
}

static void read_list(reader *r)
{
    do {
        uint64_t set[WORDS];
        long     length, stride;
        bool     without = take(r, '!');
        place(r, set);
        interval(r, &length, &stride);
        if (without)
            drop_place(r, set);
        for (long i = 0; i < length && !without && !r->status; i++)
            add_shifted(r, set, i * stride);
    } while (take(r, ','));
    if (peek(r))
        fail(r, RAMIFY_ERR_SYNTAX);
}

/* Level of the outermost caches: l3 where there is one, else l2. */
static uint32_t last_cache(const rmf_machine *m)
{
    for (uint32_t i = 0; i < m->object_count; i++)
        if (m->objects[i].level == RAMIFY_LEVEL_L3)
            return RAMIFY_LEVEL_L3;
    return RAMIFY_LEVEL_L2;
}

static void add_set(reader *r, const rmf_machine *m, const uint64_t *cpus)
{
    uint64_t *to = add_place(r);
    if (!to)
        return;
    rmf_bits_clear(to, WORDS);
    rmf_bits_copy(to, cpus, m->words);
}

static void add_level(reader *r, const rmf_machine *m, uint32_t level)
{
    for (uint32_t i = 0; i < m->object_count; i++)
        if (m->objects[i].level == level)
            add_set(r, m, m->objects[i].cpus);
}

static void add_threads(reader *r, const rmf_machine *m)
{
    RMF_BITS_FOREACH(cpu, m->online, m->words)
    {
        uint64_t one[WORDS] = { 0 };
        rmf_bits_add(one, cpu);
        add_set(r, m, one);
    }
}

static int by_first_cpu(const void *a, const void *b)
{
    uint32_t x = rmf_bits_first(a, WORDS), y = rmf_bits_first(b, WORDS);
    return x < y ? -1 : x > y;
}

static void read_word(reader *r, const rmf_machine *m)
{
    static const char *const words[] = { "threads", "cores", "ll_caches", "numa_domains", "sockets" };
    size_t                   length  = strcspn(r->at, "( \t");
    uint32_t                 word    = 0;
    while (word < 5 && (strlen(words[word]) != length || strncmp(words[word], r->at, length) != 0))
        word++;
    switch (word) {
    case 0: add_threads(r, m); break;
    case 1: add_level(r, m, RAMIFY_LEVEL_CORE); break;
    case 2: add_level(r, m, last_cache(m)); break;
    case 3:
        for (uint32_t i = 0; i < m->node_count; i++)
            if (m->nodes[i].has_cpus)
                add_set(r, m, m->nodes[i].cpus);
        break;
    case 4: add_level(r, m, RAMIFY_LEVEL_PACKAGE); break;
    default: fail(r, RAMIFY_ERR_SYNTAX); return;
    }
    if (!r->count && word == 1) /* a machine that names no cores */
        add_threads(r, m);
    else if (!r->count) /* nor anything larger: all of it is one */
        add_set(r, m, m->online);
    r->at += length;
    if (r->count)
        qsort(r->sets, r->count, WORDS * sizeof *r->sets, by_first_cpu);
    if (take(r, '(')) {
        uint32_t most = (uint32_t)number(r, 1);
        if (!take(r, ')'))
            fail(r, RAMIFY_ERR_SYNTAX);
        r->count = most < r->count ? most : r->count;
    }
    if (peek(r))
        fail(r, RAMIFY_ERR_SYNTAX);
}

bool rmf_places_are_explicit(const char *text)
{
    text += strspn(text, " \t!");
    return *text == '{';
}

/* Cuts all places to what may be used. */
static void keep_usable(reader *r, const rmf_machine *m, const uint64_t *usable)
{
    uint64_t all[WORDS] = { 0 };
    uint32_t kept       = 0;
    rmf_bits_copy(all, usable, m->words);
    for (uint32_t i = 0; i < r->count; i++) {
        uint64_t *to = r->sets + (size_t)kept * WORDS;
        memmove(to, r->sets + (size_t)i * WORDS, WORDS * sizeof *to);
        rmf_bits_and(to, all, WORDS);
        kept += !rmf_bits_is_empty(to, WORDS);
    }
    r->count = kept;
}

ramify_status rmf_places_choose(const char *text, const rmf_machine *machine, const uint64_t *usable, uint32_t workers,
                                bool close, uint64_t *set, uint32_t *count, ramify_diagnosis *diagnosis)
{
    reader r = { .text = text, .at = text + strspn(text, " \t") };
    if (rmf_places_are_explicit(text))
        read_list(&r);
    else
        read_word(&r, machine);
    if (r.status) {
        free(r.sets);
        return rmf_diagnose(diagnosis, r.status, (size_t)(r.at - text),
                            "places \"%.80s\": %s at character %zu; places look like cores, sockets(2) or {0:4},{4:4}",
                            text, r.status == RAMIFY_ERR_SYNTAX ? "not understood" : ramify_status_text(r.status),
                            (size_t)(r.at - text) + 1);
    }
    keep_usable(&r, machine, usable);
    uint32_t chosen = workers && workers < r.count ? workers : r.count;
    rmf_bits_clear(set, machine->words);
    for (uint32_t i = 0; i < chosen; i++) {
        uint32_t at = close ? i : (uint32_t)((uint64_t)i * r.count / chosen);
        rmf_bits_or(set, r.sets + (size_t)at * WORDS, machine->words);
    }
    *count = chosen;
    free(r.sets);
    return RAMIFY_OK;
}
