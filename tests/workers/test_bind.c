/* SPDX-License-Identifier: BSD-3-Clause */
/* Losing and finding CPUs, before a kernel that is not there: its own sched_setaffinity and sched_getaffinity stand
 * before libc's. What real kernels do is asked of them in tests/vm/vm_leaving.c. */
#include "check.h"
#include "homes_tree.h"

#include "bind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

enum { ALL = 0xff };

static uint64_t online, mask; /* CPUs there are; the thread's mask */
static int      refusal;      /* error of every setting, 0: none */
static char     last_line[256];
static int      lines;

EXPORTED int sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *set)
{
    uint64_t asked;
    (void)pid;
    memcpy(&asked, set, sizeof asked);
    assert_true(bytes >= sizeof asked);
    errno = refusal ? refusal : EINVAL;
    if (refusal || !(asked & online))
        return -1;
    mask = asked & online;
    return 0;
}

EXPORTED int sched_getaffinity(pid_t pid, size_t bytes, cpu_set_t *set)
{
    (void)pid;
    memset(set, 0, bytes);
    memcpy(set, &mask, sizeof mask);
    return 0;
}

/* CPUs leave, or come: as Linux 6.1 does it. */
static void set_online(uint64_t now)
{
    online = now;
    mask   = mask & now ? mask & now : now;
}

static void note_line(void *self, ramify_log_level level, const char *line)
{
    (void)self;
    (void)level;
    snprintf(last_line, sizeof last_line, "%s", line);
    lines++;
}

static const rmf_log noting = { note_line, NULL };

typedef struct fixture {
    ramify_tree *tree; /* 2 packages x 2 nodes x 2 cores: leaf i has CPU i */
    rmf_binding  binding;
} fixture;

static void open_bound(fixture *f, uint32_t leaf, bool expected)
{
    lines   = 0;
    refusal = expected ? 0 : EPERM;
    online = mask = ALL;
    f->tree       = homes_tree(2, 2);
    assert_int_equal(rmf_binding_make(&f->binding, f->tree, leaf, &noting), expected);
    refusal = 0;
}

static void close_bound(fixture *f)
{
    rmf_binding_drop(&f->binding);
    ramify_tree_free(f->tree);
}

static void what_is_kept_is_left_alone(void **state)
{
    (void)state;
    fixture f;
    open_bound(&f, 5, true);
    assert_int_equal(mask, 1u << 5);
    assert_false(rmf_binding_check(&f.binding, &noting));
    set_online(ALL & ~(1u << 4)); /* another's */
    assert_false(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(lines, 0);
    close_bound(&f);
}

static void a_mask_changed_from_outside_is_set_again(void **state)
{
    (void)state;
    fixture f;
    open_bound(&f, 5, true);
    mask = ALL;
    assert_true(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(mask, 1u << 5);
    assert_non_null(strstr(last_line, "worker 5 is bound to its leaf again"));
    assert_false(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(lines, 1);
    close_bound(&f);
}

static void a_lost_cpu_is_replaced_by_the_nearest_and_taken_back(void **state)
{
    (void)state;
    fixture f;
    open_bound(&f, 5, true);
    set_online(ALL & ~(1u << 5));
    assert_true(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(mask, 1u << 4); /* the node's other CPU */
    assert_non_null(strstr(last_line, "numa"));
    assert_false(rmf_binding_check(&f.binding, &noting));
    set_online(0xcf); /* now the node is gone */
    assert_true(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(mask, 0xc0); /* the package's other node */
    set_online(0x0f);
    assert_true(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(mask, 0x0f);
    assert_false(rmf_binding_check(&f.binding, &noting));
    set_online(0x8f); /* a nearer one is back, but not its own */
    assert_true(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(mask, 0x80);
    set_online(ALL);
    assert_true(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(mask, 1u << 5);
    assert_false(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(lines, 5);
    close_bound(&f);
}

static void without_any_cpu_of_the_tree_it_waits_for_one(void **state)
{
    (void)state;
    fixture f;
    open_bound(&f, 0, true);
    set_online(0x300);
    assert_true(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(mask, 0x300); /* the system's own choice */
    assert_int_equal(f.binding.at, RAMIFY_NONE);
    assert_false(rmf_binding_check(&f.binding, &noting));
    set_online(0x3ff);
    mask = 0x3ff; /* a cpuset that grows sets the mask */
    assert_true(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(mask, 1);
    close_bound(&f);
}

static void a_refused_binding_is_not_asked_for_again(void **state)
{
    (void)state;
    fixture f;
    open_bound(&f, 3, false);
    assert_int_equal(lines, 1);
    assert_non_null(strstr(last_line, "stays unbound"));
    assert_int_equal(mask, ALL);
    assert_false(rmf_binding_check(&f.binding, &noting));
    assert_int_equal(mask, ALL);
    close_bound(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_left_alone),
        cmocka_unit_test(a_mask_changed_from_outside_is_set_again),
        cmocka_unit_test(a_lost_cpu_is_replaced_by_the_nearest_and_taken_back),
        cmocka_unit_test(without_any_cpu_of_the_tree_it_waits_for_one),
        cmocka_unit_test(a_refused_binding_is_not_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
