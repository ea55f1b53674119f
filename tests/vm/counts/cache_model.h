/* SPDX-License-Identifier: BSD-3-Clause */
/* A model of the caches of a NUMA machine: private first and second level per CPU, one inclusive third level per node,
 * an invalidation protocol over all (modified, shared, invalid), and the memory of each node behind. Least recently
 * used lines leave; there is no prefetcher and no time. It counts where each access was served.
 *
 * It has one user at a time and no lock: the emulator runs the CPUs in turns on one thread. */
#ifndef RAMIFY_TESTS_VM_CACHE_MODEL_H
#define RAMIFY_TESTS_VM_CACHE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

enum { MODEL_CPUS = 64, MODEL_NODES = 16, MODEL_LINE_BYTES = 64, MODEL_NO_HOME = MODEL_NODES };

/* Where the accesses of one CPU were served; each access is counted in exactly one of the first six.
 * first_hits, second_hits: the CPU's own levels; shared_hits: its node's third level, or a neighbour's copy below it;
 * transfers: modified in another node's caches; local_dram, remote_dram: by the node of the page, clean copies in other
 * nodes' caches do not count. homeless: memory of no node that was named. invalidations: copies on other nodes that a
 * write took away. */
#define MODEL_COUNTS(X)                                                                                                \
    X(first_hits)                                                                                                      \
    X(second_hits) X(shared_hits) X(transfers) X(local_dram) X(remote_dram) X(homeless) X(invalidations)

typedef struct model_counts {
#define MODEL_FIELD(name) uint64_t name;
    MODEL_COUNTS(MODEL_FIELD)
#undef MODEL_FIELD
} model_counts;

typedef struct model_shape {
    uint32_t cpus, cpus_per_node;               /* cpus: a multiple of cpus_per_node */
    uint32_t first_kib, second_kib, shared_kib; /* of the three levels: powers of two; 8, 8 and 16 ways */
} model_shape;

/* Makes the caches, empty. Returns false without memory or when the shape does not fit. May be called again. */
bool model_init(const model_shape *shape);

/* One access. line: physical address / 64; home: node of its page, or MODEL_NO_HOME. */
void model_access(uint32_t cpu, uint64_t line, bool is_write, uint32_t home);

/* Empties all caches and zeroes all counts. */
void model_reset(void);

/* What was counted for a CPU since the reset. */
const model_counts *model_counts_of(uint32_t cpu);

#endif
