/* SPDX-License-Identifier: BSD-3-Clause */
/* Recorded graphs: each task runs once per run and after all it waits for, run after run; cycles are named; wrong use
 * is refused and changes nothing; groups cancel, fail and wait over graphs. */
#include "started.h"

enum { MOST = 600 };

/* A task that checks its predecessors: each has run as often as it is about to. */
typedef struct checked {
    _Atomic int     runs;
    int             befores;
    struct checked *before[8];
} checked;

static checked task[MOST];

static void run_checked(void *argument)
{
    checked *c    = argument;
    int      mine = atomic_load(&c->runs);
    for (int i = 0; i < c->befores; i++)
        NOTE(atomic_load(&c->before[i]->runs) == mine + 1);
    atomic_store(&c->runs, mine + 1);
}

static void clear_tasks(void)
{
    for (int i = 0; i < MOST; i++) {
        atomic_store(&task[i].runs, 0);
        task[i].befores = 0;
    }
}

static ramify_graph *new_graph(ramify_runtime *rt)
{
    ramify_graph *graph = NULL;
    assert_int_equal(ramify_graph_create(rt, &graph), RAMIFY_OK);
    return graph;
}

static ramify_vertex add(ramify_graph *graph, int i, const ramify_hint *hint)
{
    ramify_vertex vertex;
    assert_int_equal(ramify_graph_add(graph, run_checked, &task[i], hint, NULL, 0, &vertex), RAMIFY_OK);
    return vertex;
}

static void freeze(ramify_graph *graph)
{
    assert_int_equal(ramify_graph_freeze(graph, NULL), RAMIFY_OK);
}

/* A random graph without cycles: a task waits for up to 8 of the 40 before it. `hinted`: some have wishes. */
static ramify_graph *random_graph(ramify_runtime *rt, int tasks, uint64_t seed, bool hinted)
{
    ramify_graph *graph = new_graph(rt);
    ramify_vertex vertex[MOST];
    uint32_t      workers = ramify_runtime_workers(rt);
    clear_tasks();
    for (int i = 0; i < tasks; i++) {
        ramify_hint hint = ramify_at(ramify_tree_leaf(ramify_runtime_tree(rt), (uint32_t)i % workers)->index);
        hint.strict      = i % 5 == 0;
        hint.priority    = (int8_t)(i % 7 == 0 ? i % 5 - 2 : 0);
        vertex[i]        = add(graph, i, hinted && i % 3 == 0 ? &hint : NULL);
        for (int k = 0; k < (int)(ramify_random(&seed) % 9) && i > 0; k++) {
            int before                        = i - 1 - (int)(ramify_random(&seed) % (uint64_t)(i < 40 ? i : 40));
            task[i].before[task[i].befores++] = &task[before]; /* twice the same now and then */
            assert_int_equal(ramify_graph_edge(graph, vertex[before], vertex[i]), RAMIFY_OK);
        }
    }
    freeze(graph);
    return graph;
}

static void run_often(ramify_graph *graph, ramify_group *group, int runs, int tasks)
{
    for (int r = 1; r <= runs; r++) {
        assert_int_equal(ramify_graph_run(graph, group), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        for (int i = 0; i < tasks; i++)
            assert_int_equal(atomic_load(&task[i].runs), r);
    }
    assert_nothing_noted();
}

static void each_run_runs_all_in_order(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 4; workers++) {
        ramify_runtime *rt     = started_with(workers);
        ramify_group   *group  = new_group(rt, NULL);
        ramify_graph   *graph  = random_graph(rt, MOST, workers, false);
        ramify_counts   before = counts_of(rt), after;
        int             runs   = (int)test_scaled(100);
        run_often(graph, group, runs, MOST);
        after = counts_of(rt);
        assert_int_equal(after.tasks - before.tasks, (uint64_t)runs * MOST);
        assert_int_equal(after.graph_tasks, (uint64_t)runs * MOST);
        assert_int_equal(after.graph_runs, runs);
        assert_int_equal(after.dependent_tasks, 0);
        assert_int_equal(ramify_graph_free(graph), RAMIFY_OK);
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

static void hints_and_policies_are_kept(void **state)
{
    (void)state;
    const char *const policies[] = { "work-stealing", "round-robin", "hash", "load-aware" };
    for (size_t p = 0; p < sizeof policies / sizeof policies[0]; p++) {
        ramify_runtime *rt    = started(&(ramify_options){ .workers = 3, .no_bind = true, .policy = policies[p] });
        ramify_group   *group = new_group(rt, NULL);
        ramify_graph   *graph = random_graph(rt, MOST, p, true);
        run_often(graph, group, (int)test_scaled(50), MOST);
        assert_int_equal(ramify_stop(rt), RAMIFY_OK); /* frees the graph */
    }
}

static ramify_place places[64];

static void note_place(void *argument)
{
    *(ramify_place *)argument = ramify_here();
}

/* A strict wish is a fixed home: the same worker in each run. */
static void homes_are_fixed(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(3);
    ramify_group   *group = new_group(rt, NULL);
    ramify_graph   *graph = new_graph(rt);
    for (uint32_t i = 0; i < 64; i++) {
        ramify_hint hint = ramify_at(ramify_tree_leaf(ramify_runtime_tree(rt), i % 3)->index);
        hint.strict      = true;
        ramify_depend on = { &places[i % 8], RAMIFY_INOUT };
        assert_int_equal(ramify_graph_add(graph, note_place, &places[i], &hint, &on, 1, NULL), RAMIFY_OK);
    }
    freeze(graph);
    for (int r = 0; r < 20; r++) {
        memset(places, 0xff, sizeof places);
        assert_int_equal(ramify_graph_run(graph, group), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        for (uint32_t i = 0; i < 64; i++) {
            assert_int_equal(places[i].worker, i % 3);
            assert_ptr_equal(places[i].group, group);
        }
    }
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void an_empty_graph_runs(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(1);
    ramify_group   *group = new_group(rt, NULL);
    ramify_graph   *graph = new_graph(rt);
    freeze(graph);
    run_often(graph, group, 3, 0);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void cycles_are_named(void **state)
{
    (void)state;
    ramify_runtime    *rt    = started_with(1);
    ramify_graph      *graph = new_graph(rt);
    ramify_diagnosis   wrong = { 0 };
    ramify_graph_facts facts;
    ramify_vertex      v[5];
    clear_tasks();
    for (int i = 0; i < 5; i++)
        v[i] = add(graph, i, NULL);
    assert_int_equal(ramify_graph_name(graph, v[1], "assemble"), RAMIFY_OK);
    assert_int_equal(ramify_graph_edge(graph, v[0], v[1]), RAMIFY_OK);
    assert_int_equal(ramify_graph_edge(graph, v[1], v[2]), RAMIFY_OK);
    assert_int_equal(ramify_graph_edge(graph, v[2], v[3]), RAMIFY_OK);
    assert_int_equal(ramify_graph_edge(graph, v[3], v[4]), RAMIFY_OK);
    assert_int_equal(ramify_graph_edge(graph, v[3], v[1]), RAMIFY_OK);
    assert_int_equal(ramify_graph_freeze(graph, &wrong), RAMIFY_ERR_INVALID);
    assert_int_equal(wrong.status, RAMIFY_ERR_INVALID);
    bool is_named = strstr(wrong.text, "\"assemble\" -> task 2 -> task 3 -> \"assemble\"") ||
                    strstr(wrong.text, "task 2 -> task 3 -> \"assemble\" -> task 2") ||
                    strstr(wrong.text, "task 3 -> \"assemble\" -> task 2 -> task 3");
    if (!is_named)
        fail_msg("the diagnosis was: %s", wrong.text);
    assert_int_equal(ramify_graph_run(graph, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_measure(graph, &facts), RAMIFY_OK);
    assert_int_equal(facts.tasks, 5);
    assert_int_equal(facts.edges, 5);
    assert_int_equal(facts.longest, 0);
    assert_int_equal(ramify_graph_free(graph), RAMIFY_OK);

    graph = new_graph(rt);
    v[0]  = add(graph, 0, NULL);
    assert_int_equal(ramify_graph_edge(graph, v[0], v[0]), RAMIFY_OK);
    assert_int_equal(ramify_graph_freeze(graph, &wrong), RAMIFY_ERR_INVALID);
    assert_string_equal(wrong.text, "a cycle of tasks: task 0 -> task 0");
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void facts_count_edges_once(void **state)
{
    (void)state;
    ramify_runtime    *rt    = started_with(1);
    ramify_graph      *graph = new_graph(rt);
    ramify_graph_facts facts;
    clear_tasks();
    ramify_vertex a = add(graph, 0, NULL), b = add(graph, 1, NULL), c = add(graph, 2, NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ramify_graph_edge(graph, c, a), RAMIFY_OK); /* against the order of recording */
        assert_int_equal(ramify_graph_edge(graph, a, b), RAMIFY_OK);
    }
    freeze(graph);
    assert_int_equal(ramify_graph_measure(graph, &facts), RAMIFY_OK);
    assert_int_equal(facts.tasks, 3);
    assert_int_equal(facts.edges, 2);
    assert_int_equal(facts.longest, 3);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static gate barrier_gate;

static void wrong_use_is_refused(void **state)
{
    (void)state;
    ramify_runtime *rt = started_with(2), *elsewhere = started_with(1);
    ramify_group   *group = new_group(rt, NULL), *foreign = new_group(elsewhere, NULL);
    ramify_graph   *graph = new_graph(rt), *other = new_graph(rt);
    ramify_vertex   v = add(graph, 0, NULL), w = add(other, 1, NULL);
    ramify_depend   on[2] = { { &group, RAMIFY_IN }, { &group, 0 } };
    assert_int_equal(ramify_graph_create(NULL, &graph), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_create(rt, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_edge(graph, v, w), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_edge(graph, w, v), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_edge(graph, v, v + 1), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_edge(graph, 0, v), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_name(graph, w, "w"), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_name(graph, v, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_add(graph, NULL, NULL, NULL, NULL, 0, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_add(graph, run_checked, &task[0], NULL, NULL, 1, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_add(graph, run_checked, &task[0], NULL, on, 2, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(
        ramify_graph_add(graph, run_checked, &task[0], &(ramify_hint){ .domain = 1u << 20 }, NULL, 0, NULL),
        RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_add(graph, run_checked, &task[0], NULL, on, RAMIFY_DEPEND_MAX + 1, NULL),
                     RAMIFY_ERR_RANGE);
    assert_int_equal(ramify_graph_run(graph, group), RAMIFY_ERR_INVALID); /* not frozen */
    barrier_gate = (gate){ 0 };
    ramify_vertex holder;
    assert_int_equal(ramify_graph_add(graph, gate_task, &barrier_gate, NULL, NULL, 0, &holder), RAMIFY_OK);
    assert_int_equal(ramify_graph_edge(graph, holder, v), RAMIFY_OK);
    freeze(graph);
    assert_int_equal(ramify_graph_freeze(graph, NULL), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_graph_edge(graph, v, holder), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_graph_name(graph, v, "late"), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_graph_add(graph, run_checked, &task[0], NULL, NULL, 0, NULL), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_graph_run(graph, foreign), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_graph_run(graph, NULL), RAMIFY_ERR_INVALID);

    clear_tasks();
    assert_int_equal(ramify_graph_run(graph, group), RAMIFY_OK);
    assert_true(reaches(&barrier_gate.standing, 1));
    assert_int_equal(ramify_graph_run(graph, group), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_graph_free(graph), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_group_free(group), RAMIFY_ERR_BUSY);
    atomic_store(&barrier_gate.open, 1);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&task[0].runs), 1);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
    assert_int_equal(ramify_graph_free(graph), RAMIFY_OK);
    assert_int_equal(ramify_graph_free(NULL), RAMIFY_OK);
    assert_int_equal(ramify_stop(elsewhere), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void cancels_its_group(void *argument)
{
    run_checked(argument);
    ramify_group_cancel(ramify_here().group);
}

static void fails_its_group(void *argument)
{
    run_checked(argument);
    (void)ramify_group_fail(ramify_here().group, 7);
}

/* A task in the middle of a chain cancels: those behind it are dropped, everything ends, and the graph runs again. */
static void a_cancelled_run_drains(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(2);
    ramify_group   *group = new_group(rt, NULL);
    ramify_graph   *graph = new_graph(rt);
    ramify_depend   on    = { &graph, RAMIFY_INOUT };
    clear_tasks();
    for (int i = 0; i < 20; i++)
        assert_int_equal(
            ramify_graph_add(graph, i == 9 ? cancels_its_group : run_checked, &task[i], NULL, &on, 1, NULL), RAMIFY_OK);
    freeze(graph);
    for (int r = 1; r <= 3; r++) {
        assert_int_equal(ramify_graph_run(graph, group), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_ERR_CANCELED);
        for (int i = 0; i < 20; i++)
            assert_int_equal(atomic_load(&task[i].runs), i <= 9 ? r : 0);
        assert_int_equal(ramify_graph_run(graph, group), RAMIFY_ERR_CANCELED);
        assert_int_equal(ramify_group_reset(group), RAMIFY_OK);
    }
    assert_int_equal(counts_of(rt).dropped, 30);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static void an_error_reaches_the_group(void **state)
{
    (void)state;
    ramify_runtime *rt     = started_with(2);
    ramify_group   *parent = new_group(rt, NULL), *group = new_group(rt, parent);
    ramify_graph   *graph = new_graph(rt);
    clear_tasks();
    assert_int_equal(ramify_graph_add(graph, fails_its_group, &task[0], NULL, NULL, 0, NULL), RAMIFY_OK);
    add(graph, 1, NULL);
    freeze(graph);
    assert_int_equal(ramify_graph_run(graph, group), RAMIFY_OK);
    assert_int_equal(ramify_wait(parent), RAMIFY_ERR_TASK);
    assert_int_equal(ramify_group_error(group), 7);
    assert_int_equal(atomic_load(&task[1].runs), 1);
    assert_int_equal(ramify_group_reset(group), RAMIFY_OK);
    assert_int_equal(ramify_graph_run(graph, group), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_ERR_TASK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static long        sum;
static _Atomic int inside;

static void adds_alone(void *argument)
{
    (void)argument;
    NOTE(atomic_fetch_add(&inside, 1) == 0);
    sum++;
    for (volatile int i = 0; i < 50; i++)
        continue;
    atomic_fetch_sub(&inside, 1);
}

static void reads_all(void *argument)
{
    NOTE(sum == (long)(intptr_t)argument);
}

/* Commutative tasks run one at a time, between the writer before and the reader after them. */
static void commutative_ones_take_turns(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(4);
    ramify_group   *group = new_group(rt, NULL);
    ramify_graph   *graph = new_graph(rt);
    ramify_depend   changes[3], reads = { &sum, RAMIFY_IN };
    for (int i = 0; i < 200; i++) { /* several batons, named in different orders */
        changes[i % 3]       = (ramify_depend){ &sum, RAMIFY_COMMUTATIVE };
        changes[(i + 1) % 3] = (ramify_depend){ &inside, RAMIFY_COMMUTATIVE };
        changes[(i + 2) % 3] = (ramify_depend){ &task[i % 5], RAMIFY_COMMUTATIVE };
        assert_int_equal(ramify_graph_add(graph, adds_alone, NULL, NULL, changes, 3, NULL), RAMIFY_OK);
    }
    assert_int_equal(ramify_graph_add(graph, reads_all, (void *)200, NULL, &reads, 1, NULL), RAMIFY_OK);
    freeze(graph);
    for (int r = 0; r < (int)test_scaled(200); r++) {
        sum = 0;
        assert_int_equal(ramify_graph_run(graph, group), RAMIFY_OK);
        assert_int_equal(ramify_wait(group), RAMIFY_OK);
        assert_int_equal(sum, 200);
    }
    assert_nothing_noted();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* A graph run from a task that waits for it, beside another graph. */
typedef struct nested_run {
    ramify_graph *graph;
    ramify_group *group;
} nested_run;

static void runs_a_graph(void *argument)
{
    nested_run *n = argument;
    NOTE(ramify_graph_run(n->graph, n->group) == RAMIFY_OK);
    NOTE(ramify_wait(n->group) == RAMIFY_OK);
}

static void graphs_run_inside_tasks(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(2);
    ramify_group   *outer = new_group(rt, NULL);
    nested_run      inner[2];
    inner[0] = (nested_run){ random_graph(rt, MOST, 5, false), new_group(rt, outer) };
    inner[1] = (nested_run){ new_graph(rt), new_group(rt, NULL) };
    freeze(inner[1].graph);
    for (int r = 1; r <= 20; r++) {
        for (int i = 0; i < 2; i++)
            assert_int_equal(ramify_submit(outer, runs_a_graph, &inner[i], NULL), RAMIFY_OK);
        assert_int_equal(ramify_wait(outer), RAMIFY_OK);
        for (int i = 0; i < MOST; i++)
            assert_int_equal(atomic_load(&task[i].runs), r);
    }
    assert_nothing_noted();
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* Bounded queues that are full do not lose what becomes ready. */
static void bounded_queues_lose_nothing(void **state)
{
    (void)state;
    for (uint32_t full = RAMIFY_FULL_BLOCK; full <= RAMIFY_FULL_RUN; full++) {
        ramify_runtime *rt    = started(&(ramify_options){
               .workers = 2, .no_bind = true, .policy = "round-robin", .queue_tasks = 2, .full = full });
        ramify_group   *group = new_group(rt, NULL);
        ramify_graph   *graph = random_graph(rt, MOST, full, true);
        run_often(graph, group, 10, MOST);
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(each_run_runs_all_in_order),
        cmocka_unit_test(hints_and_policies_are_kept),
        cmocka_unit_test(homes_are_fixed),
        cmocka_unit_test(an_empty_graph_runs),
        cmocka_unit_test(cycles_are_named),
        cmocka_unit_test(facts_count_edges_once),
        cmocka_unit_test(wrong_use_is_refused),
        cmocka_unit_test(a_cancelled_run_drains),
        cmocka_unit_test(an_error_reaches_the_group),
        cmocka_unit_test(commutative_ones_take_turns),
        cmocka_unit_test(graphs_run_inside_tasks),
        cmocka_unit_test(bounded_queues_lose_nothing),
    };
    return cmocka_run_group_tests(all, clear_environment, NULL) != 0;
}
