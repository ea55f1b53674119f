/* SPDX-License-Identifier: BSD-3-Clause */
/* The page around the plots: one file, no scripts, nothing from elsewhere, light or dark as the reader's system is. */
#include "report.h"

#include <math.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#5b6570;--line:#d9dee4;--card:#f5f7f9;"
    "--work:#2a6fb8;--search:#e39a1f;--sleep:#c3cad3;--between:#e4e8ed}\n"
    "@media(prefers-color-scheme:dark){:root{--back:#14181d;--text:#e6eaef;--soft:#98a3af;--line:#2d343d;--card:#"
    "1c2229;"
    "--work:#5aa2ea;--search:#e0a63f;--sleep:#465160;--between:#252c35}}\n"
    "body{margin:0 auto;max-width:960px;padding:24px 16px 60px;background:var(--back);color:var(--text);"
    "font:15px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:24px;margin:0}h2{font-size:17px;margin:34px 0 6px}p{margin:4px 0 10px}\n"
    ".note,.soft{color:var(--soft);font-size:13px}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:10px;margin:18px 0}\n"
    ".tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:8px 12px}\n"
    ".tile b{display:block;font-size:21px;font-weight:600}.tile span{color:var(--soft);font-size:12.5px}\n"
    "svg{width:100%;height:auto;display:block}\n"
    ".work{fill:var(--work)}.search{fill:var(--search)}.sleep{fill:var(--sleep)}.between{fill:var(--between)}\n"
    ".axis{fill:var(--soft);font:11px system-ui,sans-serif}.tick{stroke:var(--soft)}.grid{stroke:var(--line)}\n"
    ".key i{display:inline-block;width:12px;height:12px;border-radius:3px;margin:0 5px -1px 14px}\n"
    "table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums}\n"
    "td,th{padding:3px 10px;text-align:right;border-bottom:1px solid "
    "var(--line)}th{font-weight:600;color:var(--soft)}\n"
    "td:first-child,th:first-child{text-align:left}code{font-size:13px;overflow-wrap:anywhere}\n"
    ".matrix td{min-width:34px;text-align:center;background:color-mix(in srgb,var(--work) var(--part),transparent)}\n"
    ".matrix td.full{color:var(--back)}.wide{overflow-x:auto}\n"
    ".bar{display:inline-block;height:10px;border-radius:2px;background:var(--work);vertical-align:middle}\n"
    ".lost{border-left:4px solid var(--search);background:var(--card);padding:6px 12px}\n";

static void open_tile(FILE *out)
{
    fputs("<div class=\"tile\"><b>", out);
}

static void close_tile(FILE *out, const char *label)
{
    fprintf(out, "</b><span>%s</span></div>\n", label);
}

static void share_tile(FILE *out, double share, const char *label)
{
    open_tile(out);
    fprintf(out, "%.1f %%", 100 * share);
    close_tile(out, label);
}

static void metric_tile(const report *r, FILE *out, const char *name, const char *label, int kind)
{
    const report_row *row = report_find(r, name, "runtime");
    if (!row)
        return;
    open_tile(out);
    if (kind == '%')
        fprintf(out, "%.1f %%", 100 * row->value);
    else if (kind == 't')
        print_time(out, row->value * 1e-3);
    else
        fprintf(out, row->value < 1e6 ? "%.0f" : "%.2f M", row->value < 1e6 ? row->value : row->value * 1e-6);
    close_tile(out, label);
}

static void write_tiles(const report *r, FILE *out)
{
    double sums[DOINGS] = { 0 }, known = 0;
    for (uint32_t i = 0; i < r->lane_count; i++)
        for (int k = 0; r->lanes[i]->is_worker && k < DOINGS; k++) {
            sums[k] += r->lanes[i]->total_us[k];
            known += r->lanes[i]->total_us[k];
        }
    fputs("<div class=\"tiles\">\n", out);
    if (r->has_trace) {
        open_tile(out);
        print_time(out, r->duration_us);
        close_tile(out, "traced");
    }
    if (known > 0) {
        share_tile(out, sums[WORKING] / known, "of the workers' time is work");
        share_tile(out, sums[SEARCHING] / known, "is search");
        share_tile(out, sums[SLEEPING] / known, "is sleep");
    } else
        metric_tile(r, out, "utilisation", "of the workers' time is busy", '%');
    metric_tile(r, out, "tasks", "tasks run", 'n');
    metric_tile(r, out, "home_share", "of tasks ran at home", '%');
    metric_tile(r, out, "load_imbalance", "imbalance: busiest worker over the mean, less one", '%');
    metric_tile(r, out, "steals", "steals", 'n');
    metric_tile(r, out, "steal_success", "of looks at a victim were steals", '%');
    metric_tile(r, out, "overhead", "time in the runtime over time in tasks", '%');
    metric_tile(r, out, "latency_p50_ns", "from submission to start, half of tasks", 't');
    metric_tile(r, out, "latency_p99_ns", "99 % of tasks", 't');
    fputs("</div>\n", out);
}

static void write_key(FILE *out)
{
    fputs("<p class=\"soft key\"><i style=\"background:var(--work)\"></i>works (paler: part of the time)"
          "<i style=\"background:var(--search)\"></i>searches<i style=\"background:var(--sleep)\"></i>sleeps"
          "<i style=\"background:var(--between)\"></i>between tasks</p>\n",
          out);
}

static void write_gaps(const report *r, FILE *out)
{
    if (!r->gap_count)
        return;
    fputs("<h2>Longest times without work</h2>\n<p class=\"soft\">Queued: the most tasks that were seen waiting "
          "somewhere in "
          "that time. A gap with tasks queued is time lost; one without them, a lack of parallel work.</p>\n<table><tr>"
          "<th>worker</th><th>from</th><th>for</th><th>asleep</th><th>queued</th></tr>\n",
          out);
    for (uint32_t i = 0; i < r->gap_count; i++) {
        const report_gap *gap = &r->gaps[i];
        fputs("<tr><td>", out);
        for (uint32_t l = 0; l < r->lane_count; l++)
            if (r->lanes[l]->tid == gap->lane)
                print_html(out, r->lanes[l]->name);
        fputs("</td><td>", out);
        print_time(out, gap->from_us);
        fputs("</td><td>", out);
        print_time(out, gap->length_us);
        fprintf(out, "</td><td>%.0f %%</td><td>%.0f</td></tr>\n", 100 * gap->asleep_us / gap->length_us, gap->queued);
    }
    fputs("</table>\n", out);
}

/* Functions by the time they took themselves, largest first. */
static void write_functions(const report *r, FILE *out)
{
    bool   shown[FUNCTIONS_MAX] = { false };
    double total                = 0;
    for (uint32_t i = 0; i < r->function_count; i++)
        total += r->functions[i].own_us;
    if (!r->function_count)
        return;
    fputs("<h2>Where the work goes</h2>\n<p class=\"soft\">Own: without what a task waited for, or ran meanwhile. "
          "Longest: one "
          "run, with all of it.</p>\n<table><tr><th>function or region</th><th>runs</th><th>own</th><th>share</th>"
          "<th></th><th>own per run</th><th>longest</th></tr>\n",
          out);
    for (int row = 0; row < 20; row++) {
        int best = -1;
        for (uint32_t i = 0; i < r->function_count; i++)
            if (!shown[i] && (best < 0 || r->functions[i].own_us > r->functions[best].own_us))
                best = (int)i;
        if (best < 0)
            break;
        const report_function *f     = &r->functions[best];
        double                 share = total > 0 ? f->own_us / total : 0;
        shown[best]                  = true;
        fputs("<tr><td><code>", out);
        print_html(out, f->name);
        fprintf(out, "</code></td><td>%llu</td><td>", (unsigned long long)f->count);
        print_time(out, f->own_us);
        fprintf(out,
                "</td><td>%.1f %%</td><td style=\"text-align:left\"><span class=\"bar\" style=\"width:%.0fpx\"></span>"
                "</td><td>",
                100 * share, 120 * share);
        print_time(out, f->count ? f->own_us / (double)f->count : 0);
        fputs("</td><td>", out);
        print_time(out, f->longest_us);
        fputs("</td></tr>\n", out);
    }
    fputs("</table>\n", out);
}

static void write_steals(const report *r, FILE *out)
{
    if (!r->level_count)
        return;
    fputs(
        "<h2>Steals</h2>\n<p class=\"soft\">The level is that of the smallest domain that holds thief and victim: the "
        "further up the tree, the further the data travelled.</p>\n<table><tr><th>level</th><th>steals</th>"
        "<th>tasks moved</th><th>per steal</th></tr>\n",
        out);
    for (uint32_t i = 0; i < r->level_count; i++)
        fprintf(out, "<tr><td>%s</td><td>%llu</td><td>%llu</td><td>%.1f</td></tr>\n", r->levels[i].name,
                (unsigned long long)r->levels[i].steals, (unsigned long long)r->levels[i].tasks,
                (double)r->levels[i].tasks / (double)r->levels[i].steals);
    fputs("</table>\n", out);
    if (r->place_count > 1) {
        fputs("<p></p>\n", out);
        plot_matrix(r, out);
    }
}

static void write_histogram_head(const char *title, const report_histogram *h, const char *about, FILE *out)
{
    double tasks = 0;
    for (uint32_t i = 0; i < h->count; i++)
        tasks += h->buckets[i].count;
    fprintf(out, "<h2>%s</h2>\n<p class=\"soft\">Of %.0f sampled task%s; %s.</p>\n", title, tasks,
            tasks == 1 ? "" : "s", about);
}

/* Utilisation of domains and workers, from metrics. */
static void write_places(const report *r, FILE *out)
{
    fputs("<h2>Domains and workers</h2>\n<table><tr><th>place</th><th>busy</th><th></th></tr>\n", out);
    for (uint32_t i = 0; i < r->row_count; i++) {
        const report_row *row = &r->rows[i];
        if (strcmp(row->name, "utilisation") != 0 || strcmp(row->scope, "runtime") == 0 || isnan(row->value))
            continue;
        fprintf(out,
                "<tr><td>%s %s</td><td>%.1f %%</td><td style=\"text-align:left\"><span class=\"bar\" "
                "style=\"width:%.0fpx\"></span></td></tr>\n",
                row->scope, row->place, 100 * row->value, 240 * (row->value < 1 ? row->value : 1));
    }
    fputs("</table>\n", out);
}

static void write_unknown(const report *r, FILE *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->row_count; i++) {
        const report_row *row = &r->rows[i];
        if (!isnan(row->value) || strcmp(row->scope, "runtime") != 0)
            continue;
        if (!count++)
            fputs("<h2>Unknown</h2>\n<table>\n", out);
        fputs("<tr><td>", out);
        print_html(out, row->name);
        fputs("</td><td style=\"text-align:left\">", out);
        print_html(out, row->reason);
        fputs("</td></tr>\n", out);
    }
    if (count)
        fputs("</table>\n", out);
}

static void write_head(const report *r, FILE *out)
{
    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Ramify: ",
          out);
    print_html(out, *r->program ? r->program : r->input);
    fprintf(out, "</title><style>\n%s</style></head><body>\n<h1>", style);
    print_html(out, *r->program ? r->program : "Metrics");
    fputs("</h1>\n<p class=\"soft\">", out);
    print_html(out, r->input);
    if (*r->plan) {
        fputs(" · plan ", out);
        print_html(out, r->plan);
    }
    if (*r->machine) {
        fputs(" · ", out);
        print_html(out, r->machine);
    }
    fprintf(out, " · Ramify %s</p>\n", r->version);
    if (r->lost)
        fprintf(
            out,
            "<p class=\"lost\">%llu of %llu events were overwritten by newer ones: the beginning of the trace is not "
            "known. RAMIFY_TRACE_EVENTS keeps more.</p>\n",
            (unsigned long long)r->lost, (unsigned long long)(r->events + r->lost));
}

void report_write_page(const report *r, FILE *out)
{
    write_head(r, out);
    write_tiles(r, out);
    if (r->has_trace) {
        fputs("<h2>Timeline</h2>\n", out);
        write_key(out);
        plot_timeline(r, out);
        fputs("<h2>Utilisation over time</h2>\n", out);
        plot_utilisation(r, out);
        write_gaps(r, out);
        write_functions(r, out);
        write_steals(r, out);
    }
    if (r->latency.count) {
        write_histogram_head("From submission to start", &r->latency,
                             "a task with dependencies is submitted when the last one it waited for has ended", out);
        plot_histogram(&r->latency, "tasks", out);
    }
    if (r->run.count) {
        write_histogram_head("Run time of tasks", &r->run, "without what they waited for", out);
        plot_histogram(&r->run, "tasks", out);
    }
    if (r->has_metrics) {
        write_places(r, out);
        write_unknown(r, out);
    }
    fputs("</body></html>\n", out);
}
