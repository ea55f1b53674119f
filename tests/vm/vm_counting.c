/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside a virtual machine with four nodes of two CPUs whose accesses are counted: regions of which it is known what
 * must be counted. Memory is placed by the kernel and asked for its place, threads are bound; tests/vm/counts/plugin.py
 * compares the line written here for each region with what the plugin counted. */
#include "guest.h"

#include "counts/marker.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BYTES = 4 << 20, LINE = 64, PAGE = 4096, LINES = BYTES / LINE, MPOL_BIND = 2 };

static void stand_on(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    assert_int_equal(sched_setaffinity(0, sizeof set, &set), 0);
}

/* Memory on a node, all of it there already. */
static volatile char *memory_on(int node)
{
    unsigned long mask = 1ul << node;
    char         *area = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(area, MAP_FAILED);
    assert_int_equal(madvise(area, BYTES, MADV_NOHUGEPAGE), 0);
    assert_int_equal(syscall(SYS_mbind, area, (unsigned long)BYTES, MPOL_BIND, &mask, 8 * sizeof mask, 0u), 0);
    for (long at = 0; at < BYTES; at += PAGE) {
        void *page  = area + at;
        int   where = -1;
        area[at]    = 1;
        assert_int_equal(syscall(SYS_move_pages, 0, 1ul, &page, NULL, &where, 0), 0);
        assert_int_equal(where, node);
    }
    return area;
}

static void read_lines(volatile char *area, long lines)
{
    for (long i = 0; i < lines; i++)
        (void)area[i * LINE];
}

static void write_lines(volatile char *area, long lines)
{
    for (long i = 0; i < lines; i++)
        area[i * LINE] = 2;
}

/* What the region that ended counted, for the CPU and of the field that it is about. */
static void say(const char *what, int cpu, const char *field, long count)
{
    printf("{\"what\": \"%s\", \"cpu\": %d, \"field\": \"%s\", \"count\": %ld}\n", what, cpu, field, count);
}

static void count_memory(int cpu, int node)
{
    volatile char *area = memory_on(node);
    stand_on(cpu);
    MARK_BEGIN();
    read_lines(area, LINES);
    MARK_END();
    say("lines read from memory", cpu, cpu / 2 == node ? "local_dram" : "remote_dram", LINES);
    assert_int_equal(munmap((void *)(uintptr_t)area, BYTES), 0);
}

static void test_memory_of_every_node(void **state)
{
    (void)state;
    for (int node = 0; node < 4; node++)
        for (int cpu = 0; cpu < 8; cpu += 3)
            count_memory(cpu, node);
}

/* 256 KiB fit the shared level and no private one; 16 KiB fit the first. */
static void test_caches(void **state)
{
    (void)state;
    enum { SHARED_LINES = 256 * 1024 / LINE, FIRST_LINES = 16 * 1024 / LINE, AGAIN = 20 };
    volatile char *area = memory_on(1);
    stand_on(2);
    MARK_BEGIN();
    for (int i = 0; i < AGAIN; i++)
        read_lines(area, SHARED_LINES);
    MARK_END();
    say("lines read again from the node's cache", 2, "shared_hits", (AGAIN - 1) * (long)SHARED_LINES);
    MARK_BEGIN();
    for (int i = 0; i < AGAIN; i++)
        read_lines(area, FIRST_LINES);
    MARK_END();
    say("lines read for the first time", 2, "local_dram", FIRST_LINES);
}

/* Two threads would do the same; one that moves cannot be late. */
static void test_modified_lines_cross(void **state)
{
    (void)state;
    enum { DIRTY_LINES = 256 * 1024 / LINE };
    volatile char *area = memory_on(3);
    stand_on(0);
    MARK_BEGIN();
    write_lines(area, DIRTY_LINES);
    stand_on(6);
    read_lines(area, DIRTY_LINES);
    MARK_END();
    say("lines modified on another node", 6, "transfers", DIRTY_LINES);
}

int main(void)
{
    guest_require();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_of_every_node),
        cmocka_unit_test(test_caches),
        cmocka_unit_test(test_modified_lines_cross),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
