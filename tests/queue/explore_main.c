/* SPDX-License-Identifier: BSD-3-Clause */
/* One cmocka test over all cases of an exploration. */
#include "explore_main.h"

#include "check.h"

static const explore_case *all;
static size_t              all_count;

#ifdef EXPLORE_MUTANT
static void the_fault_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < all_count; i++)
        if (explore_run(&all[i]).violation)
            return;
    fail_msg("no case shows the fault");
}
#else
static void no_interleaving_does_harm(void **state)
{
    (void)state;
    for (size_t i = 0; i < all_count; i++)
        explore_assert_safe(&all[i]);
}
#endif

int explore_main(const explore_case *cases, size_t count)
{
    const struct CMUnitTest tests[] = {
#ifdef EXPLORE_MUTANT
        cmocka_unit_test(the_fault_is_found),
#else
        cmocka_unit_test(no_interleaving_does_harm),
#endif
    };
    all       = cases;
    all_count = count;
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
