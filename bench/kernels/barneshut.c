/* SPDX-License-Identifier: BSD-3-Clause */
/* Barnes and Hut's N-body method (Nature 324, 1986): the forces of one step on bodies that cluster as in a galaxy. The
 * octree is built once, outside the clock; the loop over bodies walks it, deeper where they are dense. */
#include "kernel.h"

#include <math.h>

enum {
    OCTANTS   = 8,
    GRAIN     = 8,  /* bodies: a walk takes some 10 us */
    DEPTH_MAX = 40, /* bodies closer than this share a leaf's mass */
};
static const double OPENING = 0.6, SOFTENING = 1e-4;

typedef struct cell {
    double  x, y, z, mass; /* centre of mass */
    double  edge;
    int32_t child[OCTANTS]; /* -1: none */
    int32_t bodies;
} cell;

typedef struct body {
    double x, y, z, ax, ay, az;
} body;

typedef struct galaxy {
    body *bodies;
    cell *cells;
    long  count, used, room;
} galaxy;

static void attract(const galaxy *g, body *b, int32_t at)
{
    const cell *c  = &g->cells[at];
    double      dx = c->x - b->x, dy = c->y - b->y, dz = c->z - b->z;
    double      squared = dx * dx + dy * dy + dz * dz + SOFTENING;

    if (c->bodies == 1 || c->edge * c->edge < OPENING * OPENING * squared) {
        double pull = c->mass / (squared * sqrt(squared));
        b->ax += pull * dx;
        b->ay += pull * dy;
        b->az += pull * dz;
        return;
    }
    for (int i = 0; i < OCTANTS; i++)
        if (c->child[i] >= 0)
            attract(g, b, c->child[i]);
}

static void force_on(galaxy *g, long i)
{
    g->bodies[i].ax = g->bodies[i].ay = g->bodies[i].az = 0.0;
    attract(g, &g->bodies[i], 0);
}
BENCH_LOOPED(force_on, galaxy)

static int32_t new_cell(galaxy *g, double edge)
{
    cell fresh = { 0.0, 0.0, 0.0, 0.0, edge, { -1, -1, -1, -1, -1, -1, -1, -1 }, 0 };

    if (g->used == g->room) {
        g->room *= 2;
        g->cells = (cell *)realloc(g->cells, (size_t)g->room * sizeof *g->cells);
        if (!g->cells) {
            fputs("bench: no memory for the octree\n", stderr);
            exit(2);
        }
    }
    g->cells[g->used] = fresh;
    return (int32_t)g->used++;
}

/* The octant of a body around a centre, which moves to the octant's own. */
static int descend(const body *b, double *centre, double quarter)
{
    int octant = (b->x > centre[0]) | (b->y > centre[1]) << 1 | (b->z > centre[2]) << 2;

    for (int axis = 0; axis < 3; axis++)
        centre[axis] += octant >> axis & 1 ? quarter : -quarter;
    return octant;
}

/* A cell that held one body hands it down before it takes another: mass and sums are kept as it goes. */
static void insert(galaxy *g, const body *b, int32_t at, const double *middle, int depth)
{
    cell  *c         = &g->cells[at];
    double centre[3] = { middle[0], middle[1], middle[2] };
    body   resident  = { c->x, c->y, c->z, 0.0, 0.0, 0.0 };
    bool   divide    = c->bodies == 1;
    double edge      = c->edge;

    c->x = (c->x * c->mass + b->x) / (c->mass + 1.0);
    c->y = (c->y * c->mass + b->y) / (c->mass + 1.0);
    c->z = (c->z * c->mass + b->z) / (c->mass + 1.0);
    c->mass += 1.0;
    c->bodies++;
    if (c->bodies == 1 || depth == DEPTH_MAX)
        return;
    for (int which = divide ? 0 : 1; which < 2; which++) {
        const body *mover    = which ? b : &resident;
        double      inner[3] = { centre[0], centre[1], centre[2] };
        int         octant   = descend(mover, inner, edge / 4.0);
        if (g->cells[at].child[octant] < 0) {
            int32_t made               = new_cell(g, edge / 2.0);
            g->cells[at].child[octant] = made;
        }
        insert(g, mover, g->cells[at].child[octant], inner, depth + 1);
    }
}

/* Plummer's distribution (as by Aarseth, Henon and Wielen, 1974), cut at a radius of 8. */
static body draw_body(uint64_t *random)
{
    double chance[3];

    for (int i = 0; i < 3; i++)
        chance[i] = (double)(bench_random(random) >> 11) * 0x1p-53;
    double radius = 1.0 / sqrt(pow(chance[0] * 0.97 + 0.01, -2.0 / 3.0) - 1.0);
    double z = 1.0 - 2.0 * chance[1], flat = sqrt(1.0 - z * z), turn = 2.0 * acos(-1.0) * chance[2];
    body   b = { radius * flat * cos(turn), radius * flat * sin(turn), radius * z, 0.0, 0.0, 0.0 };
    return b;
}

static void *prepare(long size, uint64_t seed)
{
    galaxy      *g         = (galaxy *)bench_alloc(sizeof *g);
    const double origin[3] = { 0.0, 0.0, 0.0 };

    g->count  = size;
    g->bodies = (body *)bench_alloc((size_t)size * sizeof *g->bodies);
    g->room   = size * 2 + 16;
    g->used   = 0;
    g->cells  = (cell *)malloc((size_t)g->room * sizeof *g->cells);
    if (!g->cells) {
        fputs("bench: no memory for the octree\n", stderr);
        exit(2);
    }
    new_cell(g, 32.0);
    for (long i = 0; i < size; i++) {
        g->bodies[i] = draw_body(&seed);
        insert(g, &g->bodies[i], 0, origin, 0);
    }
    return g;
}

static void run(void *state)
{
    galaxy *g = (galaxy *)state;

    BENCH_LOOP(force_on, galaxy, g, g->count, GRAIN);
}

/* Rounded to a millionth: a compiler that contracts products and sums differs in the last bits. */
static bench_outcome finish(void *state)
{
    galaxy       *g       = (galaxy *)state;
    bench_outcome outcome = { 0, (uint64_t)g->count };
    double        sum     = 0.0;

    for (long i = 0; i < g->count; i++)
        sum += fabs(g->bodies[i].ax) + fabs(g->bodies[i].ay) + fabs(g->bodies[i].az);
    outcome.check = (uint64_t)llrint(sum / (double)g->count * 1e3);
    free(g->bodies);
    free(g->cells);
    free(g);
    return outcome;
}

const bench_kernel bench_barneshut = {
    .name         = "barneshut",
    .summary      = "Barnes-Hut forces on clustered bodies, a loop over bodies",
    .size_is      = "bodies",
    .loops        = true,
    .most         = 1 << 28,
    .tiny         = 200,
    .quick        = 3000,
    .full         = 8000,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
