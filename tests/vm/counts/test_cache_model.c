/* SPDX-License-Identifier: BSD-3-Clause */
/* The cache model against sequences worked out by hand. Two nodes of two CPUs (0, 1 and 2, 3); first level 4 KiB, 8
 * sets of 8 ways; second 8 KiB, 16 sets; shared 16 KiB, 16 sets of 16 ways, unless a test says otherwise. */
#include "check.h"

#include "cache_model.h"

#include <string.h>

enum { SETS_SECOND = 16, SETS_SHARED = 16 };

static void read_line(uint32_t cpu, uint64_t line, uint32_t home)
{
    model_access(cpu, line, false, home);
}

static void write_line(uint32_t cpu, uint64_t line, uint32_t home)
{
    model_access(cpu, line, true, home);
}

/* Compares all counts of a CPU and names the one that differs. */
static void expect(uint32_t cpu, model_counts expected)
{
    const model_counts *got = model_counts_of(cpu);
#define CHECK_COUNT(field)                                                                                             \
    if (got->field != expected.field)                                                                                  \
        fail_msg("CPU %u: " #field " is %ju, not %ju", cpu, (uintmax_t)got->field, (uintmax_t)expected.field);
    MODEL_COUNTS(CHECK_COUNT)
#undef CHECK_COUNT
}

static int start(void **state)
{
    static const model_shape shape = { 4, 2, 4, 8, 16 };
    (void)state;
    return model_init(&shape) ? 0 : -1;
}

static void test_memory_is_local_remote_or_of_no_node(void **state)
{
    (void)state;
    read_line(0, 1, 0);
    read_line(0, 2, 1);
    write_line(0, 3, 1);
    read_line(0, 4, MODEL_NO_HOME);
    read_line(3, 5, 1);
    expect(0, (model_counts){ .local_dram = 1, .remote_dram = 2, .homeless = 1 });
    expect(3, (model_counts){ .local_dram = 1 });
}

static void test_first_level_serves_again(void **state)
{
    (void)state;
    read_line(0, 7, 0);
    for (int i = 0; i < 10; i++)
        read_line(0, 7, 0);
    write_line(0, 7, 0); /* nobody else has it: still a hit */
    write_line(0, 7, 0);
    expect(0, (model_counts){ .local_dram = 1, .first_hits = 12 });
}

/* Nine lines of one set of the first level, which holds eight; they spread over two sets of the second. */
static void test_oldest_line_leaves_to_the_second_level(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 8; i++)
        read_line(0, i * 8, 0);
    read_line(0, 0, 0);     /* used again, so line 8 is the oldest */
    read_line(0, 8 * 8, 0); /* line 8 leaves the first level */
    expect(0, (model_counts){ .local_dram = 9, .first_hits = 1 });
    read_line(0, 0, 0);
    read_line(0, 8, 0);
    expect(0, (model_counts){ .local_dram = 9, .first_hits = 2, .second_hits = 1 });
}

/* Nine lines of one set of the second level: its first leaves for the shared one, and leaves the first level too. */
static void test_oldest_line_leaves_to_the_shared_level(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 9; i++)
        read_line(0, i * SETS_SECOND, 0);
    read_line(0, 0, 0);
    expect(0, (model_counts){ .local_dram = 9, .shared_hits = 1 });
}

/* Seventeen lines of one set of the shared level, read by one CPU; the other has the first of them in its first level.
 */
static void test_shared_level_is_inclusive(void **state)
{
    (void)state;
    read_line(1, 0, 0);
    for (uint64_t i = 1; i < 17; i++)
        read_line(0, i * SETS_SHARED, 0);
    read_line(1, 0, 0); /* gone from there as well */
    expect(1, (model_counts){ .local_dram = 2 });
    expect(0, (model_counts){ .local_dram = 16 });
}

static void test_neighbour_hits_the_shared_level(void **state)
{
    (void)state;
    write_line(0, 1, 1);
    read_line(1, 1, 1);  /* newer than memory, but on the node */
    write_line(0, 1, 1); /* its right to write is gone: asks again, which stays on the node */
    read_line(1, 1, 1);
    expect(0, (model_counts){ .remote_dram = 1, .first_hits = 1 });
    expect(1, (model_counts){ .shared_hits = 2 });
}

static void test_clean_lines_come_from_memory(void **state)
{
    (void)state;
    read_line(0, 1, 0);
    read_line(2, 1, 0);
    read_line(3, 1, 0);
    expect(2, (model_counts){ .remote_dram = 1 });
    expect(3, (model_counts){ .shared_hits = 1 });
}

static void test_modified_lines_cross_between_nodes(void **state)
{
    (void)state;
    write_line(0, 1, 0); /* from memory */
    read_line(2, 1, 0);  /* crosses, and is written back on the way */
    read_line(3, 1, 0);  /* from node 1's shared level */
    write_line(2, 1, 0); /* takes node 0's copy away */
    read_line(0, 1, 0);  /* crosses back */
    expect(0, (model_counts){ .local_dram = 1, .transfers = 1 });
    expect(2, (model_counts){ .transfers = 1, .first_hits = 1, .invalidations = 1 });
    expect(3, (model_counts){ .shared_hits = 1 });
}

static void test_ping_pong_crosses_each_time(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        write_line(0, 9, 1);
        write_line(2, 9, 1);
    }
    expect(0, (model_counts){ .remote_dram = 1, .transfers = 99, .invalidations = 99 });
    expect(2, (model_counts){ .transfers = 100, .invalidations = 100 });
}

/* A modified line that fell out of the shared level is in memory: whoever reads it next, reads memory. */
static void test_modified_lines_return_to_memory(void **state)
{
    (void)state;
    write_line(0, 0, 1);
    for (uint64_t i = 1; i < 17; i++)
        read_line(0, i * SETS_SHARED, 0);
    read_line(2, 0, 1);
    expect(2, (model_counts){ .local_dram = 1 });
}

static void test_reset_empties_everything(void **state)
{
    (void)state;
    write_line(0, 1, 0);
    model_reset();
    expect(0, (model_counts){ 0 });
    read_line(2, 1, 0);
    expect(2, (model_counts){ .remote_dram = 1 });
}

/* Blocks four times as large as all caches, swept in order: every line comes from memory every time, whoever had it. */
static void test_a_sweep_larger_than_the_caches(void **state)
{
    (void)state;
    enum { LINES = 4 * 2 * 16 * 1024 / MODEL_LINE_BYTES, SWEEPS = 5 };
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (uint64_t line = 0; line < LINES; line++)
            write_line(line < LINES / 2 ? 0 : 2, line, line < LINES / 2 ? 0 : 1);
    expect(0, (model_counts){ .local_dram = SWEEPS * LINES / 2 });
    expect(2, (model_counts){ .local_dram = SWEEPS * LINES / 2 });
}

/* Accesses at random, to five times as many lines as a shared level holds: none is lost, none counted twice. */
static void test_every_access_is_counted_once(void **state)
{
    (void)state;
    uint64_t random = 1;
    enum { ACCESSES = 200000 };
    for (int i = 0; i < ACCESSES; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
        model_access(random >> 62, (random >> 40) % 2000, random >> 39 & 1, random >> 38 & 1);
    }
    uint64_t served = 0;
    for (uint32_t cpu = 0; cpu < 4; cpu++) {
        const model_counts *c = model_counts_of(cpu);
        served += c->first_hits + c->second_hits + c->shared_hits + c->transfers + c->local_dram + c->remote_dram;
        assert_int_equal(c->homeless, 0);
    }
    assert_int_equal(served, ACCESSES);
}

static void test_shapes_that_cannot_be(void **state)
{
    (void)state;
    static const model_shape wrong[] = {
        { 0, 2, 4, 8, 16 }, { 65, 1, 4, 8, 16 }, { 4, 0, 4, 8, 16 }, { 5, 2, 4, 8, 16 },  { 34, 2, 4, 8, 16 },
        { 4, 2, 0, 8, 16 }, { 4, 2, 3, 8, 16 },  { 4, 2, 4, 8, 17 }, { 4, 2, 4, 12, 16 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(model_init(&wrong[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_memory_is_local_remote_or_of_no_node, start),
        cmocka_unit_test_setup(test_first_level_serves_again, start),
        cmocka_unit_test_setup(test_oldest_line_leaves_to_the_second_level, start),
        cmocka_unit_test_setup(test_oldest_line_leaves_to_the_shared_level, start),
        cmocka_unit_test_setup(test_shared_level_is_inclusive, start),
        cmocka_unit_test_setup(test_neighbour_hits_the_shared_level, start),
        cmocka_unit_test_setup(test_clean_lines_come_from_memory, start),
        cmocka_unit_test_setup(test_modified_lines_cross_between_nodes, start),
        cmocka_unit_test_setup(test_ping_pong_crosses_each_time, start),
        cmocka_unit_test_setup(test_modified_lines_return_to_memory, start),
        cmocka_unit_test_setup(test_reset_empties_everything, start),
        cmocka_unit_test_setup(test_a_sweep_larger_than_the_caches, start),
        cmocka_unit_test_setup(test_every_access_is_counted_once, start),
        cmocka_unit_test_setup(test_shapes_that_cannot_be, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
