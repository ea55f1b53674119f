/* SPDX-License-Identifier: BSD-3-Clause */
/* Submitting: from outside and from workers, one by one and in batches, with every hint; what is refused and how; and
 * what a task learns about where it runs. */
#include "started.h"

#include <math.h>
#include <pthread.h>

enum { WORKERS = 4, MANY = 20000 };

/* Two packages of two cores, so that there is a level between root and leaves. */
static const char *const TWO_BY_TWO = "package:2 core:2 pu:1";

static _Atomic int ran;

static int fresh(void **state)
{
    atomic_store(&ran, 0);
    return clear_environment(state);
}

static void one_by_one_from_outside(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(WORKERS);
    ramify_group   *group = new_group(rt, NULL);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), MANY);
    assert_int_equal(counts_of(rt).tasks, MANY);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

struct branch {
    ramify_group *group;
    int           depth;
};

static void branching(void *argument)
{
    struct branch *b = argument;
    atomic_fetch_add(&ran, 1);
    for (int i = 0; i < 2 && b->depth; i++) {
        struct branch *below = malloc(sizeof *below);
        NOTE(below != NULL);
        *below = (struct branch){ b->group, b->depth - 1 };
        NOTE(ramify_submit(b->group, branching, below, NULL) == RAMIFY_OK);
    }
    free(b);
}

static void tasks_submit_tasks(void **state)
{
    (void)state;
    ramify_runtime *rt   = started_with(WORKERS);
    struct branch  *root = malloc(sizeof *root);
    *root                = (struct branch){ new_group(rt, NULL), 13 };
    ramify_group *group  = root->group;
    assert_int_equal(ramify_submit(group, branching, root, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), (1 << 14) - 1);
    assert_nothing_noted();
    ramify_stop(rt);
}

static void a_batch_of_any_size(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 2, 255, 256, 257, 5000 };
    const char *const   texts[] = { "work-stealing", "round-robin", "random" };
    ramify_item        *items   = calloc(5000, sizeof *items);
    for (size_t i = 0; i < 5000; i++)
        items[i] = (ramify_item){ .fn = count_task, .argument = &ran };
    for (size_t p = 0; p < sizeof texts / sizeof texts[0]; p++) {
        ramify_runtime *rt    = started(&(ramify_options){ .workers = WORKERS, .no_bind = true, .policy = texts[p] });
        ramify_group   *group = new_group(rt, NULL);
        int             sum   = 0;
        atomic_store(&ran, 0);
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            size_t taken = 99999;
            assert_int_equal(ramify_submit_batch(group, items, sizes[s], &taken), RAMIFY_OK);
            assert_int_equal(taken, sizes[s]);
            sum += (int)sizes[s];
        }
        assert_int_equal(ramify_submit_batch(group, NULL, 0, NULL), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(atomic_load(&ran), sum);
        ramify_stop(rt);
    }
    free(items);
}

static void batch_from_a_task(void *argument)
{
    ramify_group *group = argument;
    ramify_item   items[600];
    size_t        taken;
    for (int i = 0; i < 600; i++)
        items[i] = (ramify_item){ .fn = count_task, .argument = &ran };
    NOTE(ramify_submit_batch(group, items, 600, &taken) == RAMIFY_OK && taken == 600);
}

/* More than a worker's deque holds: the rest goes to its inbox. */
static void many_from_one_task(void *argument)
{
    for (int i = 0; i < 5000; i++)
        NOTE(ramify_submit(argument, count_task, &ran, NULL) == RAMIFY_OK);
}

static void workers_submit_much(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(1);
    ramify_group   *group = new_group(rt, NULL);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ramify_submit(group, batch_from_a_task, group, NULL), RAMIFY_OK);
    assert_int_equal(ramify_submit(group, many_from_one_task, group, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 5 * 600 + 5000);
    assert_nothing_noted();
    ramify_stop(rt);
}

static void *submit_much(void *argument)
{
    for (int i = 0; i < MANY; i++)
        NOTE(ramify_submit(argument, count_task, &ran, NULL) == RAMIFY_OK);
    return NULL;
}

static void threads_submit_at_once(void **state)
{
    (void)state;
    pthread_t       threads[3];
    ramify_runtime *rt    = started_with(WORKERS);
    ramify_group   *group = new_group(rt, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, submit_much, group), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 3 * MANY);
    assert_nothing_noted();
    ramify_stop(rt);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(2);
    ramify_group   *group = new_group(rt, NULL);
    ramify_hint     hint  = { 0 };
    uint32_t        domains;
    size_t          taken = 5;
    (void)ramify_tree_domains(ramify_runtime_tree(rt), &domains);
    assert_int_equal(ramify_submit(NULL, count_task, &ran, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_submit(group, NULL, &ran, NULL), RAMIFY_ERR_INVALID);
    hint.domain = domains + 1;
    assert_int_equal(ramify_submit(group, count_task, &ran, &hint), RAMIFY_ERR_INVALID);
    hint.domain = UINT32_MAX;
    assert_int_equal(ramify_submit(group, count_task, &ran, &hint), RAMIFY_ERR_INVALID);
    hint = (ramify_hint){ .weight = -1.0 };
    assert_int_equal(ramify_submit(group, count_task, &ran, &hint), RAMIFY_ERR_INVALID);
    hint.weight = NAN;
    assert_int_equal(ramify_submit(group, count_task, &ran, &hint), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_submit_batch(NULL, NULL, 0, &taken), RAMIFY_ERR_INVALID);
    assert_int_equal(taken, 0);
    assert_int_equal(ramify_submit_batch(group, NULL, 1, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 0);
    ramify_stop(rt);
}

static void weights_of_any_size_are_taken(void **state)
{
    (void)state;
    static const double weights[] = { INFINITY, 1e300, 1e-300, 1e9, 0.25, 3.5 };
    ramify_runtime     *rt        = started(&(ramify_options){ .workers = 2, .no_bind = true, .policy = "load-aware" });
    ramify_group       *group     = new_group(rt, NULL);
    for (int i = 0; i < 600; i++) {
        ramify_hint hint = { .weight = weights[i % 6] };
        assert_int_equal(ramify_submit(group, count_task, &ran, &hint), RAMIFY_OK);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), 600);
    ramify_stop(rt);
}

/* An item that is wrong ends the batch; what stands before it was taken. The group and its parent stay usable. */
static void a_wrong_item_ends_a_batch(void **state)
{
    (void)state;
    ramify_runtime *rt     = started_with(2);
    ramify_group   *parent = new_group(rt, NULL), *group = new_group(rt, parent);
    ramify_item     items[300];
    for (int wrong = 0; wrong < 300; wrong += 23) {
        size_t taken = 999;
        for (int i = 0; i < 300; i++)
            items[i] = (ramify_item){ .fn = i == wrong ? NULL : count_task, .argument = &ran };
        atomic_store(&ran, 0);
        assert_int_equal(ramify_submit_batch(group, items, 300, &taken), RAMIFY_ERR_INVALID);
        assert_int_equal(taken, wrong);
        assert_int_equal(ramify_wait(parent), RAMIFY_OK);
        assert_int_equal(atomic_load(&ran), wrong);
    }
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
    assert_int_equal(ramify_group_free(parent), RAMIFY_OK);
    ramify_stop(rt);
}

/* Argument of the tasks below: who may run them. */
struct allowed {
    uint32_t    first, count; /* workers */
    uint32_t    home;
    _Atomic int ran, elsewhere;
};

static void look_around(void *argument)
{
    struct allowed *a     = argument;
    ramify_place    place = ramify_here();
    if (place.worker - a->first >= a->count || (a->home != RAMIFY_NONE && place.home != a->home))
        atomic_fetch_add(&a->elsewhere, 1);
    atomic_fetch_add(&a->ran, 1);
}

static void spread_strictly(ramify_runtime *rt, bool in_batches)
{
    uint32_t             count;
    const ramify_domain *domains = ramify_tree_domains(ramify_runtime_tree(rt), &count);
    struct allowed      *allowed = calloc(count, sizeof *allowed);
    ramify_group        *group   = new_group(rt, NULL);
    for (uint32_t d = 0; d < count; d++)
        allowed[d] =
            (struct allowed){ .first = domains[d].first_leaf, .count = domains[d].leaf_count, .home = RAMIFY_NONE };
    for (int round = 0; round < 300; round++)
        for (uint32_t d = 0; d < count; d++) {
            ramify_item items[4];
            for (int i = 0; i < 4; i++) {
                items[i]             = (ramify_item){ look_around, &allowed[d], ramify_at(d) };
                items[i].hint.strict = true;
                if (!in_batches)
                    assert_int_equal(ramify_submit(group, look_around, &allowed[d], &items[i].hint), RAMIFY_OK);
            }
            if (in_batches)
                assert_int_equal(ramify_submit_batch(group, items, 4, NULL), RAMIFY_OK);
        }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    for (uint32_t d = 0; d < count; d++) {
        assert_int_equal(atomic_load(&allowed[d].ran), 1200);
        assert_int_equal(atomic_load(&allowed[d].elsewhere), 0);
    }
    free(allowed);
}

static void strict_tasks_run_below_their_domain(void **state)
{
    (void)state;
    static const char *const policies[] = { "work-stealing", "round-robin", "hierarchical" };
    for (int p = 0; p < 3; p++) {
        ramify_runtime *rt = started(&(ramify_options){ .from = TWO_BY_TWO, .policy = policies[p] });
        assert_int_equal(ramify_runtime_workers(rt), 4);
        spread_strictly(rt, false);
        spread_strictly(rt, true);
        ramify_stop(rt);
    }
}

/* A task keeps its own worker busy and fills its queues with strict tasks, while thieves have nothing else to do. */
static void strict_for_myself(void *argument)
{
    ramify_group      *group = ramify_here().group;
    struct allowed    *mine  = argument;
    const ramify_tree *tree  = ramify_runtime_tree(ramify_here().runtime);
    *mine                    = (struct allowed){ .first = ramify_here().worker, .count = 1 };
    mine->home               = ramify_tree_leaf(tree, ramify_here().worker)->index;
    ramify_hint there        = ramify_at(mine->home);
    there.strict             = true;
    for (int i = 0; i < 200; i++)
        NOTE(ramify_submit(group, look_around, mine, &there) == RAMIFY_OK);
    sleep_us(20000);
}

static void strict_tasks_are_not_stolen(void **state)
{
    (void)state;
    struct allowed  mine  = { 0 };
    ramify_runtime *rt    = started_with(WORKERS);
    ramify_group   *group = new_group(rt, NULL);
    for (int round = 0; round < 5; round++) {
        assert_int_equal(ramify_submit(group, strict_for_myself, &mine, NULL), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(atomic_load(&mine.ran), 200);
        assert_int_equal(atomic_load(&mine.elsewhere), 0);
    }
    assert_nothing_noted();
    ramify_stop(rt);
}

/* All workers must run one each at the same time: none may sleep through a batch of strict tasks for the root. */
static void meet(void *argument)
{
    _Atomic int *met = argument;
    atomic_fetch_add(met, 1);
    NOTE(reaches(met, WORKERS));
}

static void a_strict_batch_wakes_who_may_run_it(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(WORKERS);
    ramify_group   *group = new_group(rt, NULL);
    ramify_item     items[WORKERS];
    for (int round = 0; round < 20; round++) {
        _Atomic int met = 0;
        sleep_us(round % 2 ? 3000 : 0); /* now and then everybody sleeps */
        for (int i = 0; i < WORKERS; i++) {
            items[i]             = (ramify_item){ meet, &met, ramify_at(0) };
            items[i].hint.strict = round % 4 != 3;
        }
        assert_int_equal(ramify_submit_batch(group, items, WORKERS, NULL), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_nothing_noted();
    }
    ramify_stop(rt);
}

static void a_domain_named_is_the_home(void **state)
{
    (void)state;
    ramify_runtime      *rt = started(&(ramify_options){ .from = TWO_BY_TWO, .policy = "round-robin" });
    uint32_t             count;
    const ramify_domain *domains = ramify_tree_domains(ramify_runtime_tree(rt), &count);
    ramify_group        *group   = new_group(rt, NULL);
    struct allowed       at_leaf[16];
    for (uint32_t d = 0; d < count; d++) {
        at_leaf[d] =
            (struct allowed){ .first = 0, .count = UINT32_MAX, .home = domains[d].child_count ? RAMIFY_NONE : d };
        ramify_hint hint = ramify_at(d);
        for (int i = 0; i < 100; i++)
            assert_int_equal(ramify_submit(group, look_around, &at_leaf[d], &hint), RAMIFY_OK);
    }
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    for (uint32_t d = 0; d < count; d++) {
        assert_int_equal(atomic_load(&at_leaf[d].ran), 100);
        assert_int_equal(atomic_load(&at_leaf[d].elsewhere), 0);
    }
    ramify_stop(rt);
}

struct seen {
    ramify_place    place;
    ramify_runtime *rt;
    ramify_group   *group, *inner;
};

static void inner_task(void *argument)
{
    struct seen *s = argument;
    NOTE(ramify_here().group == s->inner);
    NOTE(ramify_here().runtime == s->rt);
}

static void outer_task(void *argument)
{
    struct seen *s = argument;
    s->place       = ramify_here();
    NOTE(s->place.group == s->group);
    for (int i = 0; i < 50; i++)
        NOTE(ramify_submit(s->inner, inner_task, s, NULL) == RAMIFY_OK);
    NOTE(ramify_wait(s->inner) == RAMIFY_OK);
    NOTE(ramify_here().group == s->group); /* tasks that ran in the wait have left no trace */
    NOTE(ramify_here().worker == s->place.worker);
}

static void a_task_knows_where_it_is(void **state)
{
    (void)state;
    ramify_runtime *rt   = started_with(WORKERS);
    struct seen     seen = { .rt = rt, .group = new_group(rt, NULL), .inner = new_group(rt, NULL) };
    ramify_place    here = ramify_here();
    assert_null(here.runtime);
    assert_null(here.group);
    assert_int_equal(here.worker, RAMIFY_NONE);
    assert_int_equal(here.home, RAMIFY_NONE);
    assert_int_equal(ramify_submit(seen.group, outer_task, &seen, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(seen.group), RAMIFY_OK);
    assert_nothing_noted();
    assert_ptr_equal(seen.place.runtime, rt);
    assert_in_range(seen.place.worker, 0, WORKERS - 1);
    assert_int_not_equal(seen.place.home, RAMIFY_NONE);
    ramify_stop(rt);
}

/* A chain keeps one worker's deque from being empty; another task waits in an inbox of that worker meanwhile. */
enum { LINKS_MOST = 1000 };
struct chain {
    ramify_group *group;
    _Atomic int   is_run, is_sent;     /* the chain; the other task */
    _Atomic int   links, links_before; /* run in all; before the other task */
};

static void other_task(void *argument)
{
    struct chain *chain = argument;
    atomic_store(&chain->links_before, atomic_load(&chain->links));
}

static void next_link(void *argument)
{
    struct chain *chain = argument;
    atomic_store(&chain->is_run, 1);
    while (!atomic_load(&chain->is_sent))
        ;
    if (atomic_fetch_add(&chain->links, 1) < LINKS_MOST)
        NOTE(ramify_submit(chain->group, next_link, chain, NULL) == RAMIFY_OK);
}

/* hint: NULL from outside, to the root. */
static void run_beside_a_chain(ramify_runtime *rt, const ramify_hint *hint)
{
    struct chain chain = { .group = new_group(rt, NULL), .links_before = LINKS_MOST };
    assert_int_equal(ramify_submit(chain.group, next_link, &chain, NULL), RAMIFY_OK);
    while (!atomic_load(&chain.is_run)) /* else it could wait beside the other in one inbox */
        ;
    assert_int_equal(ramify_submit(chain.group, other_task, &chain, hint), RAMIFY_OK);
    atomic_store(&chain.is_sent, 1);
    assert_int_equal(ramify_wait(chain.group), RAMIFY_OK);
    assert_nothing_noted();
    assert_true(atomic_load(&chain.links_before) <= 2 * 64);
}

static void a_chain_keeps_nobody_waiting(void **state)
{
    (void)state;
    ramify_runtime *rt = started_with(1);
    run_beside_a_chain(rt, NULL);
    run_beside_a_chain(rt, &(ramify_hint){ .domain = 1, .strict = true });
    run_beside_a_chain(rt, &(ramify_hint){ .domain = 1 });
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_by_one_from_outside, fresh),
        cmocka_unit_test_setup(tasks_submit_tasks, fresh),
        cmocka_unit_test_setup(a_batch_of_any_size, fresh),
        cmocka_unit_test_setup(workers_submit_much, fresh),
        cmocka_unit_test_setup(threads_submit_at_once, fresh),
        cmocka_unit_test_setup(bad_arguments_are_refused, fresh),
        cmocka_unit_test_setup(weights_of_any_size_are_taken, fresh),
        cmocka_unit_test_setup(a_wrong_item_ends_a_batch, fresh),
        cmocka_unit_test_setup(strict_tasks_run_below_their_domain, fresh),
        cmocka_unit_test_setup(strict_tasks_are_not_stolen, fresh),
        cmocka_unit_test_setup(a_strict_batch_wakes_who_may_run_it, fresh),
        cmocka_unit_test_setup(a_domain_named_is_the_home, fresh),
        cmocka_unit_test_setup(a_task_knows_where_it_is, fresh),
        cmocka_unit_test_setup(a_chain_keeps_nobody_waiting, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
