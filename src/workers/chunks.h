/* SPDX-License-Identifier: BSD-3-Clause */
/* The sequences of chunks that self-scheduling rules hand out: arithmetic only, so that a claim is one compare-and-swap
 * of the state and the sequences can be held against the papers' tables. Sources: ramify/loop.h. */
#ifndef RMF_WORKERS_CHUNKS_H
#define RMF_WORKERS_CHUNKS_H

#include <ramify/loop.h>

/* N iterations for P workers by a rule. */
typedef struct rmf_chunks {
    uint32_t rule;        /* ramify_rule, DYNAMIC or beyond */
    uint32_t workers;     /* P, at least 1 */
    uint64_t size;        /* N */
    uint64_t grain;       /* at least 1 */
    uint64_t first, down; /* trapezoid: the first chunk, and how much shorter each one is than the one before */
} rmf_chunks;

void rmf_chunks_init(rmf_chunks *chunks, uint32_t rule, uint64_t size, uint32_t workers, uint64_t grain);

/* The chunk that a state stands for; states begin with 0. weight: of the worker that asks, for AWF. begin, next: out,
 * its first iteration and the state after it. Returns its iterations, 0 when all are handed out. */
uint64_t rmf_chunk_at(const rmf_chunks *chunks, uint64_t state, double weight, uint64_t *begin, uint64_t *next);

#endif
