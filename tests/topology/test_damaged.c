/* SPDX-License-Identifier: BSD-3-Clause */
/* Damaged topology files: each gets a status and a sentence that names it, nothing is printed, nothing crashes.
 * Fixtures are cut at many lengths and their bytes flipped; a file that is damaged and still passes must make a valid
 * tree. */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <ramify/policy.h> /* ramify_random */
#include <ramify/tree.h>

/* hwloc 2.9 loses the objects it had made when it refuses a file. Its losses are not looked for here; that this library
 * gives hwloc's topology back is seen by the tests of sound files. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libhwloc\n";
}

/* In memory where the system has such a folder: a disk's file system writes a file out whenever it is replaced. */
static char scratch[64] = "/dev/shm/ramify-damaged-XXXXXX";

static void put(const char *text, size_t length)
{
    FILE *file = fopen(scratch, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* Opens the scratch file; on success the tree must be valid. */
static ramify_status try_open(ramify_diagnosis *why)
{
    ramify_tree  *tree   = NULL;
    ramify_status status = ramify_tree_open(&(ramify_tree_options){ .from = scratch, .diagnosis = why }, &tree);
    if (status) {
        assert_null(tree);
        assert_int_equal(why->status, status);
        assert_non_null(strstr(why->text, scratch));
        return status;
    }
    if (ramify_tree_check(tree, why) != RAMIFY_OK)
        fail_msg("%s", why->text);
    ramify_tree_free(tree);
    return RAMIFY_OK;
}

/* What standard error and output got while something ran. */
static int   stashed[2];
static FILE *caught;

static int catch_output(void **state)
{
    (void)state;
    caught = tmpfile();
    for (int fd = 1; fd <= 2; fd++) {
        fflush(fd == 1 ? stdout : stderr);
        stashed[fd - 1] = dup(fd);
        dup2(fileno(caught), fd);
    }
    return caught ? 0 : -1;
}

/* Gives the output back; the test fails when anything was caught, and shows it. */
static int release_output(void **state)
{
    (void)state;
    fflush(stdout);
    fflush(stderr);
    for (int fd = 1; fd <= 2; fd++) {
        dup2(stashed[fd - 1], fd);
        close(stashed[fd - 1]);
    }
    fseek(caught, 0, SEEK_END);
    long length = ftell(caught);
    if (length > 0) {
        char text[2000];
        rewind(caught);
        size_t got = fread(text, 1, sizeof text - 1, caught);
        text[got]  = '\0';
        print_error("caught: %s\n", text);
    }
    fclose(caught);
    return length != 0;
}

static void each_kind_of_damage_is_named(void **state)
{
    (void)state;
#define OPENING "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
#define MACHINE                                                                                                        \
    "<object type=\"Machine\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\" allowed_cpuset=\"0x3\" "           \
    "nodeset=\"0x1\" complete_nodeset=\"0x1\" allowed_nodeset=\"0x1\" gp_index=\"1\">\n"
#define NODE                                                                                                           \
    "<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\" nodeset=\"0x1\" "                 \
    "complete_nodeset=\"0x1\" gp_index=\"2\"/>\n"
#define PU(n, set)                                                                                                     \
    "<object type=\"PU\" os_index=\"" n "\" cpuset=\"" set "\" complete_cpuset=\"" set "\" "                           \
    "nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"1" n "\"/>\n"
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "", "empty" },
        { "hello", "no XML" },
        { "\x7f"
          "ELF",
          "no XML" },
        { "<html><body/></html>", "root element is <html>" },
        { "<topology", "truncated" },
        { "<topology version=\"2.0\">", "truncated" },
        { "<topology version=\"7.1\"></topology>", "version 7" },
        { "<topology version=\"two\"></topology>", "version that is no number" },
        { "<topology version=\"2.0\"></topology>", "no machine" },
        { "<topology version=\"2.0\"/>", "no machine" },
        { "</topology>", "end tag first" },
        { OPENING "<topology version=\"2.0\">" MACHINE, "truncated" },
        { OPENING "<topology version=\"2.0\">" MACHINE PU("0", "0x1") "</topology>", "end tag that does not match" },
        { OPENING "<topology version=\"2.0\">" MACHINE PU("0", "0x1") PU("0", "0x1") "</object></topology>",
          "shares CPUs" },
        { OPENING "<topology version=\"2.0\">" MACHINE PU("1", "0x2") PU("0", "0x1") "</object></topology>",
          "out of order" },
        { OPENING "<topology version=\"2.0\">" MACHINE PU("4", "0x10") "</object></topology>", "its parent has not" },
        { OPENING "<topology version=\"2.0\">" MACHINE PU("1", "0x1") "</object></topology>", "not its os_index" },
        { OPENING "<topology version=\"2.0\">" MACHINE PU("0", "0xg") "</object></topology>", "set of CPUs" },
        { OPENING "<topology version=\"2.0\">" MACHINE PU("-1", "0x1") "</object></topology>",
          "os_index that cannot be" },
        { OPENING "<topology version=\"2.0\"><object cpuset=\"0x1\"/></topology>", "without a type" },
        { OPENING "<topology version=\"2.0\">" MACHINE NODE "</object></topology>more", "behind </topology>" },
        { OPENING "<topology version=\"2.0\">" MACHINE PU("0", "0x1") "</object></topology>", "no NUMA node" },
        { OPENING "<topology version=\"2.0\">" MACHINE "text" NODE "</object></topology>", "text between" },
        { OPENING "<topology version=\"2.0\">" MACHINE NODE NODE "</object></topology>", "stands twice" },
        { "<?xml version=\"1.0\" enc=\"UTF-8\"?><topology></topology>", "declaration" },
        { OPENING "x<topology></topology>", "before the first element" },
        { OPENING "<topology a=\"1\" a=\"2\"></topology>", "twice" },
        { OPENING "<topology a=1></topology>", "without quotes" },
        { "<?xml version=\"1.0\" encoding=\"UTF-16\"?><topology></topology>", "encoding" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ramify_diagnosis why = { 0 };
        put(cases[i].text, strlen(cases[i].text));
        assert_int_equal(try_open(&why), RAMIFY_ERR_FORMAT);
        if (!strstr(why.text, cases[i].words))
            fail_msg("\"%s\" does not say \"%s\"", why.text, cases[i].words);
    }
    ramify_diagnosis  why = { 0 };
    static const char wide[] =
        OPENING "<topology version=\"2.0\"><object type=\"Machine\" cpuset=\"0xf...f\"/></topology>";
    put(wide, sizeof wide - 1);
    assert_int_equal(try_open(&why), RAMIFY_ERR_FORMAT);
}

static void a_folder_or_a_forbidden_file_is_named(void **state)
{
    (void)state;
    ramify_tree     *tree = NULL;
    ramify_diagnosis why  = { 0 };
    assert_int_equal(ramify_tree_open(&(ramify_tree_options){ .from = "/tmp", .diagnosis = &why }, &tree),
                     RAMIFY_ERR_FORMAT);
    assert_non_null(strstr(why.text, "/tmp"));
    put("x", 1);
    if (geteuid() == 0)
        return; /* root may read everything */
    assert_int_equal(chmod(scratch, 0), 0);
    assert_int_equal(try_open(&why), RAMIFY_ERR_NOT_ALLOWED);
    assert_int_equal(chmod(scratch, 0600), 0);
}

/* Calls `harm` for every fixture, with its text. */
static void for_each_fixture(void (*harm)(char *text, size_t length))
{
    DIR *folder = opendir(FIXTURES);
    assert_non_null(folder);
    unsigned files = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        static char text[1 << 16];
        char        path[600];
        if (!strstr(entry->d_name, ".xml"))
            continue;
        snprintf(path, sizeof path, "%s/%s", FIXTURES, entry->d_name);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        size_t length = fread(text, 1, sizeof text, file);
        fclose(file);
        assert_true(length > 0 && length < sizeof text);
        harm(text, length);
        files++;
    }
    closedir(folder);
    assert_true(files >= 10);
}

/* Only the final newline may be missing. */
static void cut(char *text, size_t length)
{
    for (size_t keep = 0; keep + 1 < length; keep += 1 + keep % 23) {
        ramify_diagnosis why = { 0 };
        put(text, keep);
        assert_int_equal(try_open(&why), RAMIFY_ERR_FORMAT);
    }
}

static void files_cut_short_are_refused(void **state)
{
    (void)state;
    for_each_fixture(cut);
}

/* 500 changes per file of one to three bytes each: digits to digits half of the time, because those stay well-formed
 * and go deepest. */
static void flip(char *text, size_t length)
{
    enum { ROUNDS = 500 };
    uint64_t random = length;
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t           at[3];
        char             before[3];
        ramify_diagnosis why   = { 0 };
        unsigned         count = 1 + (unsigned)(ramify_random(&random) % 3);
        for (unsigned i = 0; i < count; i++) {
            static const char digits[] = "0123456789abcdefx";
            at[i]                      = ramify_random(&random) % length;
            before[i]                  = text[at[i]];
            if (ramify_random(&random) & 1 && strchr(digits, before[i]))
                text[at[i]] = digits[ramify_random(&random) % (sizeof digits - 1)];
            else
                text[at[i]] ^= (char)(1u << ramify_random(&random) % 8);
        }
        put(text, length);
        ramify_status status = try_open(&why);
        assert_true(status == RAMIFY_OK || status == RAMIFY_ERR_FORMAT || status == RAMIFY_ERR_RANGE);
        for (unsigned i = count; i-- > 0;)
            text[at[i]] = before[i];
    }
}

static void files_with_flipped_bytes_do_no_harm(void **state)
{
    (void)state;
    for_each_fixture(flip);
}

int main(void)
{
    int file = mkstemp(scratch);
    if (file < 0) {
        strcpy(scratch, "/tmp/ramify-damaged-XXXXXX");
        file = mkstemp(scratch);
    }
    if (file < 0)
        return 1;
    close(file);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_kind_of_damage_is_named, catch_output, release_output),
        cmocka_unit_test(a_folder_or_a_forbidden_file_is_named),
        cmocka_unit_test_setup_teardown(files_cut_short_are_refused, catch_output, release_output),
        cmocka_unit_test_setup_teardown(files_with_flipped_bytes_do_no_harm, catch_output, release_output),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(scratch);
    return failed != 0;
}
