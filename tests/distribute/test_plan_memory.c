/* SPDX-License-Identifier: BSD-3-Clause */
/* Making a plan when memory runs out at the n-th allocation, for every n: the status says so, the plan is untouched,
 * and nothing leaks. The linker's --wrap puts the functions below between the library and the C library. */
#include "check.h"
#include "maketree.h"

#include <stdio.h>
#include <string.h>

static long countdown = -1; /* allocations until one fails; negative: none does */

static int fails(void)
{
    return countdown >= 0 && countdown-- == 0;
}

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    return fails() ? NULL : __real_realloc(memory, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, bytes);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* Fails allocation after allocation until one attempt gets through; leaks are the address sanitizer's to find. */
static long allocations_of(const ramify_tree *tree, const char *policy)
{
    for (long n = 0;; n++) {
        rmf_plan        *plan = NULL;
        ramify_diagnosis why  = { RAMIFY_OK, 0, "" };
        countdown             = n;
        ramify_status status  = rmf_plan_create(tree, policy, NULL, 1, &why, &plan);
        countdown             = -1;
        if (status == RAMIFY_OK) {
            rmf_plan_free(plan);
            return n;
        }
        assert_int_equal(status, RAMIFY_ERR_NO_MEMORY);
        assert_int_equal(why.status, RAMIFY_ERR_NO_MEMORY);
        assert_true(strlen(why.text) > 0);
        assert_null(plan);
    }
}

static void every_failure_is_clean(void **state)
{
    (void)state;
    ramify_tree *tree = tree_regular("numa:2 core:9", RAMIFY_NONE);
    for (uint32_t i = 0; i < 8; i++) {
        char        level[80];
        const char *name = ramify_policies(NULL)[i]->name;
        snprintf(level, sizeof level, "numa:%s, core:%s", name, name);
        assert_true(allocations_of(tree, name) >= 4); /* the text, its copy, and three parts of the plan at least */
        assert_true(allocations_of(tree, level) >= 4);
    }
    assert_true(allocations_of(tree, "weighted(1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9)") > 10);
    tree_drop(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_failure_is_clean) };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
