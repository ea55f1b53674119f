/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory the program has already: registered, asked for, refreshed after the kernel moved pages, and forgotten; what
 * may not be registered; and what is known of any region. */
#include "check.h"
#include "fakepages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, NODES = 4 };

typedef struct fixture {
    ramify_tree  *tree;
    fake_machine *fake;
    ramify_space *space;
    char         *memory; /* `pages` of the program's own, page-aligned */
    size_t        pages;
} fixture;

static fixture open_fixture(size_t pages)
{
    fixture f = { .tree = fake_tree(), .fake = fake_make(NODES), .pages = pages };
    f.space   = fake_space(f.tree, f.fake);
    f.memory  = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(f.memory, MAP_FAILED);
    return f;
}

static void close_fixture(fixture *f)
{
    ramify_space_free(f->space);
    munmap(f->memory, f->pages * PAGE);
    fake_drop(f->fake);
    ramify_tree_free(f->tree);
}

/* Touches a page and puts it on a node. */
static void put(fixture *f, size_t page, int node)
{
    f->memory[page * PAGE] = 1;
    fake_put(f->fake, f->memory + page * PAGE, node);
}

static uint32_t locate(const fixture *f, size_t page)
{
    return ramify_space_locate(f->space, f->memory + page * PAGE + 77);
}

static void pages_are_found_where_they_lie(void **state)
{
    (void)state;
    fixture       f = open_fixture(12);
    ramify_census census;
    for (size_t page = 0; page < 9; page++)
        put(&f, page, (int)(page / 3));
    assert_int_equal(ramify_space_register(f.space, f.memory + 100, 11 * PAGE, &census), RAMIFY_OK);
    assert_int_equal(census.pages, 12);
    assert_int_equal(census.looked_at, 12);
    assert_int_equal(census.home, 9);
    assert_int_equal(census.absent, 3);
    assert_int_equal(census.reason, RAMIFY_OK);
    for (size_t page = 0; page < 11; page++)
        assert_int_equal(locate(&f, page + (page == 0)), /* the first page begins before the region */
                         page + (page == 0) < 9 ? fake_domain(f.tree, (uint32_t)(page + (page == 0)) / 3)
                                                : RAMIFY_NONE);
    assert_int_equal(ramify_space_locate(f.space, f.memory + 99), RAMIFY_NONE);
    assert_int_equal(ramify_space_locate(f.space, f.memory + 100), fake_domain(f.tree, 0));
    assert_int_equal(ramify_space_unregister(f.space, f.memory + 100), RAMIFY_OK);
    assert_int_equal(locate(&f, 4), RAMIFY_NONE);
    close_fixture(&f);
}

/* The kernel's balancing moves a page: lookups answer as before until they are refreshed. */
static void refresh_sees_what_the_kernel_moved(void **state)
{
    (void)state;
    fixture       f = open_fixture(6);
    ramify_census census;
    for (size_t page = 0; page < 6; page++)
        put(&f, page, 0);
    assert_int_equal(ramify_space_register(f.space, f.memory, 6 * PAGE, NULL), RAMIFY_OK);
    fake_put(f.fake, f.memory + 2 * PAGE, 3);
    assert_int_equal(locate(&f, 2), fake_domain(f.tree, 0));
    uint32_t queries = f.fake->queries;
    for (int i = 0; i < 1000; i++)
        (void)locate(&f, 2);
    assert_int_equal(f.fake->queries, queries); /* a lookup asks nobody */
    assert_int_equal(ramify_space_refresh(f.space, f.memory + 5, &census), RAMIFY_OK);
    assert_int_equal(census.home, 6);
    assert_int_equal(locate(&f, 2), fake_domain(f.tree, 3));
    assert_int_equal(locate(&f, 3), fake_domain(f.tree, 0));
    fake_put(f.fake, f.memory + 3 * PAGE, 1);
    assert_int_equal(ramify_space_refresh(f.space, NULL, NULL), RAMIFY_OK);
    assert_int_equal(locate(&f, 3), fake_domain(f.tree, 1));
    assert_int_equal(ramify_space_refresh(f.space, &f, NULL), RAMIFY_ERR_NOT_FOUND);
    close_fixture(&f);
}

/* Pages that numactl dealt out are one cycle to lookups, not a run each. */
static void a_dealt_region_is_one_cycle(void **state)
{
    (void)state;
    fixture f = open_fixture(64);
    for (size_t page = 0; page < 64; page++)
        put(&f, page, (int)(((uintptr_t)f.memory / PAGE + page) % 3));
    assert_int_equal(ramify_space_register(f.space, f.memory, 64 * PAGE, NULL), RAMIFY_OK);
    ramify_region region;
    assert_int_equal(ramify_space_query(f.space, f.memory + 9, &region), RAMIFY_OK);
    assert_int_equal(region.runs, 1);
    assert_false(region.coarse);
    for (size_t page = 0; page < 64; page++)
        assert_int_equal(locate(&f, page), fake_domain(f.tree, (uint32_t)(((uintptr_t)f.memory / PAGE + page) % 3)));
    close_fixture(&f);
}

/* More pages than are looked at, and more changes than are kept: samples and majorities, and the region says so. */
static void what_is_too_much_is_sampled(void **state)
{
    (void)state;
    enum { PAGES = 70000 };
    fixture       f = open_fixture(PAGES);
    ramify_census census;
    memset(f.memory, 1, (size_t)PAGES * PAGE); /* touched; the fake puts them on the toucher's node */
    f.fake->uniform = 1;
    assert_int_equal(ramify_space_register(f.space, f.memory, (size_t)PAGES * PAGE, &census), RAMIFY_OK);
    assert_int_equal(census.pages, PAGES);
    assert_int_equal(census.looked_at, PAGES / 2);
    assert_int_equal(census.home, PAGES / 2);
    assert_int_equal(locate(&f, 12345), fake_domain(f.tree, 1));
    ramify_region region;
    assert_int_equal(ramify_space_query(f.space, f.memory, &region), RAMIFY_OK);
    assert_true(region.coarse);
    assert_int_equal(region.runs, 1);
    close_fixture(&f);
}

static void survey_counts_by_node_and_changes_nothing(void **state)
{
    (void)state;
    fixture       f = open_fixture(20);
    ramify_census census;
    uint64_t      per_node[NODES];
    for (size_t page = 0; page < 16; page++)
        put(&f, page, page < 10 ? 2 : 3);
    assert_int_equal(ramify_space_register(f.space, f.memory, 20 * PAGE, NULL), RAMIFY_OK);
    fake_put(f.fake, f.memory, 0);
    assert_int_equal(ramify_space_survey(f.space, f.memory, 18 * PAGE, 0, per_node, NODES, &census), RAMIFY_OK);
    assert_int_equal(census.pages, 18);
    assert_int_equal(census.absent, 2);
    assert_int_equal(per_node[0], 1);
    assert_int_equal(per_node[2], 9);
    assert_int_equal(per_node[3], 6);
    assert_int_equal(locate(&f, 0), fake_domain(f.tree, 2)); /* as before */
    assert_int_equal(ramify_space_survey(f.space, f.memory, 18 * PAGE, 5, NULL, 0, &census), RAMIFY_OK);
    assert_in_range(census.looked_at, 1, 5);
    assert_int_equal(ramify_space_survey(f.space, f.memory, 21 * PAGE, 0, NULL, 0, &census), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_space_survey(f.space, f.memory, PAGE, 0, per_node, NODES + 1, &census), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_survey(f.space, f.memory, 0, 0, NULL, 0, &census), RAMIFY_ERR_INVALID);
    close_fixture(&f);
}

static void what_may_not_be_registered(void **state)
{
    (void)state;
    fixture f = open_fixture(10);
    char   *m = f.memory;
    assert_int_equal(ramify_space_register(f.space, m + 2 * PAGE, 4 * PAGE, NULL), RAMIFY_OK);
    assert_int_equal(ramify_space_register(f.space, m + 2 * PAGE, 4 * PAGE, NULL), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_space_register(f.space, m, 2 * PAGE + 1, NULL), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_space_register(f.space, m + 6 * PAGE - 1, PAGE, NULL), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_space_register(f.space, m, 10 * PAGE, NULL), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_space_register(f.space, m, 2 * PAGE, NULL), RAMIFY_OK);        /* up to it, and */
    assert_int_equal(ramify_space_register(f.space, m + 6 * PAGE, PAGE, NULL), RAMIFY_OK); /* behind it */
    void *allocated = NULL;
    assert_int_equal(ramify_space_allocate(f.space, PAGE, NULL, &allocated, NULL), RAMIFY_OK);
    assert_int_equal(ramify_space_register(f.space, allocated, 8, NULL), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_space_unregister(f.space, allocated), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_release(f.space, m), RAMIFY_ERR_INVALID);

    assert_int_equal(ramify_space_register(f.space, NULL, 8, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_register(f.space, m, 0, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_register(NULL, m, 8, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_register(f.space, m, SIZE_MAX, NULL), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_space_register(f.space, (char *)UINTPTR_MAX - 10, 100, NULL), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_space_register(f.space, (char *)(uintptr_t)64, 8, NULL), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(munmap(m + 9 * PAGE, PAGE), 0);
    assert_int_equal(ramify_space_register(f.space, m + 8 * PAGE, 2 * PAGE, NULL), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_space_unregister(f.space, m + 1), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_space_unregister(f.space, m + 9 * PAGE), RAMIFY_ERR_NOT_FOUND);
    ramify_region region = { .bytes = 5 };
    assert_int_equal(ramify_space_query(f.space, m + 9 * PAGE, &region), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(region.bytes, 5);
    ramify_space_abilities can;
    assert_int_equal(ramify_space_capabilities(f.space, &can), RAMIFY_OK);
    assert_int_equal(can.regions, 4);
    assert_int_equal(can.bytes, 8 * PAGE);
    close_fixture(&f);
}

/* Memory that its owner freed, or whose pages cannot be told, is no crash: the census says why. */
static void what_cannot_be_told_is_said(void **state)
{
    (void)state;
    fixture       f = open_fixture(4);
    ramify_census census;
    put(&f, 0, 2);
    put(&f, 1, 2);
    assert_int_equal(ramify_space_register(f.space, f.memory, 4 * PAGE, NULL), RAMIFY_OK);
    assert_int_equal(munmap(f.memory + PAGE, PAGE), 0); /* freed before it was unregistered */
    assert_int_equal(ramify_space_refresh(f.space, f.memory, &census), RAMIFY_OK);
    assert_int_equal(census.home, 1);
    assert_int_equal(census.trouble[RAMIFY_TROUBLE_UNMAPPED], 1);
    assert_int_equal(census.absent, 2);
    f.fake->query_error = EPERM;
    assert_int_equal(ramify_space_refresh(f.space, f.memory, &census), RAMIFY_OK);
    assert_int_equal(census.reason, RAMIFY_ERR_NOT_ALLOWED);
    assert_int_equal(census.system_error, EPERM);
    assert_int_equal(locate(&f, 0), fake_domain(f.tree, 2)); /* what was known stays */
    close_fixture(&f);
}

static void every_trouble_has_words(void **state)
{
    (void)state;
    for (int t = 0; t < RAMIFY_TROUBLE_COUNT; t++)
        assert_non_null(ramify_trouble_text(t));
    assert_null(ramify_trouble_text(-1));
    assert_null(ramify_trouble_text(RAMIFY_TROUBLE_COUNT));
    static const struct {
        int            error;
        ramify_trouble trouble;
    } cases[] = { { EBUSY, RAMIFY_TROUBLE_BUSY },      { EAGAIN, RAMIFY_TROUBLE_BUSY },
                  { EACCES, RAMIFY_TROUBLE_SHARED },   { ENOMEM, RAMIFY_TROUBLE_FULL },
                  { EFAULT, RAMIFY_TROUBLE_UNMAPPED }, { EPERM, RAMIFY_TROUBLE_BARRED },
                  { EINVAL, RAMIFY_TROUBLE_BARRED },   { EIO, RAMIFY_TROUBLE_OTHER } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(rmf_pages_trouble(cases[i].error), cases[i].trouble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_found_where_they_lie),
        cmocka_unit_test(refresh_sees_what_the_kernel_moved),
        cmocka_unit_test(a_dealt_region_is_one_cycle),
        cmocka_unit_test(what_is_too_much_is_sampled),
        cmocka_unit_test(survey_counts_by_node_and_changes_nothing),
        cmocka_unit_test(what_may_not_be_registered),
        cmocka_unit_test(what_cannot_be_told_is_said),
        cmocka_unit_test(every_trouble_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
