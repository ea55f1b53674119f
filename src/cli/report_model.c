/* SPDX-License-Identifier: BSD-3-Clause */
/* From begins and ends to times by column, by function and by gap. Time belongs to what is innermost: a task that waits
 * and searches meanwhile does not work. */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Shorter ones are what a task costs and a steal takes. */
static const double GAP_MIN_US = 10.0;

report_lane *report_lane_of(report *r, uint32_t tid)
{
    for (uint32_t i = 0; i < r->lane_count; i++)
        if (r->lanes[i]->tid == tid)
            return r->lanes[i];
    report_lane **more = realloc(r->lanes, (r->lane_count + 1) * sizeof *more);
    report_lane  *lane = calloc(1, sizeof *lane);
    if (more)
        r->lanes = more;
    if (!more || !lane) {
        free(lane);
        r->failed = true;
        return NULL;
    }
    lane->tid = tid;
    snprintf(lane->name, sizeof lane->name, "thread %u", tid);
    r->lanes[r->lane_count++] = lane;
    return lane;
}

/* "numa 1 / core 5: worker 5" lies at "numa 1 / core 5", in the domain "numa 1". */
void report_name_lane(report *r, report_lane *lane, const char *name)
{
    (void)r;
    snprintf(lane->name, sizeof lane->name, "%s", name);
    lane->is_worker   = strstr(name, "worker ") != NULL;
    const char *colon = strstr(name, ": worker ");
    snprintf(lane->place, sizeof lane->place, "%.*s", colon ? (int)(colon - name) : 0, name);
    snprintf(lane->domain, sizeof lane->domain, "%s", lane->place);
    char *last = NULL;
    for (char *at = lane->domain; (at = strstr(at, " / ")); at++)
        last = at;
    if (last)
        *last = '\0';
    else
        snprintf(lane->domain, sizeof lane->domain, "%s", colon ? "machine" : name);
}

static doing doing_of(const report_lane *lane)
{
    return lane->depth ? lane->open[lane->depth - 1].what : BETWEEN;
}

/* Adds the time up to us to what the lane does. */
static void account(report *r, report_lane *lane, double us)
{
    doing  what    = doing_of(lane);
    double from    = lane->since_us < lane->lost_until_us ? lane->lost_until_us : lane->since_us;
    double width   = r->duration_us / COLUMNS;
    lane->since_us = us;
    if (us <= from)
        return;
    lane->total_us[what] += us - from;
    if (what != WORKING)
        lane->idle_us[what] += us - from;
    else
        r->functions[lane->open[lane->depth - 1].function].own_us += us - from;
    for (int c = (int)(from / width); width > 0 && c < COLUMNS && c * width < us; c++) {
        double left = c * width > from ? c * width : from, right = (c + 1) * width < us ? (c + 1) * width : us;
        if (right > left)
            lane->column_us[c][what] += (float)(right - left);
    }
}

static void add_gap(report *r, const report_gap *gap)
{
    uint32_t at = r->gap_count < GAPS_MAX ? r->gap_count++ : GAPS_MAX;
    if (at == GAPS_MAX && r->gaps[--at].length_us >= gap->length_us)
        return;
    for (; at > 0 && r->gaps[at - 1].length_us < gap->length_us; at--)
        r->gaps[at] = r->gaps[at - 1];
    r->gaps[at] = *gap;
}

/* Work begins again, or the trace ends. */
static void end_gap(report *r, report_lane *lane, double us)
{
    double from = lane->idle_since_us > lane->lost_until_us ? lane->idle_since_us : lane->lost_until_us;
    if (us > from + GAP_MIN_US && lane->is_worker)
        add_gap(r, &(report_gap){ lane->tid, from, us - from, lane->idle_us[SLEEPING], lane->idle_queued });
}

static void begin_gap(report_lane *lane, double us)
{
    lane->idle_since_us = us;
    lane->idle_queued   = 0;
    memset(lane->idle_us, 0, sizeof lane->idle_us);
}

/* The last entry gathers what is too much. */
static uint32_t function_of(report *r, const char *name)
{
    for (uint32_t i = 0; i < r->function_count; i++)
        if (strcmp(r->functions[i].name, name) == 0)
            return i;
    uint32_t at = r->function_count < FUNCTIONS_MAX ? r->function_count++ : FUNCTIONS_MAX - 1;
    snprintf(r->functions[at].name, sizeof r->functions[at].name, "%s", at == FUNCTIONS_MAX - 1 ? "others" : name);
    return at;
}

static doing doing_for(const char *category)
{
    if (strcmp(category, "search") == 0)
        return SEARCHING;
    return strcmp(category, "sleep") == 0 ? SLEEPING : WORKING;
}

void report_begin(report *r, report_lane *lane, double us, const char *name, const char *category)
{
    doing before = doing_of(lane), what = doing_for(category);
    account(r, lane, us);
    if (lane->depth == lane->room) {
        uint32_t    room = lane->room ? 2 * lane->room : 16;
        open_slice *more = realloc(lane->open, room * sizeof *more);
        if (!more) {
            r->failed = true;
            return;
        }
        lane->open = more;
        lane->room = room;
    }
    uint32_t function = what == WORKING ? function_of(r, name) : 0;
    if (what == WORKING)
        r->functions[function].count++;
    lane->open[lane->depth++] = (open_slice){ what, function, us };
    if (before != WORKING && what == WORKING)
        end_gap(r, lane, us);
    if (before == WORKING && what != WORKING)
        begin_gap(lane, us);
}

void report_end(report *r, report_lane *lane, double us)
{
    doing before = doing_of(lane);
    account(r, lane, us);
    if (!lane->depth)
        return;
    open_slice *s = &lane->open[--lane->depth];
    if (s->what == WORKING && us - s->from_us > r->functions[s->function].longest_us)
        r->functions[s->function].longest_us = us - s->from_us;
    if (before == WORKING && doing_of(lane) != WORKING)
        begin_gap(lane, us);
    if (before != WORKING && doing_of(lane) == WORKING)
        end_gap(r, lane, us);
}

static uint32_t place_of(report *r, const char *name)
{
    for (uint32_t i = 0; i < r->place_count; i++)
        if (strcmp(r->places[i], name) == 0)
            return i;
    if (r->place_count == PLACES_MAX)
        return PLACES_MAX - 1;
    snprintf(r->places[r->place_count], sizeof r->places[0], "%s", name);
    return r->place_count++;
}

/* Between domains; on a machine that has only one, between workers. */
static const char *matrix_name(const report *r, const report_lane *lane)
{
    for (uint32_t i = 0; i < r->lane_count; i++)
        if (r->lanes[i]->is_worker && strcmp(r->lanes[i]->domain, lane->domain) != 0)
            return lane->domain;
    return lane->name;
}

void report_steal(report *r, uint32_t thief_tid, uint32_t victim_tid, const char *level, uint64_t tasks)
{
    report_lane *thief = report_lane_of(r, thief_tid), *victim = victim_tid ? report_lane_of(r, victim_tid) : NULL;
    uint32_t     i = 0;
    while (i < r->level_count && strcmp(r->levels[i].name, level) != 0)
        i++;
    if (i < LEVELS_MAX) {
        if (i == r->level_count)
            snprintf(r->levels[r->level_count++].name, sizeof r->levels[0].name, "%s", level);
        r->levels[i].steals++;
        r->levels[i].tasks += tasks;
    }
    if (!thief || !victim)
        return;
    if (r->place_count == 0) /* all rows in the order of the tree, those without a steal, too */
        for (uint32_t l = 0; l < r->lane_count; l++)
            if (r->lanes[l]->is_worker)
                place_of(r, matrix_name(r, r->lanes[l]));
    r->stolen[place_of(r, matrix_name(r, thief))][place_of(r, matrix_name(r, victim))]++;
}

void report_finish(report *r)
{
    for (uint32_t i = 0; i < r->lane_count; i++) {
        account(r, r->lanes[i], r->duration_us);
        if (doing_of(r->lanes[i]) != WORKING)
            end_gap(r, r->lanes[i], r->duration_us);
    }
}

void report_drop(report *r)
{
    for (uint32_t i = 0; i < r->lane_count; i++) {
        free(r->lanes[i]->open);
        free(r->lanes[i]);
    }
    free(r->lanes);
    free(r->rows);
}

const report_row *report_find(const report *r, const char *name, const char *scope)
{
    for (uint32_t i = 0; i < r->row_count; i++)
        if (strcmp(r->rows[i].name, name) == 0 && strcmp(r->rows[i].scope, scope) == 0 && !isnan(r->rows[i].value))
            return &r->rows[i];
    return NULL;
}
