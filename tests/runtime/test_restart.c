/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting a runtime anew: on more CPUs than it began with, with the memory it had, and not at all when that cannot be.
 */
#include "started.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static _Atomic int ran, told, mistaken;

static void note_newcomers(void *self, ramify_log_level level, const char *line)
{
    (void)self;
    (void)level;
    if (strstr(line, "ramify_restart takes them up"))
        atomic_fetch_add(&told, 1);
}

static void run_tasks(ramify_runtime *rt, int count)
{
    ramify_group *group = new_group(rt, NULL);
    int           due   = atomic_load(&ran) + count;
    for (int i = 0; i < count; i++)
        assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), due);
    assert_int_equal(ramify_group_free(group), RAMIFY_OK);
}

static void own_mask(cpu_set_t *set)
{
    assert_int_equal(sched_getaffinity(0, sizeof *set, set), 0);
}

/* Narrows the thread to one CPU, as a cpuset does; the mask before. False where there is only one. */
static bool narrow(cpu_set_t *all)
{
    cpu_set_t one;
    own_mask(all);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
        if (CPU_ISSET(cpu, all))
            CPU_SET(cpu, &one);
    return CPU_COUNT(all) > 1 && sched_setaffinity(0, sizeof one, &one) == 0;
}

static void what_came_is_told_of_and_taken_up(void **state)
{
    (void)state;
    cpu_set_t       all;
    ramify_runtime *rt;
    if (!narrow(&all)) {
        print_message("skipped: one CPU is all there is, so none can come\n");
        skip();
    }
    rt = started(&(ramify_options){ .workers_per = RAMIFY_PER_PU, .log = note_newcomers });
    assert_int_equal(ramify_runtime_workers(rt), 1);
    assert_int_equal(ramify_runtime_new_cpus(rt), 0);
    run_tasks(rt, 100);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(ramify_runtime_new_cpus(rt), CPU_COUNT(&all) - 1);
    for (int i = 0; i < 2000 && !atomic_load(&told); i++) { /* the worker looks every 5 ms */
        run_tasks(rt, 100);
        sleep_us(1000);
    }
    assert_int_equal(atomic_load(&told), 1);
    assert_int_equal(ramify_restart(&rt, NULL), RAMIFY_OK);
    ramify_tree *tree = NULL;
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .workers_per = RAMIFY_PER_PU }, &tree), RAMIFY_OK);
    assert_int_equal(ramify_runtime_workers(rt), ramify_tree_leaf_count(tree)); /* a quota may be less than the CPUs */
    ramify_tree_free(tree);
    assert_int_equal(ramify_runtime_new_cpus(rt), 0);
    run_tasks(rt, 100);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* All of it gone by the time of the restart but what the copy has. */
static ramify_runtime *start_by_texts_that_go(void)
{
    char *policy = strdup("round-robin"), *schedule = strdup("dynamic,16");
    setenv("RAMIFY_WORKERS", "3", 1);
    ramify_runtime *rt = started(&(ramify_options){ .policy = policy, .schedule = schedule, .no_bind = true });
    unsetenv("RAMIFY_WORKERS");
    memset(policy, '?', strlen(policy));
    memset(schedule, '?', strlen(schedule));
    free(policy);
    free(schedule);
    return rt;
}

static void options_and_memory_go_over(void **state)
{
    (void)state;
    ramify_runtime *rt    = start_by_texts_that_go();
    ramify_space   *space = ramify_runtime_space(rt);
    double         *cells = NULL;
    for (int times = 0; times < 3; times++) { /* the space's tree is the first one, then and later */
        ramify_runtime *before = rt;
        run_tasks(rt, 50);
        if (!cells) {
            assert_int_equal(ramify_space_allocate(space, 1 << 20, NULL, (void **)&cells, NULL), RAMIFY_OK);
            cells[1000] = 3.25;
        }
        assert_int_equal(ramify_restart(&rt, NULL), RAMIFY_OK);
        assert_ptr_not_equal(rt, before);
        assert_int_equal(ramify_runtime_workers(rt), 3);
        assert_ptr_equal(ramify_runtime_space(rt), space);
        assert_true(cells[1000] == 3.25);
        assert_int_not_equal(ramify_space_locate(space, cells), RAMIFY_NONE);
    }
    ramify_group *group = new_group(rt, NULL);
    int           due   = atomic_load(&ran) + 1;
    assert_int_equal(ramify_submit(group, count_task, &ran, &(ramify_hint){ .near = cells }), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), due);
    assert_int_equal(counts_of(rt).near_unknown, 0);
    assert_int_equal(ramify_space_release(space, cells), RAMIFY_OK);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* What was submitted before a restart runs, though nobody waits for it. */
static void no_task_is_lost(void **state)
{
    (void)state;
    ramify_runtime *rt    = started_with(2);
    ramify_group   *group = new_group(rt, NULL);
    int             due   = atomic_load(&ran) + 5000;
    for (int i = 0; i < 5000; i++)
        assert_int_equal(ramify_submit(group, count_task, &ran, NULL), RAMIFY_OK);
    assert_int_equal(ramify_restart(&rt, NULL), RAMIFY_OK);
    assert_int_equal(atomic_load(&ran), due);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

/* Each of the two runtimes leaves its own. */
static void both_traces_are_kept(void **state)
{
    (void)state;
    char folder[] = "/tmp/ramify-restart-XXXXXX", path[64], beside[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.json", folder);
    snprintf(beside, sizeof beside, "%s/x.%d.json", folder, (int)getpid());
    ramify_runtime *rt = started(&(ramify_options){ .workers = 2, .no_bind = true, .trace = path });
    run_tasks(rt, 100);
    assert_int_equal(ramify_restart(&rt, NULL), RAMIFY_OK);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(access(beside, F_OK), -1);
    run_tasks(rt, 100);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(beside), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void restart_from_a_task(void *rt)
{
    ramify_runtime *mine = rt;
    atomic_store(&mistaken, ramify_restart(&mine, NULL));
}

static void restart_from_a_team(ramify_runtime *rt, void *argument)
{
    (void)argument;
    ramify_runtime *mine = rt;
    atomic_store(&mistaken, ramify_restart(&mine, NULL));
}

static void a_team_of_one(void)
{
    ramify_team *team;
    assert_int_equal(ramify_team_create(NULL, &team), RAMIFY_OK);
    assert_int_equal(ramify_team_claim(team, 1), RAMIFY_OK);
    assert_int_equal(ramify_team_run(team, 0, restart_from_a_team, NULL), RAMIFY_OK);
    assert_int_equal(atomic_load(&mistaken), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_team_free(team), RAMIFY_OK);
}

static void mistakes_change_nothing(void **state)
{
    (void)state;
    ramify_diagnosis why  = { 0 };
    ramify_runtime  *rt   = NULL, *same;
    ramify_tree     *tree = NULL;
    assert_int_equal(ramify_restart(NULL, NULL), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_restart(&rt, &why), RAMIFY_ERR_INVALID);
    assert_int_equal(ramify_runtime_new_cpus(NULL), 0);
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .workers = 2 }, &tree), RAMIFY_OK);
    rt = same = started(&(ramify_options){ .tree = tree, .no_bind = true });
    assert_int_equal(ramify_restart(&rt, &why), RAMIFY_ERR_INVALID);
    assert_non_null(strstr(why.text, "ramify_options.tree"));
    assert_ptr_equal(rt, same);
    run_tasks(rt, 10);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    ramify_tree_free(tree);
    rt                  = started_with(2);
    ramify_group *group = new_group(rt, NULL);
    assert_int_equal(ramify_submit(group, restart_from_a_task, rt, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
    assert_int_equal(atomic_load(&mistaken), RAMIFY_ERR_BUSY);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    a_team_of_one();
}

/* Room for no more threads with stacks of that size: the new runtime cannot be made. */
static void without_room_the_old_one_goes_on(void **state)
{
    (void)state;
#if TEST_UNDER_ASAN || TEST_UNDER_TSAN
    print_message("skipped: this sanitizer has address space of its own\n");
    skip();
#endif
    const uint64_t   stack = 256 << 20;
    struct rlimit    before, little;
    ramify_diagnosis why = { 0 };
    ramify_runtime  *rt = started(&(ramify_options){ .workers = 2, .no_bind = true, .stack_bytes = stack }), *same = rt;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    little          = before;
    little.rlim_cur = (rlim_t)own_status("VmSize:") * 1024 + stack / 2;
    assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
    ramify_status status = ramify_restart(&rt, &why);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(status, RAMIFY_ERR_SYSTEM);
    assert_ptr_equal(rt, same);
    run_tasks(rt, 100);
    assert_int_equal(own_status("Threads:"), 3);
    assert_int_equal(ramify_restart(&rt, &why), RAMIFY_OK);
    run_tasks(rt, 100);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_came_is_told_of_and_taken_up, clear_environment),
        cmocka_unit_test_setup(options_and_memory_go_over, clear_environment),
        cmocka_unit_test_setup(no_task_is_lost, clear_environment),
        cmocka_unit_test_setup(both_traces_are_kept, clear_environment),
        cmocka_unit_test_setup(without_room_the_old_one_goes_on, clear_environment),
        cmocka_unit_test_setup(mistakes_change_nothing, clear_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
