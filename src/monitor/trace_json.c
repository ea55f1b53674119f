/* SPDX-License-Identifier: BSD-3-Clause */
/* A trace as Chrome's trace events ("Trace Event Format", Google, 2016), one to a line, for Perfetto, chrome://tracing
 * and `ramify report`.
 *
 * A lane is a thread, sorted by the tree. A steal is a slice without length on the lanes of thief and victim with a
 * flow between them: an arrow. What is not an event (lanes, losses, metrics) stands in front, in members that viewers
 * pass over. */
#include "trace_inside.h"
#include "trace_file.h"
#include "trace_names.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

typedef struct writer {
    rmf_trace_file        file;
    const rmf_trace_view *view;
    rmf_trace_names      *names;
    const char           *comma; /* before the next event */
    int                   pid;
    uint64_t              arrows;
} writer;

/* The members every event has; the caller goes on with more and closes the brace. */
static void open_event(writer *w, const char *phase, uint32_t lane)
{
    fprintf(w->file.out, "%s{\"ph\":\"%s\",\"pid\":%d,\"tid\":%u", w->comma, phase, w->pid, lane + 1);
    w->comma = ",\n";
}

static void open_event_at(writer *w, const char *phase, uint32_t lane, uint64_t ns)
{
    open_event(w, phase, lane);
    fputs(",\"ts\":", w->file.out);
    rmf_trace_file_us(&w->file, ns);
}

static void add_name(writer *w, const char *name)
{
    fputs(",\"name\":\"", w->file.out);
    rmf_trace_file_json(&w->file, name);
    fputc('"', w->file.out);
}

static const char *slice_name(writer *w, const rmf_trace_event *e)
{
    if (e->kind == RMF_TRACE_TASK || e->kind == RMF_TRACE_FORK)
        return rmf_trace_name_of(w->names, e->what);
    if (e->kind == RMF_TRACE_REGION)
        return (const char *)(uintptr_t)e->what;
    return rmf_trace_kind_name((rmf_trace_kind)e->kind);
}

static void write_slice(writer *w, const rmf_trace_step *step)
{
    if (step->phase == RMF_TRACE_END) {
        open_event_at(w, "E", step->lane, step->ns);
        fputc('}', w->file.out);
        return;
    }
    open_event_at(w, "B", step->lane, step->ns);
    add_name(w, slice_name(w, step->event));
    fprintf(w->file.out, ",\"cat\":\"%s\"", rmf_trace_kind_name((rmf_trace_kind)step->event->kind));
    if (step->event->kind == RMF_TRACE_TASK && step->event->phase == RMF_TRACE_BEGIN)
        fprintf(w->file.out, ",\"args\":{\"home\":%u,\"group\":\"0x%" PRIx64 "\"}", step->event->index,
                step->event->since);
    fputc('}', w->file.out);
}

/* The worker a steal took from, RAMIFY_NONE for the inbox of an inner domain. */
static uint32_t victim_of(const writer *w, const rmf_trace_event *e)
{
    if (e->since != RMF_LOOT_INBOX)
        return e->index;
    const ramify_domain *d = &ramify_tree_domains(w->view->trace->tree, NULL)[e->index];
    return d->child_count ? RAMIFY_NONE : d->first_leaf;
}

static void write_mark(writer *w, uint32_t lane, uint64_t ns, const char *name, const rmf_trace_step *step)
{
    static const char *const loot[] = { "tasks", "forks", "inbox" };
    const rmf_trace_event   *e      = step->event;
    open_event_at(w, "X", lane, ns);
    fprintf(w->file.out,
            ",\"dur\":0,\"name\":\"%s\",\"cat\":\"steal\",\"args\":{\"thief\":%u,\"from\":\"%s\",\"level\":\"%s\","
            "\"tasks\":%" PRIu64,
            name, step->lane, loot[e->since], ramify_level_name(e->small), e->what);
    uint32_t victim = victim_of(w, e);
    if (victim != RAMIFY_NONE)
        fprintf(w->file.out, ",\"victim\":%u", victim);
    fputs("}}", w->file.out);
}

static void write_steal(writer *w, const rmf_trace_step *step)
{
    uint32_t victim = victim_of(w, step->event);
    write_mark(w, step->lane, step->ns, "steal", step);
    if (victim == RAMIFY_NONE)
        return;
    uint64_t id = ++w->arrows;
    write_mark(w, victim, step->ns, "stolen from", step);
    open_event_at(w, "s", victim, step->ns);
    fprintf(w->file.out, ",\"name\":\"steal\",\"cat\":\"steal\",\"id\":%" PRIu64 "}", id);
    open_event_at(w, "f", step->lane, step->ns);
    fprintf(w->file.out, ",\"name\":\"steal\",\"cat\":\"steal\",\"bp\":\"e\",\"id\":%" PRIu64 "}", id);
}

static void write_sample(writer *w, const rmf_trace_step *step)
{
    const rmf_trace_event *e = step->event;
    char                   place[128], name[160];
    open_event_at(w, "C", step->lane, step->ns);
    if (e->kind == RMF_TRACE_IDLE) {
        add_name(w, rmf_trace_kind_name(RMF_TRACE_IDLE));
        fprintf(w->file.out, ",\"args\":{\"searching\":%" PRIu64 ",\"asleep\":%" PRIu64 "}}", e->what, e->since);
        return;
    }
    if (e->kind == RMF_TRACE_COUNTER) {
        add_name(w, (const char *)(uintptr_t)e->since);
        fprintf(w->file.out, ",\"args\":{\"per second\":%" PRIu64 "}}", e->what);
        return;
    }
    rmf_trace_place(w->view->trace->tree, e->index, place, sizeof place);
    snprintf(name, sizeof name, "load%s%s", *place ? " of " : "", place);
    add_name(w, name);
    fprintf(w->file.out, ",\"args\":{\"queued and running\":%" PRIu64 "}}", e->what);
}

static void write_plan(writer *w, uint32_t lane, uint64_t ns, uint64_t number)
{
    char        name[200];
    const char *policy = rmf_trace_plan(w->view, number);
    open_event_at(w, "i", lane, ns);
    snprintf(name, sizeof name, "plan: %s", policy);
    add_name(w, name);
    fprintf(w->file.out, ",\"s\":\"p\",\"cat\":\"plan\",\"args\":{\"change\":%" PRIu64 ",\"policy\":\"", number);
    rmf_trace_file_json(&w->file, policy);
    fputs("\"}}", w->file.out);
}

static void write_step(void *self, const rmf_trace_step *step)
{
    switch (step->event->kind) {
    case RMF_TRACE_STEAL: write_steal(self, step); break;
    case RMF_TRACE_PLAN: write_plan(self, step->lane, step->ns, step->event->what); break;
    case RMF_TRACE_LOAD:
    case RMF_TRACE_COUNTER:
    case RMF_TRACE_IDLE: write_sample(self, step); break;
    default: write_slice(self, step);
    }
}

static void write_head(writer *w)
{
    const rmf_trace_view *view = w->view;
    uint64_t              lost = 0, events = 0;
    FILE                 *out = w->file.out;
    for (uint32_t i = 0; i < view->trace->lanes; i++) {
        lost += view->lanes[i].lost;
        events += view->lanes[i].count;
    }
    fprintf(out, "{\"displayTimeUnit\":\"ns\",\n\"otherData\":{\"ramify\":\"%s\",\"program\":\"", ramify_version());
    rmf_trace_file_json(&w->file, program_invocation_short_name);
    fprintf(out, "\",\"pid\":%d,\"events\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"duration_us\":", w->pid, events, lost);
    rmf_trace_file_us(&w->file, (uint64_t)((double)(view->until_ticks - view->from_ticks) * view->trace->ns_per_tick));
    fputs(",\"plan\":\"", out);
    rmf_trace_file_json(&w->file, rmf_trace_plan(view, view->plans.newest));
    fputs("\",\"machine\":\"", out);
    rmf_trace_file_json(&w->file, ramify_tree_source(view->trace->tree));
    fputs("\"},\n", out);
    if (view->metrics)
        fprintf(out, "\"metrics\":%s,\n", view->metrics);
    fputs("\"traceEvents\":[\n", out);
}

static void write_metadata(writer *w)
{
    char text[200];
    open_event(w, "M", 0);
    fputs(",\"name\":\"process_name\",\"args\":{\"name\":\"", w->file.out);
    rmf_trace_file_json(&w->file, program_invocation_short_name);
    fputs("\"}}", w->file.out);
    for (uint32_t i = 0; i < w->view->trace->lanes; i++) {
        if (!rmf_trace_has_lane(w->view, i))
            continue;
        rmf_trace_lane_name(w->view->trace, i, text, sizeof text);
        open_event(w, "M", i);
        fprintf(w->file.out, ",\"name\":\"thread_name\",\"args\":{\"name\":\"%s\"}}", text);
        open_event(w, "M", i);
        fprintf(w->file.out, ",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%u}}", i);
    }
    write_plan(w, 0, 0, w->view->trace->first_plan);
}

/* Where a lane has lost its oldest events, the first one that is left says how many. */
static void write_losses(writer *w)
{
    const rmf_trace_view *view = w->view;
    for (uint32_t i = 0; i < view->trace->lanes; i++) {
        const rmf_trace_lane *lane = &view->lanes[i];
        if (!lane->lost)
            continue;
        uint64_t from = lane->count ? lane->events[0].ticks : view->until_ticks;
        uint64_t ns   = (uint64_t)((double)(from - view->from_ticks) * view->trace->ns_per_tick);
        open_event_at(w, "i", i, ns);
        fprintf(w->file.out,
                ",\"s\":\"t\",\"cat\":\"loss\",\"name\":\"%" PRIu64 " older events lost\",\"args\":{\"lost\":%" PRIu64
                "}}",
                lane->lost, lane->lost);
    }
}

ramify_status rmf_trace_write_json(const rmf_trace_view *view, const char *path, ramify_diagnosis *diagnosis)
{
    writer        w      = { .view = view, .comma = "", .pid = (int)getpid() };
    ramify_status status = rmf_trace_file_open(&w.file, path, diagnosis);
    if (status)
        return status;
    w.names = rmf_trace_names_make();
    write_head(&w);
    write_metadata(&w);
    write_losses(&w);
    status = rmf_trace_walk(view, write_step, &w);
    fputs("\n]}\n", w.file.out);
    rmf_trace_names_drop(w.names);
    return rmf_trace_file_close(&w.file, status, diagnosis);
}
