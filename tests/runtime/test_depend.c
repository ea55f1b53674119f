/* SPDX-License-Identifier: BSD-3-Clause */
/* Tasks with dependencies against the rule they follow: a reader sees exactly the writes submitted before it, writers
 * come one after another, commutative ones in any order but alone; from inside and outside, under policies, bounds,
 * cancellation; wrong use is refused; neither memory nor the table grow.
 *
 * The addresses are plain variables: ThreadSanitizer sees every ordering that is missing. */
#include "started.h"

#include <malloc.h>

enum { ADDRESSES = 12, ACCESSES = 4, TASKS = 4000 };

/* What a location holds: how often it was written, and whether a commutative task is in it. */
static struct location {
    long writes;
    int  busy;
} location[ADDRESSES];

/* One task: its accesses, and the writes it must find; for a commutative one at least, and fewer than `before_most`. */
typedef struct work {
    int           accesses;
    ramify_depend on[ACCESSES];
    long          least[ACCESSES];
    const long   *most[ACCESSES]; /* of the commutative generation: known when the next one begins */
} work;

static work        works[TASKS];
static long        generation_end[TASKS * ACCESSES];
static _Atomic int ran;

static struct location *of(const ramify_depend *on)
{
    return (struct location *)(uintptr_t)on->address;
}

static void begin_access(const work *w, int i)
{
    struct location *l = of(&w->on[i]);
    if (w->on[i].access != RAMIFY_COMMUTATIVE) {
        NOTE(l->writes == w->least[i]);
        return;
    }
    NOTE(l->writes >= w->least[i] && l->writes < *w->most[i]);
    NOTE(l->busy == 0);
    l->busy = 1;
}

static void end_access(const work *w, int i)
{
    struct location *l = of(&w->on[i]);
    NOTE(w->on[i].access == RAMIFY_COMMUTATIVE || l->writes == w->least[i]);
    if (w->on[i].access != RAMIFY_IN)
        l->writes++;
    if (w->on[i].access == RAMIFY_COMMUTATIVE)
        l->busy = 0;
}

static void do_work(void *argument)
{
    const work *w = argument;
    for (int i = 0; i < w->accesses; i++)
        begin_access(w, i);
    for (int i = 0; i < w->accesses; i++)
        end_access(w, i);
    atomic_fetch_add(&ran, 1);
}

/* Draws the tasks and works out what each must find. */
static void draw(uint64_t seed)
{
    long  writes[ADDRESSES] = { 0 }, begin[ADDRESSES] = { 0 };
    long *end[ADDRESSES] = { NULL }, *next_end = generation_end;
    memset(location, 0, sizeof location);
    atomic_store(&ran, 0);
    for (int t = 0; t < TASKS; t++) {
        work *w     = &works[t];
        int   first = (int)(ramify_random(&seed) % ADDRESSES);
        w->accesses = (int)(ramify_random(&seed) % (ACCESSES + 1));
        for (int i = 0; i < w->accesses; i++) {
            int a    = (first + i * 5) % ADDRESSES; /* 5 and 12 have no common factor: all different */
            w->on[i] = (ramify_depend){ &location[a], (uint32_t)(ramify_random(&seed) % 4) + RAMIFY_IN };
            if (w->on[i].access != RAMIFY_COMMUTATIVE)
                end[a] = NULL;
            else if (!end[a]) {
                end[a]   = next_end++;
                begin[a] = writes[a];
            }
            w->least[i] = end[a] ? begin[a] : writes[a];
            w->most[i]  = end[a];
            writes[a] += w->on[i].access != RAMIFY_IN;
            if (end[a])
                *end[a] = writes[a];
        }
    }
}

static void submit_works(ramify_group *group, const ramify_hint *hint)
{
    for (int t = 0; t < TASKS; t++)
        NOTE(ramify_submit_after(group, do_work, &works[t], hint, works[t].on, (size_t)works[t].accesses) == RAMIFY_OK);
}

static void submits_works(void *group)
{
    submit_works(group, NULL);
}

static void check_works(ramify_group *group)
{
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), TASKS);
    assert_nothing_noted();
}

static void the_rule_holds(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 4; workers++) {
        ramify_runtime *rt    = started_with(workers);
        ramify_group   *group = new_group(rt, NULL), *outer = new_group(rt, NULL);
        for (uint64_t seed = 0; seed < test_scaled(20); seed++) {
            draw(seed);
            submit_works(group, NULL);
            check_works(group);
            draw(seed + 1000);
            assert_int_equal(ramify_submit(outer, submits_works, group, NULL), RAMIFY_OK);
            assert_int_equal(ramify_wait(outer), RAMIFY_OK);
            check_works(group);
        }
        assert_int_equal(ramify_group_free(group), RAMIFY_OK);
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

static void under_policies_hints_and_bounds(void **state)
{
    (void)state;
    const ramify_options how[] = {
        { .workers = 3, .no_bind = true, .policy = "round-robin" },
        { .workers = 3, .no_bind = true, .policy = "affinity" },
        { .workers = 2, .no_bind = true, .policy = "random", .queue_tasks = 2, .full = RAMIFY_FULL_FAIL },
        { .workers = 2, .no_bind = true, .queue_tasks = 2, .full = RAMIFY_FULL_RUN },
        { .workers = 2, .no_bind = true, .queue_tasks = 2, .full = RAMIFY_FULL_BLOCK },
    };
    for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
        ramify_runtime *rt    = started(&how[i]);
        ramify_group   *group = new_group(rt, NULL);
        ramify_hint     hint  = ramify_keyed(i);
        draw(i);
        submit_works(group, &hint);
        check_works(group);
        hint          = ramify_at(ramify_tree_leaf(ramify_runtime_tree(rt), 1)->index);
        hint.strict   = true;
        hint.priority = (int8_t)i;
        draw(i);
        submit_works(group, &hint);
        check_works(group);
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

static long value, seen[3];

static void set_value(void *argument)
{
    value = (long)(intptr_t)argument;
}

static void get_value(void *argument)
{
    *(long *)argument = value;
}

static void one_address_named_twice(void **state)
{
    (void)state;
    ramify_runtime     *rt       = started_with(2);
    ramify_group       *group    = new_group(rt, NULL);
    const ramify_depend in_out[] = { { &value, RAMIFY_IN }, { &value, RAMIFY_OUT }, { &value, RAMIFY_IN } };
    const ramify_depend mixed[]  = { { &value, RAMIFY_COMMUTATIVE },
                                     { &value, RAMIFY_COMMUTATIVE },
                                     { &value, RAMIFY_IN },
                                     { &value, RAMIFY_COMMUTATIVE } };
    for (int r = 0; r < (int)test_scaled(300); r++) {
        assert_int_equal(ramify_submit_after(group, set_value, (void *)1, NULL, in_out, 3), RAMIFY_OK);
        assert_int_equal(ramify_submit_after(group, get_value, &seen[0], NULL, in_out, 1), RAMIFY_OK);
        assert_int_equal(ramify_submit_after(group, set_value, (void *)2, NULL, mixed, 4), RAMIFY_OK);
        assert_int_equal(ramify_submit_after(group, get_value, &seen[1], NULL, in_out, 1), RAMIFY_OK);
        assert_int_equal(ramify_submit_after(group, set_value, (void *)3, NULL, in_out, 2), RAMIFY_OK);
        assert_int_equal(ramify_submit_after(group, get_value, &seen[2], NULL, mixed, 4), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(seen[0], 1);
        assert_int_equal(seen[1], 2);
        assert_int_equal(seen[2], 3);
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* More readers, and more predecessors, than a record has room for. */
static void many_readers(void **state)
{
    (void)state;
    ramify_runtime     *rt    = started_with(2);
    ramify_group       *group = new_group(rt, NULL);
    const ramify_depend in = { &value, RAMIFY_IN }, out = { &value, RAMIFY_OUT };
    static gate         g;
    static long         copies[1000];
    for (int readers = 1; readers <= 1000; readers = readers * 3 / 2 + 1) {
        g = (gate){ 0 };
        assert_int_equal(ramify_submit_after(group, gate_task, &g, NULL, &out, 1), RAMIFY_OK);
        assert_int_equal(ramify_submit_after(group, set_value, (void *)5, NULL, &out, 1), RAMIFY_OK);
        for (int i = 0; i < readers; i++)
            assert_int_equal(ramify_submit_after(group, get_value, &copies[i], NULL, &in, 1), RAMIFY_OK);
        assert_int_equal(ramify_submit_after(group, set_value, (void *)6, NULL, &out, 1), RAMIFY_OK);
        assert_true(reaches(&g.standing, 1));
        atomic_store(&g.open, 1);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        for (int i = 0; i < readers; i++)
            assert_int_equal(copies[i], 5);
        assert_int_equal(value, 6);
    }
    assert_nothing_noted();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static char many[RAMIFY_COMMUTATIVE_MAX + 1];

static void wrong_use_is_refused(void **state)
{
    (void)state;
    ramify_runtime     *rt    = started_with(1);
    ramify_group       *group = new_group(rt, NULL);
    ramify_depend       on[RAMIFY_COMMUTATIVE_MAX + 1];
    const ramify_depend none = { &value, 0 }, unknown = { &value, RAMIFY_COMMUTATIVE + 1 },
                        nowhere = { NULL, RAMIFY_IN };
    for (int i = 0; i <= RAMIFY_COMMUTATIVE_MAX; i++)
        on[i] = (ramify_depend){ &many[i], RAMIFY_COMMUTATIVE };
    assert_int_equal(ramify_submit_after(NULL, get_value, &seen, NULL, NULL, 0), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_submit_after(group, NULL, &seen, NULL, NULL, 0), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_submit_after(group, get_value, &seen, NULL, NULL, 1), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_submit_after(group, get_value, &seen, NULL, &none, 1), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_submit_after(group, get_value, &seen, NULL, &unknown, 1), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_submit_after(group, get_value, &seen, NULL, &nowhere, 1), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_submit_after(group, get_value, &seen, &(ramify_hint){ .priority = 100 }, NULL, 0),
                     RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_submit_after(group, get_value, &seen, NULL, on, RAMIFY_COMMUTATIVE_MAX + 1),
                     RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_submit_after(group, get_value, &seen, NULL, on, RAMIFY_DEPEND_MAX + 1), RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_submit_after(group, get_value, &seen, NULL, on, RAMIFY_COMMUTATIVE_MAX), RAMIFY_OK);
    assert_int_equal(ramify_submit_after(group, get_value, &seen, NULL, NULL, 0), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    ramify_group_cancel(group);
    assert_int_equal(ramify_submit_after(group, get_value, &seen, NULL, NULL, 0), RAMIFY_ERR_CANCELED);
    assert_int_equal(counts_of(rt).tasks, 2);
    assert_int_equal(counts_of(rt).dependent_tasks, 2);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void cancels(void *group)
{
    ramify_group_cancel(group);
}

/* What waits behind the task that cancels is dropped in turn, commutative ones included; the parent sees the end. */
static void cancellation_drains(void **state)
{
    (void)state;
    ramify_runtime     *rt     = started_with(2);
    ramify_group       *parent = new_group(rt, NULL), *group = new_group(rt, parent);
    const ramify_depend inout = { &value, RAMIFY_INOUT }, turns = { &value, RAMIFY_COMMUTATIVE };
    static gate         g;
    for (int r = 0; r < 50; r++) {
        g     = (gate){ 0 };
        value = 0;
        assert_int_equal(ramify_submit_after(group, gate_task, &g, NULL, &inout, 1), RAMIFY_OK);
        assert_int_equal(ramify_submit_after(group, cancels, group, NULL, &inout, 1), RAMIFY_OK);
        for (int i = 0; i < 50; i++)
            assert_int_equal(ramify_submit_after(group, set_value, (void *)1, NULL, i % 3 ? &turns : &inout, 1),
                             RAMIFY_OK);
        assert_true(reaches(&g.standing, 1));
        atomic_store(&g.open, 1);
        assert_int_equal(ramify_wait(parent), RAMIFY_OK);
        assert_int_equal(value, 0);
        assert_true(ramify_group_cancelled(group));
        assert_int_equal(ramify_group_reset(group), RAMIFY_OK);
    }
    assert_int_equal(counts_of(rt).dropped, 50 * 50);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void nothing(void *argument)
{
    (void)argument;
}

/* Stocks and tables settle at a size that chance decides by a slab or two; what 100000 tasks would leave is 25 MB. */
enum { GROWTH_BYTES = 1 << 19 };

static void skip_without_mallinfo(void)
{
    if (!TEST_UNDER_ASAN && !TEST_UNDER_TSAN)
        return;
    print_message("skipped: this sanitizer has a malloc of its own, which does not say what is in use\n");
    skip();
}

/* Addresses that never come back, in waves. */
static void submit_waves(ramify_group *group, uintptr_t *address, int waves)
{
    for (int w = 0; w < waves; w++) {
        for (int i = 0; i < 100; i++) {
            ramify_depend on[2] = { { (void *)*address, RAMIFY_OUT }, { (void *)(*address - 8), RAMIFY_IN } };
            *address += 8;
            assert_int_equal(ramify_submit_after(group, nothing, NULL, NULL, on, 2), RAMIFY_OK);
        }
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
    }
}

static void long_runs_do_not_grow(void **state)
{
    (void)state;
    skip_without_mallinfo();
    ramify_runtime *rt      = started_with(2);
    ramify_group   *group   = new_group(rt, NULL);
    uintptr_t       address = 4096;
    submit_waves(group, &address, 300);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    submit_waves(group, &address, 3000);
    assert_true(mallinfo2().uordblks + mallinfo2().hblkhd < before + GROWTH_BYTES);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* Readers without a writer: the list of those that have ended does not grow either. */
static void readers_are_forgotten(void **state)
{
    (void)state;
    skip_without_mallinfo();
    ramify_runtime     *rt     = started_with(2);
    ramify_group       *group  = new_group(rt, NULL);
    const ramify_depend in     = { &value, RAMIFY_IN };
    size_t              before = 0;
    for (int i = 0; i < 200000; i++) {
        assert_int_equal(ramify_submit_after(group, nothing, NULL, NULL, &in, 1), RAMIFY_OK);
        if (i % 100 == 99)
            assert_int_equal(ramify_wait(group), RAMIFY_OK);
        if (i == 20000)
            before = mallinfo2().uordblks + mallinfo2().hblkhd;
    }
    assert_true(mallinfo2().uordblks + mallinfo2().hblkhd < before + GROWTH_BYTES);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static char turned;

/* Groups that come and go keep neither addresses nor tasks. */
static void groups_are_scopes(void **state)
{
    (void)state;
    ramify_runtime     *rt  = started_with(2);
    const ramify_depend out = { &value, RAMIFY_OUT }, in = { &value, RAMIFY_IN };
    const ramify_depend turns = { &turned, RAMIFY_COMMUTATIVE };
    static gate         g;
    ramify_group       *first = new_group(rt, NULL);
    g                         = (gate){ 0 };
    assert_int_equal(ramify_submit_after(first, gate_task, &g, NULL, &out, 1), RAMIFY_OK);
    assert_true(reaches(&g.standing, 1));
    for (int r = 0; r < 200; r++) { /* another group does not wait for the gate */
        ramify_group *other = new_group(rt, NULL);
        assert_int_equal(ramify_submit_after(other, set_value, (void *)(intptr_t)r, NULL, &out, 1), RAMIFY_OK);
        assert_int_equal(ramify_submit_after(other, get_value, &seen[0], NULL, &in, 1), RAMIFY_OK);
        assert_int_equal(ramify_submit_after(other, nothing, NULL, NULL, &turns, 1),
                         RAMIFY_OK); /* a baton of its own */
        assert_int_equal(ramify_wait(other), RAMIFY_OK);
        assert_int_equal(seen[0], r);
        assert_int_equal(ramify_group_free(other), RAMIFY_OK);
    }
    atomic_store(&g.open, 1);
    assert_int_equal(ramify_wait(first), RAMIFY_OK);
    assert_nothing_noted();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(the_rule_holds),          cmocka_unit_test(under_policies_hints_and_bounds),
        cmocka_unit_test(one_address_named_twice), cmocka_unit_test(many_readers),
        cmocka_unit_test(wrong_use_is_refused),    cmocka_unit_test(cancellation_drains),
        cmocka_unit_test(long_runs_do_not_grow),   cmocka_unit_test(readers_are_forgotten),
        cmocka_unit_test(groups_are_scopes),
    };
    return cmocka_run_group_tests(all, clear_environment, NULL) != 0;
}
