/* SPDX-License-Identifier: BSD-3-Clause */
/* Game-like updates: many small entities per step in the cells of a field. Each cell gathers the entities that decide
 * to step into it from the old field around it, so cells need no locks; entities crowd together, so cells differ in
 * cost. */
#include "kernel.h"

enum {
    EDGE     = 64, /* cells along an edge of the field, which is a torus */
    CELLS    = EDGE * EDGE,
    ROOM     = 60, /* entities a cell takes; who finds it full is gone */
    STEPS    = 20,
    GRAIN    = 4, /* cells: empty ones take 50 ns, full ones 5 us */
    THOUGHTS = 6, /* rounds of a generator per decision */
    MOVES    = 5,
    HEALTH   = 100,
};

typedef struct entity {
    uint32_t name;
    int32_t  health;
} entity;

typedef struct cell {
    int32_t count;
    entity  inside[ROOM];
} cell;

typedef struct game_state {
    cell *now, *next;
    long  step;
} game_state;

/* Where an entity of a cell goes: 0 stays, 1 to 4 a neighbour. Crowds attract: half of the moves go to column EDGE / 2.
 */
BENCH_INLINE uint32_t decide(const entity *e, long step, long column)
{
    uint64_t state = (uint64_t)e->name << 20 ^ (uint64_t)step;
    uint64_t bits  = 0;

    for (int i = 0; i < THOUGHTS; i++)
        bits ^= bench_random(&state);
    if (bits & 64)
        return column < EDGE / 2 ? 1 : column > EDGE / 2 ? 2 : 0;
    return (uint32_t)(bits >> 32) % MOVES;
}

BENCH_INLINE void take_from(const game_state *g, cell *to, long row, long column, uint32_t move)
{
    row              = (row + EDGE) % EDGE;
    column           = (column + EDGE) % EDGE;
    const cell *from = &g->now[row * EDGE + column];
    for (int32_t i = 0; i < from->count; i++) {
        if (decide(&from->inside[i], g->step, column) != move || to->count == ROOM)
            continue;
        entity e = from->inside[i];
        e.health -= from->count > ROOM / 2; /* hurt in a crowd */
        if (e.health > 0)
            to->inside[to->count++] = e;
    }
}

static void update_cell(game_state *g, long i)
{
    long  row = i / EDGE, column = i % EDGE;
    cell *to = &g->next[i];

    to->count = 0;
    take_from(g, to, row, column, 0);
    take_from(g, to, row, column - 1, 1);
    take_from(g, to, row, column + 1, 2);
    take_from(g, to, row - 1, column, 3);
    take_from(g, to, row + 1, column, 4);
}
BENCH_LOOPED(update_cell, game_state)

static void *prepare(long size, uint64_t seed)
{
    game_state *g = (game_state *)bench_alloc(sizeof *g);

    g->now  = (cell *)bench_alloc(CELLS * sizeof(cell));
    g->next = (cell *)bench_alloc(CELLS * sizeof(cell));
    memset(g->now, 0, CELLS * sizeof(cell));
    memset(g->next, 0, CELLS * sizeof(cell));
    for (long n = 0; n < size; n++) {
        cell  *c = &g->now[bench_random(&seed) % CELLS];
        entity e = { (uint32_t)n, HEALTH };
        if (c->count < ROOM)
            c->inside[c->count++] = e;
    }
    return g;
}

static void run(void *state)
{
    game_state *g = (game_state *)state;

    for (g->step = 0; g->step < STEPS; g->step++) {
        BENCH_LOOP(update_cell, game_state, g, CELLS, GRAIN);
        cell *swap = g->now;
        g->now     = g->next;
        g->next    = swap;
    }
}

static bench_outcome finish(void *state)
{
    game_state   *g       = (game_state *)state;
    bench_outcome outcome = { 0, (uint64_t)CELLS * STEPS };

    for (long i = 0; i < CELLS; i++)
        for (int32_t n = 0; n < g->now[i].count; n++)
            outcome.check = bench_mix(outcome.check, (uint64_t)g->now[i].inside[n].name << 32 | (uint64_t)i);
    free(g->now);
    free(g->next);
    free(g);
    return outcome;
}

const bench_kernel bench_game = {
    .name         = "game",
    .summary      = "twenty steps of many small entities in the cells of a field, a loop over cells per step",
    .size_is      = "entities",
    .loops        = true,
    .most         = CELLS * ROOM,
    .tiny         = 2000,
    .quick        = 12000,
    .full         = 40000,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
