/* SPDX-License-Identifier: BSD-3-Clause */
/* One conformance test that every source passes on this machine, and what a source says that cannot answer. */
#include "machines.h"
#include "source.h"

#include <unistd.h>

static const rmf_source *const sources[] = { &rmf_source_hwloc, &rmf_source_flat };

static void assert_conforms(const rmf_machine *m)
{
    assert_true(m->words > 0 && m->words <= RMF_BITS_MAX_WORDS);
    assert_false(rmf_bits_is_empty(m->online, m->words));
    assert_false(rmf_bits_is_empty(m->allowed, m->words));
    assert_true(rmf_bits_is_subset(m->allowed, m->online, m->words));
    for (uint32_t i = 0; i < m->object_count; i++) {
        const rmf_object *o = &m->objects[i];
        assert_true(o->level <= RMF_LEVEL_CACHE_ONLY);
        assert_true(rmf_bits_is_subset(o->cpus, m->online, m->words));
    }
    double fastest = 0;
    RMF_BITS_FOREACH(pu, m->online, m->words)
    {
        assert_true(m->speed[pu] > 0 && m->speed[pu] <= 1.0);
        fastest = m->speed[pu] > fastest ? m->speed[pu] : fastest;
        assert_true(m->home[pu] == RAMIFY_NONE || m->home[pu] < m->node_count);
    }
    assert_true(fastest == 1.0);
    for (uint32_t n = 1; n < m->node_count; n++)
        assert_true(m->nodes[n - 1].os_index < m->nodes[n].os_index);
    assert_true(strlen(m->source) > 0);
    assert_true(strlen(m->speed_source) > 0);
}

static void every_source_describes_this_machine(void **state)
{
    (void)state;
    unsigned answered = 0;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        ramify_diagnosis   why     = { 0 };
        rmf_machine       *m       = NULL;
        rmf_source_request request = { .origin = RMF_ORIGIN_THIS_MACHINE, .diagnosis = &why };
        ramify_status      status  = sources[i]->discover(&request, &m);
        if (status == RAMIFY_ERR_NOT_BUILT) {
            assert_int_equal(why.status, status);
            continue;
        }
        assert_int_equal(status, RAMIFY_OK);
        assert_conforms(m);
        assert_true(m->this_machine);
        assert_int_equal(rmf_bits_count(m->online, m->words), sysconf(_SC_NPROCESSORS_ONLN));
        ramify_tree_free(build(m, NULL, NULL));
        rmf_machine_free(m);
        answered++;
    }
    assert_true(answered >= 1);
}

static void the_flat_source_reads_no_files(void **state)
{
    (void)state;
    ramify_diagnosis   why     = { 0 };
    rmf_machine       *m       = NULL;
    rmf_source_request request = { .origin = RMF_ORIGIN_XML, .text = "some.xml", .diagnosis = &why };
    assert_int_equal(rmf_source_flat.discover(&request, &m), RAMIFY_ERR_NOT_BUILT);
    assert_int_equal(why.status, RAMIFY_ERR_NOT_BUILT);
    assert_non_null(strstr(why.text, "some.xml"));
    assert_null(m);
}

static void a_flat_machine_makes_a_flat_tree(void **state)
{
    (void)state;
    rmf_machine       *m       = NULL;
    rmf_source_request request = { .origin = RMF_ORIGIN_THIS_MACHINE };
    assert_int_equal(rmf_source_flat.discover(&request, &m), RAMIFY_OK);
    ramify_tree         *tree = build(m, NULL, NULL);
    uint32_t             count, memories;
    const ramify_domain *root = ramify_tree_domains(tree, &count);
    assert_int_equal(root->leaf_count, sysconf(_SC_NPROCESSORS_ONLN));
    assert_int_equal(count, root->leaf_count == 1 ? 1 : root->leaf_count + 1);
    assert_int_equal(root->node, RAMIFY_NONE);
    ramify_tree_memories(tree, &memories);
    assert_int_equal(memories, 0);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_source_describes_this_machine),
        cmocka_unit_test(the_flat_source_reads_no_files),
        cmocka_unit_test(a_flat_machine_makes_a_flat_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
