/* SPDX-License-Identifier: BSD-3-Clause */
/* Races of real threads, many times over: submissions against parking, thieves against owners, waits against ends,
 * cancellation against everything. `stress_runtime NAME` runs one of them; RAMIFY_TEST_SCALE makes it longer.
 *
 * More workers than this kind of test usually has cores for, a search of 1 us, and pauses of random length put the
 * threads at each other's windows. A watchdog ends a run that makes no progress for 20 s and shows the counters. */
#include "started.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

enum { WORKERS = 4, SENDERS = 3, PATIENCE_S = 20 };

static _Atomic long    progress, ran;
static ramify_runtime *rt;
static _Atomic bool    is_over;

static void show(const char *what)
{
    ramify_counts c = { 0 };
    if (ramify_runtime_counts(rt, RAMIFY_NONE, &c))
        return;
    print_message("%s: progress %ld, tasks %llu, dropped %llu, inline %llu, steals %llu of %llu (%llu tasks), "
                  "parks %llu, aborted %llu, wakes %llu\n",
                  what, atomic_load(&progress), (unsigned long long)c.tasks, (unsigned long long)c.dropped,
                  (unsigned long long)c.inline_runs, (unsigned long long)c.steals, (unsigned long long)c.steal_attempts,
                  (unsigned long long)c.stolen_tasks, (unsigned long long)c.parks, (unsigned long long)c.parks_aborted,
                  (unsigned long long)c.wakes);
}

static void *watch(void *argument)
{
    (void)argument;
    long     last  = -1;
    unsigned still = 0; /* tenths of a second */
    while (!atomic_load(&is_over)) {
        long now = atomic_load(&progress) + atomic_load(&ran);
        still    = now == last ? still + 1 : 0;
        last     = now;
        if (still > 10 * PATIENCE_S) {
            show("HANG");
            _exit(1); /* nothing can be waited for any more */
        }
        sleep_us(100000);
    }
    return NULL;
}

static void stress_task(void *argument)
{
    (void)argument;
    atomic_fetch_add(&ran, 1);
}

/* Nothing, a yield, a busy wait, or a sleep: up to about 100 us, mostly less. */
static void dither(uint64_t *random)
{
    uint64_t draw = ramify_random(random);
    switch (draw % 8) {
    case 0: sleep_us((long)(draw >> 8) % 60); break;
    case 1:
    case 2: sched_yield(); break;
    case 3:
        for (volatile uint64_t i = 0; i < (draw >> 8) % 3000; i++)
            ;
        break;
    default: break;
    }
}

typedef struct sender {
    pthread_t     thread;
    ramify_group *group;
    uint64_t      random;
    long          rounds;
    long          sent;
} sender;

/* Runs `fn` on some threads at once, each with a group of its own unless one is given. */
static void run_senders(int count, long rounds, ramify_group *shared, void *(*fn)(void *), sender *senders)
{
    for (int i = 0; i < count; i++) {
        ramify_group *group = shared ? shared : new_group(rt, NULL);
        senders[i]          = (sender){ .group = group, .random = (uint64_t)i, .rounds = rounds };
        assert_int_equal(pthread_create(&senders[i].thread, NULL, fn, &senders[i]), 0);
    }
    for (int i = 0; i < count; i++)
        pthread_join(senders[i].thread, NULL);
}

/* One to three tasks, a wait, a pause: workers fall asleep and are woken all the time. */
static void *submit_and_wait(void *argument)
{
    sender *s = argument;
    for (long i = 0; i < s->rounds; i++) {
        for (uint64_t n = ramify_random(&s->random) % 3 + 1; n > 0; n--, s->sent++)
            NOTE(ramify_submit(s->group, stress_task, NULL, NULL) == RAMIFY_OK);
        dither(&s->random);
        NOTE(ramify_wait(s->group) == RAMIFY_OK);
        atomic_fetch_add(&progress, 1);
        dither(&s->random);
    }
    return NULL;
}

static void parks(void)
{
    sender senders[SENDERS];
    long   sent = 0;
    for (int count = 1; count <= SENDERS; count++) {
        run_senders(count, (long)test_scaled(30000), NULL, submit_and_wait, senders);
        for (int i = 0; i < count; i++)
            sent += senders[i].sent;
    }
    assert_int_equal(atomic_load(&ran), sent);
    ramify_counts c = counts_of(rt);
    assert_true(c.parks + c.parks_aborted > test_scaled(20000));
}

/* Strict tasks: only one sleeper will do. */
static void *submit_strictly(void *argument)
{
    sender            *s    = argument;
    const ramify_tree *tree = ramify_runtime_tree(rt);
    uint32_t           domains;
    (void)ramify_tree_domains(tree, &domains);
    for (long i = 0; i < s->rounds; i++) {
        for (uint64_t n = ramify_random(&s->random) % 4 + 1; n > 0; n--, s->sent++) {
            ramify_hint hint = ramify_at((uint32_t)(ramify_random(&s->random) % domains));
            hint.strict      = ramify_random(&s->random) % 4 != 0;
            NOTE(ramify_submit(s->group, stress_task, NULL, &hint) == RAMIFY_OK);
        }
        dither(&s->random);
        NOTE(ramify_wait(s->group) == RAMIFY_OK);
        atomic_fetch_add(&progress, 1);
    }
    return NULL;
}

static void strict(void)
{
    sender senders[SENDERS];
    long   sent = 0;
    run_senders(SENDERS, (long)test_scaled(60000), NULL, submit_strictly, senders);
    for (int i = 0; i < SENDERS; i++)
        sent += senders[i].sent;
    assert_int_equal(atomic_load(&ran), sent);
}

/* A tree of random shape: a task's children follow from its seed, so that its size is known beforehand. */
static long size_of(uint64_t seed, int depth)
{
    long size = 1;
    for (uint64_t i = ramify_random(&seed) % 5; i > 0 && depth > 0; i--)
        size += size_of(ramify_random(&seed), depth - 1);
    return size;
}

typedef struct node {
    uint64_t      seed;
    int           depth;
    ramify_group *group;
} node;

static void grow(void *argument)
{
    node *n = argument;
    atomic_fetch_add(&ran, 1);
    for (uint64_t i = ramify_random(&n->seed) % 5; i > 0 && n->depth > 0; i--) {
        node *child = malloc(sizeof *child);
        *child      = (node){ ramify_random(&n->seed), n->depth - 1, n->group };
        NOTE(ramify_submit(n->group, grow, child, NULL) == RAMIFY_OK);
    }
    free(n);
}

static void trees(void)
{
    ramify_group *group  = new_group(rt, NULL);
    long          size   = 0;
    uint64_t      sleeps = 1;
    for (uint64_t seed = 0; seed < test_scaled(10000); seed++) {
        node *root = malloc(sizeof *root);
        *root      = (node){ seed, 9, group };
        size += size_of(seed, 9);
        assert_int_equal(ramify_submit(group, grow, root, NULL), RAMIFY_OK);
        if (seed % 3 == 0)
            assert_int_equal(ramify_wait(group), RAMIFY_OK);
        dither(&sleeps);
        atomic_fetch_add(&progress, 1);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), size);
    assert_true(counts_of(rt).steals > 0);
}

/* A task makes a group, fills it, waits for it and gives it back; some of these do so again. */
static void family(void *argument)
{
    uint64_t      random = (uint64_t)(uintptr_t)argument;
    ramify_group *group;
    NOTE(ramify_group_create(rt, &(ramify_group_options){ .parent = ramify_here().group }, &group) == RAMIFY_OK);
    for (int i = 0; i < 4; i++) {
        bool again = ramify_random(&random) % 8 == 0; /* half a child of its kind each: families die out */
        NOTE(ramify_submit(group, again ? family : stress_task, (void *)(uintptr_t)ramify_random(&random), NULL) ==
             RAMIFY_OK);
    }
    NOTE(ramify_wait(group) == RAMIFY_OK);
    NOTE(ramify_group_free(group) == RAMIFY_OK);
    atomic_fetch_add(&progress, 1);
}

/* Groups made here, passed to tasks as their parent, waited for by two threads each. */
static void *wait_for_parent(void *argument)
{
    sender *s = argument;
    for (long i = 0; i < s->rounds; i++) {
        _Atomic int mine = 0;
        NOTE(ramify_submit(s->group, family, (void *)(uintptr_t)ramify_random(&s->random), NULL) == RAMIFY_OK);
        NOTE(ramify_submit(s->group, count_task, &mine, NULL) == RAMIFY_OK);
        dither(&s->random);
        NOTE(ramify_wait(s->group) == RAMIFY_OK);
        NOTE(atomic_load(&mine) == 1);
        while (atomic_load(&mine) != 1) /* it is on this stack */
            sched_yield();
    }
    return NULL;
}

static void groups(void)
{
    sender senders[SENDERS];
    run_senders(SENDERS, (long)test_scaled(15000), NULL, wait_for_parent, senders);
    run_senders(2, (long)test_scaled(15000), new_group(rt, new_group(rt, NULL)), wait_for_parent, senders);
}

static void *submit_and_cancel(void *argument)
{
    sender     *s = argument;
    ramify_item items[20];
    for (int i = 0; i < 20; i++)
        items[i] = (ramify_item){ .fn = stress_task };
    for (long i = 0; i < s->rounds; i++) {
        size_t        taken;
        ramify_status status = ramify_submit_batch(s->group, items, 20, &taken);
        NOTE(status == RAMIFY_OK || status == RAMIFY_ERR_CANCELED);
        s->sent += (long)taken;
        dither(&s->random);
        if (ramify_random(&s->random) % 3 == 0) {
            ramify_group_cancel(s->group);
            NOTE(ramify_wait(s->group) == RAMIFY_ERR_CANCELED);
            NOTE(ramify_group_reset(s->group) == RAMIFY_OK);
        }
        atomic_fetch_add(&progress, 1);
    }
    (void)ramify_wait(s->group);
    return NULL;
}

static void cancels(void)
{
    sender senders[SENDERS];
    long   sent = 0;
    run_senders(SENDERS, (long)test_scaled(80000), NULL, submit_and_cancel, senders);
    for (int i = 0; i < SENDERS; i++)
        sent += senders[i].sent;
    ramify_counts c = counts_of(rt);
    assert_int_equal(atomic_load(&ran), c.tasks);
    assert_int_equal((long)(c.tasks + c.dropped), sent);
}

/* Bounded queues: submitters from outside and tasks that submit block each other all the time. */
static void submits_ten(void *argument)
{
    for (int i = 0; i < 10; i++)
        NOTE(ramify_submit(argument, stress_task, NULL, NULL) == RAMIFY_OK);
}

static void *submit_bounded(void *argument)
{
    sender *s = argument;
    for (long i = 0; i < s->rounds; i++) {
        NOTE(ramify_submit(s->group, submits_ten, s->group, NULL) == RAMIFY_OK);
        dither(&s->random);
        atomic_fetch_add(&progress, 1);
    }
    NOTE(ramify_wait(s->group) == RAMIFY_OK);
    return NULL;
}

static void bounded(void)
{
    static const char *const policies[] = { "work-stealing", "round-robin" };
    for (int n = 0; n < 4; n++) {
        sender senders[SENDERS];
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
        atomic_store(&ran, 0);
        rt = started(&(ramify_options){ .workers     = n < 2 ? 1 : WORKERS,
                                        .no_bind     = true,
                                        .spin_us     = 1,
                                        .queue_tasks = 2,
                                        .policy      = policies[n % 2] });
        run_senders(SENDERS, (long)test_scaled(6000), NULL, submit_bounded, senders);
        assert_int_equal(atomic_load(&ran), SENDERS * 10 * (long)test_scaled(6000));
    }
}

/* Whole runtimes come and go in several threads at once, over one tree. */
static void *live_and_die(void *argument)
{
    sender *s = argument;
    for (long i = 0; i < s->rounds; i++) {
        ramify_runtime      *mine;
        ramify_group        *group;
        const ramify_options how = { .tree = ramify_runtime_tree(rt), .no_bind = true, .spin_us = 1 };
        if (ramify_start(&how, &mine) || ramify_group_create(mine, NULL, &group)) {
            NOTE(!"a runtime did not start");
            return NULL;
        }
        for (uint64_t n = ramify_random(&s->random) % 20; n > 0; n--, s->sent++)
            NOTE(ramify_submit(group, stress_task, NULL, NULL) == RAMIFY_OK);
        dither(&s->random);
        if (i % 2)
            NOTE(ramify_wait(group) == RAMIFY_OK);
        NOTE(ramify_stop(mine) == RAMIFY_OK);
    }
    return NULL;
}

static void lives(void)
{
    sender senders[SENDERS];
    long   sent = 0;
    run_senders(SENDERS, (long)test_scaled(2000), NULL, live_and_die, senders);
    for (int i = 0; i < SENDERS; i++)
        sent += senders[i].sent;
    assert_int_equal(atomic_load(&ran), sent);
}

/* Tasks go by the address of their data while regions come and go beside them, and nodes have one worker each, so
 * that what waits at a home that is busy is waited for, taken, or woken for. */
static void *submit_near(void *argument)
{
    sender       *s     = argument;
    ramify_space *space = ramify_runtime_space(rt);
    for (long i = 0; i < s->rounds; i++) {
        void             *data = NULL;
        uint32_t          leaf = (uint32_t)(ramify_random(&s->random) % WORKERS);
        const ramify_wish wish = { .placement = RAMIFY_PLACEMENT_DOMAIN,
                                   .domain    = ramify_tree_leaf(ramify_runtime_tree(rt), leaf)->index };
        NOTE(ramify_space_allocate(space, 4096, &wish, &data, NULL) == RAMIFY_OK);
        for (uint64_t n = ramify_random(&s->random) % 8 + 1; n > 0; n--, s->sent++) {
            const ramify_hint hint = { .near = (char *)data + n, .strict = n % 4 == 0 };
            NOTE(ramify_submit(s->group, stress_task, NULL, &hint) == RAMIFY_OK);
        }
        dither(&s->random);
        if (i % 3)
            NOTE(ramify_wait(s->group) == RAMIFY_OK);
        NOTE(ramify_space_release(space, data) == RAMIFY_OK);
        atomic_fetch_add(&progress, 1);
    }
    NOTE(ramify_wait(s->group) == RAMIFY_OK);
    return NULL;
}

static void homes(void)
{
    sender senders[SENDERS];
    long   sent = 0;
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    rt = started(&(ramify_options){ .from = "numa:4 core:1 pu:1", .spin_us = 1, .latency_every = 8 });
    run_senders(SENDERS, (long)test_scaled(6000), NULL, submit_near, senders);
    for (int i = 0; i < SENDERS; i++)
        sent += senders[i].sent;
    assert_int_equal(atomic_load(&ran), sent);
    assert_int_equal(counts_of(rt).near_unknown, 0);
}

static const struct {
    const char *name;
    void (*run)(void);
} all[] = {
    { "parks", parks },     { "strict", strict },   { "trees", trees }, { "groups", groups },
    { "cancels", cancels }, { "bounded", bounded }, { "lives", lives },
    { "homes", homes },
};

static const char *wanted;

static void stress(void **state)
{
    (void)state;
    pthread_t watchdog;
    bool      found = false;
    clear_environment(NULL);
    rt = started(&(ramify_options){ .workers = WORKERS, .no_bind = true, .spin_us = 1 });
    assert_int_equal(pthread_create(&watchdog, NULL, watch, NULL), 0);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i].name, wanted) == 0) {
            found = true;
            all[i].run();
        }
    atomic_store(&is_over, true);
    pthread_join(watchdog, NULL);
    show(wanted);
    assert_true(found);
    assert_nothing_noted();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(int count, char **arguments)
{
    wanted                          = count > 1 ? arguments[1] : "parks";
    const struct CMUnitTest tests[] = { cmocka_unit_test(stress) };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
