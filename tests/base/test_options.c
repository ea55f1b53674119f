/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment overrides the program, mistakes in either are named, and a failed read changes nothing. */
#include "check.h"
#include "options.h"

#include <string.h>

static int clear(void **state)
{
    (void)state;
    uint32_t               count;
    const ramify_variable *variables = ramify_variables(&count);
    for (uint32_t i = 0; i < count; i++)
        unsetenv(variables[i].name);
    return 0;
}

static void defaults_without_anything(void **state)
{
    (void)state;
    ramify_options o;
    assert_int_equal(rmf_options_read(NULL, &o, NULL), RAMIFY_OK);
    assert_string_equal(o.policy, "work-stealing");
    assert_int_equal(o.spin_us, 50);
    assert_int_equal(o.latency_every, 64);
    assert_int_equal(o.workers, 0);
}

static void a_variable_wins_over_the_program(void **state)
{
    (void)state;
    ramify_options asked = { .workers = 2, .policy = "hash", .no_bind = true }, o;
    setenv("RAMIFY_WORKERS", "7", 1);
    setenv("RAMIFY_POLICY", "random", 1);
    setenv("RAMIFY_BIND", "yes", 1);
    setenv("RAMIFY_WORKERS_PER", "pu", 1);
    setenv("RAMIFY_FULL", "run", 1);
    setenv("RAMIFY_SEED", "18446744073709551615", 1);
    assert_int_equal(rmf_options_read(&asked, &o, NULL), RAMIFY_OK);
    assert_int_equal(o.workers, 7);
    assert_string_equal(o.policy, "random");
    assert_false(o.no_bind);
    assert_int_equal(o.workers_per, RAMIFY_PER_PU);
    assert_int_equal(o.full, RAMIFY_FULL_RUN);
    assert_true(o.seed == UINT64_MAX);
}

static void an_empty_variable_is_not_set(void **state)
{
    (void)state;
    ramify_options o;
    setenv("RAMIFY_WORKERS", "", 1);
    assert_int_equal(rmf_options_read(&(ramify_options){ .workers = 3 }, &o, NULL), RAMIFY_OK);
    assert_int_equal(o.workers, 3);
}

static void mistakes_are_named_and_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char   *name, *value;
        ramify_status status;
        size_t        position;
    } wrong[] = {
        { "RAMIFY_WORKERS", "many", RAMIFY_ERR_SYNTAX, 0 },     { "RAMIFY_WORKERS", "3x", RAMIFY_ERR_SYNTAX, 1 },
        { "RAMIFY_WORKERS", "0", RAMIFY_ERR_RANGE, 0 },         { "RAMIFY_WORKERS", "-1", RAMIFY_ERR_SYNTAX, 2 },
        { "RAMIFY_WORKERS", "4097", RAMIFY_ERR_RANGE, 0 },      { "RAMIFY_SPIN_US", "0", RAMIFY_ERR_RANGE, 0 },
        { "RAMIFY_SEED", "99999999999999999999", RAMIFY_ERR_RANGE, 0 },
        { "RAMIFY_WORKERS_PER", "socket", RAMIFY_ERR_SYNTAX, 0 }, { "RAMIFY_FULL", "drop", RAMIFY_ERR_SYNTAX, 0 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ramify_options   o = { .workers = 99 };
        ramify_diagnosis why;
        clear(NULL);
        setenv(wrong[i].name, wrong[i].value, 1);
        assert_int_equal(rmf_options_read(NULL, &o, &why), wrong[i].status);
        assert_int_equal(why.status, wrong[i].status);
        assert_int_equal(why.position, wrong[i].position);
        assert_non_null(strstr(why.text, wrong[i].name));
        assert_int_equal(o.workers, 99);
    }
}

static void the_programs_own_numbers_are_checked(void **state)
{
    (void)state;
    ramify_options o;
    assert_int_equal(rmf_options_read(&(ramify_options){ .workers = 5000 }, &o, NULL), RAMIFY_ERR_RANGE);
    assert_int_equal(rmf_options_read(&(ramify_options){ .full = 3 }, &o, NULL), RAMIFY_ERR_RANGE);
    assert_int_equal(rmf_options_read(&(ramify_options){ .workers_per = 2 }, &o, NULL), RAMIFY_ERR_RANGE);
    assert_int_equal(rmf_options_read(&(ramify_options){ .queue_tasks = UINT32_MAX }, &o, NULL), RAMIFY_ERR_RANGE);
}

static void the_trees_options_follow_the_same_rule(void **state)
{
    (void)state;
    ramify_diagnosis    why   = { 0 };
    ramify_tree_options asked = { .from = "pu:4", .cpus = "0-1", .workers = 2, .diagnosis = &why }, o;
    setenv("RAMIFY_TOPOLOGY", "pu:8", 1);
    setenv("RAMIFY_WORKERS", "5", 1);
    assert_int_equal(ramify_tree_options_read(&asked, &o), RAMIFY_OK);
    assert_string_equal(o.from, "pu:8");
    assert_string_equal(o.cpus, "0-1");
    assert_int_equal(o.workers, 5);
    assert_int_equal(o.workers_per, RAMIFY_PER_CORE);
    assert_ptr_equal(o.diagnosis, &why);

    setenv("RAMIFY_WORKERS_PER", "node", 1);
    assert_int_equal(ramify_tree_options_read(&asked, &o), RAMIFY_ERR_SYNTAX);
    assert_non_null(strstr(why.text, "RAMIFY_WORKERS_PER=node"));
    assert_int_equal(o.workers, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults_without_anything, clear),
        cmocka_unit_test_setup(a_variable_wins_over_the_program, clear),
        cmocka_unit_test_setup(an_empty_variable_is_not_set, clear),
        cmocka_unit_test_setup(mistakes_are_named_and_change_nothing, clear),
        cmocka_unit_test_setup(the_programs_own_numbers_are_checked, clear),
        cmocka_unit_test_setup(the_trees_options_follow_the_same_rule, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
