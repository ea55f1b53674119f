/* SPDX-License-Identifier: BSD-3-Clause */
/* What `ramify report` makes of a trace or of metrics: a model that is filled event by event and drawn at the end. Its
 * size goes with the lanes, the functions and the width of the page, not with the number of events. */
#ifndef RAMIFY_CLI_REPORT_H
#define RAMIFY_CLI_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Columns of a timeline: a little over one for each pixel of its width. Functions and gaps in their tables. */
enum { COLUMNS = 720, FUNCTIONS_MAX = 256, GAPS_MAX = 12, LEVELS_MAX = 16, PLACES_MAX = 64, BUCKETS_MAX = 2048 };

/* What a worker does. */
typedef enum doing { WORKING, SEARCHING, SLEEPING, BETWEEN, DOINGS } doing;

typedef struct open_slice {
    doing    what;
    uint32_t function;
    double   from_us;
} open_slice;

typedef struct report_lane {
    uint32_t    tid;
    char        name[128], place[96], domain[96];
    bool        is_worker;
    uint64_t    lost;
    double      lost_until_us; /* before, nothing is known */
    open_slice *open;
    uint32_t    depth, room;
    double      since_us, idle_since_us, total_us[DOINGS], idle_us[DOINGS];
    double      idle_queued; /* most tasks that were seen queued in the idle time under way */
    float       column_us[COLUMNS][DOINGS];
} report_lane;

typedef struct report_function {
    char     name[128];
    uint64_t count;
    double   own_us, longest_us; /* without what it waited for; of one run with all */
} report_function;

typedef struct report_gap {
    uint32_t lane;
    double   from_us, length_us, asleep_us, queued;
} report_gap;

typedef struct report_level {
    char     name[24];
    uint64_t steals, tasks;
} report_level;

/* A bucket of a histogram: from `low` on. */
typedef struct report_bucket {
    double low, count;
} report_bucket;

typedef struct report_histogram {
    uint32_t      count;
    report_bucket buckets[BUCKETS_MAX];
} report_histogram;

/* A metric's row; unknown values are not numbers. */
typedef struct report_row {
    char   name[48], scope[12], place[24], unit[16], reason[160];
    double value;
} report_row;

typedef struct report {
    const char      *input;
    char             program[64], plan[200], machine[200], version[24];
    bool             has_trace, has_metrics;
    double           duration_us;
    uint64_t         events, lost;
    report_lane    **lanes;
    uint32_t         lane_count;
    report_function  functions[FUNCTIONS_MAX];
    uint32_t         function_count;
    report_gap       gaps[GAPS_MAX]; /* the longest, in order */
    uint32_t         gap_count;
    report_level     levels[LEVELS_MAX];
    uint32_t         level_count;
    char             places[PLACES_MAX][128]; /* rows and columns of the steal matrix */
    uint32_t         place_count;
    uint64_t         stolen[PLACES_MAX][PLACES_MAX]; /* [thief][victim] steals */
    double           load;                           /* last sample of what is queued and running */
    report_histogram latency, run;
    report_row      *rows;
    uint32_t         row_count;
    bool             failed; /* no memory */
} report;

/* Filling, in the order of the file. */
report_lane *report_lane_of(report *r, uint32_t tid); /* NULL without memory */
void         report_name_lane(report *r, report_lane *lane, const char *name);
void         report_begin(report *r, report_lane *lane, double us, const char *name, const char *category);
void         report_end(report *r, report_lane *lane, double us);
void         report_steal(report *r, uint32_t thief_tid, uint32_t victim_tid, const char *level, uint64_t tasks);
void         report_finish(report *r);
void         report_drop(report *r);

/* Reads a file into the model; an exit status, having complained. In report_read.c (jansson) or report_read_none.c. */
int report_read(report *r, const char *path);

/* A row of the metrics, NULL when there is none or it is unknown. */
const report_row *report_find(const report *r, const char *name, const char *scope);

/* Drawing. */
void report_write_page(const report *r, FILE *out);
void plot_timeline(const report *r, FILE *out);
void plot_utilisation(const report *r, FILE *out);
void plot_histogram(const report_histogram *h, const char *unit, FILE *out);
void plot_matrix(const report *r, FILE *out);
void print_html(FILE *out, const char *plain);
void print_time(FILE *out, double us);

#endif
