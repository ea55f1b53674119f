/* SPDX-License-Identifier: BSD-3-Clause */
/* Map-reduce over blocks, iterated: k-means. Blocks of points find their nearest centres and sum them up; the sums are
 * added in the order of the blocks, so that every form has the same centres to the last bit. */
#include "kernel.h"

#include <math.h>

enum {
    AXES         = 4,
    CENTRES      = 16,
    BLOCK_POINTS = 512, /* some 10 us */
    ROUNDS       = 10,
};

typedef struct partial {
    double sum[CENTRES][AXES];
    long   count[CENTRES];
} partial;

typedef struct kmeans_state {
    double  *points; /* count x AXES */
    double   centre[CENTRES][AXES];
    partial *partials;
    long     count, blocks;
} kmeans_state;

static int nearest(const double (*centre)[AXES], const double *point)
{
    double least = INFINITY;
    int    found = 0;

    for (int c = 0; c < CENTRES; c++) {
        double distance = 0.0;
        for (int a = 0; a < AXES; a++)
            distance += (point[a] - centre[c][a]) * (point[a] - centre[c][a]);
        if (distance < least) {
            least = distance;
            found = c;
        }
    }
    return found;
}

/* Works on copies of its own: what the compilers make of it depends less on where they have put it. */
static void assign_block(kmeans_state *s, long i)
{
    partial      *p      = &s->partials[i];
    const double *points = s->points;
    long          end    = (i + 1) * BLOCK_POINTS < s->count ? (i + 1) * BLOCK_POINTS : s->count;
    double        centre[CENTRES][AXES];

    memcpy(centre, s->centre, sizeof centre);
    memset(p, 0, sizeof *p);
    for (long n = i * BLOCK_POINTS; n < end; n++) {
        const double *point = points + n * AXES;
        int           c     = nearest((const double(*)[AXES])centre, point);
        p->count[c]++;
        for (int a = 0; a < AXES; a++)
            p->sum[c][a] += point[a];
    }
}
BENCH_LOOPED(assign_block, kmeans_state)

static void move_centres(kmeans_state *s)
{
    for (int c = 0; c < CENTRES; c++) {
        double sum[AXES] = { 0.0 };
        long   count     = 0;
        for (long b = 0; b < s->blocks; b++) {
            count += s->partials[b].count[c];
            for (int a = 0; a < AXES; a++)
                sum[a] += s->partials[b].sum[c][a];
        }
        for (int a = 0; a < AXES && count; a++)
            s->centre[c][a] = sum[a] / (double)count;
    }
}

/* Whole numbers below 2^20, so that sums are exact and the nearest centre is no matter of rounding at the start. */
static void *prepare(long size, uint64_t seed)
{
    kmeans_state *s = (kmeans_state *)bench_alloc(sizeof *s);

    s->count    = size;
    s->blocks   = (size + BLOCK_POINTS - 1) / BLOCK_POINTS;
    s->points   = (double *)bench_alloc((size_t)size * AXES * sizeof *s->points);
    s->partials = (partial *)bench_alloc((size_t)s->blocks * sizeof *s->partials);
    memset(s->partials, 0, (size_t)s->blocks * sizeof *s->partials);
    for (long i = 0; i < size; i++) {
        uint64_t group = bench_random(&seed) % CENTRES;
        for (int a = 0; a < AXES; a++)
            s->points[i * AXES + a] =
                (double)((group * 2654435761u >> (4 * a)) % 16 * 65536 + bench_random(&seed) % 131072);
    }
    for (int c = 0; c < CENTRES; c++)
        memcpy(s->centre[c], s->points + (long)c * (size / CENTRES) * AXES, sizeof s->centre[c]);
    return s;
}

static void run(void *state)
{
    kmeans_state *s = (kmeans_state *)state;

    for (int round = 0; round < ROUNDS; round++) {
        BENCH_LOOP(assign_block, kmeans_state, s, s->blocks, 1);
        move_centres(s);
    }
}

static bench_outcome finish(void *state)
{
    kmeans_state *s       = (kmeans_state *)state;
    bench_outcome outcome = { 0, (uint64_t)s->blocks * ROUNDS };

    for (int c = 0; c < CENTRES; c++)
        for (int a = 0; a < AXES; a++)
            outcome.check = bench_mix(outcome.check, (uint64_t)llrint(s->centre[c][a]));
    free(s->points);
    free(s->partials);
    free(s);
    return outcome;
}

const bench_kernel bench_kmeans = {
    .name         = "kmeans",
    .summary      = "map-reduce: ten rounds of k-means, 16 centres, blocks of 512 points",
    .size_is      = "points",
    .loops        = true,
    .linear       = true,
    .most         = 1L << 32,
    .tiny         = 4000,
    .quick        = 80000,
    .full         = 250000,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
