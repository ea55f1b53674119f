/* SPDX-License-Identifier: BSD-3-Clause */
/* Strassen's matrix product (Numer. Math. 13, 1969): seven forked products of halves per level instead of eight, down
 * to a cut-off, below which the ordinary product runs. Every task needs room for sums and products. Each worker keeps
 * what it has freed, and the product is computed once before it is timed: fresh pages from the system would take a
 * third of the time, in every form alike. */
#include "kernel.h"

enum {
    CUT_COARSE = 128,
    CUT_FINE   = 16, /* products of 4096 multiplications, some 2 us: what is left when there is hardly a cut-off */
    PRODUCTS   = 7,
    LEVELS     = 15, /* log2 of the largest edge, and one */
};

/* A square matrix inside a larger one. */
typedef struct window {
    double *at;
    long    pitch;
} window;

typedef struct product_job {
    BENCH_HEAD
    window a, b, c; /* c = a * b */
    long   edge;
} product_job;

typedef struct strassen_state {
    double *a, *b, *c;
    long    edge;
} strassen_state;

/* Room that is free, first of its own bytes. */
typedef struct free_room {
    struct free_room *next;
} free_room;

static long cut_edge; /* one product per process */

/* What each worker has freed, by log2 of the edge; two lines per worker. */
static struct {
    free_room *first[LEVELS];
    char       pad[128 - LEVELS * sizeof(free_room *)];
} rooms[BENCH_WORKERS_MAX];

static double *take_room(long half)
{
    free_room **first = &rooms[bench_self()].first[__builtin_ctzl((unsigned long)half)];
    free_room  *room  = *first;

    if (!room)
        return (double *)bench_alloc((size_t)(half * half) * (PRODUCTS + 10) * sizeof(double));
    *first = room->next;
    return (double *)room;
}

static void give_room(double *room, long half)
{
    free_room **first = &rooms[bench_self()].first[__builtin_ctzl((unsigned long)half)];
    free_room  *freed = (free_room *)room;

    freed->next = *first;
    *first      = freed;
}

static void free_rooms(void)
{
    for (int worker = 0; worker < BENCH_WORKERS_MAX; worker++)
        for (int level = 0; level < LEVELS; level++)
            while (rooms[worker].first[level]) {
                free_room *room            = rooms[worker].first[level];
                rooms[worker].first[level] = room->next;
                free(room);
            }
}

static window quarter(window w, long half, int row, int column)
{
    window q = { w.at + (row * w.pitch + column) * half, w.pitch };

    return q;
}

/* out = x + sign * y */
static window combine(double *out, window x, window y, double sign, long edge)
{
    window made = { out, edge };

    for (long i = 0; i < edge; i++)
        for (long j = 0; j < edge; j++)
            out[i * edge + j] = x.at[i * x.pitch + j] + sign * y.at[i * y.pitch + j];
    return made;
}

static void multiply_plain(const product_job *job)
{
    for (long i = 0; i < job->edge; i++) {
        double *__restrict out = job->c.at + i * job->c.pitch;
        memset(out, 0, (size_t)job->edge * sizeof *out);
        for (long k = 0; k < job->edge; k++) {
            double factor                = job->a.at[i * job->a.pitch + k];
            const double *__restrict row = job->b.at + k * job->b.pitch;
            for (long j = 0; j < job->edge; j++)
                out[j] += factor * row[j];
        }
    }
}

/* The seven products' factors; sums go into `room`. */
static void set_factors(product_job *m, const product_job *job, long half, double *room)
{
    long   cells = half * half;
    window a11 = quarter(job->a, half, 0, 0), a12 = quarter(job->a, half, 0, 1);
    window a21 = quarter(job->a, half, 1, 0), a22 = quarter(job->a, half, 1, 1);
    window b11 = quarter(job->b, half, 0, 0), b12 = quarter(job->b, half, 0, 1);
    window b21 = quarter(job->b, half, 1, 0), b22 = quarter(job->b, half, 1, 1);

    for (int i = 0; i < PRODUCTS; i++) {
        m[i].edge    = half;
        m[i].c.at    = room + i * cells;
        m[i].c.pitch = half;
    }
    room += PRODUCTS * cells;
    m[0].a = combine(room, a11, a22, 1.0, half), m[0].b = combine(room + cells, b11, b22, 1.0, half);
    m[1].a = combine(room + 2 * cells, a21, a22, 1.0, half), m[1].b = b11;
    m[2].a = a11, m[2].b = combine(room + 3 * cells, b12, b22, -1.0, half);
    m[3].a = a22, m[3].b = combine(room + 4 * cells, b21, b11, -1.0, half);
    m[4].a = combine(room + 5 * cells, a11, a12, 1.0, half), m[4].b = b22;
    m[5].a = combine(room + 6 * cells, a21, a11, -1.0, half), m[5].b = combine(room + 7 * cells, b11, b12, 1.0, half);
    m[6].a = combine(room + 8 * cells, a12, a22, -1.0, half), m[6].b = combine(room + 9 * cells, b21, b22, 1.0, half);
}

static void add_products(const product_job *job, const product_job *m, long half)
{
    for (long i = 0; i < half; i++)
        for (long j = 0; j < half; j++) {
            double p[PRODUCTS];
            for (int k = 0; k < PRODUCTS; k++)
                p[k] = m[k].c.at[i * half + j];
            double *top = job->c.at + i * job->c.pitch + j, *bottom = top + half * job->c.pitch;
            top[0]       = p[0] + p[3] - p[4] + p[6];
            top[half]    = p[2] + p[4];
            bottom[0]    = p[1] + p[3];
            bottom[half] = p[0] - p[1] + p[2] + p[5];
        }
}

static void multiply(BENCH_AT product_job *job);
BENCH_FORKED(multiply, product_job)

static void multiply(BENCH_AT product_job *job)
{
    if (job->edge <= cut_edge) {
        multiply_plain(job);
        return;
    }
    long        half = job->edge / 2;
    product_job m[PRODUCTS];
    double     *room = take_room(half);
    set_factors(m, job, half, room);
    BENCH_SCOPE
    for (int i = 0; i < PRODUCTS; i++)
        BENCH_FORK(&m[i], multiply);
    BENCH_JOIN(m, PRODUCTS, multiply);
    add_products(job, m, half);
    give_room(room, half);
}

static void run(void *state)
{
    strassen_state *s = (strassen_state *)state;
    product_job     all;

    all.a.at = s->a, all.b.at = s->b, all.c.at = s->c;
    all.a.pitch = all.b.pitch = all.c.pitch = all.edge = s->edge;
    BENCH_ROOT(&all, multiply);
}

static void *prepare(long size, uint64_t seed, long cut)
{
    strassen_state *s     = (strassen_state *)bench_alloc(sizeof *s);
    size_t          bytes = (size_t)(size * size) * sizeof(double);

    cut_edge = cut;
    s->edge  = size;
    s->a     = (double *)bench_alloc(bytes);
    s->b     = (double *)bench_alloc(bytes);
    s->c     = (double *)bench_alloc(bytes);
    for (long i = 0; i < size * size; i++) { /* small whole numbers: sums are exact in any order */
        s->a[i] = (double)(bench_random(&seed) % 16);
        s->b[i] = (double)(bench_random(&seed) % 16);
        s->c[i] = 0.0;
    }
    run(s);
    return s;
}

static void *prepare_coarse(long size, uint64_t seed)
{
    return prepare(1L << size, seed, CUT_COARSE);
}

static void *prepare_fine(long size, uint64_t seed)
{
    return prepare(1L << size, seed, CUT_FINE);
}

/* Freivalds' check by a vector of ones: sums of the product's rows must be a * (b * ones). A miss gives check 0. */
static bool is_product(const strassen_state *s)
{
    double *sums = (double *)bench_alloc((size_t)s->edge * sizeof *sums);
    bool    same = true;

    for (long i = 0; i < s->edge; i++) {
        sums[i] = 0.0;
        for (long j = 0; j < s->edge; j++)
            sums[i] += s->b[i * s->edge + j];
    }
    for (long i = 0; i < s->edge; i++) {
        double expected = 0.0, found = 0.0;
        for (long j = 0; j < s->edge; j++) {
            expected += s->a[i * s->edge + j] * sums[j];
            found += s->c[i * s->edge + j];
        }
        same = same && expected == found;
    }
    free(sums);
    return same;
}

static bench_outcome finish(void *state)
{
    strassen_state *s       = (strassen_state *)state;
    bench_outcome   outcome = { 1, 1 };

    for (long edge = s->edge, products = PRODUCTS; edge > cut_edge; edge /= 2, products *= PRODUCTS)
        outcome.tasks += (uint64_t)products;
    for (long i = 0; i < s->edge * s->edge; i++)
        outcome.check = bench_mix(outcome.check, bench_bits(s->c[i]));
    if (!is_product(s))
        outcome.check = 0;
    free(s->a);
    free(s->b);
    free(s->c);
    free(s);
    free_rooms();
    return outcome;
}

const bench_kernel bench_strassen = {
    .name         = "strassen",
    .summary      = "Strassen's matrix product, seven forks per level, cut off at 128 x 128",
    .size_is      = "log2 of the edge",
    .loops        = false,
    .most         = 14,
    .tiny         = 8,
    .quick        = 9,
    .full         = 10,
    .seed         = 0,
    .prepare      = prepare_coarse,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};

const bench_kernel bench_strassen_fine = {
    .name         = "strassen-fine",
    .summary      = "the same, cut off at 16 x 16",
    .size_is      = "log2 of the edge",
    .loops        = false,
    .most         = 14,
    .tiny         = 6,
    .quick        = 8,
    .full         = 9,
    .seed         = 0,
    .prepare      = prepare_fine,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
