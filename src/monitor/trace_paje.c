/* SPDX-License-Identifier: BSD-3-Clause */
/* A trace as Paje's text (Schnorr, "Paje Input Data Format", 2014), for ViTE and pj_dump: containers are the workers,
 * what lasts is a state that is pushed and popped, a steal a link, a change of policy an event, samples are variables.
 * Events stand in the order of time. */
#include "trace_inside.h"
#include "trace_file.h"
#include "trace_names.h"

#include <inttypes.h>

typedef struct writer {
    rmf_trace_file        file;
    const rmf_trace_view *view;
    rmf_trace_names      *names;
    uint64_t              links;
} writer;

static const char definitions[] =
    "%EventDef PajeDefineContainerType 0\n% Alias string\n% Type string\n% Name string\n%EndEventDef\n"
    "%EventDef PajeDefineStateType 1\n% Alias string\n% Type string\n% Name string\n%EndEventDef\n"
    "%EventDef PajeDefineVariableType 2\n% Alias string\n% Type string\n% Name string\n% Color color\n%EndEventDef\n"
    "%EventDef PajeDefineLinkType 3\n% Alias string\n% Type string\n% StartContainerType string\n"
    "% EndContainerType string\n% Name string\n%EndEventDef\n"
    "%EventDef PajeCreateContainer 4\n% Time date\n% Alias string\n% Type string\n% Container string\n% Name string\n"
    "%EndEventDef\n"
    "%EventDef PajeDestroyContainer 5\n% Time date\n% Type string\n% Name string\n%EndEventDef\n"
    "%EventDef PajePushState 6\n% Time date\n% Type string\n% Container string\n% Value string\n%EndEventDef\n"
    "%EventDef PajePopState 7\n% Time date\n% Type string\n% Container string\n%EndEventDef\n"
    "%EventDef PajeSetVariable 8\n% Time date\n% Type string\n% Container string\n% Value double\n%EndEventDef\n"
    "%EventDef PajeStartLink 9\n% Time date\n% Type string\n% Container string\n% StartContainer string\n"
    "% Value string\n% Key string\n%EndEventDef\n"
    "%EventDef PajeEndLink 10\n% Time date\n% Type string\n% Container string\n% EndContainer string\n% Value string\n"
    "% Key string\n%EndEventDef\n"
    "%EventDef PajeDefineEventType 11\n% Alias string\n% Type string\n% Name string\n% Color color\n%EndEventDef\n"
    "%EventDef PajeNewEvent 12\n% Time date\n% Type string\n% Container string\n% Value string\n%EndEventDef\n"
    "0 P 0 Program\n0 W P Worker\n1 S W State\n2 V P \"Searching workers\" \"0.9 0.6 0.1\"\n"
    "2 Z P \"Sleeping workers\" \"0.5 0.5 0.5\"\n2 L P \"Queued and running\" \"0.2 0.4 0.8\"\n3 K P W W Steal\n"
    "11 N P Policy \"0.8 0.2 0.6\"\n";

/* Seconds with all digits, whatever the locale. */
static void open_line(writer *w, int event, uint64_t ns)
{
    fprintf(w->file.out, "%d %" PRIu64 ".%09u ", event, ns / 1000000000u, (unsigned)(ns % 1000000000u));
}

/* The format has no escape. */
static void add_text(writer *w, const char *text)
{
    fputc('"', w->file.out);
    for (; *text; text++)
        if (*text != '"' && (unsigned char)*text >= 0x20)
            fputc(*text, w->file.out);
    fputs("\"\n", w->file.out);
}

static void write_plan(writer *w, uint64_t ns, uint64_t number)
{
    open_line(w, 12, ns);
    fputs("N p ", w->file.out);
    add_text(w, rmf_trace_plan(w->view, number));
}

static void write_state(writer *w, const rmf_trace_step *step)
{
    const rmf_trace_event *e    = step->event;
    const char            *name = rmf_trace_kind_name((rmf_trace_kind)e->kind);
    if (step->phase == RMF_TRACE_END) {
        open_line(w, 7, step->ns);
        fprintf(w->file.out, "S w%u\n", step->lane);
        return;
    }
    if (e->kind == RMF_TRACE_TASK || e->kind == RMF_TRACE_FORK)
        name = rmf_trace_name_of(w->names, e->what);
    else if (e->kind == RMF_TRACE_REGION)
        name = (const char *)(uintptr_t)e->what;
    open_line(w, 6, step->ns);
    fprintf(w->file.out, "S w%u ", step->lane);
    add_text(w, name);
}

static void write_steal(writer *w, const rmf_trace_step *step)
{
    const rmf_trace_event *e      = step->event;
    uint32_t               victim = e->index;
    if (e->since == RMF_LOOT_INBOX) {
        const ramify_domain *d = &ramify_tree_domains(w->view->trace->tree, NULL)[e->index];
        if (d->child_count)
            return;
        victim = d->first_leaf;
    }
    w->links++;
    open_line(w, 9, step->ns);
    fprintf(w->file.out, "K p w%u %" PRIu64 " k%" PRIu64 "\n", victim, e->what, w->links);
    open_line(w, 10, step->ns);
    fprintf(w->file.out, "K p w%u %" PRIu64 " k%" PRIu64 "\n", step->lane, e->what, w->links);
}

static void write_sample(writer *w, const rmf_trace_step *step)
{
    const rmf_trace_event *e = step->event;
    if (e->kind == RMF_TRACE_LOAD && e->index != 0)
        return;
    open_line(w, 8, step->ns);
    fprintf(w->file.out, "%s p %" PRIu64 "\n", e->kind == RMF_TRACE_LOAD ? "L" : "V", e->what);
    if (e->kind == RMF_TRACE_IDLE) {
        open_line(w, 8, step->ns);
        fprintf(w->file.out, "Z p %" PRIu64 "\n", e->since);
    }
}

static void write_step(void *self, const rmf_trace_step *step)
{
    switch (step->event->kind) {
    case RMF_TRACE_STEAL: write_steal(self, step); break;
    case RMF_TRACE_PLAN: write_plan(self, step->ns, step->event->what); break;
    case RMF_TRACE_LOAD:
    case RMF_TRACE_IDLE: write_sample(self, step); break;
    case RMF_TRACE_COUNTER: break; /* its variables are declared before they are known */
    default: write_state(self, step);
    }
}

ramify_status rmf_trace_write_paje(const rmf_trace_view *view, const char *path, ramify_diagnosis *diagnosis)
{
    writer        w       = { .view = view };
    uint32_t      threads = view->trace->lanes - 1;
    uint64_t      end_ns  = (uint64_t)((double)(view->until_ticks - view->from_ticks) * view->trace->ns_per_tick);
    ramify_status status  = rmf_trace_file_open(&w.file, path, diagnosis);
    char          name[200];
    if (status)
        return status;
    w.names = rmf_trace_names_make();
    fputs(definitions, w.file.out);
    fputs("4 0.0 p P 0 Program\n", w.file.out);
    for (uint32_t i = 0; i < threads; i++) {
        if (!rmf_trace_has_lane(view, i))
            continue;
        rmf_trace_lane_name(view->trace, i, name, sizeof name);
        fprintf(w.file.out, "4 0.0 w%u W p \"%s\"\n", i, name);
    }
    write_plan(&w, 0, view->trace->first_plan);
    status = rmf_trace_walk(view, write_step, &w);
    for (uint32_t i = 0; i < threads; i++) {
        if (!rmf_trace_has_lane(view, i))
            continue;
        open_line(&w, 5, end_ns);
        fprintf(w.file.out, "W w%u\n", i);
    }
    open_line(&w, 5, end_ns);
    fputs("P p\n", w.file.out);
    rmf_trace_names_drop(w.names);
    return rmf_trace_file_close(&w.file, status, diagnosis);
}
