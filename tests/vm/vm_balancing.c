/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside a virtual machine with four nodes of two CPUs: the kernel's NUMA balancing moves pages to the workers that use
 * them and no worker to its pages, because workers are bound. With balancing off nothing moves. */
#include "guest.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BALANCING "/proc/sys/kernel/numa_balancing"
#define SCAN "/sys/kernel/debug/sched/numa_balancing/"

enum { PAGES = 1024, PAGE_BYTES = 4096, FAR_NODE = 3 };

static char *area;

static void touch_all(void *argument)
{
    (void)argument;
    for (size_t page = 0; page < PAGES; page++)
        memset(area + page * PAGE_BYTES, 1, 64);
}

static void run_strictly(ramify_runtime *rt, uint32_t leaf, ramify_task_fn fn, void *argument)
{
    ramify_group *group;
    ramify_hint   hint = ramify_at(ramify_tree_leaf(ramify_runtime_tree(rt), leaf)->index);
    hint.strict        = true;
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, fn, argument, &hint), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
}

/* How many pages of the area lie on a node. */
static uint32_t pages_on(int node)
{
    static void *page[PAGES];
    static int   where[PAGES];
    uint32_t     found = 0;
    for (size_t p = 0; p < PAGES; p++)
        page[p] = area + p * PAGE_BYTES;
    assert_int_equal(syscall(SYS_move_pages, 0, PAGES, page, NULL, where, 0), 0);
    for (size_t p = 0; p < PAGES; p++)
        found += where[p] == node;
    return found;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* First touched on the far node, then used by the worker of CPU 0 for a while or until nine pages in ten have come. */
static uint32_t use_from_afar(ramify_runtime *rt, double limit_s)
{
    area = mmap(NULL, (size_t)PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(area, MAP_FAILED);
    assert_int_equal(madvise(area, (size_t)PAGES * PAGE_BYTES, MADV_NOHUGEPAGE), 0);
    run_strictly(rt, 2 * FAR_NODE, touch_all, NULL);
    assert_int_equal(pages_on(FAR_NODE), PAGES);
    double end = seconds() + limit_s;
    do {
        for (int use = 0; use < 100; use++)
            run_strictly(rt, 0, touch_all, NULL);
    } while (seconds() < end && pages_on(0) < PAGES * 9 / 10);
    uint32_t moved = pages_on(0);
    assert_int_equal(munmap(area, (size_t)PAGES * PAGE_BYTES), 0);
    return moved;
}

static void check_workers_stay(ramify_runtime *rt)
{
    guest_visit visits[GUEST_CPUS];
    guest_visit_leaves(rt, visits);
    for (uint32_t w = 0; w < ramify_runtime_workers(rt); w++)
        assert_int_equal(visits[w].mask, guest_cpus_of(ramify_tree_leaf(ramify_runtime_tree(rt), w)));
}

static void test_pages_come_to_the_worker(void **state)
{
    (void)state;
    ramify_runtime *rt = guest_start(RAMIFY_PER_PU, NULL);
    assert_int_equal(guest_write(BALANCING, "1"), 0);
    /* As often as the kernel goes: its own pace of seconds is for programs that run for minutes. */
    assert_int_equal(guest_write(SCAN "scan_delay_ms", "10"), 0);
    assert_int_equal(guest_write(SCAN "scan_period_min_ms", "100"), 0);
    assert_int_equal(guest_write(SCAN "scan_period_max_ms", "200"), 0);
    uint32_t moved = use_from_afar(rt, 60);
    printf("%u of %d pages came\n", moved, PAGES);
    assert_true(moved >= PAGES * 9 / 10);
    check_workers_stay(rt);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void test_pages_stay_without_balancing(void **state)
{
    (void)state;
    ramify_runtime *rt = guest_start(RAMIFY_PER_PU, NULL);
    assert_int_equal(guest_write(BALANCING, "0"), 0);
    assert_int_equal(use_from_afar(rt, 2), 0);
    check_workers_stay(rt);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    guest_require();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_come_to_the_worker),
        cmocka_unit_test(test_pages_stay_without_balancing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
