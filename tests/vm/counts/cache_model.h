/* SPDX-License-Identifier: BSD-3-Clause */
/* A model of the caches of a NUMA machine: private first and second level per CPU, one inclusive third level per node,
 * an invalidation protocol over all (modified, shared, invalid), and the memory of each node behind. Least recently
 * used lines leave; there is no prefetcher and no time. It counts where each access was served. */
#ifndef RAMIFY_TESTS_VM_CACHE_MODEL_H
#define RAMIFY_TESTS_VM_CACHE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

enum { MODEL_CPUS = 64, MODEL_NODES = 16, MODEL_LINE_BYTES = 64 };

/* Where the accesses of one CPU were served; `shared_hits` is the node's own third level, or a neighbour's copy below
 * it; `transfers` came modified out of another node's caches; `invalidations` are copies on other nodes that a write
 * took away. */
#define MODEL_COUNTS(X)                                                                                                \
    X(accesses) X(private_hits) X(shared_hits) X(transfers) X(local_dram) X(remote_dram) X(invalidations)

typedef struct model_counts {
#define MODEL_FIELD(name) uint64_t name;
    MODEL_COUNTS(MODEL_FIELD)
#undef MODEL_FIELD
} model_counts;

typedef struct model_shape {
    uint32_t cpus, cpus_per_node;
    uint32_t private_kib, second_kib, shared_kib; /* of the three levels */
} model_shape;

/* Makes the caches, empty. Returns false without memory or when the shape does not fit. */
bool model_init(const model_shape *shape);

/* One access. line: physical address / 64; home: node of its page. Threads: one per cpu.
 * Returns how many cycles of progress it is worth (see cycles_of in cache_model.c). */
uint32_t model_access(uint32_t cpu, uint64_t line, bool is_write, uint32_t home);

/* Empties all caches and zeroes all counts. Threads: any; accesses wait. */
void model_reset(void);

/* What was counted for a CPU since the reset. Threads: any. */
model_counts model_counts_of(uint32_t cpu);

#endif
