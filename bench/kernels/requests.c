/* SPDX-License-Identifier: BSD-3-Clause */
/* Load balancing of requests: one producer makes a stream of keyed requests of skewed cost, each a task that nobody
 * joins, and each adds what it found to its key's account. Keys are skewed too, so a few accounts are busy. */
#include "kernel.h"

#include <math.h>

enum {
    KEYS = 512,
};
static const double STEPS_LEAST = 40.0, STEPS_MOST = 40000.0; /* of a chain of six operations: 60 ns and 60 us or so */

typedef struct account {
    uint64_t sum, count;
    char     pad[112];
} account;

typedef struct request {
    uint64_t seed;
    uint32_t steps, key;
} request;

static struct {
    account *accounts;
    request *requests;
    long     count;
} the_service;

static void serve(void *argument)
{
    const request *r = (const request *)argument;
    uint64_t       x = r->seed | 1;

    for (uint32_t i = 0; i < r->steps; i++) { /* xorshift (Marsaglia 2003): one cost in every form */
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    /* order: relaxed; sums are read after the last task has ended */
    __atomic_fetch_add(&the_service.accounts[r->key].sum, x, __ATOMIC_RELAXED);
    __atomic_fetch_add(&the_service.accounts[r->key].count, 1, __ATOMIC_RELAXED);
}

/* Costs follow Pareto's law with exponent 1.2, mean some 250 steps; keys a square law. */
static void *prepare(long size, uint64_t seed)
{
    the_service.count    = size;
    the_service.accounts = (account *)bench_alloc(KEYS * sizeof(account));
    the_service.requests = (request *)bench_alloc((size_t)size * sizeof(request));
    memset(the_service.accounts, 0, KEYS * sizeof(account));
    for (long i = 0; i < size; i++) {
        double chance  = (double)(bench_random(&seed) >> 11) * 0x1p-53,
               steps   = STEPS_LEAST * pow(1.0 - chance, -1.0 / 1.2);
        double   place = (double)(bench_random(&seed) >> 11) * 0x1p-53;
        request *r     = &the_service.requests[i];
        r->seed        = bench_random(&seed);
        r->steps       = (uint32_t)(steps < STEPS_MOST ? steps : STEPS_MOST);
        r->key         = (uint32_t)(place * place * (double)KEYS);
    }
    return &the_service;
}

static void run(void *state)
{
    (void)state;
    for (long i = 0; i < the_service.count; i++)
        BENCH_DETACH_KEYED(serve, request, the_service.requests[i], the_service.requests[i].key);
}

static bench_outcome finish(void *state)
{
    bench_outcome outcome = { 0, (uint64_t)the_service.count };

    (void)state;
    for (int key = 0; key < KEYS; key++)
        outcome.check =
            bench_mix(bench_mix(outcome.check, the_service.accounts[key].sum), the_service.accounts[key].count);
    free(the_service.accounts);
    free(the_service.requests);
    return outcome;
}

const bench_kernel bench_requests = {
    .name         = "requests",
    .summary      = "a stream of keyed requests of skewed cost from one producer, 0.4 us on average",
    .size_is      = "requests",
    .loops        = false,
    .linear       = true,
    .submits      = true,
    .most         = 1L << 30,
    .tiny         = 2000,
    .quick        = 60000,
    .full         = 200000,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = NULL,
};
