/* SPDX-License-Identifier: BSD-3-Clause */
/* Fibonacci numbers by the definition, a fork per addition and no cut-off: no work but the runtime's own, so its time
 * is what a fork and a join cost. Nobody computes Fibonacci numbers so; everybody measures runtimes so. */
#include "kernel.h"

enum { N_KNOWN = 90 }; /* F(90) fits in 64 bits, and no run will get there */

typedef struct fib_job {
    BENCH_HEAD
    long n, value;
} fib_job;

static inline long fib(BENCH_AT long n);

static inline void fib_apart(BENCH_AT fib_job *job)
{
    job->value = fib(BENCH_HERE job->n);
}
BENCH_FORKED(fib_apart, fib_job)

static inline long fib(BENCH_AT long n)
{
    /* Nothing, but not for the optimiser: gcc proves the serial form pure and computes it in logarithmic time. */
    __asm__ volatile("");
    if (n < 2)
        return n;
    fib_job left;
    left.n = n - 1;
    BENCH_SCOPE
    BENCH_FORK(&left, fib_apart);
    long right = fib(BENCH_HERE n - 2);
    BENCH_JOIN(&left, 1, fib_apart);
    return left.value + right;
}

static void *prepare(long size, uint64_t seed)
{
    fib_job *root = (fib_job *)bench_alloc(sizeof *root);

    (void)seed; /* there is nothing to draw */
    root->n     = size;
    root->value = 0;
    return root;
}

static void run(void *state)
{
    fib_job *root = (fib_job *)state;

    BENCH_ROOT(root, fib_apart);
}

static uint64_t fib_by_loop(long n)
{
    uint64_t now = 0, next = 1;

    for (long i = 0; i < n; i++) {
        uint64_t sum = now + next;
        now          = next;
        next         = sum;
    }
    return now;
}

static bench_outcome finish(void *state)
{
    fib_job      *root    = (fib_job *)state;
    bench_outcome outcome = { (uint64_t)root->value, fib_by_loop(root->n + 1) - 1 }; /* a fork per addition */

    free(root);
    return outcome;
}

static bool known(long size, uint64_t seed, uint64_t *check)
{
    (void)seed;
    *check = fib_by_loop(size);
    return size <= N_KNOWN;
}

const bench_kernel bench_fib = {
    .name       = "fib",
    .summary    = "Fibonacci numbers by the definition, a fork per addition, no cut-off: the cost of a fork and a join",
    .size_is    = "n",
    .loops      = false,
    .most       = 60,
    .tiny       = 16,
    .quick      = 30,
    .full       = 32,
    .quick_seed = 0,
    .prepare    = prepare,
    .run        = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = known,
};
