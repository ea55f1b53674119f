/* SPDX-License-Identifier: BSD-3-Clause */
/* Merging the lanes of a trace by time, and mending what a ring that lost its oldest events leaves open.
 *
 * An end whose begin is lost knows when it began: those begins come first on their lane, the outermost first. A begin
 * whose end is missing ends with what lies around it, or with the trace. The lanes stand in a heap by their next stamp.
 */
#include "trace_inside.h"

#include <stdlib.h>

/* What is open on a lane, outermost first. */
typedef struct stack {
    const rmf_trace_event **open;
    uint64_t                depth, room;
    bool                    failed;
} stack;

typedef struct cursor {
    const rmf_trace_lane *lane;
    uint32_t              number;
    stack                 orphans; /* ends without a begin, innermost first */
    uint64_t              begun;   /* of those, begins handed out */
    uint64_t              at;
    stack                 open;
    uint64_t              last_ticks; /* stamps never go back on a lane */
    uint64_t              next_ticks;
} cursor;

typedef struct walk {
    const rmf_trace_view *view;
    rmf_trace_step_fn     fn;
    void                 *self;
    cursor               *cursors;
    cursor              **heap;
    uint32_t              heap_size;
} walk;

static void push(stack *s, const rmf_trace_event *e)
{
    if (s->depth == s->room) {
        uint64_t                room = s->room ? 2 * s->room : 16;
        const rmf_trace_event **more = realloc(s->open, room * sizeof *more);
        if (!more) {
            s->failed = true;
            return;
        }
        s->open = more;
        s->room = room;
    }
    s->open[s->depth++] = e;
}

/* How many entries an end closes, itself included; 0 when its begin is not there. */
static uint64_t entries_to_close(const stack *s, const rmf_trace_event *end)
{
    for (uint64_t i = s->depth; i-- > 0;)
        if (s->open[i]->kind == end->kind && s->open[i]->what == end->what)
            return s->depth - i;
    return 0;
}

/* Finds the ends that have lost their begin. */
static void find_orphans(cursor *c)
{
    stack s = { 0 };
    for (uint64_t i = 0; i < c->lane->count; i++) {
        const rmf_trace_event *e = &c->lane->events[i];
        if (e->phase == RMF_TRACE_BEGIN)
            push(&s, e);
        if (e->phase != RMF_TRACE_END)
            continue;
        uint64_t closes = entries_to_close(&s, e);
        s.depth -= closes;
        if (!closes && e->since)
            push(&c->orphans, e);
    }
    c->orphans.failed |= s.failed;
    free(s.open);
}

static void emit(walk *w, cursor *c, rmf_trace_phase phase, uint64_t ticks, const rmf_trace_event *e)
{
    ticks         = ticks > c->last_ticks ? ticks : c->last_ticks;
    c->last_ticks = ticks;
    uint64_t ns   = (uint64_t)((double)(ticks - w->view->from_ticks) * w->view->trace->ns_per_tick);
    w->fn(w->self, &(rmf_trace_step){ c->number, phase, ns, e });
}

static void close_entries(walk *w, cursor *c, uint64_t count, uint64_t ticks)
{
    while (count--)
        emit(w, c, RMF_TRACE_END, ticks, c->open.open[--c->open.depth]);
}

/* Sets the stamp of the next step; false when there is none. */
static bool look_ahead(const walk *w, cursor *c)
{
    if (c->begun < c->orphans.depth)
        c->next_ticks = c->orphans.open[c->orphans.depth - 1 - c->begun]->since;
    else if (c->at < c->lane->count)
        c->next_ticks = c->lane->events[c->at].ticks;
    else if (c->open.depth)
        c->next_ticks = w->view->until_ticks;
    else
        return false;
    if (c->next_ticks < c->last_ticks)
        c->next_ticks = c->last_ticks;
    return true;
}

static void advance(walk *w, cursor *c)
{
    const rmf_trace_event *e;
    if (c->begun < c->orphans.depth) {
        e = c->orphans.open[c->orphans.depth - 1 - c->begun++];
        emit(w, c, RMF_TRACE_BEGIN, e->since, e);
        push(&c->open, e);
    } else if (c->at < c->lane->count) {
        e = &c->lane->events[c->at++];
        if (e->phase == RMF_TRACE_END)
            close_entries(w, c, entries_to_close(&c->open, e), e->ticks);
        else
            emit(w, c, (rmf_trace_phase)e->phase, e->ticks, e);
        if (e->phase == RMF_TRACE_BEGIN)
            push(&c->open, e);
    } else
        close_entries(w, c, c->open.depth, w->view->until_ticks);
}

static bool is_before(const cursor *a, const cursor *b)
{
    return a->next_ticks < b->next_ticks || (a->next_ticks == b->next_ticks && a->number < b->number);
}

static void sift_down(walk *w, uint32_t i)
{
    cursor **heap = w->heap;
    for (uint32_t child; (child = 2 * i + 1) < w->heap_size; i = child) {
        if (child + 1 < w->heap_size && is_before(heap[child + 1], heap[child]))
            child++;
        if (!is_before(heap[child], heap[i]))
            return;
        cursor *swap = heap[i];
        heap[i]      = heap[child];
        heap[child]  = swap;
    }
}

static void merge(walk *w)
{
    for (uint32_t i = w->heap_size / 2; i-- > 0;)
        sift_down(w, i);
    while (w->heap_size) {
        advance(w, w->heap[0]);
        if (!look_ahead(w, w->heap[0]))
            w->heap[0] = w->heap[--w->heap_size];
        sift_down(w, 0);
    }
}

ramify_status rmf_trace_walk(const rmf_trace_view *view, rmf_trace_step_fn fn, void *self)
{
    uint32_t lanes  = view->trace->lanes;
    walk     w      = { .view = view, .fn = fn, .self = self };
    bool     failed = false;
    w.cursors       = calloc(lanes, sizeof *w.cursors);
    w.heap          = calloc(lanes, sizeof(cursor *));
    failed          = !w.cursors || !w.heap;
    for (uint32_t i = 0; i < lanes && !failed; i++) {
        cursor *c = &w.cursors[i];
        *c        = (cursor){ .lane = &view->lanes[i], .number = i, .last_ticks = view->from_ticks };
        find_orphans(c);
        failed = c->orphans.failed;
        if (look_ahead(&w, c))
            w.heap[w.heap_size++] = c;
    }
    if (!failed)
        merge(&w);
    for (uint32_t i = 0; w.cursors && i < lanes; i++) {
        failed |= w.cursors[i].open.failed;
        free(w.cursors[i].orphans.open);
        free(w.cursors[i].open.open);
    }
    free(w.cursors);
    free(w.heap);
    return failed ? RAMIFY_ERR_NO_MEMORY : RAMIFY_OK;
}
