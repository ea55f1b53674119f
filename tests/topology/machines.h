/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines made by hand for tests, so that they need no hwloc: packages x NUMA nodes x cores x threads, PUs numbered
 * along the tree. */
#ifndef RAMIFY_TESTS_MACHINES_H
#define RAMIFY_TESTS_MACHINES_H

#include "check.h"
#include "tree_inside.h"

#include <stdio.h>
#include <string.h>

typedef struct plan_of_machine {
    uint32_t packages, nodes_each, cores_each, threads_each;
} plan_of_machine;

static inline void put_object(rmf_machine *m, uint32_t *at, uint32_t level, uint32_t index, uint32_t first,
                              uint32_t count)
{
    rmf_object *o = &m->objects[(*at)++];
    o->level      = level;
    o->os_index   = index;
    for (uint32_t pu = first; pu < first + count; pu++)
        rmf_bits_add(o->cpus, pu);
}

/* Every level of the plan is there, also those that do not branch. */
static inline rmf_machine *make_machine(plan_of_machine p)
{
    uint32_t     nodes = p.packages * p.nodes_each, cores = nodes * p.cores_each, pus = cores * p.threads_each, at = 0;
    uint32_t     per_node = p.cores_each * p.threads_each, per_package = per_node * p.nodes_each;
    rmf_machine *m = NULL;
    assert_int_equal(rmf_machine_create(p.packages + cores, nodes, pus, &m), RAMIFY_OK);
    for (uint32_t i = 0; i < p.packages; i++)
        put_object(m, &at, RAMIFY_LEVEL_PACKAGE, i, i * per_package, per_package);
    for (uint32_t i = 0; i < cores; i++)
        put_object(m, &at, RAMIFY_LEVEL_CORE, i, i * p.threads_each, p.threads_each);
    for (uint32_t i = 0; i < pus; i++) {
        rmf_bits_add(m->online, i);
        rmf_bits_add(m->allowed, i);
    }
    for (uint32_t i = 0; i < nodes; i++) {
        m->nodes[i].os_index = i;
        m->nodes[i].bytes    = 1 << 30;
        for (uint32_t pu = i * per_node; pu < (i + 1) * per_node; pu++)
            rmf_bits_add(m->nodes[i].cpus, pu);
    }
    strcpy(m->source, "made by hand");
    rmf_machine_settle(m);
    return m;
}

/* Builds a tree that must hold its invariants. */
static inline ramify_tree *build(const rmf_machine *m, const rmf_limits *limits, const ramify_tree_options *options)
{
    static const ramify_tree_options plain;
    ramify_tree                     *tree = NULL;
    ramify_diagnosis                 why  = { 0 };
    assert_int_equal(rmf_tree_build(m, limits, options ? options : &plain, &tree), RAMIFY_OK);
    if (ramify_tree_check(tree, &why) != RAMIFY_OK)
        fail_msg("%s", why.text);
    return tree;
}

/* The PUs of a leaf as a list, in a buffer that the next call overwrites. */
static inline const char *cpus_of(const ramify_domain *d)
{
    static char list[128];
    return rmf_bits_list(d->cpus.words, d->cpus.word_count, list, sizeof list);
}

#endif
