/* SPDX-License-Identifier: BSD-3-Clause */
/* The explorer: coroutines, the search over schedules, and the explorer's own futex and mutex. */
#include "explore.h"

#include "check.h"
#include "scale.h"

#include <linux/futex.h>
#include <ramify/policy.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

/* 256 KiB hold the deepest call chain of a worker under AddressSanitizer. A schedule of 10,000 steps is no schedule of
 * a case of this size: somebody spins. */
enum { STACK_BYTES = 256 * 1024, STEPS_MAX = 10000, LOCKS_MAX = 16, SAMPLED_PREEMPTIONS = 4 };

typedef struct thread {
    ucontext_t  context;
    char       *stack;
    const void *waits_on; /* futex word or mutex it sleeps on, NULL: it can run */
    bool        done;
    bool        yields; /* stands in explore_pause() */
    uint32_t    ran;    /* threads that made a step since its last pause, as bits */
    uint32_t    behind; /* threads that go before it: they waited while it spun */
} thread;

/* One answer of a schedule: which of how many. */
typedef struct answer {
    uint8_t chosen, count;
} answer;

static struct {
    const explore_case *now;
    thread              threads[EXPLORE_THREADS_MAX];
    ucontext_t          outside;
    uint32_t            self; /* running thread, UINT32_MAX: none */
    uint32_t            preemptions;
    answer             *answers; /* of this schedule; those below `given` are prescribed */
    size_t              given, used, room;
    bool                samples; /* answers are drawn, not searched */
    uint64_t            random, usual_steps;
    uint64_t            steps;
    const char         *violation;
    char                trace[sizeof(((explore_result *)0)->trace)];
    struct {
        const void *mutex;
        uint32_t    owner;
    } locks[LOCKS_MAX];
} explorer = { .self = UINT32_MAX };

uint32_t explore_self(void)
{
    return explorer.self;
}

/* An answer drawn at random: four preemptions, spread evenly over a schedule of the usual length. */
static uint32_t draw_one_of(uint32_t count, bool preempts)
{
    uint32_t draw = (uint32_t)(ramify_random(&explorer.random) >> 32);
    if (!preempts)
        return draw % count;
    return draw % explorer.usual_steps < SAMPLED_PREEMPTIONS ? 1 + draw / 7 % (count - 1) : 0;
}

/* The next prescribed answer, or the first of `count` where nothing is prescribed any more. */
static uint32_t answer_one_of(uint32_t count, bool preempts)
{
    if (count == 1)
        return 0;
    if (explorer.samples)
        return draw_one_of(count, preempts);
    if (explorer.used == explorer.room) {
        explorer.room    = explorer.room ? 2 * explorer.room : 1024;
        explorer.answers = realloc(explorer.answers, explorer.room * sizeof *explorer.answers);
        if (!explorer.answers)
            abort();
    }
    answer *a = &explorer.answers[explorer.used];
    if (explorer.used >= explorer.given)
        *a = (answer){ 0, (uint8_t)count };
    else if (a->count != count) {
        explorer.violation = "the case does not repeat itself: its threads depend on more than the schedule";
        *a                 = (answer){ 0, (uint8_t)count };
    }
    explorer.used++;
    return a->chosen;
}

static bool can_run(uint32_t t)
{
    return !explorer.threads[t].done && !explorer.threads[t].waits_on;
}

/* A thread that spun gives way to those who waited meanwhile: without this fairness the search would follow two
 * spinning threads for ever (Musuvathi and Qadeer, "Fair stateless model checking", PLDI 2008, section 3). */
static bool may_run(uint32_t t)
{
    if (!can_run(t))
        return false;
    for (uint32_t u = 0; u < explorer.now->threads; u++)
        if ((explorer.threads[t].behind >> u & 1) && can_run(u))
            return false;
    return true;
}

/* Who may go on: the running thread first if it can, the others if this is no preemption or one is still allowed. */
static uint32_t list_options(uint32_t *options)
{
    uint32_t self = explorer.self, count = 0;
    bool     is_free = self == UINT32_MAX || explorer.threads[self].yields || !may_run(self); /* to switch */
    if (!is_free)
        options[count++] = self;
    uint32_t most = explorer.now->preemptions + (explorer.samples ? SAMPLED_PREEMPTIONS - 1 : 0);
    if (is_free || explorer.preemptions < most)
        for (uint32_t t = 0; t < explorer.now->threads; t++)
            if (t != self && may_run(t))
                options[count++] = t;
    if (count == 0 && self != UINT32_MAX && can_run(self)) /* it yields, and there is nobody else */
        options[count++] = self;
    return count;
}

static void note_step(uint32_t next)
{
    if (explorer.steps < sizeof explorer.trace)
        explorer.trace[explorer.steps - 1] = (char)('A' + next);
    for (uint32_t t = 0; t < explorer.now->threads; t++) {
        explorer.threads[t].ran |= 1u << next;
        explorer.threads[t].behind &= ~(1u << next);
    }
    explorer.threads[next].yields = false;
}

/* The thread to run next; UINT32_MAX: the schedule is over. */
static uint32_t choose(void)
{
    uint32_t options[EXPLORE_THREADS_MAX], count = list_options(options);
    if (explorer.violation)
        return UINT32_MAX;
    if (count == 0) {
        for (uint32_t t = 0; t < explorer.now->threads; t++)
            if (!explorer.threads[t].done)
                explorer.violation = "everybody sleeps, and somebody is not done";
        return UINT32_MAX;
    }
    if (++explorer.steps > STEPS_MAX) {
        explorer.violation = "no end in sight: a thread spins and nobody helps";
        return UINT32_MAX;
    }
    uint32_t self = explorer.self, next = options[answer_one_of(count, options[0] == self)];
    if (next != self && options[0] == self)
        explorer.preemptions++;
    note_step(next);
    return next;
}

static void switch_to(ucontext_t *from, uint32_t next)
{
    explorer.self = next;
    (void)swapcontext(from, next == UINT32_MAX ? &explorer.outside : &explorer.threads[next].context);
}

void explore_step(void)
{
    uint32_t self = explorer.self;
    if (self == UINT32_MAX)
        return;
    uint32_t next = choose();
    if (next != self)
        switch_to(&explorer.threads[self].context, next);
}

bool explore_after(bool succeeded)
{
    if (succeeded)
        explore_step();
    return succeeded;
}

int explore_pause(void)
{
    if (explorer.self == UINT32_MAX)
        return 0;
    thread *self = &explorer.threads[explorer.self];
    self->behind = ~self->ran;
    self->ran    = 1u << explorer.self;
    self->yields = true;
    explore_step();
    return 0;
}

void explore_fail(const char *what)
{
    if (!explorer.violation)
        explorer.violation = what;
    if (explorer.self != UINT32_MAX)
        switch_to(&explorer.threads[explorer.self].context, UINT32_MAX);
}

static void sleep_on(const void *what)
{
    explorer.threads[explorer.self].waits_on = what;
    explore_step();
}

/* Wakes up to `count` sleepers, lowest numbers first. */
static int wake(const void *what, int count)
{
    int woken = 0;
    for (uint32_t t = 0; t < explorer.now->threads && woken < count; t++)
        if (explorer.threads[t].waits_on == what) {
            explorer.threads[t].waits_on = NULL;
            woken++;
        }
    return woken;
}

long explore_syscall(long number, ...)
{
    va_list more;
    va_start(more, number);
    uint32_t *word  = va_arg(more, uint32_t *);
    int       what  = va_arg(more, int);
    uint32_t  value = va_arg(more, uint32_t);
    va_end(more);
    if (number != SYS_futex)
        explore_fail("a system call the explorer does not know");
    explore_step();
    if (explorer.self == UINT32_MAX)
        return 0;
    if (what == FUTEX_WAKE_PRIVATE)
        return wake(word, (int)value);
    if (*(volatile uint32_t *)word == value) /* look and sleep are one step, as in the kernel */
        sleep_on(word);
    return 0;
}

/* Place of a mutex in the table: its own, or a free one. */
static uint32_t lock_place(const void *mutex)
{
    uint32_t vacant = LOCKS_MAX;
    for (uint32_t i = 0; i < LOCKS_MAX; i++) {
        if (explorer.locks[i].mutex == mutex)
            return i;
        if (!explorer.locks[i].mutex)
            vacant = i;
    }
    if (vacant == LOCKS_MAX)
        abort();
    return vacant;
}

int explore_mutex_lock(void *mutex)
{
    if (explorer.self == UINT32_MAX)
        return 0;
    explore_step();
    while (explorer.locks[lock_place(mutex)].mutex)
        sleep_on(mutex);
    uint32_t place              = lock_place(mutex);
    explorer.locks[place].mutex = mutex;
    explorer.locks[place].owner = explorer.self;
    return 0;
}

int explore_mutex_unlock(void *mutex)
{
    if (explorer.self == UINT32_MAX)
        return 0;
    uint32_t place = lock_place(mutex);
    if (explorer.locks[place].mutex != mutex || explorer.locks[place].owner != explorer.self)
        explore_fail("a mutex is unlocked by who has not locked it");
    explorer.locks[place].mutex = NULL;
    (void)wake(mutex, EXPLORE_THREADS_MAX);
    return 0;
}

/* A coroutine runs its body once per schedule and then stands here until the next one. */
static void live(int number)
{
    thread *self = &explorer.threads[number];
    for (;;) {
        explorer.now->body[number]();
        self->done = true;
        switch_to(&self->context, choose());
    }
}

static void make_thread(uint32_t number)
{
    thread *one = &explorer.threads[number];
    *one        = (thread){ .stack = malloc(STACK_BYTES) };
    if (!one->stack || getcontext(&one->context))
        abort();
    one->context.uc_stack.ss_sp   = one->stack;
    one->context.uc_stack.ss_size = STACK_BYTES;
    one->context.uc_link          = NULL;
    makecontext(&one->context, (void (*)(void))live, 1, (int)number);
}

static void run_schedule(const explore_case *c)
{
    explorer.used = explorer.steps = explorer.preemptions = 0;
    explorer.violation                                    = NULL;
    for (uint32_t t = 0; t < c->threads; t++) {
        explorer.threads[t].done     = false;
        explorer.threads[t].yields   = false;
        explorer.threads[t].waits_on = NULL;
        explorer.threads[t].ran = explorer.threads[t].behind = 0;
    }
    memset(explorer.locks, 0, sizeof explorer.locks);
    c->setup();
    uint32_t first = choose();
    if (first != UINT32_MAX)
        switch_to(&explorer.outside, first);
    if (!explorer.violation)
        explorer.violation = c->check();
    if (c->teardown)
        c->teardown();
}

/* Moves on to the next schedule in depth-first order; false when there is none. */
static bool advance(void)
{
    size_t n = explorer.used;
    while (n > 0 && explorer.answers[n - 1].chosen + 1 == explorer.answers[n - 1].count)
        n--;
    explorer.given = n;
    if (n == 0)
        return false;
    explorer.answers[n - 1].chosen++;
    return true;
}

explore_result explore_run(const explore_case *c)
{
    explore_result result = { 0 };
    explorer.now          = c;
    explorer.given        = 0;
    for (uint32_t t = 0; t < c->threads; t++)
        make_thread(t);
    do {
        run_schedule(c);
        result.schedules++;
        if (explorer.steps > result.longest_steps)
            result.longest_steps = explorer.steps;
    } while (!explorer.violation && advance());
    explorer.samples     = true;
    explorer.random      = 0;
    explorer.usual_steps = result.longest_steps;
    for (uint64_t n = 0; n < c->samples && !explorer.violation; n++, result.samples++)
        run_schedule(c);
    explorer.samples = false;
    result.violation = explorer.violation;
    if (result.violation) {
        size_t length = explorer.steps < sizeof result.trace ? explorer.steps : sizeof result.trace - 4;
        memcpy(result.trace, explorer.trace, length);
        strcpy(result.trace + length, length < explorer.steps ? "..." : "");
    }
    for (uint32_t t = 0; t < c->threads; t++)
        free(explorer.threads[t].stack);
    free(explorer.answers);
    explorer.answers = NULL;
    explorer.room    = 0;
    printf("%s: %llu schedules, %llu samples, the longest of %llu steps%s%s\n", c->name,
           (unsigned long long)result.schedules, (unsigned long long)result.samples,
           (unsigned long long)result.longest_steps, result.violation ? ": " : "",
           result.violation ? result.violation : "");
    return result;
}

void explore_assert_safe(const explore_case *c)
{
    explore_result result = explore_run(c);
    if (result.violation)
        fail_msg("%s in schedule %s", result.violation, result.trace);
    assert_true(result.schedules >= c->least);
}

void explore_assert_caught(const explore_case *c)
{
    explore_result result = explore_run(c);
    if (!result.violation)
        fail_msg("%s: the fault was not found", c->name);
}
