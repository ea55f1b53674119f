/* SPDX-License-Identifier: BSD-3-Clause */
/* Merge sort with a parallel merge: the fork-join kernel. Halves are sorted by two tasks; two runs are merged by
 * cutting the longer at its middle and the other by bisection, and merging the two parts as tasks. */
#include "kernel.h"

enum {
    CUT_COARSE     = 4096, /* below: sorted serially, 32 KB of keys, a first-level cache */
    CUT_FINE       = 64,   /* about 1 us */
    INSERTION_KEYS = 16,   /* below: insertion sort */
};

static long serial_keys; /* one sort per process */

typedef struct sort_job {
    BENCH_HEAD
    uint64_t *keys, *spare; /* sorts `keys`; `spare` is as long */
    long      count;
} sort_job;

typedef struct merge_job {
    BENCH_HEAD
    const uint64_t *a, *b;
    long            a_count, b_count;
    uint64_t       *out;
} merge_job;

typedef struct sort_state {
    uint64_t *keys, *spare;
    long      count;
    uint64_t  sum_before;
} sort_state;

static void insertion_sort(uint64_t *keys, long count)
{
    for (long i = 1; i < count; i++) {
        uint64_t key  = keys[i];
        long     hole = i;
        for (; hole > 0 && keys[hole - 1] > key; hole--)
            keys[hole] = keys[hole - 1];
        keys[hole] = key;
    }
}

static void merge_serial(const merge_job *m)
{
    const uint64_t *a = m->a, *a_end = m->a + m->a_count, *b = m->b, *b_end = m->b + m->b_count;
    uint64_t       *out = m->out;

    while (a < a_end && b < b_end) {
        bool from_a = *a <= *b; /* without a branch: half of them would be mispredicted */
        *out++      = from_a ? *a : *b;
        a += from_a;
        b += !from_a;
    }
    memcpy(out, a, (size_t)(a_end - a) * sizeof *a);
    memcpy(out + (a_end - a), b, (size_t)(b_end - b) * sizeof *b);
}

static void sort_serial(uint64_t *keys, uint64_t *spare, long count)
{
    if (count <= INSERTION_KEYS) {
        insertion_sort(keys, count);
        return;
    }
    long half = count / 2;
    sort_serial(keys, spare, half);
    sort_serial(keys + half, spare + half, count - half);
    merge_job m = { .a = keys, .b = keys + half, .a_count = half, .b_count = count - half, .out = spare };
    merge_serial(&m);
    memcpy(keys, spare, (size_t)count * sizeof *keys);
}

/* The number of keys in sorted b[0..count) below `pivot`. */
static long keys_below(const uint64_t *b, long count, uint64_t pivot)
{
    long low = 0;

    while (count > 0) {
        long half = count / 2;
        if (b[low + half] < pivot) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

static void merge_task(BENCH_AT merge_job *m);
BENCH_FORKED(merge_task, merge_job)

static void merge_task(BENCH_AT merge_job *m)
{
    if (m->a_count + m->b_count <= serial_keys) {
        merge_serial(m);
        return;
    }
    bool            a_longer = m->a_count >= m->b_count;
    const uint64_t *a = a_longer ? m->a : m->b, *b = a_longer ? m->b : m->a;
    long            a_count = a_longer ? m->a_count : m->b_count, b_count = a_longer ? m->b_count : m->a_count;
    long            a_cut = a_count / 2, b_cut = keys_below(b, b_count, a[a_cut]);
    merge_job       low  = { .a = a, .b = b, .a_count = a_cut, .b_count = b_cut, .out = m->out };
    merge_job       high = { .a       = a + a_cut,
                             .b       = b + b_cut,
                             .a_count = a_count - a_cut,
                             .b_count = b_count - b_cut,
                             .out     = m->out + a_cut + b_cut };
    BENCH_SCOPE
    BENCH_BOTH(&low, &high, merge_task);
}

static void sort_task(BENCH_AT sort_job *job);
BENCH_FORKED(sort_task, sort_job)

static void sort_task(BENCH_AT sort_job *job)
{
    if (job->count <= serial_keys) {
        sort_serial(job->keys, job->spare, job->count);
        return;
    }
    long     half = job->count / 2;
    sort_job low  = { .keys = job->keys, .spare = job->spare, .count = half };
    sort_job high = { .keys = job->keys + half, .spare = job->spare + half, .count = job->count - half };
    BENCH_SCOPE
    BENCH_BOTH(&low, &high, sort_task);
    merge_job m = { .a = low.keys, .b = high.keys, .a_count = half, .b_count = high.count, .out = job->spare };
    merge_task(BENCH_HERE & m);
    memcpy(job->keys, job->spare, (size_t)job->count * sizeof *job->keys);
}

static void *prepare_cut(long size, uint64_t seed, long cut)
{
    size_t      bytes = (size_t)size * sizeof(uint64_t);
    sort_state *s     = (sort_state *)bench_alloc(sizeof *s);

    serial_keys   = cut;
    s->count      = size;
    s->keys       = (uint64_t *)bench_alloc(bytes);
    s->spare      = (uint64_t *)bench_alloc(bytes);
    s->sum_before = 0;
    for (long i = 0; i < size; i++) {
        s->keys[i]  = bench_random(&seed);
        s->spare[i] = 0;
        s->sum_before += s->keys[i];
    }
    return s;
}

static void *prepare(long size, uint64_t seed)
{
    return prepare_cut(size, seed, CUT_COARSE);
}

static void *prepare_fine(long size, uint64_t seed)
{
    return prepare_cut(size, seed, CUT_FINE);
}

static void run(void *state)
{
    sort_state *s   = (sort_state *)state;
    sort_job    all = { .keys = s->keys, .spare = s->spare, .count = s->count };

    BENCH_ROOT(&all, sort_task);
}

/* A sorted permutation has one checksum; 0 says that order or sum is broken. */
static bench_outcome finish(void *state)
{
    sort_state   *s       = (sort_state *)state;
    bench_outcome outcome = { 0, (uint64_t)(s->count / serial_keys) + 1 };
    uint64_t      sum     = s->count ? s->keys[0] : 0;
    bool          sorted  = true;

    for (long i = 1; i < s->count; i++) {
        sorted = sorted && s->keys[i - 1] <= s->keys[i];
        sum += s->keys[i];
        outcome.check = bench_mix(outcome.check, s->keys[i]);
    }
    if (!sorted || sum != s->sum_before)
        outcome.check = 0;
    free(s->keys);
    free(s->spare);
    free(s);
    return outcome;
}

const bench_kernel bench_msort = {
    .name         = "msort",
    .summary      = "merge sort of 64-bit keys with a parallel merge, fork-join to 4096 keys",
    .size_is      = "keys",
    .loops        = false,
    .most         = 1L << 32,
    .tiny         = 20000,
    .quick        = 1 << 18,
    .full         = 1 << 20,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};

const bench_kernel bench_msort_fine = {
    .name         = "msort-fine",
    .summary      = "the same, forks down to 64 keys",
    .size_is      = "keys",
    .loops        = false,
    .most         = 1L << 32,
    .tiny         = 3000,
    .quick        = 1 << 17,
    .full         = 1 << 19,
    .seed         = 0,
    .prepare      = prepare_fine,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
