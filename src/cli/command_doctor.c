/* SPDX-License-Identifier: BSD-3-Clause */
/* `ramify doctor`: says what on this machine will cost a parallel program time, why, and what to do about it. */
#include "commands.h"
#include "doctor.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beside the common ones: something may hurt; something will. */
enum { EXIT_WARNINGS = 3, EXIT_PROBLEMS = 4 };

static const char *const words[SEVERITIES] = { "fine", "unknown", "note", "warning", "problem" };

/* Each check's result, the worst first. */
static void print_text(const doctor *d, uint32_t counts[SEVERITIES])
{
    for (int level = SEVERITIES - 1; level > FINE; level--)
        for (uint32_t i = 0; i < d->count; i++) {
            const finding *f = &d->findings[i];
            if ((int)f->severity != level)
                continue;
            printf("%-8s %s\n", words[level], f->what);
            if (*f->why)
                printf("         why: %s\n         do:  %s\n", f->why, f->todo);
        }
    for (uint32_t i = 0; i < d->count; i++)
        if (d->findings[i].severity == FINE && *d->findings[i].what)
            printf("fine     %s\n", d->findings[i].what);
    const char *comma = "";
    printf("%sfine     ", d->count > counts[FINE] ? "\n" : "");
    for (uint32_t i = 0; i < d->count; i++)
        if (d->findings[i].severity == FINE) {
            printf("%s%s", comma, d->findings[i].id);
            comma = ", ";
        }
    printf("%s\n%u problem%s, %u warning%s, %u note%s, %u unknown, %u fine\n", *comma ? "" : "nothing", counts[PROBLEM],
           counts[PROBLEM] == 1 ? "" : "s", counts[WARNING], counts[WARNING] == 1 ? "" : "s", counts[NOTE],
           counts[NOTE] == 1 ? "" : "s", counts[UNKNOWN], counts[FINE]);
}

static void print_json_text(const char *key, const char *text)
{
    printf(", \"%s\": \"", key);
    for (; *text; text++)
        if ((unsigned char)*text < 0x20)
            printf("\\u%04x", (unsigned)*text);
        else
            printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    putchar('"');
}

static void print_json(const doctor *d, severity worst)
{
    printf("{\"schema\": 1, \"worst\": \"%s\", \"findings\": [", words[worst]);
    for (uint32_t i = 0; i < d->count; i++) {
        const finding *f = &d->findings[i];
        printf("%s\n  {\"id\": \"%s\", \"severity\": \"%s\"", i ? "," : "", f->id, words[f->severity]);
        print_json_text("what", f->what);
        print_json_text("why", f->why);
        print_json_text("do", f->todo);
        putchar('}');
    }
    puts("\n]}");
}

/* The variables of another process. */
static int read_environment(doctor *d)
{
    enum { BYTES = 1 << 20 }; /* more than the kernel keeps of any usual one */
    char path[4096];
    snprintf(path, sizeof path, "%s/proc/%u/environ", d->root, d->pid);
    FILE *in = fopen(path, "r");
    if (!in) {
        fprintf(stderr, "ramify: %s: cannot be read; is there such a process, and is it yours?\n", path);
        return EXIT_FAILED;
    }
    d->environment       = calloc(1, BYTES + 1);
    d->environment_bytes = d->environment ? fread(d->environment, 1, BYTES, in) : 0;
    fclose(in);
    return d->environment ? EXIT_DONE : complain(RAMIFY_ERR_NO_MEMORY, NULL);
}

static int read_command_line(int argc, char **argv, doctor *d, bool *json)
{
    static const struct option known[] = { { "json", no_argument, NULL, 'j' },
                                           { "pid", required_argument, NULL, 'p' },
                                           { "root", required_argument, NULL, 'r' },
                                           { NULL, 0, NULL, 0 } };
    opterr                             = 0;
    optind                             = 1;
    for (int option; (option = getopt_long(argc, argv, ":", known, NULL)) != -1;) {
        char *end = NULL;
        if (option == ':')
            return complain_usage("doctor", "%s needs a value", argv[optind - 1]);
        if (option == '?')
            return complain_usage("doctor", "there is no option %s", argv[optind - 1]);
        if (option == 'p' && ((d->pid = (uint32_t)strtoul(optarg, &end, 10)) == 0 || *end))
            return complain_usage("doctor", "--pid %s: must be the number of a process", optarg);
        if (option == 'j')
            *json = true;
        if (option == 'r')
            d->root = optarg;
    }
    if (optind < argc)
        return complain_usage("doctor", "doctor takes no argument, but \"%s\" was given", argv[optind]);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    doctor  *d                  = calloc(1, sizeof *d);
    uint32_t counts[SEVERITIES] = { 0 };
    severity worst              = FINE;
    bool     json               = false;
    if (!d)
        return complain(RAMIFY_ERR_NO_MEMORY, NULL);
    d->root    = "";
    int result = read_command_line(argc, argv, d, &json);
    if (!result && d->pid)
        result = read_environment(d);
    if (!result) {
        check_limits(d);
        check_company(d);
        check_machine(d);
        for (uint32_t i = 0; i < d->count; i++) {
            counts[d->findings[i].severity]++;
            worst = d->findings[i].severity > worst ? d->findings[i].severity : worst;
        }
        if (json)
            print_json(d, worst);
        else
            print_text(d, counts);
        result = write_result(NULL, "");
    }
    if (!result && worst >= WARNING)
        result = worst == PROBLEM ? EXIT_PROBLEMS : EXIT_WARNINGS;
    free(d->environment);
    free(d);
    return result;
}

const command command_doctor = {
    "doctor",
    "[--pid PID] [--json] [--root FOLDER]",
    "say what on this machine costs parallel programs time",
    "  --pid PID      as it is for this running process, instead of for the shell\n"
    "  --json         for programs: {schema, worst, findings: [{id, severity, what, why, do}]}\n"
    "  --root FOLDER  look at copies of /proc and /sys below this folder\n"
    "\n"
    "Looked at: the CPUs that may be used, OpenMP's and Ramify's threads against them, cores shared\n"
    "with others, the control group's quota, unpinned MPI ranks, other processes bound to the same\n"
    "CPUs, the load, NUMA balancing, the frequency governor, hardware counters, huge pages, the\n"
    "clock, time taken by a hypervisor.\n"
    "Exit status: 0 nothing hurts, 3 something may hurt (warning), 4 something will (problem);\n"
    "1 it could not be done, 2 the command line is wrong.",
    run,
};
