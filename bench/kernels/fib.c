/* SPDX-License-Identifier: BSD-3-Clause */
/* Fibonacci numbers by the definition, a fork per addition and no cut-off: no work but the runtime's own, so its time
 * is what a fork and a join cost. Nobody computes Fibonacci numbers so; everybody measures runtimes so. And with a
 * cut-off, as a program would have it that has to live with expensive tasks. */
#include "kernel.h"

enum {
    N_KNOWN = 90, /* F(90) fits in 64 bits, and no run will get there */
    N_CUT   = 18, /* below: serial calls, some 5 us */
};

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
    long right;
    { /* the job's block ends before the direct call, which may then become a loop */
        fib_job left;
        left.n = n - 1;
        BENCH_SCOPE
        BENCH_FORK(&left, fib_apart);
        right = fib(BENCH_HERE n - 2);
        if (BENCH_JOINED(&left))
            return left.value + right;
        n = left.n;
    }
    return right + fib(BENCH_HERE n);
}

static long fib_serial(long n)
{
    __asm__ volatile("");
    return n < 2 ? n : fib_serial(n - 1) + fib_serial(n - 2);
}

static void fib_cut(BENCH_AT fib_job *job);
BENCH_FORKED(fib_cut, fib_job)

static void fib_cut(BENCH_AT fib_job *job)
{
    if (job->n <= N_CUT) {
        job->value = fib_serial(job->n);
        return;
    }
    fib_job left, right;
    left.n  = job->n - 1;
    right.n = job->n - 2;
    BENCH_SCOPE
    BENCH_BOTH(&left, &right, fib_cut);
    job->value = left.value + right.value;
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

static void run_cut(void *state)
{
    fib_job *root = (fib_job *)state;

    BENCH_ROOT(root, fib_cut);
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
    .name    = "fib",
    .summary = "Fibonacci numbers by the definition, a fork per addition, no cut-off: the cost of a fork and a join",
    .size_is = "n",
    .loops   = false,
    .most    = 60,
    .tiny    = 16,
    .quick   = 27,
    .full    = 29,
    .seed    = 0,
    .prepare = prepare,
    .run     = run,
    .run_detached = NULL,
    .finish       = finish,
    .known        = known,
};

const bench_kernel bench_fib_cut = {
    .name         = "fib-cut",
    .summary      = "the same, serial below 19",
    .size_is      = "n",
    .loops        = false,
    .most         = 60,
    .tiny         = 21,
    .quick        = 33,
    .full         = 36,
    .seed         = 0,
    .prepare      = prepare,
    .run          = run_cut,
    .run_detached = NULL,
    .finish       = finish,
    .known        = known,
};
