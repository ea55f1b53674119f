/* SPDX-License-Identifier: BSD-3-Clause */
/* Jacobi relaxation of a square grid in tiles, sweep after sweep: the same tile touches the same memory each time, so
 * keys pay. Regular work: what a static schedule is best at, and a dynamic runtime must not lose. */
#include "kernel.h"

enum {
    TILE_CELLS = 128, /* edge of a tile: 128 KB read and written, a second-level cache */
    SWEEPS     = 40,
};

typedef struct grid {
    double *now, *next; /* (edge + 2)^2 cells: a fixed frame around the grid */
    long    edge;
} grid;

typedef struct tile {
    grid *g;
    long  row, column, row_end, column_end;
} tile;

typedef struct jacobi_state {
    grid  g;
    tile *tiles;
    long  tile_count;
} jacobi_state;

static void touch_tile(void *argument)
{
    const tile *t     = (const tile *)argument;
    long        pitch = t->g->edge + 2;

    for (long row = t->row; row < t->row_end; row++)
        for (long column = t->column; column < t->column_end; column++) {
            t->g->now[row * pitch + column]  = (double)((row * 31 + column * 17) % 101);
            t->g->next[row * pitch + column] = 0.0;
        }
}

static void relax_tile(void *argument)
{
    const tile *t     = (const tile *)argument;
    long        pitch = t->g->edge + 2;

    for (long row = t->row; row < t->row_end; row++) {
        const double *__restrict above = t->g->now + (row - 1) * pitch;
        const double *__restrict here  = t->g->now + row * pitch;
        const double *__restrict below = t->g->now + (row + 1) * pitch;
        double *__restrict out         = t->g->next + row * pitch;
        for (long column = t->column; column < t->column_end; column++)
            out[column] = 0.25 * (above[column] + below[column] + here[column - 1] + here[column + 1]);
    }
}

/* The frame is one degree hotter on each side, and the same in both grids. */
static void heat_frame(grid *g)
{
    long pitch = g->edge + 2;

    for (long i = 0; i < pitch; i++) {
        g->now[i] = g->next[i]          = 100.0;
        g->now[(pitch - 1) * pitch + i] = g->next[(pitch - 1) * pitch + i] = 101.0;
        g->now[i * pitch] = g->next[i * pitch] = 102.0;
        g->now[i * pitch + pitch - 1] = g->next[i * pitch + pitch - 1] = 103.0;
    }
}

static bench_blocks all_tiles(jacobi_state *s, void (*fn)(void *))
{
    bench_blocks all = { fn, s->tiles, sizeof *s->tiles, s->tile_count, NULL, true };

    return all;
}

static void *prepare(long size, uint64_t seed)
{
    jacobi_state *s     = (jacobi_state *)bench_alloc(sizeof *s);
    size_t        bytes = (size_t)(size + 2) * (size_t)(size + 2) * sizeof(double);
    long          side  = (size + TILE_CELLS - 1) / TILE_CELLS;

    (void)seed; /* the start is a formula */
    s->g.edge     = size;
    s->g.now      = (double *)bench_alloc(bytes);
    s->g.next     = (double *)bench_alloc(bytes);
    s->tile_count = side * side;
    s->tiles      = (tile *)bench_alloc((size_t)s->tile_count * sizeof *s->tiles);
    for (long i = 0; i < s->tile_count; i++) {
        long row = 1 + i / side * TILE_CELLS, column = 1 + i % side * TILE_CELLS;
        long row_end    = row + TILE_CELLS < size + 1 ? row + TILE_CELLS : size + 1;
        long column_end = column + TILE_CELLS < size + 1 ? column + TILE_CELLS : size + 1;
        s->tiles[i]     = (tile){ &s->g, row, column, row_end, column_end };
    }
    bench_blocks all = all_tiles(s, touch_tile);
    bench_each(&all);
    heat_frame(&s->g);
    return s;
}

static void run(void *state)
{
    jacobi_state *s   = (jacobi_state *)state;
    bench_blocks  all = all_tiles(s, relax_tile);

    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        bench_each(&all);
        double *swap = s->g.now;
        s->g.now     = s->g.next;
        s->g.next    = swap;
    }
}

static bench_outcome finish(void *state)
{
    jacobi_state *s       = (jacobi_state *)state;
    bench_outcome outcome = { 0, (uint64_t)s->tile_count * SWEEPS };

    for (long i = 0; i < (s->g.edge + 2) * (s->g.edge + 2); i++)
        outcome.check = bench_mix(outcome.check, bench_bits(s->g.now[i]));
    free(s->g.now);
    free(s->g.next);
    free(s->tiles);
    free(s);
    return outcome;
}

const bench_kernel bench_jacobi = {
    .name         = "jacobi",
    .summary      = "forty Jacobi sweeps over a grid in tiles of 128 x 128, each tile a key",
    .size_is      = "edge of the grid",
    .loops        = true,
    .most         = 1 << 16,
    .tiny         = 200,
    .quick        = 1024,
    .full         = 1280,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
