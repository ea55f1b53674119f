/* SPDX-License-Identifier: BSD-3-Clause */
/* The n-th allocation of a life full of regions fails, for every n: each call says so and changes nothing, what it did
 * before goes on working, and nothing leaks.
 *
 * The program's own malloc family stands before libc's, counts, and fails once. */
#include "check.h"
#include "fakepages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORTED __attribute__((visibility("default")))

enum { PAGE = 4096, NODES = 4, MAPPED = 16 };

static long calls, fail_at, blocks;
static bool counts_calls;

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);
extern void  __libc_free(void *block);

static bool must_fail(void)
{
    if (!counts_calls || ++calls != fail_at)
        return false;
    errno = ENOMEM;
    return true;
}

static void *counted(void *block)
{
    blocks += counts_calls && block;
    return block;
}

EXPORTED void *malloc(size_t bytes)
{
    return must_fail() ? NULL : counted(__libc_malloc(bytes));
}

EXPORTED void *calloc(size_t count, size_t bytes)
{
    return must_fail() ? NULL : counted(__libc_calloc(count, bytes));
}

EXPORTED void *realloc(void *block, size_t bytes)
{
    if (must_fail())
        return NULL;
    return block ? __libc_realloc(block, bytes) : counted(__libc_malloc(bytes));
}

EXPORTED void *aligned_alloc(size_t alignment, size_t bytes)
{
    return must_fail() ? NULL : counted(__libc_memalign(alignment, bytes));
}

EXPORTED void free(void *block)
{
    blocks -= counts_calls && block;
    __libc_free(block);
}

static ramify_tree  *tree;
static fake_machine *fake;
static char         *own; /* MAPPED pages of the program's */

/* OK, or no memory and nothing else; and what was there before still is. */
static bool went(ramify_status status, ramify_space *space, const void *first)
{
    bool ok = !status;
    if (status && status != RAMIFY_ERR_NO_MEMORY)
        fail_msg("a failed allocation came out as %s", ramify_status_text(status));
    counts_calls = false;
    if (first)
        assert_int_equal(ramify_space_locate(space, first), fake_domain(tree, 1));
    counts_calls = true;
    return ok;
}

static void live(void)
{
    ramify_space    *space    = NULL;
    ramify_replicas *replicas = NULL;
    ramify_array    *array    = NULL;
    void            *first = NULL, *second = NULL, *moved = NULL;
    uint32_t         listed[] = { 1, 2 };
    ramify_wish      wish     = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = fake_domain(tree, 1) };
    const ramify_cut cut      = { .rule = RAMIFY_CUT_CYCLIC, .block = 700 };
    if (!went(rmf_space_open_with(tree, NULL, &fake_pages, fake, &space), NULL, NULL))
        return;
    if (went(ramify_space_allocate(space, 3 * PAGE, &wish, &first, NULL), space, NULL))
        assert_int_equal(ramify_space_locate(space, first), wish.domain);
    wish = (ramify_wish){ .placement = RAMIFY_PLACEMENT_INTERLEAVE, .domains = listed, .domain_count = 2 };
    (void)went(ramify_space_allocate(space, 9 * PAGE, &wish, &second, NULL), space, first);
    (void)went(ramify_array_create(space, 20000, 8, &cut, NULL, &array, NULL), space, first);
    bool registered = went(ramify_space_register(space, own, MAPPED * PAGE, NULL), space, first);
    if (registered) {
        (void)went(ramify_space_refresh(space, own, NULL), space, first);
        (void)went(ramify_space_migrate(space, own + PAGE, 3 * PAGE, 0, 0, NULL), space, first);
        (void)went(ramify_space_follow(space, own + PAGE, 9 * PAGE), space, first);
        (void)went(ramify_space_touch(space, own + 4 * PAGE, 2 * PAGE, 3, NULL), space, first);
    }
    if (second && went(ramify_space_resize(space, second, 80 * PAGE, &moved, NULL), space, first))
        second = moved;
    (void)went(ramify_space_replicate(space, own, 3 * PAGE, &replicas), space, first);
    if (registered)
        assert_int_equal(ramify_space_unregister(space, own), RAMIFY_OK);
    if (second)
        assert_int_equal(ramify_space_release(space, second), RAMIFY_OK);
    ramify_space_free(space);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    long lives = 0;
    fake       = fake_make(NODES);
    tree       = fake_tree();
    own        = mmap(NULL, MAPPED * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(own, MAP_FAILED);
    fake->uniform = 2;
    memset(own, 1, MAPPED * PAGE);
    for (fail_at = 1; lives == 0 || calls >= fail_at - 1; fail_at++, lives++) {
        fake->policy_count = 0; /* of addresses that are used again */
        calls = blocks = 0;
        counts_calls   = true;
        live();
        counts_calls = false;
        if (blocks)
            fail_msg("%ld blocks leak when allocation %ld fails", blocks, fail_at);
    }
    print_message("%ld lives\n", lives);
    assert_true(lives > 40);
    munmap(own, MAPPED * PAGE);
    ramify_tree_free(tree);
    fake_drop(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail) };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
