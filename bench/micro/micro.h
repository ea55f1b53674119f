/* SPDX-License-Identifier: BSD-3-Clause */
/* What the micro benchmarks of every runtime share: a table of named measurements, a clock, percentiles, one line of
 * JSON. Each runtime has its own file, because here the interface itself is what is measured. */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the command line asked for; a measurement takes what it needs. */
typedef struct micro_request {
    unsigned    workers;
    long        count; /* tasks, hand-offs or rounds */
    long        rate_hz;
    const char *policy; /* Ramify only; NULL: its default */
} micro_request;

typedef struct micro_bench {
    const char *name;
    void (*run)(const micro_request *request);
} micro_bench;

/* The runtime's name and its measurements, ended by a NULL name. */
extern const char *const        micro_form;
extern const micro_bench *const micro_benches;

/* Exit status of a measurement that this machine cannot do; the reason is printed. */
enum { MICRO_SKIP = 77 };

/* A hand-off in flight: written by the submitter, then by the task, on a line of its own. */
typedef struct micro_slot {
    uint64_t begin_ticks, end_ticks;
    int      done;
    char     pad[108];
} micro_slot;

/* A task that does nothing, in a file of its own so that no compiler sees through it. */
void micro_empty(void *unused);

/* About 100 ns of dependent arithmetic. state: the task's own word. */
void micro_work_100ns(void *state);

/* `count` tasks, each of `steps` on a word of its own. */
typedef struct micro_slice {
    uint64_t *words;
    long      count, steps;
} micro_slice;

/* Dependent arithmetic, in a file of its own. state: the task's own word. */
void micro_work(uint64_t *state, long steps);

/* Prints the efficiency of `run`, which works off a slice in parallel, at grains from 10 ns to 100 us. */
void micro_grain(const char *bench, const micro_request *request, const char *how, void (*run)(micro_slice *slice));

/* The n-th CPU (from 0) this process may run on when it started; -1: there are fewer. */
int micro_cpu(unsigned n);

/* Binds the calling thread to one CPU. */
void micro_bind(int cpu);

/* Nanoseconds per tick, over the life of the process so far (at least 10 ms). */
double micro_ns_per_tick(void);

/* Sorts and prints `"count", "p50_ns", "p99_ns", "min_ns", "max_ns"` of values given in ticks, as JSON fields. */
void micro_print_latency(uint64_t *ticks, long count, double ns_per_tick);

/* Opens the JSON line: form, measurement, workers, policy. micro_close ends it. */
void micro_open(const char *bench, const micro_request *request);
void micro_field(const char *name, double value);
void micro_text(const char *name, const char *value);
void micro_close(void);

/* Loops: a measurement of `count` iterations is taken this often, of which the first quarter warms up; less often where
 * that takes longer than the time below, for some runtimes take a thousand times as long as others. */
enum { MICRO_LOOP_ROUNDS = 41, MICRO_LOOP_ROUNDS_LEAST = 5, MICRO_LOOP_MS = 200 };

/* True when another round is due. begun_ns: when the first one began. */
bool micro_loop_goes_on(long round, uint64_t begun_ns);

/* An iteration that does nothing and that no compiler leaves out. */
static inline void micro_iterate(void)
{
    __asm__ volatile("");
}

/* Prints the whole line of a loop: median and least nanoseconds per iteration of the rounds after the warm ones. */
void micro_print_loop(const char *bench, const micro_request *request, const char *how, uint64_t *round_ns, long rounds);

/* Busy for about this long, without a system call. */
void micro_gap_ns(uint64_t ns);
void micro_sleep_ms(long ms);

static inline uint64_t micro_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The processor's constant-rate counter: 9 ns to read where clock_gettime takes 21. */
static inline uint64_t micro_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    return micro_now_ns();
#endif
}

static inline void micro_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* The task of a hand-off: the first thing it does is read the clock. */
static inline void micro_slot_take(micro_slot *slot)
{
    slot->end_ticks = micro_ticks();
    __atomic_store_n(&slot->done, 1, __ATOMIC_RELEASE); /* order: pairs with the acquire in micro_slot_wait */
}

static inline void micro_slot_wait(micro_slot *slot)
{
    while (!__atomic_load_n(&slot->done, __ATOMIC_ACQUIRE)) /* order: pairs with micro_slot_take */
        micro_relax();
    slot->done = 0;
}

#ifdef __cplusplus
}
#endif
#endif
