/* SPDX-License-Identifier: BSD-3-Clause */
/* Fork and join from any thread, at any depth, beside groups, on 1 to 8 workers: results are right, nothing runs twice,
 * nothing is lost, and a lane that is full still gets everything done. */
#include "check.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <ramify/ramify.h>

static ramify_runtime *start(uint32_t workers)
{
    ramify_runtime *rt;
    assert_int_equal(ramify_start(&(ramify_options){ .workers = workers, .seed = 7 }, &rt), RAMIFY_OK);
    return rt;
}

typedef struct fib_fork {
    ramify_fork fork;
    long        n, value;
} fib_fork;

static long fib(ramify_context c, long n);

static void fib_stolen(ramify_context c, ramify_fork *fork)
{
    fib_fork *left = (fib_fork *)fork;
    left->value    = fib(c, left->n);
}

static long fib(ramify_context c, long n)
{
    if (n < 2)
        return n;
    fib_fork left = { .n = n - 1 };
    c             = ramify_fork_push(c, &left.fork, fib_stolen);
    long right    = fib(c, n - 2);
    if (ramify_fork_join(&c, &left.fork))
        left.value = fib(c, left.n);
    return left.value + right;
}

static void fib_is_right_on_any_number_of_workers(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 8; workers++) {
        ramify_runtime *rt = start(workers);
        for (int round = 0; round < 5; round++) {
            fib_fork root = { .n = 22 };
            assert_int_equal(ramify_fork_call(rt, &root.fork, fib_stolen), RAMIFY_OK);
            assert_int_equal(root.value, 17711);
        }
        ramify_counts counts;
        assert_int_equal(ramify_runtime_counts(rt, RAMIFY_NONE, &counts), RAMIFY_OK);
        assert_int_equal(counts.forks + counts.forks_stolen, 5 * 28656); /* fib(n + 1) - 1 forks each */
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

/* A tree whose nodes are counted, with work that makes thieves come at odd moments. */
typedef struct tree_fork {
    ramify_fork     fork;
    unsigned        depth, seed;
    _Atomic long   *nodes;
    ramify_runtime *rt;
} tree_fork;

static void grow(ramify_context c, ramify_fork *fork)
{
    tree_fork *node  = (tree_fork *)fork;
    unsigned   width = node->depth ? 1 + node->seed % 5 : 0;
    tree_fork  child[5];
    atomic_fetch_add(node->nodes, 1);
    for (unsigned i = 0; i < width; i++) {
        child[i] = (tree_fork){ .depth = node->depth - 1,
                                .seed  = node->seed * 1103515245u + i * 12345u,
                                .nodes = node->nodes };
        c        = ramify_fork_push(c, &child[i].fork, grow);
    }
    for (unsigned i = width; i-- > 0;)
        if (ramify_fork_join(&c, &child[i].fork))
            grow(c, &child[i].fork);
}

static long count_serially(unsigned depth, unsigned seed)
{
    long     nodes = 1;
    unsigned width = depth ? 1 + seed % 5 : 0;
    for (unsigned i = 0; i < width; i++)
        nodes += count_serially(depth - 1, seed * 1103515245u + i * 12345u);
    return nodes;
}

static void an_irregular_tree_loses_no_node(void **state)
{
    (void)state;
    ramify_runtime *rt = start(5);
    for (unsigned seed = 0; seed < 40; seed++) {
        _Atomic long nodes = 0;
        tree_fork    root  = { .depth = 8, .seed = seed, .nodes = &nodes };
        assert_int_equal(ramify_fork_call(rt, &root.fork, grow), RAMIFY_OK);
        assert_int_equal(nodes, count_serially(8, seed));
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

enum { FLAT = 70000 }; /* more than a lane holds */

typedef struct flat_fork {
    ramify_fork   fork;
    _Atomic long *sum;
    long          value;
} flat_fork;

static flat_fork flat[FLAT];

static void add(ramify_context c, ramify_fork *fork)
{
    (void)c;
    flat_fork *f = (flat_fork *)fork;
    atomic_fetch_add(f->sum, f->value);
}

static void fork_many(ramify_context c, ramify_fork *fork)
{
    flat_fork *root = (flat_fork *)fork;
    for (long i = 0; i < FLAT; i++) {
        flat[i] = (flat_fork){ .sum = root->sum, .value = i };
        c       = ramify_fork_push(c, &flat[i].fork, add);
    }
    for (long i = FLAT; i-- > 0;)
        if (ramify_fork_join(&c, &flat[i].fork))
            add(c, &flat[i].fork);
}

static void a_full_lane_still_does_everything(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 3; workers += 2) {
        ramify_runtime *rt = start(workers);
        for (int round = 0; round < 3; round++) {
            _Atomic long sum  = 0;
            flat_fork    root = { .sum = &sum };
            assert_int_equal(ramify_fork_call(rt, &root.fork, fork_many), RAMIFY_OK);
            assert_int_equal(sum, (long)FLAT * (FLAT - 1) / 2);
        }
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

/* A fork that submits tasks, waits for them and calls another fork-join computation, with live forks below. */
typedef struct mixed_fork {
    ramify_fork     fork;
    ramify_runtime *rt;
    unsigned        depth;
    long            value;
    int             errors;
} mixed_fork;

static void bump(void *counter)
{
    atomic_fetch_add((_Atomic long *)counter, 1);
}

static void mixed(ramify_context c, ramify_fork *fork)
{
    mixed_fork *self = (mixed_fork *)fork;
    self->value      = 1;
    if (self->depth == 0)
        return;
    mixed_fork    left = { .rt = self->rt, .depth = self->depth - 1 }, right = left;
    _Atomic long  ran = 0;
    fib_fork      f   = { .n = 10 };
    ramify_group *group;
    c = ramify_fork_push(c, &left.fork, mixed);
    c = ramify_fork_push(c, &right.fork, mixed);
    self->errors += ramify_group_create(self->rt, NULL, &group) != RAMIFY_OK;
    for (int i = 0; i < 3; i++)
        self->errors += ramify_submit(group, bump, &ran, NULL) != RAMIFY_OK;
    self->errors += ramify_wait(group) != RAMIFY_OK || ran != 3 || ramify_group_free(group) != RAMIFY_OK;
    self->errors += ramify_fork_call(self->rt, &f.fork, fib_stolen) != RAMIFY_OK || f.value != 55;
    if (ramify_fork_join(&c, &right.fork))
        mixed(c, &right.fork);
    if (ramify_fork_join(&c, &left.fork))
        mixed(c, &left.fork);
    self->value += left.value + right.value;
    self->errors += left.errors + right.errors;
}

static void forks_groups_and_calls_mix(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 4; workers++) {
        ramify_runtime *rt = start(workers);
        for (int round = 0; round < 5; round++) {
            mixed_fork root = { .rt = rt, .depth = 8 };
            assert_int_equal(ramify_fork_call(rt, &root.fork, mixed), RAMIFY_OK);
            assert_int_equal(root.value, 511);
            assert_int_equal(root.errors, 0);
        }
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

/* One coarse fork in a worker's private part must reach an idle worker although its owner only computes: here until the
 * fork has begun elsewhere, or ten seconds have passed. */
typedef struct coarse_fork {
    ramify_fork  fork;
    _Atomic bool has_begun;
    bool         was_taken;
} coarse_fork;

static void begin(ramify_context c, ramify_fork *fork)
{
    (void)c;
    atomic_store(&((coarse_fork *)fork)->has_begun, true);
}

static void two_coarse(ramify_context c, ramify_fork *fork)
{
    coarse_fork    *root = (coarse_fork *)fork, left = { .was_taken = false };
    struct timespec pause = { 0, 1000000 };
    c                     = ramify_fork_push(c, &left.fork, begin);
    for (int i = 0; i < 10000 && !atomic_load(&left.has_begun); i++)
        nanosleep(&pause, NULL);
    root->was_taken = !ramify_fork_join(&c, &left.fork);
}

/* True when every other thread of the process sleeps in the kernel: one that was only put off a CPU does not. */
static bool others_sleep(void)
{
    DIR *tasks  = opendir("/proc/self/task");
    bool asleep = tasks != NULL;
    for (struct dirent *entry; asleep && (entry = readdir(tasks));) {
        char path[300], state = 'S';
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == (int)syscall(SYS_gettid))
            continue;
        (void)snprintf(path, sizeof path, "/proc/self/task/%s/stat", entry->d_name);
        FILE *file = fopen(path, "r");
        if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            state = '?';
        if (file)
            fclose(file);
        asleep = state == 'S';
    }
    if (tasks)
        closedir(tasks);
    return asleep;
}

static void an_idle_worker_gets_a_coarse_fork(void **state)
{
    (void)state;
    ramify_runtime *rt    = start(2);
    struct timespec pause = { 0, 5000000 };
    for (int round = 0; round < 5; round++) {
        do /* a worker that is not idle when the fork is made cannot ask one who never looks up again */
            nanosleep(&pause, NULL);
        while (!others_sleep());
        coarse_fork root = { .was_taken = false };
        assert_int_equal(ramify_fork_call(rt, &root.fork, two_coarse), RAMIFY_OK);
        assert_true(root.was_taken);
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    ramify_runtime *rt   = start(1);
    fib_fork        root = { .n = 1 };
    assert_int_equal(ramify_fork_call(NULL, &root.fork, fib_stolen), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_fork_call(rt, NULL, fib_stolen), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_fork_call(rt, &root.fork, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fib_is_right_on_any_number_of_workers), cmocka_unit_test(an_irregular_tree_loses_no_node),
        cmocka_unit_test(a_full_lane_still_does_everything),     cmocka_unit_test(forks_groups_and_calls_mix),
        cmocka_unit_test(an_idle_worker_gets_a_coarse_fork),     cmocka_unit_test(bad_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
