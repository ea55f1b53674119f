/* SPDX-License-Identifier: BSD-3-Clause */
/* How a loop is spread over workers: whoever is at the door, each lot is kept, brought or made a ticket exactly once,
 * in runs that contain the taker, and nobody is brought anything whose door is closed. No loop runs here. */
#include "check.h"
#include "loop_hand.h"
#include "forks.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 130 };

static rmf_pool    pool;
static rmf_worker *workers[MOST];
static rmf_loop    loop;
static rmf_hand    hand;
static uint8_t     kept[MOST], brought[MOST];
static uint32_t    opened, hands;

/* Doors are open by a pattern of the number; `every` 0: none is. */
static void make_pool(uint32_t count, uint32_t every)
{
    memset(&pool, 0, sizeof pool);
    pool.worker_count = count;
    pool.workers      = workers;
    opened            = 0;
    for (uint32_t w = 0; w < count; w++) {
        bool is_open       = every && w % every == 0;
        workers[w]->pool   = &pool;
        workers[w]->number = w;
        workers[w]->is_met = false;
        rmf_store_relaxed(&workers[w]->door.word, is_open ? RMF_DOOR_OPEN : RMF_DOOR_CLOSED);
        opened += is_open;
    }
    memset(&loop, 0, sizeof loop);
    loop.pool  = &pool;
    loop.share = 1;
    loop.total = count;
    memset(kept, 0, sizeof kept);
    memset(brought, 0, sizeof brought);
}

static bool is_free(uint32_t lot)
{
    return !(rmf_load_relaxed(&loop.claimed[lot / 64]) >> (lot % 64) & 1);
}

/* One worker gets the lots [first, end): spreads them, and so do those it brings some to. Returns tickets made. */
static uint32_t spread(uint32_t worker, uint32_t first, uint32_t end, uint32_t unit)
{
    rmf_hand *h = &hand;
    memset(h, 0, sizeof *h);
    h->loop        = &loop;
    h->worker      = workers[worker];
    h->most_offers = OFFERS_MAX;
    hands++;
    bool all = rmf_hand_spread(h, first, end);
    assert_true(all == (h->tickets == 0));
    assert_true(h->lots.end - h->lots.at >= 1 && h->lots.end - h->lots.at <= unit);
    if (worker >= first && worker < end)
        assert_true(worker >= h->lots.at && worker < h->lots.end);
    for (uint32_t lot = h->lots.at; lot < h->lots.end; lot++)
        kept[lot]++;
    uint32_t tickets = h->tickets, count = h->offered;
    struct {
        uint32_t to, first, end;
    } parts[OFFERS_MAX];
    for (uint32_t i = 0; i < count; i++) {
        const rmf_offer *o = &h->offers[i];
        parts[i].to        = h->taker[i];
        parts[i].first     = (uint32_t)o->lo;
        parts[i].end       = (uint32_t)o->hi;
        assert_int_equal(o->tickets, o->hi - o->lo);
        assert_int_equal(o->leaf, worker);
        assert_true(o->lo >= first && o->hi <= end && parts[i].to >= o->lo && parts[i].to < o->hi);
        assert_true(o->tickets >= unit || parts[i].end == end || parts[i].first == first);
    }
    for (uint32_t i = 0; i < count; i++) {
        assert_non_null(rmf_door_take_owner(&workers[parts[i].to]->door)); /* what lies there is this part */
        assert_int_equal(brought[parts[i].to]++, 0);
        tickets += spread(parts[i].to, parts[i].first, parts[i].end, unit);
    }
    return tickets;
}

static void check_spread(uint32_t count, uint32_t every, uint32_t unit, uint32_t from)
{
    make_pool(count, every);
    rmf_store_relaxed(&loop.least_tickets, (uint16_t)unit);
    rmf_store_relaxed(&workers[from]->door.word, RMF_DOOR_CLOSED);
    hands            = 0;
    uint32_t lots    = rmf_lots_close(&loop);
    uint32_t tickets = spread(from, 0, lots, unit), left = 0;
    assert_int_equal(lots, count);
    for (uint32_t lot = 0; lot < count; lot++) {
        assert_int_equal(kept[lot] + is_free(lot), 1);
        left += is_free(lot);
    }
    assert_int_equal(tickets, left);
    if (every == 1 || count == 1) { /* all are there, and as many as are wanted take part */
        assert_int_equal(left, 0);
        assert_in_range(hands, (count + unit - 1) / unit, (count + unit - 1) / unit);
    }
    if (every == 0)
        assert_int_equal(hands, 1);
}

static void every_lot_has_one_place(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= MOST; count += count < 20 ? 1 : 11)
        for (uint32_t every = 0; every <= 3; every++)
            for (uint32_t unit = 1; unit <= 16 && (unit == 1 || 2 * unit <= count); unit *= 2)
                for (uint32_t from = 0; from < count; from += count < 20 ? 1 : 7)
                    check_spread(count, every, unit, from);
}

/* Each hand holds a bounded number of parts, and the last worker is few steps away: with 128, in five. */
static uint32_t depth_of(uint32_t worker, uint32_t first, uint32_t end)
{
    memset(&hand, 0, sizeof hand);
    hand.loop        = &loop;
    hand.worker      = workers[worker];
    hand.most_offers = OFFERS_MAX;
    assert_true(rmf_hand_spread(&hand, first, end));
    uint32_t count = hand.offered, deepest = 0, to[OFFERS_MAX], lo[OFFERS_MAX], hi[OFFERS_MAX];
    assert_in_range(count, 0, 20);
    for (uint32_t i = 0; i < count; i++) {
        to[i] = hand.taker[i];
        lo[i] = (uint32_t)hand.offers[i].lo;
        hi[i] = (uint32_t)hand.offers[i].hi;
    }
    for (uint32_t i = 0; i < count; i++) {
        (void)rmf_door_take_owner(&workers[to[i]]->door);
        uint32_t deep = 1 + depth_of(to[i], lo[i], hi[i]);
        deepest       = deep > deepest ? deep : deepest;
    }
    return deepest;
}

static void the_tree_is_flat(void **state)
{
    (void)state;
    make_pool(128, 1);
    rmf_store_relaxed(&loop.least_tickets, 1);
    (void)rmf_lots_close(&loop);
    assert_in_range(depth_of(0, 0, 128), 3, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_lot_has_one_place),
        cmocka_unit_test(the_tree_is_flat),
    };
    for (uint32_t w = 0; w < MOST; w++)
        if (!(workers[w] = aligned_alloc(RMF_PAIR_BYTES, sizeof *workers[w])))
            return 1;
        else
            memset(workers[w], 0, sizeof *workers[w]);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (uint32_t w = 0; w < MOST; w++)
        free(workers[w]);
    return failed != 0;
}
