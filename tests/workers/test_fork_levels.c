/* SPDX-License-Identifier: BSD-3-Clause */
/* What thieves take of others' forks on a machine of two nodes with four cores each that is not there: the real lanes
 * and search, driven by one thread, so every run is the same. */
#include "check.h"
#include "homes_tree.h"

#include "fetch.h"
#include "forks.h"
#include "submit.h"
#include "worker.h"

enum { WORKERS = 8, FORKS = 20, THIEF = 5, NEAR = 6, FAR = 1 };

static rmf_pool pool_memory, *const pool = &pool_memory;
static ramify_tree *tree;
static rmf_plan    *plan;
static ramify_fork  forks[WORKERS][FORKS];

static void nothing(ramify_context c, ramify_fork *fork)
{
    (void)c;
    (void)fork;
}

static int set_up(void **state)
{
    (void)state;
    tree = homes_tree(1, WORKERS / 2);
    assert_int_equal(rmf_plan_create(tree, "work-stealing", NULL, 0, NULL, &plan), RAMIFY_OK);
    *pool         = (rmf_pool){ .tree          = tree,
                                .plan          = plan,
                                .worker_count  = WORKERS,
                                .latency_every = 64,
                                .ns_per_tick   = 1.0,
                                .spin_ticks    = 50000,
                                .serial        = 1 };
    pool->domains = ramify_tree_domains(tree, &pool->domain_count);
    pthread_mutex_init(&pool->lock, NULL);
    rmf_depot_init(&pool->depot, RMF_LINE_BYTES);
    pool->workers = test_calloc(WORKERS, sizeof *pool->workers);
    pool->mail    = test_calloc(pool->domain_count, sizeof *pool->mail);
    assert_int_equal(rmf_parking_init(&pool->parking, tree), RAMIFY_OK);
    assert_int_equal(rmf_remote_init(&pool->remote, tree), RAMIFY_OK);
    for (uint32_t w = 0; w < WORKERS; w++)
        assert_non_null(pool->workers[w] = rmf_worker_make(pool, w));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (uint32_t w = 0; w < WORKERS; w++)
        rmf_worker_drop(pool->workers[w]);
    for (uint32_t d = 0; d < pool->domain_count; d++) {
        rmf_pool_drop_inbox(&pool->mail[d].open);
        rmf_pool_drop_inbox(&pool->mail[d].strict);
        rmf_pool_drop_inbox(&pool->mail[d].homed);
    }
    rmf_remote_drop(&pool->remote);
    rmf_parking_drop(&pool->parking);
    rmf_depot_drop(&pool->depot);
    pthread_mutex_destroy(&pool->lock);
    test_free(pool->workers);
    test_free(pool->mail);
    rmf_plan_free(plan);
    ramify_tree_free(tree);
    return 0;
}

/* The worker forks `count` and shows them to all. */
static void make_forks(uint32_t worker, uint32_t count)
{
    rmf_lane     *lane = &pool->workers[worker]->lane;
    ramify_fork **head = lane->slots;
    for (uint32_t i = 0; i < count; i++) {
        forks[worker][i] = (ramify_fork){ .run = nothing };
        *head++          = &forks[worker][i];
    }
    rmf_lane_set_top_owner(lane, head);
    assert_true(rmf_lane_share_owner(lane, head));
}

static const rmf_steal_counts *at_level(uint32_t level)
{
    return &pool->workers[THIEF]->cell.stealing[level];
}

/* The levels at which the thief meets the two victims. */
static uint32_t level_of(uint32_t victim)
{
    const rmf_victims *victims = &pool->workers[THIEF]->victims;
    for (uint32_t s = 0; s < victims->steps; s++)
        for (uint32_t i = 0; i < rmf_step_count(&victims->step[s]); i++)
            if (rmf_step_victim(&victims->step[s], i) == victim)
                return victims->step[s].level;
    return RAMIFY_LEVEL_COUNT;
}

/* From the neighbour first, the oldest and one by one, for they are in the same cache; then from the other node, half
 * of what is there at once, and what came along is left for the neighbours to take. */
static void nearest_first(void **state)
{
    (void)state;
    rmf_worker *thief = pool->workers[THIEF];
    rmf_task    task;
    uint32_t    near_level = level_of(NEAR), far_level = level_of(FAR);
    assert_int_not_equal(near_level, far_level);
    make_forks(FAR, FORKS);
    make_forks(NEAR, 3);

    for (uint32_t i = 0; i < 3; i++) {
        assert_true(rmf_fetch_far(thief, &task));
        assert_ptr_equal(task.argument, &forks[NEAR][i]);
        assert_int_equal((uint32_t)forks[NEAR][i].state, THIEF + 1); /* the owner can leapfrog */
        assert_int_equal(at_level(near_level)->steals, i + 1);
        assert_int_equal(at_level(near_level)->stolen_tasks, i + 1);
        assert_int_equal(at_level(far_level)->steals, 0);
    }
    assert_true(rmf_fetch_far(thief, &task));
    assert_ptr_equal(task.argument, &forks[FAR][0]);
    assert_int_equal(at_level(near_level)->steals, 3);
    assert_int_equal(at_level(far_level)->steals, 1);
    assert_int_equal(at_level(far_level)->stolen_tasks, FORKS / 2);
    assert_int_equal(rmf_lane_shared_any(&pool->workers[FAR]->lane), FORKS / 2);
    assert_int_equal(rmf_deque_shared_any(&thief->deque), FORKS / 2 - 1);

    rmf_worker *neighbour = pool->workers[NEAR]; /* which now finds some nearer than the first victim */
    assert_true(rmf_fetch_far(neighbour, &task));
    assert_ptr_equal(task.argument, &forks[FAR][FORKS / 2 - 1]);
    assert_int_equal(neighbour->cell.stealing[near_level].steals, 1);
    assert_int_equal(neighbour->cell.stealing[far_level].steals, 0);
    assert_int_equal((uint32_t)forks[FAR][FORKS / 2 - 1].state, NEAR + 1);
}

/* A fork that nobody has begun is found by the worker that waits for it, wherever it lies; what lay before it stays
 * where all may take it. */
static void fetched_by_name(void **state)
{
    (void)state;
    rmf_worker *thief = pool->workers[THIEF], *owner = pool->workers[FAR];
    rmf_task    task;
    make_forks(FAR, FORKS);
    assert_true(rmf_fetch_far(thief, &task));
    assert_int_equal(rmf_deque_shared_any(&thief->deque), FORKS / 2 - 1);

    ramify_fork *fork = &forks[FAR][5];
    assert_false(rmf_fetch_fork(owner, NEAR, fork, &task)); /* it is not there */
    assert_true(rmf_fetch_fork(owner, THIEF, fork, &task));
    assert_ptr_equal(task.argument, fork);
    assert_int_equal((uint32_t)fork->state, FAR + 1);
    assert_int_equal(rmf_deque_shared_any(&thief->deque) + rmf_deque_shared_any(&owner->deque), FORKS / 2 - 2);
    assert_false(rmf_fetch_fork(owner, THIEF, fork, &task)); /* taken */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(nearest_first, set_up, tear_down),
                                        cmocka_unit_test_setup_teardown(fetched_by_name, set_up, tear_down) };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
