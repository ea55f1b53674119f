/* SPDX-License-Identifier: BSD-3-Clause */
/* Fast Fourier transform of complex numbers, Cooley and Tukey's recursion: halves forked, and the butterflies that join
 * them cut into forks as well, or the last level alone would take a tenth of the time on one worker. */
#include "kernel.h"

#include <math.h>

enum {
    CUT_COARSE = 4096, /* points: some 100 us */
    CUT_FINE   = 64,   /* about 1 us */
};

typedef struct point {
    double re, im;
} point;

typedef struct fft_job {
    BENCH_HEAD
    const point *in;
    point       *out;
    long         count, stride;
} fft_job;

/* Butterflies [first, end) of a transform of `count` points in out. */
typedef struct butterfly_job {
    BENCH_HEAD
    point *out;
    long   first, end, count;
} butterfly_job;

static struct {
    point *in, *out, *roots; /* roots: exp(-2 pi i k / points), the first half */
    long   points, cut;
} the_transform;

static void butterflies_serial(const butterfly_job *job)
{
    long         half = job->count / 2, step = the_transform.points / job->count;
    const point *roots = the_transform.roots;
    point       *low = job->out, *high = job->out + half;

    for (long k = job->first; k < job->end; k++) {
        point w = roots[k * step], h = high[k], l = low[k];
        point t    = { w.re * h.re - w.im * h.im, w.re * h.im + w.im * h.re };
        low[k].re  = l.re + t.re;
        low[k].im  = l.im + t.im;
        high[k].re = l.re - t.re;
        high[k].im = l.im - t.im;
    }
}

static void transform_serial(const fft_job *job)
{
    if (job->count == 1) {
        job->out[0] = job->in[0];
        return;
    }
    long          half = job->count / 2;
    fft_job       even, odd;
    butterfly_job all;
    even.in = job->in, even.out = job->out;
    odd.in = job->in + job->stride, odd.out = job->out + half;
    even.count = odd.count = half;
    even.stride = odd.stride = job->stride * 2;
    transform_serial(&even);
    transform_serial(&odd);
    all.out = job->out, all.first = 0, all.end = half, all.count = job->count;
    butterflies_serial(&all);
}

static void butterflies(BENCH_AT butterfly_job *job);
BENCH_FORKED(butterflies, butterfly_job)

static void butterflies(BENCH_AT butterfly_job *job)
{
    if (job->end - job->first <= the_transform.cut) {
        butterflies_serial(job);
        return;
    }
    butterfly_job left, right;
    long          middle = job->first + (job->end - job->first) / 2;
    left.out = right.out = job->out;
    left.count = right.count = job->count;
    left.first = job->first, left.end = right.first = middle, right.end = job->end;
    BENCH_SCOPE
    BENCH_BOTH(&left, &right, butterflies);
}

static void transform(BENCH_AT fft_job *job);
BENCH_FORKED(transform, fft_job)

static void transform(BENCH_AT fft_job *job)
{
    if (job->count <= the_transform.cut) {
        transform_serial(job);
        return;
    }
    long          half = job->count / 2;
    fft_job       even, odd;
    butterfly_job all;
    even.in = job->in, even.out = job->out;
    odd.in = job->in + job->stride, odd.out = job->out + half;
    even.count = odd.count = half;
    even.stride = odd.stride = job->stride * 2;
    BENCH_SCOPE
    BENCH_BOTH(&even, &odd, transform);
    all.out = job->out, all.first = 0, all.end = half, all.count = job->count;
    butterflies(BENCH_HERE & all);
}

static void *prepare(long size, uint64_t seed, long cut)
{
    long         points = 1L << size;
    const double turn   = -2.0 * acos(-1.0) / (double)points;

    the_transform.points = points;
    the_transform.cut    = cut;
    the_transform.in     = (point *)bench_alloc((size_t)points * sizeof(point));
    the_transform.out    = (point *)bench_alloc((size_t)points * sizeof(point));
    the_transform.roots  = (point *)bench_alloc((size_t)points * sizeof(point));
    for (long i = 0; i < points; i++) {
        point in   = { (double)(bench_random(&seed) >> 11) * 0x1p-53, (double)(bench_random(&seed) >> 11) * 0x1p-53 };
        point root = { cos(turn * (double)i), sin(turn * (double)i) };
        point zero = { 0.0, 0.0 };
        the_transform.in[i]    = in;
        the_transform.roots[i] = root;
        the_transform.out[i]   = zero;
    }
    return &the_transform;
}

static void *prepare_coarse(long size, uint64_t seed)
{
    return prepare(size, seed, CUT_COARSE);
}

static void *prepare_fine(long size, uint64_t seed)
{
    return prepare(size, seed, CUT_FINE);
}

static void run(void *state)
{
    fft_job all;

    (void)state;
    all.in = the_transform.in, all.out = the_transform.out, all.count = the_transform.points, all.stride = 1;
    BENCH_ROOT(&all, transform);
}

/* The order of additions is the same in every form, so the bits are, unless a compiler contracts a product and a sum:
 * the check rounds to 1e-6 of the largest value, and Parseval's sum must hold. */
static bench_outcome finish(void *state)
{
    double        before = 0.0, after = 0.0;
    bench_outcome outcome = { 1, (uint64_t)(the_transform.points / the_transform.cut) * 2 };

    (void)state;
    for (long i = 0; i < the_transform.points; i++) {
        point in = the_transform.in[i], out = the_transform.out[i];
        before += in.re * in.re + in.im * in.im;
        after += out.re * out.re + out.im * out.im;
        outcome.check = bench_mix(outcome.check, (uint64_t)(int64_t)llrint(out.re * 1024.0));
    }
    if (fabs(after / (double)the_transform.points / before - 1.0) > 1e-9)
        outcome.check = 0;
    free(the_transform.in);
    free(the_transform.out);
    free(the_transform.roots);
    return outcome;
}

const bench_kernel bench_fft = {
    .name         = "fft",
    .summary      = "complex Fourier transform, recursive, forks down to 4096 points",
    .size_is      = "log2 of points",
    .loops        = false,
    .most         = 28,
    .tiny         = 14,
    .quick        = 18,
    .full         = 19,
    .seed         = 0,
    .prepare      = prepare_coarse,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};

const bench_kernel bench_fft_fine = {
    .name         = "fft-fine",
    .summary      = "the same, forks down to 64 points",
    .size_is      = "log2 of points",
    .loops        = false,
    .most         = 28,
    .tiny         = 10,
    .quick        = 18,
    .full         = 19,
    .seed         = 0,
    .prepare      = prepare_fine,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
