/* SPDX-License-Identifier: BSD-3-Clause */
/* A work-list of skewed tasks: costs follow a power of the rank (exponent 0.75), in random order, with the cost given
 * as a hint. The largest task is a thousand times the smallest, and a few per cent of all work at most. */
#include "kernel.h"

#include <math.h>

static const double MEAN_STEPS = 1500.0; /* of a generator whose chain of six operations takes 1.4 ns or so */
static const double EXPONENT   = 0.75;

typedef struct request {
    uint64_t seed, result;
    long     steps;
} request;

typedef struct zipf_state {
    request *requests;
    double  *weights;
    long     count;
} zipf_state;

/* Xorshift (Marsaglia 2003): a dependent chain, so that a step has one cost in every form. */
static void serve(void *argument)
{
    request *r = (request *)argument;
    uint64_t x = r->seed | 1;

    for (long i = 0; i < r->steps; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    r->result = x;
}

static void shuffle(double *values, long count, uint64_t *random)
{
    for (long i = count - 1; i > 0; i--) {
        long   j    = (long)(bench_random(random) % (uint64_t)(i + 1));
        double swap = values[i];
        values[i]   = values[j];
        values[j]   = swap;
    }
}

static void *prepare(long size, uint64_t seed)
{
    zipf_state *s   = (zipf_state *)bench_alloc(sizeof *s);
    double      sum = 0.0;

    s->count    = size;
    s->requests = (request *)bench_alloc((size_t)size * sizeof *s->requests);
    s->weights  = (double *)bench_alloc((size_t)size * sizeof *s->weights);
    for (long i = 0; i < size; i++) {
        s->weights[i] = pow((double)(i + 1), -EXPONENT);
        sum += s->weights[i];
    }
    shuffle(s->weights, size, &seed);
    for (long i = 0; i < size; i++) {
        s->weights[i] *= (double)size / sum; /* mean 1 */
        s->requests[i] = (request){ bench_random(&seed), 0, (long)(s->weights[i] * MEAN_STEPS) + 1 };
    }
    return s;
}

static void run(void *state)
{
    zipf_state  *s   = (zipf_state *)state;
    bench_blocks all = { serve, s->requests, sizeof *s->requests, s->count, s->weights, false };

    bench_each(&all);
}

static bench_outcome finish(void *state)
{
    zipf_state   *s       = (zipf_state *)state;
    bench_outcome outcome = { 0, (uint64_t)s->count };

    for (long i = 0; i < s->count; i++)
        outcome.check = bench_mix(outcome.check, s->requests[i].result);
    free(s->requests);
    free(s->weights);
    free(s);
    return outcome;
}

const bench_kernel bench_zipf = {
    .name         = "zipf",
    .summary      = "a work-list of independent requests whose costs are skewed like Zipf's law, 2 us on average",
    .size_is      = "requests",
    .loops        = true,
    .linear       = true,
    .most         = 1L << 30,
    .tiny         = 300,
    .quick        = 20000,
    .full         = 40000,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
