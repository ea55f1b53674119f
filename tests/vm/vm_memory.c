/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside a virtual machine with several nodes: every page of every kind of memory the library gives lies on the node
 * that was asked for, by the kernel's own word and the machine's description: allocations, partitioned arrays, memory
 * that moved, registered memory, replicas. */
#include "machine_facts.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 600, BYTES = PAGES * PAGE, ELEMENT = 24 };

static ramify_runtime      *rt;
static ramify_space        *space;
static const ramify_tree   *tree;
static const machine_facts *facts;

static int start(void **state)
{
    (void)state;
    facts = machine_facts_here();
    assert_int_equal(guest_write("/proc/sys/kernel/numa_balancing", "0"), 0);
    rt    = guest_start(RAMIFY_PER_PU, NULL);
    tree  = ramify_runtime_tree(rt);
    space = ramify_runtime_space(rt);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return ramify_stop(rt);
}

static uint32_t leaf_count(void)
{
    return ramify_tree_leaf_count(tree);
}

/* The node whose memory is nearest to a domain's first CPU, as the machine's description has it. */
static int node_of(uint32_t domain)
{
    guest_cpus cpus = guest_cpus_of(&ramify_tree_domains(tree, NULL)[domain]);
    return facts->nearest[__builtin_ctzll(cpus)] - '0';
}

/* The kernel's word on one page: a node, or the negative of an error. */
static int node_at(const void *address)
{
    void *page  = (void *)((uintptr_t)address & ~(uintptr_t)(PAGE - 1));
    int   where = -1;
    assert_int_equal(syscall(SYS_move_pages, 0, 1ul, &page, NULL, &where, 0), 0);
    return where;
}

static void expect_pages(const void *address, size_t bytes, int node, const char *what)
{
    for (size_t at = 0; at < bytes; at += PAGE) {
        int where = node_at((const char *)address + at);
        if (where != node)
            fail_msg("%s: page %zu of %zu is on node %d, not %d", what, at / PAGE, bytes / PAGE, where, node);
    }
}

static void expect_locate(const void *address, int node)
{
    uint32_t domain = ramify_space_locate(space, address);
    assert_int_not_equal(domain, RAMIFY_NONE);
    assert_int_equal(node_of(domain), node);
}

/* Leaves with different nearest nodes, one for each; returns how many. */
static uint32_t leaf_per_node(uint32_t *domains)
{
    uint32_t count = 0, seen = 0;
    for (uint32_t l = 0; l < leaf_count(); l++) {
        uint32_t domain = ramify_tree_leaf(tree, l)->index;
        if (!(seen >> node_of(domain) & 1))
            domains[count++] = domain;
        seen |= 1u << node_of(domain);
    }
    return count;
}

static void *allocate(const ramify_wish *wish)
{
    void         *memory;
    ramify_placed placed;
    assert_int_equal(ramify_space_allocate(space, BYTES, wish, &memory, &placed), RAMIFY_OK);
    assert_int_equal(placed.reason, RAMIFY_OK);
    return memory;
}

static void test_memory_of_a_domain(void **state)
{
    (void)state;
    for (uint32_t d = 0; d < 3 * leaf_count(); d++) {
        uint32_t    domain = ramify_tree_leaf(tree, d / 3)->index;
        ramify_wish wish   = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = domain, .pages = d % 3, .touch = true };
        void       *memory = allocate(&wish);
        expect_pages(memory, BYTES, node_of(domain), "memory of a domain");
        expect_locate((char *)memory + BYTES / 2, node_of(domain));
        assert_int_equal(ramify_space_release(space, memory), RAMIFY_OK);
    }
}

/* The nodes of the best memory of each kind at a domain: of this machine's kinds the description gives the figures. */
static void test_merits(void **state)
{
    (void)state;
    if (strcmp(guest_machine(), "hbm") != 0) {
        print_message("one kind of memory per domain here\n");
        skip();
    }
    for (uint32_t l = 0; l < leaf_count(); l++) {
        uint32_t    domain = ramify_tree_leaf(tree, l)->index;
        ramify_wish wish   = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = domain, .touch = true, .strict = true };
        int         socket = node_of(domain);
        wish.merit         = RAMIFY_MERIT_LATENCY;
        void *quick        = allocate(&wish);
        wish.merit         = RAMIFY_MERIT_BANDWIDTH;
        void *broad        = allocate(&wish);
        expect_pages(quick, BYTES, socket, "least latency");
        expect_pages(broad, BYTES, 2 + socket, "most bandwidth");
        assert_int_equal(ramify_space_release(space, quick), RAMIFY_OK);
        assert_int_equal(ramify_space_release(space, broad), RAMIFY_OK);
    }
}

static void test_interleaved_memory(void **state)
{
    (void)state;
    uint32_t    domains[GUEST_CPUS], on[GUEST_CPUS] = { 0 }, count = leaf_per_node(domains);
    ramify_wish wish   = { .placement    = RAMIFY_PLACEMENT_INTERLEAVE,
                           .domains      = domains,
                           .domain_count = count,
                           .pages        = RAMIFY_PAGES_SMALL,
                           .touch        = true };
    char       *memory = allocate(&wish);
    for (uint32_t p = 0; p < PAGES; p++)
        on[node_at(memory + (size_t)p * PAGE)]++;
    for (uint32_t i = 0; i < count; i++)
        assert_in_range(on[node_of(domains[i])], PAGES / count, (PAGES + count - 1) / count);
    assert_int_equal(ramify_space_release(space, memory), RAMIFY_OK);
}

typedef struct span {
    char         *start;
    size_t        bytes;
    ramify_status status;
} span;

static void touch_span(void *argument)
{
    const span *s = argument;
    memset(s->start, 1, s->bytes);
}

static void on_leaf(uint32_t leaf_domain, ramify_task_fn fn, void *argument)
{
    ramify_group *group;
    ramify_hint   hint = ramify_at(leaf_domain);
    hint.strict        = true;
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, fn, argument, &hint), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
}

static void test_first_touch(void **state)
{
    (void)state;
    const ramify_wish wish = { .pages = RAMIFY_PAGES_SMALL };
    for (uint32_t l = 0; l < leaf_count(); l++) {
        uint32_t domain = ramify_tree_leaf(tree, l)->index;
        span     s      = { allocate(&wish), BYTES, RAMIFY_OK };
        on_leaf(domain, touch_span, &s);
        expect_pages(s.start, BYTES, node_of(domain), "first touch");
        assert_int_equal(ramify_space_refresh(space, s.start, NULL), RAMIFY_OK);
        expect_locate(s.start + BYTES - 1, node_of(domain));
        assert_int_equal(ramify_space_release(space, s.start), RAMIFY_OK);
    }
}

static void test_grown_memory_stays_at_home(void **state)
{
    (void)state;
    uint32_t    domain = ramify_tree_leaf(tree, leaf_count() - 1)->index;
    ramify_wish wish   = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = domain, .touch = true };
    char       *memory = allocate(&wish);
    void       *moved;
    memset(memory, 7, BYTES);
    assert_int_equal(ramify_space_resize(space, memory, 3 * BYTES, &moved, NULL), RAMIFY_OK);
    memory = moved;
    assert_int_equal(memory[BYTES - 1], 7);
    memset(memory, 8, 3 * (size_t)BYTES);
    expect_pages(memory, 3 * (size_t)BYTES, node_of(domain), "grown memory");
    assert_int_equal(ramify_space_release(space, memory), RAMIFY_OK);
}

/* Every whole page of every part lies with the part's home. */
static void check_array(const ramify_cut *cut, uint64_t least_parts)
{
    ramify_array *array;
    ramify_wish   wish  = { .pages = RAMIFY_PAGES_SMALL, .strict = true, .touch = true };
    uint64_t      count = 2 * BYTES / ELEMENT, pages = 0;
    assert_int_equal(ramify_array_create(space, count, ELEMENT, cut, &wish, &array, NULL), RAMIFY_OK);
    assert_true(ramify_array_parts(array) >= least_parts);
    for (uint64_t p = 0; p < ramify_array_parts(array); p++) {
        ramify_part part;
        assert_int_equal(ramify_array_part(array, p, &part), RAMIFY_OK);
        uintptr_t first = (uintptr_t)ramify_array_memory(array) + part.first * ELEMENT,
                  end   = first + part.count * ELEMENT;
        first           = (first + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
        for (; first + PAGE <= end; first += PAGE, pages++) {
            expect_pages((void *)first, PAGE, node_of(part.domain), "a part of an array");
            assert_int_equal(node_of(ramify_space_locate(space, (void *)first)), node_of(part.domain));
        }
    }
    assert_in_range(pages, count * ELEMENT / PAGE - ramify_array_parts(array), count * ELEMENT / PAGE);
    ramify_array_free(array);
}

static void test_partitioned_arrays(void **state)
{
    (void)state;
    uint32_t   domains[GUEST_CPUS], count = leaf_per_node(domains);
    double     weights[GUEST_CPUS];
    uint64_t   points[GUEST_CPUS];
    ramify_cut cut = { 0 };
    for (uint32_t i = 0; i < GUEST_CPUS; i++)
        weights[i] = 1 + i % 3;
    for (uint32_t i = 0; i < count; i++)
        points[i] = (uint64_t)(i + 1) * 11 * PAGE / ELEMENT;
    check_array(NULL, count);
    cut.homes = RAMIFY_HOMES_LEAVES;
    check_array(&cut, leaf_count());
    cut.rule    = RAMIFY_CUT_WEIGHTED;
    cut.weights = weights;
    check_array(&cut, leaf_count());
    cut = (ramify_cut){ .rule = RAMIFY_CUT_CYCLIC, .block = 5 * PAGE / 8 };
    check_array(&cut, count + 1);
    cut = (ramify_cut){ .rule         = RAMIFY_CUT_POINTS,
                        .homes        = RAMIFY_HOMES_LISTED,
                        .listed       = domains,
                        .listed_count = count,
                        .points       = points };
    check_array(&cut, count);
}

static void test_migration(void **state)
{
    (void)state;
    uint32_t    domains[GUEST_CPUS], count = leaf_per_node(domains);
    ramify_wish wish = {
        .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = domains[0], .pages = RAMIFY_PAGES_SMALL, .touch = true
    };
    char *memory = allocate(&wish);
    memset(memory, 9, BYTES);
    for (uint32_t i = 1; i <= count; i++) {
        uint32_t         to = domains[i % count];
        ramify_migration m;
        assert_int_equal(ramify_space_migrate(space, memory, BYTES, to, RAMIFY_MERIT_ANY, &m), RAMIFY_OK);
        assert_int_equal(m.moved, count > 1 ? PAGES : 0);
        assert_int_equal(m.failed, 0);
        expect_pages(memory, BYTES, node_of(to), "memory that moved");
        expect_locate(memory, node_of(to));
    }
    for (size_t i = 0; i < BYTES; i++)
        assert_int_equal(memory[i], 9);
    assert_int_equal(ramify_space_release(space, memory), RAMIFY_OK);
}

static void announce_touch(void *argument)
{
    span *s   = argument;
    s->status = ramify_space_touch(space, s->start, s->bytes, RAMIFY_NONE, NULL);
}

static void test_memory_follows_its_toucher(void **state)
{
    (void)state;
    uint32_t    domains[GUEST_CPUS], count = leaf_per_node(domains);
    ramify_wish wish = {
        .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = domains[0], .pages = RAMIFY_PAGES_SMALL, .touch = true
    };
    span s = { allocate(&wish), BYTES, RAMIFY_OK };
    for (uint32_t i = 1; i <= count; i++) {
        assert_int_equal(ramify_space_follow(space, s.start, BYTES), RAMIFY_OK);
        on_leaf(domains[i % count], announce_touch, &s);
        assert_int_equal(s.status, RAMIFY_OK);
        expect_pages(s.start, BYTES, node_of(domains[i % count]), "memory that followed");
    }
    assert_int_equal(ramify_space_release(space, s.start), RAMIFY_OK);
}

static void test_registered_memory(void **state)
{
    (void)state;
    for (uint32_t l = 0; l < leaf_count(); l++) {
        ramify_census census;
        uint32_t      domain = ramify_tree_leaf(tree, l)->index;
        char         *area   = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        span          s      = { area, BYTES, RAMIFY_OK };
        assert_ptr_not_equal(area, MAP_FAILED);
        on_leaf(domain, touch_span, &s);
        assert_int_equal(ramify_space_register(space, area, BYTES, &census), RAMIFY_OK);
        expect_pages(area, BYTES, node_of(domain), "memory of the program");
        expect_locate(area + BYTES / 3, node_of(domain));
        assert_int_equal(ramify_space_unregister(space, area), RAMIFY_OK);
        assert_int_equal(munmap(area, BYTES), 0);
    }
}

static void test_replicas(void **state)
{
    (void)state;
    static char      source[BYTES];
    uint32_t         domains[GUEST_CPUS], count = leaf_per_node(domains), without = 1;
    ramify_replicas *replicas;
    for (size_t i = 0; i < sizeof source; i++)
        source[i] = (char)(i * 7 >> 3);
    assert_int_equal(ramify_space_replicate(space, source, sizeof source, &replicas), RAMIFY_OK);
    assert_int_equal(ramify_replicas_count(replicas, &without), count);
    assert_int_equal(without, 0);
    for (uint32_t l = 0; l < leaf_count(); l++) {
        uint32_t    domain = ramify_tree_leaf(tree, l)->index;
        const void *copy   = ramify_replicas_near(replicas, domain);
        expect_pages(copy, sizeof source, node_of(domain), "a replica");
        assert_memory_equal(copy, source, sizeof source);
    }
    ramify_replicas_free(replicas);
}

int main(void)
{
    guest_require();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_of_a_domain),
        cmocka_unit_test(test_merits),
        cmocka_unit_test(test_interleaved_memory),
        cmocka_unit_test(test_first_touch),
        cmocka_unit_test(test_grown_memory_stays_at_home),
        cmocka_unit_test(test_partitioned_arrays),
        cmocka_unit_test(test_migration),
        cmocka_unit_test(test_memory_follows_its_toucher),
        cmocka_unit_test(test_registered_memory),
        cmocka_unit_test(test_replicas),
    };
    return cmocka_run_group_tests(tests, start, stop) != 0;
}
