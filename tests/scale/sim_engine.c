/* SPDX-License-Identifier: BSD-3-Clause */
/* Logical threads in the order of their clocks: coroutines, a heap of those that can run, and the system's sleep. */
#include "sim.h"

#include <linux/futex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>

/* Of each thread's stack only what is touched takes memory. */
enum { STACK_BYTES = 8 << 20, LOCKS_MAX = 64, NOWHERE = UINT32_MAX };

typedef struct thread {
    jmp_buf     at;
    ucontext_t  first;
    char       *stack;
    uint64_t    clock_ps, worked_ps, slept_ps, asleep_from_ps;
    const void *waits_on; /* futex word or mutex; NULL: it runs, or could */
    uint32_t    place;    /* in the heap, NOWHERE: it runs, sleeps without a limit, or is done */
    bool        has_begun, is_done;
} thread;

static struct {
    thread   threads[SIM_THREADS_MAX];
    uint32_t heap[SIM_THREADS_MAX]; /* the lowest clock first */
    uint32_t heap_count, count, self, done;
    uint64_t next_ps; /* lowest clock in the heap */
    jmp_buf  outside;
    void (*body)(uint32_t self);
    struct {
        const void *mutex;
        uint32_t    owner;
    } locks[LOCKS_MAX];
} sim = { .self = UINT32_MAX };

/* Lower numbers first where clocks are the same. */
static bool is_before(uint32_t a, uint32_t b)
{
    uint64_t at = sim.threads[a].clock_ps, bt = sim.threads[b].clock_ps;
    return at < bt || (at == bt && a < b);
}

static void put(uint32_t place, uint32_t t)
{
    sim.heap[place]      = t;
    sim.threads[t].place = place;
}

static void rise(uint32_t place, uint32_t t)
{
    for (; place && is_before(t, sim.heap[(place - 1) / 2]); place = (place - 1) / 2)
        put(place, sim.heap[(place - 1) / 2]);
    put(place, t);
}

static void sink(uint32_t place, uint32_t t)
{
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child + 1 < sim.heap_count && is_before(sim.heap[child + 1], sim.heap[child]))
            child++;
        if (child >= sim.heap_count || is_before(t, sim.heap[child]))
            break;
        put(place, sim.heap[child]);
        place = child;
    }
    put(place, t);
}

static void note_next(void)
{
    sim.next_ps = sim.heap_count ? sim.threads[sim.heap[0]].clock_ps : UINT64_MAX;
}

static void heap_add(uint32_t t)
{
    rise(sim.heap_count++, t);
    note_next();
}

static void heap_remove(uint32_t place)
{
    sim.threads[sim.heap[place]].place = NOWHERE;
    uint32_t last                      = sim.heap[--sim.heap_count];
    if (place < sim.heap_count) {
        sink(place, last);
        rise(sim.threads[last].place, last);
    }
    note_next();
}

uint32_t sim_self(void)
{
    return sim.self;
}

uint64_t sim_now_ps(void)
{
    return sim.self == UINT32_MAX ? 0 : sim.threads[sim.self].clock_ps;
}

void sim_stack(uint64_t *low, uint64_t *bytes)
{
    *low   = (uint64_t)(uintptr_t)sim.threads[sim.self].stack;
    *bytes = STACK_BYTES;
}

uint64_t sim_worked_ps(uint32_t t)
{
    return sim.threads[t].worked_ps;
}

uint64_t sim_slept_ps(uint32_t t)
{
    return sim.threads[t].slept_ps;
}

/* A coroutine's first function. */
static void live(void)
{
    uint32_t self = sim.self;
    sim.body(self);
    sim.threads[self].is_done = true;
    sim.done++;
    _longjmp(sim.outside, 1);
}

static __attribute__((noreturn)) void enter(uint32_t next)
{
    thread *t = &sim.threads[next];
    sim.self  = next;
    if (t->has_begun)
        _longjmp(t->at, 1);
    t->has_begun = true;
    (void)setcontext(&t->first);
    abort();
}

/* The one with the lowest clock goes on. A sleep with a limit ends when its turn comes. _setjmp and _longjmp do no
 * system call, as swapcontext would twice. */
static __attribute__((noinline)) void switch_away(void)
{
    if (_setjmp(sim.threads[sim.self].at))
        return;
    if (!sim.heap_count)
        _longjmp(sim.outside, 1);
    uint32_t next = sim.heap[0];
    heap_remove(0);
    enter(next);
}

static __attribute__((noinline)) void let_others_run(void)
{
    heap_add(sim.self);
    switch_away();
}

void sim_give_way(uint64_t ahead_ps)
{
    const thread *self = &sim.threads[sim.self];
    if (self->clock_ps > ahead_ps && self->clock_ps - ahead_ps > sim.next_ps)
        let_others_run();
}

void sim_spend(uint64_t ps)
{
    sim.threads[sim.self].clock_ps += ps;
}

static void take_time(uint64_t ps)
{
    if (sim.self == UINT32_MAX)
        return;
    sim_await_loads(sim.self);
    sim_spend(ps);
    sim_give_way(SIM_LOOKAHEAD_PS);
}

void sim_work(double ns)
{
    if (sim.self == UINT32_MAX)
        return;
    uint64_t ps = (uint64_t)(ns * 1e3);
    sim.threads[sim.self].worked_ps += ps;
    take_time(ps);
}

/* Ticks of the simulated sources' clock: nanoseconds. */
uint64_t virtual_ticks(void);
uint64_t virtual_ticks(void)
{
    take_time(SIM_CLOCK_PS);
    return sim_now_ps() / 1000;
}

void sim_pause(void)
{
    take_time(SIM_PAUSE_PS);
}

int sim_yield(void)
{
    take_time(SIM_YIELD_PS);
    return 0;
}

/* Sleeps until woken, or until `limit_ps` from now, 0: without a limit. */
static void sleep_on(const void *what, uint64_t limit_ps)
{
    thread *self         = &sim.threads[sim.self];
    self->waits_on       = what;
    self->asleep_from_ps = self->clock_ps;
    if (limit_ps) {
        self->clock_ps += limit_ps + SIM_SLACK_PS;
        heap_add(sim.self);
    }
    switch_away();
    self->waits_on = NULL;
    self->slept_ps += self->clock_ps - self->asleep_from_ps;
}

/* Wakes up to `count` sleepers, lowest numbers first, to go on at a time. */
static int wake(const void *what, int count, uint64_t at_ps)
{
    int woken = 0;
    for (uint32_t t = 0; t < sim.count && woken < count; t++) {
        thread *one = &sim.threads[t];
        if (one->waits_on != what)
            continue;
        if (one->place != NOWHERE)
            heap_remove(one->place);
        one->waits_on = NULL;
        one->clock_ps = at_ps;
        heap_add(t);
        woken++;
    }
    return woken;
}

static void futex_wait(const uint32_t *word, uint32_t value, const struct timespec *limit)
{
    if (*(const volatile uint32_t *)word != value) {
        take_time(SIM_WAIT_REFUSED_PS);
        return;
    }
    sleep_on(word, limit ? ((uint64_t)limit->tv_sec * 1000000000u + (uint64_t)limit->tv_nsec) * 1000 : 0);
}

long sim_syscall(long number, ...)
{
    va_list more;
    va_start(more, number);
    uint32_t              *word  = va_arg(more, uint32_t *);
    int                    what  = va_arg(more, int);
    uint32_t               value = va_arg(more, uint32_t);
    const struct timespec *limit = what == FUTEX_WAKE_PRIVATE ? NULL : va_arg(more, const struct timespec *);
    va_end(more);
    if (number != SYS_futex)
        abort();
    if (sim.self == UINT32_MAX)
        return 0;
    sim_give_way(0);
    if (what != FUTEX_WAKE_PRIVATE) {
        futex_wait(word, value, limit);
        return 0;
    }
    int woken = wake(word, (int)value, sim_now_ps() + SIM_WOKEN_PS);
    take_time(woken ? SIM_WAKE_PS : SIM_WAKE_NOBODY_PS);
    return woken;
}

/* Place of a mutex in the table: its own, or a free one. */
static uint32_t lock_place(const void *mutex)
{
    uint32_t unused = LOCKS_MAX;
    for (uint32_t i = 0; i < LOCKS_MAX; i++) {
        if (sim.locks[i].mutex == mutex)
            return i;
        if (!sim.locks[i].mutex)
            unused = i;
    }
    if (unused == LOCKS_MAX)
        abort();
    return unused;
}

/* Locks are held for some hundred nanoseconds, and who waits spins. */
int sim_lock(void *mutex)
{
    static sim_site site = { .file = "mutex", .function = "lock" };
    if (sim.self == UINT32_MAX)
        return 0;
    sim_change(mutex, &site);
    while (sim.locks[lock_place(mutex)].mutex)
        sleep_on(mutex, 0);
    uint32_t place         = lock_place(mutex);
    sim.locks[place].mutex = mutex;
    sim.locks[place].owner = sim.self;
    return 0;
}

int sim_unlock(void *mutex)
{
    static sim_site site = { .file = "mutex", .function = "unlock" };
    if (sim.self == UINT32_MAX)
        return 0;
    sim_change(mutex, &site);
    uint32_t place = lock_place(mutex);
    if (sim.locks[place].owner != sim.self)
        abort();
    sim.locks[place].mutex = NULL;
    (void)wake(mutex, 1, sim_now_ps() + SIM_NEAR_PS);
    return 0;
}

static void make_thread(uint32_t number)
{
    thread *one  = &sim.threads[number];
    char   *kept = one->stack;
    *one         = (thread){ .stack = kept, .place = NOWHERE };
    if (!kept)
        one->stack =
            mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (one->stack == MAP_FAILED || getcontext(&one->first))
        abort();
    one->first.uc_stack.ss_sp   = one->stack;
    one->first.uc_stack.ss_size = STACK_BYTES;
    one->first.uc_link          = NULL;
    makecontext(&one->first, live, 0);
    heap_add(number);
}

void sim_run(uint32_t count, const sim_seat *seats, void (*body)(uint32_t self))
{
    if (count > SIM_THREADS_MAX)
        abort();
    sim.count = count;
    sim.body  = body;
    sim.done = sim.heap_count = 0;
    memset(sim.locks, 0, sizeof sim.locks);
    sim_lines_begin(count, seats);
    for (uint32_t t = 0; t < count; t++)
        make_thread(t);
    (void)_setjmp(sim.outside); /* a thread is done, or all sleep */
    sim.self = UINT32_MAX;
    if (sim.heap_count) {
        uint32_t next = sim.heap[0];
        heap_remove(0);
        enter(next);
    }
    if (sim.done < sim.count) {
        fprintf(stderr, "simulation: %u of %u threads sleep for ever\n", sim.count - sim.done, sim.count);
        abort();
    }
}
