/* SPDX-License-Identifier: BSD-3-Clause */
/* Every allocation of this library fails once, in turn, while a tree is opened and rendered: the answer is "no memory",
 * and nothing leaks. The linker puts the functions below in the place of malloc and its kin for this library's code;
 * hwloc's own allocations are not touched. */
#include "check.h"
#include "tree_inside.h"

#include <string.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);

static long countdown = -1; /* allocations until one fails; negative: none does */

static int fails(void)
{
    return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails() ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* Fails the first allocation, then the second, until one more than there are. AddressSanitizer's leak checker, where it
 * is built in, looks at what is left at the end of the program. */
static void assert_each_failure_is_survived(const ramify_tree_options *options)
{
    unsigned      failures = 0;
    ramify_status status   = RAMIFY_ERR_NO_MEMORY;
    for (long n = 0; status; n++) {
        ramify_tree *tree = NULL;
        countdown         = n;
        status            = ramify_tree_open(options, &tree);
        if (countdown >= 0)
            assert_int_equal(status, RAMIFY_OK); /* none was left to fail */
        if (status) {
            assert_int_equal(status, RAMIFY_ERR_NO_MEMORY);
            assert_null(tree);
            failures++;
        }
        countdown = -1;
        ramify_tree_free(tree);
        assert_true(n < 10000);
    }
    assert_true(failures >= 10);
}

static void opening_a_file(void **state)
{
    (void)state;
    assert_each_failure_is_survived(&(ramify_tree_options){ .from = FIXTURES "/tiers.xml" });
    assert_each_failure_is_survived(&(ramify_tree_options){ .from = FIXTURES "/kinds-ranked.xml" });
}

static void opening_a_description(void **state)
{
    (void)state;
    assert_each_failure_is_survived(&(ramify_tree_options){ .from = "pack:2 core:2" });
}

static void opening_this_machine(void **state)
{
    (void)state;
    assert_each_failure_is_survived(NULL);
}

static void rendering(void **state)
{
    (void)state;
    ramify_tree *tree = NULL;
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .from = FIXTURES "/tiers.xml" }, &tree), RAMIFY_OK);
    for (int format = RAMIFY_FORMAT_TEXT; format <= RAMIFY_FORMAT_SVG; format++) {
        ramify_status status = RAMIFY_ERR_NO_MEMORY;
        for (long n = 0; status; n++) {
            char *text = NULL;
            countdown  = n;
            status     = ramify_tree_render(tree, (ramify_format)format, &text);
            countdown  = -1;
            assert_true(status == RAMIFY_OK || status == RAMIFY_ERR_NO_MEMORY);
            assert_int_equal(status == RAMIFY_OK, text != NULL);
            ramify_text_free(text);
        }
    }
    ramify_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_a_file),
        cmocka_unit_test(opening_a_description),
        cmocka_unit_test(opening_this_machine),
        cmocka_unit_test(rendering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
