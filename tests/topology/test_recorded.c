/* SPDX-License-Identifier: BSD-3-Clause */
/* Recorded topologies of machines nobody here owns: every file of a folder builds a valid tree, by core, by hardware
 * thread and for odd numbers of workers; and of those known by name, what the tree must look like.
 *
 * The folder is the first argument or RAMIFY_TEST_TOPOLOGIES; without either, the project's own small fixtures. What is
 * expected of the known ones comes from hwloc-calc (numbers of cores and PUs) and from reading the files. */
#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <ramify/tree.h>

static const char *folder;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

typedef struct fact {
    const char *file;
    uint32_t    cores, pus;
    const char *levels; /* of the domains on the way to leaf 0, without the root */
    uint32_t    nodes, nodes_with_cpus;
    double      capacity; /* of the whole, a worker per core */
} fact;

static const fact facts[] = {
    { "128arm-2pa2n8cluster4co.xml", 128, 128, "package numa group l2", 4, 4, 128 },
    { "16amd64-8n2c-cpusets.xml", 10, 10, "package l2", 4, 3, 10 },
    { "16em64t-4s2c2t-offlines.xml", 7, 12, "package l2", 1, 1, 7 },
    { "192em64t-12gr2n8c2t.xml", 192, 384, "group package l2", 24, 24, 192 },
    { "20em64t-hybrid-1p6c2t-2ca4co1t.xml", 14, 20, "l2", 1, 1, 6 + 8 * 3900.0 / 5000.0 },
    { "256ia64-64n2s2c.xml", 256, 256, "group group numa package core", 64, 64, 256 },
    { "256ppc-8n8s4t.xml", 64, 256, "group numa package", 8, 8, 64 },
    { "48amd64-4pa2n6c-sparse.xml", 48, 48, "package numa l2", 8, 8, 48 },
    { "64amd64-4s2n4ca2co.xml", 64, 64, "package numa l2 core", 8, 8, 64 },
    { "64intel64-3g2n-2n-irregulargroups-pci.xml", 16, 16, "package l2", 8, 8, 16 },
    { "64intel64-fakeKNL-SNC4-hybrid.xml", 16, 64, "numa l2 core", 8, 4, 16 },
    { "8em64t-2s4c-asymcaches.xml", 8, 8, "package core", 1, 1, 8 },
    { "96em64t-4n4d3ca2co-pci.xml", 96, 96, "numa package l2 core", 4, 4, 96 },
    { "AMD-19h-Zen4-2xEpyc-9654.xml", 192, 384, "package l3 l2", 1, 1, 192 },
    { "Intel-RaptorLake-Corei7-1370P.xml", 14, 20, "l2", 1, 1, 6 + 8 * 0.75 },
    { "Intel-SapphireRapids-2xXeonMax9460.xml", 80, 160, "package l2", 1, 1, 80 },
    { "fakecpukinds.xml", 2, 4, "core", 1, 1, 1.5 },
    { "fakeheterodistances.xml", 8, 8, "group group package numa", 8, 8, 8 },
    { "fakeheteromemtiers.xml", 6, 6, "numa l2", 7, 3, 6 },
    { "fakememinitiators-1np2c-1npp-gi.xml", 8, 8, "package numa core", 6, 4, 8 },
};

static ramify_tree *open_valid(const char *path, ramify_tree_options options)
{
    ramify_tree     *tree = NULL;
    ramify_diagnosis why  = { 0 };
    options.from          = path;
    options.diagnosis     = &why;
    if (ramify_tree_open(&options, &tree) != RAMIFY_OK || ramify_tree_check(tree, &why) != RAMIFY_OK)
        fail_msg("%s: %s", path, why.text);
    return tree;
}

static void levels_to_leaf_0(const ramify_tree *tree, char *text, size_t bytes)
{
    size_t               length = 0;
    const ramify_domain *d      = ramify_tree_domains(tree, NULL);
    text[0]                     = '\0';
    for (uint32_t at = 0; d[at].child_count && length < bytes;) {
        at = d[at].first_child;
        length += (size_t)snprintf(text + length, bytes - length, "%s%s", length ? " " : "",
                                   ramify_level_name((int)d[at].level));
    }
}

static void assert_fact(const fact *f, const char *path)
{
    ramify_tree         *tree = open_valid(path, (ramify_tree_options){ 0 });
    char                 levels[128];
    uint32_t             nodes, with_cpus = 0;
    const ramify_memory *memories = ramify_tree_memories(tree, &nodes);
    for (uint32_t n = 0; n < nodes; n++)
        with_cpus += memories[n].has_cpus;
    levels_to_leaf_0(tree, levels, sizeof levels);
    assert_int_equal(ramify_tree_leaf_count(tree), f->cores);
    assert_string_equal(levels, f->levels);
    assert_int_equal(nodes, f->nodes);
    assert_int_equal(with_cpus, f->nodes_with_cpus);
    double error = ramify_tree_domains(tree, NULL)->capacity - f->capacity;
    assert_true(error < 1e-9 && error > -1e-9);
    ramify_tree_free(tree);
    tree = open_valid(path, (ramify_tree_options){ .workers_per = RAMIFY_PER_PU });
    assert_int_equal(ramify_tree_leaf_count(tree), f->pus);
    ramify_tree_free(tree);
}

static void assert_any_number_of_workers(const char *path)
{
    static const uint32_t numbers[] = { 1, 2, 3, 5, 7, 12, 31, 64, 100, 257, 1000 };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        ramify_tree *tree = open_valid(path, (ramify_tree_options){ .workers = numbers[i] });
        assert_int_equal(ramify_tree_leaf_count(tree), numbers[i]);
        ramify_tree_free(tree);
    }
}

static void every_file_builds_a_valid_tree(void **state)
{
    (void)state;
    DIR *files = opendir(folder);
    if (!files)
        fail_msg("%s: no such folder", folder);
    unsigned known = 0, seen = 0;
    for (struct dirent *entry; (entry = readdir(files));) {
        char path[1024];
        if (strlen(entry->d_name) < 5 || strcmp(entry->d_name + strlen(entry->d_name) - 4, ".xml") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        uint64_t     start = now_ns();
        ramify_tree *tree  = open_valid(path, (ramify_tree_options){ 0 });
        print_message("%-50s %4u leaves in %5.1f ms\n", entry->d_name, ramify_tree_leaf_count(tree),
                      (double)(now_ns() - start) / 1e6);
        ramify_tree_free(tree);
        assert_any_number_of_workers(path);
        for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
            if (strcmp(facts[i].file, entry->d_name) == 0) {
                assert_fact(&facts[i], path);
                known++;
            }
        seen++;
    }
    closedir(files);
    print_message("%u files, %u of them known by name\n", seen, known);
    assert_true(seen > 0);
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : getenv("RAMIFY_TEST_TOPOLOGIES");
    if (!folder || !*folder)
        folder = FIXTURES;
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_file_builds_a_valid_tree) };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
