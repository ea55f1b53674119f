/* SPDX-License-Identifier: BSD-3-Clause */
/* Turns; see cpu_turns.h. */
#include "cpu_turns.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

/* A turn that is not used for LOST_NS is lost: much longer than an interrupt of an emulated kernel takes. Who comes
 * back has LAG_TURNS to catch up at most: what a thread misses that a busy host does not run for a tenth of a second.
 */
enum { LOST_NS = 1000 * 1000, LAG_TURNS = 64, NOBODY = TURNS_CPUS };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t  is_next[TURNS_CPUS];
    uint64_t        accesses;          /* of a turn */
    uint64_t        spent[TURNS_CPUS]; /* accesses each had */
    uint64_t        idle, waiting;     /* CPUs */
    unsigned        holder;            /* NOBODY: the turn is for whoever comes */
    uint64_t        end;               /* of the holder's turn, in what it has spent */
    uint64_t        now;               /* what the last one to get a turn had spent then */
    uint64_t        count;             /* of all accesses */
} it = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t bit(unsigned cpu)
{
    return (uint64_t)1 << cpu;
}

void turns_init(uint64_t accesses)
{
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    for (unsigned cpu = 0; cpu < TURNS_CPUS; cpu++) {
        pthread_cond_init(&it.is_next[cpu], &steady);
        it.spent[cpu] = 0;
    }
    pthread_condattr_destroy(&steady);
    it.accesses = accesses;
    it.holder   = NOBODY;
    it.idle     = UINT64_MAX;
    it.waiting = it.end = it.now = it.count = 0;
}

/* Under the lock, as all that follows: to the CPU that has had least of the others that wait. */
static void pass_on(void)
{
    uint64_t others = it.holder == NOBODY ? it.waiting : it.waiting & ~bit(it.holder);
    it.holder       = NOBODY;
    for (uint64_t left = others; left; left &= left - 1) {
        unsigned cpu = (unsigned)__builtin_ctzll(left);
        if (it.holder == NOBODY || it.spent[cpu] < it.spent[it.holder])
            it.holder = cpu;
    }
    if (it.holder != NOBODY)
        pthread_cond_signal(&it.is_next[it.holder]);
}

/* Waits for a moment; false: the turn was not used meanwhile. */
static bool wait_used(unsigned cpu)
{
    uint64_t        before = it.count;
    unsigned        holder = it.holder;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOST_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_cond_timedwait(&it.is_next[cpu], &it.lock, &until) == 0 || holder != it.holder || before != it.count;
}

static void wait_for_turn(unsigned cpu)
{
    uint64_t lag   = it.idle & bit(cpu) ? 0 : LAG_TURNS * it.accesses;
    uint64_t least = it.now > lag ? it.now - lag : 0;
    if (it.spent[cpu] < least)
        it.spent[cpu] = least;
    it.idle &= ~bit(cpu);
    it.waiting |= bit(cpu);
    while (it.holder != cpu && it.holder != NOBODY)
        if (!wait_used(cpu))
            pass_on();
    it.waiting &= ~bit(cpu);
    it.holder = cpu;
    it.now    = it.spent[cpu] > it.now ? it.spent[cpu] : it.now;
    it.end    = it.spent[cpu] + it.accesses;
}

void turns_begin(unsigned cpu)
{
    pthread_mutex_lock(&it.lock);
    if (it.holder != cpu)
        wait_for_turn(cpu);
    it.spent[cpu]++;
    it.count++;
}

void turns_end(unsigned cpu)
{
    if (it.spent[cpu] >= it.end)
        pass_on();
    pthread_mutex_unlock(&it.lock);
}

static void give_up(unsigned cpu)
{
    if (it.holder == cpu) {
        it.spent[cpu] = it.end;
        pass_on();
    }
}

void turns_pause(unsigned cpu)
{
    pthread_mutex_lock(&it.lock);
    give_up(cpu);
    pthread_mutex_unlock(&it.lock);
}

void turns_idle(unsigned cpu)
{
    pthread_mutex_lock(&it.lock);
    it.idle |= bit(cpu);
    give_up(cpu);
    pthread_mutex_unlock(&it.lock);
}
