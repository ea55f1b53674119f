/* SPDX-License-Identifier: BSD-3-Clause */
/* Partitioned arrays: one array, cut along the tree, each part on its domain's node.
 *
 * The array is the plain pointer ramify_array_memory returns: elements lie side by side, no part has a header, nothing
 * is padded. A page that a cut goes through lies with the part that has more of it. */
#ifndef RAMIFY_ARRAY_H
#define RAMIFY_ARRAY_H

#include <ramify/memory.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramify_array ramify_array;

/* The rule by which elements are dealt to homes. */
typedef enum ramify_cut_rule {
    RAMIFY_CUT_BLOCKED,  /* one run each, even to one element */
    RAMIFY_CUT_CYCLIC,   /* blocks of `block` elements, dealt in turn */
    RAMIFY_CUT_WEIGHTED, /* one run each, in proportion to `weights` */
    RAMIFY_CUT_POINTS,   /* one run each, cut at `points` */
} ramify_cut_rule;

/* The domains that get parts, in tree order. */
typedef enum ramify_homes {
    RAMIFY_HOMES_NODES,  /* the largest domains whose leaves all have the same nearest node */
    RAMIFY_HOMES_LEAVES, /* every leaf, that is, every worker */
    RAMIFY_HOMES_LISTED, /* those in `listed`, in that order */
} ramify_homes;

/* How to cut an array. Zero-initialised, and a NULL pointer to it, mean: blocked over the nodes. */
typedef struct ramify_cut {
    uint32_t        rule;         /* ramify_cut_rule */
    uint32_t        homes;        /* ramify_homes */
    const uint32_t *listed;       /* domain indexes; may repeat */
    uint32_t        listed_count; /* of them */
    const double   *weights;      /* WEIGHTED: one per home, >= 0, finite; NULL: the capacity of each home */
    const uint64_t *points;       /* POINTS: homes - 1 elements, ascending, at which the next home's part begins */
    uint64_t        block;        /* CYCLIC: elements per block, at least 1 */
    uint64_t        reserved[4];
} ramify_cut;

/* One part: `count` elements from `first` on; 0 for a home that got nothing. */
typedef struct ramify_part {
    uint64_t first;
    uint64_t count;
    uint32_t domain; /* its home */
} ramify_part;

/* Makes an array, zeroed, and binds each part to its home's node.
 *
 * space: owns the memory. count: elements, at least 1. element_bytes: at least 1. cut: NULL for blocked over the nodes;
 * copied. wish: NULL for none; `merit`, `pages`, `strict` and `touch` count. Huge pages are the kernel's own
 * (madvise), never from the pool, so that cuts fall on any page. array: out, untouched on failure. placed: out, may be
 * NULL: `node` is the first home's. Ownership: the caller's, until ramify_array_free or ramify_space_free.
 * Threads: as ramify_space_allocate. Errors: ERR_INVALID a count is 0, a domain is not of the tree, a weight or the sum
 * of all is no positive number, points descend or exceed count, no such rule; ERR_RANGE the size is too large, or there
 * are more than 16,384 parts (the kernel keeps a record of each run of pages, 65,530 in a process); those of
 * ramify_space_allocate. Cost: one mmap, one mbind per run of pages with one node. */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_array_create(ramify_space *space, uint64_t count, size_t element_bytes,
                                                              const ramify_cut *cut, const ramify_wish *wish,
                                                              ramify_array **array, ramify_placed *placed);

/* Frees an array and its memory. array: NULL is allowed. Threads: any, with no other call on the array under way;
 * blocks while another change of the space is under way. Cost: one munmap, O(regions). */
RAMIFY_API void ramify_array_free(ramify_array *array);

/* The first element. Ownership: the array's. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API void *ramify_array_memory(const ramify_array *array);

/* The number of elements. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API uint64_t ramify_array_count(const ramify_array *array);

/* The size of an element in bytes. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API size_t ramify_array_element_bytes(const ramify_array *array);

/* The number of parts: homes, or for CYCLIC blocks. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API uint64_t ramify_array_parts(const ramify_array *array);

/* The homes, in the order of parts: part p of any rule has home p modulo their number. count: out.
 * Ownership: the array's. Threads: any, never blocks. Cost: O(1). */
RAMIFY_API const uint32_t *ramify_array_homes(const ramify_array *array, uint32_t *count);

/* Describes a part. part: 0 .. ramify_array_parts - 1. described: out, untouched on failure.
 * Threads: any, never blocks. Errors: ERR_RANGE no such part. Cost: O(1). */
RAMIFY_NODISCARD RAMIFY_API ramify_status ramify_array_part(const ramify_array *array, uint64_t part,
                                                            ramify_part *described);

/* The part an element is in; UINT64_MAX when the array has no such element. element: 0 .. count - 1.
 * Threads: any, never blocks. Cost: O(1) for BLOCKED and CYCLIC, O(log homes) for the others. */
RAMIFY_API uint64_t ramify_array_part_of(const ramify_array *array, uint64_t element);

#ifdef __cplusplus
}
#endif
#endif
