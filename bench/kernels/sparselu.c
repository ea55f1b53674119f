/* SPDX-License-Identifier: BSD-3-Clause */
/* LU factorisation of a sparse matrix of blocks without pivoting, after the Barcelona suite's: many blocks are empty,
 * some fill in on the way, and the work left shrinks with every step. Ordered by dependencies between blocks where a
 * form has them. */
#include "ordered.h"

#include <math.h>

enum { EDGE = 32, CELLS = EDGE * EDGE }; /* of a block: 8 KB, some 20 us per update */

typedef struct sparse_lu {
    double     **block; /* side x side; NULL: empty */
    long         side;
    bench_phases phases;
} sparse_lu;

static void factor(bench_job *job)
{
    double *a = job->block;

    for (int k = 0; k < EDGE; k++)
        for (int i = k + 1; i < EDGE; i++) {
            a[i * EDGE + k] /= a[k * EDGE + k];
            for (int j = k + 1; j < EDGE; j++)
                a[i * EDGE + j] -= a[i * EDGE + k] * a[k * EDGE + j];
        }
}

/* A block right of the pivot: solve with its lower triangle. */
static void solve_right(bench_job *job)
{
    const double *pivot = job->read[0];
    double       *a     = job->block;

    for (int k = 0; k < EDGE; k++)
        for (int i = k + 1; i < EDGE; i++)
            for (int j = 0; j < EDGE; j++)
                a[i * EDGE + j] -= pivot[i * EDGE + k] * a[k * EDGE + j];
}

/* A block below the pivot: solve with its upper triangle. */
static void solve_below(bench_job *job)
{
    const double *pivot = job->read[0];
    double       *a     = job->block;

    for (int i = 0; i < EDGE; i++)
        for (int k = 0; k < EDGE; k++) {
            a[i * EDGE + k] /= pivot[k * EDGE + k];
            for (int j = k + 1; j < EDGE; j++)
                a[i * EDGE + j] -= a[i * EDGE + k] * pivot[k * EDGE + j];
        }
}

static void update(bench_job *job)
{
    const double *below = job->read[0], *right = job->read[1];

    for (int i = 0; i < EDGE; i++) {
        double *__restrict out = job->block + i * EDGE;
        for (int k = 0; k < EDGE; k++)
            for (int j = 0; j < EDGE; j++)
                out[j] -= below[i * EDGE + k] * right[k * EDGE + j];
    }
}

/* The suite's own pattern of empty blocks. */
static bool is_empty(long i, long j)
{
    bool empty = (i < j && i % 3 != 0) || (i > j && j % 3 != 0) || i % 2 == 1 || j % 2 == 1;

    return empty && i != j && i - 1 != j && i + 1 != j;
}

static double *new_block(uint64_t *random, bool diagonal)
{
    double *a = (double *)bench_alloc(CELLS * sizeof *a);

    for (int i = 0; i < CELLS; i++) {
        a[i] = random ? (double)(bench_random(random) % 2048) / 1024.0 - 1.0 : 0.0;
        if (diagonal && i % (EDGE + 1) == 0)
            a[i] += 4096.0; /* dominant: no pivoting is needed */
    }
    return a;
}

/* Which blocks fill in is known before a number is: they are made here, as a symbolic factorisation does. */
static void *prepare(long size, uint64_t seed)
{
    sparse_lu *s = (sparse_lu *)bench_alloc(sizeof *s);

    s->side  = size;
    s->block = (double **)bench_alloc((size_t)(size * size) * sizeof *s->block);
    bench_phases_open(&s->phases, size * size, false);
    for (long i = 0; i < size; i++)
        for (long j = 0; j < size; j++)
            s->block[i * size + j] = is_empty(i, j) ? NULL : new_block(&seed, i == j);
    for (long k = 0; k < size; k++)
        for (long i = k + 1; i < size; i++)
            for (long j = k + 1; s->block[i * size + k] && j < size; j++)
                if (s->block[k * size + j] && !s->block[i * size + j])
                    s->block[i * size + j] = new_block(NULL, false);
    return s;
}

static bench_job job_of(void (*fn)(bench_job *), double *block, double *first, double *second)
{
    bench_job job = { fn, block, { first, second, NULL }, (first != NULL) + (second != NULL), 0, NULL };

    return job;
}

static void run(void *state)
{
    sparse_lu    *s = (sparse_lu *)state;
    double      **b = s->block;
    bench_phases *p = &s->phases;
    long          n = s->side;

    for (long k = 0; k < n; k++) {
        double *pivot = b[k * n + k];
        bench_phases_add(p, job_of(factor, pivot, NULL, NULL));
        bench_phase_end(p);
        for (long j = k + 1; j < n; j++) {
            if (b[k * n + j])
                bench_phases_add(p, job_of(solve_right, b[k * n + j], pivot, NULL));
            if (b[j * n + k])
                bench_phases_add(p, job_of(solve_below, b[j * n + k], pivot, NULL));
        }
        bench_phase_end(p);
        for (long i = k + 1; i < n; i++)
            for (long j = k + 1; b[i * n + k] && j < n; j++)
                if (b[k * n + j])
                    bench_phases_add(p, job_of(update, b[i * n + j], b[i * n + k], b[k * n + j]));
        bench_phase_end(p);
    }
    bench_phases_wait(p);
}

/* Rounded: clang may contract products and sums where gcc does not. */
static bench_outcome finish(void *state)
{
    sparse_lu    *s       = (sparse_lu *)state;
    bench_outcome outcome = { 0, (uint64_t)s->phases.all };

    for (long i = 0; i < s->side * s->side; i++) {
        for (int c = 0; s->block[i] && c < CELLS; c++)
            outcome.check = bench_mix(outcome.check, (uint64_t)(int64_t)llrint(s->block[i][c] * 256.0));
        free(s->block[i]);
    }
    free(s->block);
    free(s->phases.jobs);
    free(s);
    return outcome;
}

const bench_kernel bench_sparselu = {
    .name         = "sparselu",
    .summary      = "LU of a sparse matrix of 32 x 32 blocks, ordered by dependencies where a form has them",
    .size_is      = "blocks along an edge",
    .loops        = true,
    .ordered      = true,
    .most         = 1000,
    .tiny         = 6,
    .quick        = 20,
    .full         = 32,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
