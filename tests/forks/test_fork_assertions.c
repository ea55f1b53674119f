/* SPDX-License-Identifier: BSD-3-Clause */
/* Mistakes with forks and joins in a program with assertions: a child process makes each, dies of SIGABRT, and its last
 * words name this file, the line of the mistake, and what is wrong. */
#undef NDEBUG
#define RAMIFY_ASSERTIONS
#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ramify/ramify.h>

typedef struct job {
    ramify_fork fork;
} job;

static ramify_context kept; /* of a computation that is over */
static int           *line; /* of the mistake to come; shared with the child that makes it */

static void nothing(ramify_context c, job *one)
{
    (void)c;
    (void)one;
}
RAMIFY_FORKED(nothing, job, fork)

static void joins_twice(ramify_context c, ramify_fork *fork)
{
    job outer, one;
    (void)fork;
    RAMIFY_FORK(c, nothing, &outer);
    RAMIFY_FORK(c, nothing, &one);
    RAMIFY_JOIN(c, nothing, &one);
    *line = __LINE__ + 1;
    RAMIFY_JOIN(c, nothing, &one);
}

static void joins_out_of_order(ramify_context c, ramify_fork *fork)
{
    job first, second;
    (void)fork;
    c     = ramify_fork_push(c, &first.fork, nothing_forked);
    c     = ramify_fork_push(c, &second.fork, nothing_forked);
    *line = __LINE__ + 1;
    (void)ramify_fork_join(&c, &first.fork);
}

static void joins_null(ramify_context c, ramify_fork *fork)
{
    (void)fork;
    *line = __LINE__ + 1;
    (void)ramify_fork_join(&c, NULL);
}

static void forks_null(ramify_context c, ramify_fork *fork)
{
    (void)fork;
    *line = __LINE__ + 1;
    c     = ramify_fork_push(c, NULL, nothing_forked);
}

static void keeps_its_context(ramify_context c, ramify_fork *fork)
{
    (void)fork;
    kept = c;
}

static void forks_after_the_end(ramify_context c, ramify_fork *fork)
{
    job one;
    (void)c;
    (void)fork;
    *line = __LINE__ + 1;
    RAMIFY_FORK(kept, nothing, &one);
}

static void forks_nowhere(ramify_context c, ramify_fork *fork)
{
    ramify_context none = { 0 };
    job            one;
    (void)c;
    (void)fork;
    *line = __LINE__ + 1;
    RAMIFY_FORK(none, nothing, &one);
}

/* A computation in a runtime of its own, after another one whose context it may have kept. */
static void make_mistake(ramify_fork_fn mistake)
{
    ramify_runtime *rt;
    job             root;
    if (ramify_start(&(ramify_options){ .workers = 2 }, &rt))
        _exit(3);
    (void)ramify_fork_call(rt, &root.fork, keeps_its_context);
    if (mistake == forks_after_the_end) {
        (void)ramify_stop(rt);
        if (ramify_start(&(ramify_options){ .workers = 1 }, &rt))
            _exit(3);
        kept.lane = (ramify_lane *)((char *)kept.lane + 64); /* wherever the old lane was, it is not this one */
    }
    (void)ramify_fork_call(rt, &root.fork, mistake);
    fprintf(stderr, "line %d: survived", *line);
    _exit(4);
}

/* The words of the child that dies. */
static void last_words(ramify_fork_fn mistake, char *words, size_t room)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL); /* cmocka's own would report a failed test */
        dup2(ends[1], STDERR_FILENO);
        make_mistake(mistake);
    }
    close(ends[1]);
    size_t  length = 0;
    ssize_t got;
    while (length < room - 1 && (got = read(ends[0], words + length, room - 1 - length)) > 0)
        length += (size_t)got;
    words[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void dies_saying(ramify_fork_fn mistake, const char *what)
{
    char words[2000], place[100];
    last_words(mistake, words, sizeof words);
    snprintf(place, sizeof place, "test_fork_assertions.c:%d:", *line);
    if (!strstr(words, place) || !strstr(words, what))
        print_error("wanted %s ... %s, got: %s\n", place, what, words);
    assert_non_null(strstr(words, place));
    assert_non_null(strstr(words, what));
}

static void each_mistake_names_its_line(void **state)
{
    (void)state;
    line = mmap(NULL, sizeof *line, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(line, MAP_FAILED);
    dies_saying(joins_twice, "not the newest unjoined one");
    dies_saying(joins_out_of_order, "not the newest unjoined one");
    dies_saying(joins_null, "the fork to join is NULL");
    dies_saying(forks_null, "the fork is NULL");
    dies_saying(forks_after_the_end, "a runtime that has ended");
    dies_saying(forks_nowhere, "of no runtime");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_mistake_names_its_line) };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
