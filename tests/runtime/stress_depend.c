/* SPDX-License-Identifier: BSD-3-Clause */
/* Dependencies under load: several threads submit to one group while workers end what they wait for, groups come and
 * go, graphs run beside them, somebody cancels. Locations are plain memory: ThreadSanitizer sees what is not ordered.
 */
#include "started.h"

#include <pthread.h>

enum { THREADS = 3, LOCATIONS = 16, GRAPH_TASKS = 300 };

static struct cell {
    long writes;
    long pad[7];
} cells[LOCATIONS];

static _Atomic long ran, due;
static long         rounds;

typedef struct job {
    struct cell *cell[2];
    bool         changes[2];
} job;

static job jobs[1024];

static void touch(void *argument)
{
    const job *j = argument;
    for (int i = 0; i < 2; i++)
        if (j->changes[i])
            j->cell[i]->writes++;
        else
            NOTE(j->cell[i]->writes >= 0);
    atomic_fetch_add(&ran, 1);
}

typedef struct submitter {
    ramify_group *group;
    uint64_t      seed;
} submitter;

static void *submits(void *argument)
{
    submitter *s = argument;
    for (long i = 0; i < rounds; i++) {
        job          *j        = &jobs[ramify_random(&s->seed) % 1024];
        uint32_t      changing = ramify_random(&s->seed) & 1 ? RAMIFY_COMMUTATIVE : RAMIFY_INOUT;
        ramify_depend on[2];
        for (int k = 0; k < 2; k++)
            on[k] = (ramify_depend){ j->cell[k], j->changes[k] ? changing : RAMIFY_IN };
        NOTE(ramify_submit_after(s->group, touch, j, NULL, on, 2) == RAMIFY_OK);
        atomic_fetch_add(&due, 1);
    }
    return NULL;
}

static void draw_jobs(uint64_t seed)
{
    memset(cells, 0, sizeof cells);
    for (int i = 0; i < 1024; i++) {
        uint64_t r = ramify_random(&seed);
        jobs[i] =
            (job){ { &cells[r % LOCATIONS], &cells[(r % LOCATIONS + 1 + (r >> 8) % (LOCATIONS - 1)) % LOCATIONS] },
                   { r >> 32 & 1, r >> 33 & 1 } };
    }
}

/* A graph on cells of its own. */
static struct cell own[8];

static void touch_own(void *argument)
{
    ((struct cell *)argument)->writes++;
}

static ramify_graph *own_graph(ramify_runtime *rt)
{
    ramify_graph *graph;
    uint64_t      seed = 3;
    assert_int_equal(ramify_graph_create(rt, &graph), RAMIFY_OK);
    for (int i = 0; i < GRAPH_TASKS; i++) {
        uint64_t      r     = ramify_random(&seed);
        ramify_depend on[2] = { { &own[r % 8], i % 3 ? RAMIFY_INOUT : RAMIFY_COMMUTATIVE },
                                { &own[(r + 1 + r / 8 % 7) % 8], RAMIFY_IN } };
        assert_int_equal(ramify_graph_add(graph, touch_own, &own[r % 8], NULL, on, 2, NULL), RAMIFY_OK);
    }
    assert_int_equal(ramify_graph_freeze(graph, NULL), RAMIFY_OK);
    return graph;
}

static void submitters_and_graphs(void **state)
{
    (void)state;
    ramify_runtime *rt      = started_with(4);
    ramify_group   *replays = new_group(rt, NULL);
    ramify_graph   *graph   = own_graph(rt);
    rounds                  = (long)test_scaled(20000);
    for (uint64_t seed = 0; seed < 5; seed++) {
        ramify_group *group = new_group(rt, NULL);
        pthread_t     thread[THREADS];
        submitter     with[THREADS];
        long          total = 0, runs = 0;
        draw_jobs(seed);
        memset(own, 0, sizeof own);
        for (int t = 0; t < THREADS; t++) {
            with[t] = (submitter){ group, seed * THREADS + (uint64_t)t };
            assert_int_equal(pthread_create(&thread[t], NULL, submits, &with[t]), 0);
        }
        for (; runs < rounds / 100; runs++) {
            assert_int_equal(ramify_graph_run(graph, replays), RAMIFY_OK);
            assert_int_equal(ramify_wait(replays), RAMIFY_OK);
        }
        for (int t = 0; t < THREADS; t++)
            pthread_join(thread[t], NULL);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(atomic_load(&ran), atomic_load(&due));
        for (int i = 0; i < 8; i++)
            total += own[i].writes;
        assert_int_equal(total, runs * GRAPH_TASKS);
        assert_int_equal(ramify_group_free(group), RAMIFY_OK);
    }
    assert_nothing_noted();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* Cancelled at any moment, everything ends, and the group is of use again. */
static void cancelled_at_any_moment(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(3);
    ramify_group   *group = new_group(rt, NULL);
    uint64_t        seed  = 9;
    draw_jobs(11);
    for (long r = 0; r < (long)test_scaled(3000); r++) {
        int stop_at = (int)(ramify_random(&seed) % 200);
        for (int i = 0; i < 200; i++) {
            job          *j     = &jobs[ramify_random(&seed) % 1024];
            ramify_depend on[2] = { { j->cell[0], j->changes[0] ? RAMIFY_COMMUTATIVE : RAMIFY_IN },
                                    { j->cell[1], j->changes[1] ? RAMIFY_COMMUTATIVE : RAMIFY_IN } };
            if (i == stop_at)
                ramify_group_cancel(group);
            ramify_status status = ramify_submit_after(group, touch, j, NULL, on, 2);
            assert_int_equal(status, i < stop_at ? RAMIFY_OK : RAMIFY_ERR_CANCELED);
        }
        assert_int_equal(ramify_wait(group), RAMIFY_ERR_CANCELED);
        assert_int_equal(ramify_group_reset(group), RAMIFY_OK);
    }
    assert_nothing_noted();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(submitters_and_graphs),
        cmocka_unit_test(cancelled_at_any_moment),
    };
    return cmocka_run_group_tests(tests, clear_environment, NULL) != 0;
}
