/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose iterations are whose: lots of leaves and shelves of several, in even shares or by the homes of an array.
 *
 * A home's elements, part after part, have the numbers 0, 1, ... of the home; a leaf below it has a slice of them, the
 * same whatever range of the array a loop runs over; what lies outside the range is passed over. A leaf below several
 * homes, which only a caller's own list can give, has a slice of each, one after the other. */
#include "loops.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static ramify_part part_of(const ramify_array *array, uint64_t number)
{
    ramify_part part;
    if (ramify_array_part(array, number, &part)) /* never: the number is below that of parts */
        return (ramify_part){ 0, 0, 0 };
    return part;
}

/* Elements of a home. A home has several parts only when they are blocks of one length, but for the array's last. */
static uint64_t home_size(const ramify_array *array, uint32_t home, uint32_t homes)
{
    uint64_t parts = ramify_array_parts(array);
    if (home >= parts)
        return 0;
    uint64_t own = (parts - home - 1) / homes + 1;
    return (own - 1) * part_of(array, home).count + part_of(array, home + (own - 1) * homes).count;
}

/* The slice of a home's elements that a leaf gets: [begin, end). */
static void slice_of(const rmf_loop *loop, uint32_t home, uint32_t homes, uint32_t leaf, uint64_t *begin, uint64_t *end)
{
    const ramify_domain *d = &loop->pool->domains[ramify_array_homes(loop->array, &homes)[home]];
    *begin = *end = 0;
    if (leaf - d->first_leaf >= d->leaf_count)
        return;
    uint64_t size = home_size(loop->array, home, homes), each = size / d->leaf_count, more = size % d->leaf_count;
    uint64_t at = leaf - d->first_leaf;
    *begin      = each * at + least(at, more);
    *end        = *begin + each + (at < more);
}

/* The run behind number `at` of a home, as iterations of the loop; at most `most` local numbers. */
static rmf_run home_run(const rmf_loop *loop, uint32_t home, uint32_t homes, uint64_t at, uint64_t limit)
{
    uint64_t element = at / loop->inner, within = at % loop->inner;
    uint64_t block = part_of(loop->array, home).count, number = home;
    if (element >= block) {
        number += element / block * homes;
        element %= block;
    }
    ramify_part part  = part_of(loop->array, number);
    uint64_t    taken = least(limit, (part.count - element) * loop->inner - within);
    uint64_t    first = (part.first + element) * loop->inner + within, last = first + taken;
    uint64_t    begin = (uint64_t)loop->range[0].begin * loop->inner, end = begin + loop->total;
    first = most(first, begin);
    last  = least(last, end);
    return (rmf_run){ first - begin, last > first ? last - first : 0, taken };
}

uint64_t rmf_lot_size(const rmf_loop *loop, uint32_t leaf)
{
    if (!loop->array)
        return loop->share + (leaf < loop->shares_more);
    uint32_t homes;
    uint64_t size = 0;
    (void)ramify_array_homes(loop->array, &homes);
    for (uint32_t h = 0; h < homes; h++) {
        uint64_t begin, end;
        slice_of(loop, h, homes, leaf, &begin, &end);
        size += (end - begin) * loop->inner;
    }
    return size;
}

rmf_run rmf_lot_run(const rmf_loop *loop, uint32_t leaf, uint64_t at, uint64_t limit)
{
    if (!loop->array)
        return (rmf_run){ rmf_share_begin(loop, leaf) + at, limit, limit };
    uint32_t homes;
    (void)ramify_array_homes(loop->array, &homes);
    for (uint32_t h = 0; h < homes; h++) {
        uint64_t begin, end;
        slice_of(loop, h, homes, leaf, &begin, &end);
        uint64_t size = (end - begin) * loop->inner;
        if (at < size)
            return home_run(loop, h, homes, begin * loop->inner + at, least(limit, size - at));
        at -= size;
    }
    return (rmf_run){ 0, 0, limit };
}

uint64_t rmf_shelf_size(const rmf_loop *loop, const rmf_shelf *shelf)
{
    uint32_t homes;
    uint64_t size = 0;
    (void)ramify_array_homes(loop->array, &homes);
    for (uint32_t h = shelf->first_home; h < shelf->end_home; h++)
        size += home_size(loop->array, h, homes) * loop->inner;
    return size;
}

rmf_run rmf_shelf_run(const rmf_loop *loop, const rmf_shelf *shelf, uint64_t at, uint64_t limit)
{
    if (!loop->array)
        return (rmf_run){ shelf->base + at, limit, limit };
    uint32_t homes;
    (void)ramify_array_homes(loop->array, &homes);
    for (uint32_t h = shelf->first_home; h < shelf->end_home; h++) {
        uint64_t size = home_size(loop->array, h, homes) * loop->inner;
        if (at < size)
            return home_run(loop, h, homes, at, least(limit, size - at));
        at -= size;
    }
    return (rmf_run){ 0, 0, limit };
}

/* Without an array: dynamic has a shelf per leaf, the others one per run of leaves with the same node, as far as
 * shelves go; then neighbours share. */
static void fill_even(rmf_loop *loop, rmf_shelf *shelves)
{
    const rmf_pool *pool         = loop->pool;
    uint32_t        least_leaves = (pool->worker_count - 1) / RMF_SHELVES_MAX + 1;
    bool            by_leaf      = loop->schedule.rule == RAMIFY_RULE_DYNAMIC;
    for (uint32_t leaf = 0, end; leaf < pool->worker_count; leaf = end) {
        uint32_t node = ramify_tree_leaf(pool->tree, leaf)->node;
        for (end = leaf + 1; end < pool->worker_count; end++)
            if (end - leaf >= least_leaves && (by_leaf || ramify_tree_leaf(pool->tree, end)->node != node))
                break;
        rmf_shelf *s  = &shelves[loop->shelf_count++];
        s->base       = rmf_share_begin(loop, leaf);
        s->first_leaf = leaf;
        s->end_leaf   = end;
        rmf_chunks_init(&s->chunks, loop->schedule.rule, rmf_share_begin(loop, end) - s->base, end - leaf,
                        loop->schedule.grain);
    }
}

static void fill_by_homes(rmf_loop *loop, rmf_shelf *shelves)
{
    uint32_t        homes;
    const uint32_t *home = ramify_array_homes(loop->array, &homes);
    uint32_t        each = (homes - 1) / RMF_SHELVES_MAX + 1;
    for (uint32_t h = 0; h < homes; h += each) {
        const ramify_domain *first = &loop->pool->domains[home[h]];
        rmf_shelf           *s     = &shelves[loop->shelf_count++];
        s->first_home              = h;
        s->end_home                = homes - h < each ? homes : h + each;
        s->first_leaf              = first->first_leaf;
        s->end_leaf                = first->first_leaf + first->leaf_count;
        rmf_chunks_init(&s->chunks, loop->schedule.rule, rmf_shelf_size(loop, s), first->leaf_count,
                        loop->schedule.grain);
    }
}

void rmf_loop_fill_shelves(rmf_loop *loop, rmf_shelf *shelves)
{
    loop->shelves     = shelves;
    loop->shelf_count = 0;
    if (loop->array)
        fill_by_homes(loop, shelves);
    else
        fill_even(loop, shelves);
    for (uint32_t s = 0; s < loop->shelf_count; s++)
        rmf_store_relaxed(&shelves[s].next, 0);
}

uint32_t rmf_lots_open(rmf_loop *loop)
{
    uint32_t leaves = loop->pool->worker_count, lots = leaves;
    for (uint32_t w = 0; w * 64 < leaves; w++)
        rmf_store_relaxed(&loop->claimed[w], leaves - w * 64 < 64 ? ~0ull << (leaves - w * 64) : 0);
    if (loop->share || loop->array)
        return lots;
    lots = (uint32_t)loop->total; /* fewer iterations than leaves: the first ones have one each */
    for (uint32_t leaf = lots; leaf < leaves; leaf++)
        rmf_store_relaxed(&loop->claimed[leaf / 64], rmf_load_relaxed(&loop->claimed[leaf / 64]) | 1ull << (leaf % 64));
    return lots;
}

uint32_t rmf_lots_close(rmf_loop *loop)
{
    uint32_t leaves = loop->pool->worker_count;
    for (uint32_t w = 0; w * 64 < leaves; w++)
        rmf_store_relaxed(&loop->claimed[w], ~0ull);
    return loop->share || loop->array ? leaves : (uint32_t)loop->total;
}

/* Bits of a word that stand for [first, end). */
static uint64_t bits_of(uint32_t word, uint32_t first, uint32_t end)
{
    uint64_t bits = word == first / 64 ? ~0ull << (first % 64) : ~0ull;
    return end - word * 64 < 64 ? bits & ((1ull << (end - word * 64)) - 1) : bits;
}

void rmf_lots_unclaim(rmf_loop *loop, uint32_t first, uint32_t end)
{
    for (uint32_t w = first / 64; w * 64 < end && first < end; w++)
        /* order: relaxed suffices, the fork that brings a ticket for one of them publishes it; acq_rel is what there is
         */
        (void)rmf_and_acq_rel(&loop->claimed[w], ~bits_of(w, first, end));
}

/* Claims the first free one of some lots, as bits of a word, from a bit on and round. A claim that fails tells what
 * else others have taken meanwhile. */
static uint32_t claim_of(rmf_loop *loop, uint32_t word, uint64_t mask, uint32_t from)
{
    uint64_t free_bits = ~rmf_load_relaxed(&loop->claimed[word]) & mask;
    while (free_bits) {
        uint64_t above = free_bits & ~0ull << from % 64;
        uint32_t at    = (uint32_t)__builtin_ctzll(above ? above : free_bits);
        /* order: relaxed suffices, one thread sees the bit clear: what is claimed was written before the fork that
         * brought it; acq_rel is what there is */
        uint64_t before = rmf_or_acq_rel(&loop->claimed[word], 1ull << at);
        if (!(before >> at & 1))
            return word * 64 + at;
        free_bits &= ~before & ~(1ull << at);
    }
    return RAMIFY_NONE;
}

static uint32_t claim_in(rmf_loop *loop, uint32_t first, uint32_t end, uint32_t from)
{
    for (uint32_t w = first / 64; w * 64 < end; w++) {
        uint32_t found = claim_of(loop, w, bits_of(w, first, end), from);
        if (found != RAMIFY_NONE)
            return found;
    }
    return RAMIFY_NONE;
}

uint32_t rmf_lot_claim(rmf_loop *loop, const rmf_victims *near, uint32_t leaf)
{
    if (claim_in(loop, leaf, leaf + 1, leaf) != RAMIFY_NONE)
        return leaf;
    for (uint32_t i = 0; i < near->steps; i++) {
        uint32_t found = claim_in(loop, near->step[i].first, near->step[i].end, leaf);
        if (found != RAMIFY_NONE)
            return found;
    }
    return RAMIFY_NONE;
}
