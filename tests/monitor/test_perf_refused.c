/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of counting when perf_event_open fails, or succeeds and counts nothing: a system call of the test's own
 * stands before the C library's. */
#include "check.h"
#include "counters.h"
#include "own_syscall.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What perf_event_open does next: an errno, or 0 for a descriptor that can be read once, as the first of a group. */
static struct {
    int      error, fail_from; /* fail_from: the first so many calls succeed */
    int      calls;
    int      fit;        /* events a group may have; 0: any number */
    uint64_t reading[3]; /* value of the first event, time wanted, time counted; each later event's value is one more */
} perf;

static void put(int file, long word, uint64_t value)
{
    assert_int_equal(pwrite(file, &value, sizeof value, word * (long)sizeof value), sizeof value);
}

static long open_fake(int leader)
{
    uint64_t members = 0;
    if (perf.calls++ >= perf.fail_from && perf.error) {
        errno = perf.error;
        return -1;
    }
    if (leader >= 0 && pread(leader, &members, sizeof members, 0) != (ssize_t)sizeof members)
        return -1;
    if (leader >= 0 && perf.fit && members >= (uint64_t)perf.fit) {
        errno = EINVAL;
        return -1;
    }
    int file  = memfd_create("perf", MFD_CLOEXEC);
    int first = leader >= 0 ? leader : file;
    put(first, 0, members + 1);
    put(first, 1, perf.reading[1]);
    put(first, 2, perf.reading[2]);
    put(first, 3 + (long)members, perf.reading[0] + members);
    return file;
}

static bool answer_syscall(long number, const long *a, long *result)
{
    if (number != SYS_perf_event_open)
        return false;
    *result = open_fake((int)a[3]);
    return true;
}

static const rmf_event *event_named(const char *name)
{
    return rmf_event_named(name, (uint32_t)strlen(name));
}

static ramify_status try_with(int error, const char *event, rmf_why *why)
{
    rmf_code code;
    uint64_t value;
    perf.error = error;
    return rmf_counter_try(&rmf_counters_perf, event_named(event), &code, &value, why);
}

static int open_files(void)
{
    DIR *open = opendir("/proc/self/fd");
    int  n    = 0;
    while (readdir(open))
        n++;
    closedir(open);
    return n;
}

static int start_over(void **state)
{
    (void)state;
    memset(&perf, 0, sizeof perf);
    return 0;
}

static void each_refusal_has_its_reason(void **state)
{
    (void)state;
    rmf_why why;
    char    level[16] = "-100";
    FILE   *file      = fopen("/proc/sys/kernel/perf_event_paranoid", "r");
    if (file) {
        assert_non_null(fgets(level, sizeof level, file));
        level[strcspn(level, "\n")] = '\0';
        fclose(file);
    }
    char sentence[64];
    snprintf(sentence, sizeof sentence, "perf_event_paranoid is %s;", level);
    assert_int_equal(try_with(EACCES, "cycles", &why), RAMIFY_ERR_NOT_ALLOWED);
    assert_non_null(strstr(why.text, sentence));
    assert_int_equal(try_with(EPERM, "cycles", &why), RAMIFY_ERR_NOT_ALLOWED);
    assert_int_equal(try_with(ENOENT, "cycles", &why), RAMIFY_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "no PMU"));
    assert_int_equal(try_with(ENOSYS, "cycles", &why), RAMIFY_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "no perf_event_open"));
    assert_int_equal(try_with(EMFILE, "cycles", &why), RAMIFY_ERR_NOT_NOW);
    assert_non_null(strstr(why.text, "ulimit -n"));
    assert_int_equal(try_with(EINVAL, "cycles", &why), RAMIFY_ERR_SYSTEM);
    assert_true(why.text[0] != '\0');
}

static void zero_for_ever_is_noticed(void **state)
{
    (void)state;
    rmf_why why;
    perf.reading[1] = perf.reading[2] = 1000;
    assert_int_equal(try_with(0, "cycles", &why), RAMIFY_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "reads zero"));
    /* Migrations may well be zero. */
    assert_int_equal(try_with(0, "migrations", &why), RAMIFY_OK);
}

static void a_shared_counter_is_scaled_only_when_allowed(void **state)
{
    (void)state;
    rmf_why        why;
    rmf_reading    reading;
    rmf_code       code;
    void          *counting;
    const uint64_t quarter[3] = { 100, 2000, 500 };
    memcpy(perf.reading, quarter, sizeof quarter);
    assert_int_equal(rmf_counters_perf.resolve(event_named("cycles"), &code, &why), RAMIFY_OK);
    for (int allowed = 0; allowed < 2; allowed++) {
        assert_int_equal(rmf_counters_perf.attach(&code, 1, gettid(), allowed, &counting, &why), RAMIFY_OK);
        assert_int_equal(rmf_counters_perf.read(counting, &reading, &why), RAMIFY_OK);
        assert_int_equal(reading.value, 400);
        assert_true(reading.partial);
        assert_int_equal(reading.lost, !allowed);
        rmf_counters_perf.detach(counting);
    }
    assert_int_equal(try_with(0, "cycles", &why), RAMIFY_ERR_NOT_NOW);
    assert_non_null(strstr(why.text, "somebody else holds"));
}

/* Events are read as groups: all in one where they fit, in several where they do not, alone where they share counters.
 */
static void groups_hold_what_fits(void **state)
{
    (void)state;
    enum { EVENTS = 5 };
    const uint64_t some[3]       = { 100, 9, 9 };
    const rmf_code codes[EVENTS] = { { 0 } };
    memcpy(perf.reading, some, sizeof some);
    for (perf.fit = 0; perf.fit <= EVENTS; perf.fit++)
        for (int multiplex = 0; multiplex < 2; multiplex++) {
            rmf_why     why;
            rmf_reading readings[EVENTS];
            void       *counting;
            int         group = multiplex ? 1 : perf.fit ? perf.fit : EVENTS;
            assert_int_equal(rmf_counters_perf.attach(codes, EVENTS, gettid(), multiplex, &counting, &why), RAMIFY_OK);
            assert_int_equal(rmf_counters_perf.read(counting, readings, &why), RAMIFY_OK);
            for (int i = 0; i < EVENTS; i++)
                assert_int_equal(readings[i].value, 100 + i % group);
            assert_int_equal(rmf_counters_perf.read(counting, readings, &why), RAMIFY_ERR_SYSTEM); /* read out */
            rmf_counters_perf.detach(counting);
        }
}

/* Two workers, three events; the n-th descriptor is refused: the rest goes back, and what is given up says why. */
static void a_failure_in_the_middle_leaks_nothing(void **state)
{
    (void)state;
    const int32_t  tids[2] = { gettid(), gettid() };
    const uint64_t some[3] = { 7, 9, 9 };
    memcpy(perf.reading, some, sizeof some);
    int before = open_files();
    for (int n = 0; n < 16; n++) {
        rmf_counter_set *set;
        perf.calls     = 0;
        perf.fail_from = n;
        perf.error     = EMFILE;
        assert_int_equal(rmf_counter_set_open("task_clock_ns,page_faults,migrations", tids, 2, &set, NULL), RAMIFY_OK);
        uint64_t values[RMF_COUNTERS_MAX];
        uint32_t known, partial;
        rmf_counter_set_read(set, 1, values, &known, &partial);
        for (uint32_t i = 0; i < rmf_counter_set_size(set); i++) {
            const rmf_counter *c = rmf_counter_set_at(set, i);
            if (c->source == &rmf_counters_none)
                assert_true(c->why.text[0] && !(known >> i & 1));
            else if (c->source == &rmf_counters_perf)
                assert_true(known >> i & 1);
        }
        rmf_counter_set_close(set);
        assert_int_equal(open_files(), before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_refusal_has_its_reason, start_over),
        cmocka_unit_test_setup(zero_for_ever_is_noticed, start_over),
        cmocka_unit_test_setup(a_shared_counter_is_scaled_only_when_allowed, start_over),
        cmocka_unit_test_setup(groups_hold_what_fits, start_over),
        cmocka_unit_test_setup(a_failure_in_the_middle_leaks_nothing, start_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
