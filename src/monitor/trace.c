/* SPDX-License-Identifier: BSD-3-Clause */
/* Making rings, copying them, and naming what is in them. */
#include "trace_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t rmf_trace_copy(const rmf_trace_ring *ring_, uint64_t from, rmf_trace_event *events, uint64_t *lost)
{
    rmf_trace_ring *ring  = (rmf_trace_ring *)(uintptr_t)ring_;
    uint64_t        slots = ring->mask + 1;
    /* order: acquires the events below it; pairs with the last release in rmf_trace_put() */
    uint64_t end   = rmf_load_acquire(&ring->head);
    uint64_t start = end > slots && end - slots > from ? end - slots : from;
    for (uint64_t i = start; i < end; i++) {
        _Atomic uint64_t *word = ring->slots[i & ring->mask].word;
        rmf_trace_event  *e    = &events[i - start];
        /* order: a word of a newer event brings the head that says so; pairs with the releases in rmf_trace_put() */
        e->ticks      = rmf_load_acquire(&word[0]);
        uint64_t meta = rmf_load_acquire(&word[1]);
        e->what       = rmf_load_acquire(&word[2]);
        /* order: as above */
        e->since = rmf_load_acquire(&word[3]);
        e->kind  = (uint8_t)meta;
        e->phase = (uint8_t)(meta >> 8);
        e->small = (uint16_t)(meta >> 16);
        e->index = (uint32_t)(meta >> 32);
    }
    /* The slot of event `now` may be half written with it: what it held before, now - slots, is not whole any more. */
    uint64_t now   = rmf_load_relaxed(&ring->head);
    uint64_t whole = now >= slots ? now - slots + 1 : 0;
    if (whole > start) {
        uint64_t gone = whole < end ? whole - start : end - start;
        memmove(events, events + gone, (end - start - gone) * sizeof *events);
        start += gone;
    }
    *lost = start - from;
    return end - start;
}

static uint64_t power_of_two_at_least(uint64_t n)
{
    uint64_t power = 1;
    while (power < n)
        power *= 2;
    return power;
}

ramify_status rmf_trace_make(const ramify_tree *tree, uint32_t outsiders, uint32_t events, double ns_per_tick,
                             rmf_trace **result)
{
    rmf_trace *trace = calloc(1, sizeof *trace);
    if (!trace)
        return RAMIFY_ERR_NO_MEMORY;
    uint64_t slots = power_of_two_at_least((uint64_t)events + 1); /* one slot may be under way */
    *trace         = (rmf_trace){ .tree = tree, .ns_per_tick = ns_per_tick, .workers = ramify_tree_leaf_count(tree) };
    trace->lanes   = trace->workers + outsiders + 1;
    trace->first   = calloc(trace->lanes, sizeof *trace->first);
    trace->rings   = aligned_alloc(RMF_PAIR_BYTES, trace->lanes * sizeof *trace->rings);
    bool failed    = !trace->first || !trace->rings;
    for (uint32_t i = 0; trace->rings && i < trace->lanes; i++) {
        trace->rings[i] = (rmf_trace_ring){ .mask = slots - 1, .slots = calloc(slots, sizeof(rmf_trace_slot)) };
        failed |= !trace->rings[i].slots;
    }
    if (failed) {
        rmf_trace_free(trace);
        return RAMIFY_ERR_NO_MEMORY;
    }
    *result = trace;
    return RAMIFY_OK;
}

void rmf_trace_free(rmf_trace *trace)
{
    if (!trace)
        return;
    for (uint32_t i = 0; trace->rings && i < trace->lanes; i++)
        free(trace->rings[i].slots);
    free(trace->rings);
    free(trace->first);
    free(trace);
}

void rmf_trace_begin(rmf_trace *trace, uint64_t plan)
{
    for (uint32_t i = 0; i < trace->lanes; i++)
        trace->first[i] = rmf_load_relaxed(&trace->rings[i].head);
    trace->from_ticks = rmf_clock_ticks();
    trace->first_plan = plan;
}

ramify_trace_counts rmf_trace_count(const rmf_trace *trace)
{
    ramify_trace_counts counts = { 0, 0, false };
    for (uint32_t i = 0; i < trace->lanes; i++) {
        rmf_trace_ring *ring   = &trace->rings[i];
        uint64_t        events = rmf_load_relaxed(&ring->head) - trace->first[i];
        counts.events += events;
        counts.lost += events > ring->mask ? events - ring->mask : 0;
    }
    return counts;
}

ramify_status rmf_trace_view_make(const rmf_trace *trace, rmf_plan_texts *plans, rmf_trace_view *view)
{
    *view       = (rmf_trace_view){ .trace = trace, .from_ticks = trace->from_ticks };
    rmf_plan_texts_init(&view->plans);
    view->lanes = calloc(trace->lanes, sizeof *view->lanes);
    if (!view->lanes)
        return RAMIFY_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < trace->lanes; i++) {
        const rmf_trace_ring *ring = &trace->rings[i];
        rmf_trace_lane       *lane = &view->lanes[i];
        lane->events               = malloc((ring->mask + 1) * sizeof *lane->events); /* touched as far as it is used */
        if (!lane->events) {
            rmf_trace_view_drop(view);
            return RAMIFY_ERR_NO_MEMORY;
        }
        lane->count = rmf_trace_copy(ring, trace->first[i], lane->events, &lane->lost);
    }
    view->until_ticks = rmf_clock_ticks();
    rmf_plan_texts_copy(plans, &view->plans); /* after the rings: every change in them has its text by now */
    return RAMIFY_OK;
}

void rmf_trace_view_drop(rmf_trace_view *view)
{
    for (uint32_t i = 0; view->lanes && i < view->trace->lanes; i++)
        free(view->lanes[i].events);
    free(view->lanes);
    view->lanes = NULL;
    rmf_plan_texts_drop(&view->plans);
}

void rmf_trace_place(const ramify_tree *tree, uint32_t domain, char *text, size_t bytes)
{
    const ramify_domain *d = &ramify_tree_domains(tree, NULL)[domain];
    *text                  = '\0';
    if (d->parent == RAMIFY_NONE)
        return;
    rmf_trace_place(tree, d->parent, text, bytes);
    const ramify_domain *parent = &ramify_tree_domains(tree, NULL)[d->parent];
    size_t               used   = strlen(text);
    uint32_t             number = d->os_index != RAMIFY_NONE ? d->os_index : d->index - parent->first_child;
    snprintf(text + used, bytes - used, "%s%s %u", used ? " / " : "", ramify_level_name((int)d->level), number);
}

void rmf_trace_lane_name(const rmf_trace *trace, uint32_t lane, char *text, size_t bytes)
{
    char place[128];
    if (lane + 1 == trace->lanes)
        snprintf(text, bytes, "samples");
    else if (lane >= trace->workers)
        snprintf(text, bytes, "thread %u from outside", lane - trace->workers);
    else {
        rmf_trace_place(trace->tree, ramify_tree_leaf(trace->tree, lane)->index, place, sizeof place);
        snprintf(text, bytes, "%s%sworker %u", place, *place ? ": " : "", lane);
    }
}

bool rmf_trace_has_lane(const rmf_trace_view *view, uint32_t lane)
{
    return lane < view->trace->workers || lane + 1 == view->trace->lanes || view->lanes[lane].count;
}

const char *rmf_trace_plan(const rmf_trace_view *view, uint64_t number)
{
    const char *text = rmf_plan_text_of(&view->plans, number);
    return text ? text : "a policy whose text is not kept any more";
}

const char *rmf_trace_kind_name(rmf_trace_kind kind)
{
    static const char *const names[RMF_TRACE_KINDS] = { "task",  "stolen fork", "search",       "sleep",  "region",
                                                        "steal", "load",        "idle workers", "counter", "plan" };
    return names[kind];
}

ramify_trace_format rmf_trace_format_of(const char *path)
{
    const char *ending = strrchr(path, '.');
    if (ending && strcmp(ending, ".paje") == 0)
        return RAMIFY_TRACE_PAJE;
    if (ending && strcmp(ending, ".otf2") == 0)
        return RAMIFY_TRACE_OTF2;
    return RAMIFY_TRACE_JSON;
}
