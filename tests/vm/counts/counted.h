/* SPDX-License-Identifier: BSD-3-Clause */
/* What the counted kernels are written over, so that each is written once: arrays whose parts lie where they will be
 * worked on, and loops over pieces of work that belong to such parts. counted_openmp.c and counted_ramify.c implement
 * it, each in two forms, chosen when a program starts. */
#ifndef RAMIFY_TESTS_VM_COUNTED_H
#define RAMIFY_TESTS_VM_COUNTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNTED_WORKERS = 64, COUNTED_PIECES = 4096, COUNTED_PAGE_BYTES = 4096 };

/* A piece of work, independent of the others in its loop. */
typedef struct counted_piece counted_piece;
struct counted_piece {
    void (*fn)(const counted_piece *piece);
    const void *data;   /* first byte of the part it belongs to */
    uint64_t    work;   /* what it costs, in the kernel's own unit; no form is told */
    long        number; /* of the piece */
};

/* Starts the runtime in one of its forms, with a worker per core, bound. False: no such form. */
bool form_start(const char *form);
void form_stop(void);

/* Zeroed memory of start[count] bytes whose part p is [start[p], start[p + 1]), whole pages. An OpenMP form touches the
 * parts first in a static loop, as its users do; Ramify's cuts an array so that all nodes have the same work. */
void *form_array(const uint64_t *start, const uint64_t *work, long count);

/* Runs all pieces and waits for them. */
void form_each(const counted_piece *pieces, long count);

/* Number of the calling worker. */
unsigned form_worker(void);

/* What a piece's implementation calls: runs it and counts it for the worker. */
void counted_run(const counted_piece *piece);

typedef struct counted_kernel {
    const char *name;
    void (*prepare)(void); /* not counted */
    void (*run)(void);     /* counted */
    uint64_t (*check)(void);
} counted_kernel;

extern const counted_kernel counted_jacobi, counted_product, counted_sort, counted_worklist;

/* Mixes a value into a checksum (the finalizer of SplitMix64: Steele, Lea, Flood, OOPSLA 2014). */
static inline uint64_t counted_mix(uint64_t check, uint64_t value)
{
    uint64_t z = (check ^ value) + 0x9E3779B97F4A7C15u;
    z          = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z          = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* An array of `count` equal parts. */
void *counted_even_array(uint64_t part_bytes, long count);

/* Fills in pieces of one loop: piece p works on part p, `part_bytes` each, and costs the same as the others. */
void counted_even_pieces(counted_piece *pieces, long count, void (*fn)(const counted_piece *), const void *data,
                         uint64_t part_bytes);

#endif
