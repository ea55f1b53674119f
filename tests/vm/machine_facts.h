/* SPDX-License-Identifier: BSD-3-Clause */
/* What is true of each machine in tests/vm/machines, written down from its description and not from what the library
 * said of it. */
#ifndef RAMIFY_TESTS_VM_MACHINE_FACTS_H
#define RAMIFY_TESTS_VM_MACHINE_FACTS_H

#include "guest.h"

enum { FACTS_NODES = 8 };

/* A NUMA node. */
typedef struct node_facts {
    guest_cpus near; /* CPUs of the domain it belongs to: its own, or for a CPU-less node its initiator's */
    uint32_t   kind; /* ramify_memory_kind; DRAM: nothing marks it as something else */
    bool       has_cpus;
    bool       is_empty;                             /* no memory */
    uint64_t   latency_ns, bandwidth_mib_per_second; /* as its HMAT says, 0: it has none */
} node_facts;

/* A level and how many domains have it. */
typedef struct level_facts {
    uint32_t level, domains;
} level_facts;

typedef struct machine_facts {
    const char    *name;
    uint32_t       pus, cores, node_count;
    level_facts    levels[4]; /* besides node, core and pu; unused ones are 0 */
    node_facts     nodes[FACTS_NODES];
    const char    *nearest;   /* for each CPU one digit: the nearest node with memory */
    const uint8_t *distances; /* node_count rows; NULL: 10 to itself, 20 to any other */
    const double  *capacity;  /* per CPU, in cores of the fastest kind; NULL: equal cores */
} machine_facts;

/* The facts of the machine this program runs on; fails the test when there are none. */
const machine_facts *machine_facts_here(void);

#endif
