/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared views: what a reader sees is what the runtime counted, and neither end's death hurts the other. */
#include "check.h"
#include "shared_reader.h"
#include "shared_view.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <ramify/ramify.h>

enum { TASKS = 5000, LISTED = 256 };

static void nothing(void *unused)
{
    (void)unused;
}

static ramify_runtime *start(uint32_t workers)
{
    ramify_runtime *rt;
    assert_int_equal(ramify_start(&(ramify_options){ .workers = workers, .no_bind = true, .view = true }, &rt),
                     RAMIFY_OK);
    assert_non_null(ramify_runtime_view(rt));
    return rt;
}

static void run_tasks(ramify_runtime *rt)
{
    ramify_group *group;
    assert_int_equal(ramify_group_create(rt, NULL, &group), RAMIFY_OK);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(ramify_submit(group, nothing, NULL, NULL), RAMIFY_OK);
    assert_int_equal(ramify_wait(group), RAMIFY_OK);
}

static double value(const ramify_snapshot *s, const char *name)
{
    ramify_metric m;
    assert_int_equal(ramify_snapshot_find(s, name, RAMIFY_SCOPE_RUNTIME, 0, &m, NULL), RAMIFY_OK);
    return m.value;
}

static double tasks_in(const ramify_view *view)
{
    ramify_snapshot *s;
    assert_int_equal(ramify_view_snapshot(view, &s), RAMIFY_OK);
    double tasks = value(s, "tasks");
    ramify_snapshot_free(s);
    return tasks;
}

static bool is_listed(const char *path)
{
    static ramify_view_entry entries[LISTED];
    uint32_t                 count;
    assert_int_equal(ramify_view_list(entries, LISTED, &count), RAMIFY_OK);
    for (uint32_t i = 0; i < count && i < LISTED; i++)
        if (strcmp(entries[i].path, path) == 0)
            return true;
    return false;
}

static void a_reader_sees_what_was_counted(void **state)
{
    (void)state;
    ramify_runtime  *rt = start(2);
    ramify_view     *view;
    ramify_snapshot *before, *after, *during, *own;
    char             path[128];
    snprintf(path, sizeof path, "%s", ramify_runtime_view(rt));
    assert_true(is_listed(path));
    assert_int_equal(ramify_view_open(path, &view, NULL), RAMIFY_OK);
    assert_int_equal(ramify_view_about(view)->pid, getpid());
    assert_int_equal(ramify_view_about(view)->workers, 2);
    assert_int_equal(ramify_view_snapshot(view, &before), RAMIFY_OK);
    ramify_code_region *region;
    assert_int_equal(ramify_region_define(rt, "seen", &region), RAMIFY_OK);
    assert_int_equal(ramify_region_begin(region), RAMIFY_OK);
    assert_int_equal(ramify_region_end(region), RAMIFY_OK);
    run_tasks(rt);
    while (tasks_in(view) < TASKS)
        usleep(10000);
    assert_int_equal(ramify_view_snapshot(view, &after), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_take(rt, &own), RAMIFY_OK);
    assert_int_equal(ramify_snapshot_between(before, after, &during), RAMIFY_OK);
    assert_true(value(during, "tasks") == TASKS);
    assert_true(value(during, "latency_samples") == value(own, "latency_samples"));
    ramify_metric m;
    assert_int_equal(ramify_snapshot_find_region(during, "seen", "region_count", RAMIFY_SCOPE_THREAD, 0, &m, NULL),
                     RAMIFY_OK);
    assert_true(m.value == 1.0);
    uint32_t rows, own_rows, sites, own_sites;
    (void)ramify_snapshot_metrics(after, &rows);
    (void)ramify_snapshot_metrics(own, &own_rows);
    assert_int_equal(rows, own_rows);
    const ramify_site *site = ramify_snapshot_sites(after, &sites), *own_site = ramify_snapshot_sites(own, &own_sites);
    assert_int_equal(sites, own_sites);
    assert_memory_equal(site, own_site, sites * sizeof *site);
    assert_int_equal(ramify_view_state_of(view), RAMIFY_VIEW_LIVE);
    ramify_snapshot_free(before);
    ramify_snapshot_free(after);
    ramify_snapshot_free(during);
    ramify_snapshot_free(own);

    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    assert_int_equal(ramify_view_state_of(view), RAMIFY_VIEW_ENDED);
    assert_true(tasks_in(view) == TASKS); /* the last picture stays while it is mapped */
    assert_false(is_listed(path));
    ramify_view_close(view);
}

static void two_runtimes_have_two_views(void **state)
{
    (void)state;
    ramify_runtime *a = start(1), *b = start(2);
    ramify_view    *view;
    assert_string_not_equal(ramify_runtime_view(a), ramify_runtime_view(b));
    assert_int_equal(ramify_view_open(ramify_runtime_view(b), &view, NULL), RAMIFY_OK);
    assert_int_equal(ramify_view_about(view)->workers, 2);
    assert_true(is_listed(ramify_runtime_view(a)));
    ramify_view_close(view);
    assert_int_equal(ramify_stop(a), RAMIFY_OK);
    assert_true(is_listed(ramify_runtime_view(b)));
    assert_int_equal(ramify_stop(b), RAMIFY_OK);
}

/* Starts a child that hands over its view's path, then waits to be killed. */
static pid_t child_with_view(char path[128])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        ramify_runtime *rt;
        char            own[128] = { 0 };
        if (ramify_start(&(ramify_options){ .workers = 1, .no_bind = true, .view = true }, &rt) == RAMIFY_OK)
            snprintf(own, sizeof own, "%s", ramify_runtime_view(rt));
        if (write(ends[1], own, sizeof own) == (ssize_t)sizeof own)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ends[0], path, 128), 128);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void a_killed_program_leaves_nothing(void **state)
{
    (void)state;
    ramify_view *view;
    char         path[128];
    pid_t        child = child_with_view(path);
    assert_true(is_listed(path));
    assert_int_equal(ramify_view_open(path, &view, NULL), RAMIFY_OK);
    assert_int_equal(ramify_view_state_of(view), RAMIFY_VIEW_LIVE);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(ramify_view_state_of(view), RAMIFY_VIEW_DEAD);
    assert_false(is_listed(path));
    assert_int_equal(access(path, F_OK), -1);
    ramify_view_close(view);
}

static void a_killed_reader_is_not_noticed(void **state)
{
    (void)state;
    ramify_runtime *rt = start(1);
    char            path[128];
    snprintf(path, sizeof path, "%s", ramify_runtime_view(rt));
    pid_t child = fork();
    if (child == 0) {
        ramify_view *view;
        if (ramify_view_open(path, &view, NULL) == RAMIFY_OK)
            raise(SIGKILL);
        _exit(1);
    }
    int how;
    waitpid(child, &how, 0);
    assert_true(WIFSIGNALED(how));
    run_tasks(rt);
    assert_true(is_listed(path));
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

typedef struct onlooker {
    _Atomic uint32_t done;
    uint32_t         pictures, backward, odd; /* a cmocka assertion works on the main thread only */
} onlooker;

static void look(onlooker *o, const char *path)
{
    ramify_view     *view;
    ramify_snapshot *s;
    double           tasks = 0.0;
    if (ramify_view_open(path, &view, NULL)) /* it has ended meanwhile */
        return;
    while (ramify_view_snapshot(view, &s) == RAMIFY_OK) {
        ramify_metric m;
        o->odd += ramify_snapshot_find(s, "tasks", RAMIFY_SCOPE_RUNTIME, 0, &m, NULL) != RAMIFY_OK;
        o->backward += m.value < tasks;
        tasks = m.value;
        o->pictures++;
        ramify_snapshot_free(s);
        if (ramify_view_state_of(view) != RAMIFY_VIEW_LIVE)
            break;
        usleep(200);
    }
    ramify_view_close(view);
}

static void *look_on(void *onlooker_)
{
    onlooker *o = onlooker_;
    while (!rmf_load_relaxed(&o->done)) {
        ramify_view_entry entries[LISTED];
        uint32_t          count = 0;
        o->odd += ramify_view_list(entries, LISTED, &count) != RAMIFY_OK;
        for (uint32_t i = 0; i < count && i < LISTED; i++)
            if (entries[i].pid == (uint32_t)getpid())
                look(o, entries[i].path);
    }
    return NULL;
}

/* Runtimes start and stop while somebody looks at whatever there is: each picture is whole, and none goes back. */
static void starts_and_stops_are_looked_at(void **state)
{
    (void)state;
    onlooker  o = { 0 };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, look_on, &o), 0);
    for (int i = 0; i < 10; i++) {
        ramify_runtime *rt = start(2);
        run_tasks(rt);
        usleep(5000);
        assert_int_equal(ramify_stop(rt), RAMIFY_OK);
    }
    rmf_store_relaxed(&o.done, 1);
    pthread_join(thread, NULL);
    assert_int_equal(o.backward, 0);
    assert_int_equal(o.odd, 0);
    assert_true(o.pictures > 0);
}

/* A file like a view's with something wrong in it. at: byte that is changed, or -1; length: to cut it to, or 0. */
static void damage(const char *from, const char *to, long at, off_t length)
{
    static char bytes[1 << 20];
    int         in = open(from, O_RDONLY), out = open(to, O_RDWR | O_CREAT | O_TRUNC, 0600);
    ssize_t     got = read(in, bytes, sizeof bytes);
    assert_true(got > 0 && got < (ssize_t)sizeof bytes);
    if (at >= 0)
        bytes[at] = (char)~bytes[at];
    assert_int_equal(write(out, bytes, (size_t)got), got);
    if (length)
        assert_int_equal(ftruncate(out, length), 0);
    close(in);
    close(out);
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    ramify_runtime  *rt   = start(1);
    const char      *path = ramify_runtime_view(rt);
    ramify_view     *view = NULL;
    ramify_snapshot *s    = NULL;
    ramify_diagnosis why;
    char             bad[] = "/tmp/ramify-view-XXXXXX";
    close(mkstemp(bad));
    const size_t heads[] = { 0,
                             offsetof(rmf_view_head, layout),
                             offsetof(rmf_view_head, fingerprint),
                             offsetof(rmf_view_head, workers) + 3,
                             offsetof(rmf_view_head, sites) + 1,
                             offsetof(rmf_view_head, words) };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        damage(path, bad, (long)heads[i], 0);
        assert_int_equal(ramify_view_open(bad, &view, &why), RAMIFY_ERR_FORMAT);
        assert_non_null(strstr(why.text, bad));
    }
    const off_t lengths[] = { 1, 64, sizeof(rmf_view_head), sizeof(rmf_view_head) + 4096 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        damage(path, bad, -1, lengths[i]);
        assert_int_equal(ramify_view_open(bad, &view, &why), RAMIFY_ERR_FORMAT);
    }
    damage(path, bad, (long)sizeof(rmf_view_head) + 4 * 8 + 7, 0); /* 2^56 counters */
    assert_int_equal(ramify_view_open(bad, &view, NULL), RAMIFY_OK);
    assert_int_equal(ramify_view_snapshot(view, &s), RAMIFY_ERR_FORMAT);
    ramify_view_close(view);
    damage(path, bad, offsetof(rmf_view_head, version), 0); /* a writer that died in the middle */
    assert_int_equal(ramify_view_open(bad, &view, NULL), RAMIFY_OK);
    assert_int_equal(ramify_view_snapshot(view, &s), RAMIFY_ERR_NOT_NOW);
    ramify_view_close(view);
    assert_int_equal(ramify_view_open("/no/such/view", &view, &why), RAMIFY_ERR_NOT_FOUND);
    assert_int_equal(ramify_view_open("/dev/null", &view, &why), RAMIFY_ERR_FORMAT);
    assert_int_equal(ramify_view_open(NULL, &view, &why), RAMIFY_ERR_INVALID);
    assert_null(s);
    unlink(bad);
    assert_int_equal(ramify_stop(rt), RAMIFY_OK);
}

static ramify_status take_none(void *self, ramify_snapshot **snapshot)
{
    (void)self, (void)snapshot;
    return RAMIFY_ERR_NO_MEMORY;
}

static void a_view_that_cannot_be_made_says_why(void **state)
{
    (void)state;
    const rmf_view_source source = { NULL, take_none, 1, 1, 0 };
    rmf_view_writer      *writer = NULL;
    rmf_why               why;
    assert_int_equal(rmf_view_start(&source, "/no/such/place", &writer, &why), RAMIFY_ERR_SYSTEM);
    assert_non_null(strstr(why.text, "/no/such/place"));
    assert_null(writer);
    uint32_t count;
    assert_int_equal(rmf_view_list("/no/such/place", NULL, 0, &count), RAMIFY_ERR_SYSTEM);
}

/* A snapshot with a counter, there and back. */
static void a_frame_keeps_counters(void **state)
{
    (void)state;
    ramify_snapshot *s     = rmf_snapshot_make(2, 1), *back;
    uint64_t        *words = calloc(rmf_frame_words(2, 1), sizeof *words);
    assert_non_null(s);
    assert_non_null(words);
    s->site[0]              = (ramify_site){ .parent = RAMIFY_NONE, .leaf_count = 2 };
    s->counters             = 1;
    s->counted[0]           = (rmf_counted){ rmf_event_named("cycles", 6), RAMIFY_SOURCE_PERF, { "because" }, true };
    s->counter_known[1]     = 1;
    s->tally[1].counters[0] = 1234;
    rmf_frame_pack(s, words);
    assert_int_equal(rmf_frame_unpack(words, 2, 1, &back), RAMIFY_OK);
    assert_string_equal(back->counted[0].event->name, "cycles");
    assert_string_equal(back->counted[0].why.text, "because");
    assert_int_equal(back->counted[0].source, RAMIFY_SOURCE_PERF);
    assert_true(back->counted[0].partial);
    assert_int_equal(back->counter_known[0], 0);
    assert_int_equal(back->counter_known[1], 1);
    assert_int_equal(back->tally[1].counters[0], 1234);
    ramify_snapshot_free(back);
    s->site[0].leaf_count = 3; /* one more than there are workers */
    rmf_frame_pack(s, words);
    assert_int_equal(rmf_frame_unpack(words, 2, 1, &back), RAMIFY_ERR_FORMAT);
    ramify_snapshot_free(s);
    free(words);
}

int main(void)
{
    if (access(RMF_VIEW_DIRECTORY, W_OK)) {
        printf("skip: %s cannot be written to\n", RMF_VIEW_DIRECTORY);
        return SKIP_TEST_FILE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_program_leaves_nothing), /* first: it forks, which wants a process of one thread */
        cmocka_unit_test(a_reader_sees_what_was_counted),  cmocka_unit_test(two_runtimes_have_two_views),
        cmocka_unit_test(a_killed_reader_is_not_noticed),  cmocka_unit_test(starts_and_stops_are_looked_at),
        cmocka_unit_test(damaged_files_are_refused),       cmocka_unit_test(a_view_that_cannot_be_made_says_why),
        cmocka_unit_test(a_frame_keeps_counters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
