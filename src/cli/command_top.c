/* SPDX-License-Identifier: BSD-3-Clause */
/* `ramify top`: watches a running program through its view, on a terminal or as text. */
#include "commands.h"
#include "top.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROGRAMS_MAX = 64, FOREVER = 0 };

typedef struct top {
    uint32_t          pid, batch; /* batch: frames to print, FOREVER */
    bool              is_batch, json;
    double            interval_s;
    ramify_view_entry programs[PROGRAMS_MAX];
    uint32_t          program_count;
    ramify_view      *view;
    ramify_snapshot  *before;
    top_frame         frame;
    bool              shown_leaves;
} top;

static int read_number(const char *option, const char *text, double least, double most, double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (*end || end == text || !(*number >= least && *number <= most))
        return complain_usage("top", "%s %s: must be %g to %g", option, text, least, most);
    return EXIT_DONE;
}

static int read_option(top *t, int option, const char *value)
{
    double number = 0;
    int    result = EXIT_DONE;
    switch (option) {
    case 'p':
        result = read_number("--pid", value, 1, UINT32_MAX, &number);
        t->pid = (uint32_t)number;
        return result;
    case 'i': return read_number("--interval", value, 0.1, 3600, &t->interval_s);
    case 'b':
        result      = read_number("--batch", value, 0, 1e9, &number);
        t->batch    = (uint32_t)number;
        t->is_batch = true;
        return result;
    case 'o':
        t->batch    = 1;
        t->is_batch = true;
        return result;
    default:
        t->json = strcmp(value, "json") == 0;
        if (!t->json && strcmp(value, "text") != 0)
            return complain_usage("top", "--format %s: must be text or json", value);
        return result;
    }
}

static int read_command_line(int argc, char **argv, top *t)
{
    static const struct option known[] = {
        { "pid", required_argument, NULL, 'p' },    { "interval", required_argument, NULL, 'i' },
        { "batch", required_argument, NULL, 'b' },  { "once", no_argument, NULL, 'o' },
        { "format", required_argument, NULL, 'f' }, { NULL, 0, NULL, 0 }
    };
    opterr = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":", known, NULL)) != -1;) {
        if (option == ':')
            return complain_usage("top", "%s needs a value", argv[optind - 1]);
        if (option == '?')
            return complain_usage("top", "there is no option %s", argv[optind - 1]);
        int result = read_option(t, option, optarg);
        if (result)
            return result;
    }
    if (optind < argc)
        return complain_usage("top", "\"%s\" is no option; a program is named by --pid", argv[optind]);
    if (t->json && !t->is_batch)
        return complain_usage("top", "--format json needs --once or --batch");
    return EXIT_DONE;
}

/* Lists the programs that can be watched, those of --pid only. */
static int list_programs(top *t)
{
    uint32_t      count  = 0;
    ramify_status status = ramify_view_list(t->programs, PROGRAMS_MAX, &count);
    if (status)
        return complain(status, NULL);
    count            = count < PROGRAMS_MAX ? count : PROGRAMS_MAX;
    t->program_count = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!t->pid || t->programs[i].pid == t->pid)
            t->programs[t->program_count++] = t->programs[i];
    if (t->program_count)
        return EXIT_DONE;
    if (t->pid)
        fprintf(stderr, "ramify: process %u shows no view\n", t->pid);
    else
        fputs("ramify: no program of yours shows a view\n", stderr);
    fputs("        Start it with RAMIFY_VIEW=1, and run `ramify top` as the same user.\n", stderr);
    return EXIT_FAILED;
}

static int open_view(top *t, uint32_t i)
{
    ramify_diagnosis why    = { 0 };
    ramify_status    status = ramify_view_open(t->programs[i].path, &t->view, &why);
    return status ? complain(status, &why) : EXIT_DONE;
}

static void close_view(top *t)
{
    ramify_snapshot_free(t->before);
    ramify_view_close(t->view);
    t->before = NULL;
    t->view   = NULL;
}

/* Takes the next picture. interval: out, NULL where there is none yet, or nothing new. */
static ramify_status look(top *t, ramify_snapshot **interval)
{
    ramify_snapshot *now = NULL;
    *interval            = NULL;
    ramify_status status = ramify_view_snapshot(t->view, &now);
    if (!status && t->before)
        status = ramify_snapshot_between(t->before, now, interval);
    if (status) {
        ramify_snapshot_free(now);
        return status;
    }
    ramify_snapshot_free(t->before);
    t->before = now;
    return RAMIFY_OK;
}

/* How the program ended, as words; NULL while it lives. */
static const char *ending_of(const top *t)
{
    static const char *const words[] = { NULL, "has ended", "is gone without having stopped its runtime" };
    return words[ramify_view_state_of(t->view)];
}

static void print_frame(top *t, const ramify_snapshot *interval)
{
    char *text = NULL;
    if (t->json) {
        if (ramify_snapshot_render(interval, RAMIFY_METRICS_JSON, &text) == RAMIFY_OK)
            printf("%s\n", text);
        ramify_text_free(text);
        return;
    }
    top_build(&t->frame, ramify_view_about(t->view), interval, true);
    for (uint32_t i = 0; i < t->frame.count; i++) {
        size_t length = strlen(t->frame.lines[i].text);
        while (length && t->frame.lines[i].text[length - 1] == ' ')
            length--;
        printf("%.*s\n", (int)length, t->frame.lines[i].text);
    }
    putchar('\n');
}

static void nap(double seconds)
{
    const struct timespec t = { (time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds)) };
    nanosleep(&t, NULL);
}

static int run_batch(top *t)
{
    if (t->program_count > 1) {
        fprintf(stderr, "ramify: %u programs show a view; --pid says which one:\n", t->program_count);
        for (uint32_t i = 0; i < t->program_count; i++)
            fprintf(stderr, "        --pid %-8u %s, %u workers\n", t->programs[i].pid, t->programs[i].program,
                    t->programs[i].workers);
        return EXIT_FAILED;
    }
    int result = open_view(t, 0);
    for (uint32_t printed = 0; !result && (t->batch == FOREVER || printed < t->batch);) {
        ramify_snapshot *interval;
        const char      *ending = ending_of(t);
        ramify_status    status = look(t, &interval);
        if (interval) {
            print_frame(t, interval);
            printed++;
        }
        ramify_snapshot_free(interval);
        result = write_result(NULL, "");
        if (ending && !result) {
            printf("%s, process %u, %s\n", ramify_view_about(t->view)->program, ramify_view_about(t->view)->pid,
                   ending);
            return write_result(NULL, "");
        }
        if (status && status != RAMIFY_ERR_NOT_NOW)
            return complain(status, NULL);
        if (t->batch == FOREVER || printed < t->batch)
            nap(t->interval_s);
    }
    return result;
}

/* Moves the lines that scroll; keeps them on the screen. */
static void scroll(const top_frame *frame, top_key key, uint32_t *first)
{
    uint32_t page = screen_lines(frame), below = frame->count - frame->head;
    uint32_t last = below > page ? below - page : 0;
    if (key == TOP_UP || key == TOP_PAGE_UP) {
        uint32_t step = key == TOP_UP ? 1 : page;
        *first        = *first > step ? *first - step : 0;
    }
    if (key == TOP_DOWN || key == TOP_PAGE_DOWN)
        *first += key == TOP_DOWN ? 1 : page;
    *first = *first < last ? *first : last;
}

/* A list to choose from; the number, or UINT32_MAX to quit. */
static uint32_t choose(top *t)
{
    uint32_t chosen = 0;
    for (;;) {
        t->frame.count = 0;
        top_line *head = top_add(&t->frame, "Programs that show a view");
        if (head)
            head->bold = true;
        t->frame.head = t->frame.count;
        for (uint32_t i = 0; i < t->program_count; i++)
            top_add(&t->frame, "%s %8u  %-32s %u workers", i == chosen ? ">" : " ", t->programs[i].pid,
                    t->programs[i].program, t->programs[i].workers);
        uint32_t page = screen_lines(&t->frame);
        switch (screen_show(&t->frame, chosen >= page ? chosen - page + 1 : 0,
                            "up, down: choose   Enter: watch   q: quit", -1)) {
        case TOP_QUIT: return UINT32_MAX;
        case TOP_ENTER: return chosen;
        case TOP_UP: chosen = chosen ? chosen - 1 : 0; break;
        case TOP_DOWN: chosen = chosen + 1 < t->program_count ? chosen + 1 : chosen; break;
        default: break;
        }
    }
}

/* Watches the program of an open view; false when the person has had enough. */
static bool watch(top *t)
{
    uint32_t first = 0;
    char     foot[160];
    t->frame.count = t->frame.head = 0;
    top_add(&t->frame, "%s, process %u: the first interval ...", ramify_view_about(t->view)->program,
            ramify_view_about(t->view)->pid);
    for (double wait_s = 0.3;; wait_s = t->interval_s) {
        ramify_snapshot *interval;
        const char      *ending = ending_of(t);
        (void)look(t, &interval);
        if (interval)
            top_build(&t->frame, ramify_view_about(t->view), interval, t->shown_leaves);
        if (ending)
            snprintf(foot, sizeof foot, "the program %s; this was the last picture   n: others   q: quit", ending);
        else
            snprintf(foot, sizeof foot, "q: quit   arrows, page: scroll   l: %s workers   n: another program",
                     t->shown_leaves ? "hide" : "show");
        top_key key;
        do { /* keys are answered at once */
            key = screen_show(&t->frame, first, foot, ending ? -1 : (int)(1e3 * wait_s));
            if (key == TOP_LEAVES) {
                t->shown_leaves = !t->shown_leaves;
                if (interval)
                    top_build(&t->frame, ramify_view_about(t->view), interval, t->shown_leaves);
            }
            scroll(&t->frame, key, &first);
        } while (key != TOP_NOTHING && key != TOP_QUIT && key != TOP_NEXT);
        ramify_snapshot_free(interval);
        if (key == TOP_QUIT || key == TOP_NEXT)
            return key == TOP_NEXT;
    }
}

static int run_screen(top *t)
{
    const char *why = "";
    if (!screen_open(&why)) {
        fprintf(stderr, "ramify: %s: frames are printed one below the other\n", why);
        t->batch = FOREVER;
        return run_batch(t);
    }
    int result = EXIT_DONE;
    for (bool more = true; more && !result;) {
        uint32_t chosen = t->program_count > 1 ? choose(t) : 0;
        if (chosen == UINT32_MAX)
            break;
        screen_close(); /* what opening complains of must be seen */
        result = open_view(t, chosen);
        if (result || !screen_open(&why))
            break;
        more = watch(t);
        close_view(t);
        if (more) {
            screen_close();
            result = list_programs(t);
            if (!result && !screen_open(&why))
                break;
        }
    }
    screen_close();
    return result;
}

static int run(int argc, char **argv)
{
    top *t = calloc(1, sizeof *t);
    if (!t)
        return complain(RAMIFY_ERR_NO_MEMORY, NULL);
    t->interval_s   = 1.0;
    t->shown_leaves = true;
    int result      = read_command_line(argc, argv, t);
    if (!result)
        result = list_programs(t);
    if (!result)
        result = t->is_batch ? run_batch(t) : run_screen(t);
    close_view(t);
    top_drop(&t->frame);
    free(t);
    return result;
}

const command command_top = {
    "top",
    "[--pid PID] [--interval SECONDS] [--once | --batch N] [--format text|json]",
    "watch a running program: its tree, who works, waits and steals",
    "  --pid PID           that program; needed where several run and no terminal is there to choose\n"
    "  --interval SECONDS  between two pictures, 0.1 to 3600; 1 is the default\n"
    "  --once              print one interval as text and end\n"
    "  --batch N           print N of them, 0: until the program ends\n"
    "  --format text|json  json prints metrics, as `ramify report` reads them\n"
    "\n"
    "The program must have been started with RAMIFY_VIEW=1 (or ramify_options.view), by the same user.\n"
    "At a terminal: q quits, arrows scroll, l hides workers, n goes to another program.\n"
    "Busy is the share of time in tasks; queued counts running tasks, too; asleep is how many workers\n"
    "slept, on average; the level of a steal is that of the smallest domain that holds thief and victim.",
    run,
};
