/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole room over the kernel this runs on, whatever it has: one node or many, with the right to bind or without,
 * with libnuma or not. What a machine refuses must be said, and never take the memory away; what it grants must be true
 * by its own account. */
#include "check.h"

#include <ramify/ramify.h>
#include <stdio.h>
#include <string.h>

enum { PAGES = 300 };

typedef struct fixture {
    ramify_tree           *tree;
    ramify_space          *space;
    ramify_space_abilities can;
    size_t                 page;
} fixture;

static fixture open_fixture(void)
{
    fixture f = { 0 };
    assert_int_equal(ramify_tree_open(NULL, &f.tree), RAMIFY_OK);
    assert_int_equal(ramify_space_open(f.tree, NULL, &f.space), RAMIFY_OK);
    assert_int_equal(ramify_space_capabilities(f.space, &f.can), RAMIFY_OK);
    f.page = f.can.page_bytes;
    return f;
}

static void close_fixture(fixture *f)
{
    ramify_space_free(f->space);
    ramify_tree_free(f->tree);
}

static uint32_t nodes_of(const fixture *f)
{
    uint32_t count;
    (void)ramify_tree_memories(f->tree, &count);
    return count;
}

static void it_says_what_it_can(void **state)
{
    (void)state;
    fixture f = open_fixture();
    print_message("bind: %s (%d); query: %s (%d); move: %s (%d); %u nodes, balancing %d, huge pages of %llu KiB\n",
                  ramify_status_text(f.can.bind), f.can.bind_error, ramify_status_text(f.can.query), f.can.query_error,
                  ramify_status_text(f.can.move), f.can.move_error, f.can.nodes, f.can.balancing,
                  (unsigned long long)f.can.huge_bytes / 1024);
    assert_true(f.page >= 4096);
    assert_int_equal(f.can.regions, 0);
    assert_int_equal(f.can.next_touch, RAMIFY_ERR_NOT_FOUND);
    if (f.can.bind)
        assert_int_not_equal(f.can.bind_error == 0 && f.can.bind == RAMIFY_ERR_SYSTEM, 1);
    close_fixture(&f);
}

/* The report adds up, the memory works, and where the kernel may be asked its answer agrees with the lookup. */
static void every_kind_of_allocation_works(void **state)
{
    (void)state;
    fixture f = open_fixture();
    for (uint32_t placement = 0; placement <= RAMIFY_PLACEMENT_INTERLEAVE; placement++)
        for (uint32_t merit = 0; merit <= RAMIFY_MERIT_LATENCY; merit++)
            for (uint32_t pages = 0; pages <= RAMIFY_PAGES_HUGE; pages++) {
                const ramify_wish wish = { .placement = placement, .merit = merit, .pages = pages, .touch = true };
                ramify_placed     placed;
                void             *memory = NULL;
                size_t            bytes  = PAGES * f.page + 1;
                assert_int_equal(ramify_space_allocate(f.space, bytes, &wish, &memory, &placed), RAMIFY_OK);
                memset(memory, 5, bytes);
                assert_int_equal(placed.bytes_home + placed.bytes_elsewhere + placed.bytes_unbound, bytes);
                assert_int_equal(placed.bytes_unbound != 0, f.can.bind != RAMIFY_OK);
                if (f.can.bind)
                    assert_int_equal(placed.reason, f.can.bind);
                assert_int_equal(placed.census.reason, f.can.query);
                if (!f.can.query)
                    assert_int_equal(placed.census.home + placed.census.elsewhere, placed.census.pages);
                uint32_t domain = ramify_space_locate(f.space, memory);
                if (nodes_of(&f) <= 1)
                    assert_int_not_equal(domain, RAMIFY_NONE);
                assert_int_equal(ramify_space_release(f.space, memory), RAMIFY_OK);
                assert_int_equal(ramify_space_locate(f.space, memory), RAMIFY_NONE);
            }
    close_fixture(&f);
}

static void arrays_lie_where_they_were_cut(void **state)
{
    (void)state;
    fixture           f     = open_fixture();
    const ramify_wish touch = { .touch = true };
    for (uint32_t homes = RAMIFY_HOMES_NODES; homes <= RAMIFY_HOMES_LEAVES; homes++) {
        const ramify_cut cut   = { .homes = homes };
        ramify_array    *array = NULL;
        ramify_placed    placed;
        assert_int_equal(ramify_array_create(f.space, 64 * f.page, 8, &cut, &touch, &array, &placed), RAMIFY_OK);
        if (!f.can.query && !f.can.bind)
            assert_int_equal(placed.census.elsewhere, 0);
        for (uint64_t p = 0; p < ramify_array_parts(array); p++) {
            ramify_part part;
            assert_int_equal(ramify_array_part(array, p, &part), RAMIFY_OK);
            assert_int_equal(ramify_space_locate(f.space, (char *)ramify_array_memory(array) + part.first * 8),
                             part.domain);
        }
        ramify_array_free(array);
    }
    close_fixture(&f);
}

static void the_programs_own_memory_is_found(void **state)
{
    (void)state;
    fixture       f      = open_fixture();
    size_t        bytes  = PAGES * f.page;
    char         *memory = test_malloc(bytes);
    ramify_census census;
    memset(memory, 1, bytes);
    assert_int_equal(ramify_space_register(f.space, memory, bytes, &census), RAMIFY_OK);
    assert_int_equal(census.reason, f.can.query);
    if (!f.can.query)
        assert_int_equal(census.home, census.pages);
    if (!f.can.query || nodes_of(&f) <= 1)
        assert_int_not_equal(ramify_space_locate(f.space, memory + bytes / 2), RAMIFY_NONE);
    assert_int_equal(ramify_space_refresh(f.space, memory, &census), RAMIFY_OK);
    ramify_migration m;
    assert_int_equal(ramify_space_migrate(f.space, memory, bytes, 0, RAMIFY_MERIT_ANY, &m), RAMIFY_OK);
    assert_int_equal(m.pages, m.moved + m.already + m.absent + m.failed);
    if (f.can.move || f.can.query) {
        assert_int_not_equal(m.reason, RAMIFY_OK);
        assert_int_equal(m.failed, m.pages);
    }
    assert_int_equal(ramify_space_follow(f.space, memory, bytes), RAMIFY_OK);
    assert_int_equal(ramify_space_touch(f.space, memory, bytes, RAMIFY_NONE, &m), RAMIFY_OK);
    assert_int_equal(m.pages, m.moved + m.already + m.absent + m.failed);
    for (size_t i = 0; i < bytes; i += 100)
        assert_int_equal(memory[i], 1);
    assert_int_equal(ramify_space_unregister(f.space, memory), RAMIFY_OK);
    test_free(memory);
    close_fixture(&f);
}

static void it_grows_and_shrinks(void **state)
{
    (void)state;
    fixture f      = open_fixture();
    void   *memory = NULL;
    assert_int_equal(ramify_space_allocate(f.space, f.page, NULL, &memory, NULL), RAMIFY_OK);
    memset(memory, 9, f.page);
    for (size_t pages = 2; pages < 2000; pages *= 3) {
        assert_int_equal(ramify_space_resize(f.space, memory, pages * f.page, &memory, NULL), RAMIFY_OK);
        ((char *)memory)[pages * f.page - 1] = 1;
    }
    assert_int_equal(ramify_space_resize(f.space, memory, f.page, &memory, NULL), RAMIFY_OK);
    for (size_t i = 0; i < f.page; i++)
        assert_int_equal(((char *)memory)[i], 9);
    close_fixture(&f);
}

static void copies_are_readable_everywhere(void **state)
{
    (void)state;
    fixture          f = open_fixture();
    ramify_replicas *copies;
    static const int source[5000] = { [77] = 42 };
    assert_int_equal(ramify_space_replicate(f.space, source, sizeof source, &copies), RAMIFY_OK);
    assert_true(ramify_replicas_count(copies, NULL) >= 1);
    for (uint32_t leaf = 0; leaf < ramify_tree_leaf_count(f.tree); leaf++) {
        const int *copy = ramify_replicas_near(copies, ramify_tree_leaf(f.tree, leaf)->index);
        assert_memory_equal(copy, source, sizeof source);
    }
    ramify_replicas_free(copies);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_it_can),
        cmocka_unit_test(every_kind_of_allocation_works),
        cmocka_unit_test(arrays_lie_where_they_were_cut),
        cmocka_unit_test(the_programs_own_memory_is_found),
        cmocka_unit_test(it_grows_and_shrinks),
        cmocka_unit_test(copies_are_readable_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
