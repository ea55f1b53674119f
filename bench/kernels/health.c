/* SPDX-License-Identifier: BSD-3-Clause */
/* A health system, after the Barcelona suite's: villages in a tree, patients who fall ill, are treated or sent up to
 * the next hospital. A step walks the tree with a task per village; each village has its own random numbers, so the
 * outcome is one whatever the order. Tasks are small, of uneven cost, and their data are spread over memory. */
#include "kernel.h"

enum {
    CHILDREN    = 4,
    STEPS       = 30,
    PEOPLE      = 48, /* of a village at the bottom; hospitals above have more staff */
    ILL_PER_256 = 6,
    REFER_LIMIT = 80, /* of 256: a patient is sent up */
    TREAT_STEPS = 6,
    CUT_LEVELS  = 2, /* with a cut-off: the lowest levels are walked serially */
};

typedef struct village {
    struct village *child; /* CHILDREN of them; NULL at the bottom */
    uint64_t        random, treated, days;
    int32_t         level, waiting, inside;
    uint8_t         left[PEOPLE]; /* steps until a person inside goes home; 0: nobody there */
} village;

typedef struct village_job {
    BENCH_HEAD
    village *v;
    int32_t  sent_up; /* out */
} village_job;

static struct {
    village *all;
    long     count;
    int32_t  levels, cut; /* villages below this level are no tasks */
} the_system;

/* One step of one village; arrivals: those its children sent. Returns how many it sends up. */
static int32_t step_village(village *v, int32_t arrivals)
{
    int32_t sent = 0, beds = PEOPLE;

    v->waiting += arrivals;
    for (int32_t i = 0; i < PEOPLE; i++)
        v->waiting += (bench_random(&v->random) & 255) < ILL_PER_256;
    for (int32_t bed = 0; bed < beds; bed++) {
        if (v->left[bed]) {
            v->inside -= --v->left[bed] == 0;
            continue;
        }
        if (v->waiting == 0)
            continue;
        v->waiting--;
        uint64_t chance = bench_random(&v->random);
        if ((chance & 255) < REFER_LIMIT && v->level < the_system.levels - 1) {
            sent++;
            continue;
        }
        v->left[bed] = (uint8_t)(1 + (chance >> 8) % TREAT_STEPS);
        v->inside++;
        v->treated++;
    }
    v->days += (uint64_t)v->waiting;
    return sent;
}

static int32_t walk_serial(village *v)
{
    int32_t arrivals = 0;

    for (int i = 0; v->child && i < CHILDREN; i++)
        arrivals += walk_serial(&v->child[i]);
    return step_village(v, arrivals);
}

static void walk(BENCH_AT village_job *job);
BENCH_FORKED(walk, village_job)

static void walk(BENCH_AT village_job *job)
{
    village *v = job->v;

    if (v->level < the_system.cut || !v->child) {
        job->sent_up = walk_serial(v);
        return;
    }
    village_job below[CHILDREN];
    int32_t     arrivals = 0;
    BENCH_SCOPE
    for (int i = 0; i < CHILDREN; i++) {
        below[i].v = &v->child[i];
        BENCH_FORK(&below[i], walk);
    }
    BENCH_JOIN(below, CHILDREN, walk);
    for (int i = 0; i < CHILDREN; i++)
        arrivals += below[i].sent_up;
    job->sent_up = step_village(v, arrivals);
}

/* Fills in the village at `at` and its subtree, whose villages begin at *next. */
static void settle(village *at, int32_t level, long *next, uint64_t *random)
{
    memset(at, 0, sizeof *at);
    at->level  = level;
    at->random = bench_random(random);
    if (level == 0)
        return;
    at->child = &the_system.all[*next];
    *next += CHILDREN;
    for (int i = 0; i < CHILDREN; i++)
        settle(&at->child[i], level - 1, next, random);
}

static void *prepare(long size, uint64_t seed, int32_t cut)
{
    long next = 1;

    the_system.levels = (int32_t)size;
    the_system.cut    = cut;
    the_system.count  = 1;
    for (long level = 1; level < size; level++)
        the_system.count = the_system.count * CHILDREN + 1;
    the_system.all = (village *)bench_alloc((size_t)the_system.count * sizeof(village));
    settle(the_system.all, (int32_t)size - 1, &next, &seed);
    return the_system.all;
}

static void *prepare_fine(long size, uint64_t seed)
{
    return prepare(size, seed, 0);
}

static void *prepare_cut(long size, uint64_t seed)
{
    return prepare(size, seed, CUT_LEVELS);
}

static void run(void *state)
{
    for (int step = 0; step < STEPS; step++) {
        village_job all;
        all.v = (village *)state;
        BENCH_ROOT(&all, walk);
    }
}

static bench_outcome finish(void *state)
{
    bench_outcome outcome = { 0, (uint64_t)the_system.count * STEPS };

    (void)state;
    for (long i = 0; i < the_system.count; i++) {
        const village *v = &the_system.all[i];
        outcome.check    = bench_mix(outcome.check, v->treated << 32 | (uint64_t)v->days);
        outcome.check    = bench_mix(outcome.check, (uint64_t)v->waiting << 32 | (uint64_t)v->inside);
    }
    free(the_system.all);
    return outcome;
}

const bench_kernel bench_health = {
    .name         = "health",
    .summary      = "simulation of villages and hospitals in a tree, a task per village and step",
    .size_is      = "levels",
    .loops        = false,
    .most         = 12,
    .tiny         = 3,
    .quick        = 6,
    .full         = 7,
    .seed         = 0,
    .prepare      = prepare_fine,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};

const bench_kernel bench_health_cut = {
    .name         = "health-cut",
    .summary      = "the same, the lowest two levels walked serially",
    .size_is      = "levels",
    .loops        = false,
    .most         = 12,
    .tiny         = 4,
    .quick        = 6,
    .full         = 7,
    .seed         = 0,
    .prepare      = prepare_cut,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
