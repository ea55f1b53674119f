/* SPDX-License-Identifier: BSD-3-Clause */
/* Rings that wrap, copies beside a writer, and walks over lanes that have lost something. */
#include "check.h"

#include "trace_inside.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { KEPT = 256, SLOTS = 512 }; /* room for 256 and one under way is 512 slots */

static ramify_tree *tree;

static int open_tree(void **state)
{
    (void)state;
    return ramify_tree_open(&(ramify_tree_options){ .workers = 2 }, &tree) != RAMIFY_OK;
}

static int close_tree(void **state)
{
    (void)state;
    ramify_tree_free(tree);
    return 0;
}

static rmf_trace *made(void)
{
    rmf_trace *trace = NULL;
    assert_int_equal(rmf_trace_make(tree, 0, KEPT, 1.0, &trace), RAMIFY_OK);
    assert_int_equal(trace->lanes, 3);
    rmf_trace_begin(trace, 0);
    return trace;
}

static void put(rmf_trace_ring *ring, uint64_t n)
{
    rmf_trace_put(ring,
                  &(rmf_trace_event){ n, RMF_TRACE_STEAL, RMF_TRACE_POINT, (uint16_t)n, (uint32_t)n, 3 * n, 7 * n });
}

static int is_whole(const rmf_trace_event *e, uint64_t n)
{
    return e->ticks == n && e->kind == RMF_TRACE_STEAL && e->phase == RMF_TRACE_POINT && e->small == (uint16_t)n &&
           e->index == (uint32_t)n && e->what == 3 * n && e->since == 7 * n;
}

static void a_ring_keeps_the_newest_and_counts_the_rest(void **state)
{
    (void)state;
    static const uint64_t written[] = { 0, 1, 255, 256, SLOTS - 1, SLOTS, SLOTS + 1, 10 * SLOTS + 3 };
    rmf_trace_event       events[SLOTS];
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        rmf_trace *trace = made();
        uint64_t   lost, n = written[i];
        for (uint64_t k = 0; k < n; k++)
            put(&trace->rings[0], k);
        uint64_t count = rmf_trace_copy(&trace->rings[0], 0, events, &lost);
        assert_int_equal(count + lost, n);
        assert_true(n < SLOTS ? lost == 0 : count == SLOTS - 1);
        for (uint64_t k = 0; k < count; k++)
            assert_true(is_whole(&events[k], lost + k));
        assert_int_equal(rmf_trace_count(trace).events, n);
        assert_int_equal(rmf_trace_count(trace).lost, lost);
        rmf_trace_free(trace);
    }
}

static void a_new_trace_forgets_the_old_one(void **state)
{
    (void)state;
    rmf_trace     *trace = made();
    rmf_trace_view view;
    rmf_plan_texts plans;
    rmf_plan_texts_init(&plans);
    assert_int_equal(rmf_plan_texts_begin(&plans, "random"), RAMIFY_OK);
    for (uint64_t k = 0; k < 1000; k++)
        put(&trace->rings[1], k);
    rmf_trace_begin(trace, 2);
    assert_int_equal(rmf_trace_count(trace).events, 0);
    put(&trace->rings[1], 1000);
    assert_int_equal(rmf_trace_view_make(trace, &plans, &view), RAMIFY_OK);
    assert_int_equal(view.lanes[1].count, 1);
    assert_int_equal(view.lanes[1].lost, 0);
    assert_true(is_whole(&view.lanes[1].events[0], 1000));
    assert_string_equal(rmf_trace_plan(&view, 0), "random");
    assert_non_null(strstr(rmf_trace_plan(&view, trace->first_plan), "not kept"));
    rmf_trace_view_drop(&view);
    rmf_plan_texts_drop(&plans);
    rmf_trace_free(trace);
}

static void texts_of_the_newest_policies_are_kept(void **state)
{
    (void)state;
    enum { CHANGES = 3 * RMF_PLAN_TEXTS + 5 };
    rmf_plan_texts texts, copy;
    char           text[24];
    rmf_plan_texts_init(&texts);
    rmf_plan_texts_init(&copy);
    assert_int_equal(rmf_plan_texts_begin(&texts, "plan 0"), RAMIFY_OK);
    for (uint64_t n = 1; n <= CHANGES; n++) {
        snprintf(text, sizeof text, "plan %llu", (unsigned long long)n);
        assert_int_equal(rmf_plan_texts_add(&texts, strdup(text)), n);
        char *newest = rmf_plan_texts_copy_newest(&texts);
        assert_string_equal(newest, text);
        free(newest);
    }
    assert_int_equal(rmf_plan_texts_number(&texts), CHANGES);
    rmf_plan_texts_copy(&texts, &copy);
    rmf_plan_texts_drop(&texts);
    for (uint64_t n = 0; n <= CHANGES + 1; n++) {
        const char *kept = rmf_plan_text_of(&copy, n);
        snprintf(text, sizeof text, "plan %llu", (unsigned long long)n);
        if (n > CHANGES || n <= CHANGES - RMF_PLAN_TEXTS)
            assert_null(kept);
        else
            assert_string_equal(kept, text);
    }
    rmf_plan_texts_drop(&copy);
}

typedef struct writer {
    rmf_trace_ring  *ring;
    _Atomic uint32_t stop;
} writer;

static void *write_on(void *self)
{
    writer *w = self;
    for (uint64_t n = 0; !rmf_load_relaxed(&w->stop); n++)
        put(w->ring, n);
    return NULL;
}

/* What a copy holds is whole and without gaps, whatever the writer does meanwhile. */
static void a_copy_beside_its_writer_is_whole(void **state)
{
    (void)state;
    rmf_trace      *trace = made();
    writer          w     = { .ring = &trace->rings[0] };
    rmf_trace_event events[SLOTS];
    pthread_t       thread;
    uint64_t        lost, copied = 0, torn = 0, previous = 0;
    assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
    for (int round = 0; round < 2000 || copied == 0; round++) {
        uint64_t count = rmf_trace_copy(w.ring, 0, events, &lost);
        for (uint64_t k = 0; k < count; k++)
            torn += !is_whole(&events[k], lost + k);
        torn += lost < previous;
        previous = lost;
        copied += count;
    }
    rmf_store_relaxed(&w.stop, 1);
    pthread_join(thread, NULL);
    assert_int_equal(torn, 0);
    rmf_trace_free(trace);
}

/* A walk as a text: lane, phase and what of each step, such as "0B1 0E1". */
typedef struct story {
    char     text[2000];
    uint64_t last_ns;
    int      went_back;
} story;

static void tell(void *self, const rmf_trace_step *step)
{
    story *s    = self;
    size_t used = strlen(s->text);
    snprintf(s->text + used, sizeof s->text - used, "%s%u%c%u", used ? " " : "", step->lane, "BEP"[step->phase],
             (unsigned)step -> event -> what);
    s->went_back |= step->ns < s->last_ns;
    s->last_ns = step->ns;
}

static void add(rmf_trace_lane *lane, uint64_t ticks, rmf_trace_kind kind, rmf_trace_phase phase, uint64_t what,
                uint64_t since)
{
    lane->events[lane->count++] = (rmf_trace_event){ ticks, (uint8_t)kind, (uint8_t)phase, 0, 0, what, since };
}

static void assert_story(rmf_trace_view *view, const char *expected)
{
    story s = { 0 };
    assert_int_equal(rmf_trace_walk(view, tell, &s), RAMIFY_OK);
    assert_string_equal(s.text, expected);
    assert_false(s.went_back);
}

static void a_walk_merges_by_time_and_mends(void **state)
{
    (void)state;
    rmf_trace_event events[3][16];
    rmf_trace       trace    = { .tree = tree, .ns_per_tick = 1.0, .lanes = 3 };
    rmf_trace_lane  lanes[3] = { { events[0], 0, 0 }, { events[1], 0, 0 }, { events[2], 0, 0 } };
    rmf_trace_view  view     = { .trace = &trace, .lanes = lanes, .from_ticks = 100, .until_ticks = 1000 };
    assert_story(&view, "");

    add(&lanes[0], 200, RMF_TRACE_TASK, RMF_TRACE_BEGIN, 1, 0);
    add(&lanes[1], 210, RMF_TRACE_PARK, RMF_TRACE_BEGIN, 0, 0);
    add(&lanes[0], 220, RMF_TRACE_TASK, RMF_TRACE_BEGIN, 2, 0);
    add(&lanes[2], 225, RMF_TRACE_IDLE, RMF_TRACE_POINT, 5, 1);
    add(&lanes[0], 230, RMF_TRACE_TASK, RMF_TRACE_END, 2, 220);
    add(&lanes[1], 240, RMF_TRACE_PARK, RMF_TRACE_END, 0, 210);
    assert_story(&view, "0B1 1B0 0B2 2P5 0E2 1E0 0E1"); /* the task still runs: it ends with the trace */

    /* Ends that lost their begin bring it along, the outermost first; one that does not know it is left out. */
    for (int i = 0; i < 3; i++)
        lanes[i].count = 0;
    add(&lanes[0], 300, RMF_TRACE_TASK, RMF_TRACE_END, 3, 250);
    add(&lanes[0], 310, RMF_TRACE_REGION, RMF_TRACE_END, 9, 0);
    add(&lanes[0], 320, RMF_TRACE_TASK, RMF_TRACE_END, 1, 50);
    add(&lanes[1], 260, RMF_TRACE_IDLE, RMF_TRACE_POINT, 4, 0);
    assert_story(&view, "0B1 0B3 1P4 0E3 0E1");

    /* A region that is not left before its task ends with it; its own end comes too late. */
    for (int i = 0; i < 2; i++)
        lanes[i].count = 0;
    add(&lanes[0], 300, RMF_TRACE_TASK, RMF_TRACE_BEGIN, 1, 0);
    add(&lanes[0], 310, RMF_TRACE_REGION, RMF_TRACE_BEGIN, 9, 0);
    add(&lanes[0], 320, RMF_TRACE_TASK, RMF_TRACE_END, 1, 300);
    add(&lanes[0], 330, RMF_TRACE_REGION, RMF_TRACE_END, 9, 0);
    assert_story(&view, "0B1 0B9 0E9 0E1");
}

static void formats_follow_from_names(void **state)
{
    (void)state;
    assert_int_equal(rmf_trace_format_of("a.json"), RAMIFY_TRACE_JSON);
    assert_int_equal(rmf_trace_format_of("a.paje"), RAMIFY_TRACE_PAJE);
    assert_int_equal(rmf_trace_format_of("/x.otf2/a"), RAMIFY_TRACE_JSON);
    assert_int_equal(rmf_trace_format_of("/x/a.otf2"), RAMIFY_TRACE_OTF2);
    assert_int_equal(rmf_trace_format_of("a"), RAMIFY_TRACE_JSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_keeps_the_newest_and_counts_the_rest),
        cmocka_unit_test(a_new_trace_forgets_the_old_one),
        cmocka_unit_test(texts_of_the_newest_policies_are_kept),
        cmocka_unit_test(a_copy_beside_its_writer_is_whole),
        cmocka_unit_test(a_walk_merges_by_time_and_mends),
        cmocka_unit_test(formats_follow_from_names),
    };
    return cmocka_run_group_tests(tests, open_tree, close_tree) != 0;
}
