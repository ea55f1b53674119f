/* SPDX-License-Identifier: BSD-3-Clause */
/* The n-th allocation or thread creation of a whole small life fails, for every n: start, groups, tasks of
 * all kinds, stop. Each time the status says so, nothing leaks, nothing hangs, and what was taken runs.
 *
 * The program's own malloc family stands before libc's, counts, and fails once; it also knows how many blocks are out.
 */
#include "started.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#if TEST_UNDER_ASAN || TEST_UNDER_TSAN
int main(void)
{
    puts("skipped: this sanitizer has a malloc of its own");
    return SKIP_TEST_FILE;
}
#else

#define EXPORTED __attribute__((visibility("default")))

static _Atomic long calls, fail_at; /* of all kinds together; the fail_at-th fails, 0: none */
static _Atomic long blocks;         /* allocated and not freed */
static _Atomic bool counts_calls;   /* only during the life under test */

static bool must_fail(void)
{
    return atomic_load(&counts_calls) && atomic_fetch_add(&calls, 1) + 1 == atomic_load(&fail_at);
}

/* glibc's own names: no dlsym, which allocates. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);
extern void  __libc_free(void *block);

static void *counted(void *block)
{
    if (block && atomic_load(&counts_calls))
        atomic_fetch_add(&blocks, 1);
    return block;
}

static void *refused(void)
{
    errno = ENOMEM;
    return NULL;
}

EXPORTED void *malloc(size_t bytes)
{
    return must_fail() ? refused() : counted(__libc_malloc(bytes));
}

EXPORTED void *calloc(size_t count, size_t bytes)
{
    return must_fail() ? refused() : counted(__libc_calloc(count, bytes));
}

EXPORTED void *realloc(void *block, size_t bytes)
{
    if (must_fail())
        return refused();
    return block ? __libc_realloc(block, bytes) : counted(__libc_malloc(bytes));
}

EXPORTED void *aligned_alloc(size_t alignment, size_t bytes)
{
    return must_fail() ? refused() : counted(__libc_memalign(alignment, bytes));
}

EXPORTED void free(void *block)
{
    if (block && atomic_load(&counts_calls))
        atomic_fetch_sub(&blocks, 1);
    __libc_free(block);
}

typedef int (*create_fn)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static create_fn real_create;

EXPORTED int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*fn)(void *), void *argument)
{
    return must_fail() ? EAGAIN : real_create(thread, how, fn, argument);
}

static _Atomic int ran;
static char        places[60]; /* for dependencies */

static void submits_some(void *argument)
{
    for (int i = 0; i < 3; i++)
        if (ramify_submit(argument, count_task, &ran, NULL) == RAMIFY_OK)
            atomic_fetch_sub(&ran, 1000); /* one more is due */
}

/* A chain by address, one task of it commutative, and many readers, which need more records than one. */
static ramify_status submit_dependent(ramify_group *group, int *due)
{
    static const uint32_t access[] = { RAMIFY_OUT, RAMIFY_COMMUTATIVE, RAMIFY_IN, RAMIFY_INOUT };
    ramify_status         first    = RAMIFY_OK;
    for (int i = 0; i < 60; i++) {
        ramify_depend on[2]  = { { &ran, i > 3 && i < 50 ? RAMIFY_IN : access[i % 4] }, { &places[i], RAMIFY_OUT } };
        ramify_status status = ramify_submit_after(group, count_task, &ran, NULL, on, 2);
        *due += status == RAMIFY_OK;
        first = first ? first : status;
    }
    return first;
}

/* Records and runs a graph; the runtime frees it. */
static ramify_status run_graph(ramify_runtime *rt, ramify_group *group, int *due)
{
    ramify_graph *graph;
    ramify_vertex vertex[40];
    ramify_status status = ramify_graph_create(rt, &graph);
    if (status)
        return status;
    for (int i = 0; i < 40 && !status; i++) {
        ramify_depend on = { &places[i % 20], i % 3 ? RAMIFY_COMMUTATIVE : RAMIFY_IN };
        status           = ramify_graph_add(graph, count_task, &ran, NULL, &on, 1, &vertex[i]);
        if (!status && i > 0)
            status = ramify_graph_edge(graph, vertex[i / 2], vertex[i]);
        if (!status)
            status = ramify_graph_name(graph, vertex[i], "counts");
    }
    if (!status)
        status = ramify_graph_freeze(graph, NULL);
    if (!status)
        status = ramify_graph_run(graph, group);
    if (!status)
        *due += 40;
    return status;
}

static void add_ones(void *self, const ramify_chunk *c)
{
    (void)self;
    *(int64_t *)c->partial += (int64_t)c->iterations;
}

/* Loops that need memory: a history, and a deterministic reduction of more blocks than a stack takes. Tasks none. */
static ramify_status run_loops(ramify_runtime *rt)
{
    ramify_history    *history;
    int64_t            sum   = -1;
    ramify_range       range = { 0, 5000, 1 };
    ramify_for_options how   = { .schedule      = { RAMIFY_RULE_AUTO, 1 },
                                 .reduction     = ramify_reduction_of(RAMIFY_INT64, RAMIFY_SUM),
                                 .result        = &sum,
                                 .deterministic = true };
    ramify_status      status = ramify_history_create(rt, &history);
    if (status)
        return status;
    how.history = history;
    status      = ramify_for(rt, &range, 1, add_ones, NULL, &how);
    if (sum != (status ? -1 : 5000))
        status = RAMIFY_ERR_INVALID; /* no reason of memory: the test fails */
    ramify_history_free(history);
    return status;
}

/* Every kind of submission; *due: how many tasks of this thread's were taken. */
static ramify_status submit_all_kinds(ramify_group *group, int *due)
{
    ramify_item   items[40];
    size_t        taken  = 0;
    ramify_hint   strict = ramify_at(0);
    ramify_status status = ramify_submit(group, submits_some, group, NULL), first = status;
    strict.strict = true;
    for (int i = 0; i < 40; i++)
        items[i] = (ramify_item){ .fn = count_task, .argument = &ran };
    status = ramify_submit(group, count_task, &ran, &strict);
    *due += status == RAMIFY_OK;
    first  = first ? first : status;
    status = ramify_submit_batch(group, items, 40, &taken);
    *due += (int)taken;
    first  = first ? first : status;
    status = ramify_submit(group, count_task, &ran, &(ramify_hint){ .priority = 2 });
    *due += status == RAMIFY_OK;
    first  = first ? first : status;
    status = submit_dependent(group, due);
    return first ? first : status;
}

/* A whole life; *due: tasks that must have run. */
static ramify_status live(const ramify_options *options, int *due)
{
    ramify_runtime *rt;
    ramify_group   *group  = NULL;
    ramify_status   status = ramify_start(options, &rt), stopped;
    if (status)
        return status;
    status = ramify_group_create(rt, NULL, &group);
    if (!status)
        status = submit_all_kinds(group, due);
    if (!status)
        status = run_graph(rt, group, due);
    if (!status)
        status = run_loops(rt);
    ramify_latency latency;
    if (!status)
        status = ramify_runtime_latency(rt, &latency);
    stopped = ramify_stop(rt); /* waits for what was taken */
    return status ? status : stopped;
}

static void fail_each_in_turn(const ramify_options *options)
{
    long n = 1, failures = 0;
    int  warm = 0; /* libc keeps stacks of ended threads, with blocks of theirs, for the next ones */
    assert_int_equal(live(options, &warm), RAMIFY_OK);
    for (;; n++) {
        int due = 0;
        atomic_store(&ran, 0);
        atomic_store(&calls, 0);
        atomic_store(&blocks, 0);
        atomic_store(&fail_at, n);
        atomic_store(&counts_calls, true);
        ramify_status status = live(options, &due);
        atomic_store(&counts_calls, false);
        long leaked = atomic_load(&blocks), made = atomic_load(&calls);
        /* Every taken task ran: those of the task that submits have each added 1 and taken 1000 away. */
        int of_task = (atomic_load(&ran) - due) / -999;
        assert_in_range(of_task, 0, 3);
        assert_int_equal(atomic_load(&ran), due - 999 * of_task);
        assert_int_equal(leaked, 0);
        if (status) {
            assert_true(status == RAMIFY_ERR_NO_MEMORY || status == RAMIFY_ERR_SYSTEM);
            failures++;
        }
        if (made < n)
            break; /* nothing was left to fail */
    }
    print_message("%ld calls failed in turn, %ld of them were reported\n", n - 1, failures);
    assert_true(failures >= 10);
    assert_int_equal(own_status("Threads:"), 1);
}

static void with_a_shared_tree(void **state)
{
    (void)state;
    ramify_tree *tree;
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .workers = 3 }, &tree), RAMIFY_OK);
    fail_each_in_turn(&(ramify_options){ .tree = tree, .no_bind = true });
    fail_each_in_turn(&(ramify_options){ .tree = tree, .no_bind = true, .policy = "round-robin" });
    fail_each_in_turn(&(ramify_options){ .tree = tree, .policy = "affinity" });
    ramify_tree_free(tree);
}

int main(void)
{
    real_create = (create_fn)(uintptr_t)dlsym(RTLD_NEXT, "pthread_create");
    clear_environment(NULL);
    const struct CMUnitTest tests[] = { cmocka_unit_test(with_a_shared_tree) };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
#endif
