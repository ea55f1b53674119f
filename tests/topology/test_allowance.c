/* SPDX-License-Identifier: BSD-3-Clause */
/* Cpuset, affinity mask, quota, request: the least decides, and the tree says which it was. */
#include "machines.h"

static rmf_limits *no_limits(void)
{
    rmf_limits *limits = calloc(1, sizeof *limits);
    assert_non_null(limits);
    return limits;
}

static void set_list(uint64_t *set, const char *list)
{
    rmf_bits_clear(set, RMF_BITS_MAX_WORDS);
    assert_int_equal(rmf_bits_parse(list, set, NULL), RAMIFY_OK);
}

typedef struct expectation {
    const char  *cpuset, *affinity;
    double       quota_cpus;
    const char  *cpus;
    uint32_t     workers, per;
    uint32_t     leaves;
    ramify_limit limit;
    const char  *root_cpus, *reason;
} expectation;

/* 2 packages x 1 node x 4 cores x 2 threads: PUs 0-15, core c has 2c and 2c+1. */
static void the_least_limit_decides(void **state)
{
    (void)state;
    static const expectation cases[] = {
        { .leaves    = 8,
          .limit     = RAMIFY_LIMIT_MACHINE,
          .root_cpus = "0-15",
          .reason    = "8 workers: one for each core of the machine" },
        { .per       = RAMIFY_PER_PU,
          .leaves    = 16,
          .limit     = RAMIFY_LIMIT_MACHINE,
          .root_cpus = "0-15",
          .reason    = "16 workers: one for each hardware thread of the machine" },
        { .cpuset    = "0-7",
          .leaves    = 4,
          .limit     = RAMIFY_LIMIT_CPUSET,
          .root_cpus = "0-7",
          .reason    = "4 workers: one for each core of the cpuset the system allows, CPUs 0-7" },
        { .cpuset = "0-7", .affinity = "0-7", .leaves = 4, .limit = RAMIFY_LIMIT_CPUSET, .root_cpus = "0-7" },
        { .cpuset    = "0-7",
          .affinity  = "4-11",
          .leaves    = 2,
          .limit     = RAMIFY_LIMIT_AFFINITY,
          .root_cpus = "4-7",
          .reason    = "2 workers: one for each core of the thread's affinity mask, CPUs 4-7" },
        { .affinity  = "3",
          .leaves    = 1,
          .limit     = RAMIFY_LIMIT_AFFINITY,
          .root_cpus = "3",
          .reason    = "1 worker: one for each core of the thread's affinity mask, CPUs 3" },
        { .affinity  = "0,2,4,6,8,10,12,14",
          .leaves    = 8,
          .limit     = RAMIFY_LIMIT_MACHINE,
          .root_cpus = "0,2,4,6,8,10,12,14" },
        { .quota_cpus = 1.5,
          .leaves     = 2,
          .limit      = RAMIFY_LIMIT_QUOTA,
          .root_cpus  = "0-15",
          .reason     = "2 workers: the cgroup's CPU quota of 1.50 CPUs (cpu.max), rounded up" },
        { .quota_cpus = 3.0, .leaves = 3, .limit = RAMIFY_LIMIT_QUOTA, .root_cpus = "0-15" },
        { .quota_cpus = 0.01, .leaves = 1, .limit = RAMIFY_LIMIT_QUOTA, .root_cpus = "0-15" },
        { .quota_cpus = 8.0, .leaves = 8, .limit = RAMIFY_LIMIT_MACHINE, .root_cpus = "0-15" },
        { .quota_cpus = 1e12, .leaves = 8, .limit = RAMIFY_LIMIT_MACHINE, .root_cpus = "0-15" },
        { .affinity = "0-3", .quota_cpus = 4.5, .leaves = 2, .limit = RAMIFY_LIMIT_AFFINITY, .root_cpus = "0-3" },
        { .affinity = "0-9", .quota_cpus = 2.25, .leaves = 3, .limit = RAMIFY_LIMIT_QUOTA, .root_cpus = "0-9" },
        { .workers   = 3,
          .leaves    = 3,
          .limit     = RAMIFY_LIMIT_REQUEST,
          .root_cpus = "0-15",
          .reason    = "3 workers: as many as asked for, on CPUs 0-15" },
        { .workers = 40, .leaves = 40, .limit = RAMIFY_LIMIT_REQUEST, .root_cpus = "0-15" },
        { .workers = 6, .quota_cpus = 2, .leaves = 6, .limit = RAMIFY_LIMIT_REQUEST, .root_cpus = "0-15" },
        { .cpus      = "0-3,8",
          .leaves    = 3,
          .limit     = RAMIFY_LIMIT_REQUEST,
          .root_cpus = "0-3,8",
          .reason    = "3 workers: one for each core of the CPUs asked for, 0-3,8" },
        { .cpus = "0-3,99", .leaves = 2, .limit = RAMIFY_LIMIT_REQUEST, .root_cpus = "0-3" },
        { .cpus = "0-15", .leaves = 8, .limit = RAMIFY_LIMIT_MACHINE, .root_cpus = "0-15" },
        { .cpus = "8-15", .workers = 2, .leaves = 2, .limit = RAMIFY_LIMIT_REQUEST, .root_cpus = "8-15" },
        { .cpuset = "100-200", .leaves = 8, .limit = RAMIFY_LIMIT_MACHINE, .root_cpus = "0-15" },
    };
    rmf_machine *m = make_machine((plan_of_machine){ 2, 1, 4, 2 });
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const expectation  *e      = &cases[i];
        rmf_limits         *limits = no_limits();
        ramify_tree_options o      = { .cpus = e->cpus, .workers = e->workers, .workers_per = e->per };
        limits->quota_cpus         = e->quota_cpus;
        limits->quota_file         = "cpu.max";
        if ((limits->has_cpuset = e->cpuset != NULL))
            set_list(limits->cpuset, e->cpuset);
        if ((limits->has_affinity = e->affinity != NULL))
            set_list(limits->affinity, e->affinity);
        ramify_tree *tree = build(m, limits, &o);
        assert_int_equal(ramify_tree_leaf_count(tree), e->leaves);
        assert_int_equal(ramify_tree_limit(tree), e->limit);
        assert_string_equal(cpus_of(ramify_tree_domains(tree, NULL)), e->root_cpus);
        if (e->reason)
            assert_string_equal(ramify_tree_reason(tree), e->reason);
        ramify_tree_free(tree);
        free(limits);
    }
    rmf_machine_free(m);
}

static void what_a_source_forbids_is_the_cpuset(void **state)
{
    (void)state;
    rmf_machine *m = make_machine((plan_of_machine){ 2, 1, 4, 2 });
    for (uint32_t pu = 4; pu < 16; pu++)
        m->allowed[0] &= ~(1ull << pu);
    ramify_tree *tree = build(m, NULL, NULL);
    assert_int_equal(ramify_tree_leaf_count(tree), 2);
    assert_int_equal(ramify_tree_limit(tree), RAMIFY_LIMIT_CPUSET);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

static void lists_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char   *cpus;
        ramify_status status;
        size_t        position;
    } wrong[] = {
        { "x", RAMIFY_ERR_SYNTAX, 0 },    { "0-3,", RAMIFY_ERR_SYNTAX, 4 }, { "0-9999999", RAMIFY_ERR_RANGE, 2 },
        { "100", RAMIFY_ERR_INVALID, 0 }, { "", RAMIFY_ERR_SYNTAX, 0 },
    };
    rmf_machine *m = make_machine((plan_of_machine){ 1, 1, 4, 1 });
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ramify_diagnosis why  = { 0 };
        ramify_tree     *tree = NULL;
        assert_int_equal(
            rmf_tree_build(m, NULL, &(ramify_tree_options){ .cpus = wrong[i].cpus, .diagnosis = &why }, &tree),
            wrong[i].status);
        assert_null(tree);
        assert_int_equal(why.status, wrong[i].status);
        assert_int_equal(why.position, wrong[i].position);
        assert_non_null(strstr(why.text, "CPU list"));
    }
    rmf_machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_limit_decides),
        cmocka_unit_test(what_a_source_forbids_is_the_cpuset),
        cmocka_unit_test(lists_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
