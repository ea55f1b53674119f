/* SPDX-License-Identifier: BSD-3-Clause */
/* Resizing: contents stay, the new part is placed as the old one was wished, and a failure changes nothing. */
#include "check.h"
#include "fakepages.h"

#include <string.h>

enum { PAGE = 4096, NODES = 4 };

typedef struct fixture {
    ramify_tree  *tree;
    fake_machine *fake;
    ramify_space *space;
} fixture;

static fixture open_fixture(void)
{
    fixture f = { .tree = fake_tree(), .fake = fake_make(NODES) };
    f.space   = fake_space(f.tree, f.fake);
    return f;
}

static void close_fixture(fixture *f)
{
    ramify_space_free(f->space);
    fake_drop(f->fake);
    ramify_tree_free(f->tree);
}

static char *allocate(fixture *f, size_t bytes, const ramify_wish *wish)
{
    void *memory;
    assert_int_equal(ramify_space_allocate(f->space, bytes, wish, &memory, NULL), RAMIFY_OK);
    for (size_t i = 0; i < bytes; i++)
        ((char *)memory)[i] = (char)(i % 251);
    return memory;
}

static char *resize(fixture *f, char *memory, size_t bytes, ramify_placed *placed)
{
    void *moved = NULL;
    assert_int_equal(ramify_space_resize(f->space, memory, bytes, &moved, placed), RAMIFY_OK);
    return moved;
}

static void check_contents(const char *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(memory[i], (char)(i % 251));
}

static void it_shrinks_where_it_is(void **state)
{
    (void)state;
    fixture           f    = open_fixture();
    const ramify_wish wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 1) };
    ramify_placed     placed;
    char             *memory = allocate(&f, 10 * PAGE, &wish);
    assert_ptr_equal(resize(&f, memory, 3 * PAGE + 5, &placed), memory);
    assert_int_equal(placed.bytes, 0);
    check_contents(memory, 3 * PAGE + 5);
    assert_int_equal(ramify_space_locate(f.space, memory + 3 * PAGE + 4), fake_domain(f.tree, 1));
    assert_int_equal(ramify_space_locate(f.space, memory + 3 * PAGE + 5), RAMIFY_NONE);
    assert_ptr_equal(resize(&f, memory, 4 * PAGE, &placed), memory); /* within the page it has */
    assert_int_equal(placed.bytes, PAGE - 5);
    assert_int_equal(ramify_space_locate(f.space, memory + 4 * PAGE - 1), fake_domain(f.tree, 1));
    close_fixture(&f);
}

static void what_is_new_is_placed_as_wished(void **state)
{
    (void)state;
    uint32_t leaves[2];
    for (int kind = 0; kind < 4; kind++) {
        fixture     f     = open_fixture();
        ramify_wish wish  = { .placement = kind < 2 ? RAMIFY_PLACEMENT_DOMAIN : RAMIFY_PLACEMENT_INTERLEAVE };
        wish.domain       = fake_domain(f.tree, 2);
        wish.strict       = kind == 1;
        leaves[0]         = fake_leaf(f.tree, 0);
        leaves[1]         = fake_leaf(f.tree, 7);
        wish.domains      = kind == 2 ? leaves : NULL;
        wish.domain_count = kind == 2 ? 2 : 0;
        if (kind == 3)
            wish.domain = 0; /* all four */
        ramify_placed placed;
        char         *memory = allocate(&f, 5 * PAGE, &wish);
        char         *moved  = resize(&f, memory, 300 * PAGE, &placed);
        check_contents(moved, 5 * PAGE);
        assert_int_equal(placed.reason, RAMIFY_OK);
        for (size_t page = 5; page < 300; page++) {
            moved[page * PAGE] = 1;
            int      node      = fake_node_of(f.fake, moved + page * PAGE);
            uint32_t expected  = kind < 2    ? wish.domain
                                 : kind == 2 ? leaves[node == 3]
                                             : fake_domain(f.tree, (uint32_t)node);
            assert_true(kind < 2 ? node == 2 : kind == 3 || node == 0 || node == 3);
            assert_int_equal(ramify_space_locate(f.space, moved + page * PAGE + 9), expected);
        }
        assert_int_equal(ramify_space_locate(f.space, moved + 300 * PAGE), RAMIFY_NONE);
        if (moved != memory)
            assert_int_equal(ramify_space_locate(f.space, memory), RAMIFY_NONE);
        ramify_region region;
        assert_int_equal(ramify_space_query(f.space, moved, &region), RAMIFY_OK);
        assert_int_equal(region.bytes, 300 * PAGE);
        assert_int_equal(ramify_space_release(f.space, moved), RAMIFY_OK);
        close_fixture(&f);
    }
}

/* Parts that migrated keep their nodes where the kernel can remap them, and are copied where it cannot. */
static void migrated_parts_grow_too(void **state)
{
    (void)state;
    fixture           f      = open_fixture();
    const ramify_wish wish   = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 0) };
    char             *memory = allocate(&f, 8 * PAGE, &wish);
    assert_int_equal(ramify_space_migrate(f.space, memory, 4 * PAGE, fake_domain(f.tree, 3), 0, NULL), RAMIFY_OK);
    char *moved = resize(&f, memory, 64 * PAGE, NULL);
    check_contents(moved, 8 * PAGE);
    assert_int_equal(ramify_space_locate(f.space, moved + 63 * PAGE), fake_domain(f.tree, 0));
    close_fixture(&f);
}

static void a_short_node_spills_the_new_part(void **state)
{
    (void)state;
    fixture           f      = open_fixture();
    const ramify_wish wish   = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 1) };
    char             *memory = allocate(&f, 4 * PAGE, &wish);
    ramify_placed     placed;
    f.fake->free_bytes[1] = 2 * PAGE;
    memory                = resize(&f, memory, 12 * PAGE, &placed);
    assert_int_equal(placed.reason, RAMIFY_ERR_NO_MEMORY);
    assert_int_equal(placed.bytes, 8 * PAGE);
    assert_int_equal(placed.bytes_home, 2 * PAGE);
    assert_int_equal(placed.bytes_elsewhere, 6 * PAGE);
    assert_int_equal(placed.other_node, 0);
    assert_int_equal(ramify_space_locate(f.space, memory + 5 * PAGE), fake_domain(f.tree, 1));
    assert_int_equal(ramify_space_locate(f.space, memory + 6 * PAGE), fake_domain(f.tree, 0));
    close_fixture(&f);
}

static void a_failure_changes_nothing(void **state)
{
    (void)state;
    fixture           f    = open_fixture();
    const ramify_wish wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 1), .strict = true };
    char             *memory = allocate(&f, 4 * PAGE, &wish);
    void             *moved  = &f;
    f.fake->free_bytes[1]    = PAGE;
    assert_int_equal(ramify_space_resize(f.space, memory, 9 * PAGE, &moved, NULL), RAMIFY_ERR_NO_MEMORY);
    assert_int_equal(ramify_space_resize(f.space, memory, SIZE_MAX, &moved, NULL), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_space_resize(f.space, memory, (size_t)1 << 60, &moved, NULL), RAMIFY_ERR_NO_MEMORY);
    assert_int_equal(ramify_space_resize(f.space, memory, 0, &moved, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_resize(f.space, memory, 1, NULL, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_resize(f.space, NULL, 1, &moved, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_resize(f.space, memory + 1, PAGE, &moved, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_resize(f.space, &f, PAGE, &moved, NULL), RAMIFY_ERR_NOT_FOUND);
    assert_ptr_equal(moved, &f);
    check_contents(memory, 4 * PAGE);
    ramify_region region;
    assert_int_equal(ramify_space_query(f.space, memory, &region), RAMIFY_OK);
    assert_int_equal(region.bytes, 4 * PAGE);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_shrinks_where_it_is),    cmocka_unit_test(what_is_new_is_placed_as_wished),
        cmocka_unit_test(migrated_parts_grow_too),   cmocka_unit_test(a_short_node_spills_the_new_part),
        cmocka_unit_test(a_failure_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
