/* SPDX-License-Identifier: BSD-3-Clause */
/* Tasks with homes on a machine of four nodes that is not there: the real queues, search and rule, driven by one thread
 * in virtual time, so every run is the same.
 *
 * A task costs so many nanoseconds, and away from home as much more as the distance says: what a task that only waits
 * for memory would cost. Submission takes 50 ns, a fruitless look 100 ns. */
#include "check.h"
#include "homes_tree.h"

#include "fetch.h"
#include "submit.h"
#include "worker.h"

#include "virtual_clock.h"

#include <string.h>

enum { NODES = 4, PER_NODE = 2, WORKERS = NODES * PER_NODE, TASKS_MOST = 4096, SUBMIT_NS = 50, LOOK_NS = 100 };

typedef struct job {
    uint64_t cost_ns;
    uint32_t node; /* of its data */
    uint32_t runs;
} job;

static uint64_t     now_ns;
static ramify_tree *tree;
static rmf_plan    *plan, *by_key; /* work-stealing, affinity */
static rmf_pool    *pool, pool_memory; /* aligned to its lines, as what a test allocates is not */
static ramify_group group;
static rmf_worker  *running; /* whoever the virtual time belongs to now */
static job          jobs[TASKS_MOST];

/* What one run came to. */
typedef struct tally {
    uint64_t tasks, busy_ns, at_home, free_ns; /* free_ns: when it can do something next */
} tally;

static tally    tallies[WORKERS];
static uint64_t first_away_ns[NODES]; /* when the first task of node 0 ran on each node */

uint64_t virtual_ticks(void)
{
    return now_ns;
}

static uint32_t node_of(uint32_t worker)
{
    return worker / PER_NODE;
}

static uint32_t numa_domain(uint32_t node)
{
    uint32_t             count;
    const ramify_memory *memories = ramify_tree_memories(tree, &count);
    assert_int_equal(count, NODES);
    return memories[node].domain;
}

static uint64_t cost_on(const job *j, uint32_t node)
{
    return j->cost_ns * ramify_tree_node_distance(tree, node, j->node) / 10;
}

static void run_job(void *argument)
{
    job     *j    = argument;
    uint32_t node = node_of(running->number);
    if (j->node == RAMIFY_NONE) /* first touch */
        j->node = node;
    uint64_t cost = cost_on(j, node);
    tally   *t    = &tallies[running->number];
    if (j->node == 0 && !first_away_ns[node])
        first_away_ns[node] = now_ns;
    j->runs++;
    t->tasks++;
    t->busy_ns += cost;
    t->at_home += node == j->node;
    now_ns += cost;
}

static int open_machine(void **state)
{
    (void)state;
    tree = homes_tree(NODES / 2, PER_NODE);
    assert_int_equal(rmf_plan_create(tree, "work-stealing", NULL, 0, NULL, &plan), RAMIFY_OK);
    assert_int_equal(rmf_plan_create(tree, "affinity", NULL, 0, NULL, &by_key), RAMIFY_OK);
    return 0;
}

static int close_machine(void **state)
{
    (void)state;
    rmf_plan_free(plan);
    rmf_plan_free(by_key);
    ramify_tree_free(tree);
    return 0;
}

static void make_pool(void)
{
    pool  = &pool_memory;
    *pool = (rmf_pool){ .tree          = tree,
                        .plan          = plan,
                        .worker_count  = WORKERS,
                        .domains       = ramify_tree_domains(tree, &(uint32_t){ 0 }),
                        .latency_every = 64,
                        .ns_per_tick   = 1.0,
                        .spin_ticks    = 50000,
                        .serial        = 1 };
    (void)ramify_tree_domains(tree, &pool->domain_count);
    pthread_mutex_init(&pool->lock, NULL);
    rmf_depot_init(&pool->depot, RMF_LINE_BYTES);
    pool->workers = test_calloc(WORKERS, sizeof *pool->workers);
    pool->mail    = test_calloc(pool->domain_count, sizeof *pool->mail);
    assert_int_equal(rmf_parking_init(&pool->parking, tree), RAMIFY_OK);
    assert_int_equal(rmf_remote_init(&pool->remote, tree), RAMIFY_OK);
    for (uint32_t w = 0; w < WORKERS; w++)
        assert_non_null(pool->workers[w] = rmf_worker_make(pool, w));
    group = (ramify_group){ .pool = pool };
    pthread_mutex_init(&group.lock, NULL);
    memset(tallies, 0, sizeof tallies);
    memset(first_away_ns, 0, sizeof first_away_ns);
    now_ns = 1000000; /* workers have been idle for a while */
    for (uint32_t w = 0; w < WORKERS; w++)
        tallies[w].free_ns = now_ns;
}

static void drop_inbox(rmf_inbox *inbox)
{
    if (inbox)
        rmf_inbox_drop(inbox);
    free(inbox);
}

static void drop_pool(void)
{
    for (uint32_t w = 0; w < WORKERS; w++)
        rmf_worker_drop(pool->workers[w]);
    for (uint32_t d = 0; d < pool->domain_count; d++) {
        drop_inbox(atomic_load(&pool->mail[d].open));
        drop_inbox(atomic_load(&pool->mail[d].strict));
        drop_inbox(atomic_load(&pool->mail[d].homed));
    }
    rmf_parking_drop(&pool->parking);
    rmf_remote_drop(&pool->remote);
    rmf_depot_drop(&pool->depot);
    test_free(pool->workers);
    test_free(pool->mail);
}

static void submit(uint32_t i, bool strict)
{
    bool        keyed = pool->plan == by_key;
    ramify_hint hint  = keyed ? ramify_keyed(i) : ramify_at(numa_domain(jobs[i].node));
    hint.strict      = strict;
    jobs[i].runs     = 0;
    assert_int_equal(ramify_submit(&group, run_job, &jobs[i], &hint), RAMIFY_OK);
}

static rmf_worker *next_worker(void)
{
    uint32_t least = 0;
    for (uint32_t w = 1; w < WORKERS; w++)
        if (tallies[w].free_ns < tallies[least].free_ns)
            least = w;
    return pool->workers[least];
}

/* One thread from outside submits jobs 0 .. count - 1 while the workers look for work, until all have run. */
static void sweep(uint32_t count, bool strict)
{
    uint64_t submit_ns = 0;
    uint32_t submitted = 0;
    for (uint32_t w = 0; w < WORKERS; w++) /* a sweep begins when the one before has ended */
        submit_ns = tallies[w].free_ns > submit_ns ? tallies[w].free_ns : submit_ns;
    while (submitted < count || !rmf_group_is_done(&group)) {
        rmf_worker *worker = next_worker();
        tally      *t      = &tallies[worker->number];
        if (submitted < count && submit_ns <= t->free_ns) {
            now_ns = submit_ns;
            submit(submitted++, strict);
            submit_ns += SUBMIT_NS;
            continue;
        }
        rmf_task task;
        now_ns  = t->free_ns;
        running = worker;
        if (rmf_fetch_own(worker, &task) || rmf_fetch_far(worker, &task))
            rmf_worker_run(worker, &task);
        else
            now_ns += LOOK_NS;
        rmf_worker_settle(worker);
        t->free_ns = now_ns;
    }
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(jobs[i].runs, 1);
}

static double share_at_home(uint32_t tasks)
{
    uint64_t home = 0;
    for (uint32_t w = 0; w < WORKERS; w++)
        home += tallies[w].at_home;
    return (double)home / tasks;
}

/* Largest distance of a worker from the mean, as a share of the mean; of tasks, or of time in tasks. */
static double spread(bool of_time)
{
    double sum = 0, worst = 0;
    for (uint32_t w = 0; w < WORKERS; w++)
        sum += (double)(of_time ? tallies[w].busy_ns : tallies[w].tasks);
    for (uint32_t w = 0; w < WORKERS; w++) {
        double off = (double)(of_time ? tallies[w].busy_ns : tallies[w].tasks) / (sum / WORKERS) - 1;
        worst      = off > worst ? off : -off > worst ? -off : worst;
    }
    return worst;
}

static void report(const char *what, uint32_t tasks)
{
    print_message("%s: %.1f %% at home, tasks per worker within %.1f %%, time in tasks within %.1f %%\n", what,
                  100 * share_at_home(tasks), 100 * spread(false), 100 * spread(true));
}

/* Blocks of equal cost, as a Jacobi sweep has them; they come node after node, the worst order for those who wait. */
static void even_cost_stays_at_home(void **state)
{
    (void)state;
    enum { BLOCKS = 128, SWEEPS = 10 };
    make_pool();
    for (uint32_t i = 0; i < BLOCKS; i++)
        jobs[i] = (job){ .cost_ns = 20000 + 10 * (i * 37 % 100), .node = i / (BLOCKS / NODES) };
    for (uint32_t s = 0; s < SWEEPS; s++)
        sweep(BLOCKS, false);
    report("even cost", BLOCKS * SWEEPS);
    assert_true(share_at_home(BLOCKS * SWEEPS) >= 0.95);
    assert_true(spread(false) <= 0.10);
    drop_pool();
}

/* The same where thieves take what they find: what the rule is there for. */
static void without_the_rule_it_scatters(void **state)
{
    (void)state;
    enum { BLOCKS = 128, SWEEPS = 10 };
    make_pool();
    rmf_remote_drop(&pool->remote);
    for (uint32_t w = 0; w < WORKERS; w++)
        pool->workers[w]->remote = NULL;
    for (uint32_t i = 0; i < BLOCKS; i++)
        jobs[i] = (job){ .cost_ns = 20000 + 10 * (i * 37 % 100), .node = i / (BLOCKS / NODES) };
    for (uint32_t s = 0; s < SWEEPS; s++)
        sweep(BLOCKS, false);
    report("even cost, without the rule", BLOCKS * SWEEPS);
    assert_true(share_at_home(BLOCKS * SWEEPS) < 0.90);
    drop_pool();
}

/* Blocks with a key and skewed cost, touched first by whoever runs them first. */
static void keys_keep_their_place(void **state)
{
    (void)state;
    enum { BLOCKS = 512, SWEEPS = 8 };
    uint64_t random = 11;
    make_pool();
    pool->plan = by_key;
    for (uint32_t i = 0; i < BLOCKS; i++)
        jobs[i] = (job){ .cost_ns = ramify_random(&random) % 8 ? 10000 : 40000, .node = RAMIFY_NONE };
    for (uint32_t s = 0; s < SWEEPS; s++)
        sweep(BLOCKS, false);
    report("keys, skewed cost", BLOCKS * SWEEPS);
    assert_true(share_at_home(BLOCKS * SWEEPS) >= 0.95);
    assert_true(spread(false) <= 0.20);
    assert_true(spread(true) <= 0.20);
    drop_pool();
}

/* A few blocks cost many times the others, wherever they lie. */
static void skewed_cost_leaves_nobody_idle(void **state)
{
    (void)state;
    enum { BLOCKS = 2048 };
    uint64_t random = 7;
    make_pool();
    for (uint32_t i = 0; i < BLOCKS; i++) {
        uint64_t draw = ramify_random(&random) % 16;
        jobs[i]       = (job){ .cost_ns = draw == 0 ? 80000 : draw < 4 ? 20000 : 5000, .node = i % NODES };
    }
    sweep(BLOCKS, false);
    report("skewed cost", BLOCKS);
    assert_true(share_at_home(BLOCKS) >= 0.95);
    assert_true(spread(false) <= 0.20);
    assert_true(spread(true) <= 0.20);
    drop_pool();
}

/* All data on one node: the others help, the nearer the sooner, and everybody works to the end. */
static void an_overloaded_home_is_helped_nearest_first(void **state)
{
    (void)state;
    enum { BLOCKS = 512 };
    make_pool();
    for (uint32_t i = 0; i < BLOCKS; i++)
        jobs[i] = (job){ .cost_ns = 20000, .node = 0 };
    sweep(BLOCKS, false);
    report("one home", BLOCKS);
    assert_true(first_away_ns[0] < first_away_ns[1]);
    assert_true(first_away_ns[1] < first_away_ns[2]);
    assert_true(first_away_ns[1] < first_away_ns[3]);
    assert_true(spread(true) <= 0.20);
    drop_pool();
}

/* Home is held up by two long tasks; what waits behind them is taken once it has waited for the price, not before. */
static void what_waits_too_long_is_taken(void **state)
{
    (void)state;
    make_pool();
    for (uint32_t i = 0; i < 8; i++) /* T becomes known */
        jobs[i] = (job){ .cost_ns = 10000, .node = i % NODES };
    sweep(8, false);
    uint64_t start = now_ns;
    memset(first_away_ns, 0, sizeof first_away_ns);
    jobs[0] = jobs[1] = (job){ .cost_ns = 10000000, .node = 0 };
    jobs[2]           = (job){ .cost_ns = 10000, .node = 0 };
    sweep(3, false);
    uint64_t first = first_away_ns[1];
    assert_true(first > start);
    assert_true(first < start + 10000000 / 2); /* long before home would have come to it */
    assert_int_equal(first_away_ns[2], 0);     /* a near node's price falls due first */
    assert_int_equal(first_away_ns[3], 0);
    drop_pool();
}

static void strict_is_never_taken(void **state)
{
    (void)state;
    enum { BLOCKS = 256 };
    make_pool();
    for (uint32_t i = 0; i < BLOCKS; i++)
        jobs[i] = (job){ .cost_ns = 20000, .node = i % 8 == 7 ? 1 : 0 };
    sweep(BLOCKS, true);
    assert_true(share_at_home(BLOCKS) == 1.0);
    drop_pool();
}

/* The rule by itself, at its edges. */
static void the_rule(void **state)
{
    (void)state;
    rmf_home_state home = { .tasks = 2, .workers = 2, .filled_ticks = 100, .taken_ticks = 500, .run_ticks = 1000 };
    assert_int_equal(rmf_remote_wait(&home, 0, 500), 0); /* on the same node */
    assert_int_equal(rmf_remote_wait(&home, 11, 500), 1100);
    assert_int_equal(rmf_remote_wait(&home, 11, 1599), 1);
    assert_int_equal(rmf_remote_wait(&home, 11, 1600), 0);
    home.tasks = 5; /* 2.5 per worker are more than twice 1.1: what counts is how long the queue has not been empty */
    assert_int_equal(rmf_remote_wait(&home, 11, 600), 600);
    assert_int_equal(rmf_remote_wait(&home, 11, 1200), 0);
    assert_int_equal(rmf_remote_wait(&home, 20, 1200), 1300); /* but not more than twice 2.0 */
    home.filled_ticks = 3000;                                 /* filled after it was last taken from */
    home.tasks        = 1;
    assert_int_equal(rmf_remote_wait(&home, 10, 3000), 1000);
    assert_int_equal(rmf_remote_wait(&home, 10, 2000), 1000); /* another core's ticks may be a little behind */
}

static void one_node_has_no_prices(void **state)
{
    (void)state;
    ramify_tree *flat = homes_tree_flat();
    rmf_remote   remote;
    assert_int_equal(rmf_remote_init(&remote, flat), RAMIFY_OK);
    assert_null(rmf_remote_row(&remote, ramify_tree_leaf(flat, 0)));
    assert_false(rmf_remote_is_far(&remote, 0));
    rmf_remote_drop(&remote);
    ramify_tree_free(flat);
}

static void prices_follow_the_distances(void **state)
{
    (void)state;
    rmf_remote remote;
    assert_int_equal(rmf_remote_init(&remote, tree), RAMIFY_OK);
    const uint8_t *row = rmf_remote_row(&remote, ramify_tree_leaf(tree, 0));
    assert_int_equal(row[0], 0); /* everybody is at home at the root */
    assert_false(rmf_remote_is_far(&remote, 0));
    assert_int_equal(row[numa_domain(0)], 0);
    assert_int_equal(row[numa_domain(1)], 2);
    assert_int_equal(row[numa_domain(2)], 11);
    assert_int_equal(row[ramify_tree_leaf(tree, 1)->index], 0); /* another leaf of the node */
    assert_int_equal(row[ramify_tree_leaf(tree, 7)->index], 11);
    uint32_t package = ramify_tree_domains(tree, NULL)[numa_domain(2)].parent;
    assert_int_equal(row[package], 11);
    assert_true(rmf_remote_is_far(&remote, package));
    rmf_remote_drop(&remote);
}

/* Without a sample, from the time between looks for work. */
static void run_time_is_known_without_samples(void **state)
{
    (void)state;
    enum { COST = 1000, JOBS = 4 };
    const rmf_goal end = { NULL, NULL };
    rmf_task       task;
    make_pool();
    rmf_worker *worker  = running = pool->workers[1 * PER_NODE];
    pool->latency_every = 1u << 30;
    for (uint32_t i = 0; i < JOBS; i++) {
        jobs[i] = (job){ .node = 1, .cost_ns = COST };
        submit(i, false);
    }
    for (uint32_t i = 0; i < JOBS; i++) {
        assert_true(rmf_worker_next(worker, &task, &end));
        if (i > 0)
            assert_int_equal(atomic_load(&worker->run_ticks), COST);
        rmf_worker_run(worker, &task);
        atomic_store(&worker->run_ticks, 0);
    }
    rmf_worker_settle(worker);
    drop_pool();
}

/* Nobody at home knows how long a task takes: a thief goes by its own, and only without that by the shortest wait. */
static void a_thief_judges_by_its_own_run_time(void **state)
{
    (void)state;
    rmf_task task;
    make_pool();
    rmf_worker *thief = running = pool->workers[(NODES - 1) * PER_NODE];
    jobs[0]           = (job){ .node = 0, .cost_ns = 1000 };
    submit(0, false);
    now_ns += 4 * pool->spin_ticks; /* more than the price of a task that takes as long as a search */
    atomic_store(&thief->run_ticks, 1000 * pool->spin_ticks);
    assert_false(rmf_fetch_far(thief, &task));
    atomic_store(&thief->run_ticks, 0);
    assert_true(rmf_fetch_far(thief, &task));
    rmf_worker_run(thief, &task);
    rmf_worker_settle(thief);
    drop_pool();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rule),
        cmocka_unit_test(prices_follow_the_distances),
        cmocka_unit_test(one_node_has_no_prices),
        cmocka_unit_test(even_cost_stays_at_home),
        cmocka_unit_test(without_the_rule_it_scatters),
        cmocka_unit_test(keys_keep_their_place),
        cmocka_unit_test(skewed_cost_leaves_nobody_idle),
        cmocka_unit_test(an_overloaded_home_is_helped_nearest_first),
        cmocka_unit_test(what_waits_too_long_is_taken),
        cmocka_unit_test(strict_is_never_taken),
        cmocka_unit_test(run_time_is_known_without_samples),
        cmocka_unit_test(a_thief_judges_by_its_own_run_time),
    };
    return cmocka_run_group_tests(tests, open_machine, close_machine) != 0;
}
