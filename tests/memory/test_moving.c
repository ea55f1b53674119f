/* SPDX-License-Identifier: BSD-3-Clause */
/* Pages that move: migrated ranges, ranges that follow their next touch, and copies per node. What stays where it was
 * is counted with its reason, and lookups know both. */
#include "check.h"
#include "fakepages.h"

#include <errno.h>
#include <string.h>

enum { PAGE = 4096, NODES = 4, PAGES = 20 };

typedef struct fixture {
    ramify_tree  *tree;
    fake_machine *fake;
    ramify_space *space;
    char         *memory; /* PAGES pages on node 0, touched */
} fixture;

static fixture open_fixture(void)
{
    fixture f              = { .tree = fake_tree(), .fake = fake_make(NODES) };
    f.space                = fake_space(f.tree, f.fake);
    const ramify_wish wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 0), .touch = true };
    void             *memory;
    assert_int_equal(ramify_space_allocate(f.space, PAGES * PAGE, &wish, &memory, NULL), RAMIFY_OK);
    f.memory = memory;
    return f;
}

static void close_fixture(fixture *f)
{
    ramify_space_free(f->space);
    fake_drop(f->fake);
    ramify_tree_free(f->tree);
}

static void check_page(const fixture *f, size_t page, int node, uint32_t domain)
{
    assert_int_equal(fake_node_of(f->fake, f->memory + page * PAGE), node);
    assert_int_equal(ramify_space_locate(f->space, f->memory + page * PAGE + 5), domain);
}

static ramify_migration migrate(fixture *f, size_t first, size_t bytes, uint32_t domain)
{
    ramify_migration m;
    assert_int_equal(ramify_space_migrate(f->space, f->memory + first, bytes, domain, RAMIFY_MERIT_ANY, &m), RAMIFY_OK);
    assert_int_equal(m.pages, m.moved + m.already + m.absent + m.failed);
    return m;
}

static void a_range_moves_and_its_ends_too(void **state)
{
    (void)state;
    fixture          f      = open_fixture();
    uint32_t         domain = fake_leaf(f.tree, 5); /* of node 2 */
    ramify_migration m      = migrate(&f, 5 * PAGE + 100, 4 * PAGE, domain);
    assert_int_equal(m.pages, 5);
    assert_int_equal(m.moved, 5);
    assert_int_equal(m.node, 2);
    for (size_t page = 0; page < PAGES; page++) {
        bool in = page >= 5 && page < 10;
        check_page(&f, page, in ? 2 : 0,
                   in && page > 5 ? domain
                   : page == 5    ? fake_domain(f.tree, 0)
                                  : ramify_space_locate(f.space, f.memory + page * PAGE + 5));
    }
    m = migrate(&f, 4 * PAGE, 3 * PAGE, domain);
    assert_int_equal(m.moved, 1);
    assert_int_equal(m.already, 2);
    close_fixture(&f);
}

/* One page is pinned, one is shared with another process: both stay, with why, and lookups know where. */
static void what_stays_is_counted_by_reason(void **state)
{
    (void)state;
    fixture f          = open_fixture();
    f.fake->pinned     = (uintptr_t)f.memory + 3 * PAGE;
    f.fake->shared     = (uintptr_t)f.memory + 4 * PAGE;
    ramify_migration m = migrate(&f, 0, PAGES * PAGE, fake_domain(f.tree, 3));
    assert_int_equal(m.pages, PAGES);
    assert_int_equal(m.moved, PAGES - 2);
    assert_int_equal(m.failed, 2);
    assert_int_equal(m.trouble[RAMIFY_TROUBLE_BUSY], 1);
    assert_int_equal(m.trouble[RAMIFY_TROUBLE_SHARED], 1);
    for (size_t page = 0; page < PAGES; page++) {
        uint32_t node = page == 3 || page == 4 ? 0 : 3;
        check_page(&f, page, (int)node, fake_domain(f.tree, node));
    }
    close_fixture(&f);
}

static void a_full_node_takes_what_it_can(void **state)
{
    (void)state;
    fixture f             = open_fixture();
    f.fake->free_bytes[1] = 6 * PAGE;
    ramify_migration m    = migrate(&f, 0, PAGES * PAGE, fake_domain(f.tree, 1));
    assert_int_equal(m.moved, 6);
    assert_int_equal(m.failed, PAGES - 6);
    assert_int_equal(m.trouble[RAMIFY_TROUBLE_FULL], PAGES - 6);
    for (size_t page = 0; page < PAGES; page++)
        check_page(&f, page, page < 6 ? 1 : 0, fake_domain(f.tree, page < 6 ? 1 : 0));
    close_fixture(&f);
}

/* Pages not touched yet come to the new node when they are. */
static void what_is_not_there_yet_comes_there(void **state)
{
    (void)state;
    fixture           f = open_fixture();
    void             *memory;
    const ramify_wish wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(f.tree, 0) };
    assert_int_equal(ramify_space_allocate(f.space, PAGES * PAGE, &wish, &memory, NULL), RAMIFY_OK);
    f.memory           = memory;
    ramify_migration m = migrate(&f, 0, 10 * PAGE, fake_domain(f.tree, 2));
    assert_int_equal(m.absent, 10);
    memset(f.memory, 1, PAGES * PAGE);
    for (size_t page = 0; page < PAGES; page++)
        check_page(&f, page, page < 10 ? 2 : 0, fake_domain(f.tree, page < 10 ? 2 : 0));
    close_fixture(&f);
}

static void without_the_right_nothing_moves_and_says_so(void **state)
{
    (void)state;
    fixture f          = open_fixture();
    f.fake->move_error = EPERM;
    ramify_migration m = migrate(&f, 0, 3 * PAGE, fake_domain(f.tree, 2));
    assert_int_equal(m.moved, 0);
    assert_int_equal(m.trouble[RAMIFY_TROUBLE_BARRED], 3);
    check_page(&f, 1, 0, fake_domain(f.tree, 0)); /* lookups say where it is, not where it was sent */
    ramify_space_free(f.space);
    f.space = fake_space(f.tree, f.fake); /* refused from the start */
    ramify_space_abilities can;
    assert_int_equal(ramify_space_capabilities(f.space, &can), RAMIFY_OK);
    assert_int_equal(can.move, RAMIFY_ERR_NOT_ALLOWED);
    assert_int_equal(can.bind, RAMIFY_OK);
    void *memory;
    assert_int_equal(ramify_space_allocate(f.space, 3 * PAGE, NULL, &memory, NULL), RAMIFY_OK);
    assert_int_equal(ramify_space_migrate(f.space, memory, 3 * PAGE, 0, RAMIFY_MERIT_ANY, &m), RAMIFY_OK);
    assert_int_equal(m.reason, RAMIFY_ERR_NOT_ALLOWED);
    assert_int_equal(m.system_error, EPERM);
    assert_int_equal(m.failed, 3);
    close_fixture(&f);
}

static void bad_moves_are_refused(void **state)
{
    (void)state;
    fixture          f = open_fixture();
    ramify_migration m = { .pages = 9 };
    char            *a = f.memory;
    assert_int_equal(ramify_space_migrate(f.space, a, PAGES * PAGE + 1, 0, 0, &m), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_space_migrate(f.space, a + 1, SIZE_MAX, 0, 0, &m), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_space_migrate(f.space, &f, 1, 0, 0, &m), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_space_migrate(f.space, a, 0, 0, 0, &m), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_migrate(f.space, a, 1, 9999, 0, &m), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_migrate(f.space, a, 1, 0, 4, &m), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_migrate(NULL, a, 1, 0, 0, &m), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_follow(f.space, a, PAGES * PAGE + 1), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_space_follow(f.space, a, 0), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_touch(f.space, a, 0, 0, &m), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_follow(f.space, a, PAGE), RAMIFY_OK);
    assert_int_equal(ramify_space_touch(f.space, a, PAGE, 9999, &m), RAMIFY_ERR_INVALID);
    assert_int_equal(m.pages, 9);
    close_fixture(&f);
}

static uint64_t following(const fixture *f)
{
    ramify_region region;
    assert_int_equal(ramify_space_query(f->space, f->memory, &region), RAMIFY_OK);
    return region.following;
}

static uint64_t touch(fixture *f, size_t first, size_t pages, uint32_t domain)
{
    ramify_migration m;
    assert_int_equal(ramify_space_touch(f->space, f->memory + first * PAGE, pages * PAGE, domain, &m), RAMIFY_OK);
    return m.moved;
}

/* Each touch takes what of its range waits, once; the rest goes on waiting, split where need be. */
static void ranges_follow_their_next_touch_once(void **state)
{
    (void)state;
    fixture  f       = open_fixture();
    uint32_t queries = f.fake->queries;
    assert_int_equal(touch(&f, 0, PAGES, fake_domain(f.tree, 1)), 0); /* nothing waits, nobody is asked */
    assert_int_equal(f.fake->queries, queries);
    assert_int_equal(ramify_space_follow(f.space, f.memory + 2 * PAGE, 6 * PAGE), RAMIFY_OK);
    assert_int_equal(ramify_space_follow(f.space, f.memory + 6 * PAGE, 8 * PAGE), RAMIFY_OK); /* overlaps */
    assert_int_equal(following(&f), 12 * PAGE);
    assert_int_equal(touch(&f, 5, 3, fake_domain(f.tree, 1)), 3);
    assert_int_equal(following(&f), 9 * PAGE);
    assert_int_equal(touch(&f, 5, 3, fake_domain(f.tree, 2)), 0);
    assert_int_equal(touch(&f, 0, PAGES, fake_leaf(f.tree, 6)), 9);
    assert_int_equal(following(&f), 0);
    for (size_t page = 0; page < PAGES; page++) {
        int node = page >= 5 && page < 8 ? 1 : page >= 2 && page < 14 ? 3 : 0;
        check_page(&f, page, node, node == 3 ? fake_leaf(f.tree, 6) : fake_domain(f.tree, (uint32_t)node));
    }
    assert_int_equal(ramify_space_follow(f.space, f.memory, PAGE), RAMIFY_OK);
    assert_int_equal(ramify_space_release(f.space, f.memory), RAMIFY_OK); /* what waited is forgotten with it */
    ramify_migration m;
    assert_int_equal(ramify_space_touch(f.space, f.memory, PAGE, 0, &m), RAMIFY_OK);
    assert_int_equal(m.pages, 0);
    close_fixture(&f);
}

static void every_node_reads_its_own_copy(void **state)
{
    (void)state;
    fixture          f = open_fixture();
    char             source[3 * PAGE + 7];
    ramify_replicas *copies  = NULL;
    uint32_t         without = 99;
    for (size_t i = 0; i < sizeof source; i++)
        source[i] = (char)(i * 7);
    assert_int_equal(ramify_space_replicate(f.space, source, sizeof source, &copies), RAMIFY_OK);
    assert_int_equal(ramify_replicas_count(copies, &without), NODES);
    assert_int_equal(without, 0);
    for (uint32_t leaf = 0; leaf < 8; leaf++) {
        const char *copy = ramify_replicas_near(copies, fake_leaf(f.tree, leaf));
        assert_memory_equal(copy, source, sizeof source);
        assert_int_equal(fake_node_of(f.fake, copy), leaf / 2);
        assert_int_equal(ramify_space_locate(f.space, copy), fake_domain(f.tree, leaf / 2));
    }
    assert_non_null(ramify_replicas_near(copies, RAMIFY_NONE));
    assert_non_null(ramify_replicas_near(copies, 9999));
    ramify_replicas_free(copies);
    ramify_replicas_free(NULL);
    /* Node 2 has no room: it shares that of its package's other node. */
    f.fake->free_bytes[2] = PAGE;
    assert_int_equal(ramify_space_replicate(f.space, source, sizeof source, &copies), RAMIFY_OK);
    assert_int_equal(ramify_replicas_count(copies, &without), NODES - 1);
    assert_int_equal(without, 1);
    assert_ptr_equal(ramify_replicas_near(copies, fake_leaf(f.tree, 4)),
                     ramify_replicas_near(copies, fake_leaf(f.tree, 6)));
    /* None has: one copy all the same. */
    ramify_replicas *one = NULL;
    for (int n = 0; n < NODES; n++)
        f.fake->free_bytes[n] = 0;
    assert_int_equal(ramify_space_replicate(f.space, source, sizeof source, &one), RAMIFY_OK);
    assert_int_equal(ramify_replicas_count(one, &without), 1);
    assert_int_equal(without, NODES);
    assert_memory_equal(ramify_replicas_near(one, 3), source, sizeof source);
    assert_int_equal(ramify_space_replicate(f.space, NULL, 1, &one), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_replicate(f.space, source, 0, &one), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_replicate(f.space, source, SIZE_MAX, &one), RAMIFY_ERR_RANGE);
    close_fixture(&f); /* frees what was not */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_moves_and_its_ends_too),
        cmocka_unit_test(what_stays_is_counted_by_reason),
        cmocka_unit_test(a_full_node_takes_what_it_can),
        cmocka_unit_test(what_is_not_there_yet_comes_there),
        cmocka_unit_test(without_the_right_nothing_moves_and_says_so),
        cmocka_unit_test(bad_moves_are_refused),
        cmocka_unit_test(ranges_follow_their_next_touch_once),
        cmocka_unit_test(every_node_reads_its_own_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
