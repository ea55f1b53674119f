/* SPDX-License-Identifier: BSD-3-Clause */
/* Quotas and cpusets of control groups, read from trees of files made for each case: several depths, no limit,
 * nonsense, missing files, containers that see only their own group, and version 1. */
#include "check.h"
#include "cgroup.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char root[] = "/tmp/ramify-cgroup-XXXXXX";

/* Writes a file below the root, making its folders. */
static void put(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int drop(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info, (void)type, (void)place;
    return remove(path);
}

static int make_root(void **state)
{
    (void)state;
    strcpy(root + sizeof root - 7, "XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int drop_root(void **state)
{
    (void)state;
    return nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS);
}

/* A version 2 hierarchy, mounted where everybody mounts it; the process is in /a/b/c. */
static void put_v2(void)
{
    put("/proc/self/cgroup", "0::/a/b/c\n");
    put("/proc/self/mountinfo", "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                                "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
}

typedef struct messages {
    unsigned count;
    char     last[400];
} messages;

static void listen(void *self, ramify_log_level level, const char *line)
{
    messages *m = self;
    assert_int_equal(level, RAMIFY_LOG_WARNING);
    m->count++;
    snprintf(m->last, sizeof m->last, "%s", line);
}

static double quota_and(const char **file, messages *m)
{
    double      cpus;
    const char *name;
    rmf_log     log = { m ? listen : NULL, m };
    assert_int_equal(rmf_cgroup_quota(root, &log, &cpus, &name), RAMIFY_OK);
    if (file)
        *file = name;
    return cpus;
}

static double quota(void)
{
    return quota_and(NULL, NULL);
}

static void nothing_mounted_is_no_limit(void **state)
{
    (void)state;
    uint64_t set[RMF_BITS_MAX_WORDS];
    bool     found = true;
    assert_true(quota() == 0);
    assert_int_equal(rmf_cgroup_cpus(root, NULL, set, &found), RAMIFY_OK);
    assert_false(found);
    put_v2();
    assert_true(quota() == 0);
}

static void the_least_quota_on_the_way_up_holds(void **state)
{
    (void)state;
    const char *file;
    put_v2();
    put("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
    assert_true(quota() == 0);
    put("/sys/fs/cgroup/a/cpu.max", "250000 100000\n");
    assert_true(quota() == 2.5);
    put("/sys/fs/cgroup/a/b/cpu.max", "75000 50000\n");
    assert_true(quota_and(&file, NULL) == 1.5);
    assert_string_equal(file, "cpu.max");
    put("/sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n");
    assert_true(quota() == 1.5);
    put("/sys/fs/cgroup/cpu.max", "20000 100000\n");
    assert_true(quota() == 0.2);
}

static void nonsense_is_reported_and_passed_over(void **state)
{
    (void)state;
    static const char *const nonsense[] = { "",       "100000\n", "-5 100000\n", "100000 0\n", "0 100000\n",
                                            "many\n", "max\n",    "1 2 3\n",     "max 0\n",    "max -1\n" };
    put_v2();
    put("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        messages m = { 0 };
        put("/sys/fs/cgroup/a/b/cpu.max", nonsense[i]);
        assert_true(quota_and(NULL, &m) == 3.0);
        assert_int_equal(m.count, 1);
        assert_non_null(strstr(m.last, "/a/b: CPU quota"));
    }
}

static void a_container_that_mounts_only_its_own_group(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/docker/0123/job\n");
    put("/proc/self/mountinfo", "30 22 0:26 /docker/0123 /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
    put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    assert_true(quota() == 2.0);
    put("/sys/fs/cgroup/job/cpu.max", "100000 100000\n");
    assert_true(quota() == 1.0);
    put("/proc/self/cgroup", "0::/docker/01234\n"); /* another container's, whose name only begins alike */
    assert_true(quota() == 2.0);
    put("/proc/self/cgroup", "0::/../../elsewhere\n");
    assert_true(quota() == 2.0);
    put("/proc/self/cgroup", "0::/\n");
    assert_true(quota() == 2.0);
}

static void a_mount_point_with_blanks(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a\n");
    put("/proc/self/mountinfo", "30 22 0:26 / /my\\040groups rw - cgroup2 none rw\n");
    put("/my groups/a/cpu.max", "50000 100000\n");
    assert_true(quota() == 0.5);
}

static void version_1_has_two_files(void **state)
{
    (void)state;
    const char *file;
    put("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/user/job\n1:name=systemd:/user\n0::/\n");
    put("/proc/self/mountinfo", "31 22 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                                "32 22 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                                "33 22 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    put("/sys/fs/cgroup/cpu,cpuacct/user/job/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/user/job/cpu.cfs_period_us", "100000\n");
    assert_true(quota() == 0);
    put("/sys/fs/cgroup/cpu,cpuacct/user/cpu.cfs_quota_us", "350000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/user/cpu.cfs_period_us", "100000\n");
    assert_true(quota_and(&file, NULL) == 3.5);
    assert_string_equal(file, "cpu.cfs_quota_us");
    put("/sys/fs/cgroup/unified/cpu.max", "100000 100000\n"); /* the lesser of both versions */
    assert_true(quota_and(&file, NULL) == 1.0);
    assert_string_equal(file, "cpu.max");
}

static void damaged_proc_files_do_not_limit(void **state)
{
    (void)state;
    put_v2();
    put("/sys/fs/cgroup/a/cpu.max", "100000 100000\n");
    assert_true(quota() == 1.0);
    put("/proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup rw\n\nnonsense\n- - - -\n1 2 3 4 5 6 - cgroup2\n");
    assert_true(quota() == 0 || quota() == 1.0);
    put("/proc/self/cgroup", "0\n:\n::\n\n0:/a\n");
    assert_true(quota() == 0);
}

static void assert_cpus(const char *list)
{
    uint64_t set[RMF_BITS_MAX_WORDS];
    bool     found = false;
    char     text[64];
    assert_int_equal(rmf_cgroup_cpus(root, NULL, set, &found), RAMIFY_OK);
    assert_int_equal(found, list != NULL);
    if (list)
        assert_string_equal(rmf_bits_list(set, RMF_BITS_MAX_WORDS, text, sizeof text), list);
}

static void the_nearest_cpuset_that_names_some(void **state)
{
    (void)state;
    put_v2();
    put("/sys/fs/cgroup/cpuset.cpus.effective", "0-7\n");
    assert_cpus("0-7");
    put("/sys/fs/cgroup/a/cpuset.cpus.effective", "2-5\n");
    assert_cpus("2-5");
    put("/sys/fs/cgroup/a/b/c/cpuset.cpus.effective", "\n");
    assert_cpus("2-5");
    put("/sys/fs/cgroup/a/b/cpuset.cpus.effective", "what\n");
    assert_cpus("2-5");
    put("/sys/fs/cgroup/a/b/c/cpuset.cpus.effective", "3,5\n");
    assert_cpus("3,5");
}

static void a_cpuset_of_version_1(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "5:cpuset:/job\n0::/\n");
    put("/proc/self/mountinfo", "32 22 0:28 / /cpuset rw - cgroup cgroup rw,cpuset\n");
    assert_cpus(NULL);
    put("/cpuset/cpuset.cpus", "0-3\n");
    assert_cpus("0-3");
    put("/cpuset/job/cpuset.cpus", "1-2\n");
    assert_cpus("1-2");
    put("/cpuset/job/cpuset.effective_cpus", "2\n");
    assert_cpus("2");
}

int main(void)
{
#define IN_A_ROOT(test) cmocka_unit_test_setup_teardown(test, make_root, drop_root)
    const struct CMUnitTest tests[] = {
        IN_A_ROOT(nothing_mounted_is_no_limit),
        IN_A_ROOT(the_least_quota_on_the_way_up_holds),
        IN_A_ROOT(nonsense_is_reported_and_passed_over),
        IN_A_ROOT(a_container_that_mounts_only_its_own_group),
        IN_A_ROOT(a_mount_point_with_blanks),
        IN_A_ROOT(version_1_has_two_files),
        IN_A_ROOT(damaged_proc_files_do_not_limit),
        IN_A_ROOT(the_nearest_cpuset_that_names_some),
        IN_A_ROOT(a_cpuset_of_version_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
