/* SPDX-License-Identifier: BSD-3-Clause */
/* Partitioned arrays over a simulated machine of four nodes: every element in one part, every part on its home's node,
 * and lookups that know it, by every rule of cutting. */
#include "check.h"
#include "fakepages.h"

#include <math.h>

enum { PAGE = 4096, NODES = 4, LEAVES = 8 };

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

static ramify_array *make(fixture *f, uint64_t count, size_t element_bytes, const ramify_cut *cut,
                          ramify_placed *placed)
{
    ramify_array *array = NULL;
    assert_int_equal(ramify_array_create(f->space, count, element_bytes, cut, NULL, &array, placed), RAMIFY_OK);
    assert_int_equal(ramify_array_count(array), count);
    assert_int_equal(ramify_array_element_bytes(array), element_bytes);
    return array;
}

/* Parts cover the array in order; a part's elements know their part and their domain. */
static void check_cover(const fixture *f, const ramify_array *array)
{
    char           *memory = ramify_array_memory(array);
    uint64_t        next   = 0;
    uint32_t        home_count;
    size_t          bytes = ramify_array_element_bytes(array);
    const uint32_t *homes = ramify_array_homes(array, &home_count);
    for (uint64_t p = 0; p < ramify_array_parts(array); p++) {
        ramify_part part;
        assert_int_equal(ramify_array_part(array, p, &part), RAMIFY_OK);
        assert_int_equal(part.first, next);
        assert_int_equal(part.domain, homes[p % home_count]);
        next += part.count;
        uint64_t ends[2] = { part.first, part.first + part.count - 1 };
        for (int e = 0; e < 2 && part.count; e++) {
            assert_int_equal(ramify_array_part_of(array, ends[e]), p);
            assert_int_equal(ramify_space_locate(f->space, memory + ends[e] * bytes), part.domain);
        }
    }
    assert_int_equal(next, ramify_array_count(array));
    assert_int_equal(ramify_array_part_of(array, next), UINT64_MAX);
    ramify_part part = { .first = 77 };
    assert_int_equal(ramify_array_part(array, ramify_array_parts(array), &part), RAMIFY_ERR_RANGE);
    assert_int_equal(part.first, 77);
}

static int node_of_domain(const fixture *f, uint32_t domain)
{
    return (int)ramify_tree_domains(f->tree, NULL)[domain].node;
}

/* Touched, every page that lies in one part only is on that part's node. */
static void check_pages(const fixture *f, const ramify_array *array)
{
    char  *memory = ramify_array_memory(array);
    size_t bytes  = ramify_array_element_bytes(array);
    for (uint64_t p = 0; p < ramify_array_parts(array); p++) {
        ramify_part part;
        assert_int_equal(ramify_array_part(array, p, &part), RAMIFY_OK);
        size_t first = (part.first * bytes + PAGE - 1) / PAGE, last = (part.first + part.count) * bytes / PAGE;
        for (size_t page = first; page < last; page++) {
            memory[page * PAGE] = 1;
            assert_int_equal(fake_node_of(f->fake, memory + page * PAGE), node_of_domain(f, part.domain));
        }
    }
}

static void blocked_over_the_nodes(void **state)
{
    (void)state;
    fixture       f = open_fixture();
    ramify_placed placed;
    ramify_array *array = make(&f, 100003, 8, NULL, &placed);
    assert_int_equal(ramify_array_parts(array), NODES);
    assert_int_equal(placed.bytes, 100003 * 8);
    assert_int_equal(placed.bytes_home, 100003 * 8);
    assert_int_equal(placed.reason, RAMIFY_OK);
    for (uint64_t p = 0; p < NODES; p++) {
        ramify_part part;
        assert_int_equal(ramify_array_part(array, p, &part), RAMIFY_OK);
        assert_int_equal(part.domain, fake_domain(f.tree, (uint32_t)p));
        assert_in_range(part.count, 100003 / NODES, 100003 / NODES + 1);
    }
    check_cover(&f, array);
    check_pages(&f, array);
    ramify_array_free(array);
    ramify_array_free(NULL);
    close_fixture(&f);
}

static void by_every_rule(void **state)
{
    (void)state;
    fixture          f         = open_fixture();
    const double     weights[] = { 1, 0, 2.5, 0.5 };
    const uint64_t   points[]  = { 5000, 5000, 9000 };
    uint32_t         listed[]  = { fake_leaf(f.tree, 6), fake_leaf(f.tree, 1), fake_leaf(f.tree, 6) };
    const ramify_cut cuts[]    = {
           { .rule = RAMIFY_CUT_BLOCKED, .homes = RAMIFY_HOMES_LEAVES },
           { .rule = RAMIFY_CUT_BLOCKED, .homes = RAMIFY_HOMES_LISTED, .listed = listed, .listed_count = 3 },
           { .rule = RAMIFY_CUT_CYCLIC, .block = 1000 },
           { .rule = RAMIFY_CUT_CYCLIC, .block = 512, .homes = RAMIFY_HOMES_LEAVES },
           { .rule = RAMIFY_CUT_WEIGHTED },
           { .rule = RAMIFY_CUT_WEIGHTED, .weights = weights },
           { .rule = RAMIFY_CUT_POINTS, .points = points },
    };
    const uint64_t counts[] = { 1, 3, 10000, 65537 };
    for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++)
        for (size_t n = 0; n < 4; n++) {
            if (cuts[c].points && counts[n] < 9000)
                continue;
            ramify_array *array = make(&f, counts[n], 16, &cuts[c], NULL);
            check_cover(&f, array);
            check_pages(&f, array);
            ramify_array_free(array);
        }
    ramify_space_abilities can;
    assert_int_equal(ramify_space_capabilities(f.space, &can), RAMIFY_OK);
    assert_int_equal(can.regions, 0);
    close_fixture(&f);
}

/* Node 1 has room for two pages only: the rest of its part lies elsewhere, lookups say so, and the next part is not
 * pushed off its node by what went there. */
static void a_short_node_spills_by_distance(void **state)
{
    (void)state;
    fixture f             = open_fixture();
    f.fake->free_bytes[1] = 2 * PAGE;
    ramify_placed placed;
    ramify_array *array  = make(&f, 4 * 8 * PAGE, 1, NULL, &placed);
    char         *memory = ramify_array_memory(array);
    assert_int_equal(placed.reason, RAMIFY_ERR_NO_MEMORY);
    assert_int_equal(placed.bytes_elsewhere, 6 * PAGE);
    assert_int_equal(placed.other_node, 0);
    static const int nodes[4] = { 0, 1, 2, 3 };
    for (int page = 0; page < 32; page++) {
        memory[page * PAGE] = 1;
        int expected        = page / 8 == 1 && page >= 10 ? 0 : nodes[page / 8];
        assert_int_equal(fake_node_of(f.fake, memory + page * PAGE), expected);
        assert_int_equal(ramify_space_locate(f.space, memory + page * PAGE), fake_domain(f.tree, (uint32_t)expected));
    }
    const ramify_wish strict = { .strict = true };
    f.fake->free_bytes[1]    = 2 * PAGE;
    ramify_array *none       = NULL;
    assert_int_equal(ramify_array_create(f.space, 4 * 8 * PAGE, 1, NULL, &strict, &none, NULL), RAMIFY_ERR_NO_MEMORY);
    assert_null(none);
    close_fixture(&f); /* frees the array too */
}

static void touch_brings_every_part_in(void **state)
{
    (void)state;
    fixture           f     = open_fixture();
    const ramify_wish touch = { .touch = true };
    ramify_array     *array = NULL;
    ramify_placed     placed;
    assert_int_equal(ramify_array_create(f.space, 16 * PAGE, 1, NULL, &touch, &array, &placed), RAMIFY_OK);
    assert_int_equal(placed.census.pages, 16);
    assert_int_equal(placed.census.home, 16);
    close_fixture(&f);
}

/* Huge pages of the pool would move cuts to 2 MiB; arrays never ask for them. */
static void the_pool_is_not_asked(void **state)
{
    (void)state;
    fixture f = open_fixture();
    for (int n = 0; n < NODES; n++)
        f.fake->pool_bytes[n] = (uint64_t)1 << 30;
    const ramify_wish huge  = { .pages = RAMIFY_PAGES_HUGE };
    ramify_array     *array = NULL;
    ramify_placed     placed;
    assert_int_equal(ramify_array_create(f.space, 1 << 20, 8, NULL, &huge, &array, &placed), RAMIFY_OK);
    assert_int_equal(f.fake->pool_looks, 0);
    assert_int_equal(placed.page_bytes, PAGE);
    check_cover(&f, array);
    close_fixture(&f);
}

static void bad_cuts_are_refused(void **state)
{
    (void)state;
    fixture      f          = open_fixture();
    const double negative[] = { 1, -1, 1, 1 }, none[] = { 0, 0, 0, 0 }, endless[] = { 1, INFINITY, 1, 1 },
                 undefined[]      = { 1, NAN, 1, 1 };
    const uint64_t   descending[] = { 5, 4, 6 }, beyond[] = { 5, 6, 101 };
    const uint32_t   strange[] = { 1, 9999 };
    const ramify_cut bad[]     = {
            { .rule = 4 },
            { .homes = 3 },
            { .rule = RAMIFY_CUT_CYCLIC },
            { .rule = RAMIFY_CUT_WEIGHTED, .weights = negative },
            { .rule = RAMIFY_CUT_WEIGHTED, .weights = none },
            { .rule = RAMIFY_CUT_WEIGHTED, .weights = endless },
            { .rule = RAMIFY_CUT_WEIGHTED, .weights = undefined },
            { .rule = RAMIFY_CUT_POINTS },
            { .rule = RAMIFY_CUT_POINTS, .points = descending },
            { .rule = RAMIFY_CUT_POINTS, .points = beyond },
            { .homes = RAMIFY_HOMES_LISTED },
            { .homes = RAMIFY_HOMES_LISTED, .listed = strange, .listed_count = 2 },
    };
    ramify_array *array = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ramify_array_create(f.space, 100, 8, &bad[i], NULL, &array, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_array_create(NULL, 1, 1, NULL, NULL, &array, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_array_create(f.space, 0, 1, NULL, NULL, &array, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_array_create(f.space, 1, 0, NULL, NULL, &array, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_array_create(f.space, 1, 1, NULL, NULL, NULL, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_array_create(f.space, UINT64_MAX, 8, NULL, NULL, &array, NULL), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_array_create(f.space, (uint64_t)1 << 62, 4, NULL, NULL, &array, NULL), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_array_create(f.space, (uint64_t)1 << 60, 1, NULL, NULL, &array, NULL),
                     RAMIFY_ERR_NO_MEMORY);
    const ramify_cut fine = { .rule = RAMIFY_CUT_CYCLIC, .block = 1 };
    assert_int_equal(ramify_array_create(f.space, 20000, 8, &fine, NULL, &array, NULL), RAMIFY_ERR_RANGE);
    assert_null(array);
    ramify_space_abilities can;
    assert_int_equal(ramify_space_capabilities(f.space, &can), RAMIFY_OK);
    assert_int_equal(can.regions, 0);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocked_over_the_nodes),          cmocka_unit_test(by_every_rule),
        cmocka_unit_test(a_short_node_spills_by_distance), cmocka_unit_test(touch_brings_every_part_in),
        cmocka_unit_test(the_pool_is_not_asked),           cmocka_unit_test(bad_cuts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
