/* SPDX-License-Identifier: BSD-3-Clause */
/* Turns; see turns.h. */
#include "turns.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A turn that is not used for so long is lost: longer than a system call or an interrupt of an emulated kernel takes,
 * shorter than what waiting for one that sleeps without saying so would cost. */
enum { LOST_NS = 500 * 1000, NOBODY = TURNS_CPUS };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t  is_next[TURNS_CPUS];
    unsigned        accesses, used; /* of a turn; in this one */
    unsigned        holder;         /* NOBODY: the turn is for whoever comes */
    uint64_t        waiting;        /* CPUs */
    uint64_t        all_used;
} it = { .lock = PTHREAD_MUTEX_INITIALIZER };

void turns_init(unsigned accesses)
{
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    for (unsigned cpu = 0; cpu < TURNS_CPUS; cpu++)
        pthread_cond_init(&it.is_next[cpu], &steady);
    pthread_condattr_destroy(&steady);
    it.accesses = accesses;
    it.holder   = NOBODY;
    it.waiting = it.all_used = it.used = 0;
}

/* Under the lock: the turn goes to the next CPU that waits, by number and round. */
static void pass_on(unsigned from)
{
    uint64_t later = from + 1 < TURNS_CPUS ? it.waiting >> (from + 1) << (from + 1) : 0, from_whom = later ? later : it.waiting;
    it.used   = 0;
    it.holder = from_whom ? (unsigned)__builtin_ctzll(from_whom) : NOBODY;
    if (from_whom)
        pthread_cond_signal(&it.is_next[it.holder]);
}

/* Under the lock: waits until the turn comes, or until its holder has lost it. */
static void wait_for_turn(unsigned cpu)
{
    it.waiting |= (uint64_t)1 << cpu;
    while (it.holder != cpu && it.holder != NOBODY) {
        uint64_t        before = it.all_used;
        unsigned        holder = it.holder;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOST_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        int status = pthread_cond_timedwait(&it.is_next[cpu], &it.lock, &until);
        if (status && holder == it.holder && before == it.all_used)
            pass_on(holder);
    }
    it.waiting &= ~((uint64_t)1 << cpu);
    it.holder = cpu;
}

void turns_begin(unsigned cpu)
{
    pthread_mutex_lock(&it.lock);
    if (it.holder != cpu) {
        wait_for_turn(cpu);
        it.used = 0;
    }
    it.used++;
    it.all_used++;
}

void turns_end(unsigned cpu)
{
    if (it.used >= it.accesses)
        pass_on(cpu);
    pthread_mutex_unlock(&it.lock);
}

void turns_yield(unsigned cpu)
{
    pthread_mutex_lock(&it.lock);
    if (it.holder == cpu)
        pass_on(cpu);
    pthread_mutex_unlock(&it.lock);
}
