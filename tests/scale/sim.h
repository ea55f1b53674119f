/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine of many cores that is not there: logical threads with a virtual clock each run the real sources of queues
 * and workers, in the order of their clocks, so every run is the same.
 *
 * Discrete-event simulation of the conservative kind (Fujimoto, "Parallel discrete event simulation", CACM 33(10),
 * 1990): whoever has the lowest clock goes on. The threads are coroutines on one kernel thread. An atomic operation
 * costs what the model of its cache line says (sim_lines.c), everything else of memory costs nothing; what a program's
 * own work takes it says by sim_work(). An operation that finds its line in the own cache takes effect at once,
 * although others may stand earlier by less than LOOKAHEAD: whatever they do reaches this line later than that. All
 * others take effect in the order of the times when they are done.
 *
 * What is simulated is sequentially consistent, and no model of a real machine's figures to the nanosecond: it shows
 * which lines many fight for and which waits grow with the number of workers. */
#ifndef RMF_TESTS_SIM_H
#define RMF_TESTS_SIM_H

#include <stdbool.h>
#include <stdint.h>

/* Loads that miss and are under way together: a search passes a victim in some 80 instructions, a core's reorder buffer
 * holds 320 (Zen 4) to 512. */
enum { SIM_THREADS_MAX = 192, SIM_NOBODY = -1, SIM_LOADS = 4 };

/* Prices in picoseconds. Those marked PEERS were measured on the machine of the project's comparison with its peers, an
 * AMD EPYC of Zen 5: medians of at least five runs. */
#define SIM_COST_TABLE(X)                                                                                              \
    X(HIT, 250, "load or store of a line in the own cache: store 0.24 ns, PEERS")                                      \
    X(LOCKED, 5000, "read-modify-write of a line in the own cache: 4.7 ns, PEERS")                                     \
    X(NEAR, 50000, "a line from a core of the same L3, one way: 44-58 ns, PEERS")                                      \
    X(PACKAGE, 100000,                                                                                                 \
      "from another L3 of the package: EPYC 7R13 107 ns, Threadripper 3960X 94 ns, Ryzen 5950X 85 ns "                 \
      "(N. Viennot, core-to-core-latency)")                                                                            \
    X(FAR, 160000, "from the other package: Xeon 8375C 108 ns, Gold 6242 136 ns, EPYC 7R13 197 ns (the same)")         \
    X(BUFFERED, 16000, "of a store's wait its thread does not notice: 64 entries of a store buffer, a store each")     \
    X(PAUSE, 24000, "pause, PEERS")                                                                                    \
    X(YIELD, 300000, "sched_yield with nobody else: two crossings and a look at the run queue")                        \
    X(CLOCK, 9000, "rdtsc, PEERS")                                                                                     \
    X(WAIT_REFUSED, 120000, "futex wait whose word has changed: a system call, PEERS")                                 \
    X(WAKE_NOBODY, 160000, "futex wake with nobody waiting, PEERS")                                                    \
    X(WAKE, 6500000, "futex wake with somebody waiting, of the waker's time, PEERS")                                   \
    X(WOKEN, 22000000, "from the wake to the sleeper's next instruction: P50, PEERS")                                  \
    X(SLACK, 50000000, "a sleep with a limit ends so much later: the default timer slack, prctl(2)")                   \
    X(LOOKAHEAD, 50000, "no line travels faster: NEAR")

enum {
#define SIM_COST_ENUM(name, ps, origin) SIM_##name##_PS = (ps),
    SIM_COST_TABLE(SIM_COST_ENUM)
#undef SIM_COST_ENUM
};

/* A place in the sources that does atomic operations, and what they came to. */
typedef struct sim_site {
    const char      *file, *function;
    int              line;
    bool             known;
    uint64_t         operations, transfers, spent_ps;
    struct sim_site *next;
} sim_site;

/* A cache line, and what was fetched and waited for. */
typedef struct sim_line {
    uintptr_t address; /* 0: unused entry */
    uint64_t  holders[SIM_THREADS_MAX / 64];
    int32_t   owner;               /* who has it alone and modified; SIM_NOBODY: clean */
    uint32_t  transfers;           /* times it went from one cache to another, or was taken from others */
    uint64_t  busy_ps;             /* until then nobody else gets it */
    uint64_t  spent_ps, queued_ps; /* what threads waited for it, of that for others' transfers */
} sim_line;

/* Where a logical thread stands: threads of one l3, one package. */
typedef struct sim_seat {
    uint32_t l3, package;
} sim_seat;

/* Runs `count` logical threads, each its body, until all are done. Ends the program when all sleep. seats: one per
 * thread. */
void sim_run(uint32_t count, const sim_seat *seats, void (*body)(uint32_t self));

/* Number of the running logical thread; UINT32_MAX outside of sim_run(), where nothing costs anything. */
uint32_t sim_self(void);

/* The running thread's clock, and its stack. */
uint64_t sim_now_ps(void);
void     sim_stack(uint64_t *low, uint64_t *bytes);

/* The program's own work. */
void sim_work(double ns);

/* What each thread worked and slept so far. */
uint64_t sim_worked_ps(uint32_t thread);
uint64_t sim_slept_ps(uint32_t thread);

/* What the simulated sources call instead of what they say. */
void sim_read(const volatile void *address, sim_site *site);
void sim_write(const volatile void *address, sim_site *site);
void sim_change(const volatile void *address, sim_site *site); /* a read-modify-write, or a store with a fence */
void sim_pause(void);
int  sim_yield(void);
int  sim_lock(void *mutex);
int  sim_unlock(void *mutex);
long sim_syscall(long number, ...); /* SYS_futex only */

/* Of the engine, for the model of lines: lets those with lower clocks go first, at most `ahead_ps` less; and the clock
 * goes on. */
void sim_give_way(uint64_t ahead_ps);
void sim_spend(uint64_t ps);

/* Of the lines, for the engine: what follows waits for the loads under way. */
void sim_await_loads(uint32_t self);

/* For the engine: forgets all lines; the seats of this run. And for reports: all lines there are, those unused between;
 * all places that did something. */
void            sim_lines_begin(uint32_t count, const sim_seat *seats);
const sim_line *sim_lines(uint32_t *room);
sim_site       *sim_sites(void);
void            sim_forget_counts(void);

#endif
