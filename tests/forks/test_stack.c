/* SPDX-License-Identifier: BSD-3-Clause */
/* Stacks of workers: their size, how deep unrelated work lies on top of waiting joins, and what an overflow says. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ramify/ramify.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1 /* with larger frames, and handlers of their own */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

typedef struct job {
    ramify_fork     fork;
    ramify_runtime *rt;
    long            levels, value;
    atomic_bool     has_begun;
} job;

static void nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
}

static void nothing(ramify_context c, job *one)
{
    (void)c;
    one->has_begun = true;
}
RAMIFY_FORKED(nothing, job, fork)

/* A chain as deep as that of an unbalanced tree: one fork and one call per level. */
static long descend(ramify_context c, long levels)
{
    volatile char room[128];
    job           side = { .levels = levels };
    room[0]            = 1;
    if (levels == 0)
        return 0;
    RAMIFY_FORK(c, nothing, &side);
    long below = descend(c, levels - 1);
    RAMIFY_JOIN(c, nothing, &side);
    return below + room[0];
}

static void descend_run(ramify_context c, job *one)
{
    one->value = descend(c, one->levels);
}
RAMIFY_FORKED(descend_run, job, fork)

static void measure_run(ramify_context c, job *one)
{
    pthread_attr_t attributes;
    void          *low;
    size_t         bytes;
    (void)c;
    if (pthread_getattr_np(pthread_self(), &attributes))
        return;
    pthread_attr_getstack(&attributes, &low, &bytes);
    pthread_attr_destroy(&attributes);
    one->value = (long)bytes;
}
RAMIFY_FORKED(measure_run, job, fork)

static long stack_of(const ramify_options *options)
{
    ramify_runtime *rt;
    job             root = { .value = 0 };
    assert_int_equal(ramify_start(options, &rt), RAMIFY_OK);
    assert_int_equal(RAMIFY_CALL(rt, measure_run, &root), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    return root.value;
}

/* As asked, rounded up to pages of 64 KiB; and never less. */
static void sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        long        bytes;
    } asked[]              = { { "65536", 65536 }, { "256K", 256l << 10 }, { "64M", 64l << 20 }, { "1g", 1l << 30 } };
    const long     slack   = IS_SANITIZED ? 16 << 20 : 256 << 10; /* a sanitizer makes small stacks larger */
    ramify_options options = { .workers = 1, .stack_bytes = 128 << 10 };
    long           plain   = stack_of(&options);
    assert_true(plain >= 128 << 10 && plain < (128 << 10) + slack);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        setenv("RAMIFY_STACK", asked[i].text, 1);
        long bytes = stack_of(&options);
        assert_true(bytes >= asked[i].bytes && bytes < asked[i].bytes + slack);
    }
    unsetenv("RAMIFY_STACK");

    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_STACK, &limit), 0);
    long usual = limit.rlim_cur == RLIM_INFINITY ? 8l << 20 : (long)limit.rlim_cur;
    assert_true(stack_of(&(ramify_options){ .workers = 1 }) >= usual);
}

static void bad_sizes(void **state)
{
    (void)state;
    static const struct {
        const char   *text;
        ramify_status status;
    } asked[] = { { "64Q", RAMIFY_ERR_SYNTAX }, { "M", RAMIFY_ERR_SYNTAX },
                  { "-1", RAMIFY_ERR_SYNTAX },  { "64MB", RAMIFY_ERR_SYNTAX },
                  { "63K", RAMIFY_ERR_RANGE },  { "1025G", RAMIFY_ERR_RANGE },
                  { "0", RAMIFY_ERR_RANGE },    { "99999999999999999999G", RAMIFY_ERR_RANGE } };
    ramify_diagnosis diagnosis;
    ramify_runtime  *rt      = NULL;
    ramify_options   options = { .workers = 1, .diagnosis = &diagnosis };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        setenv("RAMIFY_STACK", asked[i].text, 1);
        assert_int_equal(ramify_start(&options, &rt), asked[i].status);
        assert_non_null(strstr(diagnosis.text, "RAMIFY_STACK"));
        assert_null(rt);
    }
    unsetenv("RAMIFY_STACK");
    options.stack_bytes = 65535;
    assert_int_equal(ramify_start(&options, &rt), RAMIFY_ERR_RANGE);
    assert_null(rt);
}

/* 20000 levels, more than T3L has (17844), on the worker and, in part, on those that steal from it. */
static void deep(void **state)
{
    (void)state;
    ramify_runtime *rt;
    job             root = { .levels = 20000 };
    setenv("RAMIFY_STACK", "64M", 1);
    assert_int_equal(ramify_start(&(ramify_options){ .workers = 4, .no_bind = true }, &rt), RAMIFY_OK);
    unsetenv("RAMIFY_STACK");
    assert_int_equal(RAMIFY_CALL(rt, descend_run, &root), RAMIFY_OK);
    assert_int_equal(root.value, 20000);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void handler_before(int signal)
{
    (void)signal;
    _exit(write(STDERR_FILENO, "before\n", 7) == 7 ? 42 : 43);
}

/* In a child: a recursion that no stack holds, or a fault elsewhere. */
static void overflow(bool is_explained, bool has_handler, bool is_elsewhere)
{
    ramify_runtime *rt;
    job             root = { .levels = 1l << 40 };
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
    for (int i = SIGSEGV; i; i = i == SIGSEGV ? SIGBUS : 0) /* cmocka's own */
        signal(i, has_handler ? handler_before : SIG_DFL);
    if (is_explained && ramify_explain_overflow())
        _exit(1);
    if (ramify_start(&(ramify_options){ .workers = 2, .stack_bytes = 256 << 10 }, &rt))
        _exit(2);
    if (is_elsewhere)
        raise(SIGSEGV);
    (void)RAMIFY_CALL(rt, descend_run, &root);
    _exit(3);
}

/* What the child said, and how it ended. */
static int ends(bool is_explained, bool has_handler, bool is_elsewhere, char *said, size_t size)
{
    int ways[2], status;
    assert_int_equal(pipe(ways), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ways[1], STDERR_FILENO);
        overflow(is_explained, has_handler, is_elsewhere);
    }
    close(ways[1]);
    size_t  length = 0;
    ssize_t got;
    while (length < size - 1 && (got = read(ways[0], said + length, size - 1 - length)) > 0)
        length += (size_t)got;
    said[length] = '\0';
    close(ways[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void overflows(void **state)
{
    (void)state;
    char said[1024];
    if (IS_SANITIZED) {
        print_message("skipped: a sanitizer handles SIGSEGV itself\n");
        skip();
    }
    int status = ends(true, false, false, said, sizeof said);
    print_message("%s", said);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_non_null(strstr(said, "ramify: worker "));
    assert_non_null(strstr(said, " overflowed its stack of "));
    assert_non_null(strstr(said, "RAMIFY_STACK="));
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);

    status = ends(false, false, false, said, sizeof said);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_string_equal(said, "");

    status = ends(true, true, false, said, sizeof said); /* the program's own handler comes after it */
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    assert_non_null(strstr(said, "levels\nbefore\n"));

    status = ends(true, false, true, said, sizeof said);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_string_equal(said, "");
}

enum { NESTED = 33, HELPERS = 44, TASKS = 40 };

static atomic_int  live, most_live;
static atomic_long held_ms;

static void hold(ramify_context c, job *one)
{
    (void)c;
    one->has_begun = true;
    for (int tries = 0; most_live <= NESTED && tries < 20000 && held_ms < 300; tries++) {
        nap();
        if (most_live >= NESTED)
            held_ms++; /* long enough for one more, if there were no bound */
    }
}
RAMIFY_FORKED(hold, job, fork)

/* Waits in a join for another worker, while more such tasks wait for this one. */
static void wait_for_holder(ramify_context c, job *one)
{
    (void)one;
    int now = ++live;
    if (now > most_live)
        most_live = now;
    job held = { .levels = 0 };
    RAMIFY_FORK(c, hold, &held);
    for (int tries = 0; !held.has_begun && tries < 20000 && !held_ms;
         tries++) { /* a fork looks whether somebody asks */
        job side = { .levels = 0 };
        RAMIFY_FORK(c, nothing, &side);
        nap();
        RAMIFY_JOIN(c, nothing, &side);
    }
    RAMIFY_JOIN(c, hold, &held);
    live--;
}
RAMIFY_FORKED(wait_for_holder, job, fork)

static void call_wait(void *argument)
{
    job *one = argument;
    if (RAMIFY_CALL(one->rt, wait_for_holder, one))
        most_live = 1000;
}

/* Tasks that only worker 0 may run, each of which waits for a fork that another worker holds. */
static void nested(void **state)
{
    (void)state;
    static job      jobs[TASKS];
    ramify_runtime *rt;
    ramify_group   *group;
    ramify_options  options = { .workers = HELPERS + 1, .no_bind = true, .stack_bytes = 4 << 20 };
    assert_int_equal(ramify_start(&options, &rt), RAMIFY_OK);
    assert_int_equal(ramify_runtime_workers(rt), HELPERS + 1);
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    const ramify_tree *tree = ramify_runtime_tree(rt);
    ramify_hint        mine = { .strict = true,
                                .domain = 1 + (uint32_t)(ramify_tree_leaf(tree, 0) - ramify_tree_domains(tree, NULL)) };
    for (int i = 0; i < TASKS; i++) {
        jobs[i].rt = rt;
        assert_int_equal(ramify_submit(group, call_wait, &jobs[i], &mine), RAMIFY_OK);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    print_message("%d computations of unrelated work on one stack\n", most_live);
    assert_int_equal(most_live, NESTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),     cmocka_unit_test(bad_sizes), cmocka_unit_test(deep),
        cmocka_unit_test(overflows), cmocka_unit_test(nested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
