/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated page calls; see fakepages.h. */
#include "check.h"
#include "fakepages.h"

#include "topology/machines.h"

#include <errno.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

/* 1: in; 0: mapped but not touched; -1: not mapped. */
static int residence(uintptr_t address)
{
    unsigned char in = 0;
    if (mincore((void *)(address & ~(uintptr_t)(PAGE - 1)), 1, &in))
        return -1;
    return in & 1;
}

static fake_page *find_page(fake_machine *f, uintptr_t address)
{
    for (size_t i = 0; i < f->page_count; i++)
        if (f->pages[i].address == (address & ~(uintptr_t)(PAGE - 1)))
            return &f->pages[i];
    return NULL;
}

void fake_put(fake_machine *f, const void *address, int node)
{
    fake_page *page = find_page(f, (uintptr_t)address);
    if (!page) {
        f->pages = test_realloc(f->pages, (f->page_count + 1) * sizeof *f->pages);
        page     = &f->pages[f->page_count++];
    }
    *page = (fake_page){ (uintptr_t)address & ~(uintptr_t)(PAGE - 1), node };
}

const fake_policy *fake_policy_of(const fake_machine *f, const void *address)
{
    for (size_t i = f->policy_count; i-- > 0;)
        if (f->policies[i].start <= (uintptr_t)address && (uintptr_t)address < f->policies[i].end)
            return &f->policies[i];
    return NULL;
}

static int nth_node(uint64_t nodes, uint64_t turn)
{
    for (turn %= (uint64_t)__builtin_popcountll(nodes); turn; turn--)
        nodes &= nodes - 1;
    return __builtin_ctzll(nodes);
}

/* Where the kernel would put a page now; a full node passes it on to the next higher index. */
static int choose_node(fake_machine *f, uintptr_t address)
{
    const fake_policy *p    = fake_policy_of(f, (const void *)address);
    int                node = f->here;
    if (p && p->mode == RMF_BIND_INTERLEAVE)
        node = nth_node(p->nodes, address / PAGE);
    else if (p && p->mode != RMF_BIND_LOCAL)
        node = __builtin_ctzll(p->nodes);
    for (uint32_t tries = 0; tries < f->nodes && f->free_bytes[node] < PAGE; tries++)
        node = (node + 1) % (int)f->nodes;
    if (f->free_bytes[node] >= PAGE && f->free_bytes[node] != UINT64_MAX)
        f->free_bytes[node] -= PAGE;
    return node;
}

int fake_node_of(fake_machine *f, const void *address)
{
    int in = residence((uintptr_t)address);
    if (in <= 0)
        return in ? -EFAULT : RMF_PAGE_ABSENT;
    if (f->uniform)
        return f->uniform;
    if (!find_page(f, (uintptr_t)address))
        fake_put(f, address, choose_node(f, (uintptr_t)address));
    return find_page(f, (uintptr_t)address)->node;
}

static int allowed(void *self, uint64_t *nodes, uint32_t words)
{
    fake_machine *f = self;
    for (uint32_t w = 0; w < words; w++)
        nodes[w] = w ? 0 : f->allowed;
    return 0;
}

/* Forgets pages of mappings that went and whose addresses are used again. */
static void forget_gone(fake_machine *f, uintptr_t start, uintptr_t end)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->page_count; i++) {
        uintptr_t at = f->pages[i].address;
        if (at < start || at >= end || residence(at) == 1)
            f->pages[kept++] = f->pages[i];
    }
    f->page_count = kept;
}

static int bind_pages(void *self, void *start, size_t bytes, rmf_bind_mode mode, const uint64_t *nodes, uint32_t words)
{
    fake_machine *f = self;
    f->binds++;
    int error = f->bind_error;
    if (error && (!f->bind_fails_at || --f->bind_fails_at == 0)) {
        f->bind_error = f->fails_once ? 0 : error;
        return error;
    }
    uint64_t set = mode == RMF_BIND_LOCAL || !words ? 0 : nodes[0];
    if ((uintptr_t)start % PAGE || bytes % PAGE)
        return EINVAL;
    if (mode != RMF_BIND_LOCAL && !(set & f->allowed))
        return EINVAL;
    if (f->uniform)
        return 0;
    forget_gone(f, (uintptr_t)start, (uintptr_t)start + bytes);
    f->policies = test_realloc(f->policies, (f->policy_count + 1) * sizeof *f->policies);
    f->policies[f->policy_count++] =
        (fake_policy){ (uintptr_t)start, (uintptr_t)start + bytes, mode, set & f->allowed };
    return 0;
}

static int query(void *self, size_t count, void *const *pages, int *nodes)
{
    fake_machine *f = self;
    f->queries++;
    for (size_t i = 0; i < count && !f->query_error; i++)
        nodes[i] = fake_node_of(f, pages[i]);
    return f->query_error;
}

/* As Linux: the first page that cannot be moved leaves the call's answers open, whether it says why or not. */
static int move(void *self, size_t count, void *const *pages, int target, int *errors)
{
    fake_machine *f = self;
    f->moves++;
    for (size_t i = 0; i < count; i++)
        errors[i] = 0;
    for (size_t i = 0; i < count && !f->move_error; i++) {
        uintptr_t at = (uintptr_t)pages[i];
        if (at == f->shared)
            errors[i] = -EACCES;
        if (at == f->shared || at == f->pinned || fake_node_of(f, pages[i]) == target)
            continue;
        if (f->uniform)
            continue;
        if (f->free_bytes[target] < PAGE)
            return ENOMEM;
        f->free_bytes[target] -= PAGE;
        f->free_bytes[fake_node_of(f, pages[i])] += PAGE;
        fake_put(f, pages[i], target);
    }
    return f->move_error;
}

static uint64_t free_bytes(void *self, uint32_t node)
{
    const fake_machine *f = self;
    return f->boasts ? UINT64_MAX : f->free_bytes[node];
}

static uint64_t free_pool_bytes(void *self, uint32_t node, uint64_t huge_bytes)
{
    (void)huge_bytes;
    ((fake_machine *)self)->pool_looks++;
    return ((fake_machine *)self)->pool_bytes[node];
}

static uint64_t huge_bytes(void *self)
{
    return ((fake_machine *)self)->huge_bytes;
}

static int balancing(void *self)
{
    return ((fake_machine *)self)->balancing;
}

const rmf_pages fake_pages = { "fake",     allowed,         bind_pages, query,    move,
                               free_bytes, free_pool_bytes, huge_bytes, balancing };

fake_machine *fake_make(uint32_t nodes)
{
    fake_machine *f = test_calloc(1, sizeof *f);
    f->nodes        = nodes;
    f->allowed      = ((uint64_t)1 << nodes) - 1;
    f->huge_bytes   = 2 << 20;
    for (uint32_t i = 0; i < nodes; i++)
        f->free_bytes[i] = 1 << 30;
    return f;
}

void fake_drop(fake_machine *f)
{
    test_free(f->policies);
    test_free(f->pages);
    test_free(f);
}

static ramify_tree *finish(rmf_machine *m, bool here)
{
    m->this_machine   = here;
    ramify_tree *tree = build(m, NULL, NULL);
    rmf_machine_free(m);
    return tree;
}

static rmf_machine *make_four(void)
{
    rmf_machine *m = make_machine((plan_of_machine){ 2, 2, 2, 1 });
    for (uint32_t i = 0; i < 4; i++)
        for (uint32_t j = 0; j < 4; j++)
            m->distances[i * 4 + j] = i == j ? 10 : i / 2 == j / 2 ? 12 : 20 + (i > j ? i - j : j - i);
    return m;
}

ramify_tree *fake_tree(void)
{
    return finish(make_four(), true);
}

ramify_tree *fake_tree_elsewhere(void)
{
    return finish(make_four(), false);
}

ramify_tree *fake_tree_tiers(bool measured, bool memoryless)
{
    rmf_machine *m = NULL;
    assert_int_equal(rmf_machine_create(4, 5, 4, &m), RAMIFY_OK);
    static const uint64_t bandwidths[] = { 100000, 100000, 400000, 400000, 20000 };
    static const uint64_t latencies[]  = { 90, 90, 120, 120, 300 };
    uint32_t              at           = 0;
    for (uint32_t pu = 0; pu < 4; pu++) {
        put_object(m, &at, RAMIFY_LEVEL_CORE, pu, pu, 1);
        rmf_bits_add(m->online, pu);
        rmf_bits_add(m->allowed, pu);
    }
    for (uint32_t n = 0; n < 5; n++) {
        rmf_node *node = &m->nodes[n];
        node->os_index = n;
        node->bytes    = n == 4 ? (uint64_t)4 << 30 : n < 2 ? 1 << 30 : 1 << 28;
        node->kind     = n == 4 ? RAMIFY_MEMORY_FAR : n < 2 ? RAMIFY_MEMORY_DRAM : RAMIFY_MEMORY_HBM;
        for (uint32_t pu = 0; pu < 4; pu++)
            if (n == 4 || pu / 2 == n % 2)
                rmf_bits_add(node->cpus, pu);
        node->bandwidth_mib_per_second = measured ? bandwidths[n] : 0;
        node->latency_ns               = measured ? latencies[n] : 0;
        for (uint32_t k = 0; k < 5; k++)
            m->distances[n * 5 + k] = n == k ? 10 : n == 4 || k == 4 ? 30 : n % 2 == k % 2 ? 15 : 21;
    }
    if (memoryless)
        m->nodes[1].bytes = 0;
    strcpy(m->source, "made by hand");
    rmf_machine_settle(m);
    return finish(m, true);
}

ramify_space *fake_space(const ramify_tree *tree, fake_machine *fake)
{
    ramify_space *space = NULL;
    assert_int_equal(rmf_space_open_with(tree, NULL, &fake_pages, fake, &space), RAMIFY_OK);
    return space;
}

uint32_t fake_domain(const ramify_tree *tree, uint32_t node)
{
    uint32_t             count;
    const ramify_memory *memories = ramify_tree_memories(tree, &count);
    for (uint32_t i = 0; i < count; i++)
        if (memories[i].os_index == node)
            return memories[i].domain;
    fail_msg("no node %u", node);
    return 0;
}

uint32_t fake_leaf(const ramify_tree *tree, uint32_t leaf)
{
    return ramify_tree_leaf(tree, leaf)->index;
}
