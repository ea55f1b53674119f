/* SPDX-License-Identifier: BSD-3-Clause */
/* Places in OpenMP's words, and the parts of MPI ranks that nobody bound.
 * The machine: 2 packages x 2 nodes x 2 cores x 2 threads; core c has PUs 2c and 2c+1. */
#include "machines.h"
#include "places.h"

static rmf_machine *machine(void)
{
    return make_machine((plan_of_machine){ 2, 2, 2, 2 });
}

typedef struct choice {
    const char *text, *usable; /* NULL: all */
    uint32_t    workers;
    bool        close;
    uint32_t    count; /* expected */
    const char *cpus;
} choice;

static void places_are_chosen_as_openmp_does(void **state)
{
    (void)state;
    static const choice cases[] = {
        { "cores", NULL, 0, false, 8, "0-15" },
        { "threads", NULL, 0, false, 16, "0-15" },
        { "sockets", NULL, 0, false, 2, "0-15" },
        { "numa_domains", NULL, 0, false, 4, "0-15" },
        { "ll_caches", NULL, 0, false, 1, "0-15" }, /* this machine names none */
        { "cores(3)", NULL, 0, false, 3, "0-5" },
        { " sockets ( 1 ) ", NULL, 0, false, 1, "0-7" },
        { "cores", NULL, 2, true, 2, "0-3" },
        { "cores", NULL, 2, false, 2, "0-1,8-9" },
        { "cores", NULL, 3, false, 3, "0-1,4-5,10-11" },
        { "cores", NULL, 9, false, 8, "0-15" },
        { "cores", "4-7", 0, false, 2, "4-7" },
        { "{0,1},{2,3}", NULL, 0, false, 2, "0-3" },
        { "{0:4}", NULL, 0, false, 1, "0-3" },
        { "{0:4:2}", NULL, 0, false, 1, "0,2,4,6" },
        { "{0:2}:4:4", NULL, 0, false, 4, "0-1,4-5,8-9,12-13" },
        { "{15}:4:-1", NULL, 0, false, 4, "12-15" },
        { "{0:4,!2}", NULL, 0, false, 1, "0-1,3" },
        { "{0}:4,!{2}", NULL, 0, false, 3, "0-1,3" },
        { "{0},{40}", NULL, 0, false, 1, "0" },
        { "{40}", NULL, 0, false, 0, "" },
    };
    rmf_machine *m = machine();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const choice *c                          = &cases[i];
        uint64_t      usable[RMF_BITS_MAX_WORDS] = { 0 }, set[RMF_BITS_MAX_WORDS];
        uint32_t      count;
        char          list[80];
        assert_int_equal(rmf_bits_parse(c->usable ? c->usable : "0-15", usable, NULL), RAMIFY_OK);
        assert_int_equal(rmf_places_choose(c->text, m, usable, c->workers, c->close, set, &count, NULL), RAMIFY_OK);
        rmf_bits_list(set, m->words, list, sizeof list);
        if (count != c->count || strcmp(list, c->cpus) != 0)
            fail_msg("%s: %u places, CPUs %s; expected %u, %s", c->text, count, list, c->count, c->cpus);
    }
    rmf_machine_free(m);
}

static void what_is_no_place_is_pointed_at(void **state)
{
    (void)state;
    static const struct {
        const char   *text;
        ramify_status status;
        size_t        position;
    } cases[] = {
        { "core", RAMIFY_ERR_SYNTAX, 0 },
        { "cores(0)", RAMIFY_ERR_RANGE, 7 },
        { "cores(2", RAMIFY_ERR_SYNTAX, 7 },
        { "cores x", RAMIFY_ERR_SYNTAX, 6 },
        { "", RAMIFY_ERR_SYNTAX, 0 },
        { "{0", RAMIFY_ERR_SYNTAX, 2 },
        { "{}", RAMIFY_ERR_SYNTAX, 1 },
        { "{0},", RAMIFY_ERR_SYNTAX, 4 },
        { "{0}{1}", RAMIFY_ERR_SYNTAX, 3 },
        { "{99999}", RAMIFY_ERR_RANGE, 5 },
        { "{0:0}", RAMIFY_ERR_RANGE, 4 },
        { "{0:9000}", RAMIFY_ERR_RANGE, 7 },
        { "{3:4:-1,2:4:-1}", RAMIFY_ERR_RANGE, 14 },
        { "{0}:3:-1", RAMIFY_ERR_RANGE, 8 },
    };
    rmf_machine *m = machine();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t         usable[RMF_BITS_MAX_WORDS] = { 0xffff }, set[RMF_BITS_MAX_WORDS];
        uint32_t         count                      = 77;
        ramify_diagnosis why                        = { 0 };
        ramify_status    status = rmf_places_choose(cases[i].text, m, usable, 0, false, set, &count, &why);
        if (status != cases[i].status || why.position != cases[i].position)
            fail_msg("\"%s\": status %d at %zu, expected %d at %zu", cases[i].text, status, why.position,
                     cases[i].status, cases[i].position);
        assert_int_equal(count, 77);
        assert_non_null(strstr(why.text, "places look like"));
    }
    rmf_machine_free(m);
}

static void places_make_the_tree(void **state)
{
    (void)state;
    rmf_machine              *m    = machine();
    const ramify_tree_options how  = { .places = "numa_domains", .workers = 2 };
    ramify_tree              *tree = build(m, NULL, &how);
    assert_int_equal(ramify_tree_leaf_count(tree), 2);
    assert_int_equal(ramify_tree_limit(tree), RAMIFY_LIMIT_REQUEST);
    assert_string_equal(cpus_of(ramify_tree_leaf(tree, 0)), "0-3");
    assert_string_equal(cpus_of(ramify_tree_leaf(tree, 1)), "8-11");
    assert_string_equal(ramify_tree_reason(tree), "2 workers: on 2 places of \"numa_domains\", CPUs 0-3,8-11");
    ramify_tree_free(tree);

    ramify_diagnosis          why  = { 0 };
    const ramify_tree_options none = { .places = "{77}", .diagnosis = &why };
    ramify_tree              *same = tree;
    assert_int_equal(rmf_tree_build(m, NULL, &none, &tree), RAMIFY_ERR_INVALID);
    assert_ptr_equal(tree, same);
    assert_string_equal(why.text, "places \"{77}\" hold none of the CPUs that may be used: 0-15");
    rmf_machine_free(m);
}

/* A tree for one rank of several. */
static ramify_tree *of_rank(const rmf_machine *m, uint32_t rank, uint32_t count, const char *mask,
                            const ramify_tree_options *options)
{
    rmf_limits *limits = calloc(1, sizeof *limits);
    assert_non_null(limits);
    limits->ranks        = (rmf_local_ranks){ rank, count, "LOCAL_RANK" };
    limits->has_affinity = true;
    assert_int_equal(rmf_bits_parse(mask, limits->affinity, NULL), RAMIFY_OK);
    ramify_tree *tree = build(m, limits, options);
    free(limits);
    return tree;
}

static void unbound_ranks_share_the_machine(void **state)
{
    (void)state;
    rmf_machine *m = machine();
    for (uint32_t ranks = 2; ranks <= 11; ranks++) {
        uint64_t all = 0;
        for (uint32_t rank = 0; rank < ranks; rank++) {
            ramify_tree *tree = of_rank(m, rank, ranks, "0-15", NULL);
            uint64_t     mine = ramify_tree_domains(tree, NULL)[0].cpus.words[0];
            assert_int_equal(ramify_tree_limit(tree), RAMIFY_LIMIT_RANKS);
            if (ranks <= 8)
                assert_int_equal(all & mine, 0); /* nobody has a core twice */
            all |= mine;
            ramify_tree_free(tree);
        }
        if (ranks <= 8)
            assert_int_equal(all, 0xffff); /* and none is left over */
    }
    ramify_tree *tree = of_rank(m, 1, 4, "0-15", NULL);
    assert_string_equal(ramify_tree_reason(tree),
                        "2 workers: MPI rank 1 of 4 here (LOCAL_RANK), bound nowhere, takes its part, CPUs 4-7");
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

static void bound_ranks_and_requests_are_left_alone(void **state)
{
    (void)state;
    rmf_machine              *m    = machine();
    const ramify_tree_options cpus = { .cpus = "0-7" }, places = { .places = "sockets" };
    ramify_tree              *tree = of_rank(m, 1, 4, "8-11", NULL);
    assert_int_equal(ramify_tree_limit(tree), RAMIFY_LIMIT_AFFINITY);
    assert_string_equal(cpus_of(ramify_tree_domains(tree, NULL)), "8-11");
    ramify_tree_free(tree);
    tree = of_rank(m, 1, 4, "0-15", &cpus);
    assert_string_equal(cpus_of(ramify_tree_domains(tree, NULL)), "0-7");
    ramify_tree_free(tree);
    tree = of_rank(m, 1, 4, "0-15", &places);
    assert_string_equal(cpus_of(ramify_tree_domains(tree, NULL)), "0-15");
    ramify_tree_free(tree);
    tree = of_rank(m, 0, 1, "0-15", NULL); /* alone here */
    assert_int_equal(ramify_tree_limit(tree), RAMIFY_LIMIT_MACHINE);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_chosen_as_openmp_does),
        cmocka_unit_test(what_is_no_place_is_pointed_at),
        cmocka_unit_test(places_make_the_tree),
        cmocka_unit_test(unbound_ranks_share_the_machine),
        cmocka_unit_test(bound_ranks_and_requests_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
