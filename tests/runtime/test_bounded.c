/* SPDX-License-Identifier: BSD-3-Clause */
/* Bounded queues: what a submission without room does is what the caller chose; nothing is dropped in silence, and no
 * choice deadlocks, not even one worker that fills its own queue. */
#include "started.h"

#include <pthread.h>

enum { MANY = 3000 };

static _Atomic int ran;

static int fresh(void **state)
{
    atomic_store(&ran, 0);
    return clear_environment(state);
}

static ramify_runtime *bounded(uint32_t workers, uint32_t queue_tasks, ramify_full full, const char *policy)
{
    return started(&(ramify_options){
        .workers = workers, .no_bind = true, .queue_tasks = queue_tasks, .full = full, .policy = policy });
}

/* Submits one by one until the first refusal; how many were taken. */
static int fill(ramify_group *group)
{
    int           taken = 0;
    ramify_status status;
    while ((status = ramify_submit(group, count_task, &ran, NULL)) == RAMIFY_OK && taken < MANY)
        taken++;
    assert_int_equal(status, RAMIFY_ERR_NOT_NOW);
    return taken;
}

static void the_limit_is_exact_from_outside(void **state)
{
    (void)state;
    static const uint32_t limits[] = { 1, 2, 3, 8, 100 };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        ramify_runtime *rt    = bounded(1, limits[i], RAMIFY_FULL_FAIL, "work-stealing");
        ramify_group   *group = new_group(rt, NULL);
        gate            g     = { 0 };
        assert_int_equal(ramify_submit(group, gate_task, &g, NULL), RAMIFY_OK);
        assert_true(reaches(&g.standing, 1));
        assert_int_equal(fill(group), limits[i]); /* all go to the root, whose only worker stands before the gate */
        assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_ERR_NOT_NOW);
        atomic_store(&g.open, 1);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(atomic_exchange(&ran, 0), limits[i]);
        assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK); /* there is room again */
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(atomic_exchange(&ran, 0), 1);
        ramify_stop(rt);
    }
}

/* The worker's own queue is its deque; what it submits to a full one is refused, or runs at once, in either group. */
enum { INSIDE = 20 };

typedef struct inside {
    ramify_group *to;
    bool          runs;
} inside;

static void submits_beyond_the_limit(void *argument)
{
    const inside *in = argument;
    for (int i = 0; i < INSIDE; i++) {
        int           before = atomic_load(&ran);
        ramify_status status = ramify_submit(in->to, count_task, &ran, NULL);
        NOTE(status == (i < 7 || in->runs ? RAMIFY_OK : RAMIFY_ERR_NOT_NOW));
        NOTE(atomic_load(&ran) == before + (i >= 7 && in->runs));
    }
}

static void the_limit_is_exact_from_inside(void **state)
{
    (void)state;
    for (int n = 0; n < 4; n++) {
        ramify_full     full  = n & 1 ? RAMIFY_FULL_RUN : RAMIFY_FULL_FAIL;
        ramify_runtime *rt    = bounded(1, 7, full, "work-stealing");
        ramify_group   *group = new_group(rt, NULL), *other = new_group(rt, NULL);
        inside          in = { n & 2 ? other : group, full == RAMIFY_FULL_RUN };
        assert_int_equal(ramify_submit(group, submits_beyond_the_limit, &in, NULL), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(ramify_wait(other), RAMIFY_OK);
        assert_nothing_noted();
        assert_int_equal(atomic_exchange(&ran, 0), in.runs ? INSIDE : 7);
        ramify_counts counts = counts_of(rt);
        assert_int_equal(counts.tasks, 1 + 7);
        assert_int_equal(counts.inline_runs, in.runs ? INSIDE - 7 : 0);
        assert_int_equal(ramify_runtime_counts(rt, 0, &counts), RAMIFY_OK);
        assert_int_equal(counts.inline_runs, in.runs ? INSIDE - 7 : 0);
        ramify_stop(rt);
    }
}

static void a_refused_batch_says_how_far_it_got(void **state)
{
    (void)state;
    static const char *const policies[] = { "work-stealing", "round-robin" };
    for (int p = 0; p < 2; p++) {
        ramify_runtime *rt    = bounded(1, 10, RAMIFY_FULL_FAIL, policies[p]);
        ramify_group   *group = new_group(rt, NULL);
        gate            g     = { 0 };
        ramify_item     items[300];
        size_t          taken = 0;
        assert_int_equal(ramify_submit(group, gate_task, &g, NULL), RAMIFY_OK);
        assert_true(reaches(&g.standing, 1));
        for (int i = 0; i < 300; i++)
            items[i] = (ramify_item){ .fn = count_task, .argument = &ran };
        assert_int_equal(ramify_submit_batch(group, items, 300, &taken), RAMIFY_ERR_NOT_NOW);
        assert_int_equal(taken, 10);
        atomic_store(&g.open, 1);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(atomic_exchange(&ran, 0), 10);
        ramify_stop(rt);
    }
}

static void *submit_many(void *argument)
{
    for (int i = 0; i < MANY; i++)
        NOTE(ramify_submit(argument, count_task, &ran, NULL) == RAMIFY_OK);
    return NULL;
}

static void submit_many_in_batches(ramify_group *group)
{
    ramify_item items[100];
    for (int i = 0; i < 100; i++)
        items[i] = (ramify_item){ .fn = count_task, .argument = &ran };
    for (int i = 0; i < MANY / 100; i++) {
        size_t taken = 0;
        NOTE(ramify_submit_batch(group, items, 100, &taken) == RAMIFY_OK && taken == 100);
    }
}

/* From threads outside, with every limit, policy and choice that takes everything. */
static void nothing_is_dropped_from_outside(void **state)
{
    (void)state;
    static const char *const policies[] = { "work-stealing", "round-robin" };
    for (int n = 0; n < 8; n++) {
        ramify_full     full  = n & 1 ? RAMIFY_FULL_RUN : RAMIFY_FULL_BLOCK;
        ramify_runtime *rt    = bounded(n & 4 ? 3 : 1, n & 4 ? 1 : 5, full, policies[n >> 1 & 1]);
        ramify_group   *group = new_group(rt, NULL);
        pthread_t       other;
        assert_int_equal(pthread_create(&other, NULL, submit_many, group), 0);
        submit_many_in_batches(group);
        pthread_join(other, NULL);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_nothing_noted();
        assert_int_equal(atomic_exchange(&ran, 0), 2 * MANY);
        ramify_counts counts = counts_of(rt);
        assert_int_equal(counts.tasks + counts.inline_runs, 2 * MANY);
        assert_true(full == RAMIFY_FULL_RUN || counts.inline_runs == 0);
        ramify_stop(rt);
    }
}

static void submitting_task(void *argument)
{
    for (int i = 0; i < 100; i++)
        NOTE(ramify_submit(argument, count_task, &ran, NULL) == RAMIFY_OK);
}

static void submitting_task_in_batches(void *argument)
{
    ramify_item items[100];
    for (int i = 0; i < 100; i++)
        items[i] = (ramify_item){ .fn = count_task, .argument = &ran };
    NOTE(ramify_submit_batch(argument, items, 100, NULL) == RAMIFY_OK);
}

static void workers_fill_their_own_queues(void **state)
{
    (void)state;
    static const char *const policies[] = { "work-stealing", "round-robin", "random" };
    for (int n = 0; n < 12; n++) {
        ramify_full     full  = n & 1 ? RAMIFY_FULL_RUN : RAMIFY_FULL_BLOCK;
        ramify_runtime *rt    = bounded(n & 2 ? 4 : 1, 2, full, policies[n >> 2]);
        ramify_group   *group = new_group(rt, NULL);
        for (int i = 0; i < 20; i++)
            assert_int_equal(ramify_submit(group, i % 2 ? submitting_task : submitting_task_in_batches, group, NULL),
                             RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_nothing_noted();
        assert_int_equal(atomic_exchange(&ran, 0), 2000);
        ramify_stop(rt);
    }
}

/* Strict tasks for somebody else's full queue, both ways at once. */
static void submits_strictly_elsewhere(void *argument)
{
    const ramify_tree *tree  = ramify_runtime_tree(ramify_here().runtime);
    uint32_t           there = (ramify_here().worker + 1) % ramify_tree_leaf_count(tree);
    ramify_hint        hint  = ramify_at(ramify_tree_leaf(tree, there)->index);
    hint.strict              = true;
    for (int i = 0; i < 100; i++)
        NOTE(ramify_submit(argument, count_task, &ran, &hint) == RAMIFY_OK);
}

static void workers_fill_each_others_queues(void **state)
{
    (void)state;
    ramify_runtime *rt    = bounded(2, 2, RAMIFY_FULL_BLOCK, "work-stealing");
    ramify_group   *group = new_group(rt, NULL);
    for (int i = 0; i < 20; i++)
        assert_int_equal(ramify_submit(group, submits_strictly_elsewhere, group, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_nothing_noted();
    assert_int_equal(atomic_load(&ran), 2000);
    ramify_stop(rt);
}

/* A task that runs in its submitter is a task: it knows its group, and may not wait for it. */
static void in_place(void *argument)
{
    NOTE(ramify_here().group == argument);
    NOTE(ramify_wait(argument) == RAMIFY_ERR_BUSY);
    atomic_fetch_add(&ran, 1);
}

static void submits_in_place(void *argument)
{
    for (int i = 0; i < 20; i++)
        NOTE(ramify_submit(argument, in_place, argument, NULL) == RAMIFY_OK);
    NOTE(ramify_here().group != argument);
}

static void a_task_run_in_place_is_a_task(void **state)
{
    (void)state;
    ramify_runtime *rt    = bounded(1, 1, RAMIFY_FULL_RUN, "work-stealing");
    ramify_group   *group = new_group(rt, NULL), *held = new_group(rt, NULL);
    gate            g = { 0 };
    assert_int_equal(ramify_submit(held, gate_task, &g, NULL), RAMIFY_OK);
    assert_true(reaches(&g.standing, 1));
    for (int i = 0; i < 20; i++) /* one is queued, the others run here */
        assert_int_equal(ramify_submit(group, in_place, group, NULL), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 19);
    assert_null(ramify_here().group);
    atomic_store(&g.open, 1);
    assert_int_equal(ramify_wait(held), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(ramify_submit(held, submits_in_place, group, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(held), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 40);
    assert_nothing_noted();
    ramify_stop(rt);
}

/* A fork-join computation needs a worker: it waits for one where a task would run in its submitter. */
static void root_fork(ramify_context context, ramify_fork *fork)
{
    (void)context, (void)fork;
    NOTE(ramify_here().worker != RAMIFY_NONE);
    atomic_fetch_add(&ran, 1);
}

static void *open_later(void *argument)
{
    sleep_us(5000);
    atomic_store(&((gate *)argument)->open, 1);
    return NULL;
}

static void a_fork_call_waits_for_a_worker(void **state)
{
    (void)state;
    ramify_runtime *rt    = bounded(1, 1, RAMIFY_FULL_RUN, "work-stealing");
    ramify_group   *group = new_group(rt, NULL);
    gate            g     = { 0 };
    ramify_fork     fork;
    pthread_t       opener;
    assert_int_equal(ramify_submit(group, gate_task, &g, NULL), RAMIFY_OK);
    assert_true(reaches(&g.standing, 1));
    assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK); /* fills the queue */
    assert_int_equal(pthread_create(&opener, NULL, open_later, &g), 0);
    assert_int_equal(ramify_fork_call(rt, &fork, root_fork), RAMIFY_OK);
    pthread_join(opener, NULL);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 2);
    assert_nothing_noted();
    ramify_stop(rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_limit_is_exact_from_outside, fresh),
        cmocka_unit_test_setup(the_limit_is_exact_from_inside, fresh),
        cmocka_unit_test_setup(a_refused_batch_says_how_far_it_got, fresh),
        cmocka_unit_test_setup(nothing_is_dropped_from_outside, fresh),
        cmocka_unit_test_setup(workers_fill_their_own_queues, fresh),
        cmocka_unit_test_setup(workers_fill_each_others_queues, fresh),
        cmocka_unit_test_setup(a_task_run_in_place_is_a_task, fresh),
        cmocka_unit_test_setup(a_fork_call_waits_for_a_worker, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
