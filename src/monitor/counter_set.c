/* SPDX-License-Identifier: BSD-3-Clause */
/* The events a runtime counts, each by the best source it has here, in every worker's thread. */
#include "counters.h"

#include "log.h"
#include "nearest.h"

#include <stdlib.h>
#include <string.h>

/* What one source counts: positions in the set, and one counting per worker. */
typedef struct part {
    const rmf_counter_source *source;
    uint32_t                  count;
    uint32_t                  at[RMF_COUNTERS_MAX];
    rmf_code                  codes[RMF_COUNTERS_MAX];
    void                    **counting; /* [worker]; NULL where attaching failed */
} part;

enum { PARTS = 2 }; /* every source but the null one */

/* One worker: whose thread is counted, and what threads that had its place before counted. */
typedef struct place {
    int32_t  tid;
    uint64_t before[RMF_COUNTERS_MAX];
} place;

struct rmf_counter_set {
    uint32_t    workers, size;
    bool        multiplex;
    place      *place; /* [worker] */
    rmf_counter counter[RMF_COUNTERS_MAX];
    part        part[PARTS];
};

static ramify_status add_event(const rmf_event *event, rmf_wanted *wanted)
{
    for (uint32_t i = 0; i < wanted->count; i++)
        if (wanted->events[i] == event)
            return RAMIFY_OK;
    if (wanted->count == RMF_COUNTERS_MAX)
        return RAMIFY_ERR_RANGE;
    wanted->events[wanted->count++] = event;
    return RAMIFY_OK;
}

static ramify_status add_named(const char *name, rmf_wanted *wanted)
{
    const rmf_event *event = rmf_event_named(name, (uint32_t)strlen(name));
    return event ? add_event(event, wanted) : RAMIFY_OK; /* "tasks" and "seconds" are no events */
}

static bool is_word(const char *name, const char *word, size_t length)
{
    return strlen(name) == length && memcmp(name, word, length) == 0;
}

/* Adds an event, or all events of a group's formulas, or takes note of the word that is neither. */
static ramify_status add_word(const char *word, size_t length, rmf_wanted *wanted)
{
    const rmf_event *event = rmf_event_named(word, (uint32_t)length);
    if (event)
        return add_event(event, wanted);
    if (is_word("multiplex", word, length)) {
        wanted->multiplex = true;
        return RAMIFY_OK;
    }
    ramify_status      status = RAMIFY_ERR_NOT_FOUND;
    const rmf_formula *formula;
    for (uint32_t i = 0; (formula = rmf_formula_at(i)) && (!status || status == RAMIFY_ERR_NOT_FOUND); i++) {
        if (!is_word(formula->group, word, length))
            continue;
        status = add_named(formula->numerator, wanted);
        if (!status)
            status = add_named(formula->denominator, wanted);
    }
    return status;
}

ramify_status rmf_counter_parse(const char *names, rmf_wanted *wanted, ramify_diagnosis *diagnosis)
{
    static const char between[] = ", \t\n";
    *wanted                     = (rmf_wanted){ .count = 0 };
    for (const char *word = names + strspn(names, between); *word; word += strspn(word, between)) {
        size_t        length = strcspn(word, between);
        ramify_status status = add_word(word, length, wanted);
        char          near[100];
        if (status == RAMIFY_ERR_RANGE)
            return rmf_diagnose(diagnosis, status, (size_t)(word - names), "more than %d events", RMF_COUNTERS_MAX);
        if (status)
            return rmf_diagnose(diagnosis, status, (size_t)(word - names),
                                "there is no event or group \"%.*s\"; the nearest are: %s", (int)(length < 40 ? length : 40),
                                word, rmf_nearest(word, length, rmf_counter_name, near, sizeof near));
        word += length;
    }
    return wanted->count ? RAMIFY_OK : rmf_diagnose(diagnosis, RAMIFY_ERR_NOT_FOUND, 0, "no event is named");
}

static part *part_of(rmf_counter_set *set, const rmf_counter_source *source)
{
    for (uint32_t p = 0; p < PARTS; p++)
        if (set->part[p].source == source)
            return &set->part[p];
    return NULL;
}

/* Chooses a source for every event and sorts the events by it. */
static void choose(rmf_counter_set *set, const rmf_wanted *wanted)
{
    for (uint32_t p = 0; p < PARTS; p++)
        set->part[p].source = rmf_counter_source_at(p);
    for (; set->size < wanted->count; set->size++) {
        rmf_counter *c = &set->counter[set->size];
        uint64_t     ignored;
        c->event  = wanted->events[set->size];
        c->source = rmf_counter_choose(c->event, &c->code, &ignored, &c->why);
        part *p   = part_of(set, c->source);
        if (p) {
            p->codes[p->count] = c->code;
            p->at[p->count++]  = set->size;
        }
    }
}

static void detach_all(const rmf_counter_set *set, part *p)
{
    for (uint32_t w = 0; p->counting && w < set->workers; w++) {
        if (p->counting[w])
            p->source->detach(p->counting[w]);
        p->counting[w] = NULL;
    }
}

/* All workers or none: a sum over some would be a lie. */
static ramify_status attach_all(const rmf_counter_set *set, part *p, const int32_t *tids, bool multiplex, rmf_why *why)
{
    for (uint32_t w = 0; w < set->workers; w++) {
        ramify_status status = p->source->attach(p->codes, p->count, tids[w], multiplex, &p->counting[w], why);
        if (status) {
            detach_all(set, p);
            return status;
        }
    }
    return RAMIFY_OK;
}

/* Attaches a part; where not all its events fit together, those named last are given up. */
static ramify_status attach(rmf_counter_set *set, part *p, const int32_t *tids)
{
    rmf_why why = { "" };
    p->counting = calloc(set->workers, sizeof *p->counting);
    if (!p->counting)
        return RAMIFY_ERR_NO_MEMORY;
    while (p->count) {
        ramify_status status = attach_all(set, p, tids, set->multiplex, &why);
        if (!status || status == RAMIFY_ERR_NO_MEMORY)
            return status;
        rmf_counter *given_up = &set->counter[p->at[--p->count]];
        given_up->source      = &rmf_counters_none;
        rmf_why_set(&given_up->why, "together with the other events: %.150s", why.text);
    }
    return RAMIFY_OK;
}

ramify_status rmf_counter_set_open(const char *names, const int32_t *tids, uint32_t workers, rmf_counter_set **result,
                                   ramify_diagnosis *diagnosis)
{
    rmf_wanted    wanted;
    ramify_status status = rmf_counter_parse(names, &wanted, diagnosis);
    if (status)
        return status;
    rmf_counter_set *set = calloc(1, sizeof *set);
    if (!set)
        return RAMIFY_ERR_NO_MEMORY;
    set->workers   = workers;
    set->multiplex = wanted.multiplex;
    set->place     = calloc(workers, sizeof *set->place);
    if (!set->place)
        status = RAMIFY_ERR_NO_MEMORY;
    for (uint32_t w = 0; !status && w < workers; w++)
        set->place[w].tid = tids[w];
    if (!status)
        choose(set, &wanted);
    for (uint32_t p = 0; !status && p < PARTS; p++)
        status = attach(set, &set->part[p], tids);
    if (status)
        rmf_counter_set_close(set);
    else
        *result = set;
    return status;
}

void rmf_counter_set_close(rmf_counter_set *set)
{
    for (uint32_t p = 0; set && p < PARTS; p++) {
        detach_all(set, &set->part[p]);
        free(set->part[p].counting);
    }
    if (set)
        free(set->place);
    free(set);
}

uint32_t rmf_counter_set_size(const rmf_counter_set *set)
{
    return set ? set->size : 0;
}

const rmf_counter *rmf_counter_set_at(const rmf_counter_set *set, uint32_t i)
{
    return &set->counter[i];
}

void rmf_counter_set_read(rmf_counter_set *set, uint32_t worker, uint64_t *values, uint32_t *known, uint32_t *partial)
{
    *known = *partial = 0;
    for (uint32_t i = 0; i < PARTS; i++) {
        part       *p = &set->part[i];
        rmf_reading readings[RMF_COUNTERS_MAX];
        rmf_why     why;
        if (!p->counting[worker] || p->source->read(p->counting[worker], readings, &why))
            continue;
        for (uint32_t k = 0; k < p->count; k++) {
            uint32_t at = p->at[k];
            values[at]  = set->place[worker].before[at] + readings[k].value;
            *known |= readings[k].lost ? 0 : 1u << at;
            *partial |= readings[k].partial ? 1u << at : 0;
        }
    }
}

/* What its events have counted so far is kept; those that the new thread cannot count are unknown from now on. */
static void follow(rmf_counter_set *set, part *p, uint32_t worker, int32_t tid)
{
    rmf_reading readings[RMF_COUNTERS_MAX];
    rmf_why     why = { "" };
    if (!p->count || !p->counting[worker])
        return;
    bool known = !p->source->read(p->counting[worker], readings, &why);
    p->source->detach(p->counting[worker]);
    p->counting[worker] = NULL;
    if (known && !p->source->attach(p->codes, p->count, tid, set->multiplex, &p->counting[worker], &why)) {
        for (uint32_t k = 0; k < p->count; k++)
            set->place[worker].before[p->at[k]] += readings[k].value;
        return;
    }
    for (uint32_t k = 0; k < p->count; k++)
        rmf_why_set(&set->counter[p->at[k]].why, "a thread that took a worker's place: %.150s", why.text);
}

void rmf_counter_set_follow(rmf_counter_set *set, uint32_t worker, int32_t tid)
{
    if (set->place[worker].tid == tid)
        return;
    for (uint32_t p = 0; p < PARTS; p++)
        follow(set, &set->part[p], worker, tid);
    set->place[worker].tid = tid;
}
