/* SPDX-License-Identifier: BSD-3-Clause */
/* The command as a user runs it: what it prints where, and its exit status. The first argument is its path. */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ramify/ramify.h>

static const char *path;

typedef struct outcome {
    int  status;
    char out[1 << 16], err[4096];
} outcome;

static size_t read_back(const char *file, char *text, size_t bytes)
{
    FILE *in = fopen(file, "r");
    assert_non_null(in);
    size_t got = fread(text, 1, bytes - 1, in);
    text[got]  = '\0';
    fclose(in);
    return got;
}

static char scratch[2][40] = { "/tmp/ramify-out-XXXXXX", "/tmp/ramify-err-XXXXXX" };

/* Runs the command through the shell, with variables before and arguments behind it. */
static void run(const char *variables, const char *arguments, outcome *o)
{
    char line[2048];
    snprintf(line, sizeof line, "env %s %s %s >%s 2>%s", variables, path, arguments, scratch[0], scratch[1]);
    int status = system(line);
    assert_true(WIFEXITED(status));
    o->status = WEXITSTATUS(status);
    read_back(scratch[0], o->out, sizeof o->out);
    read_back(scratch[1], o->err, sizeof o->err);
}

static void help_says_what_there_is(void **state)
{
    (void)state;
    static const char *const ways[] = { "help", "--help", "-h" };
    outcome                  o;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        run("", ways[i], &o);
        assert_int_equal(o.status, 0);
        assert_non_null(strstr(o.out, "  tree "));
        assert_string_equal(o.err, "");
    }
    run("", "", &o);
    assert_int_equal(o.status, 2);
    run("", "tree --help", &o);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.out, "--workers-per core|pu"));
    static const char *const details[][2] = { { "help tree", "--from" },     { "help policy", "TEXT" },
                                              { "help top", "--interval" },  { "help report", "--output" },
                                              { "help doctor", "--root" },   { "help version", "version" } };
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        run("", details[i][0], &o);
        assert_int_equal(o.status, 0);
        assert_non_null(strstr(o.out, details[i][1]));
    }
}

static void help_env_lists_every_variable(void **state)
{
    (void)state;
    outcome                o;
    uint32_t               count;
    const ramify_variable *variables = ramify_variables(&count);
    run("", "help env", &o);
    assert_int_equal(o.status, 0);
    for (uint32_t i = 0; i < count; i++) {
        assert_non_null(strstr(o.out, variables[i].name));
        assert_non_null(strstr(o.out, variables[i].meaning));
    }
}

static void version_is_the_librarys(void **state)
{
    (void)state;
    outcome o;
    char    expected[64];
    snprintf(expected, sizeof expected, "ramify %s\n", ramify_version());
    run("", "version", &o);
    assert_string_equal(o.out, expected);
    run("", "--version", &o);
    assert_string_equal(o.out, expected);
}

static void a_wrong_command_line_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *words;
    } wrong[] = {
        { "bogus", "no subcommand \"bogus\"" },
        { "tree --bogus", "--bogus" },
        { "tree --from", "--from needs a value" },
        { "tree file.xml", "named by --from" },
        { "tree --workers 0", "--workers 0" },
        { "tree --workers 4097", "1 to 4096" },
        { "tree --workers -1", "--workers -1" },
        { "tree --workers 3x", "--workers 3x" },
        { "tree --workers-per socket", "core or pu" },
        { "tree --format xml", "text, json or svg" },
        { "doctor --bogus", "--bogus" },
        { "doctor now", "\"now\"" },
        { "doctor --pid x", "--pid x" },
        { "help bogus", "bogus" },
        { "help tree more", "more" },
        { "version please", "please" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        outcome o;
        run("", wrong[i].arguments, &o);
        assert_int_equal(o.status, 2);
        assert_string_equal(o.out, "");
        assert_non_null(strstr(o.err, wrong[i].words));
        assert_non_null(strstr(o.err, "Try `ramify help"));
    }
}

static void what_cannot_be_done_is_explained(void **state)
{
    (void)state;
    outcome o;
    run("", "tree --from /no/such.xml", &o);
    assert_int_equal(o.status, 1);
    assert_string_equal(o.out, "");
    assert_non_null(strstr(o.err, "/no/such.xml: no such file"));
    assert_non_null(strstr(o.err, "RAMIFY_ERR_NOT_FOUND"));
    run("", "tree --cpus 0-x", &o);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "character 3"));
    run("RAMIFY_WORKERS=many", "tree", &o);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "RAMIFY_WORKERS=many"));
    run("", "tree --output /no/such/folder/file", &o);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "/no/such/folder/file"));
    run("", "tree --output /dev/full", &o);
    assert_int_equal(o.status, 1);
}

static void this_machine_is_shown(void **state)
{
    (void)state;
    outcome o;
    run("", "tree", &o);
    assert_int_equal(o.status, 0);
    assert_string_equal(o.err, "");
    assert_non_null(strstr(o.out, "workers   "));
    run("", "tree --format json", &o);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.out, "\"this_machine\": true"));
    run("", "tree --format svg --output -", &o);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.out, "<svg "));
}

static void variables_steer_and_options_override(void **state)
{
    (void)state;
    outcome o;
    run("RAMIFY_WORKERS=3", "tree --format=json", &o);
    assert_non_null(strstr(o.out, "\"leaves\": 3,"));
    assert_non_null(strstr(o.out, "\"limit\": \"request\""));
    run("RAMIFY_WORKERS=3", "tree --format json --workers 5", &o);
    assert_non_null(strstr(o.out, "\"leaves\": 5,"));
    if (!WITH_HWLOC) {
        run("", "tree --from core:4", &o);
        assert_int_equal(o.status, 1);
        assert_non_null(strstr(o.err, "RAMIFY_ERR_NOT_BUILT"));
        return;
    }
    run("RAMIFY_TOPOLOGY='pack:2 core:4 pu:2'", "tree --format json", &o);
    assert_non_null(strstr(o.out, "\"leaves\": 8,"));
    run("RAMIFY_TOPOLOGY='pack:2 core:4 pu:2' RAMIFY_WORKERS_PER=pu", "tree --format json", &o);
    assert_non_null(strstr(o.out, "\"leaves\": 16,"));
    run("RAMIFY_TOPOLOGY='pack:2 core:4 pu:2' RAMIFY_WORKERS_PER=pu",
        "tree --format json --workers-per core --cpus 0-3", &o);
    assert_non_null(strstr(o.out, "\"leaves\": 2,"));
    run("RAMIFY_TOPOLOGY=nofile", "tree --from core:3 --format json", &o);
    assert_non_null(strstr(o.out, "\"leaves\": 3,"));
}

static void help_lists_metrics_and_counters(void **state)
{
    (void)state;
    static outcome o;
    ramify_metric  m;
    ramify_event   e;
    run("", "help metrics", &o);
    assert_int_equal(o.status, 0);
    for (uint32_t i = 0; ramify_metric_describe(i, &m) == RAMIFY_OK; i++) {
        assert_non_null(strstr(o.out, m.name));
        assert_non_null(strstr(o.out, m.meaning));
    }
    run("", "help counters", &o);
    assert_int_equal(o.status, 0);
    for (uint32_t i = 0; ramify_event_describe(i, &e) == RAMIFY_OK; i++) {
        assert_non_null(strstr(o.out, e.name));
        assert_non_null(strstr(o.out, e.formula ? e.formula : e.meaning));
    }
}

static void help_policies_lists_every_rule(void **state)
{
    (void)state;
    outcome                         o;
    uint32_t                        count;
    const ramify_policy_ops *const *policies = ramify_policies(&count);
    run("", "help policies", &o);
    assert_int_equal(o.status, 0);
    for (uint32_t i = 0; i < count; i++)
        assert_non_null(strstr(o.out, policies[i]->summary));
}

static void a_mistake_in_a_policy_is_pointed_at(void **state)
{
    (void)state;
    outcome o;
    run("", "policy 'numa:affinity, l3:load-awar'", &o);
    assert_int_equal(o.status, 1);
    assert_string_equal(o.out, "");
    assert_non_null(strstr(o.err, "    numa:affinity, l3:load-awar\n                      ^\n"));
    run("", "policy", &o);
    assert_int_equal(o.status, 2);
    run("", "policy random --bogus", &o);
    assert_int_equal(o.status, 2);
    run("", "policy random --from /no/such.xml", &o);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "/no/such.xml"));
}

/* Round-robin over 3 workers sends 334, 333 and 333 of 1000; the variable that names another policy is not heard. */
static void a_policy_shows_where_it_sends_tasks(void **state)
{
    (void)state;
    outcome o;
    run("RAMIFY_WORKERS=3 RAMIFY_POLICY=random", "policy round-robin", &o);
    assert_int_equal(o.status, 0);
    assert_string_equal(o.err, "");
    unsigned    leaf, tasks, sum = 0, lines = 0;
    const char *at = strstr(o.out, "leaf 0");
    for (; at && sscanf(at, "leaf %u %u", &leaf, &tasks) == 2; at = strchr(at, '\n') + 1, lines++) {
        assert_true(tasks == 333 || tasks == 334);
        sum += tasks;
    }
    assert_int_equal(lines, 3);
    assert_int_equal(sum, 1000);
    run("RAMIFY_WORKERS=3", "policy work-stealing", &o);
    assert_int_equal(o.status, 0);
    assert_non_null(strstr(o.out, "whoever below is idle first"));
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: test_command PATH-OF-RAMIFY\n");
        return 1;
    }
    path = argv[1];
    for (int i = 0; i < 2; i++)
        close(mkstemp(scratch[i]));
    uint32_t               count;
    const ramify_variable *variables = ramify_variables(&count);
    for (uint32_t i = 0; i < count; i++)
        unsetenv(variables[i].name);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_says_what_there_is),
        cmocka_unit_test(help_env_lists_every_variable),
        cmocka_unit_test(version_is_the_librarys),
        cmocka_unit_test(a_wrong_command_line_is_named),
        cmocka_unit_test(what_cannot_be_done_is_explained),
        cmocka_unit_test(this_machine_is_shown),
        cmocka_unit_test(variables_steer_and_options_override),
        cmocka_unit_test(help_policies_lists_every_rule),
        cmocka_unit_test(help_lists_metrics_and_counters),
        cmocka_unit_test(a_mistake_in_a_policy_is_pointed_at),
        cmocka_unit_test(a_policy_shows_where_it_sends_tasks),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (int i = 0; i < 2; i++)
        unlink(scratch[i]);
    return failed != 0;
}
