/* SPDX-License-Identifier: BSD-3-Clause */
/* Loops over partitioned arrays by live workers: every cut, under rules that hand out chunks in every way. Each element
 * once; and when no domain runs dry before the others, each at home. */
#include "runtime/started.h"

enum { ELEMENTS = 1001, LEAVES = 4 };

typedef struct sweep {
    const ramify_array *array;
    const ramify_tree  *tree;
    _Atomic int         runs[ELEMENTS];
    _Atomic int         away; /* elements run outside of their home */
    bool                sleeps;
} sweep;

static bool is_home(const sweep *s, uint64_t element, uint32_t worker)
{
    ramify_part part;
    if (ramify_array_part(s->array, ramify_array_part_of(s->array, element), &part))
        return false;
    const ramify_domain *home = &ramify_tree_domains(s->tree, NULL)[part.domain];
    return worker - home->first_leaf < home->leaf_count;
}

static void touch(void *self, const ramify_chunk *c)
{
    sweep          *s     = self;
    struct timespec pause = { 0, 200000 };
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++) {
        NOTE(i >= 0 && i < ELEMENTS);
        atomic_fetch_add(&s->runs[i], 1);
        if (!is_home(s, (uint64_t)i, c->worker))
            atomic_fetch_add(&s->away, 1);
    }
    if (s->sleeps)
        nanosleep(&pause, NULL);
}

static ramify_runtime *four(void)
{
    return started(&(ramify_options){ .from = "package:2 numa:1 core:2 pu:1", .no_bind = true });
}

static void run_sweep(ramify_runtime *rt, const ramify_cut *cut, const char *schedule)
{
    static sweep       s;
    ramify_array      *array;
    ramify_range       all = { 0, ELEMENTS, 1 }, inner = { 3, 998, 1 };
    ramify_for_options how = { 0 };
    memset(&s, 0, sizeof s);
    assert_int_equal(ramify_schedule_read(schedule, &how.schedule, NULL), RAMIFY_OK);
    assert_int_equal(ramify_array_create(ramify_runtime_space(rt), ELEMENTS, 8, cut, NULL, &array, NULL), RAMIFY_OK);
    how.array = s.array = array;
    s.tree              = ramify_runtime_tree(rt);
    assert_int_equal(ramify_for(rt, &all, 1, touch, &s, &how), RAMIFY_OK);
    assert_int_equal(ramify_for(rt, &inner, 1, touch, &s, &how), RAMIFY_OK);
    for (int i = 0; i < ELEMENTS; i++)
        if (s.runs[i] != (i >= 3 && i < 998 ? 2 : 1))
            fail_msg("element %d ran %d times, cut rule %u, %s", i, s.runs[i], cut->rule, schedule);
    assert_nothing_noted();
    ramify_array_free(array);
}

static void every_cut_and_rule(void **state)
{
    (void)state;
    static const char *const schedules[]        = { "auto",   "auto,3",    "static",    "dynamic,5",
                                                    "guided", "trapezoid", "factoring", "awf" };
    static const double      weights[LEAVES]    = { 1, 0, 2, 5 };
    static const uint64_t    points[LEAVES - 1] = { 10, 10, 700 };
    ramify_runtime          *rt                 = four();
    uint32_t                 leaf[LEAVES];
    for (uint32_t l = 0; l < LEAVES; l++)
        leaf[l] = ramify_tree_leaf(ramify_runtime_tree(rt), LEAVES - 1 - l)->index;
    const uint32_t   listed[] = { leaf[0], 0, leaf[2], leaf[0] };
    const ramify_cut cuts[]   = {
          { .rule = RAMIFY_CUT_BLOCKED },
          { .rule = RAMIFY_CUT_BLOCKED, .homes = RAMIFY_HOMES_LEAVES },
          { .rule = RAMIFY_CUT_CYCLIC, .homes = RAMIFY_HOMES_LEAVES, .block = 17 },
          { .rule = RAMIFY_CUT_WEIGHTED, .homes = RAMIFY_HOMES_LEAVES, .weights = weights },
          { .rule = RAMIFY_CUT_POINTS, .homes = RAMIFY_HOMES_LEAVES, .points = points },
          { .rule = RAMIFY_CUT_BLOCKED, .homes = RAMIFY_HOMES_LISTED, .listed = listed, .listed_count = 4 },
    };
    for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++)
        for (size_t s = 0; s < sizeof schedules / sizeof schedules[0]; s++)
            run_sweep(rt, &cuts[c], schedules[s]);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* Chunks that sleep alike: workers keep to their parts, but for what the last ones have left. */
static void even_parts_stay_home(void **state)
{
    (void)state;
    static sweep       s;
    ramify_runtime    *rt  = four();
    const ramify_cut   cut = { .rule = RAMIFY_CUT_BLOCKED, .homes = RAMIFY_HOMES_LEAVES };
    ramify_range       all = { 0, ELEMENTS, 1 };
    ramify_for_options how = { .schedule = { RAMIFY_RULE_AUTO, 10 } };
    ramify_array      *array;
    assert_int_equal(ramify_array_create(ramify_runtime_space(rt), ELEMENTS, 8, &cut, NULL, &array, NULL), RAMIFY_OK);
    how.array = s.array = array;
    s.tree              = ramify_runtime_tree(rt);
    s.sleeps            = true;
    long most           = ELEMENTS;
    for (int round = 0; round < 10 && most > ELEMENTS / 4; round++) { /* a busy machine holds workers up */
        s.away = 0;
        assert_int_equal(ramify_for(rt, &all, 1, touch, &s, &how), RAMIFY_OK);
        most = s.away < most ? s.away : most;
    }
    assert_in_range(most, 0, ELEMENTS / 4);
    ramify_array_free(array);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_cut_and_rule), cmocka_unit_test(even_parts_stay_home) };
    return cmocka_run_group_tests(tests, clear_environment, NULL) != 0;
}
