/* SPDX-License-Identifier: BSD-3-Clause */
/* Cholesky factorisation of a dense matrix in tiles, right-looking, as in PLASMA (Buttari et al., Parallel Computing
 * 35, 2009): the kernel that dependencies between tasks were made for. */
#include "ordered.h"

#include <math.h>

enum { EDGE = 48, CELLS = EDGE * EDGE }; /* of a tile: 18 KB, some 30 us per update */

typedef struct cholesky_state {
    double      *tiles; /* the lower half, by row */
    long         side;
    bench_phases phases;
} cholesky_state;

static double *tile_at(const cholesky_state *s, long i, long j)
{
    return s->tiles + (i * (i + 1) / 2 + j) * CELLS;
}

static void factor(bench_job *job)
{
    double *a = job->block;

    for (int k = 0; k < EDGE; k++) {
        a[k * EDGE + k] = sqrt(a[k * EDGE + k]);
        for (int i = k + 1; i < EDGE; i++)
            a[i * EDGE + k] /= a[k * EDGE + k];
        for (int i = k + 1; i < EDGE; i++)
            for (int j = k + 1; j <= i; j++)
                a[i * EDGE + j] -= a[i * EDGE + k] * a[j * EDGE + k];
    }
}

static void solve(bench_job *job)
{
    const double *pivot = job->read[0];
    double       *a     = job->block;

    for (int i = 0; i < EDGE; i++)
        for (int k = 0; k < EDGE; k++) {
            double sum = a[i * EDGE + k];
            for (int j = 0; j < k; j++)
                sum -= a[i * EDGE + j] * pivot[k * EDGE + j];
            a[i * EDGE + k] = sum / pivot[k * EDGE + k];
        }
}

/* block -= left * transposed(right); on the diagonal both are the same. */
static void update(bench_job *job)
{
    const double *left = job->read[0], *right = job->reads > 1 ? job->read[1] : left;
    double        turned[CELLS];

    for (int i = 0; i < EDGE; i++)
        for (int j = 0; j < EDGE; j++)
            turned[j * EDGE + i] = right[i * EDGE + j];
    for (int i = 0; i < EDGE; i++) {
        double *__restrict out = job->block + i * EDGE;
        for (int k = 0; k < EDGE; k++)
            for (int j = 0; j < EDGE; j++)
                out[j] -= left[i * EDGE + k] * turned[k * EDGE + j];
    }
}

static void *prepare(long size, uint64_t seed)
{
    cholesky_state *s     = (cholesky_state *)bench_alloc(sizeof *s);
    long            tiles = size * (size + 1) / 2;

    s->side  = size;
    s->tiles = (double *)bench_alloc((size_t)(tiles * CELLS) * sizeof(double));
    bench_phases_open(&s->phases, tiles, false);
    for (long c = 0; c < tiles * CELLS; c++)
        s->tiles[c] = (double)(bench_random(&seed) % 1024) / 1024.0;
    for (long i = 0; i < size; i++)
        for (int c = 0; c < EDGE; c++)
            tile_at(s, i, i)[c * (EDGE + 1)] += (double)(size * EDGE); /* dominant, so positive definite */
    return s;
}

static bench_job job_of(void (*fn)(bench_job *), double *block, double *first, double *second)
{
    bench_job job = { fn, block, { first, second, NULL }, (first != NULL) + (second != NULL), 0, NULL };

    return job;
}

static void run(void *state)
{
    cholesky_state *s = (cholesky_state *)state;
    bench_phases   *p = &s->phases;

    for (long k = 0; k < s->side; k++) {
        bench_phases_add(p, job_of(factor, tile_at(s, k, k), NULL, NULL));
        bench_phase_end(p);
        for (long i = k + 1; i < s->side; i++)
            bench_phases_add(p, job_of(solve, tile_at(s, i, k), tile_at(s, k, k), NULL));
        bench_phase_end(p);
        for (long i = k + 1; i < s->side; i++)
            for (long j = k + 1; j <= i; j++)
                bench_phases_add(p,
                                 job_of(update, tile_at(s, i, j), tile_at(s, i, k), i == j ? NULL : tile_at(s, j, k)));
        bench_phase_end(p);
    }
    bench_phases_wait(p);
}

/* Rounded: clang may contract products and sums where gcc does not. */
static bench_outcome finish(void *state)
{
    cholesky_state *s       = (cholesky_state *)state;
    bench_outcome   outcome = { 0, (uint64_t)s->phases.all };

    for (long i = 0; i < s->side; i++)
        for (long j = 0; j <= i; j++)
            for (int c = 0; c < CELLS; c++)
                if (i != j || c % EDGE <= c / EDGE)
                    outcome.check = bench_mix(outcome.check, (uint64_t)(int64_t)llrint(tile_at(s, i, j)[c] * 1024.0));
    free(s->tiles);
    free(s->phases.jobs);
    free(s);
    return outcome;
}

const bench_kernel bench_cholesky = {
    .name         = "cholesky",
    .summary      = "Cholesky of a dense matrix in 48 x 48 tiles, ordered by dependencies where a form has them",
    .size_is      = "tiles along an edge",
    .loops        = true,
    .ordered      = true,
    .most         = 1000,
    .tiny         = 4,
    .quick        = 16,
    .full         = 26,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
