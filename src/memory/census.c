/* SPDX-License-Identifier: BSD-3-Clause */
/* The bulk question, what is counted of the answer, and what lookups make of it. */
#include "census.h"

#include "placing.h"

#include <stdlib.h>

/* A node the tree does not have. */
#define STRANGE (UINT32_MAX - 2)

/* A page that was looked at: number in the order of looking, address, position of its node (STRANGE, or RAMIFY_NONE
 * while it is nowhere), and the system's number where that could not be told. */
typedef void (*visit_fn)(void *self, uint64_t number, uintptr_t page, uint32_t position, int error);

/* The pages of a range, every `stride`-th of which is looked at. */
typedef struct range {
    uintptr_t first; /* address of the first page */
    uint64_t  pages, unit, stride;
} range;

static range range_of(const ramify_space *space, const rmf_region *region, uintptr_t start, size_t bytes, uint64_t most)
{
    range r  = { .unit = rmf_region_unit(space, region) };
    r.first  = start & ~(r.unit - 1);
    r.pages  = ((start + bytes - 1) / r.unit) - r.first / r.unit + 1;
    r.stride = most && r.pages > most ? (r.pages + most - 1) / most : 1;
    return r;
}

static void visit_batch(const ramify_space *space, size_t count, void *const *pages, const int *nodes, uint64_t number,
                        visit_fn visit, void *self)
{
    int      last          = -1;
    uint32_t last_position = RAMIFY_NONE;
    for (size_t i = 0; i < count; i++) {
        if (nodes[i] >= 0 && nodes[i] != last) {
            last          = nodes[i];
            last_position = rmf_nodes_position(&space->nodes, (uint32_t)last);
        }
        int      error    = nodes[i] < 0 && nodes[i] != RMF_PAGE_ABSENT ? -nodes[i] : 0;
        uint32_t position = nodes[i] < 0 ? RAMIFY_NONE : last_position == RAMIFY_NONE ? STRANGE : last_position;
        visit(self, number + i, (uintptr_t)pages[i], position, error);
    }
}

/* Returns the system's number of the call, 0 when all were visited. */
static int look(const ramify_space *space, const range *r, visit_fn visit, void *self)
{
    void    *pages[RMF_CENSUS_BATCH];
    int      nodes[RMF_CENSUS_BATCH];
    uint64_t samples = (r->pages + r->stride - 1) / r->stride;
    for (uint64_t done = 0; done < samples;) {
        size_t count = samples - done < RMF_CENSUS_BATCH ? (size_t)(samples - done) : RMF_CENSUS_BATCH;
        for (size_t i = 0; i < count; i++) {
            pages[i] = (void *)(r->first + (done + i) * r->stride * r->unit); // NOLINT(performance-no-int-to-ptr)
            nodes[i] = RMF_PAGE_ABSENT;
        }
        int error = space->pages->query(space->pages_self, count, pages, nodes);
        if (error)
            return error;
        visit_batch(space, count, pages, nodes, done, visit, self);
        done += count;
    }
    return 0;
}

uint32_t rmf_census_planned(const rmf_region *region, uintptr_t page, uint64_t unit)
{
    const rmf_run *run = &region->plan.run[rmf_runs_find(&region->plan, page + unit / 2 - 1)];
    if (run->node != RMF_NODE_RING)
        return run->node;
    return region->ring.position[(page >> region->ring.shift) % region->ring.count];
}

typedef struct counting {
    const rmf_region *region;
    uint64_t          unit;
    uint64_t         *per_node;
    ramify_census    *census;
} counting;

static void count_page(void *self, uint64_t number, uintptr_t page, uint32_t position, int error)
{
    (void)number;
    counting      *c      = self;
    ramify_census *census = c->census;
    census->looked_at++;
    if (error) {
        census->trouble[rmf_pages_trouble(error)]++;
    } else if (position == RAMIFY_NONE) {
        census->absent++;
    } else {
        uint32_t planned = rmf_census_planned(c->region, page, c->unit);
        *(planned == RAMIFY_NONE || planned == position ? &census->home : &census->elsewhere) += 1;
        if (c->per_node && position != STRANGE)
            c->per_node[position]++;
    }
}

void rmf_census_take(const ramify_space *space, const rmf_region *region, uintptr_t start, size_t bytes, uint64_t most,
                     uint64_t *per_node, ramify_census *census)
{
    range r = range_of(space, region, start, bytes, most);
    *census = (ramify_census){
        .pages = r.pages, .page_bytes = r.unit, .reason = space->query.status, .system_error = space->query.system_error
    };
    if (space->query.status)
        return;
    counting c     = { region, r.unit, per_node, census };
    int      error = look(space, &r, count_page, &c);
    if (error) {
        census->reason       = rmf_pages_status(error);
        census->system_error = error;
    }
}

void rmf_census_add(ramify_census *to, const ramify_census *from)
{
    to->pages += from->pages;
    to->looked_at += from->looked_at;
    to->home += from->home;
    to->elsewhere += from->elsewhere;
    to->absent += from->absent;
    for (uint32_t i = 0; i < RAMIFY_TROUBLE_COUNT; i++)
        to->trouble[i] += from->trouble[i];
    if (!to->page_bytes)
        to->page_bytes = from->page_bytes;
    if (!to->reason) {
        to->reason       = from->reason;
        to->system_error = from->system_error;
    }
}

/* What was found of each sample: a position, or RAMIFY_NONE for absent pages and those of an unknown node. */
typedef struct findings {
    counting  counting;
    uint32_t *position;
    uint64_t  count;
    range     range;
} findings;

static void note_page(void *self, uint64_t number, uintptr_t page, uint32_t position, int error)
{
    findings *f         = self;
    f->position[number] = error || position == STRANGE ? RAMIFY_NONE : position;
    count_page(&f->counting, number, page, position, error);
}

static uint64_t changes_in(const findings *f)
{
    uint64_t changes = 0;
    for (uint64_t i = 1; i < f->count; i++)
        changes += f->position[i] != f->position[i - 1];
    return changes;
}

/* Halves the findings until few enough changes are left: of two neighbours the first speaks, unless it is unknown. */
static bool coarsen(findings *f)
{
    bool coarse = f->range.stride > 1;
    while (changes_in(f) >= RMF_RUNS_MOST) {
        for (uint64_t i = 0; i < f->count; i += 2) {
            bool second        = f->position[i] == RAMIFY_NONE && i + 1 < f->count;
            f->position[i / 2] = f->position[i + second];
        }
        f->count = (f->count + 1) / 2;
        f->range.stride *= 2;
        coarse = true;
    }
    return coarse;
}

/* Periods looked for: numactl --interleave goes round the nodes of a machine, and few have more. */
enum { PERIOD_MOST = 64 };

/* The period of findings that repeat from the first page to the last at least twice; 0: they do not. */
static uint64_t period_of(const findings *f)
{
    for (uint64_t period = 2; period <= PERIOD_MOST && period * 2 <= f->count; period++) {
        uint64_t i = period;
        while (i < f->count && f->position[i] == f->position[i - period] && f->position[i] != RAMIFY_NONE)
            i++;
        if (i == f->count)
            return period;
    }
    return 0;
}

/* Makes a ring of findings that repeat. Errors: ERR_NO_MEMORY. */
static ramify_status make_found_ring(const ramify_space *space, const findings *f, uint64_t period, rmf_ring *ring)
{
    ring->position = calloc(period, 2 * sizeof *ring->position);
    if (!ring->position)
        return RAMIFY_ERR_NO_MEMORY;
    ring->domain = ring->position + period;
    ring->count  = (uint32_t)period;
    ring->shift  = (uint32_t)__builtin_ctzll(f->range.unit);
    for (uint64_t i = 0; i < period; i++) {
        uint64_t place        = (f->range.first / f->range.unit + i) % period;
        ring->position[place] = f->position[i];
        ring->domain[place]   = space->nodes.memories[f->position[i]].domain;
    }
    return RAMIFY_OK;
}

/* True when a page lies where its plan's run wants it, or nobody knows where it lies. */
static bool follows_plan(const rmf_region *region, const rmf_run *run, uintptr_t page, uint32_t found)
{
    if (found == RAMIFY_NONE)
        return true;
    if (run->node == RMF_NODE_RING)
        return region->ring.position[(page >> region->ring.shift) % region->ring.count] == found;
    return run->node == found;
}

/* Adds the answers of one sample, the bytes [from, to): the plan's runs there, but that of the page's own run when the
 * page lies elsewhere. */
static ramify_status answer_sample(const ramify_space *space, const rmf_region *region, const findings *f, uint64_t i,
                                   rmf_runs *answers)
{
    uintptr_t page       = f->range.first + i * f->range.stride * f->range.unit;
    uintptr_t from       = page > region->start ? page : region->start;
    uintptr_t to         = page + f->range.stride * f->range.unit;
    uintptr_t end        = region->start + region->bytes;
    to                   = to < end ? to : end;
    uint32_t      own    = rmf_runs_find(&region->plan, page + f->range.unit / 2 - 1);
    ramify_status status = RAMIFY_OK;
    for (uint32_t r = rmf_runs_find(&region->plan, from); !status && r < region->plan.count; r++) {
        const rmf_run *run = &region->plan.run[r];
        uintptr_t      at  = run->start > from ? run->start : from;
        if (at >= to)
            break;
        bool     planned = r != own || follows_plan(region, run, page, f->position[i]);
        uint32_t domain  = planned ? run->domain : space->nodes.memories[f->position[i]].domain;
        uint32_t node    = planned && run->node == RMF_NODE_RING ? RMF_NODE_RING : RAMIFY_NONE;
        status           = rmf_runs_add(answers, at, node, domain);
    }
    return status;
}

static ramify_status make_answers(const ramify_space *space, const rmf_region *region, const findings *f,
                                  rmf_runs *answers)
{
    ramify_status status = RAMIFY_OK;
    for (uint64_t i = 0; !status && i < f->count; i++)
        status = answer_sample(space, region, f, i, answers);
    if (status)
        rmf_runs_drop(answers);
    return status;
}

/* Memory nobody planned may have been dealt out all the same: its answers are then one ring, not a run per page. */
static ramify_status answer_unplanned(ramify_space *space, rmf_region *region, findings *f, rmf_runs *answers)
{
    rmf_ring      ring = { 0 }, old = region->ring;
    uint64_t      period = f->range.stride == 1 ? period_of(f) : 0;
    bool          coarse = false;
    ramify_status status = RAMIFY_OK;
    if (period && period < changes_in(f)) {
        status = make_found_ring(space, f, period, &ring);
        if (!status)
            status = rmf_runs_add(answers, region->start, RMF_NODE_RING, RAMIFY_NONE);
    } else {
        coarse = coarsen(f);
        status = make_answers(space, region, f, answers);
    }
    region->ring = ring;
    if (!status)
        status = rmf_region_answer(space, region, answers);
    if (status)
        region->ring = old;
    else
        region->coarse = coarse;
    free(status ? ring.position : old.position);
    return status;
}

static bool is_planned(const rmf_region *region)
{
    return region->plan.count > 1 || region->plan.run[0].node != RAMIFY_NONE;
}

ramify_status rmf_census_renew(ramify_space *space, rmf_region *region)
{
    findings      f      = { .range = range_of(space, region, region->start, region->bytes, RMF_CENSUS_MOST) };
    ramify_census census = { .pages        = f.range.pages,
                             .page_bytes   = f.range.unit,
                             .reason       = space->query.status,
                             .system_error = space->query.system_error };
    f.counting           = (counting){ region, f.range.unit, NULL, &census };
    f.count              = (f.range.pages + f.range.stride - 1) / f.range.stride;
    if (census.reason) {
        region->census = census;
        return RAMIFY_OK;
    }
    f.position = malloc(f.count * sizeof *f.position);
    if (!f.position)
        return RAMIFY_ERR_NO_MEMORY;
    for (uint64_t i = 0; i < f.count; i++)
        f.position[i] = RAMIFY_NONE;
    rmf_runs      answers = { 0 };
    ramify_status status  = RAMIFY_OK;
    int           error   = look(space, &f.range, note_page, &f);
    census.reason         = rmf_pages_status(error);
    census.system_error   = error;
    if (!error && is_planned(region)) {
        status = make_answers(space, region, &f, &answers);
        if (!status)
            status = rmf_region_answer(space, region, &answers);
        if (!status)
            region->coarse = f.range.stride > 1;
    } else if (!error) {
        status = answer_unplanned(space, region, &f, &answers);
    }
    if (!status)
        region->census = census;
    rmf_runs_drop(&answers);
    free(f.position);
    return status;
}
