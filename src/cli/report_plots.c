/* SPDX-License-Identifier: BSD-3-Clause */
/* Plots as SVG: colours come from the page's style, so that they follow light and dark. Each thing that can be pointed
 * at says its numbers in a <title>. */
#include "report.h"

#include <math.h>
#include <string.h>

enum { LEFT = 150, WIDTH = COLUMNS, LANES_DRAWN = 256 };

static const char *const classes[DOINGS] = { "work", "search", "sleep", "between" };
static const char *const words[DOINGS]   = { "works", "searches", "sleeps", "between tasks" };

void print_html(FILE *out, const char *plain)
{
    for (; *plain; plain++)
        switch (*plain) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*plain, out);
        }
}

void print_time(FILE *out, double us)
{
    if (us < 1.0)
        fprintf(out, "%.0f ns", us * 1e3);
    else if (us < 1e3)
        fprintf(out, "%.3g µs", us);
    else if (us < 1e6)
        fprintf(out, "%.3g ms", us * 1e-3);
    else
        fprintf(out, "%.4g s", us * 1e-6);
}

/* 1, 2 or 5 times a power of ten, for about `count` steps. */
static double round_step(double range, double count)
{
    double raw = range / count, power = pow(10.0, floor(log10(raw))), digit = raw / power;
    return (digit < 1.5 ? 1.0 : digit < 3.5 ? 2.0 : digit < 7.5 ? 5.0 : 10.0) * power;
}

static void time_axis(const report *r, double y, FILE *out)
{
    double step = r->duration_us > 0 ? round_step(r->duration_us, 8) : 1.0;
    for (double t = 0; t <= r->duration_us; t += step) {
        double x = LEFT + t / r->duration_us * WIDTH;
        fprintf(out,
                "<line class=\"tick\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.0f\" y2=\"%.0f\"/>"
                "<text class=\"axis\" x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">",
                x, x, y, y + 4, x, y + 16);
        print_time(out, t);
        fputs("</text>\n", out);
    }
}

/* What a lane does most in a column, and how much of the column in quarters; -1: nothing is known. */
static int shade_of(const report *r, const report_lane *lane, int column, doing *most)
{
    const float *us    = lane->column_us[column];
    double       width = r->duration_us / COLUMNS;
    *most              = WORKING;
    for (int i = 0; i < DOINGS; i++)
        if (us[i] > us[*most])
            *most = (doing)i;
    if (us[*most] <= 0)
        return -1;
    if (us[WORKING] > 0.02 * width) /* a little work among much waiting shows */
        *most = WORKING;
    return *most == WORKING ? (int)ceil(4.0 * us[WORKING] / width) : 4;
}

/* Columns that look the same become one rectangle. */
static void draw_lane(const report *r, const report_lane *lane, double y, double height, FILE *out)
{
    for (int c = 0, end; c < COLUMNS; c = end) {
        doing what, next;
        int   shade = shade_of(r, lane, c, &what);
        for (end = c + 1; end < COLUMNS && shade_of(r, lane, end, &next) == shade && next == what; end++)
            continue;
        if (shade < 0)
            continue;
        if (shade > 4)
            shade = 4;
        fprintf(out, "<rect class=\"%s\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"", classes[what], LEFT + c, y,
                end - c, height);
        if (what == WORKING && shade < 4)
            fprintf(out, " fill-opacity=\"%.2f\"", 0.15 + 0.2125 * shade);
        fputs("><title>", out);
        print_html(out, lane->name);
        fprintf(out, " %s, from ", words[what]);
        print_time(out, c * r->duration_us / COLUMNS);
        fputs(" to ", out);
        print_time(out, end * r->duration_us / COLUMNS);
        fputs("</title></rect>\n", out);
    }
}

void plot_timeline(const report *r, FILE *out)
{
    uint32_t workers = 0, drawn = 0;
    for (uint32_t i = 0; i < r->lane_count; i++)
        workers += r->lanes[i]->is_worker;
    drawn         = workers < LANES_DRAWN ? workers : LANES_DRAWN;
    double height = drawn <= 16 ? 18 : drawn <= 64 ? 10 : 5, gap = drawn <= 64 ? 2 : 0, y = 4;
    double total = drawn * (height + gap) + 30;
    fprintf(out, "<svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"timeline\">\n", LEFT + WIDTH + 30, total);
    for (uint32_t i = 0, n = 0; i < r->lane_count && n < drawn; i++) {
        const report_lane *lane = r->lanes[i];
        if (!lane->is_worker)
            continue;
        if (height >= 10 || n % 8 == 0) {
            const char *name = strstr(lane->name, "worker ");
            fprintf(out, "<text class=\"axis\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 6, y + height / 2 + 4);
            print_html(out, strlen(lane->name) > 24 ? name : lane->name);
            fputs("</text>\n", out);
        }
        draw_lane(r, lane, y, height, out);
        y += height + gap;
        n++;
    }
    time_axis(r, y + 2, out);
    fputs("</svg>\n", out);
    if (drawn < workers)
        fprintf(out, "<p class=\"note\">%u of %u workers are drawn; all are counted.</p>\n", drawn, workers);
}

/* Stacked from below: works, searches, sleeps; what is left is between tasks or unknown. */
void plot_utilisation(const report *r, FILE *out)
{
    enum { HEIGHT = 160 };
    double sums[COLUMNS][DOINGS] = { { 0 } }, known[COLUMNS] = { 0 };
    for (uint32_t i = 0; i < r->lane_count; i++)
        for (int c = 0; r->lanes[i]->is_worker && c < COLUMNS; c++)
            for (int k = 0; k < DOINGS; k++) {
                sums[c][k] += (double)r->lanes[i]->column_us[c][k];
                known[c] += (double)r->lanes[i]->column_us[c][k];
            }
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"utilisation over time\">\n", LEFT + WIDTH + 30,
            HEIGHT + 34);
    for (int p = 0; p <= 100; p += 25)
        fprintf(out,
                "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.0f\" y2=\"%.0f\"/>"
                "<text class=\"axis\" x=\"%d\" y=\"%.0f\" text-anchor=\"end\">%d %%</text>\n",
                LEFT, LEFT + WIDTH, 4 + HEIGHT * (1 - p / 100.0), 4 + HEIGHT * (1 - p / 100.0), LEFT - 6,
                8 + HEIGHT * (1 - p / 100.0), p);
    double below[COLUMNS] = { 0 };
    for (int k = WORKING; k <= SLEEPING; k++) {
        fprintf(out, "<path class=\"%s\" d=\"M", classes[k]);
        for (int c = 0; c < COLUMNS; c++) {
            double top = below[c] + (known[c] > 0 ? sums[c][k] / known[c] : 0);
            double y   = 4 + HEIGHT * (1 - top);
            fprintf(out, "%s%d %.1fh1", c ? "L" : "", LEFT + c, y);
        }
        for (int c = COLUMNS; c-- > 0;)
            fprintf(out, "L%d %.1fh-1", LEFT + c + 1, 4 + HEIGHT * (1 - below[c]));
        fputs("z\"/>\n", out);
        for (int c = 0; c < COLUMNS; c++)
            below[c] += known[c] > 0 ? sums[c][k] / known[c] : 0;
    }
    time_axis(r, HEIGHT + 6, out);
    fputs("</svg>\n", out);
}

/* Bars over a logarithmic axis, a dozen to a decade: the library's own buckets are narrower than a pixel. */
void plot_histogram(const report_histogram *h, const char *unit, FILE *out)
{
    enum { HEIGHT = 160, PER_DECADE = 12, BARS_MAX = 256 };
    double bars[BARS_MAX] = { 0 }, most = 0, total = 0;
    int    first = BARS_MAX, last = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        double low = h->buckets[i].low;
        int    at  = low > 1 ? (int)(log10(low) * PER_DECADE) : 0;
        at         = at < BARS_MAX ? at : BARS_MAX - 1;
        bars[at] += h->buckets[i].count;
        total += h->buckets[i].count;
        most  = bars[at] > most ? bars[at] : most;
        first = at < first ? at : first;
        last  = at > last ? at : last;
    }
    first        = first / PER_DECADE * PER_DECADE;
    last         = (last / PER_DECADE + 1) * PER_DECADE;
    double width = (double)WIDTH / (last - first);
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"histogram\">\n", LEFT + WIDTH + 30, HEIGHT + 34);
    for (int p = 0; p <= 4; p++)
        fprintf(out,
                "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
                "<text class=\"axis\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%.3g %%</text>\n",
                LEFT, LEFT + WIDTH, 4 + HEIGHT - p * HEIGHT / 4, 4 + HEIGHT - p * HEIGHT / 4, LEFT - 6,
                8 + HEIGHT - p * HEIGHT / 4, 100 * most / total * p / 4);
    for (int b = first; b <= last; b++) { /* the last one only for its label */
        double x = LEFT + (b - first) * width, tall = b < last ? HEIGHT * bars[b] / most : 0;
        if (b % PER_DECADE == 0) {
            fprintf(out, "<text class=\"axis\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x, HEIGHT + 22);
            print_time(out, pow(10.0, (double)b / PER_DECADE) * 1e-3);
            fputs("</text>\n", out);
        }
        if (tall <= 0)
            continue;
        fprintf(out, "<rect class=\"work\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>from ", x + 0.5,
                4 + HEIGHT - tall, width - 1, tall);
        print_time(out, pow(10.0, (double)b / PER_DECADE) * 1e-3);
        fprintf(out, " on: %.0f %s</title></rect>\n", bars[b], unit);
    }
    fputs("</svg>\n", out);
}

void plot_matrix(const report *r, FILE *out)
{
    uint64_t most = 1;
    uint32_t n    = r->place_count;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < n; k++)
            most = r->stolen[i][k] > most ? r->stolen[i][k] : most;
    fputs("<div class=\"wide\"><table class=\"matrix\"><tr><th>thief ↓ from →</th>", out);
    for (uint32_t k = 0; k < n; k++) {
        fputs("<th>", out);
        print_html(out, r->places[k]);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
    for (uint32_t i = 0; i < n; i++) {
        fputs("<tr><th>", out);
        print_html(out, r->places[i]);
        fputs("</th>", out);
        for (uint32_t k = 0; k < n; k++) {
            double part = sqrt((double)r->stolen[i][k] / (double)most); /* so that few still show beside many */
            fprintf(out, "<td style=\"--part:%.0f%%\"%s>%llu</td>", 100 * part, part > 0.6 ? " class=\"full\"" : "",
                    (unsigned long long)r->stolen[i][k]);
        }
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n", out);
}
