/* SPDX-License-Identifier: BSD-3-Clause */
/* A container without the right: a filter on this process's system calls refuses those of NUMA, as Docker's does
 * without CAP_SYS_NICE. Everything works, and says what it could not do. */
#include "check.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <ramify/ramify.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BYTES = 1 << 20 };

/* Refuses mbind, move_pages, get_mempolicy and set_mempolicy with EPERM. False: no filter can be set here. */
static bool bar_the_calls(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mbind, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_move_pages, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_get_mempolicy, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_set_mempolicy, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = { sizeof rules / sizeof rules[0], rules };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void count(void *counter)
{
    ++*(int *)counter;
}

static void all_works_and_says_what_it_could_not(void **state)
{
    (void)state;
    ramify_tree           *tree;
    ramify_space          *space;
    ramify_space_abilities can;
    assert_int_equal(ramify_tree_open(NULL, &tree), RAMIFY_OK);
    assert_int_equal(ramify_space_open(tree, NULL, &space), RAMIFY_OK);
    assert_int_equal(ramify_space_capabilities(space, &can), RAMIFY_OK);
    if (can.bind == RAMIFY_ERR_NOT_BUILT)
        print_message("without libnuma there is nothing to bar: not built in is what is said\n");
    else {
        assert_int_equal(can.bind, RAMIFY_ERR_NOT_ALLOWED);
        assert_int_equal(can.query, RAMIFY_ERR_NOT_ALLOWED);
        assert_int_equal(can.move, RAMIFY_ERR_NOT_ALLOWED);
        assert_int_equal(can.bind_error, EPERM);
    }
    uint32_t          leaf = ramify_tree_leaf(tree, 0)->index;
    const ramify_wish wish = { .placement = RAMIFY_PLACEMENT_DOMAIN, .domain = leaf, .touch = true };
    ramify_placed     placed;
    ramify_migration  moved;
    void             *memory;
    assert_int_equal(ramify_space_allocate(space, BYTES, &wish, &memory, &placed), RAMIFY_OK);
    memset(memory, 1, BYTES);
    assert_int_equal(placed.bytes_unbound, BYTES);
    assert_int_equal(placed.reason, can.bind);
    assert_int_equal(placed.census.reason, can.query);
    assert_int_equal(ramify_space_locate(space, memory), leaf); /* work still goes where the data were wanted */
    assert_int_equal(ramify_space_migrate(space, memory, BYTES, 0, RAMIFY_MERIT_ANY, &moved), RAMIFY_OK);
    assert_int_equal(moved.reason, can.move);
    assert_int_equal(moved.failed, moved.pages);

    ramify_runtime *rt;
    ramify_group   *group;
    int             ran  = 0;
    ramify_hint     hint = { .near = memory };
    assert_int_equal(ramify_start(&(ramify_options){ .space = space }, &rt), RAMIFY_OK);
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ramify_submit(group, count, &ran, &hint), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
    }
    assert_int_equal(ran, 10);
    ramify_stop(rt);
    ramify_space_free(space);
    ramify_tree_free(tree);
}

int main(void)
{
    if (!bar_the_calls()) {
        printf("skipped: no filter on system calls can be set here: %s\n", strerror(errno));
        return SKIP_TEST_FILE;
    }
    const struct CMUnitTest tests[] = { cmocka_unit_test(all_works_and_says_what_it_could_not) };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
