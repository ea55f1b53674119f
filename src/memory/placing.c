/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans and policies; see placing.h. */
#include "placing.h"

#include "bits.h"
#include "census.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Not yet asked for. */
#define UNREAD (UINT64_MAX - 1)

ramify_status rmf_wish_check(const ramify_space *space, const ramify_wish *wish)
{
    if (!wish)
        return RAMIFY_OK;
    if (wish->placement > RAMIFY_PLACEMENT_INTERLEAVE || wish->merit > RAMIFY_MERIT_LATENCY ||
        wish->pages > RAMIFY_PAGES_HUGE)
        return RAMIFY_ERR_INVALID;
    if (wish->domain >= space->nodes.domain_count || (wish->domains && !wish->domain_count))
        return RAMIFY_ERR_INVALID;
    for (uint32_t i = 0; wish->domains && i < wish->domain_count; i++)
        if (wish->domains[i] >= space->nodes.domain_count)
            return RAMIFY_ERR_INVALID;
    return RAMIFY_OK;
}

ramify_status rmf_wish_copy(const ramify_wish *wish, rmf_region *region)
{
    if (!wish)
        return RAMIFY_OK;
    region->wish         = *wish;
    region->wish.domains = NULL;
    if (wish->placement != RAMIFY_PLACEMENT_INTERLEAVE || !wish->domains)
        return RAMIFY_OK;
    size_t bytes   = wish->domain_count * sizeof *wish->domains;
    region->listed = malloc(bytes);
    if (!region->listed)
        return RAMIFY_ERR_NO_MEMORY;
    memcpy(region->listed, wish->domains, bytes);
    region->wish.domains = region->listed;
    return RAMIFY_OK;
}

uint32_t rmf_placing_only_domain(const ramify_space *space)
{
    if (space->nodes.count > 1 || !ramify_tree_is_this_machine(space->nodes.tree))
        return RAMIFY_NONE;
    return space->nodes.count ? space->nodes.memories[0].domain : 0;
}

void rmf_account_open(ramify_space *space)
{
    bool binds = !space->bind.status;
    bool known = binds && space->pages->allowed(space->pages_self, space->allowed, space->node_words) == 0;
    for (uint32_t i = 0; i < space->nodes.count; i++) {
        bool barred          = known && !rmf_bits_has(space->allowed, space->nodes.memories[i].os_index);
        space->free_bytes[i] = barred ? 0 : binds ? UNREAD : UINT64_MAX;
        space->marks[i]      = barred;
    }
}

static uint64_t read_account(ramify_space *space, uint32_t position)
{
    if (space->free_bytes[position] == UNREAD)
        space->free_bytes[position] =
            space->pages->free_bytes(space->pages_self, space->nodes.memories[position].os_index);
    return space->free_bytes[position];
}

static void charge(ramify_space *space, uint32_t position, uint64_t bytes)
{
    uint64_t *left = &space->free_bytes[position];
    if (*left < UNREAD)
        *left -= *left < bytes ? *left : bytes;
}

/* The first reason stays: it is what the caller can do something about. */
static void set_reason(ramify_placed *placed, ramify_status reason, int system_error)
{
    if (placed->reason)
        return;
    placed->reason       = reason;
    placed->system_error = system_error;
}

static bool make_ring(rmf_ring *ring, uint32_t count)
{
    ring->position = calloc(count, 2 * sizeof *ring->position);
    if (!ring->position)
        return false;
    ring->domain = ring->position + count;
    ring->count  = count;
    return true;
}

/* Gathers the nodes of all listed domains; *owner gets, per node, the first domain that chose it. */
static void choose_for_list(ramify_space *space, const ramify_wish *wish, uint32_t *owner)
{
    rmf_choice *choice   = &space->choice;
    bool        measured = true;
    for (uint32_t i = 0; i < space->nodes.count; i++)
        owner[i] = RAMIFY_NONE;
    for (uint32_t d = 0; d < wish->domain_count; d++) {
        rmf_nodes_choose(&space->nodes, wish->domains[d], wish->merit, choice);
        measured &= choice->measured;
        for (uint32_t i = 0; i < choice->count; i++)
            if (owner[choice->position[i]] == RAMIFY_NONE)
                owner[choice->position[i]] = wish->domains[d];
    }
    choice->count    = 0;
    choice->measured = measured;
    for (uint32_t i = 0; i < space->nodes.count; i++)
        if (owner[i] != RAMIFY_NONE)
            choice->position[choice->count++] = i;
}

static uint32_t shift_of(const ramify_space *space, const rmf_region *region)
{
    bool huge = region->wish.pages == RAMIFY_PAGES_HUGE && space->huge_bytes;
    return (uint32_t)__builtin_ctzll(huge ? space->huge_bytes : space->page_bytes);
}

ramify_status rmf_placing_choose(ramify_space *space, rmf_region *region)
{
    const ramify_wish *wish   = &region->wish;
    rmf_choice        *choice = &space->choice;
    uint32_t          *owner  = NULL;
    choice->count             = 0;
    choice->measured          = false;
    if (wish->placement == RAMIFY_PLACEMENT_INTERLEAVE && wish->domains) {
        owner = calloc(space->nodes.count + 1u, sizeof *owner);
        if (!owner)
            return RAMIFY_ERR_NO_MEMORY;
        choose_for_list(space, wish, owner);
    } else if (wish->placement != RAMIFY_PLACEMENT_FIRST_TOUCH) {
        rmf_nodes_choose(&space->nodes, wish->domain, wish->merit, choice);
    }
    region->placed.measured   = choice->measured;
    region->placed.node_count = choice->count;
    region->placed.node       = choice->count ? space->nodes.memories[choice->position[0]].os_index : RAMIFY_NONE;
    region->placed.other_node = RAMIFY_NONE;
    ramify_status status      = RAMIFY_OK;
    if (choice->count > 1 && !make_ring(&region->ring, choice->count))
        status = RAMIFY_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < region->ring.count; i++) {
        uint32_t position        = choice->position[i];
        region->ring.position[i] = position;
        region->ring.domain[i]   = owner ? owner[position] : space->nodes.memories[position].domain;
    }
    region->ring.shift = shift_of(space, region);
    free(owner);
    return status;
}

uint64_t rmf_placing_pool_bytes(const ramify_space *space, const rmf_region *region)
{
    /* A page of the pool that somebody else took first would be a bus error under a strict policy. */
    if (region->wish.pages != RAMIFY_PAGES_HUGE || !space->huge_bytes || region->wish.strict || space->bind.status)
        return 0;
    const rmf_choice *choice = &space->choice;
    uint64_t          sum = 0, least = UINT64_MAX;
    for (uint32_t i = 0; i < (choice->count ? choice->count : space->nodes.count); i++) {
        uint32_t node  = space->nodes.memories[choice->count ? choice->position[i] : i].os_index;
        uint64_t bytes = space->pages->free_pool_bytes(space->pages_self, node, space->huge_bytes);
        sum += bytes;
        least = bytes < least ? bytes : least;
    }
    return choice->count ? least * choice->count : sum;
}

/* Takes the nodes out of the ring that have not their share of so many bytes; keeps all if none has. */
static void drop_short(ramify_space *space, rmf_region *region, uint64_t bytes)
{
    rmf_ring *ring = &region->ring;
    for (uint32_t count = 0, i; count != ring->count;) {
        count          = ring->count;
        uint64_t share = bytes / count;
        for (i = 0; i < count && read_account(space, ring->position[i]) >= share; i++)
            ;
        if (i == count)
            return;
        bool barred = space->marks[ring->position[i]];
        set_reason(&region->placed, barred ? RAMIFY_ERR_NOT_ALLOWED : RAMIFY_ERR_NO_MEMORY, 0);
        if (count == 1)
            return;
        memmove(&ring->position[i], &ring->position[i + 1], (count - i - 1) * sizeof *ring->position);
        memmove(&ring->domain[i], &ring->domain[i + 1], (count - i - 1) * sizeof *ring->domain);
        ring->count--;
    }
}

static ramify_status plan_ring(ramify_space *space, rmf_region *region, uintptr_t start, uintptr_t end)
{
    drop_short(space, region, end - start);
    if (region->ring.count == 1)
        return rmf_placing_plan_on(space, region, start, end, region->ring.position[0], region->ring.domain[0]);
    for (uint32_t i = 0; i < region->ring.count; i++)
        charge(space, region->ring.position[i], (end - start) / region->ring.count);
    region->placed.bytes_home += end - start;
    return rmf_runs_add(&region->plan, start, RMF_NODE_RING, RAMIFY_NONE);
}

/* The next node to take from once `want` has less than `least`. */
static uint32_t next_node(ramify_space *space, uint32_t want, uint64_t least)
{
    for (uint32_t i = 0; i < space->nodes.count; i++)
        read_account(space, i);
    return rmf_nodes_nearest(&space->nodes, want, space->free_bytes, least);
}

ramify_status rmf_placing_plan_on(ramify_space *space, rmf_region *region, uintptr_t start, uintptr_t end,
                                  uint32_t want, uint32_t domain)
{
    ramify_placed *placed = &region->placed;
    uint64_t       unit   = rmf_region_unit(space, region);
    ramify_status  status = RAMIFY_OK;
    if (want == RAMIFY_NONE) {
        placed->bytes_home += end - start;
        return rmf_runs_add(&region->plan, start, RAMIFY_NONE, domain);
    }
    for (uint32_t node = want; !status && start < end;) {
        uint64_t bytes = end - start, left = read_account(space, node);
        if (left < bytes) {
            set_reason(placed, space->marks[want] ? RAMIFY_ERR_NOT_ALLOWED : RAMIFY_ERR_NO_MEMORY, 0);
            bytes = left & ~(unit - 1);
            if (!bytes && (node = next_node(space, want, unit)) != RAMIFY_NONE)
                continue;
            if (!bytes) { /* no node has a page left: the kernel will have to take some back */
                node  = want;
                bytes = end - start;
            }
        }
        charge(space, node, bytes);
        bool home = node == want;
        *(home ? &placed->bytes_home : &placed->bytes_elsewhere) += bytes;
        if (!home && placed->other_node == RAMIFY_NONE)
            placed->other_node = space->nodes.memories[node].os_index;
        status = rmf_runs_add(&region->plan, start, node, home ? domain : space->nodes.memories[node].domain);
        start += bytes;
    }
    return status;
}

ramify_status rmf_placing_plan(ramify_space *space, rmf_region *region, uintptr_t start, uintptr_t end)
{
    bool          touch = region->wish.placement == RAMIFY_PLACEMENT_FIRST_TOUCH;
    bool          alone = region->wish.placement == RAMIFY_PLACEMENT_DOMAIN;
    ramify_status status;
    if (region->ring.count > 1) {
        status = plan_ring(space, region, start, end);
    } else {
        uint32_t want   = space->choice.count ? space->choice.position[0] : RAMIFY_NONE;
        uint32_t domain = touch                 ? rmf_placing_only_domain(space)
                          : alone               ? region->wish.domain
                          : want == RAMIFY_NONE ? rmf_placing_only_domain(space)
                                                : space->nodes.memories[want].domain;
        status          = rmf_placing_plan_on(space, region, start, end, want, domain);
    }
    if (!status && region->wish.strict && !touch)
        status = region->placed.reason;
    return status;
}

/* One policy for [start, end), whole pages. Returns the system's number. */
static int bind_run(ramify_space *space, const rmf_region *region, uintptr_t start, uintptr_t end, uint32_t node)
{
    uint64_t      mask[RMF_BITS_MAX_WORDS] = { 0 };
    rmf_bind_mode mode                     = region->wish.strict ? RMF_BIND_STRICT : RMF_BIND_PREFERRED;
    if (node == RMF_NODE_RING) {
        mode = RMF_BIND_INTERLEAVE;
        for (uint32_t i = 0; i < region->ring.count; i++)
            rmf_bits_add(mask, space->nodes.memories[region->ring.position[i]].os_index);
    } else if (node == RAMIFY_NONE) {
        mode = RMF_BIND_LOCAL;
    } else {
        rmf_bits_add(mask, space->nodes.memories[node].os_index);
    }
    char *first = region->mapping.start + (start - (uintptr_t)region->mapping.start);
    return space->pages->bind(space->pages_self, first, end - start, mode, mask, space->node_words);
}

/* Bytes that could not be bound no longer count as bound. */
static void count_unbound(ramify_placed *placed, uint64_t bytes, ramify_status reason, int system_error)
{
    uint64_t most = placed->bytes_home + placed->bytes_elsewhere;
    bytes         = bytes < most ? bytes : most;
    uint64_t home = bytes < placed->bytes_home ? bytes : placed->bytes_home;
    placed->bytes_home -= home;
    placed->bytes_elsewhere -= bytes - home;
    placed->bytes_unbound += bytes;
    /* What the kernel says outranks what was counted before. */
    placed->reason       = reason;
    placed->system_error = system_error;
}

/* The nearest page boundary: a page belongs to the run that has more of it. */
static uintptr_t round_to(uintptr_t address, uint64_t unit)
{
    return (address + unit / 2) & ~(unit - 1);
}

static void bind_all(ramify_space *space, rmf_region *region, uintptr_t start)
{
    uint64_t  unit = rmf_region_unit(space, region);
    uintptr_t end = (uintptr_t)region->mapping.start + region->mapping.bytes, at = (start + unit - 1) & ~(unit - 1);
    for (uint32_t i = rmf_runs_find(&region->plan, start), next; i < region->plan.count; i = next) {
        uint32_t node = region->plan.run[i].node;
        for (next = i + 1; next < region->plan.count && region->plan.run[next].node == node; next++)
            ;
        uintptr_t to = next < region->plan.count ? round_to(region->plan.run[next].start, unit) : end;
        if (to <= at)
            continue;
        int error = bind_run(space, region, at, to, node);
        if (error)
            count_unbound(&region->placed, to - at, rmf_pages_status(error), error);
        at = to;
    }
}

ramify_status rmf_placing_bind(ramify_space *space, rmf_region *region, uintptr_t start)
{
    ramify_placed *placed = &region->placed;
    placed->bytes         = region->start + region->bytes - start;
    placed->pages         = region->mapping.pages;
    placed->pages_reason  = region->mapping.pages_reason;
    placed->page_bytes    = region->mapping.page_bytes;
    if (space->bind.status)
        count_unbound(placed, placed->bytes, space->bind.status, space->bind.system_error);
    else
        bind_all(space, region, start);
    bool strict = region->wish.strict && region->wish.placement != RAMIFY_PLACEMENT_FIRST_TOUCH;
    return strict ? placed->reason : RAMIFY_OK;
}

ramify_status rmf_placing_touch(ramify_space *space, rmf_region *region)
{
    if (!region->wish.touch)
        return RAMIFY_OK;
    if (!rmf_mapping_touch(region->mapping.start, region->mapping.bytes))
        return RAMIFY_ERR_NO_MEMORY;
    rmf_census_take(space, region, region->start, region->bytes, 0, NULL, &region->placed.census);
    region->census = region->placed.census;
    bool strict    = region->wish.strict && region->wish.placement != RAMIFY_PLACEMENT_FIRST_TOUCH;
    return strict && region->placed.census.elsewhere ? RAMIFY_ERR_NO_MEMORY : RAMIFY_OK;
}
