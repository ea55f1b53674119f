/* SPDX-License-Identifier: BSD-3-Clause */
/* Fork-join computations called by several threads from outside at once, beside groups whose tasks call more of them,
 * loops whose bodies do, and a team of lent threads that forks in its own runtime and in the pool. On pools of one
 * worker, of a few, and of more than the machine has cores for. For ThreadSanitizer, and for what only many repetitions
 * show: a fork lost or run twice, a join that returns too early or never. */
#include "runtime/started.h"

#include <pthread.h>

enum { CALLERS = 3, ROUNDS = 15000, WIDE_MOST = 300, DEEP = 9, TEAM = 2, BATCH = 8, RANGE = 40 };

static const uint32_t sizes[] = { 1, 2, 3, 6, 13 };

/* A tree of odd shape; plain counts: a race here is a mistake of fork or join. */
typedef struct tree {
    ramify_fork     fork;
    unsigned        depth;
    uint64_t        seed;
    long            nodes;
    ramify_runtime *within; /* now and then a node calls a computation of its own there; NULL: never */
} tree;

static void grow(ramify_context c, tree *t);
RAMIFY_FORKED(grow, tree, fork)

static uint64_t seed_of_child(uint64_t seed, unsigned i)
{
    return (seed + i) * 6364136223846793005u + 1442695040888963407u;
}

static unsigned children_of(unsigned depth, uint64_t seed)
{
    return depth ? (unsigned)(seed >> 33) % 5 : 0;
}

static long count_serially(unsigned depth, uint64_t seed)
{
    long nodes = 1;
    for (unsigned i = 0; i < children_of(depth, seed); i++)
        nodes += count_serially(depth - 1, seed_of_child(seed, i));
    return nodes;
}

static void call_and_check(ramify_runtime *rt, unsigned depth, uint64_t seed, ramify_runtime *within)
{
    tree root = { .depth = depth, .seed = seed, .nodes = -1, .within = within };
    NOTE(RAMIFY_CALL(rt, grow, &root) == RAMIFY_OK);
    NOTE(root.nodes == count_serially(depth, seed));
}

static void grow(ramify_context c, tree *t)
{
    tree     child[4];
    unsigned count = children_of(t->depth, t->seed);
    long     nodes = 1;
    for (unsigned i = 0; i < count; i++) {
        child[i] = (tree){ .depth = t->depth - 1, .seed = seed_of_child(t->seed, i), .within = t->within };
        RAMIFY_FORK(c, grow, &child[i]);
    }
    if (t->within && t->seed % 61 == 0) /* with live forks below */
        call_and_check(t->within, 3, t->seed + 1, NULL);
    for (unsigned i = count; i-- > 0;) {
        RAMIFY_JOIN(c, grow, &child[i]);
        nodes += child[i].nodes;
    }
    t->nodes = nodes;
}

/* Many forks side by side, so that thieves take them while the owner joins from the other end. */
typedef struct wide {
    ramify_fork fork;
    unsigned    count;
    tree       *leaves;
} wide;

static void spread(ramify_context c, wide *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        w->leaves[i] = (tree){ .depth = i % 3, .seed = i };
        RAMIFY_FORK(c, grow, &w->leaves[i]);
    }
    for (unsigned i = w->count; i-- > 0;)
        RAMIFY_JOIN(c, grow, &w->leaves[i]);
}
RAMIFY_FORKED(spread, wide, fork)

static void call_wide(ramify_runtime *rt, unsigned count)
{
    tree leaves[WIDE_MOST];
    wide root = { .count = count, .leaves = leaves };
    NOTE(RAMIFY_CALL(rt, spread, &root) == RAMIFY_OK);
    for (unsigned i = 0; i < count; i++)
        NOTE(leaves[i].nodes == count_serially(i % 3, i));
}

/* What each thread is given. */
typedef struct player {
    pthread_t       thread;
    ramify_runtime *rt;
    uint64_t        random;
    long            rounds;
    ramify_team    *team;
    uint32_t        number; /* in the team */
} player;

static uint64_t below(player *p, uint64_t most)
{
    return ramify_random(&p->random) % most;
}

static void *call_from_outside(void *argument)
{
    player *p = argument;
    for (long i = 0; i < p->rounds; i++) {
        if (below(p, 4) == 0)
            call_wide(p->rt, (unsigned)below(p, WIDE_MOST));
        else
            call_and_check(p->rt, (unsigned)below(p, DEEP), ramify_random(&p->random), p->rt);
        if (below(p, 16) == 0)
            sleep_us((long)below(p, 100)); /* long enough for workers to park */
    }
    return NULL;
}

typedef struct errand {
    ramify_runtime *rt;
    uint64_t        seed;
    _Atomic long   *ran;
} errand;

static void run_errand(void *argument)
{
    errand *e = argument;
    call_and_check(e->rt, 4, e->seed, NULL);
    atomic_fetch_add(e->ran, 1);
}

static void *submit_groups(void *argument)
{
    player *p = argument;
    for (long i = 0; i < p->rounds; i++) {
        errand        errands[BATCH];
        _Atomic long  ran = 0;
        ramify_group *group;
        NOTE(ramify_group_create(p->rt, NULL, &group) == RAMIFY_OK);
        for (int k = 0; k < BATCH; k++) {
            errands[k] = (errand){ p->rt, ramify_random(&p->random), &ran };
            NOTE(ramify_submit(group, run_errand, &errands[k], NULL) == RAMIFY_OK);
        }
        NOTE(ramify_wait(group) == RAMIFY_OK && ran == BATCH);
        NOTE(ramify_group_free(group) == RAMIFY_OK);
    }
    return NULL;
}

static void fork_in_loop(void *argument, const ramify_chunk *c)
{
    for (int64_t i = c->range[0].begin; i < c->range[0].end; i++) {
        call_and_check(argument, 3, (uint64_t)i, NULL);
        *(int64_t *)c->partial += i;
    }
}

static void loop_once(ramify_runtime *rt)
{
    int64_t            sum   = 0;
    ramify_range       range = { 0, RANGE, 1 };
    ramify_for_options how   = { .reduction = ramify_reduction_of(RAMIFY_INT64, RAMIFY_SUM), .result = &sum };
    NOTE(ramify_for(rt, &range, 1, fork_in_loop, rt, &how) == RAMIFY_OK && sum == RANGE * (RANGE - 1) / 2);
}

static void *run_loops(void *argument)
{
    player *p = argument;
    for (long i = 0; i < p->rounds; i++)
        loop_once(p->rt);
    return NULL;
}

/* On thread 0 of the team: its own runtime's work, and the pool's, to which it is a thread from outside. */
static void work_as_team(ramify_runtime *own, void *argument)
{
    player *p = argument;
    call_and_check(own, (unsigned)below(p, DEEP), ramify_random(&p->random), own);
    loop_once(own);
    call_and_check(p->rt, 5, ramify_random(&p->random), own); /* whose workers call back into the team */
}

static void *lend(void *argument)
{
    player *p = argument;
    NOTE(ramify_team_run(p->team, p->number, work_as_team, p) == RAMIFY_OK);
    return NULL;
}

static void *lend_teams(void *argument)
{
    player      *p = argument;
    ramify_team *team;
    NOTE(ramify_team_create(&(ramify_options){ .no_bind = true }, &team) == RAMIFY_OK);
    for (long i = 0; i < p->rounds / 4 + 1; i++) {
        player second = { .team = team, .number = 1, .rt = p->rt };
        p->team       = team;
        NOTE(ramify_team_claim(team, TEAM) == RAMIFY_OK);
        NOTE(pthread_create(&second.thread, NULL, lend, &second) == 0);
        (void)lend(p);
        pthread_join(second.thread, NULL);
    }
    NOTE(ramify_team_free(team) == RAMIFY_OK);
    return NULL;
}

static void forks_from_everywhere(void **state)
{
    (void)state;
    void *(*const roles[])(void *) = { call_from_outside, call_from_outside, call_from_outside,
                                       submit_groups,     run_loops,         lend_teams };
    enum { PLAYERS = sizeof roles / sizeof roles[0] };
    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        player          players[PLAYERS];
        ramify_runtime *rt = started_with(sizes[s]);
        for (int i = 0; i < PLAYERS; i++) {
            long rounds = (long)test_scaled(i < CALLERS ? ROUNDS : ROUNDS / 4);
            players[i]  = (player){ .rt = rt, .random = (uint64_t)(i + 10 * (int)s), .rounds = rounds };
            assert_int_equal(pthread_create(&players[i].thread, NULL, roles[i], &players[i]), 0);
        }
        for (int i = 0; i < PLAYERS; i++)
            pthread_join(players[i].thread, NULL);
        assert_nothing_noted();
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(forks_from_everywhere) };
    return cmocka_run_group_tests(tests, clear_environment, NULL) != 0;
}
