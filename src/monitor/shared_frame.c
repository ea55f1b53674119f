/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot as words: one description of what a frame holds, walked in either direction. */
#include "shared_view.h"

#include <string.h>

/* Names of all that a cell counts, and sizes: its hash is the fingerprint. */
static const char contents[] =
#define NAME(name) #name " "
    RMF_CELL_COUNTERS(NAME) RMF_CELL_TIMES(NAME) RMF_STEAL_COUNTERS(NAME)
#undef NAME
#define NAME(name, text) text " "
        RAMIFY_LEVEL_TABLE(NAME) RAMIFY_SOURCE_TABLE(NAME);
#undef NAME

enum { EVENT_NAME_BYTES = 32 };

/* An event of a frame: its place in the table may differ between two builds, its name does not. */
typedef struct carried_event {
    char     name[EVENT_NAME_BYTES];
    uint64_t source, is_partial;
    rmf_why  why;
} carried_event;

/* What stands before the arrays. */
typedef struct carried_head {
    uint64_t serial, from_ns, taken_ns, bounded, counters, regions;
    rmf_cost cost;
} carried_head;

/* A region's work in one thread, without counters, which would make a frame several times as large. */
typedef struct carried_region {
    uint64_t count, ns;
} carried_region;

_Static_assert(sizeof(carried_event) % 8 == 0 && sizeof(ramify_site) % 8 == 0 && sizeof(rmf_region_name) % 8 == 0,
               "a frame is made of whole words");

/* Walks over a frame's words: to them, from them, or counting them alone. */
typedef struct walk {
    uint64_t       *to;
    const uint64_t *from;
    uint32_t        words;
} walk;

static void carry(walk *w, void *data, size_t bytes)
{
    if (w->to)
        memcpy(w->to + w->words, data, bytes);
    if (w->from)
        memcpy(data, w->from + w->words, bytes);
    w->words += (uint32_t)(bytes / sizeof(uint64_t));
}

/* The parts whose form in memory is that of the frame. */
static void carry_plain(walk *w, ramify_snapshot *s)
{
    carry(w, &s->outside, sizeof s->outside);
    carry(w, s->tally, s->workers * sizeof *s->tally);
    carry(w, s->site, s->sites * sizeof *s->site);
    carry(w, s->queued, s->sites * sizeof *s->queued);
    carry(w, &s->latency, sizeof s->latency);
    carry(w, &s->run, sizeof s->run);
}

static void carry_known(walk *w, ramify_snapshot *s)
{
    for (uint32_t i = 0; i < s->workers; i++) {
        uint64_t known = s->counter_known[i];
        carry(w, &known, sizeof known);
        s->counter_known[i] = (uint32_t)known;
    }
}

/* False: the frame names an event that this library has not. */
static bool carry_event(walk *w, rmf_counted *counted, bool is_used)
{
    carried_event e = { .source = (uint64_t)counted->source, .is_partial = counted->partial, .why = counted->why };
    if (w->to && is_used)
        strncpy(e.name, counted->event->name, sizeof e.name - 1);
    carry(w, &e, sizeof e);
    if (!w->from || !is_used)
        return true;
    e.name[sizeof e.name - 1]         = '\0';
    e.why.text[sizeof e.why.text - 1] = '\0';
    *counted = (rmf_counted){ rmf_event_named(e.name, (uint32_t)strlen(e.name)), (ramify_source)e.source, e.why,
                              e.is_partial != 0 };
    return counted->event && e.source < RAMIFY_SOURCE_COUNT;
}

/* There is room for as many as there may be. */
static void carry_regions(walk *w, ramify_snapshot *s)
{
    carry(w, s->region_name, sizeof s->region_name);
    for (uint32_t i = 0; i < RAMIFY_REGIONS_MAX * s->slots; i++) {
        bool              is_used = i < s->regions * s->slots;
        rmf_region_tally *t       = &s->region[is_used ? i : 0];
        carried_region    r       = { is_used ? t->count : 0, is_used ? t->ns : 0 };
        carry(w, &r, sizeof r);
        if (is_used) {
            t->count = r.count;
            t->ns    = r.ns;
        }
    }
    for (uint32_t r = 0; w->from && r < RAMIFY_REGIONS_MAX; r++)
        s->region_name[r][RAMIFY_REGION_NAME_BYTES] = '\0';
}

static bool carry_all(walk *w, ramify_snapshot *s)
{
    carried_head head = { s->serial, s->from_ns, s->taken_ns, s->bounded, s->counters, s->regions, s->cost };
    carry(w, &head, sizeof head);
    if (w->from) {
        if (head.counters > RMF_COUNTERS_MAX || head.regions > RAMIFY_REGIONS_MAX || head.from_ns > head.taken_ns ||
            rmf_snapshot_make_regions(s, (uint32_t)head.regions))
            return false;
        s->serial   = head.serial;
        s->from_ns  = head.from_ns;
        s->taken_ns = head.taken_ns;
        s->bounded  = head.bounded != 0;
        s->counters = (uint32_t)head.counters;
        s->cost     = head.cost;
    }
    carry_plain(w, s);
    carry_known(w, s);
    for (uint32_t i = 0; i < RMF_COUNTERS_MAX; i++)
        if (!carry_event(w, &s->counted[i], i < s->counters))
            return false;
    carry_regions(w, s);
    return true;
}

uint32_t rmf_frame_fingerprint(void)
{
    uint32_t hash = 2166136261u; /* FNV-1a (Fowler, Noll, Vo) */
    for (const char *c = contents; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return hash ^ (uint32_t)(sizeof(rmf_tally) + sizeof(rmf_spread) + sizeof(carried_event));
}

uint32_t rmf_frame_words(uint32_t workers, uint32_t sites)
{
    size_t bytes = sizeof(carried_head) + sizeof(rmf_tally) + 2 * sizeof(rmf_spread) +
                   workers * (sizeof(rmf_tally) + sizeof(uint64_t)) + sites * (sizeof(ramify_site) + sizeof(double)) +
                   RMF_COUNTERS_MAX * sizeof(carried_event) + RAMIFY_REGIONS_MAX * sizeof(rmf_region_name) +
                   (size_t)RAMIFY_REGIONS_MAX * (workers + RAMIFY_REGION_THREADS_MAX) * sizeof(carried_region);
    return (uint32_t)(bytes / sizeof(uint64_t));
}

void rmf_frame_pack(const ramify_snapshot *snapshot, uint64_t *words)
{
    walk w = { .to = words };
    (void)carry_all(&w, (ramify_snapshot *)(uintptr_t)snapshot); /* only read in this direction */
}

/* A parent stands before its children, and workers are there: what metrics are computed from must not lead outside. */
static bool is_tree(const ramify_snapshot *s)
{
    for (uint32_t d = 0; d < s->sites; d++) {
        const ramify_site *site = &s->site[d];
        bool is_inside          = site->first_leaf < s->workers && site->leaf_count <= s->workers - site->first_leaf;
        if (!is_inside || site->level >= RAMIFY_LEVEL_COUNT || (d ? site->parent >= d : site->parent != RAMIFY_NONE))
            return false;
    }
    return true;
}

ramify_status rmf_frame_unpack(const uint64_t *words, uint32_t workers, uint32_t sites, ramify_snapshot **snapshot)
{
    walk             w = { .from = words };
    ramify_snapshot *s = rmf_snapshot_make(workers, sites);
    if (!s)
        return RAMIFY_ERR_NO_MEMORY;
    if (!carry_all(&w, s) || !is_tree(s)) {
        ramify_snapshot_free(s);
        return RAMIFY_ERR_FORMAT;
    }
    *snapshot = s;
    return RAMIFY_OK;
}
