/* SPDX-License-Identifier: BSD-3-Clause */
/* What a kernel is: a row in the driver's table and a file beside this one.
 *
 * prepare and run are called inside bench_layer_enter, so both may make tasks (prepare does it to touch memory where
 * it will be used). Only run is timed. The checksum depends on size and seed alone, never on order or workers. */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include "layer/layer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* What a run leaves behind. */
typedef struct bench_outcome {
    uint64_t check; /* compared with the serial form's */
    uint64_t tasks; /* tasks, blocks or tree nodes worked off */
} bench_outcome;

typedef struct bench_kernel {
    const char *name;
    const char *summary;           /* one line for the report */
    const char *size_is;           /* what `size` counts */
    bool        loops;             /* made of blocks or loops, so it has an OpenMP loop form; else it forks and joins */
    bool        ordered;           /* its tasks have dependencies, where the form has them */
    bool        reads_input;       /* takes the user's own matrix or edges */
    bool        linear;            /* work grows with the size, so it can show weak scaling */
    bool        submits;           /* makes tasks nobody joins */
    long        most;              /* the largest size that is allowed: what its types or anybody's memory can hold */
    long        tiny, quick, full; /* sizes: for the tests, for --quick (0: too large for all), for the report */
    long        seed;              /* 0: the kernel's own */
    void *(*prepare)(long size, uint64_t seed);
    void (*run)(void *state);
    void (*run_detached)(void *state);    /* the same with a task that nobody joins per node; NULL: there is none */
    bench_outcome (*finish)(void *state); /* reads the outcome and frees the state */
    /* The check as published or proved elsewhere for this size and seed; false: there is none. NULL: never. */
    bool (*known)(long size, uint64_t seed, uint64_t *check);
} bench_kernel;

extern const bench_kernel bench_fib, bench_fib_cut, bench_tree, bench_uts_t1, bench_uts_t3, bench_uts_t3l, bench_queens,
    bench_queens_fine, bench_msort, bench_msort_fine, bench_strassen, bench_strassen_fine, bench_fft, bench_fft_fine,
    bench_health, bench_health_cut, bench_floorplan, bench_floorplan_cut, bench_sparselu, bench_cholesky,
    bench_alignment, bench_spmv, bench_bfs, bench_triangles, bench_barneshut, bench_jacobi, bench_zipf, bench_requests,
    bench_join, bench_histogram, bench_kmeans, bench_frames, bench_game;

/* The style phased: an ordered kernel runs phase by phase, though the form has dependencies. */
extern bool bench_phased;

/* The file of --input, NULL without. */
extern const char *bench_input;

/* Counters each worker adds to alone; two lines apart, as the adjacent-line prefetcher pairs lines. */
typedef struct bench_tally {
    uint64_t count;
    char     pad[120];
} bench_tally;

/* A part of a body that is inlined in every form. Left to itself, clang inlines what two loops are around, and not the
 * same in one loop, so that it depended on the form: on whether the outer loop is the runtime's. */
#define BENCH_INLINE static inline __attribute__((always_inline))

enum { BENCH_WORKERS_MAX = 4096 }; /* Ramify's own limit on leaves */

enum { BENCH_PAGE = 4096, BENCH_HUGE = 2 << 20 };

/* Memory or a message and the end. bytes: more than 0. Aligned to a page so that blocks do not share lines; what is
 * large asks for huge pages, where the system has them to give: which small ones a process happens to get moved the
 * medians of strided kernels by a third. */
static inline void *bench_alloc(size_t bytes)
{
    void *memory = NULL;
    bool  large  = bytes >= BENCH_HUGE;

    if (posix_memalign(&memory, large ? BENCH_HUGE : BENCH_PAGE, bytes)) {
        fprintf(stderr, "bench: no memory for %zu bytes\n", bytes);
        exit(2);
    }
    if (large)
        (void)madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

/* The next 64 random bits: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Mixes a value into a checksum that depends on the order of calls. */
static inline uint64_t bench_mix(uint64_t check, uint64_t value)
{
    uint64_t state = check ^ value;

    return bench_random(&state);
}

/* The bits of a double, for checksums of floating results that must be the same to the last bit. */
static inline uint64_t bench_bits(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

#endif
