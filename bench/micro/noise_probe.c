/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine itself does right now: a fixed arithmetic loop, and a cache line bounced between the first two CPUs.
 *
 * Run before and after a series; on a shared machine the loop has been seen to change by a factor of two and the line
 * by five, with no stolen time shown. Prints one line of JSON. */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum {
    LOOP_STEPS = 20000000, /* some 30 ms: longer than a scheduler tick, short beside the series */
    BOUNCES    = 20000,
    WARM_UP    = 1000,
};

typedef struct ball {
    _Alignas(128) int turn;
    int cpu;
} ball;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double loop_ns(uint64_t seed)
{
    uint64_t begin = now_ns(), x = seed | 1;

    for (long i = 0; i < LOOP_STEPS; i++)
        x = x * 6364136223846793005u + 1442695040888963407u; /* Knuth's LCG: a chain of one multiply-add */
    double spent = (double)(now_ns() - begin);
    return x == 0 ? 0.0 : spent / LOOP_STEPS;
}

static void bind_to(int cpu)
{
    cpu_set_t mask;

    CPU_ZERO(&mask);
    CPU_SET(cpu, &mask);
    sched_setaffinity(0, sizeof mask, &mask);
}

/* Waits for its turn and passes it on. order: each release store pairs with the other side's acquire load. */
static void bounce(ball *b, int mine, long times)
{
    for (long i = 0; i < times; i++) {
        while (__atomic_load_n(&b->turn, __ATOMIC_ACQUIRE) != mine)
            ;
        __atomic_store_n(&b->turn, !mine, __ATOMIC_RELEASE);
    }
}

static void *other_side(void *argument)
{
    ball *b = argument;

    bind_to(b->cpu);
    bounce(b, 1, WARM_UP + BOUNCES);
    return NULL;
}

/* One way, between two CPUs; 0 when there is only one. */
static double line_ns(const cpu_set_t *mask)
{
    int       cpus[2], found = 0;
    pthread_t thread;
    ball      b = { .turn = 0 };

    for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
        if (CPU_ISSET(cpu, mask))
            cpus[found++] = cpu;
    if (found < 2)
        return 0.0;
    b.cpu = cpus[1];
    if (pthread_create(&thread, NULL, other_side, &b))
        return 0.0;
    bind_to(cpus[0]);
    bounce(&b, 0, WARM_UP);
    uint64_t begin = now_ns();
    bounce(&b, 0, BOUNCES);
    double spent = (double)(now_ns() - begin);
    pthread_join(thread, NULL);
    return spent / BOUNCES / 2.0;
}

int main(int argc, char **argv)
{
    cpu_set_t mask;

    (void)argv;
    sched_getaffinity(0, sizeof mask, &mask);
    double line = line_ns(&mask);
    printf("{\"loop_ns\": %.4f, \"line_ns\": %.1f}\n", loop_ns((uint64_t)argc), line);
    return 0;
}
