/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers and the system: what they are bound to, which signals they take, what an idle one costs, and whether the
 * counters tell the truth. */
#include "started.h"

#include <pthread.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum { WORKERS = 3, MANY = 20000 };

static _Atomic int ran;

static int fresh(void **state)
{
    atomic_store(&ran, 0);
    return clear_environment(state);
}

static bool has(const ramify_bits *bits, uint32_t i)
{
    return i / 64 < bits->word_count && (bits->words[i / 64] >> (i % 64) & 1);
}

static void compares_mask(void *argument)
{
    const ramify_domain *leaf = ramify_tree_leaf(argument, ramify_here().worker);
    cpu_set_t            mask;
    NOTE(sched_getaffinity(0, sizeof mask, &mask) == 0);
    for (uint32_t pu = 0; pu < CPU_SETSIZE; pu++)
        NOTE((CPU_ISSET(pu, &mask) != 0) == has(&leaf->cpus, pu));
    atomic_fetch_add(&ran, 1);
}

/* Runs a task strictly on every worker. */
static void on_every_worker(ramify_runtime *rt, ramify_task_fn fn, void *argument)
{
    const ramify_tree *tree  = ramify_runtime_tree(rt);
    ramify_group      *group = new_group(rt, NULL);
    for (uint32_t w = 0; w < ramify_runtime_workers(rt); w++) {
        ramify_hint hint = ramify_at(ramify_tree_leaf(tree, w)->index);
        hint.strict      = true;
        assert_int_equal(ramify_submit(group, fn, argument, &hint), RAMIFY_OK);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
}

static void workers_are_bound_to_their_leaves(void **state)
{
    (void)state;
    cpu_set_t before, after;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    for (uint32_t per = RAMIFY_PER_CORE; per <= RAMIFY_PER_PU; per++) {
        ramify_runtime *rt = started(&(ramify_options){ .workers_per = per });
        atomic_store(&ran, 0);
        on_every_worker(rt, compares_mask, (void *)(uintptr_t)ramify_runtime_tree(rt));
        assert_int_equal(atomic_load(&ran), ramify_runtime_workers(rt));
        assert_nothing_noted();
        assert_int_equal(counts_of(rt).bind_failures, 0);
        ramify_stop(rt);
    }
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after)); /* the starting thread keeps its own */
}

static void compares_with_starter(void *argument)
{
    cpu_set_t mask;
    NOTE(sched_getaffinity(0, sizeof mask, &mask) == 0);
    NOTE(CPU_EQUAL(&mask, (cpu_set_t *)argument));
    atomic_fetch_add(&ran, 1);
}

static void unbound_workers_keep_the_mask(void **state)
{
    (void)state;
    cpu_set_t mask;
    assert_int_equal(sched_getaffinity(0, sizeof mask, &mask), 0);
    ramify_runtime *rt = started_with(WORKERS);
    on_every_worker(rt, compares_with_starter, &mask);
    assert_int_equal(atomic_load(&ran), WORKERS);
    assert_nothing_noted();
    ramify_stop(rt);
    /* A tree of another machine binds nobody either. */
    rt = started(&(ramify_options){ .from = "package:2 core:2 pu:1" });
    on_every_worker(rt, compares_with_starter, &mask);
    assert_int_equal(atomic_load(&ran), WORKERS + 4);
    assert_nothing_noted();
    assert_int_equal(counts_of(rt).bind_failures, 0);
    ramify_stop(rt);
}

static _Atomic int warnings;

static void count_warnings(void *self, ramify_log_level level, const char *line)
{
    (void)self;
    if (level == RAMIFY_LOG_WARNING && strstr(line, "sched_setaffinity"))
        atomic_fetch_add(&warnings, 1);
}

/* The system refuses: this program's own sched_setaffinity is found before libc's. */
static _Atomic int refuse_binding;

__attribute__((visibility("default"))) int sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *mask)
{
    (void)pid, (void)bytes, (void)mask;
    if (atomic_load(&refuse_binding)) {
        errno = EPERM;
        return -1;
    }
    return pthread_setaffinity_np(pthread_self(), bytes, mask) ? -1 : 0;
}

static void a_refused_binding_is_told_and_not_fatal(void **state)
{
    (void)state;
    atomic_store(&refuse_binding, 1);
    ramify_runtime *rt    = started(&(ramify_options){ .log = count_warnings });
    ramify_group   *group = new_group(rt, NULL);
    assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 1);
    assert_int_equal(counts_of(rt).bind_failures, ramify_runtime_workers(rt));
    assert_int_equal(atomic_load(&warnings), ramify_runtime_workers(rt));
    ramify_stop(rt);
    atomic_store(&refuse_binding, 0);
}

static _Atomic int handled, handled_on_worker;

static void handler(int number)
{
    (void)number;
    atomic_fetch_add(&handled, 1);
    if (ramify_here().worker != RAMIFY_NONE)
        atomic_fetch_add(&handled_on_worker, 1);
}

static void compares_signals(void *argument)
{
    static const int others[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGWINCH };
    static const int own[]    = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF };
    sigset_t         mask;
    (void)argument;
    NOTE(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        NOTE(sigismember(&mask, others[i]) == 1);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        NOTE(sigismember(&mask, own[i]) == 0);
}

static void *send_signals(void *argument)
{
    (void)argument;
    for (int i = 0; i < 500; i++) {
        kill(getpid(), SIGUSR1);
        sleep_us(50);
    }
    return NULL;
}

static void signals_are_left_to_the_program(void **state)
{
    (void)state;
    struct sigaction action = { .sa_handler = handler }, before;
    sigset_t         mask, mask_after;
    pthread_t        sender;
    ramify_tree     *tree;
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .workers = WORKERS }, &tree), RAMIFY_OK);
    sigaction(SIGUSR1, &action, &before);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_int_equal(pthread_create(&sender, NULL, send_signals, NULL), 0);
    for (int i = 0; i < 50; i++) { /* also while workers start and stop */
        ramify_runtime *rt = started(&(ramify_options){ .tree = tree, .no_bind = true });
        on_every_worker(rt, compares_signals, NULL);
        ramify_stop(rt);
    }
    pthread_join(sender, NULL);
    pthread_sigmask(SIG_BLOCK, NULL, &mask_after);
    assert_nothing_noted();
    assert_int_equal(atomic_load(&handled_on_worker), 0);
    assert_true(atomic_load(&handled) > 0);
    for (int s = 1; s < 32; s++)
        assert_int_equal(sigismember(&mask, s), sigismember(&mask_after, s));
    sigaction(SIGUSR1, &before, NULL);
    ramify_tree_free(tree);
}

static double cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

static void an_idle_runtime_uses_no_cpu(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(4);
    ramify_group   *group = new_group(rt, NULL);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    sleep_us(50000); /* a thousand times the 50 us of search: all four sleep, on a busy machine too */
    double before = cpu_seconds();
    sleep_us(300000);
    double used = cpu_seconds() - before;
    assert_true(used < 0.02 * 0.3);
    assert_true(counts_of(rt).parks >= 4);
    ramify_stop(rt);
}

static void the_counters_add_up(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(WORKERS);
    ramify_group   *group = new_group(rt, NULL);
    ramify_counts   sum   = { 0 }, one, all;
    for (int i = 0; i < MANY; i++)
        assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    for (uint32_t w = 0; w < WORKERS; w++) {
        assert_int_equal(ramify_runtime_counts(rt, w, &one), RAMIFY_OK);
        sum.tasks += one.tasks;
        sum.tasks_at_home += one.tasks_at_home;
        sum.stolen_tasks += one.stolen_tasks;
        sum.wakes += one.wakes;
    }
    all = counts_of(rt);
    assert_int_equal(all.tasks, MANY);
    assert_int_equal(sum.tasks, MANY);
    assert_int_equal(all.tasks_at_home, MANY); /* work-stealing leaves them at the root: everywhere is home */
    assert_int_equal(sum.tasks_at_home, MANY);
    assert_int_equal(all.stolen_tasks, sum.stolen_tasks);
    assert_true(all.steals <= all.steal_attempts && all.steals <= all.stolen_tasks);
    assert_true(all.wakes >= sum.wakes);
    assert_true(all.wakes <= all.parks + WORKERS);
    assert_int_equal(all.dropped + all.inline_runs, 0);
    assert_int_equal(ramify_runtime_counts(rt, WORKERS, &one), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_runtime_counts(rt, 0, NULL), RAMIFY_ERR_INVALID);
    ramify_stop(rt);
}

static void latency_is_sampled_as_often_as_asked(void **state)
{
    (void)state;
    static const uint32_t every[] = { 1, 2, 64, 1000 };
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++) {
        ramify_runtime *rt    = started(&(ramify_options){ .workers = 2, .no_bind = true, .latency_every = every[i] });
        ramify_group   *group = new_group(rt, NULL);
        ramify_latency  latency;
        assert_int_equal(ramify_runtime_latency(rt, &latency), RAMIFY_OK);
        assert_int_equal(latency.samples, 0);
        for (int n = 0; n < 1000; n++) /* all from this thread: the first, and every n-th after it */
            assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(ramify_runtime_latency(rt, &latency), RAMIFY_OK);
        int64_t wanted = (1000 + every[i] - 1) / every[i]; /* from 8 on the interval varies, and its mean does not */
        assert_in_range(latency.samples + 1, wanted + (every[i] < 8 ? 1 : 0), wanted + (every[i] < 8 ? 1 : 2));
        assert_true(latency.p50_ns <= latency.p99_ns && latency.p99_ns <= latency.max_ns);
        assert_true(latency.max_ns > 0);
        assert_int_equal(ramify_runtime_latency(rt, NULL), RAMIFY_ERR_INVALID);
        ramify_stop(rt);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(workers_are_bound_to_their_leaves, fresh),
        cmocka_unit_test_setup(unbound_workers_keep_the_mask, fresh),
        cmocka_unit_test_setup(a_refused_binding_is_told_and_not_fatal, fresh),
        cmocka_unit_test_setup(signals_are_left_to_the_program, fresh),
        cmocka_unit_test_setup(an_idle_runtime_uses_no_cpu, fresh),
        cmocka_unit_test_setup(the_counters_add_up, fresh),
        cmocka_unit_test_setup(latency_is_sampled_as_often_as_asked, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
