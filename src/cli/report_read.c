/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a trace (Chrome's trace events) or metrics (ramify_snapshot_render) with jansson, one event at a time: a
 * trace may be much larger than memory would like, so the outer object is taken apart here and only its members are
 * parsed. */
#include "commands.h"
#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    FILE       *in;
    const char *path;
    char       *text; /* the value under way */
    size_t      length, room;
    uint64_t    at; /* bytes read */
    bool        failed;
} reader;

static int next(reader *r)
{
    int c = getc_unlocked(r->in);
    r->at += c != EOF;
    return c;
}

static int next_solid(reader *r)
{
    int c;
    while (isspace(c = next(r)))
        continue;
    return c;
}

static void keep(reader *r, int c)
{
    if (r->length + 1 >= r->room) {
        size_t room = r->room ? 2 * r->room : 4096;
        char  *more = realloc(r->text, room);
        if (!more) {
            r->failed = true;
            return;
        }
        r->text = more;
        r->room = room;
    }
    r->text[r->length++] = (char)c;
    r->text[r->length]   = '\0';
}

/* Takes in one value that begins with c; returns the character behind it. Strings are passed over with their escapes.
 */
static int take_value(reader *r, int c)
{
    int  depth     = 0;
    bool in_string = false;
    r->length      = 0;
    for (; c != EOF && !r->failed; c = next(r)) {
        if (!in_string && depth == 0 && r->length && (c == ',' || c == '}' || c == ']'))
            return c;
        keep(r, c);
        if (in_string && c == '\\')
            keep(r, next(r));
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']'))
            depth--;
    }
    return EOF;
}

static json_t *parsed(const reader *r)
{
    return r->failed ? NULL : json_loadb(r->text, r->length, JSON_DECODE_ANY, NULL);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void take_metadata(report *r, report_lane *lane, const json_t *e)
{
    if (strcmp(text_of(e, "name"), "thread_name") == 0)
        report_name_lane(r, lane, text_of(json_object_get(e, "args"), "name"));
}

static void take_sample(report *r, const json_t *e)
{
    const json_t *args = json_object_get(e, "args");
    if (strcmp(text_of(e, "name"), "load") != 0)
        return;
    uint32_t working = 0;
    r->load          = number_of(args, "queued and running");
    for (uint32_t i = 0; i < r->lane_count; i++)
        working += r->lanes[i]->depth && r->lanes[i]->open[r->lanes[i]->depth - 1].what == WORKING;
    for (uint32_t i = 0; i < r->lane_count; i++)
        if (r->load - working > r->lanes[i]->idle_queued)
            r->lanes[i]->idle_queued = r->load - working;
}

static void take_event(report *r, const json_t *e)
{
    const char   *phase = text_of(e, "ph");
    const json_t *args  = json_object_get(e, "args");
    double        us    = number_of(e, "ts");
    report_lane  *lane  = report_lane_of(r, (uint32_t)number_of(e, "tid"));
    if (!lane)
        return;
    r->has_trace = true;
    if (us > r->duration_us) /* a trace of somebody else's does not say how long it is */
        r->duration_us = us;
    switch (*phase) {
    case 'M': take_metadata(r, lane, e); break;
    case 'B': report_begin(r, lane, us, text_of(e, "name"), text_of(e, "cat")); break;
    case 'E': report_end(r, lane, us); break;
    case 'C': take_sample(r, e); break;
    case 'i':
        if (strcmp(text_of(e, "cat"), "loss") == 0) {
            lane->lost          = (uint64_t)number_of(args, "lost");
            lane->lost_until_us = us;
            lane->idle_since_us = us;
        }
        break;
    case 'X':
        if (strcmp(text_of(e, "name"), "steal") == 0) {
            const json_t *victim = json_object_get(args, "victim");
            report_steal(r, lane->tid, victim ? (uint32_t)json_integer_value(victim) + 1 : 0, text_of(args, "level"),
                         (uint64_t)number_of(args, "tasks"));
        }
        break;
    default: break;
    }
}

static void take_about(report *r, const json_t *about)
{
    snprintf(r->program, sizeof r->program, "%s", text_of(about, "program"));
    snprintf(r->plan, sizeof r->plan, "%s", text_of(about, "plan"));
    snprintf(r->machine, sizeof r->machine, "%s", text_of(about, "machine"));
    snprintf(r->version, sizeof r->version, "%s", text_of(about, "ramify"));
    r->duration_us = number_of(about, "duration_us");
    r->events      = (uint64_t)number_of(about, "events");
    r->lost        = (uint64_t)number_of(about, "lost");
}

static void take_rows(report *r, const json_t *rows)
{
    size_t  i;
    json_t *row;
    r->rows = calloc(json_array_size(rows) + 1, sizeof *r->rows);
    if (!r->rows) {
        r->failed = true;
        return;
    }
    r->has_metrics = true;
    json_array_foreach(rows, i, row)
    {
        report_row   *to    = &r->rows[r->row_count++];
        const json_t *place = json_object_get(row, "place"), *value = json_object_get(row, "value");
        snprintf(to->name, sizeof to->name, "%s", text_of(row, "name"));
        snprintf(to->scope, sizeof to->scope, "%s", text_of(row, "scope"));
        snprintf(to->reason, sizeof to->reason, "%s", text_of(row, "reason"));
        if (json_is_integer(place))
            snprintf(to->place, sizeof to->place, "%lld", (long long)json_integer_value(place));
        else
            snprintf(to->place, sizeof to->place, "%s", text_of(row, "place"));
        to->value = json_is_number(value) ? json_number_value(value) : NAN;
    }
}

static void take_buckets(report_histogram *h, const json_t *buckets)
{
    size_t  i;
    json_t *pair;
    json_array_foreach(buckets, i, pair)
    {
        if (h->count < BUCKETS_MAX)
            h->buckets[h->count++] = (report_bucket){ json_number_value(json_array_get(pair, 0)),
                                                      json_number_value(json_array_get(pair, 1)) };
    }
}

/* A member of the outer object, or of the metrics inside a trace. */
static void take_member(report *r, const char *key, const json_t *value)
{
    const char *inner;
    json_t     *member;
    if (strcmp(key, "otherData") == 0)
        take_about(r, value);
    else if (strcmp(key, "metrics") == 0 && json_is_object(value))
        json_object_foreach((json_t *)(uintptr_t)value, inner, member) take_member(r, inner, member);
    else if (strcmp(key, "metrics") == 0)
        take_rows(r, value);
    else if (strcmp(key, "version") == 0 && json_is_string(value))
        snprintf(r->version, sizeof r->version, "%s", json_string_value(value));
    else if (strcmp(key, "histograms") == 0) {
        take_buckets(&r->latency, json_object_get(value, "latency_ns"));
        take_buckets(&r->run, json_object_get(value, "run_ns"));
    }
}

/* Behind the '[' of the events; true at its ']'. */
static bool read_events(reader *in, report *r)
{
    int c = next_solid(in);
    if (c == ']')
        return true;
    for (;; c = next_solid(in)) {
        c         = take_value(in, c);
        json_t *e = c == EOF ? NULL : parsed(in);
        if (!json_is_object(e)) {
            json_decref(e);
            return false;
        }
        take_event(r, e);
        json_decref(e);
        if (c != ',')
            return c == ']';
    }
}

/* Behind the '{' of the outer object; true at its '}'. */
static bool read_members(reader *in, report *r)
{
    for (;;) {
        char key[64];
        int  c = next_solid(in);
        if (c == '}')
            return true;
        if (c != '"')
            return false;
        size_t used = 0;
        while ((c = next(in)) != '"' && c != EOF)
            if (used + 1 < sizeof key)
                key[used++] = (char)c;
        key[used] = '\0';
        if (next_solid(in) != ':')
            return false;
        c = next_solid(in);
        if (strcmp(key, "traceEvents") == 0 && c == '[') {
            if (!read_events(in, r))
                return false;
            c = next_solid(in);
        } else {
            c             = take_value(in, c);
            json_t *value = c == EOF ? NULL : parsed(in);
            if (!value)
                return false;
            take_member(r, key, value);
            json_decref(value);
        }
        if (c != ',')
            return c == '}';
    }
}

int report_read(report *r, const char *path)
{
    reader in = { .in = fopen(path, "r"), .path = path };
    if (!in.in) {
        fprintf(stderr, "ramify: %s: %s\n        Traces are written with RAMIFY_TRACE=FILE.\n", path, strerror(errno));
        return EXIT_FAILED;
    }
    int  first = next_solid(&in);
    bool whole = first == '{' ? read_members(&in, r) : first == '[' && read_events(&in, r);
    fclose(in.in);
    free(in.text);
    report_finish(r);
    if (in.failed || r->failed)
        return complain(RAMIFY_ERR_NO_MEMORY, NULL);
    if (!whole)
        fprintf(stderr, "ramify: %s: not whole JSON: it breaks off, or goes wrong, near byte %llu\n", path,
                (unsigned long long)in.at);
    else if (!r->has_trace && !r->has_metrics)
        fprintf(stderr, "ramify: %s: neither a trace nor metrics of Ramify\n", path);
    if (!whole || (!r->has_trace && !r->has_metrics)) {
        fprintf(stderr, "        Traces are written with RAMIFY_TRACE=FILE, metrics by ramify_snapshot_render.\n");
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}
