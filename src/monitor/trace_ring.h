/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring a worker writes its trace into: one writer, no waiting, the newest events win.
 *
 * An event is four words of 32 bytes in all: a stamp of 9 ns (PEERS.md) and five stores. Anybody may copy the ring
 * while its owner writes: the stores are releases and the copier's loads acquires, so a copier that saw a word of a
 * newer event also sees the head that tells it so, and drops the slot (a sequence lock per ring with the orders on the
 * operations: Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012). On x86-64 all are
 * plain moves. */
#ifndef RMF_MONITOR_TRACE_RING_H
#define RMF_MONITOR_TRACE_RING_H

#include "atomics.h"
#include "clock.h"

/* What happened. The first ones last and have a begin and an end, properly nested on each thread. */
typedef enum rmf_trace_kind {
    RMF_TRACE_TASK,   /* index: home domain; what: its function; since, at the begin: its group */
    RMF_TRACE_FORK,   /* a stolen fork; index: the worker that ran it; what: its function */
    RMF_TRACE_SEARCH, /* looks for work, announced to others */
    RMF_TRACE_PARK,   /* sleeps; the end is its wake */
    RMF_TRACE_REGION, /* what: its name, a text that lives as long as the ring */
    RMF_TRACE_STEAL,  /* small: level; index: victim; what: tasks taken; since: rmf_trace_loot */
    RMF_TRACE_LOAD,   /* index: domain; what: tasks queued and running below it, by weight */
    RMF_TRACE_IDLE,   /* what: workers that search; since: workers that sleep */
    RMF_TRACE_COUNTER, /* index: number of a hardware or system counter; what: its growth per second; since: its name, a
                        * text that lives as long as the ring */
    RMF_TRACE_PLAN,    /* another policy is in force; what: the number of its text (plan_texts.h) */
    RMF_TRACE_KINDS,
} rmf_trace_kind;

/* What a thief took and from where. The victim is a worker, of an inbox a domain. */
typedef enum rmf_trace_loot { RMF_LOOT_TASKS, RMF_LOOT_FORKS, RMF_LOOT_INBOX } rmf_trace_loot;

typedef enum rmf_trace_phase { RMF_TRACE_BEGIN, RMF_TRACE_END, RMF_TRACE_POINT } rmf_trace_phase;

typedef struct rmf_trace_event {
    uint64_t ticks;
    uint8_t  kind, phase; /* rmf_trace_kind, rmf_trace_phase */
    uint16_t small;
    uint32_t index;
    uint64_t what, since; /* since: of an end, when it began */
} rmf_trace_event;

typedef struct rmf_trace_slot {
    _Atomic uint64_t word[4];
} rmf_trace_slot;

_Static_assert(sizeof(rmf_trace_slot) == 32, "two events to a cache line");

typedef struct rmf_trace_ring {
    _Alignas(RMF_PAIR_BYTES) _Atomic uint64_t head; /* events ever written: the owner's */
    uint64_t        mask;                           /* slots - 1 */
    rmf_trace_slot *slots;
} rmf_trace_ring;

/* The owner writes an event. */
static inline void rmf_trace_put(rmf_trace_ring *ring, const rmf_trace_event *e)
{
    uint64_t          head = rmf_load_relaxed(&ring->head);
    _Atomic uint64_t *word = ring->slots[head & ring->mask].word;
    uint64_t          meta = e->kind | (uint64_t)e->phase << 8 | (uint64_t)e->small << 16 | (uint64_t)e->index << 32;
    /* order: a copier that sees one of these sees the head up to here; pairs with the acquires in rmf_trace_copy() */
    rmf_store_release(&word[0], e->ticks);
    rmf_store_release(&word[1], meta);
    rmf_store_release(&word[2], e->what);
    /* order: as above */
    rmf_store_release(&word[3], e->since);
    /* order: publishes the event; pairs with the first acquire in rmf_trace_copy() */
    rmf_store_release(&ring->head, head + 1);
}

/* The owner enters something that lasts; returns when, for rmf_trace_leave. */
static inline uint64_t rmf_trace_enter(rmf_trace_ring *ring, rmf_trace_kind kind, uint32_t index, uint64_t what,
                                       uint64_t since)
{
    uint64_t now = rmf_clock_ticks();
    rmf_trace_put(ring, &(rmf_trace_event){ now, (uint8_t)kind, RMF_TRACE_BEGIN, 0, index, what, since });
    return now;
}

/* The owner leaves it: the same kind, index and what. */
static inline void rmf_trace_leave(rmf_trace_ring *ring, rmf_trace_kind kind, uint32_t index, uint64_t what,
                                   uint64_t begun_ticks)
{
    rmf_trace_put(ring,
                  &(rmf_trace_event){ rmf_clock_ticks(), (uint8_t)kind, RMF_TRACE_END, 0, index, what, begun_ticks });
}

/* The owner notes something without a length. */
static inline void rmf_trace_point(rmf_trace_ring *ring, rmf_trace_kind kind, uint16_t small, uint32_t index,
                                   uint64_t what, uint64_t since)
{
    rmf_trace_put(ring,
                  &(rmf_trace_event){ rmf_clock_ticks(), (uint8_t)kind, RMF_TRACE_POINT, small, index, what, since });
}

/* Copies the events from number `from` on that are still whole, oldest first, to *events, which has room for all slots.
 * Any thread. lost: out, those from `from` on that newer ones have overwritten. Returns how many were copied. */
uint64_t rmf_trace_copy(const rmf_trace_ring *ring, uint64_t from, rmf_trace_event *events, uint64_t *lost);

#endif
