/* SPDX-License-Identifier: BSD-3-Clause */
/* Turn k of a candidate with c of S turns may be taken from turn floor(k S / c) on and must be before ceil((k + 1) S /
 * c): exactly the windows that keep it within one turn of its share. Earliest deadline first among the turns whose
 * window is open meets every one of them, because the shares add up to one (Baruah, Cohen, Plaxton, Varvel,
 * "Proportionate progress", Algorithmica 15, 1996; for one resource already R. Tijdeman, "The chairman assignment
 * problem", Discrete Mathematics 32, 1980).
 *
 * A candidate has one turn pending at a time: in `opening` until its window opens, then in the heap of deadlines. */
#include "schedule.h"

#include <stdlib.h>

#define NOBODY UINT32_MAX

typedef struct pending {
    uint64_t deadline;
    uint32_t candidate;
} pending;

typedef struct scheduler {
    const uint32_t *counts;
    uint32_t        period;
    uint32_t       *done;    /* [candidate] turns it has had */
    uint32_t       *next;    /* [candidate] the next whose window opens at the same turn */
    uint32_t       *opening; /* [turn] first candidate whose window opens there */
    pending        *heap;
    uint32_t        heap_count;
} scheduler;

static void heap_push(scheduler *s, pending item)
{
    uint32_t at = s->heap_count++;
    for (; at > 0 && s->heap[(at - 1) / 2].deadline > item.deadline; at = (at - 1) / 2)
        s->heap[at] = s->heap[(at - 1) / 2];
    s->heap[at] = item;
}

static uint32_t heap_pop(scheduler *s)
{
    uint32_t first = s->heap[0].candidate, at = 0;
    pending  item = s->heap[--s->heap_count];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= s->heap_count)
            break;
        if (child + 1 < s->heap_count && s->heap[child + 1].deadline < s->heap[child].deadline)
            child++;
        if (s->heap[child].deadline >= item.deadline)
            break;
        s->heap[at] = s->heap[child];
        at          = child;
    }
    s->heap[at] = item;
    return first;
}

static void open_at(scheduler *s, uint32_t candidate, uint32_t turn)
{
    s->next[candidate] = s->opening[turn];
    s->opening[turn]   = candidate;
}

static void run(scheduler *s, uint16_t *turns)
{
    for (uint32_t turn = 0; turn < s->period; turn++) {
        for (uint32_t i = s->opening[turn]; i != NOBODY; i = s->next[i]) {
            uint64_t end = ((uint64_t)s->done[i] + 1) * s->period;
            heap_push(s, (pending){ (end + s->counts[i] - 1) / s->counts[i], i });
        }
        uint32_t i  = heap_pop(s);
        turns[turn] = (uint16_t)i;
        if (++s->done[i] < s->counts[i]) {
            uint32_t opens = (uint32_t)((uint64_t)s->done[i] * s->period / s->counts[i]);
            open_at(s, i, opens > turn ? opens : turn + 1);
        }
    }
}

ramify_status rmf_schedule_fill(const uint32_t *counts, uint32_t count, uint16_t *turns, uint32_t period)
{
    scheduler s = {
        .counts  = counts,
        .period  = period,
        .done    = calloc(count, sizeof *s.done),
        .next    = calloc(count, sizeof *s.next),
        .opening = malloc(period * sizeof *s.opening),
        .heap    = malloc(count * sizeof *s.heap),
    };
    ramify_status status = RAMIFY_ERR_NO_MEMORY;
    if (s.done && s.next && s.opening && s.heap) {
        for (uint32_t turn = 0; turn < period; turn++)
            s.opening[turn] = NOBODY;
        for (uint32_t i = count; i-- > 0;)
            if (counts[i] > 0)
                open_at(&s, i, 0);
        run(&s, turns);
        status = RAMIFY_OK;
    }
    free(s.done);
    free(s.next);
    free(s.opening);
    free(s.heap);
    return status;
}
