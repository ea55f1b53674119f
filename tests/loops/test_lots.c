/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose iterations are whose: the own lot first, then the nearest along the tree, each once; and the homes of
 * partitioned arrays of every cut. No loop runs here, the main thread plays every worker. */
#include "loops.h"
#include "runtime/started.h"
#include "runtime_handle.h"

enum { LEAVES = 8 };

static void unused_body(void *self, const ramify_chunk *chunk)
{
    (void)self;
    (void)chunk;
}

static ramify_runtime *eight(void)
{
    return started(&(ramify_options){ .from = "package:2 l3:2 core:2 pu:1", .no_bind = true });
}

static void prepare(rmf_loop *loop, const ramify_runtime *rt, int64_t begin, int64_t end, const ramify_array *array)
{
    ramify_range       range = { begin, end, 1 };
    ramify_for_options how   = { .array = array };
    assert_int_equal(rmf_loop_prepare(loop, rt->pool, &range, 1, unused_body, NULL, &how), RAMIFY_OK);
}

static void nearest_lot_first(void **state)
{
    (void)state;
    ramify_runtime *rt = eight();
    rmf_loop        loop;
    rmf_victims     near;
    prepare(&loop, rt, 0, 100, NULL);
    assert_int_equal(rmf_lots_open(&loop), LEAVES);
    rmf_victims_init(&near, rt->tree, 5);
    static const uint32_t wanted[] = { 5, 4, 6, 7, 0, 1, 2, 3, RAMIFY_NONE };
    for (int i = 0; i <= LEAVES; i++)
        assert_int_equal(rmf_lot_claim(&loop, &near, 5), wanted[i]);
    prepare(&loop, rt, 0, 3, NULL);
    assert_int_equal(rmf_lots_open(&loop), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rmf_lot_claim(&loop, &near, 5), i);
    assert_int_equal(rmf_lot_claim(&loop, &near, 5), RAMIFY_NONE);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* Walks every lot of a loop over [begin, end) of the array; each iteration must be in one, below its part's home. */
static void check_lots(const ramify_runtime *rt, const ramify_array *array, int64_t begin, int64_t end)
{
    rmf_loop loop;
    char     seen[2000] = { 0 };
    prepare(&loop, rt, begin, end, array);
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++) {
        uint64_t size = rmf_lot_size(&loop, leaf);
        for (uint64_t at = 0; at < size;) {
            rmf_run run = rmf_lot_run(&loop, leaf, at, 7 < size - at ? 7 : size - at);
            assert_true(run.taken > 0 && run.count <= run.taken);
            for (uint64_t i = run.first; i < run.first + run.count; i++) {
                ramify_part part;
                assert_int_equal(ramify_array_part(array, ramify_array_part_of(array, (uint64_t)begin + i), &part),
                                 RAMIFY_OK);
                const ramify_domain *home = ramify_tree_domains(rt->tree, NULL) + part.domain;
                assert_true(leaf - home->first_leaf < home->leaf_count);
                assert_int_equal(seen[i]++, 0);
            }
            at += run.taken;
        }
    }
    for (int64_t i = 0; i < end - begin; i++)
        assert_int_equal(seen[i], 1);
}

static void arrays_give_homes(void **state)
{
    (void)state;
    static const double weights[LEAVES] = { 1, 0, 2, 1, 5, 1, 1, 3 };
    ramify_runtime     *rt              = eight();
    ramify_space       *space;
    assert_int_equal(ramify_space_open(rt->tree, NULL, &space), RAMIFY_OK);
    const ramify_cut cuts[] = {
        { .rule = RAMIFY_CUT_BLOCKED },
        { .rule = RAMIFY_CUT_BLOCKED, .homes = RAMIFY_HOMES_LEAVES },
        { .rule = RAMIFY_CUT_CYCLIC, .homes = RAMIFY_HOMES_LEAVES, .block = 17 },
        { .rule = RAMIFY_CUT_WEIGHTED, .homes = RAMIFY_HOMES_LEAVES, .weights = weights },
    };
    for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
        ramify_array *array;
        assert_int_equal(ramify_array_create(space, 1001, 8, &cuts[c], NULL, &array, NULL), RAMIFY_OK);
        check_lots(rt, array, 0, 1001);
        check_lots(rt, array, 1, 1000);
        check_lots(rt, array, 500, 503);
        ramify_array_free(array);
    }
    ramify_space_free(space);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nearest_lot_first), cmocka_unit_test(arrays_give_homes) };
    return cmocka_run_group_tests(tests, clear_environment, NULL) != 0;
}
