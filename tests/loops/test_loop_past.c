/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a loop begins alone: by its iterations when its body is new, by what the last one took when it is known, by
 * what the way to another worker was seen to take, and by whether anybody is awake. No loop runs here. */
#include "loop_past.h"
#include "runtime/started.h"
#include "runtime_handle.h"
#include "worker.h"

static void body(void *self, const ramify_chunk *chunk)
{
    (void)self;
    (void)chunk;
}

static void other_body(void *self, const ramify_chunk *chunk)
{
    (void)chunk;
    (void)self;
}

/* A worker of a pool of two that measures time in nanoseconds, with others that look for work or sleep. */
typedef struct scene {
    rmf_pool     pool;
    rmf_worker   worker;
    ramify_fork *slots[4];
} scene;

static scene *scene_with(uint64_t searching, uint64_t parked)
{
    static scene s;
    s = (scene){ .pool = { .worker_count = 2, .ns_per_tick = 1.0 } };
    rmf_store_relaxed(&s.pool.parking.searching, searching);
    rmf_store_relaxed(&s.pool.parking.sleeping, parked * RMF_PARKED);
    s.worker.pool = &s.pool;
    rmf_lane_init(&s.worker.lane, s.slots, 4);
    rmf_lane_unask_owner(&s.worker.lane);
    return &s;
}

typedef struct decision {
    double patience;
    bool   alone, eager;
} decision;

/* For a loop of a thousand iterations when the last one took so many nanoseconds; 0: it is new. */
static decision decide(scene *s, uint64_t past_ns)
{
    rmf_loop  loop  = { .pool = &s->pool, .body = body, .total = 1000 };
    rmf_past *past  = rmf_past_of(&s->worker, body);
    *past           = past_ns ? (rmf_past){ body, 500, past_ns / 2, 0 } : (rmf_past){ .body = other_body };
    double patience = rmf_past_patience(&loop, &s->worker, past);
    return (decision){ patience, patience > 0.0, loop.is_eager };
}

static void new_bodies(void **state)
{
    (void)state;
    scene   *s     = scene_with(1, 0);
    rmf_past none  = { 0 };
    rmf_loop few   = { .pool = &s->pool, .body = body, .total = 15 };
    rmf_loop many  = { .pool = &s->pool, .body = body, .total = 16 };
    decision known = decide(s, 0);
    assert_true(rmf_past_patience(&few, &s->worker, &none) <= 0.0);
    assert_false(few.is_eager);
    assert_true(rmf_past_patience(&many, &s->worker, &none) > 0.0);
    assert_true(known.alone); /* of another body: nothing is known */
}

static void known_bodies(void **state)
{
    (void)state;
    scene *s = scene_with(1, 0);
    assert_true(decide(s, 400).alone);
    assert_true(decide(s, 1000).alone);
    assert_true(decide(s, 1000).patience > 1000.0); /* it is expected to end before anybody could help */
    assert_true(decide(s, 1000).patience < 3000.0);
    assert_true(decide(s, 10).patience > 100.0);
    assert_false(decide(s, 2000).alone);
    assert_true(decide(s, 2000).eager);

    s = scene_with(0, 1); /* a wake-up takes longer than that loop, and less than this one */
    assert_true(decide(s, 5000).alone);
    assert_false(decide(s, 9000).alone);
    assert_true(decide(s, 9000).eager);
}

/* Between its last task and its search a worker counts as neither, but it has asked. */
static void who_has_asked_is_awake(void **state)
{
    (void)state;
    scene *s = scene_with(0, 0);
    assert_true(decide(s, 2000).alone);
    rmf_lane_ask_any(&s->worker.lane);
    assert_true(decide(s, 2000).eager);
    s = scene_with(0, 1);
    rmf_lane_ask_any(&s->worker.lane); /* before it went to sleep */
    assert_true(decide(s, 2000).alone);
}

/* Whoever got a part of the last loop is still there; but once the others sleep, it is not known who. */
static void who_was_at_the_door_is_awake(void **state)
{
    (void)state;
    scene *s         = scene_with(0, 0);
    s->worker.is_met = true;
    assert_true(decide(s, 2000).eager);
    s                = scene_with(0, 1);
    s->worker.is_met = true;
    assert_true(decide(s, 2000).alone);
}

/* What each worker is given takes as long as the way, here 600 ns, and the number of workers changes only for a reason.
 */
static void short_loops_have_few_workers(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        uint16_t before, least;
    } rows[] = {
        { 8000, 0, 8 },   { 8000, 4, 4 },   { 8000, 8, 8 },  { 8000, 16, 8 }, { 20000, 0, 2 },
        { 100000, 0, 1 }, { 100000, 4, 1 }, { 40000, 2, 2 }, { 40000, 1, 1 }, { 1300, 0, 32 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        scene *s             = scene_with(1, 0);
        s->pool.worker_count = 64;
        rmf_loop loop        = { .pool = &s->pool, .body = body, .total = 1000 };
        rmf_past past        = { body, 500, rows[i].ns / 2, rows[i].before };
        assert_true(rmf_past_patience(&loop, &s->worker, &past) <= 0.0);
        assert_int_equal(rmf_load_relaxed(&loop.least_tickets), rows[i].least);
        assert_in_range(rmf_load_relaxed(&loop.least_split), 600.0 / (double)rows[i].ns * 1000.0 - 1.0,
                        600.0 / (double)rows[i].ns * 1000.0 + 1.0);
    }
}

/* A wait for many is one for the last of a tree of them. */
static void the_way_is_that_of_one_step(void **state)
{
    (void)state;
    scene *two = scene_with(1, 0);
    for (int i = 0; i < 40; i++)
        rmf_past_learn_way(&two->worker, 800.0, 2);
    double way  = two->worker.way_ns;
    scene *many = scene_with(1, 0);
    for (int i = 0; i < 40; i++)
        rmf_past_learn_way(&many->worker, 4800.0, 64);
    assert_in_range((uint64_t)way, 790, 810);
    assert_in_range((uint64_t)many->worker.way_ns, 790, 810);
}

static void the_way_is_learnt_and_tried_again(void **state)
{
    (void)state;
    scene *s = scene_with(1, 0);
    for (int i = 0; i < 40; i++)
        rmf_past_learn_way(&s->worker, 1500.0, 2);
    assert_true(decide(s, 2500).alone);
    assert_false(decide(s, 3500).alone);
    int loops = 0;
    while (decide(s, 2500).alone && loops < 1000)
        loops++;
    assert_in_range(loops, 10, 400);
    for (int i = 0; i < 40; i++)
        rmf_past_learn_way(&s->worker, 10.0, 2); /* less than a line takes: the floor is 300 ns */
    assert_true(decide(s, 500).alone);
    assert_false(decide(s, 700).alone);
    for (int i = 0; i < 400; i++)
        rmf_past_learn_way(&s->worker, 1e9, 2); /* somebody had better things to do: at most 3 us */
    assert_true(decide(s, 5900).alone);
    assert_false(decide(s, 6200).alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_bodies),
        cmocka_unit_test(known_bodies),
        cmocka_unit_test(who_has_asked_is_awake),
        cmocka_unit_test(who_was_at_the_door_is_awake),
        cmocka_unit_test(short_loops_have_few_workers),
        cmocka_unit_test(the_way_is_that_of_one_step),
        cmocka_unit_test(the_way_is_learnt_and_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
