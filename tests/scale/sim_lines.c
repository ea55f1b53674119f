/* SPDX-License-Identifier: BSD-3-Clause */
/* What an atomic operation costs: the states of cache lines as a directory would know them.
 *
 * A line is held by nobody, clean by some, or modified by one. Reading a line one holds is a hit; so is writing one
 * that nobody else holds. Everything else is a transfer from the owner, else from the nearest holder, or takes the line
 * from all other holders, and costs the way to the farthest of them. While a line is on its way from its owner or taken
 * away others wait for it, in the order in which they come: that is how threads queue up at a line all of them write.
 * Loads that miss one after the other are under way together, as a core runs ahead along the branches it expects.
 * Caches are large enough for all lines of a pool, and a line first touched is in the cache of who touches it. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 64, WORDS = SIM_THREADS_MAX / 64, FIRST_ROOM = 1 << 16 };

typedef struct mask {
    uint64_t word[WORDS];
} mask;

static struct {
    sim_line *line; /* hashed by address, `room` of them */
    uint32_t  room, used;
    sim_site *sites;
    mask      near[SIM_THREADS_MAX], package[SIM_THREADS_MAX]; /* threads of the same L3, the same package */
    uint64_t  drained_ps[SIM_THREADS_MAX];                     /* when the store buffer is empty */
    struct {
        uint64_t from_ps; /* when the first of the loads in flight was begun */
        uint32_t in_flight;
    } loads[SIM_THREADS_MAX];
} lines;

static sim_line *find(uintptr_t address)
{
    uint32_t at = (uint32_t)(address * 0x9E3779B97F4A7C15u >> 32);
    for (;; at++) {
        sim_line *line = &lines.line[at & (lines.room - 1)];
        if (line->address == address || !line->address)
            return line;
    }
}

static void make_room(uint32_t room)
{
    sim_line *before = lines.line;
    uint32_t  count  = lines.room;
    lines.line       = calloc(room, sizeof *lines.line);
    lines.room       = room;
    if (!lines.line)
        abort();
    for (uint32_t i = 0; i < count; i++)
        if (before[i].address)
            *find(before[i].address) = before[i];
    free(before);
}

static sim_line *line_of(const volatile void *address)
{
    uintptr_t at   = (uintptr_t)address / LINE_BYTES;
    sim_line *line = find(at);
    if (line->address)
        return line;
    if (2 * ++lines.used > lines.room) {
        make_room(2 * lines.room);
        line = find(at);
    }
    line->address = at;
    line->owner   = SIM_NOBODY;
    return line;
}

void sim_lines_begin(uint32_t count, const sim_seat *seats)
{
    free(lines.line);
    lines.line = NULL;
    lines.room = lines.used = 0;
    make_room(FIRST_ROOM);
    memset(lines.near, 0, sizeof lines.near);
    memset(lines.package, 0, sizeof lines.package);
    memset(lines.drained_ps, 0, sizeof lines.drained_ps);
    memset(lines.loads, 0, sizeof lines.loads);
    for (uint32_t t = 0; t < count; t++)
        for (uint32_t u = 0; u < count; u++) {
            uint64_t bit = 1ull << (u % 64);
            if (seats[t].package == seats[u].package)
                lines.package[t].word[u / 64] |= bit;
            if (seats[t].package == seats[u].package && seats[t].l3 == seats[u].l3)
                lines.near[t].word[u / 64] |= bit;
        }
}

const sim_line *sim_lines(uint32_t *room)
{
    *room = lines.room;
    return lines.line;
}

sim_site *sim_sites(void)
{
    return lines.sites;
}

void sim_forget_counts(void)
{
    for (uint32_t i = 0; i < lines.room; i++)
        lines.line[i].transfers = 0, lines.line[i].spent_ps = lines.line[i].queued_ps = 0;
    for (sim_site *s = lines.sites; s; s = s->next)
        s->operations = s->transfers = s->spent_ps = 0;
}

static bool holds(const sim_line *line, uint32_t t)
{
    return line->holders[t / 64] >> (t % 64) & 1;
}

/* Nobody else holds it. */
static bool is_own(const sim_line *line, uint32_t t)
{
    for (uint32_t w = 0; w < WORDS; w++)
        if (line->holders[w] & ~(w == t / 64 ? 1ull << (t % 64) : 0))
            return false;
    return true;
}

static bool any_in(const sim_line *line, const mask *of)
{
    for (uint32_t w = 0; w < WORDS; w++)
        if (line->holders[w] & of->word[w])
            return true;
    return false;
}

static bool any_beyond(const sim_line *line, const mask *of)
{
    for (uint32_t w = 0; w < WORDS; w++)
        if (line->holders[w] & ~of->word[w])
            return true;
    return false;
}

/* An owner is the only holder, so the nearest holder serves for both. */
static uint64_t way_to_nearest(const sim_line *line, uint32_t t)
{
    return any_in(line, &lines.near[t]) ? SIM_NEAR_PS : any_in(line, &lines.package[t]) ? SIM_PACKAGE_PS : SIM_FAR_PS;
}

static uint64_t way_to_farthest(const sim_line *line, uint32_t t)
{
    return any_beyond(line, &lines.package[t]) ? SIM_FAR_PS
           : any_beyond(line, &lines.near[t])  ? SIM_PACKAGE_PS
                                               : SIM_NEAR_PS;
}

static void hit(sim_site *site, uint64_t ps)
{
    if (!site->known) {
        site->known = true;
        site->next  = lines.sites;
        lines.sites = site;
    }
    site->operations++;
    site->spent_ps += ps;
    sim_spend(ps);
    sim_give_way(SIM_LOOKAHEAD_PS);
}

/* The line comes after `way_ps`, once it is free; asked for at `from_ps`. Returns when. */
static uint64_t fetch(sim_line *line, sim_site *site, uint64_t way_ps, uint64_t from_ps, bool blocks)
{
    uint64_t now = sim_now_ps(), start = from_ps > line->busy_ps ? from_ps : line->busy_ps;
    uint64_t at = start + way_ps > now ? start + way_ps : now;
    if (blocks)
        line->busy_ps = at;
    line->transfers++;
    line->spent_ps += at - now;
    line->queued_ps += at > now + way_ps ? at - now - way_ps : 0;
    site->transfers++;
    return at;
}

/* When a load that misses was begun: together with those before it, unless they are too many or something came between
 * that waits for them. */
static uint64_t begin_load(uint32_t self)
{
    if (lines.loads[self].in_flight == 0 || lines.loads[self].in_flight == SIM_LOADS) {
        lines.loads[self].in_flight = 0;
        lines.loads[self].from_ps   = sim_now_ps();
    }
    lines.loads[self].in_flight++;
    return lines.loads[self].from_ps;
}

void sim_await_loads(uint32_t self)
{
    lines.loads[self].in_flight = 0;
}

/* Spends what is left until then, and takes effect in the order of these times. */
static void arrive(sim_site *site, uint64_t at_ps)
{
    uint64_t now = sim_now_ps();
    hit(site, at_ps > now ? at_ps - now : 0);
    sim_give_way(0);
}

void sim_read(const volatile void *address, sim_site *site)
{
    uint32_t self = sim_self();
    if (self == UINT32_MAX)
        return;
    sim_line *line = line_of(address);
    if (holds(line, self)) {
        hit(site, SIM_HIT_PS);
        return;
    }
    sim_give_way(0);
    line            = line_of(address); /* the table may have grown meanwhile */
    bool     is_new = !any_beyond(line, &(mask){ { 0 } });
    uint64_t at     = sim_now_ps() + SIM_HIT_PS;
    if (!is_new)
        at = fetch(line, site, way_to_nearest(line, self), begin_load(self), line->owner != SIM_NOBODY);
    line->owner = SIM_NOBODY;
    line->holders[self / 64] |= 1ull << (self % 64);
    arrive(site, at);
}

/* Takes the line from all others; returns when it is here. */
static uint64_t take(const volatile void *address, sim_site *site, uint32_t self)
{
    sim_give_way(0);
    sim_line *line = line_of(address);
    uint64_t  at   = sim_now_ps();
    if (!is_own(line, self))
        at = fetch(line, site, way_to_farthest(line, self), at, true);
    memset(line->holders, 0, sizeof line->holders);
    line->holders[self / 64] = 1ull << (self % 64);
    line->owner              = (int32_t)self;
    return at;
}

/* A store waits in the store buffer; only a full one holds its thread up. */
void sim_write(const volatile void *address, sim_site *site)
{
    uint32_t self = sim_self();
    if (self == UINT32_MAX)
        return;
    sim_line *line = line_of(address);
    if (line->owner == (int32_t)self) {
        hit(site, SIM_HIT_PS);
        return;
    }
    uint64_t at = take(address, site, self), now = sim_now_ps();
    if (at > lines.drained_ps[self])
        lines.drained_ps[self] = at;
    hit(site, SIM_HIT_PS + (at > now + SIM_BUFFERED_PS ? at - now - SIM_BUFFERED_PS : 0));
}

void sim_change(const volatile void *address, sim_site *site)
{
    uint32_t self = sim_self();
    if (self == UINT32_MAX)
        return;
    uint64_t now = sim_now_ps();
    sim_await_loads(self);
    if (lines.drained_ps[self] > now)
        sim_spend(lines.drained_ps[self] - now);
    if (line_of(address)->owner == (int32_t)self) {
        hit(site, SIM_LOCKED_PS);
        return;
    }
    uint64_t  at   = take(address, site, self) + SIM_LOCKED_PS;
    sim_line *line = line_of(address);
    line->busy_ps  = line->busy_ps > at ? line->busy_ps : at;
    arrive(site, at);
}
