/* SPDX-License-Identifier: BSD-3-Clause */
/* Spreading a loop: parts of it are brought to the doors of workers that search, as a tree.
 *
 * A hand that starts with a run of lots gives some of them to one of their own workers, some of the rest to the next,
 * and so on, the largest part first, and whoever gets one does the same: each worker gets its own lot, and no line is
 * written by all of them. A giver has brought several parts by the time the first taker has begun to pass its own on,
 * so a part is a quarter of what is left, not half (broadcast trees for a latency above the sender's overhead: Karp,
 * Sahay, Santos and Schauser, "Optimal broadcast and summation in the LogP model", SPAA 1993, section 3). Lots are
 * numbered as the tree's leaves, so the first parts go to the other packages and the last ones stay within a cache.
 *
 * Lots that are spread so are claimed from the start, for whoever has the run. Where nobody is at the door they become
 * tickets like all others, for those who search elsewhere or sleep. */
#include "loop_hand.h"

#include "forks.h"

/* A part is one in so many of what is left. Doors tried for it: of its first worker, and of others at even distances;
 * and knocks at each, 24 ns apart. */
enum { PARTS = 4, DOORS = 4, KNOCKS = 16 };

/* Misses after which a sleeper is woken; see miss(). */
enum { MISSES = 4 };

/* What a hand holds: the lots it keeps, [at, end), and those it is still to bring to others, above and below. */
typedef struct spread {
    uint32_t low, low_end, high, high_end, unit;
} spread;

/* The part to be brought next, of the longer run: the end that lies farther from the own lots. Cut where
 * it splits as few groups of workers as possible, which come in powers of two, mostly. */
static void cut_part(spread *s, uint32_t *first, uint32_t *end)
{
    uint32_t below = s->low_end - s->low, above = s->high_end - s->high, n = above > below ? above : below;
    uint32_t even = s->unit, length = (n + PARTS - 1) / PARTS;
    while (even <= n / 8)
        even *= 2;
    if (above > below) {
        uint32_t cut = (s->high_end - length) / even * even;
        *first       = cut > s->high ? cut : s->high;
        *end         = s->high_end;
        s->high_end  = *first;
    } else {
        uint32_t cut = (s->low + length + even - 1) / even * even;
        *first       = s->low;
        *end         = cut < s->low_end ? cut : s->low_end;
        s->low       = *end;
    }
}

static void put_back(spread *s, uint32_t first, uint32_t end)
{
    if (first == s->high_end)
        s->high_end = end;
    else
        s->low = first;
}

/* Who was there for the last part may still be on the way back from it. */
static bool bring_to(rmf_hand *h, uint32_t first, uint32_t end, uint32_t to)
{
    for (uint32_t knocks = h->worker->is_met ? KNOCKS : 1; knocks > 0; knocks--) {
        if (rmf_hand_bring(h, first, end, to))
            return true;
        if (knocks > 1)
            rmf_relax();
    }
    return false;
}

/* A sleeper at whose door parts would lie is woken when it was missed as often as a wake is worth: what was for it took
 * a search of some 2 us each time, and to wake it takes 6.5 (the ski-rental rule, see loop_past.h). Others who find
 * those parts do not want for work, so nobody else would wake it. */
static void miss(rmf_hand *h, uint32_t number)
{
    rmf_worker *worker = h->worker;
    if (!rmf_parking_has_sleepers(&h->loop->pool->parking) || ++worker->misses < MISSES)
        return;
    worker->misses = 0;
    rmf_count(&worker->cell.counts.wakes, rmf_wake_worker(&h->loop->pool->parking, number));
}

static bool bring(rmf_hand *h, uint32_t first, uint32_t end)
{
    uint32_t n = end - first, doors = n < DOORS ? n : DOORS;
    bool     found = false;
    for (uint32_t i = 0; i < doors && !found; i++) {
        uint32_t to = first + (uint32_t)((uint64_t)n * i / doors);
        found       = to != h->worker->number && bring_to(h, first, end, to);
    }
    h->worker->is_met = found;
    if (!found)
        miss(h, first);
    return found;
}

static void make_tickets(rmf_hand *h, uint32_t first, uint32_t end)
{
    h->tickets += end - first;
    if (!h->loop->shelf_count)
        rmf_lots_unclaim(h->loop, first, end);
}

void rmf_lots_free(rmf_hand *h)
{
    make_tickets(h, h->lots.at, h->lots.end);
    h->lots.at = h->lots.end;
}

bool rmf_hand_spread(rmf_hand *h, uint32_t first, uint32_t end)
{
    uint32_t number = h->worker->number, own = number >= first && number < end ? number : first;
    uint32_t unit = rmf_load_relaxed(&h->loop->least_tickets), at = own / unit * unit;
    h->lots.at  = at > first ? at : first;
    h->lots.end = end - at < unit ? end : at + unit;
    spread s    = { first, h->lots.at, h->lots.end, end, unit };
    while (s.low < s.low_end || s.high < s.high_end) {
        uint32_t from, to;
        cut_part(&s, &from, &to);
        if (h->offered == h->most_offers || !bring(h, from, to)) {
            put_back(&s, from, to);
            make_tickets(h, s.low, s.low_end);
            make_tickets(h, s.high, s.high_end);
            rmf_store_relaxed(&h->loop->missed, 1);
            return false;
        }
    }
    return true;
}
