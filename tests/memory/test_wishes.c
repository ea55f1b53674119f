/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocations over a simulated machine of four nodes: every page where it was asked for, and where that cannot be, a
 * report that says how much lies where, and why. */
#include "check.h"
#include "fakepages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 4096 };

typedef struct fixture {
    ramify_tree  *tree;
    fake_machine *fake;
    ramify_space *space;
} fixture;

static fixture open_over(ramify_tree *tree, uint32_t nodes)
{
    fixture f = { .tree = tree, .fake = fake_make(nodes) };
    f.space   = fake_space(tree, f.fake);
    return f;
}

static void close_fixture(fixture *f)
{
    ramify_space_free(f->space);
    fake_drop(f->fake);
    ramify_tree_free(f->tree);
}

static char *allocate(fixture *f, size_t bytes, const ramify_wish *wish, ramify_placed *placed)
{
    void *memory = NULL;
    assert_int_equal(ramify_space_allocate(f->space, bytes, wish, &memory, placed), RAMIFY_OK);
    assert_int_equal((uintptr_t)memory % PAGE, 0);
    assert_int_equal(placed->bytes, bytes);
    assert_int_equal(placed->bytes_home + placed->bytes_elsewhere + placed->bytes_unbound, bytes);
    return memory;
}

/* Touches [from, to) bytes and checks that each page came to the node. */
static void touch_on(fixture *f, char *memory, size_t from, size_t to, int node)
{
    for (size_t at = from; at < to; at += PAGE) {
        memory[at] = 1;
        assert_int_equal(fake_node_of(f->fake, memory + at), node);
    }
}

static void every_page_on_its_domain(void **state)
{
    (void)state;
    fixture f = open_over(fake_tree(), 4);
    for (uint32_t leaf = 0; leaf < 8; leaf++) {
        ramify_placed placed;
        uint32_t      domain = leaf % 2 ? fake_leaf(f.tree, leaf) : fake_domain(f.tree, leaf / 2);
        ramify_wish   wish   = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = domain };
        char         *memory = allocate(&f, 10 * PAGE + 1, &wish, &placed);
        assert_int_equal(placed.reason, RAMIFY_OK);
        assert_int_equal(placed.bytes_home, 10 * PAGE + 1);
        assert_int_equal(placed.node, leaf / 2);
        assert_int_equal(placed.node_count, 1);
        assert_int_equal(placed.other_node, RAMIFY_NONE);
        for (size_t at = 0; at <= 10 * PAGE; at += PAGE / 2)
            assert_int_equal(ramify_space_locate(f.space, memory + at), domain);
        assert_int_equal(ramify_space_locate(f.space, memory - 1), RAMIFY_NONE);
        assert_int_equal(ramify_space_locate(f.space, memory + 10 * PAGE + 1), RAMIFY_NONE);
        assert_int_equal(fake_policy_of(f.fake, memory)->mode, RMF_BIND_PREFERRED);
        touch_on(&f, memory, 0, 11 * PAGE, (int)leaf / 2);
        assert_int_equal(ramify_space_release(f.space, memory), RAMIFY_OK);
        assert_int_equal(ramify_space_locate(f.space, memory), RAMIFY_NONE);
    }
    close_fixture(&f);
}

static void first_touch_leaves_pages_to_the_toucher(void **state)
{
    (void)state;
    fixture       f = open_over(fake_tree(), 4);
    ramify_placed placed;
    char         *memory = allocate(&f, 8 * PAGE, NULL, &placed);
    assert_int_equal(placed.reason, RAMIFY_OK);
    assert_int_equal(placed.node, RAMIFY_NONE);
    assert_int_equal(fake_policy_of(f.fake, memory)->mode, RMF_BIND_LOCAL);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(fake_node_of(f.fake, memory + i * PAGE), RMF_PAGE_ABSENT);
        assert_int_equal(ramify_space_locate(f.space, memory + i * PAGE), RAMIFY_NONE);
    }
    for (int i = 0; i < 6; i++) {
        f.fake->here = i / 2;
        touch_on(&f, memory, (size_t)i * PAGE, (size_t)(i + 1) * PAGE, i / 2);
    }
    ramify_census census;
    assert_int_equal(ramify_space_refresh(f.space, memory + 5, &census), RAMIFY_OK);
    assert_int_equal(census.pages, 8);
    assert_int_equal(census.home, 6);
    assert_int_equal(census.absent, 2);
    for (int i = 0; i < 8; i++)
        assert_int_equal(ramify_space_locate(f.space, memory + i * PAGE + 17),
                         i < 6 ? fake_domain(f.tree, (uint32_t)i / 2) : RAMIFY_NONE);
    close_fixture(&f); /* frees what was not released */
}

static void interleave_goes_round_and_lookups_know_it(void **state)
{
    (void)state;
    fixture  f         = open_over(fake_tree(), 4);
    uint32_t leaves[2] = { fake_leaf(f.tree, 7), fake_leaf(f.tree, 2) };
    for (int listed = 0; listed < 2; listed++) {
        ramify_wish wish = { .placement = RAMIFY_PLACEMENT_INTERLEAVE };
        if (listed) {
            wish.domains      = leaves;
            wish.domain_count = 2;
        }
        ramify_placed placed;
        char         *memory = allocate(&f, 40 * PAGE, &wish, &placed);
        assert_int_equal(placed.node_count, listed ? 2 : 4);
        assert_int_equal(placed.pages, RAMIFY_PAGES_SMALL);
        int seen[4] = { 0 };
        for (int i = 0; i < 40; i++) {
            memory[i * PAGE] = 1;
            uint32_t node    = (uint32_t)fake_node_of(f.fake, memory + i * PAGE);
            uint32_t domain  = !listed ? fake_domain(f.tree, node) : node == 3 ? leaves[0] : leaves[1];
            assert_int_equal(ramify_space_locate(f.space, memory + i * PAGE + 100), domain);
            seen[node]++;
        }
        for (int node = 0; node < 4; node++)
            assert_int_equal(seen[node], !listed ? 10 : node == 1 || node == 3 ? 20 : 0);
        ramify_census census;
        assert_int_equal(ramify_space_refresh(f.space, memory, &census), RAMIFY_OK);
        assert_int_equal(census.home, 40);
        ramify_region region;
        assert_int_equal(ramify_space_query(f.space, memory, &region), RAMIFY_OK);
        assert_int_equal(region.runs, 1);
    }
    close_fixture(&f);
}

static void a_domain_with_several_nodes_is_gone_round(void **state)
{
    (void)state;
    fixture       f       = open_over(fake_tree(), 4);
    uint32_t      package = ramify_tree_domains(f.tree, NULL)[fake_domain(f.tree, 2)].parent;
    ramify_wish   wish    = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = package };
    ramify_placed placed;
    char         *memory = allocate(&f, 20 * PAGE, &wish, &placed);
    assert_int_equal(placed.node_count, 2);
    for (int i = 0; i < 20; i++) {
        memory[i * PAGE] = 1;
        int node         = fake_node_of(f.fake, memory + i * PAGE);
        assert_true(node == 2 || node == 3);
        assert_int_equal(ramify_space_locate(f.space, memory + i * PAGE), fake_domain(f.tree, (uint32_t)node));
    }
    close_fixture(&f);
}

static void memory_by_merit(void **state)
{
    (void)state;
    static const uint32_t node_of[] = { [RAMIFY_MERIT_ANY] = 1, [RAMIFY_MERIT_BANDWIDTH] = 3,
                                        [RAMIFY_MERIT_CAPACITY] = 4, [RAMIFY_MERIT_LATENCY] = 1 };
    fixture               f         = open_over(fake_tree_tiers(true, false), 5);
    for (uint32_t merit = 0; merit <= RAMIFY_MERIT_LATENCY; merit++) {
        ramify_wish   wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_leaf(f.tree, 2), .merit = merit };
        ramify_placed placed;
        char         *memory = allocate(&f, 5 * PAGE, &wish, &placed);
        assert_int_equal(placed.node, node_of[merit]);
        assert_int_equal(placed.measured, merit != RAMIFY_MERIT_ANY);
        touch_on(&f, memory, 0, 5 * PAGE, (int)node_of[merit]);
    }
    close_fixture(&f);
}

static char last_line[256];

static void note_line(void *self, ramify_log_level level, const char *line)
{
    (void)self;
    (void)level;
    snprintf(last_line, sizeof last_line, "%s", line);
}

/* Node 1 has room for 3 pages, node 0 for 2, node 2 for 1: ten pages for node 1 go 1, 0, 2, 3. */
static void shortage_falls_back_by_distance_and_says_so(void **state)
{
    (void)state;
    fixture f             = open_over(fake_tree(), 4);
    f.space->log          = (rmf_log){ note_line, NULL };
    f.fake->free_bytes[1] = 3 * PAGE + 100;
    f.fake->free_bytes[0] = 2 * PAGE;
    f.fake->free_bytes[2] = PAGE;
    static const int   nodes[10] = { 1, 1, 1, 0, 0, 2, 3, 3, 3, 3 };
    uint32_t           leaf      = fake_leaf(f.tree, 2);
    ramify_wish        wish      = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = leaf };
    ramify_placed      placed;
    char              *memory = allocate(&f, 10 * PAGE, &wish, &placed);
    assert_int_equal(placed.reason, RAMIFY_ERR_NO_MEMORY);
    assert_int_equal(placed.bytes_home, 3 * PAGE);
    assert_int_equal(placed.bytes_elsewhere, 7 * PAGE);
    assert_int_equal(placed.node, 1);
    assert_int_equal(placed.other_node, 0);
    assert_non_null(strstr(last_line, "28672 of 40960 bytes wanted on node 1 went to node 0"));
    for (int i = 0; i < 10; i++) {
        touch_on(&f, memory, (size_t)i * PAGE, (size_t)(i + 1) * PAGE, nodes[i]);
        assert_int_equal(ramify_space_locate(f.space, memory + i * PAGE),
                         nodes[i] == 1 ? leaf : fake_domain(f.tree, (uint32_t)nodes[i]));
    }
    close_fixture(&f);
}

static void no_node_has_room(void **state)
{
    (void)state;
    fixture f = open_over(fake_tree(), 4);
    for (int i = 0; i < 4; i++)
        f.fake->free_bytes[i] = 0;
    ramify_wish   wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 2) };
    ramify_placed placed;
    char         *memory = allocate(&f, 4 * PAGE, &wish, &placed);
    assert_int_equal(placed.reason, RAMIFY_ERR_NO_MEMORY);
    assert_int_equal(fake_policy_of(f.fake, memory)->nodes, 1u << 2);
    wish.placement = RAMIFY_PLACEMENT_INTERLEAVE;
    wish.domain    = 0;
    memory         = allocate(&f, 4 * PAGE, &wish, &placed);
    assert_int_equal(placed.reason, RAMIFY_ERR_NO_MEMORY);
    assert_non_null(memory);
    close_fixture(&f);
}

static void interleave_leaves_out_the_short(void **state)
{
    (void)state;
    fixture f             = open_over(fake_tree(), 4);
    f.fake->free_bytes[2] = 3 * PAGE;
    ramify_wish   wish    = { .placement = RAMIFY_PLACEMENT_INTERLEAVE };
    ramify_placed placed;
    char         *memory = allocate(&f, 30 * PAGE, &wish, &placed);
    assert_int_equal(placed.reason, RAMIFY_ERR_NO_MEMORY);
    assert_int_equal(placed.node_count, 4);
    assert_int_equal(fake_policy_of(f.fake, memory)->nodes, 0xb);
    for (int i = 0; i < 30; i++) {
        memory[i * PAGE] = 1;
        uint32_t node    = (uint32_t)fake_node_of(f.fake, memory + i * PAGE);
        assert_int_equal(ramify_space_locate(f.space, memory + i * PAGE), fake_domain(f.tree, node));
    }
    close_fixture(&f);
}

static void barred_nodes_are_passed_over(void **state)
{
    (void)state;
    fixture f       = open_over(fake_tree(), 4);
    f.fake->allowed = 0x9;
    ramify_space_abilities can;
    assert_int_equal(ramify_space_capabilities(f.space, &can), RAMIFY_OK);
    assert_int_equal(can.nodes, 2);
    ramify_wish   wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 1) };
    ramify_placed placed;
    char         *memory = allocate(&f, 4 * PAGE, &wish, &placed);
    assert_int_equal(placed.reason, RAMIFY_ERR_NOT_ALLOWED);
    assert_int_equal(placed.bytes_elsewhere, 4 * PAGE);
    assert_int_equal(placed.other_node, 0);
    touch_on(&f, memory, 0, 4 * PAGE, 0);
    close_fixture(&f);
}

static void strict_fails_and_leaves_nothing(void **state)
{
    (void)state;
    fixture     f    = open_over(fake_tree(), 4);
    ramify_wish wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 1), .strict = true };
    ramify_placed placed;
    char         *memory = allocate(&f, 4 * PAGE, &wish, &placed);
    assert_int_equal(fake_policy_of(f.fake, memory)->mode, RMF_BIND_STRICT);
    void *untouched       = &wish;
    f.fake->free_bytes[1] = 3 * PAGE;
    assert_int_equal(ramify_space_allocate(f.space, 4 * PAGE, &wish, &untouched, NULL), RAMIFY_ERR_NO_MEMORY);
    f.fake->allowed = 0xd;
    assert_int_equal(ramify_space_allocate(f.space, PAGE, &wish, &untouched, NULL), RAMIFY_ERR_NOT_ALLOWED);
    f.fake->allowed    = 0xf;
    f.fake->bind_error = EPERM;
    assert_int_equal(ramify_space_allocate(f.space, PAGE, &wish, &untouched, NULL), RAMIFY_ERR_NOT_ALLOWED);
    f.fake->bind_error = EIO;
    assert_int_equal(ramify_space_allocate(f.space, PAGE, &wish, &untouched, NULL), RAMIFY_ERR_SYSTEM);
    f.fake->bind_error = 0;
    /* A page that slips to another node between the look at its free memory and the touch. */
    wish.touch            = true;
    f.fake->free_bytes[1] = PAGE;
    f.fake->boasts        = true;
    assert_int_equal(ramify_space_allocate(f.space, 2 * PAGE, &wish, &untouched, NULL), RAMIFY_ERR_NO_MEMORY);
    assert_ptr_equal(untouched, &wish);
    ramify_space_abilities can;
    assert_int_equal(ramify_space_capabilities(f.space, &can), RAMIFY_OK);
    assert_int_equal(can.regions, 1);
    assert_int_equal(can.bytes, 4 * PAGE);
    close_fixture(&f);
}

static void touch_counts_what_came_of_it(void **state)
{
    (void)state;
    fixture       f    = open_over(fake_tree(), 4);
    ramify_wish   wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 3), .touch = true };
    ramify_placed placed;
    (void)allocate(&f, 9 * PAGE, &wish, &placed);
    assert_int_equal(placed.census.pages, 9);
    assert_int_equal(placed.census.home, 9);
    assert_int_equal(placed.census.absent, 0);
    wish         = (ramify_wish){ .touch = true };
    f.fake->here = 2;
    char *memory = allocate(&f, 9 * PAGE, &wish, &placed);
    assert_int_equal(placed.census.home, 9);
    assert_int_equal(ramify_space_locate(f.space, memory + 3 * PAGE), fake_domain(f.tree, 2));
    close_fixture(&f);
}

/* A failure of the n-th policy of an interleaved fallback leaves memory that works and a report that adds up. */
static void refused_policies_are_reported(void **state)
{
    (void)state;
    fixture f             = open_over(fake_tree(), 4);
    f.fake->free_bytes[1] = 3 * PAGE;
    for (int n = 1; n <= 3; n++) {
        f.fake->bind_error    = n < 3 ? ENOMEM : 0;
        f.fake->bind_fails_at = n;
        f.fake->fails_once    = true;
        ramify_wish   wish    = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 1) };
        ramify_placed placed;
        char         *memory = allocate(&f, 8 * PAGE, &wish, &placed);
        memset(memory, 1, 8 * PAGE);
        assert_int_equal(placed.reason, RAMIFY_ERR_NO_MEMORY);
        assert_int_equal(placed.system_error, n < 3 ? ENOMEM : 0);
        assert_int_equal(placed.bytes_unbound, n == 1 ? 3 * PAGE : n == 2 ? 5 * PAGE : 0);
        assert_int_equal(ramify_space_release(f.space, memory), RAMIFY_OK);
    }
    close_fixture(&f);
}

static void without_the_right_all_works_unbound(void **state)
{
    (void)state;
    static const struct {
        int           error;
        ramify_status status;
    } cases[] = { { EPERM, RAMIFY_ERR_NOT_ALLOWED }, { ENOSYS, RAMIFY_ERR_NOT_FOUND }, { ENOTSUP, RAMIFY_ERR_NOT_BUILT } };
    for (size_t i = 0; i < 3; i++) {
        fixture f = { .tree = fake_tree(), .fake = fake_make(4) };
        f.fake->bind_error = f.fake->query_error = f.fake->move_error = cases[i].error;
        f.space                                                      = fake_space(f.tree, f.fake);
        ramify_space_abilities can;
        assert_int_equal(ramify_space_capabilities(f.space, &can), RAMIFY_OK);
        assert_int_equal(can.bind, cases[i].status);
        assert_int_equal(can.query, cases[i].status);
        assert_int_equal(can.move, cases[i].status);
        assert_int_equal(can.bind_error, cases[i].error == ENOTSUP ? 0 : cases[i].error);
        uint32_t      domain = fake_domain(f.tree, 2);
        ramify_wish   wish   = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = domain, .touch = true };
        ramify_placed placed;
        char         *memory = allocate(&f, 5 * PAGE, &wish, &placed);
        memset(memory, 7, 5 * PAGE);
        assert_int_equal(placed.bytes_unbound, 5 * PAGE);
        assert_int_equal(placed.reason, cases[i].status);
        assert_int_equal(placed.census.reason, cases[i].status);
        assert_int_equal(placed.census.looked_at, 0);
        /* Work still goes where the data were wanted, and first touch brings them there. */
        assert_int_equal(ramify_space_locate(f.space, memory + 3 * PAGE), domain);
        wish.strict = true;
        void *none  = NULL;
        assert_int_equal(ramify_space_allocate(f.space, PAGE, &wish, &none, NULL), cases[i].status);
        close_fixture(&f);
    }
}

static void a_tree_of_another_machine_binds_nothing(void **state)
{
    (void)state;
    fixture  f     = open_over(fake_tree_elsewhere(), 4);
    uint32_t binds = f.fake->binds;
    ramify_space_abilities can;
    assert_int_equal(ramify_space_capabilities(f.space, &can), RAMIFY_OK);
    assert_int_equal(can.bind, RAMIFY_ERR_NOT_FOUND);
    ramify_wish   wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 2) };
    ramify_placed placed;
    char         *memory = allocate(&f, PAGE, &wish, &placed);
    assert_int_equal(placed.reason, RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_space_locate(f.space, memory), fake_domain(f.tree, 2));
    assert_int_equal(f.fake->binds, binds);
    close_fixture(&f);
}

/* This machine's pool is empty as a rule, so the pool path is seen by its refusal; what the kernel takes for huge pages
 * is asked of it in test_real_memory. */
static void huge_pages_fall_back_in_order(void **state)
{
    (void)state;
    fixture       f    = open_over(fake_tree(), 4);
    ramify_wish   wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 1),
                           .pages = RAMIFY_PAGES_HUGE };
    ramify_placed placed;
    f.fake->pool_bytes[1] = (uint64_t)1 << 40; /* says the fake; the kernel's mmap decides */
    char *memory          = allocate(&f, 3 << 20, &wish, &placed);
    if (placed.pages == RAMIFY_PAGES_HUGE_POOL)
        assert_int_equal(placed.page_bytes, f.fake->huge_bytes);
    else
        assert_int_equal(placed.page_bytes, PAGE);
    if (placed.pages == RAMIFY_PAGES_HUGE || placed.pages == RAMIFY_PAGES_HUGE_POOL) {
        assert_int_equal(placed.pages_reason, RAMIFY_OK);
        assert_int_equal((uintptr_t)memory % f.fake->huge_bytes, 0);
    } else {
        assert_int_not_equal(placed.pages_reason, RAMIFY_OK);
    }
    ramify_space_free(f.space);
    f.fake->huge_bytes = 0;
    f.space            = fake_space(f.tree, f.fake);
    (void)allocate(&f, 3 << 20, &wish, &placed);
    assert_int_equal(placed.pages, RAMIFY_PAGES_SYSTEM);
    assert_int_equal(placed.pages_reason, RAMIFY_ERR_NOT_FOUND);
    close_fixture(&f);
}

static void bad_wishes_are_refused(void **state)
{
    (void)state;
    fixture           f         = open_over(fake_tree(), 4);
    uint32_t          strange[] = { 1, 9999 };
    const ramify_wish bad[]     = {
            { .placement = 3 },
            { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = 9999 },
            { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = RAMIFY_NONE },
            { .merit = 4 },
            { .pages = RAMIFY_PAGES_HUGE_POOL },
            { .placement = RAMIFY_PLACEMENT_INTERLEAVE, .domains = strange, .domain_count = 2 },
            { .placement = RAMIFY_PLACEMENT_INTERLEAVE, .domains = strange },
    };
    void *memory = &f;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ramify_space_allocate(f.space, PAGE, &bad[i], &memory, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_allocate(f.space, 0, NULL, &memory, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_allocate(f.space, PAGE, NULL, NULL, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_allocate(NULL, PAGE, NULL, &memory, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_allocate(f.space, SIZE_MAX, NULL, &memory, NULL), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_space_allocate(f.space, (size_t)PTRDIFF_MAX - 10, NULL, &memory, NULL), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_space_allocate(f.space, (size_t)1 << 60, NULL, &memory, NULL), RAMIFY_ERR_NO_MEMORY);
    assert_ptr_equal(memory, &f);

    assert_int_equal(ramify_space_allocate(f.space, PAGE, NULL, &memory, NULL), RAMIFY_OK);
    assert_int_equal(ramify_space_release(f.space, (char *)memory + 8), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_release(f.space, &f), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_space_release(f.space, NULL), RAMIFY_OK);
    assert_int_equal(ramify_space_release(f.space, memory), RAMIFY_OK);
    assert_int_equal(ramify_space_release(f.space, memory), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_space_open(NULL, NULL, &f.space), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_open(f.tree, NULL, NULL), RAMIFY_ERR_INVALID);
    ramify_space_free(NULL);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_on_its_domain),
        cmocka_unit_test(first_touch_leaves_pages_to_the_toucher),
        cmocka_unit_test(interleave_goes_round_and_lookups_know_it),
        cmocka_unit_test(a_domain_with_several_nodes_is_gone_round),
        cmocka_unit_test(memory_by_merit),
        cmocka_unit_test(shortage_falls_back_by_distance_and_says_so),
        cmocka_unit_test(no_node_has_room),
        cmocka_unit_test(interleave_leaves_out_the_short),
        cmocka_unit_test(barred_nodes_are_passed_over),
        cmocka_unit_test(strict_fails_and_leaves_nothing),
        cmocka_unit_test(touch_counts_what_came_of_it),
        cmocka_unit_test(refused_policies_are_reported),
        cmocka_unit_test(without_the_right_all_works_unbound),
        cmocka_unit_test(a_tree_of_another_machine_binds_nothing),
        cmocka_unit_test(huge_pages_fall_back_in_order),
        cmocka_unit_test(bad_wishes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
