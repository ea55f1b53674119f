/* SPDX-License-Identifier: BSD-3-Clause */
/* From an interval's rows to lines: the program as a whole, steals by level, then the tree. */
#include "top.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bars are as long as twenty workers make sense of; names as deep as the trees of big machines. */
enum { BAR = 20, NAME = 30 };

top_line *top_add(top_frame *frame, const char *format, ...)
{
    if (frame->count == frame->room) {
        uint32_t  room = frame->room ? 2 * frame->room : 64;
        top_line *more = realloc(frame->lines, room * sizeof *more);
        if (!more) {
            frame->failed = true;
            return NULL;
        }
        frame->lines = more;
        frame->room  = room;
    }
    top_line *line = &frame->lines[frame->count++];
    va_list   arguments;
    *line = (top_line){ .bar_at = 0 };
    va_start(arguments, format);
    vsnprintf(line->text, sizeof line->text, format, arguments);
    va_end(arguments);
    return line;
}

void top_drop(top_frame *frame)
{
    free(frame->lines);
    *frame = (top_frame){ 0 };
}

/* A value, or false where it is unknown. */
static bool value_of(const ramify_snapshot *s, const char *name, uint32_t scope, uint32_t index, double *value)
{
    ramify_metric metric;
    if (ramify_snapshot_find(s, name, scope, index, &metric, NULL) || metric.source == RAMIFY_SOURCE_UNKNOWN)
        return false;
    *value = metric.value;
    return true;
}

/* "1.24 M", "87.2 %", "430 ns", or "-" where the value is unknown. kind: n, % or t. */
static const char *word(const ramify_snapshot *s, const char *name, uint32_t scope, uint32_t index, char kind,
                        char text[16])
{
    double v;
    if (!value_of(s, name, scope, index, &v))
        snprintf(text, 16, "-");
    else if (kind == '%')
        snprintf(text, 16, "%.1f %%", 100 * v);
    else if (kind == 't')
        snprintf(text, 16,
                 v < 1e3   ? "%.0f ns"
                 : v < 1e6 ? "%.3g us"
                 : v < 1e9 ? "%.3g ms"
                           : "%.3g s",
                 v < 1e3   ? v
                 : v < 1e6 ? v * 1e-3
                 : v < 1e9 ? v * 1e-6
                           : v * 1e-9);
    else
        snprintf(text, 16,
                 v < 1e3   ? "%.3g"
                 : v < 1e4 ? "%.0f"
                 : v < 1e6 ? "%.3g k"
                 : v < 1e9 ? "%.3g M"
                           : "%.3g G",
                 v < 1e4   ? v
                 : v < 1e6 ? v * 1e-3
                 : v < 1e9 ? v * 1e-6
                           : v * 1e-9);
    return text;
}

/* Workers asleep below a domain, on average over the interval. */
static double asleep(const ramify_snapshot *s, uint32_t domain)
{
    double parked = 0, time = 0;
    return value_of(s, "parked_ns", RAMIFY_SCOPE_DOMAIN, domain, &parked) &&
                   value_of(s, "interval_ns", RAMIFY_SCOPE_RUNTIME, 0, &time) && time > 0
               ? parked / time
               : 0;
}

static void add_program(top_frame *frame, const ramify_view_entry *program, const ramify_snapshot *s)
{
    char      w[6][16];
    top_line *title = top_add(frame, "%s  process %u  %u workers", program->program, program->pid, program->workers);
    if (title)
        title->bold = true;
    top_add(frame, "tasks %s/s   busy %s   imbalance %s   at home %s   overhead %s",
            word(s, "tasks_per_second", RAMIFY_SCOPE_RUNTIME, 0, 'n', w[0]),
            word(s, "utilisation", RAMIFY_SCOPE_RUNTIME, 0, '%', w[1]),
            word(s, "load_imbalance", RAMIFY_SCOPE_RUNTIME, 0, '%', w[2]),
            word(s, "home_share", RAMIFY_SCOPE_RUNTIME, 0, '%', w[3]),
            word(s, "overhead", RAMIFY_SCOPE_RUNTIME, 0, '%', w[4]));
    top_add(frame, "from submission to start: half in %s, 99 %% in %s   queued or running %s   asleep %.1f",
            word(s, "latency_p50_ns", RAMIFY_SCOPE_RUNTIME, 0, 't', w[0]),
            word(s, "latency_p99_ns", RAMIFY_SCOPE_RUNTIME, 0, 't', w[1]),
            word(s, "queued_tasks", RAMIFY_SCOPE_RUNTIME, 0, 'n', w[2]), asleep(s, 0));
}

static void add_steals(top_frame *frame, const ramify_snapshot *s)
{
    char   text[TOP_LINE_BYTES] = "steals/s:", success[16];
    size_t used                 = strlen(text);
    double time                 = 0, steals;
    bool   any                  = false;
    value_of(s, "interval_ns", RAMIFY_SCOPE_RUNTIME, 0, &time);
    for (uint32_t level = 0; level < RAMIFY_LEVEL_COUNT && used < sizeof text - 1; level++)
        if (time > 0 && value_of(s, "steals", RAMIFY_SCOPE_LEVEL, level, &steals) && steals > 0) {
            int n = snprintf(text + used, sizeof text - used, "  %s %.0f (%s of looks)", ramify_level_name((int)level),
                             steals / time * 1e9, word(s, "steal_success", RAMIFY_SCOPE_LEVEL, level, '%', success));
            used += n > 0 ? (size_t)n : 0;
            any = true;
        }
    top_add(frame, "%s%s", text, any ? "" : "  none");
}

static void add_domain(top_frame *frame, const ramify_snapshot *s, const ramify_site *sites, uint32_t d, uint32_t depth)
{
    char   name[64], bar[BAR + 1], w[4][16];
    double busy  = 0;
    bool   known = value_of(s, "utilisation", RAMIFY_SCOPE_DOMAIN, d, &busy);
    if (sites[d].os_index != RAMIFY_NONE)
        snprintf(name, sizeof name, "%*s%s %u", (int)(2 * depth), "", ramify_level_name((int)sites[d].level),
                 sites[d].os_index);
    else if (d == 0)
        snprintf(name, sizeof name, "%s", ramify_level_name((int)sites[d].level));
    else
        snprintf(name, sizeof name, "%*s%s, workers %u-%u", (int)(2 * depth), "",
                 ramify_level_name((int)sites[d].level), sites[d].first_leaf,
                 sites[d].first_leaf + sites[d].leaf_count - 1);
    uint32_t full = known ? (uint32_t)(busy * BAR + 0.5) : 0;
    full          = full < BAR ? full : BAR;
    memset(bar, ' ', BAR);
    memset(bar, '|', full);
    bar[BAR]       = '\0';
    top_line *line = top_add(frame, "%-*.*s [%s] %7s %8s %8s %8s %7.1f", NAME, NAME, name, bar,
                             word(s, "utilisation", RAMIFY_SCOPE_DOMAIN, d, '%', w[0]),
                             word(s, "queued_tasks", RAMIFY_SCOPE_DOMAIN, d, 'n', w[1]),
                             word(s, "tasks_per_second", RAMIFY_SCOPE_DOMAIN, d, 'n', w[2]),
                             word(s, "home_share", RAMIFY_SCOPE_DOMAIN, d, '%', w[3]), asleep(s, d));
    if (line) {
        line->bar_at     = NAME + 2;
        line->bar_length = full;
    }
}

/* A domain and, in order, those below it; a domain's children stand next to each other behind it. */
static void add_below(top_frame *frame, const ramify_snapshot *s, const ramify_site *sites, uint32_t count, uint32_t d,
                      uint32_t depth, bool shown_leaves)
{
    if (sites[d].leaf_count > 1 || shown_leaves || count == 1)
        add_domain(frame, s, sites, d, depth);
    for (uint32_t c = d + 1; c < count; c++)
        if (sites[c].parent == d)
            add_below(frame, s, sites, count, c, depth + 1, shown_leaves);
}

void top_build(top_frame *frame, const ramify_view_entry *program, const ramify_snapshot *interval, bool shown_leaves)
{
    uint32_t           count;
    const ramify_site *sites = ramify_snapshot_sites(interval, &count);
    frame->count             = 0;
    add_program(frame, program, interval);
    add_steals(frame, interval);
    top_add(frame, "%s", "");
    top_line *head = top_add(frame, "%-*s %-*s %7s %8s %8s %8s %7s", NAME, "domain", BAR + 2, "busy", "", "queued",
                             "tasks/s", "at home", "asleep");
    if (head)
        head->bold = true;
    frame->head = frame->count;
    if (count)
        add_below(frame, interval, sites, count, 0, 0, shown_leaves);
}
